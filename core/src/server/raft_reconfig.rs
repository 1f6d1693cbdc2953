//! How a server that runs Raft keeps what a client was promised of the ensemble.

use super::raft_side::RaftSide;
use super::session::{Applied, Kind};
use crate::ids::ServerId;
use crate::raft::{self, Configuration, Reconfiguration, ReconfigureError, Transition};
use crate::random::Bits;
use crate::time::Time;
use crate::zookeeper::{Members, Response, SessionId, Xid};

impl RaftSide {
    /// The log says who belongs to the ensemble: every server writes it down, and whoever was
    /// promised just that is answered.
    pub(super) fn apply_configuration(&mut self, configuration: &Configuration) -> Option<Applied> {
        let zxid = self.zxid();
        if configuration.is_joint() {
            self.service.entered_joint(zxid);
            return None;
        }
        let (voters, learners) = (configuration.voters(), configuration.learners());
        let members = Members::new(voters.iter().copied(), learners.iter().copied());
        let mut changes = Vec::new();
        let answered = self.service.configured(&members, zxid, &mut changes);
        let nobody = (SessionId::new(0), Xid::ZERO, Ok(Response::Done));
        let (session, xid, reply) = answered.unwrap_or(nobody);
        let waits = |(of, number, _): &mut (_, _, _)| (*of, *number) == (session, xid);
        let connection = self.awaits_ensemble.take_if(waits).map(|(_, _, id)| id);
        Some(Applied {
            session,
            xid,
            zxid,
            kind: Kind::Writes,
            reply,
            changes,
            is_own: connection.is_some(),
            connection,
        })
    }

    /// As leader: who follows its log.
    pub(super) fn in_step(&self) -> Vec<ServerId> {
        self.replica().in_step().collect()
    }

    /// As leader: sees to it that the ensemble becomes what a client was promised, whoever led
    /// when it was. What cannot be done now is tried again at the next step.
    pub(super) fn pursue_wish(&mut self, now: Time, random: Bits) {
        let Some(wish) = self.service.ensemble().wish().filter(|_| self.leads()) else {
            return;
        };
        let change = Reconfiguration {
            voters: wish.members.voters().collect(),
            learners: wish.members.observers().collect(),
            transition: Transition::AsNeeded,
        };
        let last = self.replica().log().last_index();
        let heads_for = self.replica().configuration_at(last);
        if heads_for.left() == change.target() {
            return;
        }
        let change = match self.replica().check_reconfiguration(&change) {
            Ok(()) => change,
            Err(ReconfigureError::MoreThanOneVoter { .. }) => {
                one_voter_on(heads_for, &change, self.id())
            }
            Err(_) => return,
        };
        self.step(now, random, raft::Input::Reconfigure(change));
    }
}

/// The first step of a change where voters come and go one at a time: whoever is to come comes
/// first, so that no majority gets smaller before it must; the leader goes last.
fn one_voter_on(from: &Configuration, to: &Reconfiguration, leader: ServerId) -> Reconfiguration {
    let mut voters = from.voters().to_vec();
    let comes = to.voters.iter().find(|id| !voters.contains(id));
    let goes = |id: &&ServerId| !to.voters.contains(id);
    let others = voters.iter().filter(|id| **id != leader);
    let gone = others.chain([&leader]).find(goes).copied();
    match (comes, gone) {
        (Some(comes), _) => voters.push(*comes),
        (None, gone) => voters.retain(|id| Some(*id) != gone),
    }
    let learners = from.learners().iter().copied();
    Reconfiguration {
        learners: learners.filter(|id| !voters.contains(id)).collect(),
        voters,
        transition: to.transition,
    }
}
