//! The world and its loop: take what is due next, hand it to whom it concerns, carry out what they
//! ask for.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::clients::{ClientNode, Wire};
use super::fact::{Fact, Record, WorldFact};
use super::network::{Body, Death, Fate, InFlight, Network, Parcel, Tag};
use super::node::{Node, Waiting, place_of, timer_at};
use super::peer_wires::{PeerEnd, PeerWires};
use super::queue::{Due, Queue};
use super::settings::Settings;
use super::sockets::Socket;
use crate::digest::{Digest, PortableHasher};
use crate::ids::{ClientId, ConnectionId, Endpoint, EventId, ServerId};
use crate::raft::{self, Configuration, Index};
use crate::random::{Bits, Random, Stream};
use crate::server::{
    self, ByProtocol, Input, Operator, Output, Protocol, RaftStart, Server, Start, Timer, Write,
    ZabStart,
};
use crate::time::Time;
use crate::zab;

/// The server that the last event happened at, and what it did to its log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Touched {
    /// The server.
    pub server: ServerId,
    /// The lowest index of its log that was written or removed.
    pub log_from: Option<Index>,
}

/// A cluster, its clients, and everything around them, at one instant.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) settings: Settings,
    pub(super) now: Time,
    pub(super) nodes: Vec<Node>,
    pub(super) clients: BTreeMap<ClientId, ClientNode>,
    pub(super) wires: BTreeMap<ConnectionId, Wire>,
    pub(super) sockets: BTreeMap<ConnectionId, Socket>,
    pub(super) peer_wires: PeerWires,
    pub(super) network: Network,
    pub(super) queue: Queue,
    /// The event that is happening, or happened last.
    event: EventId,
    /// The latest recorded event that led to it.
    pub(super) cause: Option<EventId>,
    /// Whether it has a record.
    recorded: bool,
    touched: Option<Touched>,
    /// The message that the event brought.
    pub(super) arrived: Option<Tag>,
    observed: bool,
    records: Vec<Record>,
    outputs: Vec<Output>,
    /// What servers took in, while a test wants to know.
    #[cfg(test)]
    pub(super) taken_in: Option<Vec<(ServerId, Input)>>,
}

impl World {
    /// A world in which all servers have just booted with empty disks.
    ///
    /// # Panics
    /// If `settings.servers` is not between 1 and [`MAX_SERVERS`](super::MAX_SERVERS), or none of them
    /// is to vote.
    pub fn new(settings: Settings) -> Self {
        assert!((1..=super::MAX_SERVERS).contains(&settings.servers));
        let ids = (1..=settings.servers).map(ServerId::new);
        let mut world = Self {
            now: Time::ZERO,
            nodes: ids.clone().map(|id| new_node(id, &settings)).collect(),
            clients: BTreeMap::new(),
            wires: BTreeMap::new(),
            sockets: BTreeMap::new(),
            peer_wires: PeerWires::default(),
            network: Network::new(&settings),
            queue: Queue::default(),
            event: EventId::new(0),
            cause: None,
            recorded: false,
            touched: None,
            arrived: None,
            observed: true,
            records: Vec::new(),
            outputs: Vec::new(),
            #[cfg(test)]
            taken_in: None,
            settings,
        };
        world.tell(
            None,
            WorldFact::Started {
                servers: world.settings.servers,
            },
        );
        for id in ids {
            world.boot(id);
        }
        if world.settings.protocol == Protocol::Raft {
            world.hasten_first_timers();
        }
        world
    }

    /// Lets the first election timers be mostly over.
    fn hasten_first_timers(&mut self) {
        let timer = Timer::Raft(crate::raft::Timer::Election);
        for position in 0..self.nodes.len() {
            let rings = self.nodes[position].alarms[place_of(timer)].local();
            let at = self.settings.hastened(rings);
            self.step_server(
                ServerId::from_position(position),
                Input::Operator(Operator::SetElectionTimer(at)),
            );
        }
    }

    /// Stops or starts keeping records. A run is the same either way.
    pub fn observe(&mut self, observed: bool) {
        self.observed = observed;
        self.records.clear();
    }

