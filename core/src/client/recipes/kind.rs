//! The recipes by name, and what they are told.

use std::fmt;

use super::Call;
use crate::zookeeper::Data;

/// Which recipe.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A lock whose holders follow each other without a herd.
    Lock,
    /// A lock that is one znode, for which all run who wait.
    SimpleLock,
    /// A lock without a herd, given up by its holder when it is asked to.
    RevocableLock,
    /// A lock that can be held by many who read.
    ReadLock,
    /// The same for one who writes.
    WriteLock,
    /// Of several candidates one leads.
    Election,
    /// Nobody passes while a znode is there.
    Barrier,
    /// So many enter together and leave together.
    DoubleBarrier,
    /// An element is put into a queue.
    Produce,
    /// Elements are taken out of a queue, the oldest first.
    Consume,
    /// Elements are taken out of a queue, the most urgent first.
    ConsumeUrgent,
    /// A member of a group that knows the others.
    Group,
    /// A process that goes by a configuration.
    Configuration,
    /// One value of those proposed is decided.
    Consensus,
    /// Two-phase commit: the coordinator.
    Coordinate,
    /// Two-phase commit: a site.
    Vote,
    /// Several znodes are changed under the *ready* flag.
    Publish,
    /// They are read under it.
    Follow,
    /// The lock of one who reads, given up when it is asked for.
    RevocableReadLock,
    /// The same for one who writes.
    RevocableWriteLock,
}

/// A number that a recipe asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Number {
    /// The word in front of it.
    pub word: &'static str,
    /// What it counts.
    pub what: &'static str,
    /// The least that it can be.
    pub least: u32,
    /// The most that it can be.
    pub most: u32,
    /// Whether it must be said.
    pub needed: bool,
}

impl Kind {
    /// Every recipe.
    pub const ALL: [Self; 20] = [
        Self::Lock,
        Self::SimpleLock,
        Self::RevocableLock,
        Self::ReadLock,
        Self::WriteLock,
        Self::RevocableReadLock,
        Self::RevocableWriteLock,
        Self::Election,
        Self::Barrier,
        Self::DoubleBarrier,
        Self::Produce,
        Self::Consume,
        Self::ConsumeUrgent,
        Self::Group,
        Self::Configuration,
        Self::Consensus,
        Self::Coordinate,
        Self::Vote,
        Self::Publish,
        Self::Follow,
    ];

    /// As the command language writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::SimpleLock => "simplelock",
            Self::RevocableLock => "revocablelock",
            Self::ReadLock => "readlock",
            Self::WriteLock => "writelock",
            Self::RevocableReadLock => "revocablereadlock",
            Self::RevocableWriteLock => "revocablewritelock",
            Self::Election => "election",
            Self::Barrier => "barrier",
            Self::DoubleBarrier => "doublebarrier",
            Self::Produce => "produce",
            Self::Consume => "consume",
            Self::ConsumeUrgent => "consumeurgent",
            Self::Group => "group",
            Self::Configuration => "configuration",
            Self::Consensus => "consensus",
            Self::Coordinate => "coordinate",
            Self::Vote => "vote",
            Self::Publish => "publish",
            Self::Follow => "follow",
        }
    }

    /// How it is written with its arguments, and what it is for.
    pub const fn usage(self) -> (&'static str, &'static str) {
        match self {
            Self::Lock => (
                "lock PATH",
                "holds a lock; who waits watches the one in front",
            ),
            Self::SimpleLock => (
                "simplelock PATH",
                "holds a lock; all who wait are told at once",
            ),
            Self::RevocableLock => (
                "revocablelock PATH",
                "holds a lock until somebody writes `unlock` into its znode",
            ),
            Self::ReadLock => ("readlock PATH", "shares a lock with others who read"),
            Self::WriteLock => ("writelock PATH", "has a shared lock alone"),
            Self::RevocableReadLock => (
                "revocablereadlock PATH",
                "shares a lock until somebody writes `unlock` into its znode",
            ),
            Self::RevocableWriteLock => (
                "revocablewritelock PATH",
                "has a shared lock alone until somebody writes `unlock` into its znode",
            ),
            Self::Election => ("election PATH", "leads when no candidate in front is left"),
            Self::Barrier => ("barrier PATH", "waits until the znode is gone"),
            Self::DoubleBarrier => (
                "doublebarrier PATH size COUNT",
                "enters when so many have come, leaves (`release`) when all do",
            ),
            Self::Produce => (
                "produce PATH DATA [priority NUMBER]",
                "puts an element into a queue; 0 is the most urgent",
            ),
            Self::Consume => (
                "consume PATH",
                "takes elements out of a queue, the oldest first",
            ),
            Self::ConsumeUrgent => (
                "consumeurgent PATH",
                "takes elements out of a queue, the most urgent first",
            ),
            Self::Group => ("group PATH", "is a member of a group and knows the others"),
            Self::Configuration => ("configuration PATH", "goes by what the znode holds"),
            Self::Consensus => (
                "consensus PATH DATA",
                "proposes a value and learns which is decided",
            ),
            Self::Coordinate => (
                "coordinate PATH sites COUNT",
                "two-phase commit: asks sites for their votes and decides",
            ),
            Self::Vote => (
                "vote PATH DATA site NUMBER",
                "two-phase commit: votes `commit`, or else `abort`, and learns the decision",
            ),
            Self::Publish => (
                "publish PATH DATA",
                "changes several znodes while the *ready* flag is down",
            ),
            Self::Follow => ("follow PATH", "reads them while the flag is up"),
        }
    }

    /// Whether it hands data on.
    pub const fn takes_data(self) -> bool {
        matches!(
            self,
            Self::Produce | Self::Consensus | Self::Vote | Self::Publish
        )
    }

    /// The number that it asks for.
    pub const fn number(self) -> Option<Number> {
        let (word, what, least, most) = match self {
            Self::DoubleBarrier => ("size", "how many enter together", 1, 26),
            Self::Coordinate => ("sites", "how many sites there are", 1, 26),
            Self::Vote => ("site", "the number of the site", 1, 26),
            Self::Produce => ("priority", "a priority", 0, 99),
            _ => return None,
        };
        Some(Number {
            word,
            what,
            least,
            most,
            needed: !matches!(self, Self::Produce),
        })
    }

    /// Whether the znode that it is about must be there; it is created if it is not.
    pub(super) const fn needs_place(self) -> bool {
        !matches!(self, Self::Barrier | Self::Configuration)
    }

    /// What it has when it has what it is for.
    pub const fn held(self) -> &'static str {
        match self {
            Self::Lock | Self::SimpleLock | Self::RevocableLock => "holds the lock",
            Self::ReadLock | Self::RevocableReadLock => "may read",
            Self::WriteLock | Self::RevocableWriteLock => "may write",
            Self::Election => "leads",
            Self::DoubleBarrier => "is in, with all others",
            Self::Group => "is a member",
            Self::Configuration | Self::Follow => "goes by the configuration",
            _ => "is at work",
        }
    }
}

impl fmt::Display for Call {
    /// As the command language writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.path.escape_default())?;
        if let Some(text) = self.data.as_ref().and_then(Data::text) {
            write!(f, " \"{}\"", text.escape_default())?;
        }
        match (self.kind.number(), self.number) {
            (Some(number), Some(count)) => write!(f, " {} {count}", number.word),
            _ => Ok(()),
        }
    }
}
