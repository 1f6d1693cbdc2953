//! What clients ask.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::path::{self, PathError};
use super::response::write_path;
use super::watch::{AddWatchMode, WatchKind, WatchLists};
use super::{ANY_VERSION, Acl, CreateMode, Data, Reconfig, Version};

/// The largest message of a client, in bytes without the length in front of it (ZooKeeper,
/// `jute.maxbuffer`). A server drops the connection that sends more; the session lives on.
pub const MAX_FRAME: usize = 1_048_575;

/// Xid and operation code, in front of every request.
const REQUEST_HEADER: usize = 8;
/// In front of every operation of a multi, and once after the last: type, whether it is the last,
/// and room for an error.
const MULTI_HEADER: usize = 9;
/// The length in front of a text or of bytes, a count, a version, a flag word.
const INT: usize = 4;
const LONG: usize = 8;
const BOOL: usize = 1;

/// A client's operation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Creates a znode.
    Create {
        /// Where; a sequential mode appends ten digits.
        path: Arc<str>,
        /// What it holds.
        data: Option<Data>,
        /// Who may do what with it.
        acl: Acl,
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
    /// Replaces a znode's access control list.
    SetAcl {
        /// Which.
        path: Arc<str>,
        /// Who may do what with it.
        acl: Acl,
        /// The version that its list must be at, or [`ANY_VERSION`](super::ANY_VERSION).
        version: Version,
    },
    /// Asks that a znode is there and at a version; made for a [`Multi`](Self::Multi).
    Check {
        /// Which.
        path: Arc<str>,
        /// The version it must be at, or [`ANY_VERSION`](super::ANY_VERSION).
        version: Version,
    },
    /// Creates, deletes, sets and checks, all or nothing.
    Multi(Arc<[Request]>),
    /// Asks for a znode's stat.
    Exists {
        /// Which.
        path: Arc<str>,
        /// Whether to tell once when it is created, deleted or its data are set.
        watch: bool,
    },
    /// Asks for a znode's data and stat.
    Get {
        /// Which.
        path: Arc<str>,
        /// Whether to tell once when it is deleted or its data are set.
        watch: bool,
    },
    /// Asks for the names of a znode's children and its stat.
    Children {
        /// Which.
        path: Arc<str>,
        /// Whether to tell once when it is deleted or a child of it created or deleted.
        watch: bool,
    },
    /// Asks how many znodes there are below one.
    AllChildrenNumber {
        /// Which.
        path: Arc<str>,
    },
    /// Asks for the session's own ephemerals.
    Ephemerals {
        /// How their paths begin.
        prefix: Arc<str>,
    },
    /// Asks for a znode's access control list and stat.
    GetAcl {
        /// Which.
        path: Arc<str>,
    },
    /// Several reads at once, each answered for itself.
    MultiRead(Arc<[Request]>),
    /// Asks that everything the leader has proposed by now is seen by the reads that follow.
    Sync {
        /// Handed back; nothing looks at it.
        path: Arc<str>,
    },
    /// A read that sees every write which was answered before it was asked, whichever server it
    /// goes to. Only reads stand in it; see [`Request::linearizable`].
    Linearizable(Arc<Self>),
    /// Proves an identity to the server, for this connection.
    AddAuth {
        /// In which way.
        scheme: Arc<str>,
        /// With what.
        credential: Arc<str>,
    },
    /// Asks who the connection has proved to be.
    WhoAmI,
    /// Asks to be told of changes until the watch is removed.
    AddWatch {
        /// Of which znode.
        path: Arc<str>,
        /// Of this znode only, or of all below it, too.
        mode: AddWatchMode,
    },
    /// Asks whether there is a watch.
    CheckWatches {
        /// On which path.
        path: Arc<str>,
        /// Of which kind.
        kind: WatchKind,
    },
    /// Takes watches away.
    RemoveWatches {
        /// From which path.
        path: Arc<str>,
        /// Of which kind.
        kind: WatchKind,
    },
    /// Registers anew, after a reconnection, the watches of the connection that was lost; what
    /// happened in between is told at once.
    SetWatches(Arc<WatchLists>),
    /// Changes who belongs to the ensemble.
    Reconfig(Arc<Reconfig>),
}

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
    /// A create that lets everybody do everything with the znode.
    pub fn create(path: &str, data: Option<Data>, mode: CreateMode) -> Self {
        Self::Create {
            path: path.into(),
            data,
            acl: Acl::open(),
            mode,
        }
    }

    /// Asks for a znode's stat, without a watch.
    pub fn exists(path: &str) -> Self {
        let path = path.into();
        Self::Exists { path, watch: false }
    }

    /// Asks for a znode's data and stat, without a watch.
    pub fn get(path: &str) -> Self {
        let path = path.into();
        Self::Get { path, watch: false }
    }

    /// Asks for a znode's children and stat, without a watch.
    pub fn children(path: &str) -> Self {
        let path = path.into();
        Self::Children { path, watch: false }
    }

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

    /// The version that its znode must be at, if it must be at one.
    pub fn demanded_version(&self) -> Option<Version> {
        match *self {
            Self::Delete { version, .. }
            | Self::Set { version, .. }
            | Self::SetAcl { version, .. }
            | Self::Check { version, .. } => Some(version).filter(|known| *known != ANY_VERSION),
            _ => None,
        }
    }

    /// The same, whatever version it demands.
    pub(super) fn at_any_version(&self) -> Self {
        let mut any = self.clone();
        match &mut any {
            Self::Delete { version, .. }
            | Self::Set { version, .. }
            | Self::SetAcl { version, .. }
            | Self::Check { version, .. } => *version = ANY_VERSION,
            _ => {}
        }
        any
    }

    /// The path that the operation names, if it names one.
    pub fn path(&self) -> Option<&Arc<str>> {
        match self {
            Self::Create { path, .. }
            | Self::Delete { path, .. }
            | Self::Set { path, .. }
            | Self::SetAcl { path, .. }
            | Self::Check { path, .. }
            | Self::Exists { path, .. }
            | Self::Get { path, .. }
            | Self::Children { path, .. }
            | Self::AllChildrenNumber { path }
            | Self::Ephemerals { prefix: path }
            | Self::GetAcl { path }
            | Self::Sync { path }
            | Self::AddWatch { path, .. }
            | Self::CheckWatches { path, .. }
            | Self::RemoveWatches { path, .. } => Some(path),
            Self::Multi(_)
            | Self::MultiRead(_)
            | Self::Reconfig(_)
            | Self::AddAuth { .. }
            | Self::WhoAmI
            | Self::SetWatches(_) => None,
            Self::Linearizable(read) => read.path(),
        }
    }

    /// The operation's name: `create`, `get`, …
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Delete { .. } => "delete",
            Self::Set { .. } => "set",
            Self::SetAcl { .. } => "setacl",
            Self::Check { .. } => "check",
            Self::Multi(_) => "multi",
            Self::Reconfig(_) => "reconfig",
            Self::Exists { .. } => "exists",
            Self::Get { .. } => "get",
            Self::Children { .. } => "children",
            Self::AllChildrenNumber { .. } => "descendants",
            Self::Ephemerals { .. } => "ephemerals",
            Self::GetAcl { .. } => "getacl",
            Self::MultiRead(_) => "multiread",
            Self::Sync { .. } => "sync",
            Self::AddAuth { .. } => "addauth",
            Self::WhoAmI => "whoami",
            Self::AddWatch { .. } => "addwatch",
            Self::CheckWatches { .. } => "checkwatch",
            Self::RemoveWatches { .. } => "removewatch",
            Self::SetWatches(_) => "setwatches",
            Self::Linearizable(read) => read.verb(),
        }
    }

    /// Whether it may change the tree, or the ensemble, which the tree tells of.
    pub const fn is_write(&self) -> bool {
        matches!(
            self,
            Self::Create { .. }
                | Self::Delete { .. }
                | Self::Set { .. }
                | Self::SetAcl { .. }
                | Self::Multi(_)
                | Self::Reconfig(_)
        )
    }

    /// Whether it may be one of a multi's operations.
    pub(super) const fn is_part_of_multi(&self) -> bool {
        matches!(
            self,
            Self::Create { .. } | Self::Delete { .. } | Self::Set { .. } | Self::Check { .. }
        )
    }

    /// Whether it goes through the log where requests are replicated as such: writes, a check,
    /// which is decided like one, and a sync, which is answered once everything before it is
    /// applied.
    pub const fn is_replicated(&self) -> bool {
        self.is_write() || matches!(self, Self::Sync { .. } | Self::Check { .. })
    }

    /// The check of its paths that a client makes before it sends anything.
    pub fn validate(&self) -> Result<(), PathError> {
        match self {
            Self::Create { path, mode, .. } if mode.is_sequential() => path::validate_prefix(path),
            Self::Multi(requests) | Self::MultiRead(requests) => {
                requests.iter().try_for_each(Self::validate)
            }
            // Any text may be how a path begins.
            Self::Ephemerals { .. } => Ok(()),
            _ => self.path().map_or(Ok(()), |path| path::validate(path)),
        }
    }

    /// Bytes of the message that carries it, as ZooKeeper encodes it.
    pub fn frame_size(&self) -> usize {
        REQUEST_HEADER + self.body_size()
    }

    fn body_size(&self) -> usize {
        let text = |text: &str| INT + text.len();
        let bytes = |data: &Option<Data>| INT + data.as_ref().map_or(0, Data::len);
        let rest = match self {
            Self::Create {
                data, acl, mode, ..
            } => {
                let ttl = mode.ttl().map_or(0, |_| LONG);
                bytes(data) + acl.encoded_size() + INT + ttl
            }
            Self::Set { data, .. } => bytes(data) + INT,
            Self::SetAcl { acl, .. } => acl.encoded_size() + INT,
            Self::Delete { .. }
            | Self::Check { .. }
            | Self::AddWatch { .. }
            | Self::CheckWatches { .. }
            | Self::RemoveWatches { .. } => INT,
            Self::Exists { .. } | Self::Get { .. } | Self::Children { .. } => BOOL,
            Self::Multi(requests) | Self::MultiRead(requests) => {
                let operation = |it: &Self| MULTI_HEADER + it.body_size();
                requests.iter().map(operation).sum::<usize>() + MULTI_HEADER
            }
            Self::Reconfig(change) => change.encoded_size(),
            Self::AddAuth { scheme, credential } => INT + text(scheme) + text(credential),
            Self::SetWatches(lists) => {
                let list =
                    |paths: &Vec<Arc<str>>| INT + paths.iter().map(|p| text(p)).sum::<usize>();
                LONG + lists.all().into_iter().map(list).sum::<usize>()
            }
            Self::AllChildrenNumber { .. }
            | Self::Ephemerals { .. }
            | Self::GetAcl { .. }
            | Self::Sync { .. }
            | Self::WhoAmI => 0,
            // The flag is a byte.
            Self::Linearizable(read) => return read.body_size() + 1,
        };
        self.path().map_or(0, |path| text(path)) + rest
    }

    /// Whether a server would read it at all.
    pub fn check_size(&self) -> Result<(), FrameTooLarge> {
        match self.frame_size() {
            size if size > MAX_FRAME => Err(FrameTooLarge { size }),
            _ => Ok(()),
        }
    }
}

