//! What a replica tells of snapshots, and the sentences.

use serde::Serialize;

use super::fact::RaftFact;
use super::position::{Index, LogPosition};
use super::rules;
use crate::explain::{Explain, Rule, Weight};
use crate::ids::ServerId;

/// Something a replica did with a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "snapshot", rename_all = "snake_case")]
pub enum SnapshotFact {
    /// It took a snapshot of its own state and dropped entries of its log.
    Taken {
        /// The last entry that the snapshot stands for.
        last: LogPosition,
        /// Its size.
        bytes: u64,
        /// The first index that is left in the log, or will be the next.
        first: Index,
    },
    /// A leader begins to send its snapshot.
    Offered {
        /// The follower.
        to: ServerId,
        /// The snapshot's last entry.
        last: LogPosition,
        /// Its size.
        bytes: u64,
        /// The entry that the follower would need.
        next: Index,
        /// The first entry that the leader's log has.
        first: Index,
    },
    /// A follower stored a chunk.
    ChunkStored {
        /// The leader.
        from: ServerId,
        /// The snapshot's last entry.
        last: LogPosition,
        /// Bytes of it that the follower has.
        stored: u64,
        /// All bytes of it.
        bytes: u64,
    },
    /// A follower has no use for a chunk, because the bytes before it are missing.
    ChunkMissing {
        /// The leader.
        from: ServerId,
        /// Where the chunk begins.
        offset: u64,
        /// Bytes that the follower has.
        stored: u64,
    },
    /// A leader goes on elsewhere than it thought.
    Resumed {
        /// The follower.
        to: ServerId,
        /// The byte it goes on from.
        offset: u64,
        /// The byte after the last chunk it sent.
        sent: u64,
    },
    /// A leader sends a chunk again.
    ChunkRepeated {
        /// The follower.
        to: ServerId,
        /// Where the chunk begins.
        offset: u64,
    },
    /// A leader stops sending a snapshot to a follower that does not answer.
    Abandoned {
        /// The follower.
        to: ServerId,
        /// The snapshot's last entry.
        last: Index,
        /// Heartbeats since the follower was last heard.
        beats: u32,
    },
    /// A follower replaced its state by a leader's snapshot.
    Installed {
        /// The leader.
        from: ServerId,
        /// The snapshot's last entry.
        last: LogPosition,
        /// The last entry that the follower had.
        had: LogPosition,
    },
    /// A follower needs no snapshot: its log has the snapshot's last entry.
    NotNeeded {
        /// The leader.
        from: ServerId,
        /// The snapshot's last entry.
        last: LogPosition,
    },
    /// A leader refuses a proposal, because too much waits to be committed.
    TooMuchUncommitted {
        /// Bytes that wait.
        bytes: u64,
        /// As many as may.
        limit: u64,
    },
}

impl From<SnapshotFact> for RaftFact {
    fn from(fact: SnapshotFact) -> Self {
        Self::Snapshot(fact)
    }
}

const SEND_SNAPSHOT: Rule = Rule {
    text: "a leader that has discarded the next entry a follower needs sends it its snapshot",
    source: "Raft §7",
};
const IN_CHUNKS: Rule = Rule {
    text: "a snapshot is split into chunks, stored at their offsets as they come",
    source: "Raft §7, Figure 13",
};
const REPLACE_STATE: Rule = Rule {
    text: "a follower without the snapshot's last entry discards its log and takes the snapshot's state",
    source: "Raft §7, Figure 13",
};
const RETAIN: Rule = Rule {
    text: "a follower that has the snapshot's last entry keeps its log",
    source: "Raft §7, Figure 13",
};
const RETRY: Rule = Rule {
    text: "what is not answered in time is sent again",
    source: "Raft §5.1",
};
const BOUNDED: Rule = Rule {
    text: "a leader takes only so much on that a majority has not stored",
    source: "dissertation §10.2",
};

impl Explain for SnapshotFact {
    fn what(&self) -> String {
        match self {
            Self::Taken { last, bytes, .. } => {
                format!("takes a snapshot through {last}: {bytes} bytes")
            }
            Self::Offered {
                to, last, bytes, ..
            } => format!("begins to send {to} its snapshot through {last}: {bytes} bytes"),
            Self::ChunkStored { stored, bytes, .. } => {
                format!("has {stored} of {bytes} bytes of a snapshot")
            }
            Self::ChunkMissing { from, offset, .. } => {
                format!("cannot use a chunk from {from} that begins at byte {offset}")
            }
            Self::Resumed { to, offset, .. } => {
                format!("goes on with the snapshot for {to} at byte {offset}")
            }
            Self::ChunkRepeated { to, offset } => {
                format!("sends {to} the chunk at byte {offset} again")
            }
            Self::Abandoned { to, last, .. } => {
                format!("stops sending {to} the snapshot through entry {last}")
            }
            Self::Installed { last, .. } => format!("installs the snapshot through {last}"),
            Self::NotNeeded { from, last } => {
                format!("needs no snapshot from {from} and takes {last} for committed")
            }
            Self::TooMuchUncommitted { .. } => "refuses a command".into(),
        }
    }

