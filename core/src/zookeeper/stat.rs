//! What clients see of a znode besides its data.

use std::fmt;

use super::{SessionId, Zxid};
use crate::time::{Duration, Time};

/// Counts the changes of one kind to one znode; wraps at the end of 32 bits, as in ZooKeeper.
pub type Version = i32;

/// The version that matches every version. Any other negative number matches none but itself.
pub const ANY_VERSION: Version = -1;

/// The state of a znode as a client gets it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Stat {
    /// The transaction that created the znode.
    pub czxid: Zxid,
    /// The transaction that last set its data; its creation at first.
    pub mzxid: Zxid,
    /// The transaction that last created or deleted a child; its creation at first.
    pub pzxid: Zxid,
    /// When it was created, on the clock of the leader of that moment.
    pub ctime: Time,
    /// When its data were last set, on the clock of the leader of that moment.
    pub mtime: Time,
    /// How often its data were set.
    pub version: Version,
    /// How often a child was created or deleted.
    pub cversion: Version,
    /// How often its access control list was set.
    pub aversion: Version,
    /// The session that it goes with, if it is ephemeral. Of a container, or a znode with a life of
    /// its own, ZooKeeper tells a client nothing here.
    pub owner: Option<SessionId>,
    /// Bytes of data; 0 for empty data and for none.
    pub data_length: u32,
    /// How many children it has.
    pub num_children: u32,
}

/// What a znode's life depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owner {
    /// Nothing: the znode is persistent.
    None,
    /// A session: the znode is ephemeral and goes when the session ends.
    Session(SessionId),
    /// Its children: it goes some time after the last of them went.
    Container,
    /// The clock: it goes when its data were not set for so long and it has no children.
    Ttl(Duration),
}

impl Owner {
    /// The session that the znode goes with, if it goes with one.
    pub const fn session(self) -> Option<SessionId> {
        match self {
            Self::Session(session) => Some(session),
            Self::None | Self::Container | Self::Ttl(_) => None,
        }
    }

    /// Whether the znode goes with a session.
    pub const fn is_ephemeral(self) -> bool {
        matches!(self, Self::Session(_))
    }
}

/// The session, the kind of life, or nothing.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Session(session) => session.fmt(f),
            Self::Container => f.write_str("container"),
            Self::Ttl(ttl) => write!(f, "ttl {ttl}"),
        }
    }
}
