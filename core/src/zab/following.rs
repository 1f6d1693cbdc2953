//! Phase 3, broadcast, the learner's side (Zab §4.1; `Follower.processPacket`,
//! `Observer.processPacket`).

use super::Replica;
use super::epoch::follows;
use super::fact::ZabFact;
use super::io::{Output, Turn};
use super::log::{Entry, Payload};
use super::message::{Message, MessageKind, ToLeader, ToLearner};
use super::role::LearnerStage;
use crate::ids::ServerId;
use crate::zookeeper::Zxid;

impl<T: Payload> Replica<T> {
    /// A message of the leader to a learner that takes part.
    pub(super) fn take_part(&mut self, message: ToLearner<T>, turn: &mut Turn<'_, T>) {
        let kind = message.kind();
        match message {
            ToLearner::Proposal { entry } => {
                if self.follows_last(&entry, kind, turn) {
                    self.accept_proposal(entry, turn);
                }
            }
            ToLearner::Commit { zxid } => {
                self.learn_commit(zxid, kind, turn);
            }
            ToLearner::CommitAndActivate { zxid, designated } => {
                if self.learn_commit(zxid, kind, turn) {
                    self.put_last_seen_in_force(designated, turn);
                }
            }
            ToLearner::Inform { entry } => {
                self.learn_transaction(entry, kind, turn);
            }
            ToLearner::InformAndActivate { entry, designated } => {
                if self.learn_transaction(entry, kind, turn) {
                    self.put_last_seen_in_force(designated, turn);
                }
            }
            other => self.take_aside(other, turn),
        }
    }

    /// Messages that have no place in the order of transactions.
    pub(super) fn take_aside(&mut self, message: ToLearner<T>, turn: &mut Turn<'_, T>) {
        match message {
            ToLearner::Ping { .. } => self.answer_ping(turn),
            ToLearner::Revalidated { session, valid } => {
                turn.out.push(Output::Revalidated { session, valid });
            }
            ToLearner::Sync { tag } => turn.out.push(Output::Synced { tag }),
            other => self.quit_over(other.kind(), Zxid::ZERO, Zxid::ZERO, turn),
        }
    }

    /// Whether the transaction comes right after the last one that this learner has.
    fn follows_last(
        &mut self,
        entry: &Entry<T>,
        kind: MessageKind,
        turn: &mut Turn<'_, T>,
    ) -> bool {
        let last = self.pending().last().unwrap_or(self.database.last());
        let fits = !self.rules.contiguous_committed_log || follows(last, entry.zxid);
        if !fits {
            self.quit_over(kind, entry.zxid, last, turn);
        }
        fits
    }

    /// Logs a proposal; it is acknowledged from the disk, and waits for its commit.
    fn accept_proposal(&mut self, entry: Entry<T>, turn: &mut Turn<'_, T>) {
        turn.tell(ZabFact::ProposalAccepted { zxid: entry.zxid });
        if let Some(configuration) = entry.configuration.clone() {
            self.membership.last_seen = configuration;
        }
        if let Some(LearnerStage::UpToDate { pending, .. }) =
            self.learning_mut().map(|learning| &mut learning.stage)
        {
            pending.push_back(entry.clone());
        }
        self.log_and_acknowledge(entry, turn);
    }

    /// `COMMIT` must match the proposal that has waited longest.
    fn learn_commit(&mut self, zxid: Zxid, kind: MessageKind, turn: &mut Turn<'_, T>) -> bool {
        let stage = self.learning_mut().map(|learning| &mut learning.stage);
        let Some(LearnerStage::UpToDate { pending, .. }) = stage else {
            return false;
        };
        match pending.pop_front() {
            Some(entry) if entry.zxid == zxid => {
                self.deliver_learned(entry, turn);
                true
            }
            other => {
                let expected = other.map_or(Zxid::ZERO, |entry| entry.zxid);
                self.quit_over(kind, zxid, expected, turn);
                false
            }
        }
    }

    /// `INFORM`: an observer is told when all is decided.
    fn learn_transaction(
        &mut self,
        entry: Entry<T>,
        kind: MessageKind,
        turn: &mut Turn<'_, T>,
    ) -> bool {
        if !self.follows_last(&entry, kind, turn) {
            return false;
        }
        if let Some(configuration) = entry.configuration.clone() {
            self.membership.last_seen = configuration;
        }
        self.log_txn(entry.clone(), None, turn);
        self.deliver_learned(entry, turn);
        true
    }

    /// Applies a transaction that the leader says is committed.
    pub(super) fn deliver_learned(&mut self, entry: Entry<T>, turn: &mut Turn<'_, T>) {
        if let Some(leader) = self.leader() {
            let zxid = entry.zxid;
            turn.tell(ZabFact::CommitLearned { zxid, leader });
            self.deliver(entry, turn);
        }
    }

    /// Applies a committed transaction and hands it out (the paper's abdeliver).
    pub(super) fn deliver(&mut self, entry: Entry<T>, turn: &mut Turn<'_, T>) {
        let effect = self.database.apply(&entry);
        turn.out.push(Output::Deliver { entry, effect });
    }

    /// A reconfiguration is committed: it is the last that was seen.
    pub(super) fn put_last_seen_in_force(&mut self, designated: ServerId, turn: &mut Turn<'_, T>) {
        let configuration = self.membership.last_seen.clone();
        self.put_in_force(configuration, designated, turn);
    }

    /// `PING` is answered with the sessions that were heard from.
    fn answer_ping(&mut self, turn: &mut Turn<'_, T>) {
        if let Some(learning) = self.learning_mut() {
            let touched = std::mem::take(&mut learning.touched);
            let touched = touched.into_iter().collect();
            let to = learning.leader;
            let message = Message::ToLeader(ToLeader::Ping { touched });
            turn.out.push(Output::Send { to, message });
        }
    }
}
