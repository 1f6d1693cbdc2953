//! One coordination server: a replica, the service on top of it, and its client connections.
//!
//! Like the replica, a server is a pure state machine: [`Server::step`] takes one input and
//! appends what must be done to a list. It knows neither clock, network nor disk.
//!
//! A write goes through three stations. The *origin*, the server that the client is connected
//! with, keeps it among its outstanding commands (`outbox`) and passes it to the leader. The leader
//! stamps its time and proposes it. Every server applies it when it is committed, and the origin
//! then answers its client. Reads are answered by the origin from its own tree, in their turn
//! (Hunt et al., "ZooKeeper", 2010, §2.3, §4.4).

mod connection;
mod fact;
mod leading;
mod outbox;
mod protocol;
mod raft_reconfig;
mod raft_side;
mod reads;
mod revalidation;
mod scratch;
mod session;
mod watches;
mod zab_front;
mod zab_reconfig;
mod zab_side;

use std::collections::BTreeMap;

use crate::ids::{ConnectionId, ServerId};
use crate::raft::{self, CompactError, Index, Reconfiguration, Replica};
use crate::random::Bits;
use crate::time::{Duration, Time};
use crate::zab::{self, Channel, RestartError};
use crate::zookeeper::frame::{ToClient, ToServer};
use crate::zookeeper::{self, Command, Service, SessionId, WatchTable};

use connection::{Connection, Serving};
pub use fact::{CloseReason, ServerFact};
use leading::Leading;
use outbox::Outbox;
pub use outbox::{Forward, Ticket};
pub use protocol::{ByProtocol, Durable, Protocol, Token, Write};
use raft_side::RaftSide;
pub use raft_side::RaftStart;
use reads::Reads;
pub use reads::ReadsOutline;
use session::Applied;
use zab_side::ZabSide;
pub use zab_side::{Asked, Effect, ZabStart, ZabTxn};

/// What servers say to each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PeerMessage {
    /// Between replicas.
    Raft(raft::Message<Command>),
    /// Commands of the sender's clients, for the leader to propose.
    Forward(Forward),
    /// Sessions whose clients the sender has heard from since it last said so.
    Touch(Vec<SessionId>),
    /// Between replicas, under Zab: over a connection of the message's channel. Boxed, so that what
    /// Zab says at length does not make every message of Raft's as large.
    Zab(Box<zab::Message<ZabTxn>>),
}

/// A server's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// The replica's own.
    Raft(raft::Timer),
    /// Half a tick: report touched sessions, expire silent ones, pass on what was not answered.
    Tick,
    /// The replica's own, under Zab.
    Zab(zab::Timer),
}

/// What can happen to a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A message from another server arrived.
    Peer {
        /// The sender.
        from: ServerId,
        /// The message.
        message: PeerMessage,
    },
    /// A timer ran down.
    Timer(Timer),
    /// The disk has confirmed everything up to this token.
    Stored(Token),
    /// A frame arrived over a client connection; the first one opens it.
    Frame {
        /// The connection.
        connection: ConnectionId,
        /// The frame.
        frame: ToServer,
    },
    /// A client connection broke or was closed by the client.
    Disconnected(ConnectionId),
    /// A connection with another server is up.
    ConnectionUp {
        /// Who is at the other end.
        peer: ServerId,
        /// What it is for.
        channel: Channel,
    },
    /// A connection with another server broke, was closed there, or could not be opened.
    ConnectionDown {
        /// Who is, or was to be, at the other end.
        peer: ServerId,
        /// What it was for.
        channel: Channel,
    },
    /// A hand from outside.
    Operator(Operator),
}

/// What an operator asks of a server, or a teacher's hand does to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operator {
    /// The election timer is to run down at this time.
    SetElectionTimer(Time),
    /// The leader is to bring about another configuration.
    Reconfigure(Reconfiguration),
    /// The leader is to end a joint configuration.
    LeaveJoint,
    /// This leader is to hand over to that server.
    Transfer(ServerId),
    /// This follower is not to hold on to its leader.
    ForgetLeader,
    /// The server's priority in elections.
    SetPriority(u8),
}

