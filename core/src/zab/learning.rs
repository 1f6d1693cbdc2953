//! Phase 2, synchronisation, the learner's side (Zab §4.1; `Learner.syncWithLeader`).
//!
//! What the paper does in one step, to take over an epoch and its history, is many here, and a
//! crash may come between any two. Their order on disk is what keeps it safe: the snapshot, if
//! there is one; the transactions; the current epoch; and only then the acknowledgement.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Replica;
use super::configuration::Configuration;
use super::database::Database;
use super::disk::Then;
use super::durable::{Snapshot, Write};
use super::epoch::{Epoch, follows};
use super::fact::{LookingReason, ZabFact};
use super::io::{Output, Timer, Turn};
use super::log::{Entry, Payload};
use super::message::{Message, MessageKind, ToLeader, ToLearner};
use super::role::{LearnerStage, Staging, SyncMode};
use crate::ids::ServerId;
use crate::zookeeper::Zxid;

impl<T: Payload> Replica<T> {
    /// A message of this learner's leader; anything from anyone else comes too late.
    pub(super) fn receive_from_leader(
        &mut self,
        from: ServerId,
        message: ToLearner<T>,
        turn: &mut Turn<'_, T>,
    ) {
        let (init, sync) = (self.settings.init_time(), self.settings.sync_time());
        let Some(learning) = self.learning().filter(|learning| learning.leader == from) else {
            return;
        };
        let kind = message.kind();
        let limit = match &learning.stage {
            LearnerStage::UpToDate { .. } => sync,
            LearnerStage::Syncing(staging) if staging.new_leader.is_some() => sync,
            _ => init,
        };
        turn.set_timer(Timer::Silence, limit);
        match (&learning.stage, message) {
            (LearnerStage::Registered(_), ToLearner::LeaderInfo { epoch }) => {
                self.accept_epoch(from, epoch, turn);
            }
            (LearnerStage::Accepted { epoch }, message) => {
                let epoch = *epoch;
                self.begin_staging(epoch, message, turn);
            }
            (LearnerStage::Syncing(_), message) => self.stage(message, turn),
            (LearnerStage::UpToDate { .. }, message) => self.take_part(message, turn),
            _ => self.quit_over(kind, Zxid::ZERO, Zxid::ZERO, turn),
        }
    }

    /// What the leader said cannot be: to go on would put the histories at risk.
    pub(super) fn quit_over(
        &mut self,
        kind: MessageKind,
        zxid: Zxid,
        expected: Zxid,
        turn: &mut Turn<'_, T>,
    ) {
        if let Some(leader) = self.leader() {
            let reason = LookingReason::IllegalMessage {
                leader,
                kind,
                zxid,
                expected,
            };
            self.look_for_leader(reason, turn);
        }
    }

    /// `DIFF`, `TRUNC` or `SNAP`.
    fn begin_staging(&mut self, epoch: Epoch, message: ToLearner<T>, turn: &mut Turn<'_, T>) {
        let (mode, last_queued, awaits_body) = match message {
            ToLearner::Diff { .. } => (SyncMode::Diff, self.database.last(), None),
            ToLearner::Trunc { to } => {
                self.truncate(to, turn);
                (SyncMode::Trunc, to, None)
            }
            ToLearner::Snap { zxid } => (SyncMode::Snap, zxid, Some(zxid)),
            other => return self.quit_over(other.kind(), Zxid::ZERO, Zxid::ZERO, turn),
        };
        if let Some(learning) = self.learning_mut() {
            learning.stage = LearnerStage::Syncing(Staging {
                epoch,
                mode,
                awaits_body,
                staged: VecDeque::new(),
                committed: VecDeque::new(),
                last_queued,
                new_leader: None,
            });
        }
    }

    /// Cuts the log, and reads the state again from what is left of it.
    fn truncate(&mut self, to: Zxid, turn: &mut Turn<'_, T>) {
        let from = self.database.last();
        turn.tell(ZabFact::Truncated { to, from });
        self.disk.write(Write::Truncate { to }, turn.out);
        self.database = Database::restore(self.disk.image(), self.settings.committed_log);
        self.database.set_last(to);
        turn.out.push(Output::Restored);
    }

