//! What happened, and what the world itself has to say of it.

use super::network::Death;
use crate::client::ClientFact;
use crate::explain::{Explain, Rule, Weight};
use crate::ids::{ClientId, Endpoint, EventId, MessageId, ServerId};
use crate::raft::{Configuration, RaftFact};
use crate::server::ServerFact;
use crate::time::{Duration, Time};
use crate::zab::{RestartError, ZabFact};

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The event that it belongs to.
    pub event: EventId,
    /// When.
    pub time: Time,
    /// Who did it; none for the network and for the reader.
    pub who: Option<Endpoint>,
    /// The latest event with a record that led to this one.
    pub cause: Option<EventId>,
    /// What.
    pub fact: Fact,
}

/// What happened, in the words of the room that it happened in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// In a replica.
    Raft(RaftFact),
    /// In a replica, under Zab.
    Zab(ZabFact),
    /// Between a server and its clients.
    Server(ServerFact),
    /// In a client.
    Client(ClientFact),
    /// In the world around them.
    World(WorldFact),
}

impl Fact {
    fn explain(&self) -> &dyn Explain {
        match self {
            Self::Raft(fact) => fact,
            Self::Zab(fact) => fact,
            Self::Server(fact) => fact,
            Self::Client(fact) => fact,
            Self::World(fact) => fact,
        }
    }
}

impl Explain for Fact {
    fn what(&self) -> String {
        self.explain().what()
    }

    fn why(&self) -> Option<String> {
        self.explain().why()
    }

    fn rule(&self) -> Option<Rule> {
        self.explain().rule()
    }

    fn weight(&self) -> Weight {
        self.explain().weight()
    }
}

/// What happened in the world around the servers: what the reader did, and what became of messages.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the sentence of each variant, below, says what it is
pub enum WorldFact {
    Started {
        servers: u16,
    },
    Crashed {
        server: ServerId,
        lost_writes: usize,
    },
    Restarted {
        server: ServerId,
    },
    RestartRefused {
        server: ServerId,
        why: RestartError,
    },
    Paused {
        server: ServerId,
    },
    Resumed {
        server: ServerId,
        waiting: usize,
    },
    TimerSet {
        server: ServerId,
        rings_in: Duration,
    },
    Wiped {
        server: ServerId,
    },
    DiskLatency {
        server: ServerId,
        latency: Duration,
    },
    DiskFull {
        server: ServerId,
        full: bool,
    },
    ClockSet {
        server: ServerId,
        ahead_us: i64,
    },
    ClockDrifts {
        server: ServerId,
        ppm: i32,
    },
    Cut {
        from: Endpoint,
        to: Endpoint,
        both: bool,
    },
    Healed {
        from: Endpoint,
        to: Endpoint,
        both: bool,
    },
    HealedAll,
    Isolated {
        end: Endpoint,
    },
    Rejoined {
        end: Endpoint,
    },
    Partitioned {
        groups: Vec<Vec<Endpoint>>,
    },
    LinkChanged {
        link: Option<(ServerId, ServerId)>,
    },
    MessageDropped {
        message: MessageId,
        kind: &'static str,
        from: Endpoint,
        to: Endpoint,
    },
    MessageHeld {
        message: MessageId,
        kind: &'static str,
        from: Endpoint,
        to: Endpoint,
    },
    MessageReleased {
        message: MessageId,
        kind: &'static str,
        from: Endpoint,
        to: Endpoint,
    },
    MessageDelayed {
        message: MessageId,
        kind: &'static str,
        by: Duration,
    },
    MessageDoubled {
        message: MessageId,
        kind: &'static str,
    },
    MessageHurried {
        message: MessageId,
        kind: &'static str,
    },
    MessageDied {
        message: MessageId,
        kind: &'static str,
        from: Endpoint,
        to: Endpoint,
        why: Death,
    },
    ServerAdded {
        server: ServerId,
    },
    Reconfigured {
        server: ServerId,
        to: Configuration,
    },
    JointLeft {
        server: ServerId,
    },
    ClientStarted {
        client: ClientId,
    },
    ClientKilled {
        client: ClientId,
    },
}

impl Death {
    /// The cause of death in the view's words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Cut => "cut",
            Self::Dropped => "dropped",
            Self::DeadServer => "dead server",
            Self::StaleTerm => "stale term",
            Self::ConnectionClosed => "connection closed",
        }
    }
}

fn arrow(both: bool) -> &'static str {
    if both { "—" } else { "→" }
}

