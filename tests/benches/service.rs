//! What the service costs as it grows: one operation in a larger tree, one event among more
//! watchers, one expiry among more sessions. Each figure stands beside the smallest of its run.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::{Duration as Real, Instant};

use quorumscope_core::ids::{ConnectionId, ServerId};
use quorumscope_core::raft::{self, Configuration};
use quorumscope_core::random::{Bits, Random, Stream};
use quorumscope_core::server::{
    ByProtocol, Input, Output, RaftStart, Server, Settings, Start, Timer,
};
use quorumscope_core::time::{Duration, Time};
use quorumscope_core::zookeeper::frame::{ToClient, ToServer};
use quorumscope_core::zookeeper::{
    Command, CreateMode, Data, Ensemble, Identities, Password, Request, Service, SessionId, Update,
    Xid, Zxid,
};

/// How many operations, watches and sessions are timed together, whatever the size: so many that
/// the clock's grain, a few milliseconds, does not show.
const OPERATIONS: usize = 200_000;
const WATCHES: usize = 200_000;
const SESSIONS: usize = 50_000;
/// Children of one znode, so that trees of a million are neither flat nor deep.
const FAN: usize = 1_000;

const SESSION: SessionId = SessionId::new(1);

fn main() {
    // Cargo asks a benchmark for its list of tests, too.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    operations();
    fan_out();
    expiry();
}

/// A service of which one session asks, and the numbers that it has given.
struct Rig {
    service: Service,
    count: i32,
}

impl Rig {
    fn new() -> Self {
        let mut rig = Self {
            service: Service::new(),
            count: 0,
        };
        rig.carry_out(Update::CreateSession {
            timeout: Duration::from_secs(4),
            password: Password::new([7; 16]),
        });
        rig
    }

    fn carry_out(&mut self, update: Update) {
        self.count += 1;
        let command = Command {
            session: SESSION,
            xid: Xid::new(self.count),
            time: Time::from_millis(self.count as u64),
            origin: ServerId::new(1),
            identities: Identities::default(),
            in_step: Vec::new(),
            update,
        };
        let zxid = Zxid::new(1, self.count as u32);
        let reply = self.service.execute(&command, zxid, &mut Vec::new());
        assert!(matches!(reply, Some(Ok(_))), "{reply:?}");
    }

    fn write(&mut self, request: Request) {
        self.carry_out(Update::Write(request));
    }

    /// A tree of so many znodes besides those that are always there.
    fn of(size: usize) -> Self {
        let mut rig = Self::new();
        for number in 0..size {
            let path = path(number);
            if number % FAN == 0 {
                rig.write(create(parent(&path)));
            }
            rig.write(create(&path));
        }
        rig
    }
}

fn path(number: usize) -> String {
    format!("/n{}/z{}", number / FAN, number % FAN)
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(parent, _)| parent)
}

fn create(path: &str) -> Request {
    Request::create(path, Some(Data::from("0123456789")), CreateMode::Persistent)
}

/// One of the znodes, another each time, all over the tree.
fn any(size: usize, turn: usize) -> String {
    path(turn.wrapping_mul(7_919) % size)
}

/// How long this thread has run on a processor: what else the machine does takes no part in it.
/// Where the system does not tell, the time since the first question.
fn running() -> Real {
    static START: OnceLock<Instant> = OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(
        || START.get_or_init(Instant::now).elapsed(),
        Real::from_nanos,
    )
}

/// Nanoseconds that one of so many takes.
fn time(count: usize, all: impl FnOnce()) -> u128 {
    let start = running();
    all();
    running().saturating_sub(start).as_nanos() / count as u128
}

fn print(what: &str, size: usize, each: u128, smallest: u128) {
    let hundredths = each * 100 / smallest.max(1);
    let ratio = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let a_second = 1_000_000_000 / each.max(1);
    println!("{what:<34} {size:>9}  {each:>7} ns each  {a_second:>10} a second  {ratio:>6} x");
}