    /// Takes out what was recorded since the last time.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// What was recorded since it was last taken out.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Makes the next event happen. `None` when nothing will ever happen again by itself.
    pub fn step(&mut self) -> Option<EventId> {
        while let Some((at, due)) = self.queue.pop() {
            if self.handle(at, due) {
                return Some(self.event);
            }
        }
        None
    }

    /// Makes the next event happen if it is due by `until`; if there is none, it is `until` now.
    pub fn step_until(&mut self, until: Time) -> Option<EventId> {
        while self.queue.next_at().is_some_and(|at| at <= until) {
            let (at, due) = self.queue.pop()?;
            if self.handle(at, due) {
                return Some(self.event);
            }
        }
        self.now = self.now.max(until);
        None
    }

    /// Makes everything happen that is due by `until`, and then it is `until`.
    pub fn run_until(&mut self, until: Time) {
        while self.step_until(until).is_some() {}
    }

    /// Handles what came up in the queue; whether it was an event.
    fn handle(&mut self, at: Time, due: Due) -> bool {
        // A frame that was due while it was held, or waited behind another, is planned anew when it
        // is let go or that other is gone: what was to become of it becomes of it then.
        let at = at.max(self.now);
        match due {
            Due::Message { slot, plan } => match self.network.take_due(at, slot, plan) {
                Some(Fate::Arrives(message)) => {
                    self.begin(at, message.cause);
                    self.arrive(message);
                }
                Some(Fate::Dies(message, why)) => {
                    self.begin(at, message.cause);
                    self.die(&message, why);
                }
                None => return false,
            },
            Due::ServerTimer { server, timer } => {
                let alarm = &mut self.nodes[server.position()].alarms[usize::from(timer)];
                let cause = alarm.cause();
                if !alarm.rings(at, due, &mut self.queue) {
                    return false;
                }
                self.begin(at, cause);
                self.input(server, Input::Timer(timer_at(timer)));
            }
            Due::Stored(server) => {
                let Some((token, cause)) = self.nodes[server.position()].disk.finish(at) else {
                    return false;
                };
                self.begin(at, cause);
                self.input(server, Input::Stored(token));
            }
            Due::ClientTimer { client, timer } => {
                let Some(node) = self.clients.get_mut(&client) else {
                    return false;
                };
                let alarm = &mut node.alarms[usize::from(timer)];
                let cause = alarm.cause();
                if !alarm.rings(at, due, &mut self.queue) {
                    return false;
                }
                self.begin(at, cause);
                self.client_timer(client, timer);
            }
            Due::Backlog(server) => {
                let node = &mut self.nodes[server.position()];
                if node.paused {
                    return false;
                }
                let Some((waiting, cause)) = node.backlog.pop_front() else {
                    return false;
                };
                if !node.backlog.is_empty() {
                    self.queue.push(at, due);
                }
                self.begin(at, cause);
                match waiting {
                    Waiting::Input(input) => self.step_server(server, *input),
                    Waiting::Packet(message) => self.take_packet(*message),
                }
            }
        }
        true
    }

    /// A new event begins.
    pub(super) fn begin(&mut self, at: Time, cause: Option<EventId>) {
        debug_assert!(self.now <= at, "time does not go back");
        self.now = at;
        self.event = self.event.next();
        self.cause = cause;
        self.recorded = false;
        self.touched = None;
        self.arrived = None;
    }

    /// What later events that follow from the present one name as their cause.
    pub(super) fn origin(&self) -> Option<EventId> {
        if self.recorded {
            Some(self.event)
        } else {
            self.cause
        }
    }

    /// Records what happened.
    pub(super) fn record(&mut self, who: Option<Endpoint>, fact: Fact) {
        self.recorded = true;
        if self.observed {
            let (event, time, cause) = (self.event, self.now, self.cause);
            self.records.push(Record {
                event,
                time,
                who,
                cause,
                fact,
            });
        }
    }

    /// The event changed a machine without a step of its server.
    pub(super) fn touch(&mut self, server: ServerId) {
        self.touched = Some(Touched {
            server,
            log_from: None,
        });
    }

