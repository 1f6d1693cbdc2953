//! What happens between a server and its clients, and how it is told.

use std::sync::Arc;

use crate::explain::{Explain, Rule, Weight};
use crate::ids::{ConnectionId, ServerId};
use crate::zookeeper::{SessionId, WatchEvent};

/// What happened between a server and its clients.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ServerFact {
    /// The leader has not heard of a session's client for its whole timeout.
    SessionSilent {
        /// The session.
        session: SessionId,
    },
    /// Under Zab, the leader was asked whether a session may go on at a server.
    Revalidated {
        /// The session.
        session: SessionId,
        /// The server that its client has come to.
        server: ServerId,
        /// It may.
        is_alive: bool,
    },
    /// A session's expiry was applied here.
    SessionExpired {
        /// The session.
        session: SessionId,
    },
    /// The leader has seen that nothing keeps a znode any more.
    Sweeps {
        /// The znode.
        path: Arc<str>,
    },
    /// A change has triggered watches of this server's clients.
    WatchesFired {
        /// What the first of them is told.
        event: WatchEvent,
        /// How many are told.
        told: u32,
    },
    /// A client connection was closed from this side.
    ClosedConnection {
        /// The connection.
        connection: ConnectionId,
        /// Why.
        reason: CloseReason,
    },
}

/// Why a server closes a client connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CloseReason {
    /// It knows no leader.
    NoLeader,
    /// The client has seen a later state than this server has.
    ClientIsAhead,
    /// The session has expired.
    Expired,
    /// The session goes on over another connection.
    SessionMoved,
    /// The server took over a snapshot.
    Overtaken,
    /// The client sent more than a message may hold.
    FrameTooLarge,
    /// The client could not prove who it is.
    AuthFailed,
    /// The server could only be read from, and has found a leader now.
    LeaderFound,
}

impl Explain for ServerFact {
    fn what(&self) -> String {
        match self {
            Self::SessionSilent { session } => format!("proposes to expire session {session}"),
            Self::Revalidated {
                session,
                server,
                is_alive: true,
            } => format!("lets session {session} go on at {server}"),
            Self::Revalidated {
                session, server, ..
            } => format!("does not let session {session} go on at {server}"),
            Self::SessionExpired { session } => {
                format!("ends session {session} and deletes its ephemeral znodes")
            }
            Self::Sweeps { path } => format!("proposes to delete {path}"),
            Self::WatchesFired { event, told: 1 } => format!("tells a watcher: {event}"),
            Self::WatchesFired { event, told } => format!("tells {told} watchers: {event}"),
            Self::ClosedConnection { .. } => "closes a client's connection".into(),
        }
    }

    fn why(&self) -> Option<String> {
        Some(match self {
            Self::SessionSilent { .. } => {
                "nothing was heard of its client for the whole session timeout".into()
            }
            Self::Revalidated { is_alive: true, .. } => {
                "the session is alive, and its client has come there".into()
            }
            Self::Revalidated { .. } => "there is no such session any more".into(),
            Self::SessionExpired { .. } => "its expiry is committed".into(),
            Self::Sweeps { .. } => {
                "it has no children, and its last child or its time to live is gone".into()
            }
            Self::WatchesFired { .. } => "the change that they watch for is applied here".into(),
            Self::ClosedConnection { reason, .. } => match reason {
                CloseReason::NoLeader => "it knows no leader, so it must not serve anyone".into(),
                CloseReason::ClientIsAhead => {
                    "the client has seen a later state than this server holds".into()
                }
                CloseReason::Expired => "the session has expired".into(),
                CloseReason::SessionMoved => "the session goes on elsewhere".into(),
                CloseReason::Overtaken => {
                    "it installed a snapshot, and cannot tell what became of the client's requests"
                        .into()
                }
                CloseReason::FrameTooLarge => "a message was larger than 1 MiB".into(),
                CloseReason::AuthFailed => "the client could not prove who it is".into(),
                CloseReason::LeaderFound => {
                    "it knows a leader again, so clients are to be served in full".into()
                }
            },
        })
    }

    fn rule(&self) -> Option<Rule> {
        Some(match self {
            Self::SessionSilent { .. } => Rule {
                text: "Only the leader expires sessions, and it does so through the log",
                source: "ZooKeeper, Sessions",
            },
            Self::Revalidated { .. } => Rule {
                text: "The leader knows at which server a session is, and refuses what comes by way of another",
                source: "ZooKeeper, LearnerHandler, REVALIDATE",
            },
            Self::SessionExpired { .. } => Rule {
                text: "An ephemeral znode lives as long as the session that created it",
                source: "ZooKeeper §2.1",
            },
            Self::ClosedConnection {
                reason: CloseReason::ClientIsAhead,
                ..
            } => Rule {
                text: "A client never sees the state go back, whichever server it talks to",
                source: "ZooKeeper §2.3, single system image",
            },
            Self::Sweeps { .. } => Rule {
                text: "An emptied container and a znode past its time to live are deleted by the leader, through the log",
                source: "ZooKeeper, Programmer's Guide, Container Nodes and TTL Nodes",
            },
            Self::WatchesFired { .. } => Rule {
                text: "A client sees the event of a watch before it sees the new state",
                source: "ZooKeeper, Programmer's Guide, Watches",
            },
            Self::ClosedConnection { .. } => return None,
        })
    }

    fn weight(&self) -> Weight {
        match self {
            Self::SessionExpired { .. } | Self::SessionSilent { .. } => Weight::Turn,
            Self::ClosedConnection { .. }
            | Self::Revalidated { .. }
            | Self::Sweeps { .. }
            | Self::WatchesFired { .. } => Weight::Step,
        }
    }
}
