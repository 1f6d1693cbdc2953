//! Phase 1, discovery: a leader finds an epoch above all that a quorum has accepted, and a quorum
//! promises to follow nobody of an earlier one (Zab §4.1; `Leader.getEpochToPropose`,
//! `Leader.waitForEpochAck`, `Learner.registerWithLeader`).

use super::Replica;
use super::disk::Then;
use super::durable::Write;
use super::epoch::Epoch;
use super::fact::{DropReason, LookingReason, ZabFact};
use super::io::{Output, Timer, Turn};
use super::log::Payload;
use super::message::{Channel, Message, ToLeader, ToLearner};
use super::reconfiguration::are_quorums;
use super::role::{HandlerStage, LeaderStage, Learner, LearnerStage};
use crate::ids::ServerId;
use crate::zookeeper::Zxid;

impl<T: Payload> Replica<T> {
    /// Someone connects who takes this server for its leader. Who does not lead does not listen.
    pub(super) fn admit(&mut self, peer: ServerId, turn: &mut Turn<'_, T>) {
        let limits = u64::from(self.settings.init_limit + self.settings.sync_limit);
        let Some(leading) = self.leading_mut() else {
            let channel = Channel::ToLearner;
            turn.out.push(Output::Close { peer, channel });
            let reason = DropReason::NotLeading;
            let learner = peer;
            return turn.tell(ZabFact::LearnerDropped { learner, reason });
        };
        let learner = Learner {
            observes: false,
            stage: HandlerStage::Connected,
            ack_deadline: leading.tick + limits,
            owes: None,
            owes_next: None,
        };
        leading.learners.insert(peer, learner);
        // What it asked over another connection is not answered over this one.
        for waiting in leading.pending_syncs.values_mut() {
            waiting.retain(|(origin, _)| *origin != peer);
        }
    }

    /// `FOLLOWERINFO` or `OBSERVERINFO`.
    pub(super) fn learner_registers(
        &mut self,
        from: ServerId,
        observer: bool,
        accepted: Epoch,
        version: Zxid,
        turn: &mut Turn<'_, T>,
    ) {
        let mine = self.membership.active.version();
        if version > mine {
            let theirs = version;
            let reason = DropReason::NewerConfiguration { theirs, mine };
            return self.drop_learner(from, reason, turn);
        }
        let active = &self.membership.active;
        let belongs = active.is_voter(from) || active.is_observer(from);
        let yields = self.rules.yield_to_higher_epoch && belongs;
        let Some(leading) = self.leading_mut() else {
            return;
        };
        if let Some(learner) = leading.learners.get_mut(&from) {
            learner.observes = observer;
            learner.stage = HandlerStage::Registered;
        }
        let (stage, epoch) = (leading.stage, leading.epoch);
        match stage {
            LeaderStage::GatheringEpochs => self.hear_epoch(from, accepted, turn),
            _ if yields && accepted > epoch => {
                let by = from;
                let reason = LookingReason::HigherEpochAccepted { by, accepted };
                self.look_for_leader(reason, turn);
            }
            // It will be told together with all the others.
            LeaderStage::SavingEpoch => {}
            _ => self.tell_epoch(from, turn),
        }
    }

    /// A server tells the epoch that it has accepted. With a quorum of them, the leader's own
    /// included, the next epoch is above all that any earlier leader can have.
    pub(super) fn hear_epoch(&mut self, from: ServerId, accepted: Epoch, turn: &mut Turn<'_, T>) {
        let (id, votes) = (self.id, self.membership.is_voter(from));
        let needed = self.needed_quorums();
        let Some(leading) = self.leading_mut() else {
            return;
        };
        leading.epoch = leading.epoch.max(accepted.next());
        if votes {
            leading.connecting.insert(from);
        }
        turn.tell(ZabFact::EpochHeard {
            from,
            accepted,
            heard: leading.connecting.iter().copied().collect(),
        });
        if !leading.connecting.contains(&id) || !are_quorums(&needed, &leading.connecting) {
            return;
        }
        leading.stage = LeaderStage::SavingEpoch;
        let epoch = leading.epoch;
        leading.last_proposed = epoch.start();
        leading.last_committed = epoch.start();
        let highest = Epoch::new(epoch.number() - 1);
        turn.tell(ZabFact::EpochChosen { epoch, highest });
        self.disk.write(Write::AcceptedEpoch(epoch), turn.out);
        if self.rules.accepted_epoch_first {
            self.disk.when_durable(Then::AnnounceEpoch);
        } else {
            self.announce_epoch(turn);
        }
    }

    /// `LEADERINFO` to everyone who has registered.
    pub(super) fn announce_epoch(&mut self, turn: &mut Turn<'_, T>) {
        let Some(leading) = self.leading_mut() else {
            return;
        };
        leading.stage = LeaderStage::GatheringPromises;
        let waiting = leading.learners.iter();
        let waiting = waiting.filter(|(_, learner)| learner.stage == HandlerStage::Registered);
        let waiting: Vec<_> = waiting.map(|(id, _)| *id).collect();
        turn.cancel_timers(&[Timer::GiveUp]);
        turn.set_timer(Timer::Quorum, self.settings.init_time());
        for learner in waiting {
            self.tell_epoch(learner, turn);
        }
        self.count_promise(self.id, turn);
    }

