//! What servers say to each other: notifications of an election, and the packets between a leader
//! and those who learn from it (`QuorumPacket`).

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::configuration::Configuration;
use super::epoch::Epoch;
use super::log::{Entry, Payload};
use super::vote::{ServerState, Vote};
use crate::ids::ServerId;
use crate::time::Duration;
use crate::zookeeper::{SessionId, Zxid};

/// A connection, as one end of it sees it. Between two servers there is at most one of each kind;
/// two of the last two kinds if each takes the other for its leader.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// For the notifications of an election (`QuorumCnxManager`); the same seen from both ends.
    Election,
    /// To the leader at the other end; this end opened it.
    ToLeader,
    /// To the learner at the other end, which opened it.
    ToLearner,
}

/// What travels between servers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message<T: Payload> {
    /// Over [`Channel::Election`].
    Election(Notification),
    /// Over [`Channel::ToLeader`] of its sender.
    ToLeader(ToLeader<T>),
    /// Over [`Channel::ToLearner`] of its sender.
    ToLearner(ToLearner<T>),
}

/// Whom a server proposes as leader, or whom it has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Notification {
    /// The vote; none from a server that has no vote and has not heard of one.
    pub vote: Option<Vote>,
    /// The sender's round: the one it is in, or the one in which it found its leader.
    pub round: u64,
    /// What the sender is doing.
    pub state: ServerState,
    /// The configuration in force at the sender.
    pub configuration: Arc<Configuration>,
}

/// From a learner to its leader.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ToLeader<T: Payload> {
    /// `FOLLOWERINFO` or `OBSERVERINFO`: the learner registers.
    Info {
        /// It observes, rather than follows.
        observer: bool,
        /// The latest epoch it has accepted.
        accepted: Epoch,
        /// The version of its configuration.
        version: Zxid,
    },
    /// `ACKEPOCH`: it has accepted the leader's epoch.
    AckEpoch {
        /// Its current epoch; none if it had accepted the new epoch before, and so promises
        /// nothing anew.
        current: Option<Epoch>,
        /// The last zxid of its history.
        last: Zxid,
        /// It cannot go back further than this: its snapshot holds everything up to here.
        base: Zxid,
    },
    /// `ACK`: the transaction is in its log; of an epoch's start, everything before that epoch.
    Ack {
        /// Of the transaction.
        zxid: Zxid,
    },
    /// `PING` answered.
    Ping {
        /// Sessions whose clients it has heard from, with their timeouts.
        touched: Vec<(SessionId, Duration)>,
    },
    /// `REQUEST`: a client's write, for the leader to prepare.
    Request {
        /// The write.
        request: T::Request,
    },
    /// `REVALIDATE`: a client came with this session. May it go on here?
    Revalidate {
        /// The session.
        session: SessionId,
        /// Its timeout.
        timeout: Duration,
    },
    /// `SYNC` asked for.
    Sync {
        /// Names the question, for the learner.
        tag: u64,
    },
}

