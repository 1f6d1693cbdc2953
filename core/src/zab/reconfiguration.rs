//! Changes of the ensemble (Shraer et al., "Dynamic Reconfiguration of Primary/Backup Clusters",
//! 2012; `QuorumPeer.processReconfig`, `Leader.getDesignatedLeader`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Replica;
use super::broadcast::ProposeError;
use super::configuration::Configuration;
use super::fact::{LookingReason, ZabFact};
use super::io::Turn;
use super::log::Payload;
use super::role::{Learner, Standing};
use crate::ids::ServerId;

/// Whether `servers` are a quorum of each of `verifiers`.
pub(super) fn are_quorums(verifiers: &[Arc<Configuration>], servers: &BTreeSet<ServerId>) -> bool {
    verifiers.iter().all(|verifier| verifier.is_quorum(servers))
}

impl<T: Payload> Replica<T> {
    /// The configurations whose quorums are needed now: a reconfiguration that is under way, and
    /// everything after it, needs the old members and the new ones.
    pub(super) fn needed_quorums(&self) -> Vec<Arc<Configuration>> {
        match self.membership.pending() {
            Some(pending) if !self.rules.old_and_new_quorum => vec![pending.clone()],
            _ => self.membership.verifiers().cloned().collect(),
        }
    }

    /// Whether this server could propose this configuration now.
    pub fn may_reconfigure(&self, configuration: &Configuration) -> Result<(), ProposeError> {
        if !self.is_serving() || self.leading().is_none() {
            return Err(ProposeError::NotLeading);
        }
        self.check_reconfiguration(configuration)
    }

    /// One reconfiguration at a time, and only to members of whom a quorum is here and follows: who
    /// observes is told when all is decided, and acknowledges nothing (`PrepRequestProcessor`,
    /// `Leader.isQuorumSynced`).
    pub(super) fn check_reconfiguration(
        &self,
        configuration: &Configuration,
    ) -> Result<(), ProposeError> {
        if self.membership.pending().is_some() {
            return Err(ProposeError::ReconfigurationUnderWay);
        }
        let here = self.leading().map(|leading| {
            let learners = leading.learners.iter();
            let follows = |learner: &Learner| learner.is_forwarded_to() && !learner.observes;
            let followers = learners.filter(|(_, learner)| follows(learner));
            let followers = followers.map(|(id, _)| *id);
            followers.chain([self.id]).collect::<BTreeSet<_>>()
        });
        if configuration.is_quorum(&here.unwrap_or_default()) {
            Ok(())
        } else {
            Err(ProposeError::NoQuorumOfNewConfiguration)
        }
    }

    /// Who leads the new configuration: this server if it still votes; else, of those who
    /// acknowledged the reconfiguration, one that has acknowledged most of what came after it, so
    /// that as little as possible of that is lost.
    pub(super) fn designated_leader(
        &self,
        configuration: &Configuration,
        acks: &BTreeSet<ServerId>,
        later: &[BTreeSet<ServerId>],
    ) -> ServerId {
        if configuration.is_voter(self.id) {
            return self.id;
        }
        let voters = acks.iter().filter(|id| configuration.is_voter(**id));
        let mut candidates: BTreeSet<_> = voters.copied().collect();
        for acks in later {
            let left: BTreeSet<_> = candidates.intersection(acks).copied().collect();
            if left.is_empty() {
                break;
            }
            candidates = left;
        }
        candidates.first().copied().unwrap_or(self.id)
    }

    /// The configuration is committed. Who gets another part by it, or another leader, leaves the
    /// present one; a leader that is replaced commits nothing more, and will find itself alone.
    pub(super) fn put_in_force(
        &mut self,
        configuration: Arc<Configuration>,
        designated: ServerId,
        turn: &mut Turn<'_, T>,
    ) {
        let version = configuration.version();
        if version <= self.membership.active.version() {
            return;
        }
        turn.tell(ZabFact::Reconfigured {
            version,
            voters: configuration.voters().map(|(id, _)| id).collect(),
            observers: configuration.observers().collect(),
            designated,
        });
        let observes = configuration.is_observer(self.id);
        self.activate(configuration, turn);
        let replaced = self.leader() != Some(designated);
        match &mut self.standing {
            Standing::Looking(_) => {}
            Standing::Leading(leading) => {
                if replaced {
                    leading.may_commit = false;
                    self.designated = Some(designated);
                }
            }
            Standing::Learning(learning) => {
                if replaced {
                    self.designated = Some(designated);
                }
                if replaced || learning.observes != observes {
                    self.look_for_leader(LookingReason::Reconfigured { version }, turn);
                }
            }
        }
    }

    /// Takes a committed configuration for the one in force.
    pub(super) fn activate(&mut self, configuration: Arc<Configuration>, turn: &mut Turn<'_, T>) {
        if configuration.version() > self.membership.last_seen.version() {
            self.membership.last_seen = configuration.clone();
        }
        self.membership.active = configuration;
        self.save_membership(turn);
    }
}
