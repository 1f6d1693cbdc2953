//! Ticks, pings and limits: how leader and learners notice that the other is gone
//! (`Leader.lead`, `LearnerHandler.ping`, `LearnerHandler.SyncLimitCheck`).

use std::collections::BTreeSet;

use super::Replica;
use super::fact::{DropReason, LookingReason, ZabFact};
use super::io::{Output, Timer, Turn};
use super::log::Payload;
use super::message::{Channel, Message, ToLeader, ToLearner};
use super::reconfiguration::are_quorums;
use super::role::{HandlerStage, LeaderStage, Learner};
use crate::ids::ServerId;
use crate::time::{Duration, Time};
use crate::zookeeper::Zxid;

impl Learner {
    /// A proposal is on its way: the learner owes an acknowledgement. One is watched at a time,
    /// and with it the first that was sent meanwhile.
    pub(super) fn expect_ack(&mut self, zxid: Zxid, now: Time) {
        if !matches!(self.stage, HandlerStage::Synced | HandlerStage::UpToDate) {
            return;
        }
        if self.owes.is_none() {
            self.owes = Some((zxid, now));
        } else {
            self.owes_next = Some((zxid, now));
        }
    }

    fn acked(&mut self, zxid: Zxid) {
        let is = |owed: Option<(Zxid, Time)>| owed.is_some_and(|(owed, _)| owed == zxid);
        if is(self.owes) {
            self.owes = self.owes_next.take();
        } else if is(self.owes_next) {
            self.owes_next = None;
        }
    }

    /// The acknowledgement that is owed for longer than `limit`.
    fn overdue(&self, now: Time, limit: Duration) -> Option<Zxid> {
        self.owes
            .filter(|(_, since)| now.since(*since) >= limit)
            .map(|(zxid, _)| zxid)
    }
}

impl<T: Payload> Replica<T> {
    /// A message of someone who learns from this leader; it is alive for another `syncLimit`.
    pub(super) fn receive_from_learner(
        &mut self,
        from: ServerId,
        message: ToLeader<T>,
        turn: &mut Turn<'_, T>,
    ) {
        let sync_limit = u64::from(self.settings.sync_limit);
        let Some(leading) = self.leading_mut() else {
            return;
        };
        let tick = leading.tick;
        let Some(learner) = leading.learners.get_mut(&from) else {
            return;
        };
        learner.ack_deadline = learner.ack_deadline.max(tick + sync_limit);
        match message {
            ToLeader::Info {
                observer,
                accepted,
                version,
            } => self.learner_registers(from, observer, accepted, version, turn),
            ToLeader::AckEpoch {
                current,
                last,
                base,
            } => self.learner_accepts_epoch(from, current, (last, base), turn),
            ToLeader::Ack { .. } if matches!(learner.stage, HandlerStage::Syncing { .. }) => {
                learner.ack_deadline = tick + sync_limit;
                self.learner_synced(from, turn);
            }
            ToLeader::Ack { zxid } => {
                learner.acked(zxid);
                self.count_ack(from, zxid, turn);
            }
            ToLeader::Ping { touched } => {
                if !touched.is_empty() {
                    turn.out.push(Output::Touched { sessions: touched });
                }
            }
            ToLeader::Request { request } => self.prepare_for(from, request, turn),
            ToLeader::Revalidate { session, timeout } => turn.out.push(Output::Revalidate {
                learner: from,
                session,
                timeout,
            }),
            ToLeader::Sync { tag } => self.sync_for(from, tag, turn),
        }
    }

