//! The Zab replica: a pure state machine.
//!
//! Paper: Flavio Junqueira, Benjamin Reed and Marco Serafini, "Zab: High-performance broadcast for
//! primary-backup systems", DSN 2011, cited as Zab §n. What runs is "Zab 1.0" as Apache `ZooKeeper`
//! has it, cited by the class that holds the rule: an election by `FastLeaderElection`, so that the
//! leader already has the longest history of a quorum; discovery of an epoch; synchronisation of
//! each learner by DIFF, TRUNC or SNAP; broadcast.
//!
//! A [`Replica`] takes one [`Input`] at a time and says what it wants done as [`Output`]s. It owns
//! no clock, socket or disk: time and randomness come with each step, timers and connections are
//! asked for, and writes go out with a [`Token`] that comes back when the disk has confirmed them.
//!
//! Raft replicates commands, and each server runs them. Here the leader's owner *prepares* a
//! request, which makes it a transaction with nothing left to decide, and Zab replicates the
//! transaction. A write that a client brings to any server goes with [`Replica::request`] to the
//! leader, comes out there as [`Output::Prepare`], goes in again with [`Replica::propose`], and
//! comes out at every server as [`Output::Deliver`].
//!
//! | file | concern |
//! |---|---|
//! | `epoch`, `vote`, `configuration`, `log`, `message`, `durable`, `io` | the vocabulary |
//! | `role`, `database`, `disk` | what a replica knows |
//! | `election`, `notification` | Fast Leader Election |
//! | `transition` | into a role and out of it |
//! | `discovery` | phase 1, both sides (Zab §4.1) |
//! | `sync_choice`, `synchronisation` | phase 2, the leader's side |
//! | `learning` | phase 2, the learner's side |
//! | `broadcast`, `following` | phase 3, the leader's side and the learner's |
//! | `liveness` | ticks, pings and limits |
//! | `forwarding` | requests, sessions and sync |
//! | `reconfiguration` | changes of the ensemble |
//! | `snapshot` | snapshots and the purge of the log |
//! | `fact`, `narrate` | how it all speaks for itself |
//! | `rules`, `settings` | what can be switched and set |

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::ServerId;
use crate::random::Bits;
use crate::time::Time;
use crate::zookeeper::Zxid;

mod broadcast;
#[cfg(test)]
mod chaos;
mod configuration;
mod database;
mod discovery;
mod disk;
mod durable;
mod election;
#[cfg(test)]
mod election_tests;
mod epoch;
mod fact;
mod following;
mod forwarding;
mod io;
mod learning;
mod liveness;
mod log;
mod message;
mod narrate;
mod notification;
#[cfg(test)]
mod paper_tests;
#[cfg(test)]
mod phase_tests;
mod reasons;
mod reconfiguration;
mod role;
pub mod rules;
#[cfg(test)]
mod scenarios;
mod settings;
mod snapshot;
mod sync_choice;
#[cfg(test)]
mod sync_choice_tests;
mod synchronisation;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod testing_invariants;
#[cfg(test)]
mod testing_wires;
mod transition;
mod vote;

pub use broadcast::ProposeError;
pub use configuration::{Configuration, ConfigurationError, Membership};
pub use durable::{Durable, RestartError, Snapshot, Token, Write};
pub use epoch::{Epoch, Pair};
pub use fact::{
    DropReason, ElectionEnd, IgnoreReason, LookingReason, SyncPlan, SyncReason, ZabFact,
};
pub use forwarding::NotServing;
pub use io::{Input, Output, Timer};
pub use log::{Entry, Payload, TxnLog};
pub use message::{Channel, Message, MessageKind, Notification, ToLeader, ToLearner};
pub use role::{Phase, Refused, SyncMode};
pub use rules::Rules;
pub use settings::{Settings, SettingsError};
pub use vote::{Ballot, Decider, ServerState, Vote};

use database::Database;
use disk::{Disk, Then};
use election::Election;
use io::Turn;
use role::{HandlerStage, LeaderStage, Leading, LearnerStage, Learning, Looking, Standing};

