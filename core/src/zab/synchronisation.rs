//! Phase 2, synchronisation, the leader's side (Zab §4.1; `LearnerHandler`, `Leader.lead`): every
//! learner takes over the leader's history, and a quorum of them establishes the leader.

use std::sync::Arc;

use super::Replica;
use super::configuration::Configuration;
use super::durable::Write;
use super::fact::{SyncPlan, ZabFact};
use super::io::{Output, Timer, Turn};
use super::log::{Entry, Payload};
use super::message::{Message, ToLearner};
use super::reconfiguration::are_quorums;
use super::role::{HandlerStage, LeaderStage, SyncMode};
use super::sync_choice::{Choice, LearnerHistory, choose_sync};
use crate::ids::ServerId;
use crate::zookeeper::Zxid;

impl<T: Payload> Replica<T> {
    /// The epoch is on the leader's disk: it hands its history on, its own hands included.
    pub(super) fn begin_synchronisation(&mut self, turn: &mut Turn<'_, T>) {
        let Some(leading) = self.leading_mut() else {
            return;
        };
        leading.stage = LeaderStage::Synchronising;
        let epoch = leading.epoch;
        let accepted = leading.learners.iter().filter_map(|(id, learner)| {
            matches!(learner.stage, HandlerStage::Accepted { .. }).then_some(*id)
        });
        let accepted: Vec<_> = accepted.collect();
        turn.tell(ZabFact::EpochBegun { epoch });
        turn.set_timer(Timer::Quorum, self.settings.init_time());
        self.version_first_configuration(epoch.start(), turn);
        for learner in accepted {
            self.synchronise(learner, turn);
        }
        self.count_synced(self.id, turn);
    }

    /// A configuration that was never agreed on gets a version with the first epoch, and so wins
    /// over what servers that never took part were started with (ZOOKEEPER-1783).
    fn version_first_configuration(&mut self, version: Zxid, turn: &mut Turn<'_, T>) {
        let active = &self.membership.active;
        if active.version() == Zxid::ZERO && self.membership.pending().is_none() {
            self.membership.last_seen = Arc::new(active.at_version(version));
            self.save_membership(turn);
        }
    }

    /// Sends a learner what it lacks, then NEWLEADER. From this instant on, in which nothing can
    /// come between, it also gets all that is proposed or committed (`Leader.startForwarding`).
    pub(super) fn synchronise(&mut self, to: ServerId, turn: &mut Turn<'_, T>) {
        if self.rules.cut_only_uncommitted {
            self.apply_committed(turn);
        }
        let Some(leading) = self.leading() else {
            return;
        };
        let Some(learner) = leading.learners.get(&to) else {
            return;
        };
        let HandlerStage::Accepted { last, base } = learner.stage else {
            return;
        };
        let limit = self.settings.log_sync_limit;
        let history = LearnerHistory { last, base };
        let choice = choose_sync(&self.database, self.log(), history, limit);
        turn.tell(ZabFact::SyncChosen {
            learner: to,
            plan: choice.plan,
            reason: choice.reason,
        });
        let mut packets = self.payload(&choice);
        let unseen = leading.to_be_applied.iter();
        for entry in unseen.filter(|entry| entry.zxid > choice.through) {
            packets.extend(committed(entry));
        }
        if !learner.observes {
            let unseen = leading.outstanding.iter().map(|proposal| &proposal.entry);
            let unseen = unseen.filter(|entry| entry.zxid > choice.through);
            packets.extend(unseen.map(|entry| ToLearner::Proposal {
                entry: entry.clone(),
            }));
        }
        let new_leader = ToLearner::NewLeader {
            epoch: leading.epoch,
            configuration: self.configuration_for_learner(),
        };
        let is_body = |packet: &ToLearner<T>| matches!(packet, ToLearner::SnapBody { .. });
        match packets.iter().position(is_body) {
            Some(body) if !self.rules.newleader_after_payload => packets.insert(body, new_leader),
            _ => packets.push(new_leader),
        }
        for packet in packets {
            let message = Message::ToLearner(packet);
            turn.out.push(Output::Send { to, message });
        }
        let mode = match choice.plan {
            SyncPlan::EmptyDiff | SyncPlan::Diff { .. } => SyncMode::Diff,
            SyncPlan::Trunc { .. } => SyncMode::Trunc,
            SyncPlan::Snap { .. } => SyncMode::Snap,
        };
        let retracts = self.rules.retract_lost_acks && mode != SyncMode::Diff;
        let Some(leading) = self.leading_mut() else {
            return;
        };
        if let Some(learner) = leading.learners.get_mut(&to) {
            learner.stage = HandlerStage::Syncing { mode };
        }
        if retracts {
            // It will acknowledge them again when it has them again.
            for proposal in &mut leading.outstanding {
                proposal.acks.remove(&to);
            }
        }
    }