    fn tell_epoch(&mut self, to: ServerId, turn: &mut Turn<'_, T>) {
        let Some(leading) = self.leading_mut() else {
            return;
        };
        let epoch = leading.epoch;
        if let Some(learner) = leading.learners.get_mut(&to) {
            learner.stage = HandlerStage::Informed;
            let message = Message::ToLearner(ToLearner::LeaderInfo { epoch });
            turn.out.push(Output::Send { to, message });
        }
    }

    /// `ACKEPOCH`. A voter with a later current epoch or a longer history than the leader may hold
    /// committed transactions that the leader lacks. A leader never fetches history, so it makes
    /// way.
    ///
    /// Of what is committed, a quorum of the configuration in force has everything: while that is no
    /// newer at a learner than here, and the learner does not vote in it, it can be ahead only in what
    /// nobody committed, and is cut back like any other. ZooKeeper ends its `LearnerHandler` instead,
    /// and has no leader for ever if the next configuration needs that learner, which nobody may vote
    /// for yet.
    pub(super) fn learner_accepts_epoch(
        &mut self,
        from: ServerId,
        current: Option<Epoch>,
        (last, base): (Zxid, Zxid),
        turn: &mut Turn<'_, T>,
    ) {
        let mine = (self.current_epoch(), self.database.last());
        let abort = self.rules.abort_when_behind && self.membership.active.is_voter(from);
        let Some(leading) = self.leading_mut() else {
            return;
        };
        match leading.learners.get_mut(&from) {
            Some(learner) if learner.stage == HandlerStage::Informed => {
                learner.stage = HandlerStage::Accepted { last, base };
            }
            _ => return,
        }
        match (leading.stage, current) {
            (LeaderStage::GatheringPromises, Some(epoch)) if abort && (epoch, last) > mine => {
                let reason = LookingReason::FollowerAhead {
                    follower: from,
                    epoch,
                    zxid: last,
                };
                self.look_for_leader(reason, turn);
            }
            (LeaderStage::GatheringPromises, Some(_)) => self.count_promise(from, turn),
            (LeaderStage::Synchronising | LeaderStage::Broadcasting, _) => {
                self.synchronise(from, turn);
            }
            _ => {}
        }
    }

    /// With the promises of a quorum, the leader's epoch begins.
    fn count_promise(&mut self, from: ServerId, turn: &mut Turn<'_, T>) {
        let (id, votes) = (self.id, self.membership.is_voter(from));
        let needed = self.needed_quorums();
        let Some(leading) = self.leading_mut() else {
            return;
        };
        if votes {
            leading.electing.insert(from);
        }
        turn.tell(ZabFact::PromiseCounted {
            from,
            promised: leading.electing.iter().copied().collect(),
        });
        if leading.electing.contains(&id) && are_quorums(&needed, &leading.electing) {
            leading.stage = LeaderStage::SavingCurrent;
            let epoch = leading.epoch;
            self.disk.write(Write::CurrentEpoch(epoch), turn.out);
            self.disk.when_durable(Then::Synchronise);
        }
    }

    /// The connection to the leader is up: the learner registers.
    pub(super) fn register(&mut self, peer: ServerId, turn: &mut Turn<'_, T>) {
        let accepted = self.accepted_epoch();
        let version = self.membership.active.version();
        let learning = self
            .learning_mut()
            .filter(|learning| learning.leader == peer);
        let Some((learning, attempt)) = learning.and_then(|learning| match learning.stage {
            LearnerStage::Connecting(attempt) => Some((learning, attempt)),
            _ => None,
        }) else {
            let channel = Channel::ToLeader;
            return turn.out.push(Output::Close { peer, channel });
        };
        learning.stage = LearnerStage::Registered(attempt);
        let observer = learning.observes;
        let message = Message::ToLeader(ToLeader::Info {
            observer,
            accepted,
            version,
        });
        turn.out.push(Output::Send { to: peer, message });
        turn.set_timer(Timer::Silence, self.settings.init_time());
    }

    /// `LEADERINFO`.
    pub(super) fn accept_epoch(&mut self, leader: ServerId, epoch: Epoch, turn: &mut Turn<'_, T>) {
        let accepted = self.accepted_epoch();
        if epoch < accepted {
            let reason = LookingReason::LeaderInPast {
                leader,
                epoch,
                accepted,
            };
            return self.look_for_leader(reason, turn);
        }
        let again = epoch == accepted;
        if !again {
            self.disk.write(Write::AcceptedEpoch(epoch), turn.out);
        }
        if let Some(learning) = self.learning_mut() {
            learning.stage = LearnerStage::Accepted { epoch };
        }
        turn.tell(ZabFact::EpochAccepted {
            leader,
            epoch,
            again,
        });
        let promises = !again || !self.rules.accept_epoch_once;
        let message = Message::ToLeader(ToLeader::AckEpoch {
            current: promises.then(|| self.current_epoch()),
            last: self.database.last(),
            base: self.log().begin(),
        });
        self.send_when_durable(self.rules.accepted_epoch_first, leader, message, turn);
    }
}
