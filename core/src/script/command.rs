//! What a person can do to a cluster, as data.
//!
//! `Display` writes every type here as a line, or the part of a line, that parses to the same
//! value.

use super::error::Impossible;
use super::operation::Operation;
use super::recipe::Recipe;
use super::value::{Offset, Percent, Span};
use crate::ids::{ClientId, Endpoint, MessageId, ServerId};
use crate::raft::Transition;
use crate::server::Protocol;
use crate::time::Duration;

/// A server, as a person names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ServerRef {
    /// By its number.
    Id(ServerId),
    /// Whoever leads when the line runs: of the servers that are up and lead, the one with the
    /// highest term.
    Leader,
}

/// One end of a link, as a person names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndpointRef {
    /// A server.
    Server(ServerRef),
    /// A client.
    Client(ClientId),
}

/// One thing that a person can do to a cluster.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Command {
    /// Crashes a server. Of what it wrote and the disk has not confirmed, the first `keep` writes
    /// survive (none when it is not said).
    Crash {
        /// Which.
        server: ServerRef,
        /// How many unconfirmed writes survive.
        keep: Option<u32>,
    },
    /// Boots a crashed server from its disk.
    Restart {
        /// Which.
        server: ServerRef,
    },
    /// Brings all servers back: boots the crashed ones, resumes the paused ones.
    RestartAll,
    /// Stops a server as a long garbage collection does: what arrives waits.
    Pause {
        /// Which.
        server: ServerRef,
    },
    /// Lets a paused server go on.
    Resume {
        /// Which.
        server: ServerRef,
    },
    /// Makes a server's election timer run down now.
    TimeOut {
        /// Which.
        server: ServerRef,
    },
    /// Makes a server take a snapshot and drop what of its log that stands for.
    Snapshot {
        /// Which.
        server: ServerRef,
    },
    /// Makes a leader hand over.
    Transfer {
        /// The leader.
        from: ServerRef,
        /// Who is to take over.
        to: ServerRef,
    },
    /// Makes a follower forget its leader.
    ForgetLeader {
        /// Which.
        server: ServerRef,
    },
    /// Gives a server a priority in elections.
    Priority {
        /// Which.
        server: ServerRef,
        /// The higher is preferred; 0 is what everyone has.
        priority: u8,
    },
    /// Cuts every link of a server or client, both ways.
    Isolate {
        /// Which.
        endpoint: EndpointRef,
    },
    /// Cuts a link.
    Cut {
        /// One end.
        from: EndpointRef,
        /// The other end.
        to: EndpointRef,
        /// Both ways; otherwise only what goes from `from` to `to` is stopped.
        both: bool,
    },
    /// Heals a link.
    Heal {
        /// One end.
        from: EndpointRef,
        /// The other end.
        to: EndpointRef,
        /// Both ways; otherwise only the way from `from` to `to`.
        both: bool,
    },
    /// Heals every link of a server or client, both ways.
    HealEndpoint {
        /// Which.
        endpoint: EndpointRef,
    },
    /// Heals every link.
    HealAll,
    /// Cuts every link between members of different groups, both ways, and no other.
    Partition {
        /// At least two groups of at least one member; nobody twice.
        groups: Vec<Vec<EndpointRef>>,
    },
    /// Erases the disk of a crashed server.
    Wipe {
        /// Which.
        server: ServerRef,
    },
    /// Starts one more server, with an empty disk and knowing of no cluster.
    Add {
        /// Which: the one with the next number.
        server: ServerId,
    },
    /// Asks a leader for another configuration.
    Reconfigure {
        /// The voters, nobody twice.
        voters: Vec<ServerRef>,
        /// The learners, nobody twice and no voter.
        learners: Vec<ServerRef>,
        /// How the cluster gets there.
        transition: Transition,
        /// Who is asked; whoever leads when it is not said.
        via: Option<ServerRef>,
    },
    /// Asks a leader to end a joint configuration.
    LeaveJoint {
        /// Who is asked; whoever leads when it is not said.
        via: Option<ServerRef>,
    },
    /// Changes how a server's disk behaves.
    Disk {
        /// Which server's.
        server: ServerRef,
        /// How it behaves from now on.
        disk: Disk,
    },
    /// Sets a server's clock; what is `None` stays as it is.
    Clock {
        /// Which server's.
        server: ServerRef,
        /// How far it is ahead of the world's clock now.
        offset: Option<Offset>,
        /// How much faster it runs, in parts per million.
        drift_ppm: Option<i32>,
    },
    /// Changes the quality of a link between two servers.
    Link {
        /// One end.
        from: ServerRef,
        /// The other end.
        to: ServerRef,
        /// Both ways; otherwise only what goes from `from` to `to`.
        both: bool,
        /// How it carries from now on.
        quality: Quality,
    },
    /// Changes the quality of every link between two servers.
    Network {
        /// How they carry from now on.
        quality: Quality,
    },
    /// Loses a message on its way.
    Drop {
        /// Which.
        message: MessageId,
    },
    /// Stops a message on its way, until it is released.
    Hold {
        /// Which.
        message: MessageId,
    },
    /// Lets a held message go on.
    Release {
        /// Which.
        message: MessageId,
    },
    /// Makes a message arrive later than it would.
    Delay {
        /// Which.
        message: MessageId,
        /// By how much.
        by: Duration,
    },
    /// Sends a second copy of a message on its way.
    Duplicate {
        /// Which.
        message: MessageId,
    },
    /// Makes a message arrive now.
    Deliver {
        /// Which.
        message: MessageId,
    },
    /// Does something to a message where the servers run `protocol`, and nothing elsewhere: of two
    /// runs that are given the same commands, each has messages of its own.
    OfRun {
        /// What the servers run.
        protocol: Protocol,
        /// What is done to a message.
        command: Box<Self>,
    },
    /// Sets the election timers of all servers.
    Timers(Timers),
    /// Something that a client does.
    Client {
        /// Which.
        client: ClientId,
        /// What.
        action: ClientAction,
    },
}