impl Explain for WorldFact {
    /// A whole sentence: the reader's deeds begin with "you".
    fn what(&self) -> String {
        match self {
            Self::Started { servers: 1 } => "one server starts with an empty disk".into(),
            Self::Started { servers } => format!("{servers} servers start with empty disks"),
            Self::Crashed { server, .. } => format!("you crashed {server}"),
            Self::Restarted { server } => format!("you restarted {server}"),
            Self::RestartRefused { server, .. } => format!("{server} does not start"),
            Self::Paused { server } => format!("you paused {server}"),
            Self::Resumed { server, .. } => format!("you resumed {server}"),
            Self::TimerSet { server, rings_in } => {
                format!("you set the election timer of {server} to {rings_in}")
            }
            Self::Wiped { server } => format!("you wiped the disk of {server}"),
            Self::DiskLatency { server, latency } => {
                format!("you set the disk of {server} to {latency} a write")
            }
            Self::DiskFull { server, full: true } => format!("you filled the disk of {server}"),
            Self::DiskFull {
                server,
                full: false,
            } => {
                format!("you made room on the disk of {server}")
            }
            Self::ClockSet { server, ahead_us } => {
                let off = Duration::from_micros(ahead_us.unsigned_abs());
                let way = if *ahead_us < 0 { "behind" } else { "ahead" };
                format!("you set the clock of {server} {off} {way}")
            }
            Self::ClockDrifts { server, ppm: 0 } => {
                format!("you stopped the drift of {server}'s clock")
            }
            Self::ClockDrifts { server, ppm } => {
                format!("you made the clock of {server} drift by {ppm} ppm")
            }
            Self::Cut { from, to, both } => format!("you cut {from} {} {to}", arrow(*both)),
            Self::Healed { from, to, both } => format!("you healed {from} {} {to}", arrow(*both)),
            Self::HealedAll => "you healed every link".into(),
            Self::Isolated { end } => format!("you cut every link of {end}"),
            Self::Rejoined { end } => format!("you healed every link of {end}"),
            Self::Partitioned { groups } => {
                let groups: Vec<String> = groups
                    .iter()
                    .map(|group| {
                        group
                            .iter()
                            .map(ToString::to_string)
                            .collect::<Vec<_>>()
                            .join(" ")
                    })
                    .collect();
                format!("you parted {}", groups.join(" | "))
            }
            Self::LinkChanged {
                link: Some((from, to)),
            } => {
                format!("you changed the link {from} → {to}")
            }
            Self::LinkChanged { link: None } => {
                "you changed the network between all servers".into()
            }
            Self::MessageDropped { kind, from, to, .. } => {
                format!("you dropped {kind} from {from} to {to}")
            }
            Self::MessageHeld { kind, from, to, .. } => {
                format!("you held {kind} from {from} to {to}")
            }
            Self::MessageReleased { kind, from, to, .. } => {
                format!("you let {kind} from {from} to {to} go on")
            }
            Self::MessageDelayed { message, kind, by } => {
                format!("you delayed {kind} {message} by {by}")
            }
            Self::MessageDoubled { message, kind } => format!("you doubled {kind} {message}"),
            Self::MessageHurried { message, kind } => {
                format!("you delivered {kind} {message} at once")
            }
            Self::MessageDied { kind, from, to, .. } => {
                format!("{kind} from {from} to {to} is lost")
            }
            Self::ServerAdded { server } => format!("you added {server} with an empty disk"),
            Self::Reconfigured { server, to } => {
                format!("you asked {server} for the configuration {to}")
            }
            Self::JointLeft { server } => {
                format!("you asked {server} to leave the joint configuration")
            }
            Self::ClientStarted { client } => format!("you started client {client}"),
            Self::ClientKilled { client } => format!("you killed client {client}"),
        }
    }

    fn why(&self) -> Option<String> {
        match self {
            Self::Crashed { lost_writes: 0, .. } => None,
            Self::Crashed { lost_writes: 1, .. } => {
                Some("the write that its disk had not confirmed is lost with it".into())
            }
            Self::Crashed { lost_writes, .. } => Some(format!(
                "{lost_writes} writes that its disk had not confirmed are lost with it"
            )),
            Self::RestartRefused { why, .. } => Some(format!("on its disk, {why}")),
            Self::MessageDied { from, to, why, .. } => Some(match why {
                Death::Lost => "the network loses messages".into(),
                Death::Cut => format!("the link {from} → {to} is cut"),
                Death::Dropped => "you dropped it".into(),
                Death::DeadServer => format!("{to} is down"),
                Death::StaleTerm => "its term is over".into(),
                Death::ConnectionClosed => "the connection is closed".into(),
            }),
            _ => None,
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::MessageDied { kind, .. } if is_routine(kind) => Weight::Quiet,
            Self::MessageDied { .. } => Weight::Step,
            _ => Weight::Turn,
        }
    }
}

/// Whether a message only says "still here".
fn is_routine(kind: &str) -> bool {
    matches!(
        kind,
        "Heartbeat" | "HeartbeatReply" | "Touch" | "Ping" | "Pong" | "PING"
    )
}
