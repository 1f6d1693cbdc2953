//! Follower, pre-candidate, candidate, leader.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use super::progress::Progress;
use super::reads::Asked;
use super::rounds::Rounds;
use super::transfer::Transfer;
use crate::ids::ServerId;

/// What a server is in its term (Raft §5.1, Figure 4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers requests and issues none.
    Follower,
    /// Asks who would vote for it.
    PreCandidate,
    /// Asks for votes.
    Candidate,
    /// Replicates its log.
    Leader,
}

/// A role with what belongs to it and ends with it. A candidate, or one that would be, keeps the
/// ballot of every voter, a leader the progress of every member but itself, both in ascending order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Standing {
    Follower {
        leader: Option<ServerId>,
    },
    PreCandidate {
        ballots: Vec<(ServerId, Ballot)>,
    },
    Candidate {
        ballots: Vec<(ServerId, Ballot)>,
        /// The leader told it to stand.
        transfer: bool,
    },
    Leader {
        progress: Vec<(ServerId, Progress)>,
        rounds: Rounds,
        /// What servers ask it for their reads, in the order of arrival.
        questions: Vec<Asked>,
        transfer: Transfer,
    },
}

/// What a candidate knows of one vote.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ballot {
    /// No answer yet.
    Unanswered,
    /// It has the vote.
    Granted,
    /// It does not.
    Refused,
}

/// Why a replica does not take a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ProposeError {
    /// Only a leader takes proposals.
    #[error("not the leader{}", .leader.map(|leader| format!("; {leader} is believed to be")).unwrap_or_default())]
    NotLeader {
        /// The leader this server knows of.
        leader: Option<ServerId>,
    },
    /// Too much waits to be committed already.
    #[error("{bytes} bytes of commands wait to be committed, and {limit} may")]
    TooMuchUncommitted {
        /// Bytes that wait.
        bytes: u64,
        /// As many as may.
        limit: u64,
    },
    /// A leader that hands over takes none.
    #[error("leadership is being transferred to {to}")]
    Transferring {
        /// The next leader.
        to: ServerId,
    },
}

impl Standing {
    pub(super) const fn role(&self) -> Role {
        match self {
            Self::Follower { .. } => Role::Follower,
            Self::PreCandidate { .. } => Role::PreCandidate,
            Self::Candidate { .. } => Role::Candidate,
            Self::Leader { .. } => Role::Leader,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Follower => "follower",
            Self::PreCandidate => "precandidate",
            Self::Candidate => "candidate",
            Self::Leader => "leader",
        })
    }
}
