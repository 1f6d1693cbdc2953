//! What screens are shown, beside the world that they show.

use super::*;
use crate::client::Input;
use crate::history::Player;
use crate::ids::{ClientId, ServerId};
use crate::server::Protocol;
use crate::sim::{Opening, Settings, World};
use crate::time::{Duration, Time};
use crate::zab::Phase;
use crate::zookeeper::{AddWatchMode, CreateMode, Data, Request};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn client(letter: char) -> ClientId {
    ClientId::from_letter(letter).unwrap()
}

fn pass(world: &mut World, time: Duration) {
    world.run_until(world.now() + time);
}

/// Three servers with a leader, and a client of each of these letters connected with it.
fn world(letters: &str) -> (World, ServerId) {
    let mut world = World::new(Settings {
        servers: 3,
        ..Settings::default()
    });
    world.observe(false);
    pass(&mut world, ms(2_000));
    let leader = leader_of(&world).unwrap();
    for letter in letters.chars() {
        let opening = Opening {
            server: Some(leader),
            ..Opening::default()
        };
        world.open_client(client(letter), opening).unwrap();
    }
    pass(&mut world, ms(500));
    (world, leader)
}

fn ask(world: &mut World, letter: char, requests: &[Request]) {
    for request in requests {
        let input = Input::Request(request.clone());
        world.tell_client(client(letter), input).unwrap();
    }
    pass(world, ms(500));
}

fn create(path: &str, mode: CreateMode) -> Request {
    Request::create(path, Some(Data::from("x")), mode)
}

fn set(path: &str) -> Request {
    Request::Set {
        path: path.into(),
        data: Some(Data::from("y")),
        version: -1,
    }
}

fn followers(world: &World, leader: ServerId) -> Vec<ServerId> {
    let all = world.nodes().iter().map(crate::sim::Node::id);
    all.filter(|id| *id != leader).collect()
}

#[test]
fn a_server_shows_the_watches_of_its_own_clients_by_path_with_their_kinds() {
    let (mut world, leader) = world("AB");
    let watch = |path: &str| (path.into(), true);
    let ((path, watch), (none, _)) = (watch("/a"), watch("/none"));
    ask(
        &mut world,
        'A',
        &[
            create("/a", CreateMode::Persistent),
            Request::Get { path, watch },
            Request::Children {
                path: "/a".into(),
                watch,
            },
            Request::Exists { path: none, watch },
        ],
    );
    ask(
        &mut world,
        'B',
        &[Request::AddWatch {
            path: "/a".into(),
            mode: AddWatchMode::PersistentRecursive,
        }],
    );
    let shown: Vec<_> = watches_of(&world, leader)
        .into_iter()
        .map(|it| (it.path, it.client, it.kinds.join(" ")))
        .collect();
    let expected = [
        ("/a", 'A', "data children"),
        ("/a", 'B', "recursive"),
        ("/none", 'A', "data"),
    ];
    let expected =
        expected.map(|(path, who, kinds)| (path.into(), Some(client(who)), kinds.into()));
    assert_eq!(shown, expected);
    for other in followers(&world, leader) {
        assert_eq!(watches_of(&world, other), [], "{other} keeps none of them");
    }
    world.crash(leader, 0).unwrap();
    assert_eq!(watches_of(&world, leader), [], "they were nowhere else");
}

#[test]
fn what_clients_were_told_comes_latest_first_and_no_older_than_asked_for() {
    let (mut world, _) = world("AB");
    let watch = |path: &str| Request::AddWatch {
        path: path.into(),
        mode: AddWatchMode::Persistent,
    };
    ask(&mut world, 'A', &[watch("/a")]);
    ask(&mut world, 'B', &[create("/a", CreateMode::Persistent)]);
    let between = world.now();
    ask(&mut world, 'B', &[watch("/a"), set("/a")]);
    let told = |since: Time| -> Vec<String> {
        let told = told_since(&world, since).into_iter();
        told.map(|it| format!("{} {} {} {}", it.client, it.number, it.kind, it.path))
            .collect()
    };
    let mut latest = told(between);
    latest.sort();
    assert_eq!(latest, ["A 2 NodeDataChanged /a", "B 1 NodeDataChanged /a"]);
    let all = told(Time::ZERO);
    assert_eq!(all.len(), 3);
    assert_eq!(all[2], "A 1 NodeCreated /a");
    let times: Vec<Time> = told_since(&world, Time::ZERO)
        .iter()
        .map(|it| it.time)
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    assert_eq!(told(world.now() + ms(1)), Vec::<String>::new());
}

