//! A client process: the client library as a state machine.
//!
//! It does what ZooKeeper's own library does: holds one session with the service through one
//! connection to one server at a time; sends operations in order without waiting for answers; says
//! "still here" when it has been quiet for a third of its timeout; gives up on a server that was
//! silent for two thirds and tries the next; never decides by itself that its session has expired
//! (ZooKeeper, Programmer's Guide, Sessions). What it shows is what it believes.

mod application;
mod fact;
mod notice;
pub mod recipes;
mod watches;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::ids::{ClientId, ConnectionId, ServerId};
use crate::random::Bits;
use crate::time::{Duration, Time};
use crate::zookeeper::frame::{Credentials, ToClient, ToServer};
use crate::zookeeper::{ErrorCode, Reply, Request, Response, WatchEvent, Xid, Zxid};

use notice::Notices;
use recipes::Running;
use watches::Watches;

pub use fact::{ClientFact, ConnectionEnd};
pub use notice::{Notice, REMEMBERED_NOTICES};

/// How many operations a client remembers for whoever watches it, unless more are unanswered.
pub const REMEMBERED_OPERATIONS: usize = 50;

/// The number of what the library itself asks for when it shows a credential again.
const AUTH_XID: Xid = Xid::new(-4);
/// The number of what the library itself asks for when it registers its watches again.
const SET_WATCHES_XID: Xid = Xid::new(-8);

/// A client's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// Try to connect again.
    Retry,
    /// Say "still here".
    Ping,
    /// Give up on the server.
    Silence,
}

/// What can happen to a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A frame arrived.
    Frame {
        /// The connection.
        connection: ConnectionId,
        /// The frame.
        frame: ToClient,
    },
    /// A connection was refused, closed by the server, or broke.
    Disconnected(ConnectionId),
    /// A timer ran down.
    Timer(Timer),
    /// The application wants an operation done.
    Request(Request),
    /// The application wants to go on at this server.
    MoveTo(ServerId),
    /// The application begins a recipe.
    Recipe(recipes::Call),
    /// The application lets go of what its recipes about a znode hold, or wait for.
    Release(Arc<str>),
    /// The application is done with the session.
    Close,
}

/// What a client wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Open a connection; frames may follow at once.
    Open {
        /// Its name, chosen by the client.
        connection: ConnectionId,
        /// The server.
        server: ServerId,
    },
    /// Send a frame.
    Frame {
        /// The connection.
        connection: ConnectionId,
        /// The frame.
        frame: ToServer,
    },
    /// Close a connection.
    Close(ConnectionId),
    /// Set a timer, replacing an earlier one of its kind.
    SetTimer {
        /// The timer.
        timer: Timer,
        /// When it runs down.
        at: Time,
    },
    /// Stop a timer.
    CancelTimer(Timer),
    /// Say what happened.
    Fact(ClientFact),
}

/// What a client is told when it starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The servers it may connect to; at least one.
    pub servers: Vec<ServerId>,
    /// The server it tries first; a random one otherwise.
    pub first: Option<ServerId>,
    /// The session timeout that it asks for.
    pub timeout: Duration,
    /// Whether it is content with a server that can only be read from.
    pub read_only: bool,
    /// How many connections earlier processes of its name have opened: no name of a connection is
    /// used twice.
    pub connections: u64,
}

/// How a client stands with the service.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// It waits before it tries the next server.
    Disconnected,
    /// It has sent its handshake.
    Connecting,
    /// Its session is served.
    Connected,
    /// A server told it that its session is no more.
    Expired,
    /// It has closed its session.
    Closed,
}

/// An operation, from invocation to response.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operation {
    /// Its number within the client, from 1.
    pub number: u64,
    /// What was asked; none for the closing of the session.
    pub request: Option<Request>,
    /// When it was asked.
    pub invoked: Time,
    /// The answer and when it came.
    pub answer: Option<(Time, Reply)>,
    /// The last zxid that the server had applied when it answered; none where no server did, and
    /// the client library had to answer by itself.
    pub zxid: Option<Zxid>,
}

