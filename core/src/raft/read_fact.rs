//! What a replica tells of linearizable reads, and the sentences for it.

use serde::Serialize;

use super::position::{Index, Term};
use super::rules;
use crate::explain::{Explain, Rule, Weight};
use crate::ids::ServerId;

/// A step of a linearizable read (dissertation §6.4).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum ReadFact {
    /// A server asks its leader up to where it must have applied the log.
    Asked {
        /// The leader.
        leader: ServerId,
        /// How many reads wait for the answer.
        reads: usize,
    },
    /// A new leader cannot answer yet.
    Postponed {
        /// Whose read it is.
        origin: ServerId,
        /// The leader's term, of which nothing is committed.
        term: Term,
    },
    /// A leader notes its commit index, and a round of heartbeats is to prove that it leads.
    Noted {
        /// Whose read it is.
        origin: ServerId,
        /// The commit index.
        index: Index,
    },
    /// A round that began after the read has proved it.
    Confirmed {
        /// Whose read it is.
        origin: ServerId,
        /// The commit index that was noted.
        index: Index,
    },
    /// A leader's lease spares the round.
    Leased {
        /// Whose read it is.
        origin: ServerId,
        /// The commit index.
        index: Index,
    },
    /// The reader has not got so far yet.
    Waits {
        /// Up to where it must have applied the log.
        index: Index,
        /// Its commit index.
        commit: Index,
    },
}

const READ_INDEX: Rule = Rule {
    text: "a leader notes its commit index when a read arrives, proves by a round of heartbeats \
           that it still leads, and then serves the read from a state at least that late",
    source: "dissertation §6.4",
};
const LEASE: Rule = Rule {
    text: "while a majority is known to listen to no other candidate, its leader may read without \
           a round",
    source: "dissertation §6.4.1",
};

impl ReadFact {
    /// The other server that it speaks of.
    pub const fn about(&self) -> Option<ServerId> {
        match self {
            Self::Asked { leader, .. } => Some(*leader),
            Self::Postponed { origin, .. }
            | Self::Noted { origin, .. }
            | Self::Confirmed { origin, .. }
            | Self::Leased { origin, .. } => Some(*origin),
            Self::Waits { .. } => None,
        }
    }
}

impl Explain for ReadFact {
    fn what(&self) -> String {
        match self {
            Self::Asked { leader, reads: 1 } => format!("asks {leader} how far a read must see"),
            Self::Asked { leader, reads } => {
                format!("asks {leader} how far {reads} reads must see")
            }
            Self::Postponed { origin, .. } => format!("lets a read of {origin} wait"),
            Self::Noted { origin, index } => {
                format!("notes index {index} for a read of {origin} and asks its followers")
            }
            Self::Confirmed { origin, index } => {
                format!("lets a read of {origin} see the log through entry {index}")
            }
            Self::Leased { origin, index } => {
                format!("lets a read of {origin} see the log through entry {index} at once")
            }
            Self::Waits { index, .. } => format!("holds a read back until entry {index}"),
        }
    }

    fn why(&self) -> Option<String> {
        Some(match self {
            Self::Asked { .. } => "only the leader knows what is committed".into(),
            Self::Postponed { term, .. } => format!(
                "nothing of its own term {term} is committed, so it may not know all that is"
            ),
            Self::Noted { .. } => "another may have been elected without its knowledge".into(),
            Self::Confirmed { .. } => {
                "a majority has answered to a round that began after the read".into()
            }
            Self::Leased { .. } => "its lease has not run out".into(),
            Self::Waits { commit, .. } => format!("it knows the log committed through {commit}"),
        })
    }

    fn rule(&self) -> Option<Rule> {
        Some(match self {
            Self::Asked { .. } | Self::Noted { .. } => READ_INDEX,
            Self::Postponed { .. } => rules::READ_AFTER_OWN_TERM_COMMIT.rule(),
            Self::Confirmed { .. } => rules::READ_FRESH_ACKS.rule(),
            Self::Leased { .. } => LEASE,
            Self::Waits { .. } => rules::READ_WAITS_FOR_APPLY.rule(),
        })
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Postponed { .. } | Self::Confirmed { .. } | Self::Leased { .. } => Weight::Step,
            Self::Asked { .. } | Self::Noted { .. } | Self::Waits { .. } => Weight::Quiet,
        }
    }
}
