//! Replaying a scenario, step by step.
//!
//! The clients are sockets driven by hand, for a trace does what no client library would. Between
//! steps everything comes to rest as it did in the recording: each client sends a sync and waits
//! for its answer, and what has arrived by then belongs to the step.

mod batch;

use std::collections::{BTreeMap, VecDeque};

use quorumscope_core::ids::{ConnectionId, ServerId};
use quorumscope_core::server::Protocol;
use quorumscope_core::sim::World;
use quorumscope_core::time::{Duration, Time};
use quorumscope_core::zookeeper::frame::{Credentials, ToClient, ToServer};
use quorumscope_core::zookeeper::{
    CreateMode, Data, ErrorCode, Password, Reply, Request, Response, SessionId, Xid, Zxid,
};
use serde_json::{Map, Value, json};

use super::cluster::{self, PATIENCE, Seats};
use super::trace::Scenario;
use super::{compare, operation, outcome};

/// How often clients say that they are there.
const HEARTBEAT: Duration = Duration::from_millis(100);
/// How many epochs ahead of every server a client is that claims to be.
const AHEAD: u32 = 1 << 20;

/// A session, which may have several connections under several names.
struct Session {
    name: String,
    credentials: Credentials,
    timeout: Duration,
    last_xid: Xid,
    /// The last state that an answer has shown.
    seen: Zxid,
    /// What that was when the session last connected.
    seen_at_connect: Zxid,
}

/// What arrived over a connection and belongs to the trace.
enum Arrival {
    Reply(Xid, Reply),
    Event(Value),
}

/// A connection under the name that the trace gives it.
struct Link {
    connection: ConnectionId,
    session: usize,
    /// It sends nothing any more.
    stalled: bool,
    arrivals: VecDeque<Arrival>,
}

struct Driver {
    world: World,
    seats: Seats,
    sessions: Vec<Session>,
    links: BTreeMap<String, Link>,
    next_beat: Time,
}

/// Replays a scenario and answers what was seen, a line a step. Scenarios of one server run on
/// `servers` if that is said; those of three on at least three.
pub fn replay(scenario: &Scenario, servers: Option<u16>, protocol: Protocol) -> Vec<Value> {
    let (world, seats) = cluster::start(scenario.cluster, servers, protocol);
    let mut driver = Driver {
        next_beat: world.now(),
        world,
        seats,
        sessions: Vec::new(),
        links: BTreeMap::new(),
    };
    let base = driver.prepare();
    let mut lines: Vec<Value> = scenario
        .steps
        .iter()
        .map(|step| driver.step(step))
        .collect();
    // The znode that everything happens below counts as the first, whether it is shown or not.
    lines.push(json!({"czxid": base.number()}));
    let ranks = compare::ranks(&lines);
    lines.pop();
    lines
        .iter()
        .map(|line| compare::ranked(line, &ranks))
        .collect()
}

impl Driver {
    /// Creates the znode `/t`, from which every scenario starts; the transaction that did.
    fn prepare(&mut self) -> Zxid {
        let maker = "setup";
        let opened = self.open(maker, &json!({"timeout_ms": 4_000}));
        debug_assert!(opened.contains_key("result"), "{opened:?}");
        let create = Request::create("/t", Some(Data::from("")), CreateMode::Persistent);
        let stat = match self.ask(maker, &create) {
            Ok(Response::Created { stat, .. }) => stat,
            _ => None,
        };
        let _ = self.close(maker);
        self.sessions.clear();
        stat.map_or(Zxid::ZERO, |stat| stat.czxid)
    }

    /// Does one step and writes down what is seen.
    fn step(&mut self, step: &Value) -> Value {
        let name = step["session"].as_str().unwrap_or_default().to_owned();
        let op = step["op"].as_str().unwrap_or_default();
        let args = &step["args"];
        let mut line = Map::new();
        for key in ["scenario", "step", "session", "op", "args"] {
            if !step[key].is_null() {
                line.insert(key.into(), step[key].clone());
            }
        }
        let mut told = Vec::new();
        line.extend(match op {
            "open" => self.open(&name, args),
            "reconnect" => self.reconnect(&name, args),
            "close" => self.step_close(&name, &mut told),
            "batch" => self.batch(&name, args),
            _ => match self.session_of(&name) {
                Some(session) => {
                    let own = self.sessions[session].seen_at_connect;
                    match operation::request(op, args, own) {
                        Some(request) => self.step_request(&name, &request, &mut told),
                        None => self.fault(&name, op, args),
                    }
                }
                None => self.fault(&name, op, args),
            },
        });
        if step["flush"] == Value::Bool(false) {
            line.insert("flush".into(), false.into());
            self.put_back(&name, told);
        } else {
            self.flush();
            self.write_events(&name, told, &mut line);
            self.write_disconnected(&mut line);
        }
        Value::Object(line)
    }