/// How a disk behaves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Disk {
    /// It confirms a write after so long.
    Latency(Duration),
    /// It is full: it confirms nothing.
    Full,
    /// It is as the settings say.
    Ok,
}

/// How a link carries messages. What is `None` is as the settings say; so the default is a link
/// without any quality of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Quality {
    /// How long a message takes.
    pub latency: Option<Span>,
    /// How likely it is lost.
    pub loss: Option<Percent>,
    /// How likely it arrives twice.
    pub duplicate: Option<Percent>,
    /// How likely it is overtaken.
    pub reorder: Option<Percent>,
}

/// What happens to the election timers of all servers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timers {
    /// Far apart, so that one server stands alone.
    Spread,
    /// To the same instant, so that all stand at once and the vote splits.
    Align,
}

/// Something that a client does.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ClientAction {
    /// Starts the client and opens a session.
    Open {
        /// The server to try first; the client's choice when it is not said.
        server: Option<ServerRef>,
        /// The session timeout to ask for; as the settings say when it is not said.
        timeout: Option<Duration>,
        /// Whether a server will do that can only be read from.
        read_only: bool,
    },
    /// Closes the session.
    Close,
    /// Ends the client's process without a word; its session will expire.
    Kill,
    /// Leaves the server it is connected to and connects to this one.
    Connect {
        /// Which.
        server: ServerRef,
    },
    /// Asks the service for something.
    Request(Operation),
    /// Begins a recipe.
    Recipe(Recipe),
    /// Lets go of what its recipes about a znode hold, or wait for.
    Release {
        /// The znode.
        path: String,
    },
}

impl From<ServerId> for ServerRef {
    fn from(server: ServerId) -> Self {
        Self::Id(server)
    }
}

impl From<Endpoint> for EndpointRef {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Server(server) => Self::Server(server.into()),
            Endpoint::Client(client) => Self::Client(client),
        }
    }
}

impl ServerRef {
    /// The server that is meant while `leader` leads.
    pub fn resolve(self, leader: Option<ServerId>) -> Result<ServerId, Impossible> {
        match self {
            Self::Id(server) => Ok(server),
            Self::Leader => leader.ok_or(Impossible::NoLeader),
        }
    }
}

impl EndpointRef {
    /// The server or client that is meant while `leader` leads.
    pub fn resolve(self, leader: Option<ServerId>) -> Result<Endpoint, Impossible> {
        match self {
            Self::Server(server) => server.resolve(leader).map(Endpoint::Server),
            Self::Client(client) => Ok(Endpoint::Client(client)),
        }
    }
}
