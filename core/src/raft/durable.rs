//! What survives a crash: Figure 2's persistent state, as a disk holds it.

use super::log::{Entry, Log, Payload};
use super::position::{Index, Term};
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
}

/// Names a write. Tokens rise with each write of one boot; confirming one confirms all below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Token(u64);

impl<P: Payload> Default for Durable<P> {
    fn default() -> Self {
        Self {
            hard: HardState::default(),
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
