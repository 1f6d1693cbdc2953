//! Client processes in the world, and the connections between them and the servers.

use std::collections::BTreeMap;

use super::fact::{Fact, WorldFact};
use super::faults::Impossible;
use super::network::{Body, Death, InFlight, Parcel};
use super::queue::{Alarm, Due};
use super::world::{World, client_stream};
use crate::client::{self, Client, Input, Output, State, Timer};
use crate::ids::{ClientId, ConnectionId, Endpoint, EventId, ServerId};
use crate::random::{Bits, Random};
use crate::server::{self, Protocol};
use crate::time::{Duration, Time};
use crate::zookeeper::Request;

/// How many timers a client has.
const TIMERS: usize = 3;

/// A client process and what it runs on.
#[derive(Clone, Debug)]
pub struct ClientNode {
    process: Client,
    killed: bool,
    random: Random,
    pub(super) alarms: [Alarm; TIMERS],
}

/// What a client says when it starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Opening {
    /// The server it tries first; a random one otherwise.
    pub server: Option<ServerId>,
    /// The session timeout it asks for; otherwise as the settings say.
    pub timeout: Option<Duration>,
    /// Whether it is content with a server that can only be read from.
    pub read_only: bool,
}

/// Where a client's connection leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reach {
    /// The server.
    pub server: ServerId,
    /// The connection.
    pub connection: ConnectionId,
}

/// A connection, as the network knows it. Each end is open until it closes or learns that the other
/// did; `torn` once a frame was lost: nothing can be delivered in order any more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Wire {
    client: ClientId,
    server: ServerId,
    client_open: bool,
    server_open: bool,
    torn: bool,
}

impl Wire {
    pub(super) fn is_open_for_client(self) -> bool {
        self.client_open
    }
}

impl ClientNode {
    /// The process.
    pub fn process(&self) -> &Client {
        &self.process
    }

    /// Whether the process was killed.
    pub fn is_killed(&self) -> bool {
        self.killed
    }
}

/// The place of a timer in a client's array.
const fn place_of(timer: Timer) -> usize {
    match timer {
        Timer::Retry => 0,
        Timer::Ping => 1,
        Timer::Silence => 2,
    }
}

const fn timer_at(place: u8) -> Timer {
    match place {
        0 => Timer::Retry,
        1 => Timer::Ping,
        _ => Timer::Silence,
    }
}

impl World {
    /// Starts a client process that opens a session; one that was killed, or whose session is over,
    /// is started anew.
    pub fn start_client(
        &mut self,
        id: ClientId,
        server: Option<ServerId>,
        timeout: Option<Duration>,
    ) -> Result<(), Impossible> {
        self.open_client(
            id,
            Opening {
                server,
                timeout,
                read_only: false,
            },
        )
    }

    /// The same, with everything that a client can say when it starts.
    pub fn open_client(&mut self, id: ClientId, opening: Opening) -> Result<(), Impossible> {
        let Opening {
            server,
            timeout,
            read_only,
        } = opening;
        if let Some(server) = server {
            self.check_server(server)?;
        }
        if self.clients.get(&id).is_some_and(ClientNode::is_live) {
            return Err(Impossible::ClientRuns(id));
        }
        self.begin_deed();
        self.tell(None, WorldFact::ClientStarted { client: id });
        let earlier = self.clients.remove(&id);
        let connections = earlier
            .as_ref()
            .map_or(0, |c| c.process.connections_opened());
        let mut random = earlier.map_or_else(|| client_stream(&self.settings, id), |c| c.random);
        let settings = client::Settings {
            servers: (1..=self.servers()).map(ServerId::new).collect(),
            first: server,
            timeout: timeout.unwrap_or(self.settings.session_timeout),
            read_only,
            connections,
        };
        let mut out = Vec::new();
        let draw = Bits(random.draw());
        let process = Client::start(id, settings, self.now, draw, &mut out);
        let alarms = [Alarm::default(); TIMERS];
        self.clients.insert(
            id,
            ClientNode {
                process,
                killed: false,
                random,
                alarms,
            },
        );
        self.carry_out_client(id, out);
        Ok(())
    }

    /// Kills a client process: its session stays until it expires.
    pub fn kill_client(&mut self, id: ClientId) -> Result<(), Impossible> {
        self.check_client(id)?;
        self.begin_deed();
        self.tell(None, WorldFact::ClientKilled { client: id });
        let Some(node) = self.clients.get_mut(&id) else {
            return Ok(());
        };
        node.killed = true;
        node.alarms = [Alarm::default(); TIMERS];
        if let Some(connection) = node.process.connection() {
            self.client_closes(connection);
        }
        Ok(())
    }

    /// Gives a running client something to do: an operation, a move, the end of its session.
    pub fn tell_client(&mut self, id: ClientId, input: Input) -> Result<(), Impossible> {
        self.check_client(id)?;
        self.check_input(&input)?;
        self.begin_deed();
        self.step_client(id, input);
        Ok(())
    }

    /// The same; a client that nobody has started yet is started by it.
    pub fn ask_client(&mut self, id: ClientId, input: Input) -> Result<(), Impossible> {
        self.check_input(&input)?;
        if self.client(id).is_none() {
            self.start_client(id, None, None)?;
        }
        self.tell_client(id, input)
    }