    fn session_of(&self, name: &str) -> Option<usize> {
        self.links.get(name).map(|link| link.session)
    }

    /// What happens to a connection, to time, or to a server, and has no answer.
    fn fault(&mut self, name: &str, op: &str, args: &Value) -> Map<String, Value> {
        let server = self.seats.of(args["server"].as_u64());
        match op {
            "drop" => {
                if let Some(link) = self.links.remove(name) {
                    self.world.close_socket(link.connection);
                }
            }
            "stall" => {
                if let Some(link) = self.links.get_mut(name) {
                    link.stalled = true;
                }
            }
            "sleep" => self.sleep(Duration::from_millis(args["ms"].as_u64().unwrap_or(0))),
            // A kill leaves what the process wrote to the operating system, which lives on.
            "kill_server" => {
                let _ = self.world.crash(server, usize::MAX);
            }
            "start_server" => {
                let _ = self.world.restart(server);
            }
            "wait_serving" => {
                let servers = args["servers"].as_array().into_iter().flatten();
                let servers: Vec<ServerId> = servers.map(|it| self.seats.of(it.as_u64())).collect();
                self.wait(|driver| cluster::all_serve(&driver.world, &servers));
            }
            _ => return outcome::error(ErrorCode::ConnectionLoss),
        }
        Map::new()
    }

    fn open(&mut self, name: &str, args: &Value) -> Map<String, Value> {
        let ahead = args["last_zxid"] == "ahead";
        let frame = ToServer::Connect {
            session: None,
            timeout: millis(&args["timeout_ms"]),
            last_zxid: if ahead {
                far_ahead(Zxid::ZERO)
            } else {
                Zxid::ZERO
            },
            read_only: args["read_only"].as_bool().unwrap_or(false),
        };
        match self.shake_hands(args, frame) {
            Ok((connection, credentials, timeout, read_only)) => {
                self.sessions.push(Session {
                    name: name.to_owned(),
                    credentials,
                    timeout,
                    last_xid: Xid::ZERO,
                    seen: Zxid::ZERO,
                    seen_at_connect: Zxid::ZERO,
                });
                self.attach(name, connection, self.sessions.len() - 1);
                let mut result = json!({"timeout_ms": timeout.as_micros() / 1_000});
                if read_only {
                    result["read_only"] = true.into();
                }
                with_result(result)
            }
            Err(code) => outcome::error(code),
        }
    }

    fn reconnect(&mut self, name: &str, args: &Value) -> Map<String, Value> {
        let of = args["session_of"].as_str().unwrap_or(name);
        let known = self.sessions.iter().rposition(|it| it.name == of);
        let Some(position) = self.session_of(of).or(known) else {
            return outcome::error(ErrorCode::SessionExpired);
        };
        let session = &mut self.sessions[position];
        session.seen_at_connect = session.seen;
        let mut shown = session.credentials;
        if args["bad_password"].as_bool().unwrap_or(false) {
            shown.password = Password::new(shown.password.bytes().map(|byte| !byte));
        }
        let own = session.seen;
        let frame = ToServer::Connect {
            session: Some(shown),
            timeout: match &args["timeout_ms"] {
                Value::Null => session.timeout,
                timeout => millis(timeout),
            },
            last_zxid: match args["last_zxid"].as_str() {
                Some("zero") => Zxid::ZERO,
                Some("ahead") => far_ahead(own),
                _ => own,
            },
            read_only: args["read_only"].as_bool().unwrap_or(false),
        };
        match self.shake_hands(args, frame) {
            Ok((connection, credentials, timeout, _)) => {
                self.sessions[position].timeout = timeout;
                self.attach(name, connection, position);
                with_result(json!({
                    "timeout_ms": timeout.as_micros() / 1_000,
                    "same_session": credentials.session == shown.session,
                }))
            }
            Err(code) => outcome::error(code),
        }
    }

    fn attach(&mut self, name: &str, connection: ConnectionId, session: usize) {
        let link = Link {
            connection,
            session,
            stalled: false,
            arrivals: VecDeque::new(),
        };
        self.links.insert(name.to_owned(), link);
    }

    /// Connects, and waits for the server's answer: the session with its timeout, and whether the
    /// server can only be read from.
    fn shake_hands(
        &mut self,
        args: &Value,
        frame: ToServer,
    ) -> Result<(ConnectionId, Credentials, Duration, bool), ErrorCode> {
        let server = self.seats.of(args["server"].as_u64());
        let connection = self.world.open_socket(server);
        let connection = connection.map_err(|_| ErrorCode::ConnectionLoss)?;
        self.world.send_over_socket(connection, frame);
        let mut answer = None;
        self.wait(|driver| {
            answer = driver.world.receive_over_socket(connection);
            answer.is_some() || driver.world.is_socket_closed(connection)
        });
        match answer {
            Some(ToClient::Connected {
                session,
                timeout,
                read_only,
            }) => Ok((connection, session, timeout, read_only)),
            Some(ToClient::Expired) => Err(ErrorCode::SessionExpired),
            _ => Err(ErrorCode::ConnectionLoss),
        }
    }