fn operations() {
    type Operation = (&'static str, fn(&mut Rig, usize, usize));
    let all: [Operation; 4] = [
        ("get, znodes:", |rig, size, turn| {
            let get = Request::get(&any(size, turn));
            let reply = rig.service.read(&get, SESSION, &Identities::default());
            assert!(reply.is_ok());
        }),
        ("set, znodes:", |rig, size, turn| {
            rig.write(Request::Set {
                path: any(size, turn).into(),
                data: Some(Data::from("abcdefghij")),
                version: -1,
            });
        }),
        ("create and delete, znodes:", |rig, size, turn| {
            let path = format!("{}/new", any(size, turn));
            rig.write(create(&path));
            rig.write(Request::Delete {
                path: path.into(),
                version: -1,
            });
        }),
        ("multi of check and set, znodes:", |rig, size, turn| {
            let path: Arc<str> = any(size, turn).into();
            let check = Request::Check {
                path: path.clone(),
                version: -1,
            };
            let set = Request::Set {
                path,
                data: None,
                version: -1,
            };
            rig.write(Request::Multi([check, set].into()));
        }),
    ];
    let sizes = [10, 10_000, 1_000_000];
    let (mut smallest, mut least) = ([0; 4], 0);
    for size in sizes {
        let mut rig = Rig::of(size);
        // How much of it is the machine's: the same look-up in a map that is no tree of znodes.
        let map: BTreeMap<Arc<str>, usize> = (0..size).map(|it| (path(it).into(), it)).collect();
        let each = time(OPERATIONS, || {
            for turn in 0..OPERATIONS {
                black_box(map.get(any(size, turn).as_str()));
            }
        });
        least = if least == 0 { each } else { least };
        print("(look up in a BTreeMap), paths:", size, each, least);
        for ((what, one), smallest) in all.iter().zip(&mut smallest) {
            let each = time(OPERATIONS, || {
                (0..OPERATIONS).for_each(|turn| one(&mut rig, size, turn));
            });
            if size == sizes[0] {
                *smallest = each;
            }
            print(what, size, each, *smallest);
        }
    }
}

/// A server that leads, alone, with a disk that confirms at once. What it does in a simulated world
/// would be measured together with that world.
struct Alone {
    server: Server,
    now: Time,
    random: Random,
    timers: Vec<(Timer, Time)>,
    /// Events that clients were told of, and connections that were closed.
    told: usize,
    closed: usize,
}

impl Alone {
    fn boot() -> Self {
        let id = ServerId::new(1);
        let settings = Settings {
            replica: ByProtocol::Raft(raft::Settings::default()),
            tick: Duration::from_secs(1),
            sweep: Duration::from_secs(60),
            superuser: None,
            service_rules: quorumscope_core::zookeeper::Rules::default(),
        };
        let start = Start::Raft(RaftStart {
            configuration: Configuration::new([id], []),
            ensemble: Ensemble::default(),
            rules: raft::Rules::default(),
            durable: raft::Durable::default(),
        });
        let mut random = Random::new(1, Stream::Workload);
        let mut out = Vec::new();
        let first = Bits(random.draw());
        let server = Server::boot(id, settings, start, Time::ZERO, first, &mut out);
        let mut alone = Self {
            server: server.expect("an empty disk will do"),
            now: Time::ZERO,
            random,
            timers: Vec::new(),
            told: 0,
            closed: 0,
        };
        alone.carry_out(out);
        alone.pass(Duration::from_secs(1));
        alone
    }

    fn step(&mut self, input: Input) {
        let mut out = Vec::new();
        let random = Bits(self.random.draw());
        self.server.step(self.now, random, input, &mut out);
        self.carry_out(out);
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        let mut confirmed = Vec::new();
        for output in out {
            match output {
                Output::Persist { token, .. } => confirmed.push(token),
                Output::SetTimer { timer, at } => {
                    self.timers.retain(|(known, _)| *known != timer);
                    self.timers.push((timer, at));
                }
                Output::CancelTimer(timer) => self.timers.retain(|(known, _)| *known != timer),
                Output::Frame { frame, .. } => {
                    self.told += usize::from(matches!(frame, ToClient::Event { .. }));
                }
                Output::Close(_) => self.closed += 1,
                _ => {}
            }
        }
        for token in confirmed {
            self.step(Input::Stored(token));
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some((timer, at)) = self.timers.iter().min_by_key(|(_, at)| *at).copied()
            && at <= until
        {
            self.timers.retain(|(known, _)| *known != timer);
            self.now = self.now.max(at);
            self.step(Input::Timer(timer));
        }
        self.now = until;
    }

    fn send(&mut self, connection: ConnectionId, frame: ToServer) {
        self.step(Input::Frame { connection, frame });
    }

    fn ask(&mut self, connection: ConnectionId, xid: i32, request: Request) {
        let xid = Xid::new(xid);
        self.send(connection, ToServer::Request { xid, request });
    }

    /// So many clients, each with a session.
    fn connect(&mut self, clients: usize) -> Vec<ConnectionId> {
        let connections = (1..=clients as u64).map(ConnectionId::new);
        let connections: Vec<ConnectionId> = connections.collect();
        for connection in &connections {
            let hello = ToServer::Connect {
                session: None,
                timeout: Duration::from_secs(10),
                last_zxid: Zxid::ZERO,
                read_only: false,
            };
            self.send(*connection, hello);
        }
        assert_eq!(self.sessions(), clients);
        connections
    }

    fn sessions(&self) -> usize {
        self.server.service().sessions().count()
    }
}

/// A watch of each client, and a set that all are told of; again and again.
fn fan_out() {
    let mut smallest = 0;
    for watchers in [100, 1_000, 10_000] {
        let mut alone = Alone::boot();
        let connections = alone.connect(watchers);
        let maker = connections[0];
        alone.ask(maker, 1, create("/watched"));
        let each = time(WATCHES, || {
            for round in 0..(WATCHES / watchers) as i32 {
                for connection in &connections {
                    let get = Request::Get {
                        path: "/watched".into(),
                        watch: true,
                    };
                    alone.ask(*connection, 2 + 2 * round, get);
                }
                let set = Request::Set {
                    path: "/watched".into(),
                    data: None,
                    version: -1,
                };
                alone.ask(maker, 3 + 2 * round, set);
            }
        });
        assert_eq!(alone.told, WATCHES);
        if smallest == 0 {
            smallest = each;
        }
        print("watched and told, watchers:", watchers, each, smallest);
    }
}

/// Sessions are opened, each makes an ephemeral, and all fall silent and expire together.
fn expiry() {
    let mut smallest = 0;
    for sessions in [100, 1_000, 10_000] {
        let each = time(SESSIONS, || {
            for _ in 0..SESSIONS / sessions {
                let mut alone = Alone::boot();
                for (number, connection) in alone.connect(sessions).iter().enumerate() {
                    let path = format!("/e{number}");
                    let request = Request::create(&path, None, CreateMode::Ephemeral);
                    alone.ask(*connection, 1, request);
                }
                alone.pass(Duration::from_secs(12));
                assert_eq!((alone.sessions(), alone.closed), (0, sessions));
            }
        });
        if smallest == 0 {
            smallest = each;
        }
        print("opened and expired, sessions:", sessions, each, smallest);
    }
}