    pub(super) fn tell(&mut self, who: Option<Endpoint>, fact: WorldFact) {
        self.record(who, Fact::World(fact));
    }

    fn arrive(&mut self, message: InFlight) {
        self.arrived = Some(message.tag());
        let (Endpoint::Server(from), Endpoint::Server(to)) = (message.from, message.to) else {
            return self.arrive_over_connection(message);
        };
        if matches!(message.body, Body::Wire(..)) {
            return self.arrive_between_servers(message);
        }
        if self.nodes[to.position()].server.is_none() {
            return self.die(&message, Death::DeadServer);
        }
        if let Body::Peer(message) = message.body {
            self.input(to, Input::Peer { from, message });
        }
    }

    /// A message dies, and is seen to.
    pub(super) fn die(&mut self, message: &InFlight, why: Death) {
        self.note_death(message.tag(), message.place(self.now), why);
        self.break_connection_of(message);
        self.network
            .advance_lane(self.now, message.lane(), &mut self.queue);
    }

    /// A message's death is told, and to be seen for a while.
    pub(super) fn note_death(&mut self, message: Tag, place: u16, why: Death) {
        let Tag { id, from, to, kind } = message;
        self.tell(
            None,
            WorldFact::MessageDied {
                message: id,
                kind,
                from,
                to,
                why,
            },
        );
        self.network.bury(self.now, message, place, why);
    }

    /// Something for a server: taken in at once, or when it can.
    pub(super) fn input(&mut self, server: ServerId, input: Input) {
        let node = &mut self.nodes[server.position()];
        if node.is_busy() {
            let waiting = Waiting::Input(Box::new(input));
            node.backlog.push_back((waiting, self.cause));
        } else {
            self.step_server(server, input);
        }
    }

    pub(super) fn step_server(&mut self, id: ServerId, input: Input) {
        let node = &mut self.nodes[id.position()];
        let Some(server) = &mut node.server else {
            return;
        };
        #[cfg(test)]
        if let Some(taken_in) = &mut self.taken_in {
            taken_in.push((id, input.clone()));
        }
        let random = Bits(node.random.draw());
        let local = node.clock.local(self.now);
        let mut outputs = std::mem::take(&mut self.outputs);
        server.step(local, random, input, &mut outputs);
        self.touched = Some(Touched {
            server: id,
            log_from: None,
        });
        self.carry_out(id, &mut outputs);
        self.outputs = outputs;
    }

    /// Lets a server take a snapshot, if it has anything to take one of.
    pub(super) fn snapshot_server(&mut self, id: ServerId) {
        let node = &mut self.nodes[id.position()];
        let Some(server) = &mut node.server else {
            return;
        };
        // A snapshot of Raft's draws nothing.
        let random = match self.settings.protocol {
            Protocol::Raft => Bits(0),
            Protocol::Zab => Bits(node.random.draw()),
        };
        let local = node.clock.local(self.now);
        let mut outputs = std::mem::take(&mut self.outputs);
        let taken = server.take_snapshot(local, random, &mut outputs);
        debug_assert_eq!(taken, Ok(()), "asked for only where there is something");
        self.touch(id);
        self.carry_out(id, &mut outputs);
        self.outputs = outputs;
    }

    /// What a server knows of the cluster before its log says anything: those that the run began
    /// with know each other, and one that was added knows nobody.
    pub fn configuration_at_birth(&self, id: ServerId) -> Configuration {
        let founders = (1..=self.settings.servers).map(ServerId::new);
        if id.number() <= self.settings.servers {
            Configuration::new(founders, [])
        } else {
            Configuration::new([], [])
        }
    }

    /// What a server that runs Raft knows of the cluster where its log says nothing of it: what its
    /// snapshot carries, or what it was born with.
    pub fn configuration_before_log(&self, id: ServerId) -> Configuration {
        let snapshot = self.node(id).and_then(|node| match node.server() {
            Some(server) => server.raft()?.snapshot(),
            None => node.disk().image().raft()?.snapshot.as_deref(),
        });
        match snapshot {
            Some(snapshot) => snapshot.configuration.clone(),
            None => self.configuration_at_birth(id),
        }
    }

