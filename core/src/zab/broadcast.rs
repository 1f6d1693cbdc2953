//! Phase 3, broadcast, the leader's side (Zab §4.1; `Leader.propose`, `Leader.processAck`,
//! `Leader.tryToCommit`).

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

use super::Replica;
use super::configuration::Configuration;
use super::disk::Then;
use super::fact::{LookingReason, ZabFact};
use super::io::{Output, Timer, Turn};
use super::log::{Entry, Payload};
use super::message::{Message, ToLearner};
use super::reconfiguration::are_quorums;
use super::role::{LeaderStage, Proposal};
use crate::ids::ServerId;
use crate::random::Bits;
use crate::time::{Duration, Time};
use crate::zookeeper::Zxid;

/// Why a transaction was not proposed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ProposeError {
    /// It is no established leader.
    #[error("this server is no established leader")]
    NotLeading,
    /// A reconfiguration has named another leader.
    #[error("a reconfiguration has made {leader} leader")]
    Replaced {
        /// The other leader.
        leader: ServerId,
    },
    /// The epoch's counters are used up; the leader has stepped down, so that a new epoch begins.
    #[error("the epoch has no zxid left")]
    CounterExhausted,
    /// Another reconfiguration is not committed yet.
    #[error("another reconfiguration is under way")]
    ReconfigurationUnderWay,
    /// Too few of the new members are up to date to go on without the old ones.
    #[error("no quorum of the new configuration is up to date")]
    NoQuorumOfNewConfiguration,
}

impl<T: Payload> Replica<T> {
    /// Broadcasts a transaction; it is prepared, and depends on all that were proposed before it.
    /// The zxid that it is given is where it will be delivered, if it ever is.
    ///
    /// A transaction that changes the ensemble comes with the new configuration, which gets the
    /// zxid for its version.
    pub fn propose(
        &mut self,
        now: Time,
        random: Bits,
        txn: T,
        reconfiguration: Option<&Configuration>,
        out: &mut Vec<Output<T>>,
    ) -> Result<Zxid, ProposeError> {
        let turn = &mut Turn { now, random, out };
        let zxid = self.next_zxid(turn)?;
        if let Some(configuration) = reconfiguration {
            self.check_reconfiguration(configuration)?;
        }
        let configuration = reconfiguration.map(|new| Arc::new(new.at_version(zxid)));
        if let Some(configuration) = &configuration {
            self.membership.last_seen = configuration.clone();
        }
        let entry = Entry {
            zxid,
            txn,
            configuration,
        };
        let reconfiguration = entry.configuration.is_some();
        turn.tell(ZabFact::Proposed {
            zxid,
            reconfiguration,
        });
        let verifiers = self.needed_quorums();
        if let Some(leading) = self.leading_mut() {
            leading.last_proposed = zxid;
            leading.outstanding.push_back(Proposal {
                entry: entry.clone(),
                acks: BTreeSet::new(),
                verifiers,
            });
        }
        self.send_proposal(&entry, turn);
        // Its own acknowledgement comes from its disk like any other.
        if self.rules.sync_before_ack {
            self.log_txn(entry, Some(Then::CountOwnAck { zxid }), turn);
        } else {
            self.log_txn(entry, None, turn);
            self.count_ack(self.id, zxid, turn);
        }
        Ok(zxid)
    }

    /// The next place in the order, if this server may give one away (ZOOKEEPER-1277).
    fn next_zxid(&mut self, turn: &mut Turn<'_, T>) -> Result<Zxid, ProposeError> {
        let leading = self.leading();
        let leading = leading.filter(|leading| leading.stage == LeaderStage::Broadcasting);
        let leading = leading.ok_or(ProposeError::NotLeading)?;
        if !leading.may_commit {
            let leader = self.designated.unwrap_or(self.id);
            return Err(ProposeError::Replaced { leader });
        }
        let (epoch, last) = (leading.epoch, leading.last_proposed);
        let counter = last.counter() + 1;
        if counter >= self.settings.counter_limit {
            self.look_for_leader(LookingReason::CounterExhausted { epoch }, turn);
            return Err(ProposeError::CounterExhausted);
        }
        Ok(Zxid::new(last.epoch(), counter))
    }

    /// `PROPOSAL` to every follower that gets what is new.
    fn send_proposal(&mut self, entry: &Entry<T>, turn: &mut Turn<'_, T>) {
        let now = turn.now;
        let Some(leading) = self.leading_mut() else {
            return;
        };
        for (to, learner) in &mut leading.learners {
            if learner.observes || !learner.is_forwarded_to() {
                continue;
            }
            learner.expect_ack(entry.zxid, now);
            let entry = entry.clone();
            let message = Message::ToLearner(ToLearner::Proposal { entry });
            turn.out.push(Output::Send { to: *to, message });
        }
    }