/// What a server wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send a message to another server.
    Send {
        /// The receiver.
        to: ServerId,
        /// The message.
        message: PeerMessage,
    },
    /// Open a connection with another server, unless it is up or being opened;
    /// [`Input::ConnectionUp`] or [`Input::ConnectionDown`] answers.
    Connect {
        /// Who is to be at the other end.
        to: ServerId,
        /// What it is for.
        channel: Channel,
    },
    /// Close a connection with another server, or stop opening it. What was sent before arrives.
    Disconnect {
        /// Who is at the other end.
        peer: ServerId,
        /// What it is for.
        channel: Channel,
    },
    /// Send a message over a connection with another server that is up.
    SendOver {
        /// The receiver.
        to: ServerId,
        /// The connection.
        channel: Channel,
        /// The message.
        message: PeerMessage,
    },
    /// Set a timer, replacing an earlier one of its kind.
    SetTimer {
        /// The timer.
        timer: Timer,
        /// When it runs down, on the server's own clock.
        at: Time,
    },
    /// Stop a timer.
    CancelTimer(Timer),
    /// Write to disk and confirm with the token.
    Persist {
        /// What the disk confirms with.
        token: Token,
        /// The record.
        write: Write,
    },
    /// Send a frame over a client connection.
    Frame {
        /// The connection.
        connection: ConnectionId,
        /// The frame.
        frame: ToClient,
    },
    /// Close a client connection after the frames already sent.
    Close(ConnectionId),
    /// Say what happened.
    Fact(Fact),
}

/// What happened at a server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// In the replica.
    Raft(raft::RaftFact),
    /// Between the server and its clients.
    Server(ServerFact),
    /// In the replica, under Zab.
    Zab(zab::ZabFact),
}

/// What a server is told when it starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Settings {
    /// The replica's settings.
    pub replica: ByProtocol<raft::Settings, zab::Settings>,
    /// The unit of session timeouts: they are granted between 2 and 20 ticks, and expiry is
    /// checked once a tick.
    pub tick: Duration,
    /// How often the leader looks for containers and znodes that nothing keeps any more.
    pub sweep: Duration,
    /// The credential, `user:password`, of the one who is above all access control lists.
    pub superuser: Option<&'static str>,
    /// The rules of the service that are in force.
    pub service_rules: zookeeper::Rules,
}

/// What a server starts from.
#[derive(Clone, Debug)]
pub enum Start {
    /// Under Raft.
    Raft(RaftStart),
    /// Under Zab.
    Zab(ZabStart),
}

/// One coordination server.
///
/// `leading` is there exactly while the replica leads.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Server {
    protocol: ByProtocol<RaftSide, ZabSide>,
    connections: BTreeMap<ConnectionId, Connection>,
    serving: Serving,
    watches: WatchTable,
    outbox: Outbox,
    reads: Reads,
    leading: Option<Leading>,
    leader: Option<ServerId>,
    /// Since when it knows no leader.
    looking_since: Option<Time>,
    next_session: SessionId,
    ticking: bool,
    settings: Settings,
}

impl Server {
    /// Boots a server from what its disk holds and nothing else. Under Zab it may refuse to run
    /// with that.
    ///
    /// # Panics
    /// If settings and disk are not of the same protocol.
    pub fn boot(
        id: ServerId,
        settings: Settings,
        start: Start,
        now: Time,
        random: Bits,
        out: &mut Vec<Output>,
    ) -> Result<Self, RestartError> {
        let protocol = match (settings.replica, start) {
            (ByProtocol::Raft(replica), Start::Raft(start)) => {
                let settings = (replica, settings.service_rules);
                ByProtocol::Raft(RaftSide::boot(id, settings, start, now, random))
            }
            (ByProtocol::Zab(replica), Start::Zab(start)) => {
                ByProtocol::Zab(ZabSide::boot(id, replica, start, now, random)?)
            }
            _ => unreachable!("a machine runs servers of one protocol"),
        };
        let mut server = Self {
            protocol,
            connections: BTreeMap::new(),
            serving: Serving::default(),
            watches: WatchTable::default(),
            outbox: Outbox::new(now),
            reads: Reads::default(),
            leading: None,
            leader: None,
            looking_since: Some(now),
            next_session: SessionId::first_of(id, now),
            ticking: false,
            settings,
        };
        server.follow_replica(now, random, out);
        Ok(server)
    }

