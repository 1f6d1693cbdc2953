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
mod reads;
mod session;
mod watches;

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use crate::ids::{ConnectionId, ServerId};
use crate::raft::{
    self, CompactError, Configuration, Content, Durable, Index, Payload, Reconfiguration, Replica,
    Role, Rules, Snapshot, Token, Write,
};
use crate::random::Bits;
use crate::time::{Duration, Time};
use crate::zookeeper::frame::{ToClient, ToServer};
use crate::zookeeper::{self, Command, Service, SessionId, WatchTable, Zxid};

use connection::{Connection, Serving};
pub use fact::{CloseReason, ServerFact};
use leading::Leading;
pub use outbox::Forward;
use outbox::Outbox;
use reads::Reads;
pub use reads::ReadsOutline;

impl Payload for Command {
    type Image = Service;

    fn size(&self) -> usize {
        Command::size(self)
    }

    fn image_size(image: &Service) -> u64 {
        image.size()
    }
}

/// What servers say to each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PeerMessage {
    /// Between replicas.
    Raft(raft::Message<Command>),
    /// Commands of the sender's clients, for the leader to propose.
    Forward(Forward),
    /// Sessions whose clients the sender has heard from since it last said so.
    Touch(Vec<SessionId>),
}

/// A server's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// The replica's own.
    Raft(raft::Timer),
    /// Half a tick: report touched sessions, expire silent ones, pass on what was not answered.
    Tick,
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
    /// A teacher's hand sets the election timer to run down at this time.
    SetElectionTimer(Time),
    /// An operator asks the leader for another configuration.
    Reconfigure(Reconfiguration),
    /// An operator asks the leader to end a joint configuration.
    LeaveJoint,
    /// An operator wants this leader to hand over to that server.
    Transfer(ServerId),
    /// An operator wants this follower not to hold on to its leader.
    ForgetLeader,
    /// An operator gives this server a priority in elections.
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
        write: Write<Command>,
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
}

/// What a server is told when it starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Settings {
    /// The replica's settings.
    pub raft: raft::Settings,
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

/// One coordination server.
///
/// `applied` never passes the replica's commit index, and the service holds exactly the effect of
/// the entries up to it. `leading` is there exactly while the replica leads.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Server {
    replica: Replica<Command>,
    service: Service,
    applied: Index,
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
    scratch: Scratch,
}

/// A buffer that is empty between steps and no part of the state.
#[derive(Debug, Default)]
struct Scratch(Vec<raft::Output<Command>>);

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Scratch {}

impl Hash for Scratch {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Server {
    /// Boots a server from what its disk holds and nothing else: its tree is that of its snapshot,
    /// or empty, until more of the log is known to be committed again.
    #[allow(clippy::too_many_arguments)]
    pub fn boot(
        id: ServerId,
        configuration: Configuration,
        settings: Settings,
        rules: Rules,
        durable: Durable<Command>,
        now: Time,
        random: Bits,
        out: &mut Vec<Output>,
    ) -> Self {
        let mut scratch = Scratch::default();
        let (service, applied) = match &durable.snapshot {
            Some(snapshot) => (snapshot.image.clone(), snapshot.last.index),
            None => (Service::under(settings.service_rules), Index::ZERO),
        };
        let replica = Replica::boot(
            id,
            configuration,
            settings.raft,
            rules,
            durable,
            now,
            random,
            &mut scratch.0,
        );
        let mut server = Self {
            replica,
            service,
            applied,
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
            scratch,
        };
        server.follow_replica(now, out);
        server
    }

