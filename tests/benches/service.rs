//! What the service costs as it grows: one operation in a larger tree, one event among more
//! watchers, one expiry among more sessions. Each figure stands beside the smallest of its run.

use std::time::{Duration as Real, Instant};

use quorumscope_core::ids::{ConnectionId, ServerId};
use quorumscope_core::sim::{Settings, World};
use quorumscope_core::time::{Duration, Time};
use quorumscope_core::zookeeper::frame::{ToClient, ToServer};
use quorumscope_core::zookeeper::{
    Command, CreateMode, Data, Identities, Password, Request, Service, SessionId, Update, Xid, Zxid,
};

/// How many operations are timed together.
const BATCH: usize = 20_000;
/// How often; the median counts.
const ROUNDS: usize = 9;
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
            update,
        };
        let zxid = Zxid::new(1, self.count as u32);
        let reply = self.service.execute(&command, zxid, &mut Vec::new());
        assert!(reply.is_ok(), "{reply:?}");
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

fn median(mut rounds: Vec<Real>) -> Real {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}

/// Nanoseconds that one of a batch takes.
fn time(mut one: impl FnMut(usize)) -> u128 {
    let rounds = (0..ROUNDS).map(|round| {
        let start = Instant::now();
        for turn in 0..BATCH {
            one(round * BATCH + turn);
        }
        start.elapsed()
    });
    median(rounds.collect()).as_nanos() / BATCH as u128
}

fn print(what: &str, size: usize, each: u128, smallest: u128) {
    let ratio = each as f64 / smallest.max(1) as f64;
    let a_second = 1_000_000_000 / each.max(1);
    println!("{what:<34} {size:>9}  {each:>7} ns each  {a_second:>10} a second  {ratio:>5.2} x");
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
            let path: std::sync::Arc<str> = any(size, turn).into();
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
    let mut smallest = [0; 4];
    for size in sizes {
        let mut rig = Rig::of(size);
        for ((what, one), smallest) in all.iter().zip(&mut smallest) {
            let each = time(|turn| one(&mut rig, size, turn));
            if size == sizes[0] {
                *smallest = each;
            }
            print(what, size, each, *smallest);
        }
    }
}

/// A server that leads, alone, and so many clients of it, each with a session.
fn ensemble(clients: usize) -> (World, Vec<ConnectionId>) {
    let mut world = World::new(Settings {
        servers: 1,
        tick: Duration::from_secs(1),
        ..Settings::default()
    });
    world.observe(false);
    world.run_until(Time::from_millis(2_000));
    let connections: Vec<ConnectionId> = (0..clients)
        .map(|_| {
            let connection = world
                .open_socket(ServerId::new(1))
                .expect("there is a server");
            let hello = ToServer::Connect {
                session: None,
                timeout: Duration::from_secs(10),
                last_zxid: Zxid::ZERO,
                read_only: false,
            };
            world.send_over_socket(connection, hello);
            connection
        })
        .collect();
    world.run_until(world.now() + Duration::from_millis(2_000));
    for connection in &connections {
        let welcome = world.receive_over_socket(*connection);
        assert!(
            matches!(welcome, Some(ToClient::Connected { .. })),
            "{welcome:?}"
        );
    }
    (world, connections)
}

fn ask(world: &mut World, connection: ConnectionId, xid: i32, request: Request) {
    let xid = Xid::new(xid);
    world.send_over_socket(connection, ToServer::Request { xid, request });
}

/// From a set to the last event that it leads to.
fn fan_out() {
    let mut smallest = 0;
    for watchers in [100, 1_000, 10_000] {
        let (mut world, connections) = ensemble(watchers);
        let maker = connections[0];
        ask(&mut world, maker, 1, create("/watched"));
        world.run_until(world.now() + Duration::from_millis(500));
        let mut rounds = Vec::new();
        for round in 0..5 {
            for connection in &connections {
                let get = Request::Get {
                    path: "/watched".into(),
                    watch: true,
                };
                ask(&mut world, *connection, 2 + 2 * round, get);
            }
            world.run_until(world.now() + Duration::from_millis(500));
            for connection in &connections {
                while world.receive_over_socket(*connection).is_some() {}
            }
            let set = Request::Set {
                path: "/watched".into(),
                data: None,
                version: -1,
            };
            let start = Instant::now();
            ask(&mut world, maker, 3 + 2 * round, set);
            world.run_until(world.now() + Duration::from_millis(200));
            rounds.push(start.elapsed());
            let told = connections.iter().filter(|connection| {
                let first = world.receive_over_socket(**connection);
                matches!(first, Some(ToClient::Event { .. }))
            });
            assert_eq!(told.count(), watchers);
        }
        let each = median(rounds).as_nanos() / watchers as u128;
        if smallest == 0 {
            smallest = each;
        }
        print("told of a change, watchers:", watchers, each, smallest);
    }
}

/// From the moment at which sessions are about to expire to the last of them closed.
fn expiry() {
    let mut smallest = 0;
    for sessions in [100, 1_000, 10_000] {
        let (mut world, connections) = ensemble(sessions);
        for (number, connection) in connections.iter().enumerate() {
            let path = format!("/e{number}");
            let data = None;
            let request = Request::create(&path, data, CreateMode::Ephemeral);
            ask(&mut world, *connection, 1, request);
        }
        world.run_until(world.now() + Duration::from_millis(500));
        let open = |world: &World| {
            let server = world.server(ServerId::new(1)).expect("it runs");
            server.service().sessions().count()
        };
        assert_eq!(open(&world), sessions);
        let start = Instant::now();
        world.run_until(world.now() + Duration::from_secs(25));
        let took = start.elapsed();
        assert_eq!(open(&world), 0);
        let each = took.as_nanos() / sessions as u128;
        if smallest == 0 {
            smallest = each;
        }
        print(
            "expired with an ephemeral, sessions:",
            sessions,
            each,
            smallest,
        );
    }
}