    fn why(&self) -> Option<String> {
        Some(match self {
            Self::Taken { first, .. } => {
                format!("what it stands for may leave the log, which begins with entry {first} now")
            }
            Self::Offered { next, first, .. } => format!(
                "entry {next} would be next, and its own log begins with entry {first} only"
            ),
            Self::ChunkStored { from, last, .. } => {
                format!("{from} sends the state after {last} piece by piece")
            }
            Self::ChunkMissing { stored, .. } => format!("it has the first {stored} bytes only"),
            Self::Resumed { to, sent, .. } => {
                format!("that is how much {to} has stored, though byte {sent} would be next")
            }
            Self::ChunkRepeated { .. } => "no answer came for a heartbeat interval".into(),
            Self::Abandoned { beats, .. } => {
                format!("nothing came back for {beats} heartbeats")
            }
            Self::Installed { had, .. } if had.index == Index::ZERO => {
                "its own log was empty, and the first entries are no longer to be had".into()
            }
            Self::Installed { had, .. } => {
                format!("its own log ended with {had}, and what follows is no longer to be had")
            }
            Self::NotNeeded { .. } => "its log has that entry, of the same term".into(),
            Self::TooMuchUncommitted { bytes, limit } => {
                format!("{bytes} bytes of commands wait to be committed, and {limit} may")
            }
        })
    }

    fn rule(&self) -> Option<Rule> {
        Some(match self {
            Self::Taken { .. } => rules::SNAPSHOT_ONLY_APPLIED.rule(),
            Self::Offered { .. } => SEND_SNAPSHOT,
            Self::ChunkStored { .. } | Self::ChunkMissing { .. } | Self::Resumed { .. } => {
                IN_CHUNKS
            }
            Self::ChunkRepeated { .. } | Self::Abandoned { .. } => RETRY,
            Self::Installed { .. } => REPLACE_STATE,
            Self::NotNeeded { .. } => RETAIN,
            Self::TooMuchUncommitted { .. } => BOUNDED,
        })
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Taken { .. } | Self::Offered { .. } | Self::Installed { .. } => Weight::Turn,
            Self::ChunkStored { .. }
            | Self::Resumed { .. }
            | Self::Abandoned { .. }
            | Self::NotNeeded { .. }
            | Self::TooMuchUncommitted { .. } => Weight::Step,
            Self::ChunkMissing { .. } | Self::ChunkRepeated { .. } => Weight::Quiet,
        }
    }
}

impl SnapshotFact {
    /// The other server that it speaks of.
    pub const fn other(&self) -> Option<ServerId> {
        match self {
            Self::Offered { to, .. }
            | Self::Resumed { to, .. }
            | Self::ChunkRepeated { to, .. }
            | Self::Abandoned { to, .. } => Some(*to),
            Self::ChunkStored { from, .. }
            | Self::ChunkMissing { from, .. }
            | Self::Installed { from, .. }
            | Self::NotNeeded { from, .. } => Some(*from),
            Self::Taken { .. } | Self::TooMuchUncommitted { .. } => None,
        }
    }

    /// The last entry of the snapshot that it speaks of.
    pub const fn last(&self) -> Option<Index> {
        match self {
            Self::Taken { last, .. }
            | Self::Offered { last, .. }
            | Self::ChunkStored { last, .. }
            | Self::Installed { last, .. }
            | Self::NotNeeded { last, .. } => Some(last.index),
            Self::Abandoned { last, .. } => Some(*last),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::position::Term;
    use super::*;

    #[test]
    fn snapshots_are_told_as_sentences() {
        let last = LogPosition {
            term: Term::new(2),
            index: Index::new(20),
        };
        let told = |fact: SnapshotFact| {
            let fact = RaftFact::from(fact);
            format!("{} because {}", fact.what(), fact.why().unwrap())
        };
        let to = ServerId::new(3);
        assert_eq!(
            told(SnapshotFact::Offered {
                to,
                last,
                bytes: 640,
                next: Index::new(4),
                first: Index::new(17),
            }),
            "begins to send S3 its snapshot through entry 20 of term 2: 640 bytes because entry 4 \
             would be next, and its own log begins with entry 17 only"
        );
        assert_eq!(
            told(SnapshotFact::Resumed {
                to,
                offset: 512,
                sent: 256,
            }),
            "goes on with the snapshot for S3 at byte 512 because that is how much S3 has stored, \
             though byte 256 would be next"
        );
        assert_eq!(
            told(SnapshotFact::Installed {
                from: to,
                last,
                had: LogPosition::ZERO,
            }),
            "installs the snapshot through entry 20 of term 2 because its own log was empty, and \
             the first entries are no longer to be had"
        );
    }
}