/// One server's part in Zab.
///
/// What holds between its fields after every step:
/// - nothing has left that relies on an epoch or a transaction which the disk has not confirmed:
///   it waits in `disk`;
/// - in the broadcast phase, `database` holds committed transactions only;
/// - a looking server has no connection but for elections, and its state holds its whole log.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Replica<T: Payload> {
    id: ServerId,
    settings: Settings,
    rules: Rules,
    disk: Disk<T>,
    database: Database<T>,
    /// As it was last handed to the disk, and what the log says beyond.
    membership: Membership,
    election: Election,
    standing: Standing<T>,
    /// A reconfiguration named the next leader: there is no election before it.
    designated: Option<ServerId>,
    /// Transactions to log before the next snapshot; none while one is being taken.
    snapshot_after: Option<u64>,
}

impl<T: Payload> Replica<T> {
    /// A server that starts, for the first time or again, with what its disk holds and nothing
    /// else: it looks for a leader.
    // A boot names all that a replica is made of, once; a builder would only hide that.
    #[allow(clippy::too_many_arguments)]
    pub fn boot(
        id: ServerId,
        settings: Settings,
        rules: Rules,
        durable: Durable<T>,
        now: Time,
        random: Bits,
        out: &mut Vec<Output<T>>,
    ) -> Result<Self, RestartError> {
        let unfinished = durable.check_restart()?;
        let mut replica = Self {
            id,
            settings,
            rules,
            database: Database::restore(&durable, settings.committed_log),
            membership: durable.membership.clone(),
            disk: Disk::booted(durable),
            election: Election::default(),
            standing: Standing::Looking(Looking::default()),
            designated: None,
            snapshot_after: None,
        };
        let turn = &mut Turn { now, random, out };
        if let Some(epoch) = unfinished {
            turn.tell(ZabFact::EpochFinished { epoch });
            replica.disk.write(Write::CurrentEpoch(epoch), turn.out);
        }
        replica.draw_snapshot_count(turn);
        replica.start_election(LookingReason::Started, turn);
        Ok(replica)
    }

    /// Takes one input and appends to `out` what is to be done, in order. `random` is one draw,
    /// used or not.
    pub fn step(&mut self, now: Time, random: Bits, input: Input<T>, out: &mut Vec<Output<T>>) {
        let turn = &mut Turn { now, random, out };
        match input {
            Input::Message { from, message } => match message {
                Message::Election(notification) => {
                    self.receive_notification(from, &notification, turn);
                }
                Message::ToLeader(message) => self.receive_from_learner(from, message, turn),
                Message::ToLearner(message) => self.receive_from_leader(from, message, turn),
            },
            Input::ConnectionUp { peer, channel } => self.connected(peer, channel, turn),
            Input::ConnectionDown { peer, channel } => self.disconnected(peer, channel, turn),
            Input::Timer(timer) => self.timer_ran_down(timer, turn),
            Input::Stored(token) => self.stored(token, turn),
        }
    }

    fn connected(&mut self, peer: ServerId, channel: Channel, turn: &mut Turn<'_, T>) {
        match channel {
            Channel::Election => self.election_connected(peer, turn.out),
            Channel::ToLeader => self.register(peer, turn),
            Channel::ToLearner => self.admit(peer, turn),
        }
    }

    fn disconnected(&mut self, peer: ServerId, channel: Channel, turn: &mut Turn<'_, T>) {
        match channel {
            Channel::Election => {
                self.election.connected.remove(&peer);
            }
            Channel::ToLeader => self.leader_disconnected(peer, turn),
            Channel::ToLearner => {
                if let Some(leading) = self.leading_mut() {
                    leading.learners.remove(&peer);
                }
            }
        }
    }

    fn timer_ran_down(&mut self, timer: Timer, turn: &mut Turn<'_, T>) {
        match timer {
            Timer::Resend => self.resend_vote(turn),
            Timer::Finalize => self.end_election(turn),
            Timer::Quorum => self.quorum_overdue(turn),
            Timer::GiveUp => self.consider_giving_up(turn),
            Timer::Tick => self.half_tick(turn),
            Timer::Apply => self.apply_committed(turn),
            Timer::Reconnect => self.connect_again(turn),
            Timer::Silence => self.leader_silent(turn),
        }
    }

    /// The disk confirms a write: what waited for it happens, in order, until the role ends that
    /// it belonged to.
    fn stored(&mut self, token: Token, turn: &mut Turn<'_, T>) {
        let mut due = self.disk.confirm(token).into_iter();
        if self.disk.may_write_queue() {
            self.disk.write_queue(turn.out);
        }
        let role = (self.state(), self.leader(), self.election.round);
        while role == (self.state(), self.leader(), self.election.round)
            && let Some(then) = due.next()
        {
            self.proceed(then, turn);
        }
    }