/// A label: `create /app`, `multi [set /a, delete /b]`.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Linearizable(read) = self {
            return write!(f, "{read} linearizable");
        }
        f.write_str(self.verb())?;
        match self {
            Self::Multi(requests) | Self::MultiRead(requests) => {
                f.write_str(" [")?;
                for (position, request) in requests.iter().enumerate() {
                    f.write_str(if position > 0 { ", " } else { "" })?;
                    request.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Reconfig(change) => change.fmt(f),
            Self::AddAuth { scheme, .. } => {
                f.write_str(" ")?;
                write_path(f, scheme)
            }
            _ => match self.path() {
                Some(path) => {
                    f.write_str(" ")?;
                    write_path(f, path)
                }
                None => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linearizable_read_is_written_as_one() {
        let read = Request::get("/app").linearizable();
        assert_eq!(read.to_string(), "get /app linearizable");
    }

    fn create(path: &str, data: usize, mode: CreateMode) -> Request {
        Request::create(path, Some(Data::new(vec![b'x'; data])), mode)
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
        assert!(Request::get(&path).validate().is_err());
        assert!(Request::Delete { path, version: 0 }.validate().is_err());
    }

    #[test]
    fn only_create_delete_and_set_are_writes() {
        let path: Arc<str> = "/a".into();
        assert!(create("/a", 0, CreateMode::Persistent).is_write());
        for read in [
            Request::exists("/a"),
            Request::get("/a"),
            Request::children("/a"),
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
