//! What clients ask and what they are answered.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use thiserror::Error;

use super::path::{self, PathError};
use super::{Data, ErrorCode, Stat, Version};
use crate::time::Duration;

/// The largest message of a client, in bytes without the length in front of it (ZooKeeper,
/// `jute.maxbuffer`). A server drops the connection that sends more; the session lives on.
pub const MAX_FRAME: usize = 1_048_575;

/// Xid and operation code, in front of every request.
const REQUEST_HEADER: usize = 8;
/// The length in front of a text or of bytes, a count, a version, a flag word.
const INT: usize = 4;
/// The list `world:anyone` with all permissions, as a create carries it: a count, the permissions,
/// and two texts.
const OPEN_ACL: usize = 2 * INT + (INT + "world".len()) + (INT + "anyone".len());

/// A client's operation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Creates a znode.
    Create {
        /// Where; a sequential mode appends ten digits.
        path: Arc<str>,
        /// What it holds.
        data: Option<Data>,
        /// What kind of znode it is.
        mode: CreateMode,
    },
    /// Deletes a znode that has no children.
    Delete {
        /// Which.
        path: Arc<str>,
        /// The version it must be at, or [`ANY_VERSION`](super::ANY_VERSION).
        version: Version,
    },
    /// Replaces a znode's data.
    Set {
        /// Which.
        path: Arc<str>,
        /// What it shall hold.
        data: Option<Data>,
        /// The version it must be at, or [`ANY_VERSION`](super::ANY_VERSION).
        version: Version,
    },
    /// Asks for a znode's stat.
    Exists {
        /// Which.
        path: Arc<str>,
    },
    /// Asks for a znode's data and stat.
    Get {
        /// Which.
        path: Arc<str>,
    },
    /// Asks for the names of a znode's children and its stat.
    Children {
        /// Which.
        path: Arc<str>,
    },
    /// Asks that everything the leader has proposed by now is seen by the reads that follow.
    Sync {
        /// Handed back; nothing looks at it.
        path: Arc<str>,
    },
    /// A read that sees every write which was answered before it was asked, whichever server it
    /// goes to. Only reads stand in it; see [`Request::linearizable`].
    Linearizable(Arc<Self>),
}

/// The kind of znode that a create makes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CreateMode {
    /// Stays until it is deleted.
    Persistent,
    /// Goes with the session that created it.
    Ephemeral,
    /// Persistent, its name completed by the parent's counter.
    PersistentSequential,
    /// Ephemeral, its name completed by the parent's counter.
    EphemeralSequential,
}

/// What a successful operation answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// A znode was created.
    Created {
        /// Its actual path.
        path: Arc<str>,
        /// Its stat.
        stat: Stat,
    },
    /// The znode was deleted.
    Deleted,
    /// The stat asked for, or the new one after a set.
    Stat(Stat),
    /// The data asked for.
    Data {
        /// What the znode holds.
        data: Option<Data>,
        /// Its stat.
        stat: Stat,
    },
    /// The children asked for.
    Children {
        /// Their names, in order.
        names: Vec<Arc<str>>,
        /// The parent's stat.
        stat: Stat,
    },
    /// A sync has gone through.
    Synced {
        /// The path that was given.
        path: Arc<str>,
    },
    /// A session was opened.
    SessionCreated {
        /// Its timeout, as negotiated.
        timeout: Duration,
    },
    /// The session was closed.
    SessionClosed,
}

/// The outcome of an operation.
pub type Reply = Result<Response, ErrorCode>;

/// A request that no server would read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "the request takes {size} bytes, a message at most {MAX_FRAME}: the server would drop the connection"
)]
pub struct FrameTooLarge {
    /// Bytes of the message.
    pub size: usize,
}

impl Request {
    /// The read that is asked for, so that it sees all that was answered before. Anything else is
    /// as it was: writes are linearizable anyway.
    #[must_use]
    pub fn linearizable(self) -> Self {
        match self {
            Self::Exists { .. } | Self::Get { .. } | Self::Children { .. } => {
                Self::Linearizable(Arc::new(self))
            }
            other => other,
        }
    }

    /// The path that the operation names.
    pub fn path(&self) -> &Arc<str> {
        match self {
            Self::Create { path, .. }
            | Self::Delete { path, .. }
            | Self::Set { path, .. }
            | Self::Exists { path }
            | Self::Get { path }
            | Self::Children { path }
            | Self::Sync { path } => path,
            Self::Linearizable(read) => read.path(),
        }
    }

    /// The operation's name: `create`, `get`, …
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Delete { .. } => "delete",
            Self::Set { .. } => "set",
            Self::Exists { .. } => "exists",
            Self::Get { .. } => "get",
            Self::Children { .. } => "children",
            Self::Sync { .. } => "sync",
            Self::Linearizable(read) => read.verb(),
        }
    }

    /// Whether it changes the tree.
    pub const fn is_write(&self) -> bool {
        matches!(
            self,
            Self::Create { .. } | Self::Delete { .. } | Self::Set { .. }
        )
    }

    /// Whether it goes through the log where requests are replicated as such: writes, and a sync,
    /// which is answered once everything before it is applied.
    pub const fn is_replicated(&self) -> bool {
        self.is_write() || matches!(self, Self::Sync { .. })
    }

    /// The check of its path that a client makes before it sends anything.
    pub fn validate(&self) -> Result<(), PathError> {
        match self {
            Self::Create { path, mode, .. } if mode.is_sequential() => path::validate_prefix(path),
            _ => path::validate(self.path()),
        }
    }

    /// Bytes of the message that carries it, as ZooKeeper encodes it.
    pub fn frame_size(&self) -> usize {
        let bytes = |data: &Option<Data>| INT + data.as_ref().map_or(0, Data::len);
        let rest = match self {
            Self::Create { data, .. } => bytes(data) + OPEN_ACL + INT,
            Self::Set { data, .. } => bytes(data) + INT,
            Self::Delete { .. } => INT,
            Self::Exists { .. } | Self::Get { .. } | Self::Children { .. } => 1,
            Self::Sync { .. } => 0,
            // The flag is a byte.
            Self::Linearizable(read) => return read.frame_size() + 1,
        };
        REQUEST_HEADER + INT + self.path().len() + rest
    }

    /// Whether a server would read it at all.
    pub fn check_size(&self) -> Result<(), FrameTooLarge> {
        match self.frame_size() {
            size if size > MAX_FRAME => Err(FrameTooLarge { size }),
            _ => Ok(()),
        }
    }
}