    fn proceed(&mut self, then: Then<T>, turn: &mut Turn<'_, T>) {
        match then {
            Then::Send { to, message } => turn.out.push(Output::Send { to, message }),
            Then::CountOwnAck { zxid } => self.count_ack(self.id, zxid, turn),
            Then::AnnounceEpoch => self.announce_epoch(turn),
            Then::Synchronise => self.begin_synchronisation(turn),
            Then::TakeSnapshot { zxid } => self.take_snapshot(zxid, turn),
        }
    }

    /// Sends a message that relies on what was handed to the disk: when the disk has confirmed it
    /// if `rule` holds, else at once.
    fn send_when_durable(
        &mut self,
        rule: bool,
        to: ServerId,
        message: Message<T>,
        turn: &mut Turn<'_, T>,
    ) {
        if rule && !self.disk.is_settled() {
            self.disk.when_durable(Then::Send { to, message });
        } else {
            turn.out.push(Output::Send { to, message });
        }
    }

    const fn leading(&self) -> Option<&Leading<T>> {
        match &self.standing {
            Standing::Leading(leading) => Some(leading),
            _ => None,
        }
    }

    const fn leading_mut(&mut self) -> Option<&mut Leading<T>> {
        match &mut self.standing {
            Standing::Leading(leading) => Some(leading),
            _ => None,
        }
    }

    const fn learning(&self) -> Option<&Learning<T>> {
        match &self.standing {
            Standing::Learning(learning) => Some(learning),
            _ => None,
        }
    }

    const fn learning_mut(&mut self) -> Option<&mut Learning<T>> {
        match &mut self.standing {
            Standing::Learning(learning) => Some(learning),
            _ => None,
        }
    }
}

impl<T: Payload> Replica<T> {
    /// This server.
    pub const fn id(&self) -> ServerId {
        self.id
    }

    /// The settings it was booted with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The rules it follows.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The configurations it knows.
    pub const fn membership(&self) -> &Membership {
        &self.membership
    }

    /// What it is doing.
    pub const fn state(&self) -> ServerState {
        self.standing.state()
    }

    /// How far it has come.
    pub const fn phase(&self) -> Phase {
        self.standing.phase()
    }

    /// Whether clients may be served: it is an established leader, or has been told by one that it
    /// is up to date.
    pub fn is_serving(&self) -> bool {
        self.phase() == Phase::Broadcast
    }

    /// Its leader, perhaps itself; none while it looks for one.
    pub fn leader(&self) -> Option<ServerId> {
        match &self.standing {
            Standing::Looking(_) => None,
            Standing::Learning(learning) => Some(learning.leader),
            Standing::Leading(_) => Some(self.id),
        }
    }

    /// The latest epoch it has accepted, as it was last handed to the disk.
    pub const fn accepted_epoch(&self) -> Epoch {
        self.disk.image().accepted_epoch
    }

    /// The epoch whose history it has, as it was last handed to the disk.
    pub const fn current_epoch(&self) -> Epoch {
        self.disk.image().current_epoch
    }

    /// The state, with every transaction up to [`last_zxid`](Self::last_zxid).
    pub const fn database(&self) -> &T::State {
        self.database.state()
    }

    /// The last transaction in its state, or the start of its epoch (`lastProcessedZxid`).
    pub const fn last_zxid(&self) -> Zxid {
        self.database.last()
    }

    /// The transaction log, with everything that was handed to the disk.
    pub const fn log(&self) -> &TxnLog<T> {
        &self.disk.image().log
    }

    /// Transactions for the log that have not been handed to the disk: they wait for the write
    /// before them.
    pub fn queued(&self) -> impl Iterator<Item = &Entry<T>> {
        self.disk.queued()
    }

    /// The disk with everything that was handed to it.
    pub const fn disk(&self) -> &Durable<T> {
        self.disk.image()
    }

    /// The committed log: what is kept in memory for learners.
    pub fn committed_log(&self) -> impl Iterator<Item = &Entry<T>> {
        self.database.committed().iter()
    }

    /// Its vote, or the vote by which it found its leader.
    pub const fn vote(&self) -> Option<Vote> {
        self.election.vote
    }

    /// The round of elections it is in (`logicalclock`).
    pub const fn round(&self) -> u64 {
        self.election.round
    }

