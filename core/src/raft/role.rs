//! Follower, candidate, leader.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use super::progress::Progress;
use crate::ids::ServerId;

/// What a server is in its term (Raft §5.1, Figure 4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers requests and issues none.
    Follower,
    /// Asks for votes.
    Candidate,
    /// Replicates its log.
    Leader,
}

/// A role with what belongs to it and ends with it. A candidate keeps the ballot of every voter, a
/// leader the progress of every member but itself, both in ascending order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Standing {
    Follower { leader: Option<ServerId> },
    Candidate { ballots: Vec<(ServerId, Ballot)> },
    Leader { progress: Vec<(ServerId, Progress)> },
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
}

impl Standing {
    pub(super) const fn role(&self) -> Role {
        match self {
            Self::Follower { .. } => Role::Follower,
            Self::Candidate { .. } => Role::Candidate,
            Self::Leader { .. } => Role::Leader,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Follower => "follower",
            Self::Candidate => "candidate",
            Self::Leader => "leader",
        })
    }
}