    /// The configuration that a server goes by, or would after a boot. What Zab calls observers are
    /// learners here.
    pub fn configuration_of(&self, id: ServerId) -> Option<Configuration> {
        let node = self.node(id)?;
        let image = match node.disk().image() {
            ByProtocol::Zab(image) => {
                let replica = node.server().and_then(Server::zab);
                let membership = replica.map_or(&image.membership, zab::Replica::membership);
                let voters = membership.active.voters().map(|(voter, _)| voter);
                return Some(Configuration::new(voters, membership.active.observers()));
            }
            ByProtocol::Raft(image) => image,
        };
        if let Some(replica) = node.server().and_then(Server::raft) {
            return Some(replica.configuration().clone());
        }
        let in_log = image.log.last_configuration(image.log.last_index());
        Some(match in_log {
            Some((_, configuration)) => configuration.clone(),
            None => self.configuration_before_log(id),
        })
    }

    /// What the server on a machine would start from.
    fn start_of(&self, id: ServerId) -> Start {
        match self.nodes[id.position()].disk.image().clone() {
            ByProtocol::Raft(durable) => Start::Raft(RaftStart {
                configuration: self.configuration_at_birth(id),
                ensemble: self.settings.ensemble(),
                rules: self.settings.rules,
                durable,
            }),
            ByProtocol::Zab(durable) => Start::Zab(ZabStart {
                rules: self.settings.zab_rules,
                durable,
            }),
        }
    }

    /// Boots the server on a machine from what its disk holds. If it will not start with that, it
    /// stays down.
    pub(super) fn boot(&mut self, id: ServerId) {
        let start = self.start_of(id);
        let settings = self.settings.server();
        let node = &mut self.nodes[id.position()];
        let random = Bits(node.random.draw());
        let mut outputs = std::mem::take(&mut self.outputs);
        let local = node.clock.local(self.now);
        let booted = Server::boot(id, settings, start, local, random, &mut outputs);
        self.touch(id);
        match booted {
            Ok(server) => self.nodes[id.position()].server = Some(server),
            Err(why) => self.tell(None, WorldFact::RestartRefused { server: id, why }),
        }
        self.carry_out(id, &mut outputs);
        self.outputs = outputs;
        let priority = self.nodes[id.position()].priority;
        if priority > 0 {
            self.step_server(id, Input::Operator(Operator::SetPriority(priority)));
        }
    }

    /// Does what a server asked for.
    fn carry_out(&mut self, id: ServerId, outputs: &mut Vec<Output>) {
        self.recorded |= outputs
            .iter()
            .any(|output| matches!(output, Output::Fact(_)));
        let cause = self.origin();
        let from = Endpoint::Server(id);
        for output in outputs.drain(..) {
            match output {
                Output::Send { to, message } => {
                    let parcel = Parcel {
                        from,
                        to: to.into(),
                        body: Body::Peer(message),
                        cause,
                    };
                    self.network.send(self.now, parcel, &mut self.queue);
                }
                Output::Connect { to, channel } => self.dial(PeerEnd::new(id, to, channel)),
                Output::Disconnect { peer, channel } => {
                    self.hang_up(PeerEnd::new(id, peer, channel));
                }
                Output::SendOver {
                    to,
                    channel,
                    message,
                } => self.send_over(PeerEnd::new(id, to, channel), message),
                Output::SetTimer { timer, at } => self.set_server_timer(id, timer, at),
                Output::CancelTimer(timer) => {
                    self.nodes[id.position()].alarms[place_of(timer)].cancel();
                }
                Output::Persist { token, write } => {
                    self.note_write(&write);
                    let disk = &mut self.nodes[id.position()].disk;
                    if let Some(due) = disk.write(self.now, token, write, cause) {
                        self.queue.push(due, Due::Stored(id));
                    }
                }
                Output::Frame { connection, frame } => {
                    self.send_to_client(
                        connection,
                        Body::ToClient(connection, Box::new(frame)),
                        cause,
                    );
                }
                Output::Close(connection) => self.server_closes(connection, cause),
                Output::Fact(fact) => {
                    self.note_stale(&fact);
                    self.record(
                        Some(from),
                        match fact {
                            server::Fact::Raft(fact) => Fact::Raft(fact),
                            server::Fact::Zab(fact) => Fact::Zab(fact),
                            server::Fact::Server(fact) => Fact::Server(fact),
                        },
                    );
                }
            }
        }
    }