    /// Takes one input and appends what must be done to `out`. `random` is one fresh draw.
    pub fn step(&mut self, now: Time, random: Bits, input: Input, out: &mut Vec<Output>) {
        if let ByProtocol::Raft(side) = &mut self.protocol {
            side.snapshot_if_due();
        }
        if self
            .zab()
            .is_some_and(|zab| zab_side::lets_apply(zab.rules(), &input))
        {
            // One transaction at a time: whoever reads here sees every state.
            while let ByProtocol::Zab(side) = &mut self.protocol
                && side.apply_one(now, random)
            {
                self.follow_replica(now, random, out);
            }
        }
        match input {
            Input::Frame { connection, frame } => {
                self.on_frame(now, random, connection, frame, out);
            }
            Input::Disconnected(connection) => self.forget_connection(connection),
            Input::Timer(Timer::Tick) => self.on_tick(now, out),
            Input::Peer {
                from,
                message: PeerMessage::Forward(forward),
            } => self.propose_forwarded(now, from, forward),
            Input::Peer {
                message: PeerMessage::Touch(sessions),
                ..
            } => self.touch_all(now, &sessions),
            Input::Operator(Operator::Reconfigure(change)) if self.zab().is_some() => {
                self.reconfigure(now, random, &change);
            }
            input => match &mut self.protocol {
                ByProtocol::Raft(side) => side.take(now, random, input),
                ByProtocol::Zab(side) => side.take(now, random, input),
            },
        }
        if let ByProtocol::Raft(side) = &mut self.protocol {
            side.pursue_wish(now, random);
        }
        self.follow_replica(now, random, out);
    }

    /// Whether there is something to take a snapshot of.
    pub fn would_snapshot(&self) -> Result<(), CompactError> {
        match &self.protocol {
            ByProtocol::Raft(side) => side.would_compact(),
            ByProtocol::Zab(_) => Ok(()),
        }
    }

    /// Takes a snapshot of its state and drops what of the log it stands for. `random` is one fresh
    /// draw.
    pub fn take_snapshot(
        &mut self,
        now: Time,
        random: Bits,
        out: &mut Vec<Output>,
    ) -> Result<(), CompactError> {
        match &mut self.protocol {
            ByProtocol::Raft(side) => side.compact()?,
            ByProtocol::Zab(side) => side.take_snapshot(now, random),
        }
        self.follow_replica(now, random, out);
        Ok(())
    }

    /// What the clients of this server wait for may have been carried out in what a snapshot passed
    /// over; nobody here can tell them what came of it, so their connections end, as when a
    /// ZooKeeper server synchronises by a snapshot.
    #[inline(never)] // Apart: it is needed later, and fetched then.
    fn overtaken(&mut self, out: &mut Vec<Output>) {
        self.outbox.give_up();
        self.refuse_all(CloseReason::Overtaken, out, |_, _| true);
    }

    /// Carries out what the replica asked for, then what follows from it for the service; that may
    /// be new proposals, so it goes on until nothing is left.
    fn follow_replica(&mut self, now: Time, random: Bits, out: &mut Vec<Output>) {
        loop {
            match &mut self.protocol {
                ByProtocol::Raft(side) => {
                    let told = side.pass_on_outputs(out);
                    self.hear_raft(now, &told, out);
                }
                ByProtocol::Zab(side) => {
                    let told = side.pass_on_outputs(out);
                    self.follow_leadership(now, out);
                    for told in told {
                        self.hear_zab(now, random, told, out);
                    }
                }
            }
            if self.protocol.is_settled() {
                break;
            }
        }
        self.keep_ticking(now, out);
    }

    fn hear_raft(&mut self, now: Time, told: &raft_side::Told, out: &mut Vec<Output>) {
        if told.installed {
            self.overtaken(out);
        }
        self.follow_leadership(now, out);
        if let Some(through) = told.committed {
            self.apply_through(now, through, out);
        }
        self.serve_reads(now, &told.ready, out);
    }

    /// Takes up and lays down a leader's duties with the role, and passes outstanding commands to
    /// a new leader.
    fn follow_leadership(&mut self, now: Time, out: &mut Vec<Output>) {
        let leads = self.protocol.leads();
        if leads != self.leading.is_some() {
            let service = self.protocol.service();
            self.leading = leads.then(|| Leading::new(now, service, self.settings));
        }
        let (leader, looks) = (self.protocol.leader(), self.protocol.is_looking());
        if leader != self.leader || looks != self.looking_since.is_some() {
            // What it would answer may be long overtaken; and whom it served without a leader is
            // to be served by the ensemble now.
            let reason = match self.leader {
                Some(_) => CloseReason::NoLeader,
                None => CloseReason::LeaderFound,
            };
            self.refuse_all(reason, out, |_, _| true);
            self.leader = leader;
            self.looking_since = looks.then_some(now);
            match &mut self.protocol {
                ByProtocol::Raft(_) => self.pass_on_outstanding(now, out),
                // What was on its way to the leader is lost with the connection.
                ByProtocol::Zab(side) => {
                    self.outbox.give_up();
                    side.arrivals.clear();
                }
            }
        }
    }