    /// Twice a tick the leader looks whom it still hears from. Without a quorum of the
    /// configuration in force, and of a newer one that was seen, it is no leader any more.
    pub(super) fn half_tick(&mut self, turn: &mut Turn<'_, T>) {
        turn.set_timer(Timer::Tick, self.settings.tick.fraction(1, 2));
        let id = self.id;
        let Some(leading) = self.leading_mut() else {
            return turn.cancel_timers(&[Timer::Tick]);
        };
        leading.half = !leading.half;
        if !leading.half {
            leading.tick += 1;
        }
        let (tick, whole) = (leading.tick, !leading.half);
        let silent = leading.learners.iter();
        let silent = silent.filter(|(_, learner)| tick > learner.ack_deadline);
        let silent: Vec<_> = silent.map(|(id, _)| *id).collect();
        for learner in silent {
            self.drop_learner(learner, DropReason::Silent, turn);
        }
        let synced = self.leading().map(|leading| {
            let learners = leading.learners.keys().copied();
            learners.chain([id]).collect::<BTreeSet<_>>()
        });
        let synced = synced.unwrap_or_default();
        if whole && !are_quorums(&self.needed_quorums(), &synced) {
            let synced = synced.into_iter().collect();
            return self.look_for_leader(LookingReason::QuorumLost { synced }, turn);
        }
        self.ping(turn);
    }

    /// Pings whoever keeps up; who owes an acknowledgement for too long is dropped.
    fn ping(&mut self, turn: &mut Turn<'_, T>) {
        let limit = self.settings.sync_time();
        let Some(leading) = self.leading() else {
            return;
        };
        let zxid = leading.last_proposed;
        let mut late = Vec::new();
        for (to, learner) in &leading.learners {
            if !learner.is_forwarded_to() {
                continue;
            }
            if let Some(zxid) = learner.overdue(turn.now, limit) {
                late.push((*to, zxid));
            } else {
                let message = Message::ToLearner(ToLearner::Ping { zxid });
                turn.out.push(Output::Send { to: *to, message });
            }
        }
        for (learner, zxid) in late {
            self.drop_learner(learner, DropReason::TransactionTimeout { zxid }, turn);
        }
    }

    /// Closes a learner's connection.
    pub(super) fn drop_learner(
        &mut self,
        learner: ServerId,
        reason: DropReason,
        turn: &mut Turn<'_, T>,
    ) {
        if let Some(leading) = self.leading_mut() {
            leading.learners.remove(&learner);
            turn.tell(ZabFact::LearnerDropped { learner, reason });
            let (peer, channel) = (learner, Channel::ToLearner);
            turn.out.push(Output::Close { peer, channel });
        }
    }

    /// No quorum has come within `initLimit`.
    pub(super) fn quorum_overdue(&mut self, turn: &mut Turn<'_, T>) {
        let established = LeaderStage::Broadcasting;
        if self.leading().is_some_and(|l| l.stage < established) {
            let phase = self.phase();
            self.look_for_leader(LookingReason::NoQuorumInTime { phase }, turn);
        }
    }

    /// A voter is looking while this leader waits for an epoch (`Leader.reportLookingSid`).
    pub(super) fn note_looking_voter(&mut self, voter: ServerId, turn: &mut Turn<'_, T>) {
        let wait = self.settings.max_time_to_wait_for_epoch;
        let Some(leading) = self.leading_mut() else {
            return;
        };
        if leading.stage == LeaderStage::GatheringEpochs
            && let Some(wait) = wait
            && leading.looking.insert(voter)
        {
            turn.set_timer(Timer::GiveUp, wait);
        }
    }

    /// With a quorum of voters looking, none can come for this leader.
    pub(super) fn consider_giving_up(&mut self, turn: &mut Turn<'_, T>) {
        let Some(leading) = self.leading() else {
            return;
        };
        let looking = leading.looking.difference(&leading.connecting).copied();
        let looking: BTreeSet<_> = looking.collect();
        let hopeless = self.membership.active.is_quorum(&looking);
        if leading.stage == LeaderStage::GatheringEpochs && hopeless {
            let looking = looking.into_iter().collect();
            self.look_for_leader(LookingReason::VotersLeft { looking }, turn);
        }
    }

    /// A learner has heard nothing for as long as it waits.
    pub(super) fn leader_silent(&mut self, turn: &mut Turn<'_, T>) {
        if let Some(leader) = self.learning().map(|learning| learning.leader) {
            self.look_for_leader(LookingReason::LeaderSilent { leader }, turn);
        }
    }
}