    /// Something arrives between DIFF, TRUNC or SNAP and UPTODATE.
    fn stage(&mut self, message: ToLearner<T>, turn: &mut Turn<'_, T>) {
        match message {
            ToLearner::SnapBody { state } => self.install_snapshot(state, turn),
            ToLearner::Proposal { entry } => {
                self.stage_entry(entry, MessageKind("PROPOSAL"), turn);
            }
            ToLearner::Commit { zxid } => {
                self.stage_commit(zxid, MessageKind("COMMIT"), turn);
            }
            ToLearner::CommitAndActivate { zxid, designated } => {
                if self.stage_commit(zxid, MessageKind("COMMITANDACTIVATE"), turn) {
                    self.put_last_seen_in_force(designated, turn);
                }
            }
            ToLearner::Inform { entry } => {
                self.stage_inform(entry, MessageKind("INFORM"), turn);
            }
            ToLearner::InformAndActivate { entry, designated } => {
                if self.stage_inform(entry, MessageKind("INFORMANDACTIVATE"), turn) {
                    self.put_last_seen_in_force(designated, turn);
                }
            }
            ToLearner::NewLeader {
                epoch,
                configuration,
            } => self.save_history(epoch, configuration, turn),
            ToLearner::UpToDate { designated } => self.become_up_to_date(designated, turn),
            other => self.take_aside(other, turn),
        }
    }

    fn staging_mut(&mut self) -> Option<&mut Staging<T>> {
        match &mut self.learning_mut()?.stage {
            LearnerStage::Syncing(staging) => Some(staging),
            _ => None,
        }
    }

    fn install_snapshot(&mut self, state: T::State, turn: &mut Turn<'_, T>) {
        if let Some(staging) = self.staging_mut()
            && let Some(zxid) = staging.awaits_body.take()
        {
            turn.tell(ZabFact::SnapshotInstalled { zxid });
            self.database.install(zxid, state);
            turn.out.push(Output::Restored);
        }
    }

    /// Takes in a transaction, unless one is missing before it. Whether it was taken.
    fn stage_entry(&mut self, entry: Entry<T>, kind: MessageKind, turn: &mut Turn<'_, T>) -> bool {
        let contiguous = self.rules.contiguous_committed_log;
        let Some(staging) = self.staging_mut() else {
            return false;
        };
        let last = staging.last_queued;
        if contiguous && !follows(last, entry.zxid) {
            self.quit_over(kind, entry.zxid, last, turn);
            return false;
        }
        staging.last_queued = entry.zxid;
        let seen = entry.configuration.clone();
        staging.staged.push_back(entry);
        if let Some(configuration) = seen {
            self.membership.last_seen = configuration;
        }
        true
    }

    /// The commit of the first staged transaction that has none yet. After SNAP and TRUNC and
    /// before NEWLEADER it is applied at once: the snapshot to come will have it.
    fn stage_commit(&mut self, zxid: Zxid, kind: MessageKind, turn: &mut Turn<'_, T>) -> bool {
        let Some(staging) = self.staging_mut() else {
            return false;
        };
        let first = staging.staged.get(staging.committed.len());
        let expected = first.map_or(Zxid::ZERO, |entry| entry.zxid);
        if expected != zxid {
            self.quit_over(kind, zxid, expected, turn);
            return false;
        }
        if staging.mode == SyncMode::Diff || staging.new_leader.is_some() {
            staging.committed.push_back(zxid);
        } else if let Some(entry) = staging.staged.pop_front() {
            self.apply_quietly(&entry);
            turn.out.push(Output::Restored);
        }
        true
    }

    fn stage_inform(&mut self, entry: Entry<T>, kind: MessageKind, turn: &mut Turn<'_, T>) -> bool {
        let zxid = entry.zxid;
        self.stage_entry(entry, kind, turn) && self.stage_commit(zxid, kind, turn)
    }

    /// Applies a transaction of the initial history.
    fn apply_quietly(&mut self, entry: &Entry<T>) {
        if self.rules.contiguous_committed_log {
            self.database.apply(entry);
        } else {
            self.database.apply_unrecorded(entry);
        }
    }

