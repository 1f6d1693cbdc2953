//! What Raft replicates: a client's wish, stamped by the leader.

use std::fmt;
use std::sync::Arc;

use super::{Identities, Password, Request, SessionId, Xid};
use crate::ids::ServerId;
use crate::time::{Duration, Time};

/// A request on its way through the log.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Command {
    /// The session that asks, or that is opened or closed.
    pub session: SessionId,
    /// The request's number within the session; with it a duplicate is recognised. Counts up from
    /// above the one that opened the session.
    pub xid: Xid,
    /// The leader's clock when it proposed the command; the tree knows no other.
    pub time: Time,
    /// The server that took it in.
    pub origin: ServerId,
    /// Who the connection that it came over had proved to be.
    pub identities: Identities,
    /// Where the command asks for another ensemble: who follows the leader's log, which like the
    /// time nobody but the leader can tell.
    pub in_step: Vec<ServerId>,
    /// What shall change.
    pub update: Update,
}

/// What a command changes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Update {
    /// Opens the session.
    CreateSession {
        /// How long it may stay silent, as negotiated.
        timeout: Duration,
        /// What its client must show to resume it.
        password: Password,
    },
    /// Goes on with the session over another connection, perhaps at another server.
    AttachSession {
        /// How long it may stay silent from now on, as negotiated.
        timeout: Duration,
        /// What the client shows.
        password: Password,
    },
    /// Ends the session and deletes its ephemerals.
    CloseSession {
        /// Whether the leader found it silent for too long; else its client asked.
        expired: bool,
    },
    /// Deletes a container that is empty again, or a znode whose life is over, if that is still so.
    Sweep {
        /// Which.
        path: Arc<str>,
    },
    /// A request that goes through the log: a write, a check, or a sync.
    Write(Request),
}

impl Command {
    /// Whether both are the same command, though a leader may have stamped one of them.
    pub fn is_same(&self, other: &Self) -> bool {
        self.session == other.session && self.xid == other.xid && self.update == other.update
    }
}

/// Session, xid, time and origin, in front of every command.
const COMMAND_HEADER: usize = 8 + 4 + 8 + 2;

/// The number of a server.
const SERVER: usize = 2;

impl Command {
    /// Bytes that it takes, in the log or in a message.
    pub fn size(&self) -> usize {
        COMMAND_HEADER
            + self.identities.size()
            + self.in_step.len() * SERVER
            + match &self.update {
                Update::CreateSession { .. } | Update::AttachSession { .. } => 8 + 16,
                Update::CloseSession { .. } => 1,
                Update::Sweep { path } => path.len(),
                Update::Write(request) => request.frame_size(),
            }
    }
}

/// A label: `create /app`, `open 0x1…`, `close 0x1…`, `expire 0x1…` with the session's id in full.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.update {
            Update::CreateSession { .. } => write!(f, "open {}", self.session),
            Update::AttachSession { .. } => write!(f, "resume {}", self.session),
            Update::CloseSession { expired: false } => write!(f, "close {}", self.session),
            Update::CloseSession { expired: true } => write!(f, "expire {}", self.session),
            Update::Sweep { path } => {
                f.write_str("sweep ")?;
                super::response::write_path(f, path)
            }
            Update::Write(request) => request.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_labelled_by_what_it_does() {
        let label = |update| {
            Command {
                session: SessionId::new(0x1a),
                xid: Xid::new(1),
                time: Time::ZERO,
                origin: ServerId::new(1),
                identities: Identities::default(),
                in_step: Vec::new(),
                update,
            }
            .to_string()
        };
        let write = Update::Write(Request::Delete {
            path: "/app".into(),
            version: -1,
        });
        assert_eq!(label(write), "delete /app");
        let open = Update::CreateSession {
            timeout: Duration::ZERO,
            password: Password::new([0; 16]),
        };
        assert_eq!(label(open), "open 0x1a");
        assert_eq!(label(Update::CloseSession { expired: true }), "expire 0x1a");
        assert_eq!(label(Update::CloseSession { expired: false }), "close 0x1a");
    }
}