impl CreateMode {
    /// All modes, in the order of their flags.
    pub const ALL: [Self; 4] = [
        Self::Persistent,
        Self::Ephemeral,
        Self::PersistentSequential,
        Self::EphemeralSequential,
    ];

    /// Whether the znode goes with its session.
    pub const fn is_ephemeral(self) -> bool {
        matches!(self, Self::Ephemeral | Self::EphemeralSequential)
    }

    /// Whether the parent's counter completes the name.
    pub const fn is_sequential(self) -> bool {
        matches!(self, Self::PersistentSequential | Self::EphemeralSequential)
    }

    /// The number that ZooKeeper sends.
    pub const fn flag(self) -> i32 {
        match self {
            Self::Persistent => 0,
            Self::Ephemeral => 1,
            Self::PersistentSequential => 2,
            Self::EphemeralSequential => 3,
        }
    }
}

/// In plain words: `persistent`, `ephemeral sequential`.
impl fmt::Display for CreateMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Persistent => "persistent",
            Self::Ephemeral => "ephemeral",
            Self::PersistentSequential => "persistent sequential",
            Self::EphemeralSequential => "ephemeral sequential",
        })
    }
}

/// A label: `create /app`.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.verb())?;
        write_path(f, self.path())?;
        match self {
            Self::Linearizable(_) => f.write_str(" linearizable"),
            _ => Ok(()),
        }
    }
}

/// The answer in a few words: `/app`, `"hello" version 3`, `[a, b]`, `ok`.
impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created { path, .. } => write_path(f, path),
            Self::Stat(stat) => write!(f, "version {}", stat.version),
            Self::Data { data, stat } => match data {
                None => write!(f, "null version {}", stat.version),
                Some(data) => {
                    let text = String::from_utf8_lossy(data.bytes());
                    write!(f, "{text:?} version {}", stat.version)
                }
            },
            Self::Children { names, .. } => {
                f.write_char('[')?;
                for (position, name) in names.iter().enumerate() {
                    f.write_str(if position > 0 { ", " } else { "" })?;
                    write_path(f, name)?;
                }
                f.write_char(']')
            }
            Self::Deleted
            | Self::Synced { .. }
            | Self::SessionCreated { .. }
            | Self::SessionClosed => f.write_str("ok"),
        }
    }
}

/// A path on one line, whatever is in it: a client may send one that no znode could have.
pub(super) fn write_path(f: &mut fmt::Formatter<'_>, path: &str) -> fmt::Result {
    for character in path.chars() {
        if character.is_control() {
            write!(f, "{}", character.escape_unicode())?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(path: &str, data: usize, mode: CreateMode) -> Request {
        Request::Create {
            path: path.into(),
            data: Some(Data::new(vec![b'x'; data])),
            mode,
        }
    }

    #[test]
    fn a_frame_of_the_limit_passes_and_one_byte_more_does_not() {
        let overhead = create("/a", 0, CreateMode::Persistent).frame_size();
        assert_eq!(overhead, 8 + 4 + 2 + 4 + 27 + 4);
        let full = create("/a", MAX_FRAME - overhead, CreateMode::Persistent);
        assert_eq!(full.check_size(), Ok(()));
        let over = create("/a", MAX_FRAME - overhead + 1, CreateMode::Persistent);
        assert_eq!(over.check_size(), Err(FrameTooLarge { size: 1_048_576 }));
        assert_eq!(
            over.check_size().unwrap_err().to_string(),
            "the request takes 1048576 bytes, a message at most 1048575: \
             the server would drop the connection"
        );
    }

    #[test]
    fn a_client_judges_a_sequential_path_as_a_prefix_and_every_other_in_full() {
        assert!(
            create("/t/", 0, CreateMode::EphemeralSequential)
                .validate()
                .is_ok()
        );
        assert!(create("/t/", 0, CreateMode::Ephemeral).validate().is_err());
        let path: Arc<str> = "/t//x".into();
        assert!(Request::Get { path: path.clone() }.validate().is_err());
        assert!(Request::Delete { path, version: 0 }.validate().is_err());
    }

    #[test]
    fn only_create_delete_and_set_are_writes() {
        let path: Arc<str> = "/a".into();
        assert!(create("/a", 0, CreateMode::Persistent).is_write());
        for read in [
            Request::Exists { path: path.clone() },
            Request::Get { path: path.clone() },
            Request::Children { path: path.clone() },
            Request::Sync { path },
        ] {
            assert!(!read.is_write());
        }
    }

    #[test]
    fn a_label_stays_on_one_line_whatever_the_path_holds() {
        let request = create("/a\n😀", 3, CreateMode::Ephemeral);
        assert_eq!(request.to_string(), "create /a\\u{a}😀");
    }
}
