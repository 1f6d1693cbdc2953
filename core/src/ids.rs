//! Names of the things in a cluster. Each is its own type, so that no two can be mixed up.

use std::fmt;

use serde::{Serialize, Serializer};

/// A server of the ensemble, counted from 1: `S1`, `S2`, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(u16);

/// A client process, counted from 0 and written as a letter: `A`, `B`, …, `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(u8);

/// A message on its way, unique within a run: `m42`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(u64);

/// A connection between a client and a server, unique within a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

/// An event of the world, numbered from 0 in the order in which events happen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u64);

/// One end of a link: a server or a client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// A server.
    Server(ServerId),
    /// A client.
    Client(ClientId),
}

impl ServerId {
    /// The server with this number.
    ///
    /// # Panics
    /// If `number` is 0: servers are counted from 1.
    pub const fn new(number: u16) -> Self {
        assert!(number > 0, "servers are counted from 1");
        Self(number)
    }

    /// The server at `position` in a list that starts with S1.
    pub fn from_position(position: usize) -> Self {
        let number = u16::try_from(position + 1).expect("an ensemble is bounded by MAX_SERVERS");
        Self(number)
    }

    /// The number, from 1.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The position in a list that starts with S1.
    pub const fn position(self) -> usize {
        self.0 as usize - 1
    }
}

impl ClientId {
    /// As many clients as there are letters to name them.
    pub const LIMIT: usize = 26;

    /// The client named by this capital letter, if it is one.
    pub fn from_letter(letter: char) -> Option<Self> {
        letter
            .is_ascii_uppercase()
            .then(|| Self(letter as u8 - b'A'))
    }

    /// The client at `position` in a list that starts with A.
    pub fn from_position(position: usize) -> Option<Self> {
        (position < Self::LIMIT).then_some(Self(position as u8))
    }

    /// The letter.
    pub const fn letter(self) -> char {
        (b'A' + self.0) as char
    }

    /// The position in a list that starts with A.
    pub const fn position(self) -> usize {
        self.0 as usize
    }
}

/// Gives a counting id its constructor, its number and its successor.
macro_rules! counting {
    ($($name:ident),*) => {$(
        impl $name {
            /// The one with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn number(self) -> u64 {
                self.0
            }

            /// The one that follows.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }
    )*};
}
counting!(MessageId, ConnectionId, EventId);

/// Gives an id its written form, which is also its debug form and its JSON.
macro_rules! written {
    ($($name:ident => |$id:ident, $f:ident| $write:expr;)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $id = self;
                $write
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
written! {
    ServerId => |id, f| write!(f, "S{}", id.0);
    ClientId => |id, f| write!(f, "{}", id.letter());
    MessageId => |id, f| write!(f, "m{}", id.0);
    ConnectionId => |id, f| write!(f, "c{}", id.0);
    EventId => |id, f| write!(f, "e{}", id.0);
    Endpoint => |id, f| match id {
        Endpoint::Server(server) => server.fmt(f),
        Endpoint::Client(client) => client.fmt(f),
    };
}

impl From<ServerId> for Endpoint {
    fn from(server: ServerId) -> Self {
        Self::Server(server)
    }
}

impl From<ClientId> for Endpoint {
    fn from(client: ClientId) -> Self {
        Self::Client(client)
    }
}