    fn step_request(
        &mut self,
        name: &str,
        request: &Request,
        told: &mut Vec<Value>,
    ) -> Map<String, Value> {
        let (seen, before) = match self.send(name, request) {
            Some(xid) => self.await_reply(name, xid),
            None => (Err(ErrorCode::ConnectionLoss), Vec::new()),
        };
        told.extend(before.into_iter().map(|event| when("before_reply", event)));
        outcome::outcome(request, &seen, &|session| self.name_of(session))
    }

    fn name_of(&self, owner: SessionId) -> String {
        let session = self
            .sessions
            .iter()
            .find(|it| it.credentials.session == owner);
        session.map_or_else(|| owner.to_string(), |it| it.name.clone())
    }

    fn ask(&mut self, name: &str, request: &Request) -> Reply {
        let xid = self.send(name, request).ok_or(ErrorCode::ConnectionLoss)?;
        self.await_reply(name, xid).0
    }

    fn send(&mut self, name: &str, request: &Request) -> Option<Xid> {
        let request = request.clone();
        self.send_frame(name, |xid| ToServer::Request { xid, request })
    }

    fn send_close(&mut self, name: &str) -> Option<Xid> {
        self.send_frame(name, |xid| ToServer::Close { xid })
    }

    fn send_frame(&mut self, name: &str, frame: impl FnOnce(Xid) -> ToServer) -> Option<Xid> {
        let link = self.links.get(name)?;
        let session = &mut self.sessions[link.session];
        session.last_xid = session.last_xid.next();
        let xid = session.last_xid;
        self.world.send_over_socket(link.connection, frame(xid));
        Some(xid)
    }

    /// Waits for the answer to a request; with it, the events that came before it.
    fn await_reply(&mut self, name: &str, xid: Xid) -> (Reply, Vec<Value>) {
        self.wait(|driver| {
            let link = driver.links.get(name);
            link.is_none_or(|link| {
                link.answers(xid) || driver.world.is_socket_closed(link.connection)
            })
        });
        let mut events = Vec::new();
        let Some(link) = self.links.get_mut(name).filter(|link| link.answers(xid)) else {
            return (Err(ErrorCode::ConnectionLoss), events);
        };
        while let Some(arrival) = link.arrivals.pop_front() {
            match arrival {
                Arrival::Reply(of, reply) if of == xid => return (reply, events),
                Arrival::Reply(..) => {}
                Arrival::Event(event) => events.push(event),
            }
        }
        (Err(ErrorCode::ConnectionLoss), events)
    }

    fn step_close(&mut self, name: &str, told: &mut Vec<Value>) -> Map<String, Value> {
        let (reply, before) = self.close(name);
        told.extend(before.into_iter().map(|event| when("before_reply", event)));
        closed(&reply)
    }

    fn close(&mut self, name: &str) -> (Reply, Vec<Value>) {
        let Some(xid) = self.send_close(name) else {
            return (Err(ErrorCode::ConnectionLoss), Vec::new());
        };
        let seen = self.await_reply(name, xid);
        if seen.0.is_ok() {
            self.links.remove(name);
        }
        seen
    }

    /// Every client that sends anything sends a sync and waits for its answer.
    fn flush(&mut self) {
        let sync = Request::Sync { path: "/t".into() };
        let names: Vec<String> = self.links.keys().cloned().collect();
        let is_live = |driver: &Self, name: &String| {
            let link = &driver.links[name];
            !link.stalled && !driver.world.is_socket_closed(link.connection)
        };
        let live = names.into_iter().filter(|name| is_live(self, name));
        let live: Vec<String> = live.collect();
        let asked: Vec<(String, Option<Xid>)> = live
            .into_iter()
            .map(|name| (name.clone(), self.send(&name, &sync)))
            .collect();
        for (name, xid) in asked {
            let Some(xid) = xid else { continue };
            self.wait(|driver| {
                let link = &driver.links[&name];
                link.answers(xid) || driver.world.is_socket_closed(link.connection)
            });
            if let Some(link) = self.links.get_mut(&name) {
                link.arrivals
                    .retain(|arrival| !matches!(arrival, Arrival::Reply(of, _) if *of == xid));
            }
        }
        // Frames that a stalled client would not answer are on their way for no longer than this.
        self.sleep(Duration::from_millis(5));
    }