    /// Takes one input and appends what must be done to `out`. `random` is one fresh draw.
    pub fn step(&mut self, now: Time, random: Bits, input: Input, out: &mut Vec<Output>) {
        self.snapshot_if_due();
        let raft_input = match input {
            Input::Peer {
                from,
                message: PeerMessage::Raft(message),
            } => Some(raft::Input::Message { from, message }),
            Input::Timer(Timer::Raft(timer)) => Some(raft::Input::Timer(timer)),
            Input::Stored(token) => Some(raft::Input::Stored(token)),
            Input::SetElectionTimer(at) => Some(raft::Input::SetElectionTimer { at }),
            Input::Reconfigure(change) => Some(raft::Input::Reconfigure(change)),
            Input::LeaveJoint => Some(raft::Input::LeaveJoint),
            Input::Transfer(to) => Some(raft::Input::Transfer { to }),
            Input::ForgetLeader => Some(raft::Input::ForgetLeader),
            Input::SetPriority(priority) => Some(raft::Input::SetPriority { priority }),
            Input::Peer {
                from,
                message: PeerMessage::Forward(forward),
            } => {
                self.propose_forwarded(now, from, forward);
                None
            }
            Input::Peer {
                message: PeerMessage::Touch(sessions),
                ..
            } => {
                self.touch_all(now, &sessions);
                None
            }
            Input::Timer(Timer::Tick) => {
                self.on_tick(now, out);
                None
            }
            Input::Frame { connection, frame } => {
                self.on_frame(now, random, connection, frame, out);
                None
            }
            Input::Disconnected(connection) => {
                self.forget_connection(connection);
                None
            }
        };
        if let Some(input) = raft_input {
            self.replica.step(now, random, input, &mut self.scratch.0);
        }
        self.follow_replica(now, out);
    }

    /// Between two inputs a server takes the snapshot that is due: what an input lets it apply
    /// stays in its log until the next one.
    fn snapshot_if_due(&mut self) {
        if self.replica.is_snapshot_due(self.applied) {
            // One that is due has something new to hold.
            let _ = self.compact();
        }
    }

    /// Whether there is something to take a snapshot of.
    pub fn would_snapshot(&self) -> Result<(), CompactError> {
        self.replica.would_compact(self.applied).map(drop)
    }

    /// Takes a snapshot of its state and drops what of the log it stands for.
    pub fn take_snapshot(&mut self, now: Time, out: &mut Vec<Output>) -> Result<(), CompactError> {
        self.compact()?;
        self.follow_replica(now, out);
        Ok(())
    }

    fn compact(&mut self) -> Result<(), CompactError> {
        let image = self.service.clone();
        self.replica
            .compact(self.applied, image, &mut self.scratch.0)?;
        let last = self.replica.snapshot().map(|snapshot| snapshot.last.index);
        self.applied = last.map_or(self.applied, |last| last.max(self.applied));
        Ok(())
    }

    /// The leader's snapshot takes the place of the state. What the clients of this server wait
    /// for may have been carried out in what was passed over; nobody here can tell them what came
    /// of it, so their connections end, as when a ZooKeeper server synchronises by a snapshot.
    fn install(&mut self, snapshot: &Snapshot<Command>, out: &mut Vec<Output>) {
        self.service = snapshot.image.clone();
        self.applied = snapshot.last.index;
        self.outbox.give_up();
        self.refuse_all(CloseReason::Overtaken, out, |_, _| true);
    }

    /// Carries out what the replica asked for, then what follows from it for the service; that may
    /// be new proposals, so it goes on until nothing is left.
    fn follow_replica(&mut self, now: Time, out: &mut Vec<Output>) {
        loop {
            let (committed, ready) = self.pass_on_outputs(out);
            self.follow_leadership(now, out);
            if let Some(through) = committed {
                self.apply_through(now, through, out);
            }
            self.serve_reads(now, &ready, out);
            if self.scratch.0.is_empty() {
                break;
            }
        }
        self.keep_ticking(now, out);
    }

