//! What a client and its server say to each other over their connection.
//!
//! The frames of ZooKeeper's client protocol, typed instead of encoded. They travel in order, both
//! ways, for as long as the connection lives.

use super::{Password, Reply, Request, SessionId, WatchEvent, Xid, Zxid};
use crate::time::Duration;

/// A session's id with the password that proves it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Credentials {
    /// The session.
    pub session: SessionId,
    /// Its password, known to the service and to the client that opened it.
    pub password: Password,
}

/// From a client to its server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ToServer {
    /// The first frame of a connection.
    Connect {
        /// The session to go on with; none to open a new one.
        session: Option<Credentials>,
        /// The session timeout that the client asks for.
        timeout: Duration,
        /// The highest zxid that the client has seen.
        last_zxid: Zxid,
        /// Whether it would be content with a server that can only be read from.
        read_only: bool,
    },
    /// An operation.
    Request {
        /// Its number within the session.
        xid: Xid,
        /// The operation.
        request: Request,
    },
    /// A sign of life.
    Ping,
    /// The client is done and wants its session closed.
    Close {
        /// Its number within the session.
        xid: Xid,
    },
}

/// From a server to its client.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ToClient {
    /// The session is open, or goes on, at this server.
    Connected {
        /// Its id and password.
        session: Credentials,
        /// The timeout it was granted.
        timeout: Duration,
        /// Whether this server can only be read from.
        read_only: bool,
    },
    /// The session has expired, or the password is wrong: the service does not tell which.
    Expired,
    /// The answer to an operation.
    Reply {
        /// The operation's number.
        xid: Xid,
        /// The last zxid that the server had applied when it answered.
        zxid: Zxid,
        /// The answer.
        reply: Reply,
    },
    /// A watch was triggered. It comes before every answer that reflects what triggered it.
    Event {
        /// What happened.
        event: WatchEvent,
        /// The transaction that did it; none where it is not known, because it was missed while
        /// the client was away (as ZooKeeper says it from 3.9 on).
        zxid: Option<Zxid>,
    },
    /// The answer to a sign of life.
    Pong,
}
