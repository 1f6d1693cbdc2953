//! Into a role, and out of it again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Replica;
use super::database::Database;
use super::epoch::Epoch;
use super::fact::{ElectionEnd, LookingReason, ZabFact};
use super::io::{Output, Timer, Turn};
use super::log::Payload;
use super::message::Channel;
use super::role::{Attempt, LeaderStage, Leading, LearnerStage, Learning, Standing, SyncMode};
use super::vote::Vote;
use crate::ids::ServerId;
use crate::zookeeper::Zxid;

impl<T: Payload> Replica<T> {
    /// Whatever it was doing, it stops and looks for a leader; or turns to the one that a
    /// reconfiguration has named (`QuorumPeer.updateServerState`).
    pub(super) fn look_for_leader(&mut self, reason: LookingReason, turn: &mut Turn<'_, T>) {
        self.leave_role(turn);
        let Some(leader) = self.designated.take() else {
            return self.start_election(reason, turn);
        };
        let vote = Vote {
            epoch: self.current_epoch(),
            zxid: self.database.last(),
            leader,
        };
        self.leave_election(vote, self.election.round, ElectionEnd::Designated, turn);
    }

    /// Closes its connections, writes out what it has accepted, and brings its state to the end
    /// of its log: it will be judged by that.
    fn leave_role(&mut self, turn: &mut Turn<'_, T>) {
        let interrupted = self.interrupted_sync();
        match &self.standing {
            Standing::Looking(_) => turn.cancel_timers(&[Timer::Resend, Timer::Finalize]),
            Standing::Learning(learning) => {
                let (peer, channel) = (learning.leader, Channel::ToLeader);
                turn.out.push(Output::Close { peer, channel });
                turn.cancel_timers(&[Timer::Reconnect, Timer::Silence]);
            }
            Standing::Leading(leading) => {
                for peer in leading.learners.keys().copied() {
                    let channel = Channel::ToLearner;
                    turn.out.push(Output::Close { peer, channel });
                }
                turn.cancel_timers(&[Timer::Quorum, Timer::GiveUp, Timer::Tick, Timer::Apply]);
            }
        }
        if self.rules.full_stop_on_step_down {
            self.disk.write_queue(turn.out);
        }
        self.disk.forget_waiting();
        if self.snapshot_after.is_none() {
            self.draw_snapshot_count(turn);
        }
        match interrupted {
            Some(mode) => self.discard_state(mode, turn),
            None if self.rules.replay_log_before_election => self.replay_log(turn),
            None => {}
        }
    }

    /// How this server was being brought up to date, if that changed its memory before its disk:
    /// a snapshot that was not written yet, or what came after a truncation.
    fn interrupted_sync(&self) -> Option<SyncMode> {
        let LearnerStage::Syncing(staging) = &self.learning()?.stage else {
            return None;
        };
        let discard = match staging.mode {
            SyncMode::Diff => false,
            SyncMode::Trunc => self.rules.discard_interrupted_truncation,
            SyncMode::Snap => self.rules.discard_interrupted_snapshot,
        };
        (discard && staging.new_leader.is_none()).then_some(staging.mode)
    }

    fn discard_state(&mut self, mode: SyncMode, turn: &mut Turn<'_, T>) {
        turn.tell(ZabFact::StateDiscarded { mode });
        self.database = Database::restore(self.disk.image(), self.settings.committed_log);
        turn.out.push(Output::Restored);
    }

    fn replay_log(&mut self, turn: &mut Turn<'_, T>) {
        let count = self.database.fast_forward(self.disk.image());
        if count > 0 {
            turn.tell(ZabFact::LogReplayed { count });
            turn.out.push(Output::Restored);
        }
    }

    /// The election made it a leader; for now, one without an epoch (`Leader.lead`).
    pub(super) fn lead(&mut self, turn: &mut Turn<'_, T>) {
        self.standing = Standing::Leading(Leading {
            stage: LeaderStage::GatheringEpochs,
            epoch: Epoch::ZERO,
            connecting: BTreeSet::new(),
            electing: BTreeSet::new(),
            synced: BTreeSet::new(),
            looking: BTreeSet::new(),
            learners: BTreeMap::new(),
            outstanding: VecDeque::new(),
            to_be_applied: VecDeque::new(),
            last_proposed: Zxid::ZERO,
            last_committed: Zxid::ZERO,
            may_commit: true,
            pending_syncs: BTreeMap::new(),
            tick: 0,
            half: false,
        });
        turn.set_timer(Timer::Quorum, self.settings.init_time());
        if let Some(wait) = self.settings.max_time_to_wait_for_epoch {
            turn.set_timer(Timer::GiveUp, wait);
        }
        self.hear_epoch(self.id, self.accepted_epoch(), turn);
    }

    /// The election gave it a leader: it connects (`Follower.followLeader`,
    /// `Observer.observeLeader`).
    pub(super) fn follow(&mut self, leader: ServerId, observes: bool, turn: &mut Turn<'_, T>) {
        let stage = LearnerStage::Connecting(Attempt {
            number: 1,
            until: turn.now + self.settings.init_time(),
        });
        self.standing = Standing::Learning(Learning {
            leader,
            observes,
            stage,
            touched: BTreeMap::new(),
        });
        turn.tell(ZabFact::Connecting { leader, attempt: 1 });
        let channel = Channel::ToLeader;
        turn.out.push(Output::Connect {
            to: leader,
            channel,
        });
        turn.set_timer(Timer::Silence, self.settings.init_time());
    }

    /// The connection to the leader broke, or could not be opened. A server that does not lead
    /// does not listen: to be cut off right after connecting is to be refused, too.
    pub(super) fn leader_disconnected(&mut self, peer: ServerId, turn: &mut Turn<'_, T>) {
        let attempts = self.settings.connect_attempts;
        let retry = self.settings.connect_retry;
        let learning = self.learning_mut();
        let Some(learning) = learning.filter(|learning| learning.leader == peer) else {
            return;
        };
        let leader = peer;
        match learning.stage {
            LearnerStage::Connecting(attempt) | LearnerStage::Registered(attempt) => {
                if attempt.number < attempts && turn.now + retry < attempt.until {
                    learning.stage = LearnerStage::Connecting(attempt);
                    turn.set_timer(Timer::Reconnect, retry);
                } else {
                    self.look_for_leader(LookingReason::LeaderUnreachable { leader }, turn);
                }
            }
            _ => self.look_for_leader(LookingReason::LeaderLost { leader }, turn),
        }
    }

    /// The leader may not have been ready (`Learner.connectToLeader`).
    pub(super) fn connect_again(&mut self, turn: &mut Turn<'_, T>) {
        let Some(learning) = self.learning_mut() else {
            return;
        };
        let leader = learning.leader;
        if let LearnerStage::Connecting(Attempt { number, .. }) = &mut learning.stage {
            *number += 1;
            let attempt = *number;
            turn.tell(ZabFact::Connecting { leader, attempt });
            let channel = Channel::ToLeader;
            turn.out.push(Output::Connect {
                to: leader,
                channel,
            });
        }
    }
}