#[test]
fn all_servers_know_a_session_and_only_the_leader_counts_its_time() {
    let (mut world, leader) = world("A");
    let granted = world.client(client('A')).unwrap().process().timeout();
    for node in world.nodes() {
        let sessions = sessions_of(&world, node.id());
        let [session] = &sessions[..] else {
            panic!("{sessions:?}");
        };
        assert_eq!(session.client, Some(client('A')));
        assert_eq!(session.timeout, granted);
        assert_eq!(session.left.is_some(), node.id() == leader);
    }
    let left = |world: &World| sessions_of(world, leader)[0].left.unwrap();
    // From its timeout to one tick more, as long as its client is heard of …
    assert!(left(&world) > Duration::ZERO);
    world.kill_client(client('A')).unwrap();
    pass(&mut world, ms(50));
    let before = left(&world);
    pass(&mut world, ms(100));
    // … and less with every moment that it is not.
    assert_eq!(before.saturating_sub(left(&world)), ms(100));
    pass(&mut world, granted + ms(2_000));
    assert_eq!(sessions_of(&world, leader), []);
    world.crash(leader, 0).unwrap();
    assert_eq!(sessions_of(&world, leader), []);
}

#[test]
fn a_tree_says_of_each_znode_how_it_differs_from_the_leaders() {
    let (mut world, leader) = world("A");
    let plain = CreateMode::Persistent;
    let paths = ["/same", "/set", "/gone"];
    ask(&mut world, 'A', &paths.map(|path| create(path, plain)));
    let behind = followers(&world, leader)[0];
    world.isolate(behind.into()).unwrap();
    let delete = Request::Delete {
        path: "/gone".into(),
        version: -1,
    };
    ask(
        &mut world,
        'A',
        &[set("/set"), delete, create("/new", plain)],
    );
    let differences: Vec<_> = tree_of(&world, behind)
        .into_iter()
        .map(|it| (it.path, it.difference))
        .collect();
    let expected = [
        ("/gone", Some(Difference::Gone)),
        ("/new", Some(Difference::Missing)),
        ("/same", None),
        ("/set", Some(Difference::Stale)),
    ];
    let expected = expected.map(|(path, how)| (path.to_owned(), how));
    assert_eq!(differences, expected);
    let own = tree_of(&world, leader);
    assert!(own.iter().all(|it| it.difference.is_none()));
    // All together: as the most advanced has it, and who has it at all.
    let znodes = tree::znodes(&world);
    let on = |path: &str| {
        let znode = znodes.iter().find(|it| it.path == path).unwrap();
        (znode.version, znode.on.len())
    };
    assert_eq!(
        [on("/set"), on("/new"), on("/gone")],
        [(1, 3), (0, 2), (0, 1)]
    );
}

#[test]
fn a_znode_is_shown_with_its_kind_and_whose_it_is() {
    let (mut world, leader) = world("A");
    let modes = [
        ("/c", CreateMode::Container),
        ("/e", CreateMode::Ephemeral),
        ("/p", CreateMode::Persistent),
        ("/t", CreateMode::PersistentWithTtl(60_000)),
    ];
    ask(
        &mut world,
        'A',
        &modes.map(|(path, mode)| create(path, mode)),
    );
    let shown: Vec<_> = tree_of(&world, leader)
        .into_iter()
        .map(|it| (it.path, it.kind, it.client))
        .collect();
    let expected = [
        ("/c", "container", None),
        ("/e", "ephemeral", Some(client('A'))),
        ("/p", "persistent", None),
        ("/t", "ttl", None),
    ];
    let expected = expected.map(|(path, kind, who)| (path.to_owned(), kind, who));
    assert_eq!(shown, expected);
}

