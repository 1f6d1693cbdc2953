//! What clients want, on its way to the leader and back: writes, sync, and the life of sessions
//! (`Learner.request`, `Leader.processSync`, `Learner.validateSession`).

use thiserror::Error;

use super::Replica;
use super::io::{Output, Turn};
use super::log::Payload;
use super::message::{Message, ToLeader, ToLearner};
use super::role::{LeaderStage, LearnerStage, Standing};
use crate::ids::ServerId;
use crate::time::Duration;
use crate::zookeeper::{SessionId, Zxid};

/// The server has no established leader, or is not up to date with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("this server does not serve clients: it has no leader, or is not up to date with it")]
pub struct NotServing;

impl<T: Payload> Replica<T> {
    /// A client's write. It comes out at the leader as [`Output::Prepare`], in the order of its
    /// kind from this server; with the connection to the leader it is lost.
    pub fn request(
        &mut self,
        request: T::Request,
        out: &mut Vec<Output<T>>,
    ) -> Result<(), NotServing> {
        match self.serving_leader()? {
            leader if leader == self.id => out.push(Output::Prepare {
                origin: leader,
                request,
            }),
            leader => Self::send_to_leader(leader, ToLeader::Request { request }, out),
        }
        Ok(())
    }

    /// Asks the leader to say when everything has been sent here that is outstanding when it gets
    /// the question. No quorum is asked (ZOOKEEPER-1675).
    pub fn sync(&mut self, tag: u64, out: &mut Vec<Output<T>>) -> Result<(), NotServing> {
        match self.serving_leader()? {
            leader if leader == self.id => self.answer_sync(leader, tag, out),
            leader => Self::send_to_leader(leader, ToLeader::Sync { tag }, out),
        }
        Ok(())
    }

    /// A client came with a session: asks the leader whether the session may go on here.
    pub fn revalidate(
        &mut self,
        session: SessionId,
        timeout: Duration,
        out: &mut Vec<Output<T>>,
    ) -> Result<(), NotServing> {
        match self.serving_leader()? {
            leader if leader == self.id => out.push(Output::Revalidate {
                learner: leader,
                session,
                timeout,
            }),
            leader => {
                Self::send_to_leader(leader, ToLeader::Revalidate { session, timeout }, out);
            }
        }
        Ok(())
    }

    /// The leader's owner answers a question about a session.
    pub fn revalidated(
        &mut self,
        learner: ServerId,
        session: SessionId,
        valid: bool,
        out: &mut Vec<Output<T>>,
    ) {
        if learner == self.id {
            out.push(Output::Revalidated { session, valid });
        } else if self
            .leading()
            .is_some_and(|l| l.learners.contains_key(&learner))
        {
            let message = Message::ToLearner(ToLearner::Revalidated { session, valid });
            out.push(Output::Send {
                to: learner,
                message,
            });
        }
    }

    /// A session's client was heard from: the leader will know with the next ping. Nothing waits
    /// for it; at the leader itself, its owner knows already.
    pub fn touch(&mut self, session: SessionId, timeout: Duration) {
        if let Some(learning) = self.learning_mut() {
            learning.touched.insert(session, timeout);
        }
    }

    /// The leader, if this server serves.
    fn serving_leader(&self) -> Result<ServerId, NotServing> {
        match &self.standing {
            Standing::Leading(leading) if leading.stage == LeaderStage::Broadcasting => Ok(self.id),
            Standing::Learning(learning) => match learning.stage {
                LearnerStage::UpToDate { .. } => Ok(learning.leader),
                _ => Err(NotServing),
            },
            _ => Err(NotServing),
        }
    }

    fn send_to_leader(leader: ServerId, message: ToLeader<T>, out: &mut Vec<Output<T>>) {
        let message = Message::ToLeader(message);
        out.push(Output::Send {
            to: leader,
            message,
        });
    }

    /// A learner's `REQUEST`.
    pub(super) fn prepare_for(
        &mut self,
        origin: ServerId,
        request: T::Request,
        turn: &mut Turn<'_, T>,
    ) {
        if self.serving_leader().is_ok() {
            turn.out.push(Output::Prepare { origin, request });
        }
    }

    /// A learner's `SYNC`.
    pub(super) fn sync_for(&mut self, origin: ServerId, tag: u64, turn: &mut Turn<'_, T>) {
        if self.serving_leader().is_ok() {
            self.answer_sync(origin, tag, turn.out);
        }
    }

    /// With nothing outstanding a sync is answered at once, else with the commit of what was
    /// proposed last.
    fn answer_sync(&mut self, origin: ServerId, tag: u64, out: &mut Vec<Output<T>>) {
        let Some(leading) = self.leading_mut() else {
            return;
        };
        if leading.outstanding.is_empty() && leading.to_be_applied.is_empty() {
            self.send_synced(origin, tag, out);
        } else {
            let waiting = leading.pending_syncs.entry(leading.last_proposed);
            waiting.or_default().push((origin, tag));
        }
    }

    /// A transaction is committed and applied, and so are the syncs that waited for it.
    pub(super) fn release_syncs(&mut self, zxid: Zxid, turn: &mut Turn<'_, T>) {
        let waiting = self
            .leading_mut()
            .and_then(|l| l.pending_syncs.remove(&zxid));
        for (origin, tag) in waiting.into_iter().flatten() {
            self.send_synced(origin, tag, turn.out);
        }
    }

    fn send_synced(&self, origin: ServerId, tag: u64, out: &mut Vec<Output<T>>) {
        if origin == self.id {
            out.push(Output::Synced { tag });
        } else if self
            .leading()
            .is_some_and(|l| l.learners.contains_key(&origin))
        {
            let message = Message::ToLearner(ToLearner::Sync { tag });
            out.push(Output::Send {
                to: origin,
                message,
            });
        }
    }
}