    /// `ACK` of a transaction.
    pub(super) fn count_ack(&mut self, from: ServerId, zxid: Zxid, turn: &mut Turn<'_, T>) {
        let Some(leading) = self.leading_mut() else {
            return;
        };
        // The start of an epoch is acknowledged again after UPTODATE; and what is committed needs
        // no more acknowledgements.
        if !leading.may_commit || zxid.counter() == 0 || zxid <= leading.last_committed {
            return;
        }
        let mut outstanding = leading.outstanding.iter_mut();
        let Some(proposal) = outstanding.find(|proposal| proposal.entry.zxid == zxid) else {
            return;
        };
        proposal.acks.insert(from);
        let acks = proposal.acks.iter().copied().collect();
        turn.tell(ZabFact::AckCounted { zxid, from, acks });
        self.commit_in_order(turn);
    }

    /// Commits what has its quorums, in the order of zxids and never past one that has not.
    fn commit_in_order(&mut self, turn: &mut Turn<'_, T>) {
        while let Some(leading) = self.leading().filter(|leading| leading.may_commit) {
            let Some(first) = leading.outstanding.front() else {
                return;
            };
            if !are_quorums(&first.verifiers, &first.acks) {
                return;
            }
            let proposal = self
                .leading_mut()
                .and_then(|leading| leading.outstanding.pop_front());
            let Some(proposal) = proposal else { return };
            self.commit(proposal, turn);
        }
    }

    fn commit(&mut self, proposal: Proposal<T>, turn: &mut Turn<'_, T>) {
        let Proposal {
            entry,
            acks,
            verifiers,
        } = proposal;
        let zxid = entry.zxid;
        turn.tell(ZabFact::Committed {
            zxid,
            acks: acks.iter().copied().collect(),
            joint: verifiers.len() > 1,
        });
        if let Some(leading) = self.leading_mut() {
            leading.last_committed = zxid;
        }
        let designated = entry.configuration.clone().map(|configuration| {
            let later = self.leading().map(|leading| {
                let acks = leading.outstanding.iter().map(|later| later.acks.clone());
                acks.collect::<Vec<_>>()
            });
            let later = later.unwrap_or_default();
            self.designated_leader(&configuration, &acks, &later)
        });
        self.send_commit(&entry, designated, turn);
        let configuration = entry.configuration.clone();
        if let Some(leading) = self.leading_mut() {
            leading.to_be_applied.push_back(entry);
            turn.set_timer(Timer::Apply, Duration::ZERO);
        }
        if let (Some(configuration), Some(designated)) = (configuration, designated) {
            self.put_in_force(configuration, designated, turn);
        }
    }

    /// Applies what is committed to the leader's own state (`ToBeAppliedRequestProcessor`).
    pub(super) fn apply_committed(&mut self, turn: &mut Turn<'_, T>) {
        while self.apply_next(turn) {}
    }

    /// Applies the next transaction that a leader has committed and not applied, if there is one:
    /// for an owner who wants to see every state.
    pub fn apply_one(&mut self, now: Time, random: Bits, out: &mut Vec<Output<T>>) -> bool {
        self.apply_next(&mut Turn { now, random, out })
    }

    fn apply_next(&mut self, turn: &mut Turn<'_, T>) -> bool {
        let next = self
            .leading_mut()
            .and_then(|leading| leading.to_be_applied.pop_front());
        let Some(entry) = next else {
            return false;
        };
        let zxid = entry.zxid;
        self.deliver(entry, turn);
        self.release_syncs(zxid, turn);
        true
    }

    /// `COMMIT` to followers, `INFORM` with the whole transaction to observers.
    fn send_commit(
        &mut self,
        entry: &Entry<T>,
        designated: Option<ServerId>,
        turn: &mut Turn<'_, T>,
    ) {
        let Some(leading) = self.leading() else {
            return;
        };
        let zxid = entry.zxid;
        for (to, learner) in &leading.learners {
            if !learner.is_forwarded_to() {
                continue;
            }
            let entry = || entry.clone();
            let message = Message::ToLearner(match (learner.observes, designated) {
                (false, None) => ToLearner::Commit { zxid },
                (false, Some(designated)) => ToLearner::CommitAndActivate { zxid, designated },
                (true, None) => ToLearner::Inform { entry: entry() },
                (true, Some(designated)) => ToLearner::InformAndActivate {
                    entry: entry(),
                    designated,
                },
            });
            turn.out.push(Output::Send { to: *to, message });
        }
    }
}