/// An operation that waits: for the connection, or for its answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Pending {
    number: u64,
    xid: Xid,
}

/// A client process.
///
/// `unsent` holds operations that no server has been sent; `sent` those without an answer, oldest
/// first, all over the present connection. `connection` is there exactly while connecting or
/// connected.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Client {
    id: ClientId,
    servers: Vec<ServerId>,
    wanted_timeout: Duration,
    accepts_read_only: bool,
    state: State,
    server: ServerId,
    connection: Option<ConnectionId>,
    connections_opened: u64,
    session: Option<Credentials>,
    /// Whether the present server can only be read from.
    read_only: bool,
    /// Whether the ensemble knows the session: one that was opened at a server that stood alone is
    /// known to nobody else.
    session_is_known: bool,
    watches: Watches,
    notices: Notices,
    recipes: Vec<Running>,
    recipes_begun: u64,
    /// What it has shown to prove who it is.
    credentials: Vec<(Arc<str>, Arc<str>)>,
    timeout: Duration,
    last_zxid: Zxid,
    last_xid: Xid,
    last_heard: Time,
    operations: VecDeque<Operation>,
    invoked: u64,
    unsent: VecDeque<Pending>,
    sent: VecDeque<Pending>,
}

impl Client {
    /// Starts a client that opens a session.
    pub fn start(
        id: ClientId,
        settings: Settings,
        now: Time,
        random: Bits,
        out: &mut Vec<Output>,
    ) -> Self {
        let Settings {
            servers,
            first,
            timeout,
            read_only,
            connections,
        } = settings;
        let any = servers[random.below(servers.len() as u64) as usize];
        let mut client = Self {
            id,
            servers,
            wanted_timeout: timeout,
            accepts_read_only: read_only,
            state: State::Disconnected,
            server: first.unwrap_or(any),
            connection: None,
            connections_opened: connections,
            session: None,
            read_only: false,
            session_is_known: false,
            watches: Watches::default(),
            notices: Notices::default(),
            recipes: Vec::new(),
            recipes_begun: 0,
            credentials: Vec::new(),
            timeout,
            last_zxid: Zxid::ZERO,
            last_xid: Xid::ZERO,
            last_heard: now,
            operations: VecDeque::new(),
            invoked: 0,
            unsent: VecDeque::new(),
            sent: VecDeque::new(),
        };
        client.connect(now, out);
        client
    }