    /// A looking server's votes of its round; nothing otherwise.
    pub fn ballots(&self) -> impl Iterator<Item = (ServerId, Ballot)> + '_ {
        let received = match &self.standing {
            Standing::Looking(looking) => Some(&looking.received),
            _ => None,
        };
        received.into_iter().flatten().map(|(id, b)| (*id, *b))
    }

    /// From whom a leader has what it waits for until it broadcasts: first the accepted epochs, then
    /// the promises, then the acknowledgements of its history.
    pub fn gathered(&self) -> impl Iterator<Item = ServerId> + '_ {
        let gathered = self.leading().and_then(|leading| match leading.stage {
            LeaderStage::GatheringEpochs | LeaderStage::SavingEpoch => Some(&leading.connecting),
            LeaderStage::GatheringPromises | LeaderStage::SavingCurrent => Some(&leading.electing),
            LeaderStage::Synchronising => Some(&leading.synced),
            LeaderStage::Broadcasting => None,
        });
        gathered.into_iter().flatten().copied()
    }

    /// The end of the state that a learner has been told to expect, until it comes.
    pub fn expected_snapshot(&self) -> Option<Zxid> {
        match &self.learning()?.stage {
            LearnerStage::Syncing(staging) => staging.awaits_body,
            _ => None,
        }
    }

    /// Whether a looking server has a quorum for its vote and waits for a better one.
    pub const fn is_finalizing(&self) -> bool {
        matches!(&self.standing, Standing::Looking(looking) if looking.finalizing)
    }

    /// What its leader said that could not be, if that is why it looks for another.
    pub const fn refused(&self) -> Option<Refused> {
        match &self.standing {
            Standing::Looking(looking) => looking.refused,
            _ => None,
        }
    }

    /// The epoch that a leader has chosen or a learner has accepted from its present leader.
    pub fn epoch(&self) -> Option<Epoch> {
        match &self.standing {
            Standing::Looking(_) => None,
            Standing::Leading(leading) => {
                Some(leading.epoch).filter(|_| leading.stage > LeaderStage::GatheringEpochs)
            }
            Standing::Learning(learning) => match &learning.stage {
                LearnerStage::Connecting(_) | LearnerStage::Registered(_) => None,
                LearnerStage::Accepted { epoch } | LearnerStage::UpToDate { epoch, .. } => {
                    Some(*epoch)
                }
                LearnerStage::Syncing(staging) => Some(staging.epoch),
            },
        }
    }

    /// The servers that learn from this leader, with how each is being brought up to date, and
    /// whether it has been told that it is.
    pub fn learners(&self) -> impl Iterator<Item = (ServerId, Option<SyncMode>, bool)> + '_ {
        let learners = self.leading().map(|leading| &leading.learners);
        learners.into_iter().flatten().map(|(id, learner)| {
            let mode = match learner.stage {
                HandlerStage::Syncing { mode } => Some(mode),
                _ => None,
            };
            (*id, mode, learner.stage == HandlerStage::UpToDate)
        })
    }

    /// A leader's transactions that are not committed yet, in order, and who has each on disk.
    pub fn outstanding(&self) -> impl Iterator<Item = (Zxid, &BTreeSet<ServerId>)> {
        let outstanding = self.leading().map(|leading| &leading.outstanding);
        let proposals = outstanding.into_iter().flatten();
        proposals.map(|proposal| (proposal.entry.zxid, &proposal.acks))
    }

    /// A leader's transactions that are not committed yet, in order.
    pub fn proposals(&self) -> impl Iterator<Item = &Entry<T>> {
        let outstanding = self.leading().map(|leading| &leading.outstanding);
        let proposals = outstanding.into_iter().flatten();
        proposals.map(|proposal| &proposal.entry)
    }

    /// A follower's transactions that wait for their commit, in order.
    pub fn pending(&self) -> impl Iterator<Item = Zxid> + '_ {
        let pending = match self.learning().map(|learning| &learning.stage) {
            Some(LearnerStage::UpToDate { pending, .. }) => Some(pending),
            Some(LearnerStage::Syncing(staging)) => Some(&staging.staged),
            _ => None,
        };
        pending.into_iter().flatten().map(|entry| entry.zxid)
    }

    /// Who has a connection for elections with this server, and the last notification meant for
    /// each server.
    pub fn notifications(&self) -> &BTreeMap<ServerId, Notification> {
        &self.election.latest
    }
}