/// From a leader to a learner.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ToLearner<T: Payload> {
    /// `LEADERINFO`: the epoch that the leader proposes.
    LeaderInfo {
        /// The epoch.
        epoch: Epoch,
    },
    /// `DIFF`: what the learner lacks follows.
    Diff {
        /// The last zxid of what follows and is committed.
        last: Zxid,
    },
    /// `TRUNC`: forget what comes after.
    Trunc {
        /// The last zxid to keep.
        to: Zxid,
    },
    /// `SNAP`: the whole state follows.
    Snap {
        /// Its last zxid.
        zxid: Zxid,
    },
    /// The state that `SNAP` announced.
    SnapBody {
        /// The state.
        state: T::State,
    },
    /// `NEWLEADER`: the learner has been sent all that it lacks; it is to save it.
    NewLeader {
        /// The leader's epoch.
        epoch: Epoch,
        /// The last configuration that the leader has seen.
        configuration: Arc<Configuration>,
    },
    /// `UPTODATE`: the leader has its quorum, the learner may serve.
    UpToDate {
        /// Who is to lead under the configuration that came with `NEWLEADER`.
        designated: ServerId,
    },
    /// `PROPOSAL`.
    Proposal {
        /// The transaction.
        entry: Entry<T>,
    },
    /// `COMMIT`.
    Commit {
        /// Of the transaction.
        zxid: Zxid,
    },
    /// `COMMITANDACTIVATE`: the same for a reconfiguration.
    CommitAndActivate {
        /// Of the transaction.
        zxid: Zxid,
        /// Who is to lead under the new configuration.
        designated: ServerId,
    },
    /// `INFORM`: proposal and commit in one, for observers.
    Inform {
        /// The transaction.
        entry: Entry<T>,
    },
    /// `INFORMANDACTIVATE`: the same for a reconfiguration.
    InformAndActivate {
        /// The transaction.
        entry: Entry<T>,
        /// Who is to lead under the new configuration.
        designated: ServerId,
    },
    /// `PING`.
    Ping {
        /// The last zxid the leader has proposed.
        zxid: Zxid,
    },
    /// `REVALIDATE` answered.
    Revalidated {
        /// The session.
        session: SessionId,
        /// It may go on.
        valid: bool,
    },
    /// `SYNC` answered: everything committed when it was asked for has been sent.
    Sync {
        /// As in the question.
        tag: u64,
    },
}

/// The kind of a message, by its name in `ZooKeeper`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct MessageKind(pub &'static str);

impl<T: Payload> Message<T> {
    /// The channel that its sender sends it over.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Election(_) => Channel::Election,
            Self::ToLeader(_) => Channel::ToLeader,
            Self::ToLearner(_) => Channel::ToLearner,
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Election(_) => MessageKind("NOTIFICATION"),
            Self::ToLeader(message) => message.kind(),
            Self::ToLearner(message) => message.kind(),
        }
    }
}

impl<T: Payload> ToLeader<T> {
    /// Its kind.
    pub const fn kind(&self) -> MessageKind {
        MessageKind(match self {
            Self::Info { observer: true, .. } => "OBSERVERINFO",
            Self::Info { .. } => "FOLLOWERINFO",
            Self::AckEpoch { .. } => "ACKEPOCH",
            Self::Ack { .. } => "ACK",
            Self::Ping { .. } => "PING",
            Self::Request { .. } => "REQUEST",
            Self::Revalidate { .. } => "REVALIDATE",
            Self::Sync { .. } => "SYNC",
        })
    }
}

impl<T: Payload> ToLearner<T> {
    /// Its kind.
    pub const fn kind(&self) -> MessageKind {
        MessageKind(match self {
            Self::LeaderInfo { .. } => "LEADERINFO",
            Self::Diff { .. } => "DIFF",
            Self::Trunc { .. } => "TRUNC",
            Self::Snap { .. } => "SNAP",
            Self::SnapBody { .. } => "SNAP body",
            Self::NewLeader { .. } => "NEWLEADER",
            Self::UpToDate { .. } => "UPTODATE",
            Self::Proposal { .. } => "PROPOSAL",
            Self::Commit { .. } => "COMMIT",
            Self::CommitAndActivate { .. } => "COMMITANDACTIVATE",
            Self::Inform { .. } => "INFORM",
            Self::InformAndActivate { .. } => "INFORMANDACTIVATE",
            Self::Ping { .. } => "PING",
            Self::Revalidated { .. } => "REVALIDATE",
            Self::Sync { .. } => "SYNC",
        })
    }
}

impl Channel {
    /// The same connection seen from the other end.
    #[must_use]
    pub const fn other_end(self) -> Self {
        match self {
            Self::Election => Self::Election,
            Self::ToLeader => Self::ToLearner,
            Self::ToLearner => Self::ToLeader,
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
