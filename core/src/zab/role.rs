//! What a server is doing: looking for a leader, learning from one, or leading.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;

use super::configuration::Configuration;
use super::epoch::Epoch;
use super::log::{Entry, Payload};
use super::message::MessageKind;
use super::vote::{Ballot, ServerState};
use crate::ids::ServerId;
use crate::time::{Duration, Time};
use crate::zookeeper::{SessionId, Zxid};

/// How far a server has come in the protocol (`ZabState`; the paper's phases, with the election
/// before them).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Phase 0: who should lead?
    Election,
    /// Phase 1: which epoch?
    Discovery,
    /// Phase 2: everyone takes over the leader's history.
    Synchronisation,
    /// Phase 3: transactions.
    Broadcast,
}

/// How a learner was, or is being, brought up to date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    /// By the transactions that it lacks, if any.
    Diff,
    /// By cutting its log, and then the transactions that it lacks.
    Trunc,
    /// By the whole state.
    Snap,
}

/// What a server knows because of what it is doing.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Standing<T: Payload> {
    Looking(Looking),
    Learning(Learning<T>),
    Leading(Leading<T>),
}

/// A server that takes part in an election.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Looking {
    /// Votes of this round (`recvset`).
    pub(super) received: BTreeMap<ServerId, Ballot>,
    /// Votes of servers that have a leader, whatever their round (`outofelection`).
    pub(super) settled: BTreeMap<ServerId, Ballot>,
    /// How long it waits in silence before it sends its vote again.
    pub(super) patience: Duration,
    /// It has a quorum and waits whether a better vote comes.
    pub(super) finalizing: bool,
    /// What its leader said that could not be, if that is why it looks.
    pub(super) refused: Option<Refused>,
}

/// A message that a learner could not take, in the state that it was in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Refused {
    /// Whose.
    pub leader: ServerId,
    /// What.
    pub kind: MessageKind,
    /// Of which transaction.
    pub zxid: Zxid,
    /// The transaction that it expected, or has last.
    pub expected: Zxid,
}

/// A follower or an observer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Learning<T: Payload> {
    pub(super) leader: ServerId,
    pub(super) observes: bool,
    pub(super) stage: LearnerStage<T>,
    /// Sessions heard from since the last ping, with their timeouts.
    pub(super) touched: BTreeMap<SessionId, Duration>,
}

/// How far a learner has come.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum LearnerStage<T: Payload> {
    /// It opens a connection, for the time that is counted.
    Connecting(Attempt),
    /// It has registered and waits for the leader's epoch.
    Registered(Attempt),
    /// It has accepted the epoch and waits for what it lacks.
    Accepted { epoch: Epoch },
    /// It is being brought up to date.
    Syncing(Staging<T>),
    /// It takes part; `pending` is logged or being logged and waits for its COMMIT, in order.
    UpToDate {
        epoch: Epoch,
        pending: VecDeque<Entry<T>>,
    },
}

/// How often a learner has tried to connect, and until when it may try again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Attempt {
    pub(super) number: u32,
    pub(super) until: Time,
}

/// What a learner has received between DIFF, TRUNC or SNAP and UPTODATE.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Staging<T: Payload> {
    pub(super) epoch: Epoch,
    pub(super) mode: SyncMode,
    /// SNAP has come, its body has not.
    pub(super) awaits_body: Option<Zxid>,
    /// Transactions that are not applied; those before `logged` are in the log.
    pub(super) staged: VecDeque<Entry<T>>,
    /// The commits of the first of them.
    pub(super) committed: VecDeque<Zxid>,
    /// The last transaction that it has, staged ones included.
    pub(super) last_queued: Zxid,
    /// NEWLEADER has come: with it, the configuration that the leader has seen last.
    pub(super) new_leader: Option<Arc<Configuration>>,
}

