//! Transactions: what a request does, decided once and for all.

use std::fmt;
use std::sync::Arc;

use super::response::{MultiFailure, write_path};
use super::{Acl, Data, ErrorCode, Members, Owner, Password, SessionId, Version, Xid, Zxid};
use crate::ids::ServerId;
use crate::time::{Duration, Time};

/// Who asked for a transaction, and its place and time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TxnHeader {
    /// The session it came from.
    pub session: SessionId,
    /// The number of the request within that session.
    pub xid: Xid,
    /// Its place in the total order.
    pub zxid: Zxid,
    /// The leader's clock when it was proposed.
    pub time: Time,
}

/// A change with nothing left to decide. It says what *is* afterwards, never what is added, so
/// that a server which installs it twice ends where one does that installed it once.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Txn {
    /// A znode comes into being.
    Create {
        /// Its actual path, sequential digits included.
        path: Arc<str>,
        /// What it holds.
        data: Option<Data>,
        /// Who may do what with it.
        acl: Acl,
        /// What its life depends on.
        owner: Owner,
        /// The parent's count of creates afterwards.
        parent_creates: Version,
        /// Whether whoever asked is told the stat.
        answers_stat: bool,
    },
    /// A znode goes.
    Delete {
        /// Which.
        path: Arc<str>,
    },
    /// A znode holds other data.
    SetData {
        /// Which.
        path: Arc<str>,
        /// What it holds afterwards.
        data: Option<Data>,
        /// Its version afterwards.
        version: Version,
    },
    /// A znode has another access control list.
    SetAcl {
        /// Which.
        path: Arc<str>,
        /// Who may do what with it afterwards.
        acl: Acl,
        /// The list's version afterwards.
        version: Version,
    },
    /// Nothing changes: a znode is there and at the version asked for.
    Check {
        /// Which.
        path: Arc<str>,
    },
    /// Several changes that are one.
    Multi(Vec<Txn>),
    /// Several changes of which one cannot be, so none is.
    MultiFailed(MultiFailure),
    /// A session begins.
    CreateSession {
        /// How long it may stay silent.
        timeout: Duration,
        /// What its client must show to resume it.
        password: Password,
        /// The server that its client is connected with.
        owner: ServerId,
    },
    /// A session goes on.
    AttachSession {
        /// How long it may stay silent from now on.
        timeout: Duration,
        /// The server that its client is connected with now.
        owner: ServerId,
    },
    /// Nothing changes: who asked has now seen everything before it.
    Sync {
        /// The path that was given.
        path: Arc<str>,
    },
    /// A session ends and takes its ephemerals along, all in this one transaction.
    CloseSession {
        /// The znodes that go with it.
        ephemerals: Vec<Arc<str>>,
    },
    /// A request that failed. It changes nothing, yet it has a zxid and an answer.
    Error(ErrorCode),
    /// The ensemble has other members.
    Configure {
        /// All of them.
        members: Members,
    },
}

/// Version, zxid or duration: what a transaction holds beside paths, data and lists.
const TXN_FIELDS: usize = 16;

impl Txn {
    /// Bytes that it takes, in the log or in a message.
    pub fn size(&self) -> usize {
        let variable = match self {
            Self::Create {
                path, data, acl, ..
            } => path.len() + data.as_ref().map_or(0, Data::len) + acl.encoded_size(),
            Self::SetData { path, data, .. } => path.len() + data.as_ref().map_or(0, Data::len),
            Self::SetAcl { path, acl, .. } => path.len() + acl.encoded_size(),
            Self::Delete { path } | Self::Check { path } | Self::Sync { path } => path.len(),
            Self::Multi(txns) => txns.iter().map(Self::size).sum(),
            Self::CloseSession { ephemerals } => ephemerals.iter().map(|path| path.len()).sum(),
            Self::Configure { members } => members.size(),
            Self::MultiFailed(_)
            | Self::CreateSession { .. }
            | Self::AttachSession { .. }
            | Self::Error(_) => 0,
        };
        TXN_FIELDS + variable
    }
}

/// Something that a transaction did to the tree, in the order in which it did it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Change {
    /// A znode was created.
    Created {
        /// Its path.
        path: Arc<str>,
    },
    /// A znode was deleted.
    Deleted {
        /// Its path.
        path: Arc<str>,
    },
    /// A znode's data were set.
    DataChanged {
        /// Its path.
        path: Arc<str>,
    },
}

/// A label: `create /app`, `set /app to version 3`, `error NONODE`.
impl fmt::Display for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { path, .. } => {
                f.write_str("create ")?;
                write_path(f, path)
            }
            Self::Delete { path } => {
                f.write_str("delete ")?;
                write_path(f, path)
            }
            Self::SetData { path, version, .. } => {
                f.write_str("set ")?;
                write_path(f, path)?;
                write!(f, " to version {version}")
            }
            Self::SetAcl { path, version, .. } => {
                f.write_str("setacl ")?;
                write_path(f, path)?;
                write!(f, " to version {version}")
            }
            Self::Check { path } => {
                f.write_str("check ")?;
                write_path(f, path)
            }
            Self::Multi(txns) => {
                f.write_str("multi [")?;
                for (position, txn) in txns.iter().enumerate() {
                    f.write_str(if position > 0 { ", " } else { "" })?;
                    txn.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::MultiFailed(failure) => write!(f, "multi error {}", failure.code),
            Self::CreateSession { .. } => f.write_str("open session"),
            Self::AttachSession { .. } => f.write_str("resume session"),
            Self::Sync { path } => {
                f.write_str("sync ")?;
                write_path(f, path)
            }
            Self::CloseSession { ephemerals } => match ephemerals.len() {
                0 => f.write_str("close session"),
                1 => f.write_str("close session, delete 1 ephemeral"),
                many => write!(f, "close session, delete {many} ephemerals"),
            },
            Self::Configure { .. } => f.write_str("reconfig"),
            Self::Error(code) => write!(f, "error {code}"),
        }
    }
}