    /// Hands on what the replica wants done; the highest index that may be applied, if it rose, and
    /// the reads that may be served after that.
    fn pass_on_outputs(&mut self, out: &mut Vec<Output>) -> (Option<Index>, Vec<u64>) {
        let mut committed = None;
        let mut installed = None;
        let mut ready = Vec::new();
        for output in self.scratch.0.drain(..) {
            out.push(match output {
                raft::Output::Send { to, message } => Output::Send {
                    to,
                    message: PeerMessage::Raft(message),
                },
                raft::Output::SetTimer { timer, at } => Output::SetTimer {
                    timer: Timer::Raft(timer),
                    at,
                },
                raft::Output::CancelTimer { timer } => Output::CancelTimer(Timer::Raft(timer)),
                raft::Output::Persist { token, write } => Output::Persist { token, write },
                raft::Output::Fact(fact) => Output::Fact(Fact::Raft(fact)),
                raft::Output::Commit { through } => {
                    committed = Some(through);
                    continue;
                }
                raft::Output::Install { snapshot } => {
                    installed = Some(snapshot);
                    continue;
                }
                raft::Output::Read { read } => {
                    ready.push(read);
                    continue;
                }
            });
        }
        if let Some(snapshot) = installed {
            self.install(&snapshot, out);
        }
        (committed, ready)
    }

    /// Takes up and lays down a leader's duties with the role, and passes outstanding commands to
    /// a new leader.
    fn follow_leadership(&mut self, now: Time, out: &mut Vec<Output>) {
        let role = self.replica.role();
        let leads = role == Role::Leader;
        if leads != self.leading.is_some() {
            self.leading = leads.then(|| Leading::new(now, &self.service, self.settings));
        }
        if self.replica.leader() != self.leader {
            // What it would answer may be long overtaken; and whom it served without a leader is
            // to be served by the ensemble now.
            let reason = match self.leader {
                Some(_) => CloseReason::NoLeader,
                None => CloseReason::LeaderFound,
            };
            self.refuse_all(reason, out, |_, _| true);
            self.leader = self.replica.leader();
            self.looking_since = self.leader.is_none().then_some(now);
            self.pass_on_outstanding(now, out);
        }
    }

    /// Applies every entry up to `through`, in order, each exactly once (Raft §5.3).
    fn apply_through(&mut self, now: Time, through: Index, out: &mut Vec<Output>) {
        let mut changes = Vec::new();
        while self.applied < through {
            let index = self.applied.next();
            let entry = self
                .replica
                .log()
                .get(index)
                .expect("a committed entry is in the log");
            self.applied = index;
            let Content::Command(command) = &entry.content else {
                continue;
            };
            let command = command.clone();
            let zxid = Zxid::new(0, index.number() as u32);
            let reply = if self.replica.rules().deduplicate {
                self.service.execute(&command, zxid, &mut changes)
            } else {
                self.service.carry_out(&command, zxid, &mut changes)
            };
            if self.service.rules().event_before_reply {
                self.fire_watches(&changes, zxid, out);
                self.after_apply(now, &command, zxid, reply, out);
            } else {
                self.after_apply(now, &command, zxid, reply, out);
                self.fire_watches(&changes, zxid, out);
            }
            changes.clear();
        }
    }

    /// Keeps the half-tick timer running while there is anything for it to do.
    fn keep_ticking(&mut self, now: Time, out: &mut Vec<Output>) {
        let needed = !self.connections.is_empty()
            || !self.outbox.is_empty()
            || self.leading.as_ref().is_some_and(|leading| {
                leading.watches_sessions() || self.service.tree().has_mortals()
            });
        if needed && !self.ticking {
            out.push(Output::SetTimer {
                timer: Timer::Tick,
                at: now + self.settings.tick.fraction(1, 2),
            });
            self.ticking = true;
        }
    }

    fn on_tick(&mut self, now: Time, out: &mut Vec<Output>) {
        self.ticking = false;
        self.expire_silent_sessions(now, out);
        self.sweep(now, out);
        self.report_touched(out);
        if self.outbox.is_overdue(now, self.settings.tick) {
            self.pass_on_outstanding(now, out);
        }
    }

    /// The replica.
    pub fn replica(&self) -> &Replica<Command> {
        &self.replica
    }

    /// The service as this server has it.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The highest index that the service has applied.
    pub fn applied(&self) -> Index {
        self.applied
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