    /// Takes one input and appends what must be done to `out`. `random` is one fresh draw.
    pub fn step(&mut self, now: Time, random: Bits, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Frame { connection, frame } if self.connection == Some(connection) => {
                self.last_heard = now;
                self.watch_for_silence(out);
                self.on_frame(now, frame, out);
            }
            Input::Disconnected(connection) if self.connection == Some(connection) => {
                self.lose_connection(now, random, ConnectionEnd::Closed, out);
            }
            // Of a connection that this client has given up already.
            Input::Frame { .. } | Input::Disconnected(_) => {}
            Input::Timer(Timer::Retry) => self.connect(now, out),
            Input::Timer(Timer::Ping) => {
                if let (State::Connected, Some(connection)) = (self.state, self.connection) {
                    out.push(Output::Frame {
                        connection,
                        frame: ToServer::Ping,
                    });
                    self.rest_before_ping(now, out);
                }
            }
            Input::Timer(Timer::Silence) => {
                self.abandon_connection(out);
                self.lose_connection(now, random, ConnectionEnd::Silent, out);
            }
            Input::Request(request) => {
                self.invoke(now, Some(request), out);
            }
            Input::MoveTo(server) => self.move_to(now, server, out),
            Input::Recipe(call) => self.begin_recipe(now, call, out),
            Input::Release(path) => self.release(now, &path, out),
            Input::Close => {
                self.invoke(now, None, out);
            }
        }
    }

    fn on_frame(&mut self, now: Time, frame: ToClient, out: &mut Vec<Output>) {
        match frame {
            ToClient::Connected {
                session,
                timeout,
                read_only,
            } => {
                self.on_connected(now, session, timeout, read_only, out);
            }
            ToClient::Expired => {
                self.end(State::Expired, now, ErrorCode::SessionExpired, out);
                out.push(Output::Fact(ClientFact::Expired));
            }
            ToClient::Reply { xid, zxid, reply } => {
                self.last_zxid = self.last_zxid.max(zxid);
                self.on_reply(now, xid, zxid, reply, out);
            }
            ToClient::Event { event, zxid } => self.on_event(now, &event, zxid, out),
            ToClient::Pong => {}
        }
    }

    fn on_connected(
        &mut self,
        now: Time,
        session: Credentials,
        timeout: Duration,
        read_only: bool,
        out: &mut Vec<Output>,
    ) {
        let known = self.session.map(|it| it.session);
        let resumed = known == Some(session.session);
        self.session_is_known |= !read_only;
        self.read_only = read_only;
        self.session = Some(session);
        self.timeout = timeout;
        self.state = State::Connected;
        out.push(Output::Fact(ClientFact::Connected {
            server: self.server,
            session: session.session,
            resumed,
        }));
        self.watch_for_silence(out);
        self.rest_before_ping(now, out);
        self.take_up_again(out);
        self.send_unsent(now, out);
        self.recipes_connected(now, out);
    }

    /// A new connection knows nothing of what was proved and watched over the one before.
    fn take_up_again(&mut self, out: &mut Vec<Output>) {
        let Some(connection) = self.connection else {
            return;
        };
        let mut ask = |xid, request| {
            out.push(Output::Frame {
                connection,
                frame: ToServer::Request { xid, request },
            });
        };
        for (scheme, credential) in self.credentials.iter().cloned() {
            ask(AUTH_XID, Request::AddAuth { scheme, credential });
        }
        if let Some(lists) = self.watches.lists(self.last_zxid) {
            ask(SET_WATCHES_XID, Request::SetWatches(lists));
        }
    }

    fn on_event(
        &mut self,
        now: Time,
        event: &WatchEvent,
        zxid: Option<Zxid>,
        out: &mut Vec<Output>,
    ) {
        let expected = self.watches.use_up(event);
        self.notices.add(Notice {
            number: 0,
            time: now,
            event: event.clone(),
            zxid,
            seen: self.last_zxid,
            expected,
        });
        out.push(Output::Fact(ClientFact::Notified {
            event: event.clone(),
        }));
        self.tell_recipes(now, event, out);
    }

    /// Operations of one client are answered in the order in which they were sent
    /// (ZooKeeper §2.3, FIFO client order).
    fn on_reply(&mut self, now: Time, xid: Xid, zxid: Zxid, reply: Reply, out: &mut Vec<Output>) {
        if xid == AUTH_XID || xid == SET_WATCHES_XID {
            return;
        }
        let Some(oldest) = self.sent.pop_front() else {
            return;
        };
        debug_assert_eq!(oldest.xid, xid, "answers come in the order of the requests");
        let closed = matches!(reply, Ok(Response::SessionClosed));
        self.answer(now, oldest.number, Some(zxid), reply, out);
        if closed {
            self.end(State::Closed, now, ErrorCode::SessionExpired, out);
        }
    }

    /// Opens a connection to the present server and starts the handshake.
    fn connect(&mut self, now: Time, out: &mut Vec<Output>) {
        self.connections_opened += 1;
        let connection =
            ConnectionId::new((self.id.position() as u64) << 32 | self.connections_opened);
        self.connection = Some(connection);
        self.state = State::Connecting;
        self.last_heard = now;
        out.push(Output::Open {
            connection,
            server: self.server,
        });
        out.push(Output::Frame {
            connection,
            frame: ToServer::Connect {
                session: self.session.filter(|_| self.session_is_known),
                timeout: self.wanted_timeout,
                last_zxid: self.last_zxid,
                read_only: self.accepts_read_only,
            },
        });
        self.watch_for_silence(out);
    }

    /// What was sent may or may not have happened: nobody can tell. The next server is tried after
    /// a short random rest, so that clients do not all come at once.
    fn lose_connection(
        &mut self,
        now: Time,
        random: Bits,
        end: ConnectionEnd,
        out: &mut Vec<Output>,
    ) {
        let was_served = self.state == State::Connected;
        self.connection = None;
        self.state = State::Disconnected;
        out.push(Output::CancelTimer(Timer::Ping));
        out.push(Output::CancelTimer(Timer::Silence));
        out.push(Output::Fact(ClientFact::Disconnected {
            server: self.server,
            end,
            was_served,
        }));
        self.recipes_disconnected(now, out);
        self.fail_pending(now, out);
        self.server = self.next_server();
        let rest = self.wanted_timeout.fraction(1, 12);
        let at = now + random.between(rest, rest * 2);
        out.push(Output::SetTimer {
            timer: Timer::Retry,
            at,
        });
    }

    /// An application waits for its first session before it asks for anything; from then on, what
    /// cannot be sent fails.
    fn fail_pending(&mut self, now: Time, out: &mut Vec<Output>) {
        let mut failed = std::mem::take(&mut self.sent);
        if self.session.is_some() {
            failed.append(&mut self.unsent);
        }
        for pending in failed {
            let reply = Err(ErrorCode::ConnectionLoss);
            self.answer(now, pending.number, None, reply, out);
        }
    }

    fn next_server(&self) -> ServerId {
        let position = self
            .servers
            .iter()
            .position(|server| *server == self.server);
        self.servers[position.map_or(0, |position| (position + 1) % self.servers.len())]
    }

    fn move_to(&mut self, now: Time, server: ServerId, out: &mut Vec<Output>) {
        self.abandon_connection(out);
        self.recipes_disconnected(now, out);
        self.fail_pending(now, out);
        out.push(Output::CancelTimer(Timer::Ping));
        out.push(Output::CancelTimer(Timer::Retry));
        out.push(Output::Fact(ClientFact::Moves {
            from: self.server,
            to: server,
        }));
        self.server = server;
        self.connect(now, out);
    }

    fn abandon_connection(&mut self, out: &mut Vec<Output>) {
        if let Some(connection) = self.connection.take() {
            out.push(Output::Close(connection));
        }
    }

    /// The session is over; nothing more is sent.
    fn end(&mut self, state: State, now: Time, code: ErrorCode, out: &mut Vec<Output>) {
        self.abandon_connection(out);
        self.state = state;
        self.recipes_over(now, code, out);
        for timer in [Timer::Ping, Timer::Silence, Timer::Retry] {
            out.push(Output::CancelTimer(timer));
        }
        for pending in self
            .sent
            .split_off(0)
            .into_iter()
            .chain(self.unsent.split_off(0))
        {
            self.answer(now, pending.number, None, Err(code), out);
        }
    }

    /// Asks for something; its number.
    fn invoke(&mut self, now: Time, request: Option<Request>, out: &mut Vec<Output>) -> u64 {
        self.invoked += 1;
        self.last_xid = self.last_xid.next();
        let number = self.invoked;
        out.push(Output::Fact(ClientFact::Invoked {
            number,
            request: request.clone(),
        }));
        // What was not answered is still to be sent, or its answer to be taken in.
        if self.operations.len() >= REMEMBERED_OPERATIONS {
            self.operations
                .pop_front_if(|oldest| oldest.answer.is_some());
        }
        self.operations.push_back(Operation {
            number,
            request,
            invoked: now,
            answer: None,
            zxid: None,
        });
        self.unsent.push_back(Pending {
            number,
            xid: self.last_xid,
        });
        match self.state {
            State::Connected => self.send_unsent(now, out),
            State::Expired | State::Closed => {
                self.unsent.clear();
                let reply = Err(ErrorCode::SessionExpired);
                self.answer(now, number, None, reply, out);
            }
            State::Connecting | State::Disconnected => {}
        }
        number
    }

    fn send_unsent(&mut self, now: Time, out: &mut Vec<Output>) {
        let Some(connection) = self.connection else {
            return;
        };
        while let Some(pending) = self.unsent.pop_front() {
            let operation = self
                .operations
                .iter()
                .find(|op| op.number == pending.number);
            let Some(operation) = operation else { continue };
            let xid = pending.xid;
            let frame = match operation.request.clone() {
                Some(request) => ToServer::Request { xid, request },
                None => ToServer::Close { xid },
            };
            out.push(Output::Frame { connection, frame });
            self.sent.push_back(pending);
            self.rest_before_ping(now, out);
        }
    }

    fn answer(
        &mut self,
        now: Time,
        number: u64,
        zxid: Option<Zxid>,
        reply: Reply,
        out: &mut Vec<Output>,
    ) {
        let operation = self.operations.iter_mut().find(|op| op.number == number);
        let Some(operation) = operation else { return };
        if let Some(request) = &operation.request {
            self.watches.note(request, &reply);
            if let (Request::AddAuth { scheme, credential }, Ok(_)) = (request, &reply) {
                self.credentials.push((scheme.clone(), credential.clone()));
            }
        }
        out.push(Output::Fact(ClientFact::Answered {
            number,
            request: operation.request.clone(),
            reply: reply.clone(),
        }));
        let heard = reply.clone();
        operation.answer = Some((now, reply));
        operation.zxid = zxid;
        self.answer_recipe(now, number, &heard, out);
    }

    /// Quiet for a third of the timeout: time to say "still here".
    fn rest_before_ping(&self, now: Time, out: &mut Vec<Output>) {
        out.push(Output::SetTimer {
            timer: Timer::Ping,
            at: now + self.timeout.fraction(1, 3),
        });
    }

    /// A server that is silent for two thirds of the timeout is given up, which leaves a third to
    /// find another before the session expires.
    fn watch_for_silence(&self, out: &mut Vec<Output>) {
        out.push(Output::SetTimer {
            timer: Timer::Silence,
            at: self.gives_up_at(),
        });
    }

    fn gives_up_at(&self) -> Time {
        self.last_heard + self.silence_limit()
    }

    /// How long a server may be silent.
    pub fn silence_limit(&self) -> Duration {
        self.timeout.fraction(2, 3)
    }

    /// When it gives up on its server, while it has a connection.
    pub fn deadline(&self) -> Option<Time> {
        self.connection.map(|_| self.gives_up_at())
    }

    /// How it stands with the service.
    pub fn state(&self) -> State {
        self.state
    }

    /// The server it is connected with, or tries next.
    pub fn server(&self) -> ServerId {
        self.server
    }

    /// Its present connection.
    pub fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }

    /// How many connections it and its predecessors have opened.
    pub fn connections_opened(&self) -> u64 {
        self.connections_opened
    }

    /// Its session, as long as it has one.
    pub fn session(&self) -> Option<Credentials> {
        self.session
    }

    /// Whether its server can only be read from.
    pub fn is_read_only(&self) -> bool {
        self.read_only && self.state == State::Connected
    }

    /// Whether only the server that opened its session knows of it, one that stood alone.
    pub fn has_local_session(&self) -> bool {
        self.session.is_some() && !self.session_is_known
    }

    /// The session timeout it was granted.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The highest zxid it has seen.
    pub fn last_zxid(&self) -> Zxid {
        self.last_zxid
    }

    /// Its most recent operations, oldest first.
    pub fn operations(&self) -> impl DoubleEndedIterator<Item = &Operation> {
        self.operations.iter()
    }

    /// The latest events that it was told of, oldest first.
    pub fn notices(&self) -> impl DoubleEndedIterator<Item = &Notice> {
        self.notices.latest()
    }

    /// How many operations wait for the connection or for their answer.
    pub fn waiting(&self) -> usize {
        self.unsent.len() + self.sent.len()
    }
}