#[test]
fn of_two_who_lead_the_one_of_the_higher_term_is_the_leader() {
    let (mut world, old) = world("");
    world.isolate(old.into()).unwrap();
    pass(&mut world, ms(2_000));
    let new = leader_of(&world).unwrap();
    assert_ne!(new, old);
    for node in world.nodes() {
        world_is_unmoved_by_looking(&world, node.id());
    }
    for server in followers(&world, old) {
        world.crash(server, 0).unwrap();
    }
    assert_eq!(leader_of(&world), Some(old), "nobody else runs");
}

/// Looking changes nothing.
fn world_is_unmoved_by_looking(world: &World, server: ServerId) {
    let before = world.digest();
    let _ = (
        tree_of(world, server),
        sessions_of(world, server),
        watches_of(world, server),
    );
    assert_eq!(world.digest(), before);
}

#[test]
fn an_operation_is_shown_with_the_version_that_it_demands() {
    let (mut world, _) = world("A");
    let demanding = Request::Set {
        path: "/app".into(),
        data: None,
        version: 7,
    };
    let asked = [
        create("/app", CreateMode::Persistent),
        demanding,
        set("/app"),
    ];
    ask(&mut world, 'A', &asked);
    let view = View::of(&world, &Scope::default());
    let shown: Vec<_> = view.clients[0]
        .operations
        .iter()
        .map(|operation| (operation.text.as_str(), operation.ok))
        .collect();
    assert_eq!(
        shown,
        [
            ("create /app", Some(true)),
            ("set /app version 7", Some(false)),
            ("set /app", Some(true)),
        ]
    );
}

#[test]
fn under_zab_an_entry_has_its_zxid_and_a_server_says_how_far_it_is() {
    let mut world = World::new(Settings {
        servers: 3,
        protocol: Protocol::Zab,
        ..Settings::default()
    });
    pass(&mut world, ms(2_000));
    world.open_client(client('A'), Opening::default()).unwrap();
    pass(&mut world, ms(500));
    ask(&mut world, 'A', &[create("/app", CreateMode::Persistent)]);
    pass(&mut world, ms(500));
    let view = View::of(&world, &Scope::default());
    for server in &view.servers {
        let zab = server.zab.as_ref().unwrap();
        let last = server.log.last().unwrap();
        assert_eq!(last.label, "create /app");
        assert_eq!(last.zxid, Some(zab.logged));
        let whole = (zab.logged, zab.logged);
        assert_eq!((zab.durable, zab.committed), whole, "{}", server.id);
        let before = server.log.iter().filter(|entry| entry.zxid < last.zxid);
        assert_eq!(before.count() + 1, server.log.len());
    }
}

/// The first view of a run in which something is so.
fn view_when(script: &str, seen: impl Fn(&View) -> bool) -> View {
    let mut player = Player::open(script).unwrap();
    while player.now() < Time::from_millis(10_000) {
        let view = player.view(&Scope::default());
        if seen(&view) {
            return view;
        }
        player.step();
    }
    panic!("it never comes");
}

#[test]
fn a_state_on_its_way_is_seen_at_who_sends_it_and_at_who_gets_it() {
    let script = include_str!("../../../scenarios/zab-far-behind.scope");
    let view = view_when(script, |view| {
        let mut servers = view.servers.iter();
        servers.any(|server| server.snapshot.partial.is_some())
    });
    let partial = view.servers[0].snapshot.partial.unwrap();
    assert_eq!((partial.index, partial.stored), (view.servers[2].last, 0));
    assert!(partial.bytes > 0);
    let sent = view.servers[2]
        .peers
        .iter()
        .find(|peer| peer.peer == ServerId::new(1));
    assert_eq!(sent.unwrap().snapshot, Some(partial));
}

#[test]
fn a_leader_to_be_says_whose_promises_and_acknowledgements_it_has() {
    let script = include_str!("../../../scenarios/zab-first-election.scope");
    for phase in [Phase::Discovery, Phase::Synchronisation] {
        let view = view_when(script, |view| {
            let zab = view.servers[2].zab.as_ref().unwrap();
            zab.phase == Some(phase) && zab.gathered.len() == 1
        });
        assert_eq!(
            view.servers[2].zab.as_ref().unwrap().gathered,
            [ServerId::new(3)]
        );
    }
}