/// A leader, elected or established.
///
/// `outstanding` is in the order of zxids, all of the leader's epoch, and above `last_committed`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Leading<T: Payload> {
    pub(super) stage: LeaderStage,
    pub(super) epoch: Epoch,
    /// Who has told its accepted epoch (`connectingFollowers`).
    pub(super) connecting: BTreeSet<ServerId>,
    /// Who has accepted the epoch (`electingFollowers`).
    pub(super) electing: BTreeSet<ServerId>,
    /// Who has acknowledged NEWLEADER.
    pub(super) synced: BTreeSet<ServerId>,
    /// Voters that look for another leader while this one waits for an epoch.
    pub(super) looking: BTreeSet<ServerId>,
    pub(super) learners: BTreeMap<ServerId, Learner>,
    pub(super) outstanding: VecDeque<Proposal<T>>,
    /// Committed, and not yet applied to the leader's own state.
    pub(super) to_be_applied: VecDeque<Entry<T>>,
    pub(super) last_proposed: Zxid,
    pub(super) last_committed: Zxid,
    /// A committed reconfiguration made another server leader.
    pub(super) may_commit: bool,
    /// Syncs that wait for the commit of a transaction.
    pub(super) pending_syncs: BTreeMap<Zxid, Vec<(ServerId, u64)>>,
    pub(super) tick: u64,
    /// Half a tick has passed since the last whole one.
    pub(super) half: bool,
}

/// How far a leader has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum LeaderStage {
    /// It waits for a quorum's accepted epochs.
    GatheringEpochs,
    /// It is saving its own accepted epoch.
    SavingEpoch,
    /// It waits for a quorum to accept its epoch.
    GatheringPromises,
    /// It is saving its current epoch.
    SavingCurrent,
    /// It waits for a quorum to take over its history.
    Synchronising,
    /// It is established.
    Broadcasting,
}

/// What a leader knows of someone who learns from it (`LearnerHandler`).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Learner {
    pub(super) observes: bool,
    pub(super) stage: HandlerStage,
    /// It is taken for dead after this tick (`tickOfNextAckDeadline`).
    pub(super) ack_deadline: u64,
    /// The oldest proposal that it owes an acknowledgement, and the one to watch after that, each
    /// with the time it was sent (`SyncLimitCheck`).
    pub(super) owes: Option<(Zxid, Time)>,
    pub(super) owes_next: Option<(Zxid, Time)>,
}

/// How far the leader's side of a learner has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum HandlerStage {
    /// The connection is up.
    Connected,
    /// It has registered.
    Registered,
    /// It has been told the epoch.
    Informed,
    /// It has accepted the epoch; its history ends at `last` and can be cut back to `base`.
    Accepted { last: Zxid, base: Zxid },
    /// It has been sent all that it lacks, and everything since.
    Syncing { mode: SyncMode },
    /// It has acknowledged NEWLEADER.
    Synced,
    /// It has been told UPTODATE.
    UpToDate,
}

/// A transaction that is not committed yet, and who has it on disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Proposal<T: Payload> {
    pub(super) entry: Entry<T>,
    pub(super) acks: BTreeSet<ServerId>,
    /// The configurations whose quorums it needs.
    pub(super) verifiers: Vec<Arc<Configuration>>,
}

impl Learner {
    /// Whether it gets what is proposed or committed from now on.
    pub(super) fn is_forwarded_to(&self) -> bool {
        matches!(
            self.stage,
            HandlerStage::Syncing { .. } | HandlerStage::Synced | HandlerStage::UpToDate
        )
    }
}

impl<T: Payload> Standing<T> {
    pub(super) const fn state(&self) -> ServerState {
        match self {
            Self::Looking(_) => ServerState::Looking,
            Self::Learning(Learning { observes: true, .. }) => ServerState::Observing,
            Self::Learning(_) => ServerState::Following,
            Self::Leading(_) => ServerState::Leading,
        }
    }

    pub(super) const fn phase(&self) -> Phase {
        match self {
            Self::Looking(_) => Phase::Election,
            Self::Learning(learning) => match learning.stage {
                LearnerStage::Connecting(_)
                | LearnerStage::Registered(_)
                | LearnerStage::Accepted { .. } => Phase::Discovery,
                LearnerStage::Syncing(_) => Phase::Synchronisation,
                LearnerStage::UpToDate { .. } => Phase::Broadcast,
            },
            Self::Leading(leading) => match leading.stage {
                LeaderStage::GatheringEpochs
                | LeaderStage::SavingEpoch
                | LeaderStage::GatheringPromises
                | LeaderStage::SavingCurrent => Phase::Discovery,
                LeaderStage::Synchronising => Phase::Synchronisation,
                LeaderStage::Broadcasting => Phase::Broadcast,
            },
        }
    }
}