    /// `NEWLEADER`: the learner has all that it lacked. It saves it, then its epoch, then says so.
    /// What is staged and not committed stays so: its COMMIT may come before UPTODATE.
    fn save_history(
        &mut self,
        epoch: Epoch,
        configuration: Arc<Configuration>,
        turn: &mut Turn<'_, T>,
    ) {
        let rules = self.rules;
        let Some(staging) = self.staging_mut() else {
            return;
        };
        staging.new_leader = Some(configuration.clone());
        let mut proposed = staging.staged.iter().rev();
        let proposed = proposed.find_map(|entry| entry.configuration.clone());
        let (mode, label) = (staging.mode, staging.awaits_body);
        let mut history = Vec::new();
        let committed = staging.committed.len();
        if rules.log_before_newleader_ack {
            staging.committed.clear();
            history.extend(staging.staged.drain(..committed));
        }
        let mut written = history.clone();
        if !rules.keep_uncommitted_staged {
            written.extend(staging.staged.drain(..));
        }
        // What it had seen before NEWLEADER may never have been committed.
        self.membership.last_seen = proposed.unwrap_or(configuration);
        self.save_membership(turn);
        self.disk.write(Write::UpdatingEpoch(epoch), turn.out);
        if !rules.epoch_after_transactions {
            self.disk.write(Write::CurrentEpoch(epoch), turn.out);
        }
        if mode != SyncMode::Diff {
            let snapshot = Snapshot {
                zxid: label.unwrap_or(self.database.last()),
                state: self.database.state().clone(),
            };
            let replaces = mode == SyncMode::Snap;
            let write = Write::Snapshot { snapshot, replaces };
            self.disk.write(write, turn.out);
        }
        self.disk.append(written, turn.out);
        if rules.epoch_after_transactions {
            self.disk.write(Write::CurrentEpoch(epoch), turn.out);
        }
        for entry in &history {
            self.apply_quietly(entry);
        }
        turn.out.push(Output::Restored);
        turn.tell(ZabFact::HistorySaved {
            epoch,
            last: self.database.last(),
            mode,
        });
        self.acknowledge(epoch.start(), rules.fsync_before_newleader_ack, turn);
        turn.set_timer(Timer::Silence, self.settings.sync_time());
    }

    /// `UPTODATE`: the leader is established. What came since NEWLEADER goes the usual way.
    fn become_up_to_date(&mut self, designated: ServerId, turn: &mut Turn<'_, T>) {
        let Some(learning) = self.learning_mut() else {
            return;
        };
        let (leader, observes) = (learning.leader, learning.observes);
        let LearnerStage::Syncing(staging) = &mut learning.stage else {
            return;
        };
        let Some(configuration) = staging.new_leader.take() else {
            let kind = MessageKind("UPTODATE");
            return self.quit_over(kind, Zxid::ZERO, Zxid::ZERO, turn);
        };
        let epoch = staging.epoch;
        let mut pending = std::mem::take(&mut staging.staged);
        let commits = std::mem::take(&mut staging.committed);
        let all: Vec<_> = pending.iter().cloned().collect();
        let committed: Vec<_> = pending.drain(..commits.len()).collect();
        learning.stage = LearnerStage::UpToDate { epoch, pending };
        self.acknowledge(epoch.start(), self.rules.sync_before_ack, turn);
        self.update_election_vote();
        turn.tell(ZabFact::UpToDate { leader, epoch });
        for entry in all {
            if observes {
                self.log_txn(entry, None, turn);
            } else {
                self.log_and_acknowledge(entry, turn);
            }
        }
        for entry in committed {
            self.deliver_learned(entry, turn);
        }
        if configuration.version() > self.membership.active.version() {
            self.put_in_force(configuration, designated, turn);
        }
    }

    /// `ACK` to the leader: when everything handed to the disk is on it if `rule` holds, else at
    /// once.
    fn acknowledge(&mut self, zxid: Zxid, rule: bool, turn: &mut Turn<'_, T>) {
        if let Some(leader) = self.leader() {
            let message = Message::ToLeader(ToLeader::Ack { zxid });
            self.send_when_durable(rule, leader, message, turn);
        }
    }

    /// Logs a transaction and acknowledges it when it is on disk.
    pub(super) fn log_and_acknowledge(&mut self, entry: Entry<T>, turn: &mut Turn<'_, T>) {
        let Some(to) = self.leader() else {
            return;
        };
        let message = Message::ToLeader(ToLeader::Ack { zxid: entry.zxid });
        if self.rules.sync_before_ack {
            self.log_txn(entry, Some(Then::Send { to, message }), turn);
        } else {
            turn.out.push(Output::Send { to, message });
            self.log_txn(entry, None, turn);
        }
    }
}
