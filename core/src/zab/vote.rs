//! Votes of Fast Leader Election, and their order.

use std::fmt;

use serde::Serialize;

use super::epoch::{Epoch, Pair};
use crate::ids::ServerId;
use crate::zookeeper::Zxid;

/// Who should lead, and the history that speaks for it.
///
/// Ordered as votes are compared: the later epoch wins, then the longer history, then the higher
/// id (`FastLeaderElection.totalOrderPredicate`). So the fields stand in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Vote {
    /// The candidate's current epoch.
    pub epoch: Epoch,
    /// The last zxid of the candidate's log.
    pub zxid: Zxid,
    /// The candidate.
    pub leader: ServerId,
}

/// What a server does in the ensemble (`ServerState`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerState {
    /// It looks for a leader.
    Looking,
    /// It follows a leader, and acknowledges what the leader proposes.
    Following,
    /// It leads.
    Leading,
    /// It learns from a leader without a vote.
    Observing,
}

/// A vote as it was received: with the round it belongs to, and what its sender was doing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Ballot {
    /// The vote.
    pub vote: Vote,
    /// The sender's round.
    pub round: u64,
    /// The sender's state.
    pub state: ServerState,
}

/// What decided between two votes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The candidates' epochs differ.
    Epoch,
    /// The epochs agree, the candidates' last zxids differ.
    Zxid,
    /// Epochs and zxids agree; the ids decide.
    Id,
    /// The votes are equal.
    Nothing,
    /// There was no vote to compare with.
    NoVote,
}

impl Vote {
    /// What decides between this vote and `other`.
    pub fn decider(self, other: Option<Self>) -> Decider {
        match other {
            None => Decider::NoVote,
            Some(other) if self.epoch != other.epoch => Decider::Epoch,
            Some(other) if self.zxid != other.zxid => Decider::Zxid,
            Some(other) if self.leader != other.leader => Decider::Id,
            Some(_) => Decider::Nothing,
        }
    }
}

impl Ballot {
    /// Whether two ballots speak for the same leader (`Vote.equals`). While one of them comes from
    /// a server that is looking, all must agree. Servers that have found their leader may have
    /// done so at different zxids and in different rounds: only leader and epoch count
    /// (ZOOKEEPER-1805).
    pub fn supports(&self, other: &Self) -> bool {
        if self.state == ServerState::Looking || other.state == ServerState::Looking {
            self.vote == other.vote && self.round == other.round
        } else {
            self.vote.leader == other.vote.leader && self.vote.epoch == other.vote.epoch
        }
    }
}

/// `S3 (epoch 2, zxid ⟨2, 5⟩)`.
impl fmt::Display for Vote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            epoch,
            zxid,
            leader,
        } = self;
        write!(f, "{leader} (epoch {epoch}, zxid {})", Pair(*zxid))
    }
}

impl fmt::Display for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Looking => "looking",
            Self::Following => "following",
            Self::Leading => "leading",
            Self::Observing => "observing",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(epoch: u32, zxid: (u32, u32), leader: u16) -> Vote {
        Vote {
            epoch: Epoch::new(epoch),
            zxid: Zxid::new(zxid.0, zxid.1),
            leader: ServerId::new(leader),
        }
    }

    #[test]
    fn a_vote_wins_by_epoch_then_by_zxid_then_by_id() {
        let base = vote(2, (1, 5), 2);
        for (better, decider) in [
            (vote(3, (0, 0), 1), Decider::Epoch),
            (vote(2, (1, 6), 1), Decider::Zxid),
            (vote(2, (1, 5), 3), Decider::Id),
        ] {
            assert!(better > base);
            assert_eq!(better.decider(Some(base)), decider);
        }
        assert_eq!(base.decider(Some(base)), Decider::Nothing);
        assert!(Some(base) > None);
    }

    #[test]
    fn votes_of_lookers_must_agree_in_everything_and_of_others_in_leader_and_epoch() {
        let ballot = |vote, round, state| Ballot { vote, round, state };
        let a = vote(2, (1, 5), 2);
        let looking = ballot(a, 3, ServerState::Looking);
        let following = ballot(vote(2, (1, 4), 2), 7, ServerState::Following);
        let leading = ballot(a, 3, ServerState::Leading);
        assert!(following.supports(&leading));
        assert!(looking.supports(&leading));
        assert!(!looking.supports(&following));
        assert!(!looking.supports(&ballot(a, 4, ServerState::Looking)));
        let other_epoch = ballot(vote(3, (1, 5), 2), 3, ServerState::Leading);
        assert!(!following.supports(&other_epoch));
    }
}