    /// Applies every entry up to `through`, in order, each exactly once (Raft §5.3).
    #[inline(never)] // Apart: it is needed later, and fetched then.
    fn apply_through(&mut self, now: Time, through: Index, out: &mut Vec<Output>) {
        while let ByProtocol::Raft(side) = &mut self.protocol
            && let Some(content) = side.next_to_apply(through)
        {
            if let Some(applied) = side.apply(&content, &mut self.outbox) {
                self.publish(now, applied, out);
            }
        }
    }

    /// Tells whoever waits for a transaction that it has been applied, and whoever watches what it
    /// changed.
    fn publish(&mut self, now: Time, mut applied: Applied, out: &mut Vec<Output>) {
        let (changes, zxid) = (std::mem::take(&mut applied.changes), applied.zxid);
        if self.protocol.service().rules().event_before_reply {
            self.fire_watches(&changes, zxid, out);
            self.after_apply(now, applied, out);
        } else {
            self.after_apply(now, applied, out);
            self.fire_watches(&changes, zxid, out);
        }
    }

    /// Keeps the half-tick timer running while there is anything for it to do.
    fn keep_ticking(&mut self, now: Time, out: &mut Vec<Output>) {
        let needed = !self.connections.is_empty()
            || !self.outbox.is_empty()
            || self.leading.as_ref().is_some_and(|leading| {
                leading.watches_sessions() || self.protocol.service().tree().has_mortals()
            });
        if needed && !self.ticking {
            out.push(Output::SetTimer {
                timer: Timer::Tick,
                at: now + self.settings.tick.fraction(1, 2),
            });
            self.ticking = true;
        }
    }

    #[inline(never)] // Apart: it is needed later, and fetched then.
    fn on_tick(&mut self, now: Time, out: &mut Vec<Output>) {
        self.ticking = false;
        self.expire_silent_sessions(now, out);
        self.sweep(now, out);
        self.report_touched(out);
        if self.outbox.is_overdue(now, self.settings.tick) {
            self.pass_on_outstanding(now, out);
        }
    }

    /// Its replica, if it runs Raft.
    pub const fn raft(&self) -> Option<&Replica<Command>> {
        match &self.protocol {
            ByProtocol::Raft(side) => Some(side.replica()),
            ByProtocol::Zab(_) => None,
        }
    }

    /// Its replica, if it runs Zab.
    pub const fn zab(&self) -> Option<&zab::Replica<ZabTxn>> {
        match &self.protocol {
            ByProtocol::Raft(_) => None,
            ByProtocol::Zab(side) => Some(side.replica()),
        }
    }

    /// Whether it leads, and may propose.
    pub fn leads(&self) -> bool {
        self.protocol.leads()
    }

    /// The leader under whom it serves clients, perhaps itself.
    pub fn leader(&self) -> Option<ServerId> {
        self.protocol.leader()
    }

    /// Its term, or the last epoch that it took part in.
    pub fn reign(&self) -> u64 {
        self.protocol.reign()
    }

    /// The service as this server has it.
    pub const fn service(&self) -> &Service {
        self.protocol.service()
    }

    /// How far its service has come: the index of the last entry that it has applied, or under Zab
    /// the zxid of the last transaction as a number.
    pub fn applied(&self) -> u64 {
        match &self.protocol {
            ByProtocol::Raft(side) => side.applied().number(),
            ByProtocol::Zab(side) => side.service().last_zxid().number(),
        }
    }

    /// The watches of its clients.
    pub fn watches(&self) -> &WatchTable {
        &self.watches
    }

    /// As leader: when a session expires if nothing more is heard of its client.
    pub fn session_deadline(&self, session: SessionId) -> Option<Time> {
        self.leading.as_ref()?.deadline(session)
    }

    /// The open client connections, with the session each serves once the handshake is done.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, Option<SessionId>)> + '_ {
        self.connections
            .iter()
            .map(|(id, connection)| (*id, connection.session()))
    }
}
