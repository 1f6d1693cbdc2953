//! What clients are answered.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::{Acl, Data, ErrorCode, Identity, Stat};
use crate::time::Duration;

/// What a successful operation answers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// A znode was created.
    Created {
        /// Its actual path.
        path: Arc<str>,
        /// Its stat; not said for a plain create inside a multi.
        stat: Option<Stat>,
    },
    /// The znode was deleted.
    Deleted,
    /// A check was passed.
    Checked,
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
    /// How many znodes there are.
    Number(u32),
    /// Paths, in order.
    Paths(Vec<Arc<str>>),
    /// The access control list asked for.
    Acl {
        /// The list.
        acl: Acl,
        /// The znode's stat.
        stat: Stat,
    },
    /// All operations of a multi were done; their answers.
    Multi(Vec<Response>),
    /// One operation of a multi failed, so none was done.
    MultiFailed(MultiFailure),
    /// What each of several reads answers.
    MultiRead(Vec<Reply>),
    /// A sync has gone through.
    Synced {
        /// The path that was given.
        path: Arc<str>,
    },
    /// Who the connection has proved to be.
    Identities(Vec<Identity>),
    /// What was asked of the connection is so: an identity is proved, a watch is set, is there, or
    /// is taken away.
    Done,
    /// A session was opened.
    SessionCreated {
        /// Its timeout, as negotiated.
        timeout: Duration,
    },
    /// The session was closed.
    SessionClosed,
}

/// Why a multi was not done. ZooKeeper answers each operation with an error: those before the one
/// that failed with OK, those after it with RUNTIMEINCONSISTENCY.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MultiFailure {
    /// How many operations there are.
    pub operations: u32,
    /// The position of the one that failed, from 0.
    pub failed: u32,
    /// Why it failed.
    pub code: ErrorCode,
}

/// The outcome of an operation.
pub type Reply = Result<Response, ErrorCode>;

impl MultiFailure {
    /// The error of each operation, none where ZooKeeper says OK.
    pub fn codes(self) -> impl Iterator<Item = Option<ErrorCode>> {
        (0..self.operations).map(move |position| match position.cmp(&self.failed) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(self.code),
            std::cmp::Ordering::Greater => Some(ErrorCode::RuntimeInconsistency),
        })
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
            Self::Children { names: paths, .. } | Self::Paths(paths) => {
                list(f, paths, |f, path| write_path(f, path))
            }
            Self::Number(number) => number.fmt(f),
            Self::Acl { acl, .. } => write_path(f, &acl.to_string()),
            Self::Multi(responses) => list(f, responses, |f, response| response.fmt(f)),
            Self::MultiFailed(failure) => {
                write!(
                    f,
                    "nothing done: {} at {}",
                    failure.code,
                    failure.failed + 1
                )
            }
            Self::MultiRead(replies) => list(f, replies, |f, reply| match reply {
                Ok(response) => response.fmt(f),
                Err(code) => code.fmt(f),
            }),
            Self::Identities(identities) => list(f, identities, |f, identity| {
                write_path(f, &format!("{}:{}", identity.scheme, identity.id))
            }),
            Self::Deleted
            | Self::Checked
            | Self::Synced { .. }
            | Self::Done
            | Self::SessionCreated { .. }
            | Self::SessionClosed => f.write_str("ok"),
        }
    }
}

/// `[a, b]`.
fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    mut write: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_char('[')?;
    for (position, item) in items.iter().enumerate() {
        f.write_str(if position > 0 { ", " } else { "" })?;
        write(f, item)?;
    }
    f.write_char(']')
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

    #[test]
    fn a_failed_multi_says_ok_before_the_failure_and_inconsistent_after_it() {
        let failure = MultiFailure {
            operations: 4,
            failed: 1,
            code: ErrorCode::NoNode,
        };
        let later = Some(ErrorCode::RuntimeInconsistency);
        let codes: Vec<_> = failure.codes().collect();
        assert_eq!(codes, [None, Some(ErrorCode::NoNode), later, later]);
    }
}