    /// What some client could do here.
    fn check_input(&self, input: &Input) -> Result<(), Impossible> {
        match input {
            Input::MoveTo(server) => self.check_server(*server),
            Input::Request(Request::Reconfig(change)) => {
                for server in change.coming() {
                    self.check_server(server)?;
                }
                Ok(())
            }
            Input::Request(Request::Linearizable(_)) => {
                self.check_protocol(Protocol::Raft, "a linearizable read")
            }
            _ => Ok(()),
        }
    }

    /// A client that can be told to do something.
    fn check_client(&self, id: ClientId) -> Result<(), Impossible> {
        let node = self.clients.get(&id).ok_or(Impossible::NoSuchClient(id))?;
        match node.process.state() {
            _ if node.killed => Err(Impossible::ClientKilled(id)),
            State::Expired => Err(Impossible::SessionExpired(id)),
            State::Closed => Err(Impossible::SessionClosed(id)),
            _ => Ok(()),
        }
    }

    pub(super) fn client_timer(&mut self, id: ClientId, place: u8) {
        self.step_client(id, Input::Timer(timer_at(place)));
    }

    fn step_client(&mut self, id: ClientId, input: Input) {
        let Some(node) = self.clients.get_mut(&id) else {
            return;
        };
        if node.killed {
            return;
        }
        let mut out = Vec::new();
        let random = Bits(node.random.draw());
        node.process.step(self.now, random, input, &mut out);
        self.carry_out_client(id, out);
    }

    /// Does what a client asked for.
    fn carry_out_client(&mut self, id: ClientId, outputs: Vec<Output>) {
        let from = Endpoint::Client(id);
        for output in outputs {
            match output {
                Output::Open { connection, server } => self.open_wire(connection, id, server),
                Output::Frame { connection, frame } => {
                    self.send_to_server(connection, Body::ToServer(connection, Box::new(frame)));
                }
                Output::Close(connection) => self.client_closes(connection),
                Output::SetTimer { timer, at } => self.set_client_timer(id, timer, at),
                Output::CancelTimer(timer) => {
                    if let Some(node) = self.clients.get_mut(&id) {
                        node.alarms[place_of(timer)].cancel();
                    }
                }
                Output::Fact(fact) => self.record(Some(from), Fact::Client(fact)),
            }
        }
    }

    pub(super) fn open_wire(
        &mut self,
        connection: ConnectionId,
        client: ClientId,
        server: ServerId,
    ) {
        let wire = Wire {
            client,
            server,
            client_open: true,
            server_open: true,
            torn: false,
        };
        self.wires.insert(connection, wire);
    }

    fn set_client_timer(&mut self, id: ClientId, timer: Timer, at: Time) {
        let cause = self.origin();
        let place = place_of(timer);
        let Some(node) = self.clients.get_mut(&id) else {
            return;
        };
        let due = Due::ClientTimer {
            client: id,
            timer: place as u8,
        };
        node.alarms[place].set(at, at, cause, due, &mut self.queue);
    }

    pub(super) fn send_to_server(&mut self, connection: ConnectionId, body: Body) {
        let cause = self.origin();
        let Some(wire) = self.wires.get(&connection) else {
            return;
        };
        let (from, to) = (wire.client.into(), wire.server.into());
        let parcel = Parcel {
            from,
            to,
            body,
            cause,
        };
        self.network
            .send_frame(self.now, connection, parcel, &mut self.queue);
    }

    #[inline(never)] // Apart: it is needed later, and fetched then.
    pub(super) fn send_to_client(
        &mut self,
        connection: ConnectionId,
        body: Body,
        cause: Option<EventId>,
    ) {
        let Some(wire) = self.wires.get(&connection).filter(|wire| wire.server_open) else {
            return;
        };
        let (from, to) = (wire.server.into(), wire.client.into());
        let parcel = Parcel {
            from,
            to,
            body,
            cause,
        };
        self.network
            .send_frame(self.now, connection, parcel, &mut self.queue);
    }

    pub(super) fn client_closes(&mut self, connection: ConnectionId) {
        let Some(wire) = self.wires.get_mut(&connection) else {
            return;
        };
        wire.client_open = false;
        self.send_to_server(connection, Body::Closed(connection));
    }

    #[inline(never)] // Apart: it is needed later, and fetched then.
    pub(super) fn server_closes(&mut self, connection: ConnectionId, cause: Option<EventId>) {
        self.send_to_client(connection, Body::Closed(connection), cause);
        if let Some(wire) = self.wires.get_mut(&connection) {
            wire.server_open = false;
        }
    }