    /// The events that each session was told of, those of the one who acted with their place.
    fn write_events(&mut self, actor: &str, told: Vec<Value>, line: &mut Map<String, Value>) {
        let acts = line.contains_key("result") || line.contains_key("error");
        let mut events = Map::new();
        if !told.is_empty() {
            events.insert(actor.to_owned(), Value::Array(told));
        }
        for (name, link) in &mut self.links {
            let arrived = link.arrivals.drain(..).filter_map(|arrival| match arrival {
                Arrival::Event(event) if name == actor && acts => Some(when("after_reply", event)),
                Arrival::Event(event) => Some(event),
                Arrival::Reply(..) => None,
            });
            let arrived: Vec<Value> = arrived.collect();
            if arrived.is_empty() {
                continue;
            }
            let told = events.entry(name.clone()).or_insert_with(|| json!([]));
            if let Value::Array(told) = told {
                told.extend(arrived);
            }
        }
        if !events.is_empty() {
            line.insert("events".into(), Value::Object(events));
        }
    }

    /// What was told during a step that nobody waits for shows in a later one.
    fn put_back(&mut self, name: &str, told: Vec<Value>) {
        let Some(link) = self.links.get_mut(name) else {
            return;
        };
        for mut event in told.into_iter().rev() {
            if let Some(fields) = event.as_object_mut() {
                fields.remove("when");
            }
            link.arrivals.push_front(Arrival::Event(event));
        }
    }

    fn write_disconnected(&mut self, line: &mut Map<String, Value>) {
        let world = &self.world;
        let closed = |link: &Link| world.is_socket_closed(link.connection);
        let gone = self.links.iter().filter(|(_, link)| closed(link));
        let gone: Vec<String> = gone.map(|(name, _)| name.clone()).collect();
        for name in &gone {
            self.links.remove(name);
        }
        if !gone.is_empty() {
            line.insert("disconnected".into(), gone.into());
        }
    }

    fn sleep(&mut self, span: Duration) {
        let until = self.world.now() + span;
        self.pass(until, |_| false);
    }

    /// Lets time pass until something is so, for as long as patience lasts.
    fn wait(&mut self, is_so: impl FnMut(&mut Self) -> bool) {
        let give_up = self.world.now() + PATIENCE;
        self.pass(give_up, is_so);
    }

    /// Lets time pass; whoever sends anything says every now and then that it is there.
    fn pass(&mut self, until: Time, mut is_enough: impl FnMut(&mut Self) -> bool) {
        loop {
            self.receive();
            if is_enough(self) {
                return;
            }
            if self.next_beat <= self.world.now() {
                self.next_beat = self.world.now() + HEARTBEAT;
                for link in self.links.values().filter(|link| !link.stalled) {
                    self.world.send_over_socket(link.connection, ToServer::Ping);
                }
            }
            let next = self.next_beat.min(until);
            if self.world.step_until(next).is_none() && self.world.now() >= until {
                self.receive();
                return;
            }
        }
    }

    /// Takes in what has arrived.
    fn receive(&mut self) {
        for link in self.links.values_mut() {
            while let Some(frame) = self.world.receive_over_socket(link.connection) {
                match frame {
                    ToClient::Reply { xid, zxid, reply } => {
                        let session = &mut self.sessions[link.session];
                        session.seen = session.seen.max(zxid);
                        link.arrivals.push_back(Arrival::Reply(xid, reply));
                    }
                    ToClient::Event { event, .. } => {
                        let event = outcome::event(&event);
                        link.arrivals.push_back(Arrival::Event(event));
                    }
                    ToClient::Connected { .. } | ToClient::Expired | ToClient::Pong => {}
                }
            }
        }
    }
}

impl Link {
    fn answers(&self, xid: Xid) -> bool {
        self.arrivals
            .iter()
            .any(|arrival| matches!(arrival, Arrival::Reply(of, _) if *of == xid))
    }
}

fn closed(reply: &Reply) -> Map<String, Value> {
    match reply {
        Ok(_) => with_result(json!({})),
        Err(code) => outcome::error(*code),
    }
}

fn with_result(result: Value) -> Map<String, Value> {
    Map::from_iter([("result".to_owned(), result)])
}

/// An event with its place beside the answer.
fn when(place: &str, mut event: Value) -> Value {
    event["when"] = place.into();
    event
}

/// A negative timeout is as good as none: the server has its least.
fn millis(value: &Value) -> Duration {
    Duration::from_millis(value.as_i64().unwrap_or(0).try_into().unwrap_or(0))
}

fn far_ahead(of: Zxid) -> Zxid {
    Zxid::new(of.epoch() + AHEAD, of.counter())
}
