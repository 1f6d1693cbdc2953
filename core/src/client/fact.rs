//! What happens to a client, and how it is told.

use super::recipes::{Call, Progress};
use crate::explain::{Explain, Rule, Weight};
use crate::ids::ServerId;
use crate::zookeeper::{ErrorCode, Reply, Request, SessionId, WatchEvent};

/// What happened to a client, as it sees it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ClientFact {
    /// Its session is served.
    Connected {
        /// By this server.
        server: ServerId,
        /// The session.
        session: SessionId,
        /// Whether the session existed before.
        resumed: bool,
    },
    /// Its connection is gone.
    Disconnected {
        /// With this server.
        server: ServerId,
        /// How it ended.
        end: ConnectionEnd,
        /// Whether the server had served it.
        was_served: bool,
    },
    /// It goes on at another server because it was told to.
    Moves {
        /// The server it leaves.
        from: ServerId,
        /// The server it goes to.
        to: ServerId,
    },
    /// A watch of it was triggered.
    Notified {
        /// What it is told.
        event: WatchEvent,
    },
    /// A recipe that it runs has come a step further.
    Recipe {
        /// What was asked for.
        call: Call,
        /// The step that it is at.
        step: &'static str,
        /// How far it has come.
        progress: Progress,
    },
    /// Its session is no more.
    Expired,
    /// An operation was asked for.
    Invoked {
        /// Its number.
        number: u64,
        /// The operation; none for the closing of the session.
        request: Option<Request>,
    },
    /// An operation is over.
    Answered {
        /// Its number.
        number: u64,
        /// The operation; none for the closing of the session.
        request: Option<Request>,
        /// The answer.
        reply: Reply,
    },
}

/// How a connection ended for its client.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ConnectionEnd {
    /// The server refused or closed it, or is down.
    Closed,
    /// Nothing was heard of the server for two thirds of the timeout.
    Silent,
}

/// An operation as the command language writes it.
fn name(request: Option<&Request>) -> String {
    request.map_or_else(|| "close".into(), ToString::to_string)
}

impl Explain for ClientFact {
    fn what(&self) -> String {
        match self {
            Self::Connected {
                server,
                session,
                resumed: false,
            } => {
                format!("has session {session} with {server}")
            }
            Self::Connected {
                server,
                session,
                resumed: true,
            } => {
                format!("goes on with session {session} at {server}")
            }
            Self::Disconnected {
                server,
                was_served: true,
                ..
            } => format!("loses {server}"),
            Self::Disconnected {
                server,
                was_served: false,
                ..
            } => {
                format!("is not served by {server}")
            }
            Self::Moves { from, to } => format!("leaves {from} for {to}"),
            Self::Notified { event } => format!("is told: {event}"),
            Self::Recipe {
                call,
                step,
                progress,
            } => match progress {
                Progress::Running => format!("{call}: {step}"),
                Progress::Holds => format!("{call}: {}", call.kind.held()),
                Progress::Unsure => {
                    format!("{call}: has lost its connection and is sure of nothing")
                }
                Progress::Done => format!("{call}: done"),
                Progress::Failed(code) => format!("{call}: ends with {}", code.name()),
            },
            Self::Expired => "learns that its session has expired".into(),
            Self::Invoked { request, .. } => format!("asks: {}", name(request.as_ref())),
            Self::Answered {
                request,
                reply: Ok(response),
                ..
            } => {
                format!("{} → {response}", name(request.as_ref()))
            }
            Self::Answered {
                request,
                reply: Err(code),
                ..
            } => {
                format!("{} → {}", name(request.as_ref()), code.name())
            }
        }
    }

    fn why(&self) -> Option<String> {
        match self {
            Self::Disconnected {
                end: ConnectionEnd::Closed,
                ..
            } => Some("the server closed the connection, refused it or is down".into()),
            Self::Disconnected {
                end: ConnectionEnd::Silent,
                ..
            } => Some("it heard nothing for two thirds of its session timeout".into()),
            Self::Notified { .. } => Some("it watches for that".into()),
            Self::Expired => Some("only a server can say so: the leader ended it".into()),
            Self::Answered {
                reply: Err(code), ..
            } => Some(code.explain().into()),
            _ => None,
        }
    }

    fn rule(&self) -> Option<Rule> {
        match self {
            Self::Disconnected {
                end: ConnectionEnd::Silent,
                ..
            } => Some(Rule {
                text: "A client pings after a third of its timeout and gives up after two thirds",
                source: "ZooKeeper §4.4",
            }),
            Self::Answered {
                reply: Err(ErrorCode::ConnectionLoss),
                ..
            } => Some(Rule {
                text: "After a lost connection nobody knows whether a write took effect",
                source: "ZooKeeper, Programmer's Guide",
            }),
            _ => None,
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Invoked { .. }
            | Self::Moves { .. }
            | Self::Recipe {
                progress: Progress::Running,
                ..
            } => Weight::Step,
            _ => Weight::Turn,
        }
    }
}
