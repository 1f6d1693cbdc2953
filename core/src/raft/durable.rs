//! What survives a crash: Figure 2's persistent state, as a disk holds it.

use std::sync::Arc;

use super::log::{Entry, Log, Payload};
use super::position::{Index, Term};
use super::snapshot::{PartialSnapshot, Snapshot};
use crate::ids::ServerId;

/// Term and vote. Always one record: written apart, a crash between the two could leave a new
/// term with an old vote, or none, and a server could vote twice (hashicorp/raft #661).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct HardState {
    /// The latest term the server has seen.
    pub term: Term,
    /// Who got its vote in that term.
    pub voted_for: Option<ServerId>,
}

/// A disk's content: all that a restart has to go on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Durable<P: Payload> {
    /// Term and vote.
    pub hard: HardState,
    /// The state that the log builds on; `None` while the log begins with entry 1.
    pub snapshot: Option<Arc<Snapshot<P>>>,
    /// What was received of a later one.
    pub partial: Option<PartialSnapshot<P>>,
    /// The log.
    pub log: Log<P>,
}

/// One record for the disk. It is written whole or not at all, and after all that were handed
/// over before it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Write<P: Payload> {
    /// Replaces term and vote.
    HardState(HardState),
    /// Continues the log.
    Append {
        /// Entries that follow the last one written.
        entries: Vec<Entry<P>>,
    },
    /// Cuts the log.
    Truncate {
        /// The first entry to go; all that follow it go too.
        from: Index,
    },
    /// A snapshot of the server's own state, in place of entries.
    Snapshot {
        /// The snapshot.
        snapshot: Arc<Snapshot<P>>,
        /// The last entry that the log drops.
        before: Index,
    },
    /// More of a snapshot that a leader is sending.
    Chunk {
        /// What is there now, together with what was before.
        partial: PartialSnapshot<P>,
        /// Bytes that this chunk adds.
        length: u64,
    },
    /// The last chunk of a leader's snapshot, which takes the place of state and log.
    Install {
        /// The snapshot.
        snapshot: Arc<Snapshot<P>>,
        /// Bytes that the last chunk adds.
        length: u64,
    },
}

/// Names a write. Tokens rise with each write of one boot; confirming one confirms all below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Token(u64);

impl<P: Payload> Default for Durable<P> {
    fn default() -> Self {
        Self {
            hard: HardState::default(),
            snapshot: None,
            partial: None,
            log: Log::default(),
        }
    }
}

impl<P: Payload> Durable<P> {
    /// The image after `write`.
    pub fn apply(&mut self, write: &Write<P>) {
        match write {
            Write::HardState(hard) => self.hard = *hard,
            Write::Append { entries } => self.log.append(entries.iter().cloned()),
            Write::Truncate { from } => self.log.truncate(*from),
            Write::Snapshot { snapshot, before } => {
                self.log.compact(*before);
                self.keep(snapshot);
            }
            Write::Chunk { partial, .. } => self.partial = Some(partial.clone()),
            Write::Install { snapshot, .. } => {
                self.log = Log::after(snapshot.last);
                self.keep(snapshot);
            }
        }
    }

    /// A snapshot takes the place of an earlier one. What was received of one that goes no
    /// further is of no use any more.
    fn keep(&mut self, snapshot: &Arc<Snapshot<P>>) {
        let last = snapshot.last.index;
        self.partial
            .take_if(|partial| partial.snapshot.last.index <= last);
        self.snapshot = Some(snapshot.clone());
    }
}

impl<P: Payload> Write<P> {
    /// Bytes of a snapshot that it writes; other records are small.
    pub fn snapshot_bytes(&self) -> u64 {
        match self {
            Self::Snapshot { snapshot, .. } => snapshot.size,
            Self::Chunk { length, .. } | Self::Install { length, .. } => *length,
            Self::HardState(_) | Self::Append { .. } | Self::Truncate { .. } => 0,
        }
    }
}

impl Token {
    /// The token with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The token of the next write.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