    /// What a learner will put in force with UPTODATE. Before it is established, a leader hands on
    /// the last configuration it has seen, which its establishment commits. After that, one that is
    /// not in force yet is a proposal like any other, and travels as such.
    fn configuration_for_learner(&self) -> Arc<Configuration> {
        if self.is_serving() {
            self.membership.active.clone()
        } else {
            self.membership.last_seen.clone()
        }
    }

    /// DIFF, TRUNC or SNAP, and then each committed transaction with its commit.
    fn payload(&self, choice: &Choice<T>) -> Vec<ToLearner<T>> {
        let mut packets = match choice.plan {
            SyncPlan::EmptyDiff | SyncPlan::Diff { .. } => vec![ToLearner::Diff {
                last: choice.through,
            }],
            SyncPlan::Trunc { to, .. } => vec![ToLearner::Trunc { to }],
            SyncPlan::Snap { zxid } => {
                let state = self.database.state().clone();
                vec![ToLearner::Snap { zxid }, ToLearner::SnapBody { state }]
            }
        };
        packets.extend(choice.entries.iter().flat_map(committed));
        packets
    }

    /// A learner acknowledges NEWLEADER: it has the leader's whole history on its disk.
    pub(super) fn learner_synced(&mut self, from: ServerId, turn: &mut Turn<'_, T>) {
        let Some(leading) = self.leading_mut() else {
            return;
        };
        let established = leading.stage == LeaderStage::Broadcasting;
        if let Some(learner) = leading.learners.get_mut(&from) {
            learner.stage = HandlerStage::Synced;
        }
        if established {
            self.release(from, turn);
        } else {
            self.count_synced(from, turn);
        }
    }

    fn count_synced(&mut self, by: ServerId, turn: &mut Turn<'_, T>) {
        let Some(leading) = self.leading_mut() else {
            return;
        };
        leading.synced.insert(by);
        let synced = leading.synced.clone();
        turn.tell(ZabFact::HistoryAcked {
            by,
            synced: synced.iter().copied().collect(),
        });
        if are_quorums(&self.needed_quorums(), &synced) {
            self.establish(turn);
        }
    }

    /// A quorum has the leader's history: all of it is committed by that (Zab §4.1, Phase 2).
    fn establish(&mut self, turn: &mut Turn<'_, T>) {
        let through = self.database.last();
        let Some(leading) = self.leading_mut() else {
            return;
        };
        leading.stage = LeaderStage::Broadcasting;
        let (epoch, synced) = (leading.epoch, leading.synced.clone());
        let ready = leading.learners.iter();
        let ready = ready.filter(|(_, learner)| learner.stage == HandlerStage::Synced);
        let ready: Vec<_> = ready.map(|(id, _)| *id).collect();
        turn.tell(ZabFact::Established {
            epoch,
            quorum: synced.iter().copied().collect(),
            through,
        });
        self.database.set_last(epoch.start());
        self.update_election_vote();
        if let Some(configuration) = self.membership.pending().cloned() {
            let designated = self.designated_leader(&configuration, &synced, &[]);
            self.put_in_force(configuration, designated, turn);
        }
        turn.cancel_timers(&[Timer::Quorum]);
        turn.set_timer(Timer::Tick, self.settings.tick.fraction(1, 2));
        for learner in ready {
            self.release(learner, turn);
        }
    }

    /// `UPTODATE`.
    fn release(&mut self, to: ServerId, turn: &mut Turn<'_, T>) {
        let designated = self.designated.unwrap_or(self.id);
        if let Some(learner) = self.leading_mut().and_then(|l| l.learners.get_mut(&to)) {
            learner.stage = HandlerStage::UpToDate;
            let message = Message::ToLearner(ToLearner::UpToDate { designated });
            turn.out.push(Output::Send { to, message });
        }
    }

    /// Hands the configurations to the disk.
    pub(super) fn save_membership(&mut self, turn: &mut Turn<'_, T>) {
        let write = Write::Membership(self.membership.clone());
        self.disk.write(write, turn.out);
    }
}

/// A committed transaction, as a learner is sent it to catch up.
fn committed<T: Payload>(entry: &Entry<T>) -> [ToLearner<T>; 2] {
    let zxid = entry.zxid;
    let entry = entry.clone();
    [ToLearner::Proposal { entry }, ToLearner::Commit { zxid }]
}