    fn set_server_timer(&mut self, id: ServerId, timer: Timer, local: Time) {
        let cause = self.origin();
        let node = &mut self.nodes[id.position()];
        let place = place_of(timer);
        let deadline = node.clock.true_time(local).max(self.now);
        let due = Due::ServerTimer {
            server: id,
            timer: place as u8,
        };
        node.alarms[place].set(local, deadline, cause, due, &mut self.queue);
    }

    /// A clock was set or drifts differently: its timers ring at other true times.
    pub(super) fn plan_timers_anew(&mut self, id: ServerId) {
        for place in 0..self.nodes[id.position()].alarms.len() {
            let alarm = self.nodes[id.position()].alarms[place];
            if alarm.is_set() {
                self.set_server_timer(id, timer_at(place as u8), alarm.local());
            }
        }
    }

    /// Remembers the lowest index of a log of Raft's that this event changes.
    fn note_write(&mut self, write: &Write) {
        let ByProtocol::Raft(write) = write else {
            return;
        };
        let from = match write {
            raft::Write::HardState(_)
            | raft::Write::Snapshot { .. }
            | raft::Write::Chunk { .. } => return,
            raft::Write::Append { entries } => match entries.first() {
                Some(entry) => entry.index,
                None => return,
            },
            raft::Write::Truncate { from } => *from,
            raft::Write::Install { .. } => Index::new(1),
        };
        if let Some(touched) = &mut self.touched {
            touched.log_from = Some(touched.log_from.map_or(from, |lowest| lowest.min(from)));
        }
    }

    /// The time, in microseconds since the run began.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The event that happened last.
    pub fn event(&self) -> EventId {
        self.event
    }

    /// The server that the last event happened at, if it happened at one.
    pub fn touched(&self) -> Option<Touched> {
        self.touched
    }

    /// What the run depends on besides its commands.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The machines, S1 first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many servers there are now; they are called S1 to this one.
    pub fn servers(&self) -> u16 {
        self.nodes.last().map_or(0, |node| node.id().number())
    }

    /// The machine of a server, if the ensemble has it.
    pub fn node(&self, id: ServerId) -> Option<&Node> {
        self.nodes.get(id.position())
    }

    /// A server, while it runs.
    pub fn server(&self, id: ServerId) -> Option<&Server> {
        self.node(id)?.server()
    }

    /// The clients, A first.
    pub fn clients(&self) -> impl Iterator<Item = (ClientId, &ClientNode)> {
        self.clients.iter().map(|(id, node)| (*id, node))
    }

    /// A client.
    pub fn client(&self, id: ClientId) -> Option<&ClientNode> {
        self.clients.get(&id)
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// A digest of everything that decides the future.
    pub fn digest(&self) -> Digest {
        let mut hasher = PortableHasher::default();
        self.now.hash(&mut hasher);
        self.event.hash(&mut hasher);
        for node in &self.nodes {
            (&node.server, &node.disk, &node.clock, node.paused).hash(&mut hasher);
            node.alarms.hash(&mut hasher);
            node.backlog.len().hash(&mut hasher);
        }
        for (id, node) in &self.clients {
            (id, node.process(), node.is_killed()).hash(&mut hasher);
        }
        self.wires.hash(&mut hasher);
        if !self.peer_wires.is_empty() {
            self.peer_wires.hash(&mut hasher);
        }
        self.network.hash(&mut hasher);
        Digest(hasher.finish())
    }
}

/// A machine of an ensemble that begins.
fn new_node(id: ServerId, settings: &Settings) -> Node {
    let blank = settings.blank_disk(id);
    Node::new(id, blank, settings)
}

/// The stream that a client's choices are drawn from.
pub(super) fn client_stream(settings: &Settings, client: ClientId) -> Random {
    Random::new(settings.seed, Stream::Client(client.position() as u8))
}