    /// A server went down: what it had sent its clients and is still under way is lost, and each
    /// learns that the connection is gone.
    pub(super) fn break_connections_of(&mut self, server: ServerId) {
        let broken: Vec<ConnectionId> = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.server == server && wire.server_open)
            .map(|(connection, _)| *connection)
            .collect();
        for connection in broken {
            for frame in self.network.take_frames(connection, server.into()) {
                let place = frame.place(self.now);
                self.network
                    .bury(self.now, frame.tag(), place, Death::ConnectionClosed);
            }
            let cause = self.origin();
            self.server_closes(connection, cause);
        }
    }

    /// A frame was lost: nothing that follows it on its connection can be delivered in order.
    pub(super) fn break_connection_of(&mut self, lost: &InFlight) {
        if let Body::ToServer(connection, _) | Body::ToClient(connection, _) = &lost.body
            && let Some(wire) = self.wires.get_mut(connection)
        {
            wire.torn = true;
        }
        self.break_wire_of(lost);
    }

    /// A frame, or the news that the other end has closed, arrives.
    pub(super) fn arrive_over_connection(&mut self, message: InFlight) {
        let (Body::ToServer(connection, _)
        | Body::ToClient(connection, _)
        | Body::Closed(connection)) = message.body
        else {
            return;
        };
        let Some(wire) = self.wires.get(&connection).copied() else {
            return self.die(&message, Death::ConnectionClosed);
        };
        if wire.torn && !matches!(message.body, Body::Closed(_)) {
            self.reset(connection);
            return self.die(&message, Death::ConnectionClosed);
        }
        let lane = message.lane();
        match message.to {
            Endpoint::Server(server) => self.arrive_at_server(server, wire, message),
            Endpoint::Client(client) => self.arrive_at_client(client, wire, message),
        }
        self.network.advance_lane(self.now, lane, &mut self.queue);
    }

    fn arrive_at_server(&mut self, server: ServerId, wire: Wire, message: InFlight) {
        let up = self.nodes[server.position()].server.is_some();
        match message.body {
            Body::ToServer(..) if !up => {
                // The machine answers for the process that is not there.
                if let Body::ToServer(connection, _) = message.body {
                    let cause = self.origin();
                    self.server_closes(connection, cause);
                }
                self.die(&message, Death::DeadServer);
            }
            Body::ToServer(..) if !wire.server_open => self.die(&message, Death::ConnectionClosed),
            Body::ToServer(connection, frame) => {
                let frame = *frame;
                self.input(server, server::Input::Frame { connection, frame });
            }
            Body::Closed(connection) => {
                self.forget_connection(connection);
                if up && wire.server_open {
                    self.input(server, server::Input::Disconnected(connection));
                }
            }
            _ => {}
        }
    }

    fn arrive_at_client(&mut self, client: ClientId, wire: Wire, message: InFlight) {
        if self.arrive_at_socket(wire, &message.body) {
            return;
        }
        match message.body {
            Body::ToClient(..) if !wire.client_open => self.die(&message, Death::ConnectionClosed),
            Body::ToClient(connection, frame) => {
                let frame = *frame;
                self.step_client(client, Input::Frame { connection, frame });
            }
            Body::Closed(connection) => {
                self.forget_connection(connection);
                if wire.client_open {
                    self.step_client(client, Input::Disconnected(connection));
                }
            }
            _ => {}
        }
    }

    /// Both ends are told that the connection is of no use any more.
    fn reset(&mut self, connection: ConnectionId) {
        let cause = self.origin();
        self.server_closes(connection, cause);
        self.client_closes(connection);
        if let Some(wire) = self.wires.get_mut(&connection) {
            // Each end is still to hear of it.
            (wire.client_open, wire.server_open) = (true, true);
        }
    }

    pub(super) fn forget_connection(&mut self, connection: ConnectionId) {
        let Some(wire) = self.wires.get(&connection) else {
            return;
        };
        let ends = [Endpoint::Client(wire.client), Endpoint::Server(wire.server)];
        // The other end's own farewell may still be under way.
        let under_way = self
            .network
            .flying()
            .any(|m| matches!(m.body, Body::Closed(c) if c == connection));
        if !under_way {
            self.wires.remove(&connection);
            for end in ends {
                self.network.clear_connection(connection, end);
            }
        }
    }

    /// Where a client's connection leads, as the client believes.
    pub fn reach_of(&self, client: ClientId) -> Option<Reach> {
        let process = self.clients.get(&client)?.process();
        process.connection().map(|connection| Reach {
            server: process.server(),
            connection,
        })
    }

    /// The client at the other end of a server's connection.
    pub fn client_of(&self, connection: ConnectionId) -> Option<ClientId> {
        self.wires.get(&connection).map(|wire| wire.client)
    }

    /// All clients by the session that they hold.
    pub fn clients_by_session(&self) -> BTreeMap<crate::zookeeper::SessionId, ClientId> {
        let sessions = |(id, node): (&ClientId, &ClientNode)| {
            node.process
                .session()
                .map(|credentials| (credentials.session, *id))
        };
        self.clients.iter().filter_map(sessions).collect()
    }
}

impl ClientNode {
    /// Whether the process runs and has, or is after, a session.
    fn is_live(&self) -> bool {
        !self.killed && !matches!(self.process.state(), State::Expired | State::Closed)
    }
}

/// Asks a running client for an operation.
impl From<crate::zookeeper::Request> for client::Input {
    fn from(request: crate::zookeeper::Request) -> Self {
        Self::Request(request)
    }
}
