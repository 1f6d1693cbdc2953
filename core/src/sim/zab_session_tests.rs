//! Sessions that move from server to server under Zab: with the leader's consent, and without a
//! transaction.

use super::zab_tests::{a, ask, b, create, elected, follower, open, pass, s, until, zab};
use super::*;
use crate::check::Monitor;
use crate::client::{Input, State};
use crate::ids::{ClientId, ConnectionId, Endpoint, ServerId};
use crate::server::{CloseReason, Server, ServerFact};
use crate::time::Duration;
use crate::zookeeper::frame::{Credentials, ToClient, ToServer};
use crate::zookeeper::{ErrorCode, Password, Request, SessionId, Zxid};

/// The ensemble, when all three serve.
fn serving(settings: Settings) -> (World, ServerId) {
    let (mut world, leader) = elected(settings);
    until(&mut world, |world| {
        let mut servers = world.nodes().iter().filter_map(Node::server);
        servers.all(|server| server.leader() == Some(leader))
    });
    (world, leader)
}

fn session_of(world: &World, client: ClientId) -> SessionId {
    world
        .client(client)
        .unwrap()
        .process()
        .session()
        .unwrap()
        .session
}

fn is_at(world: &World, client: ClientId, server: ServerId) -> bool {
    let process = world.client(client).unwrap().process();
    process.state() == State::Connected && process.server() == server
}

fn move_to(world: &mut World, client: ClientId, server: ServerId) {
    world.tell_client(client, Input::MoveTo(server)).unwrap();
    until(world, |world| is_at(world, client, server));
}

/// What the servers have told since the records were last taken.
fn told(world: &World) -> Vec<(ServerId, ServerFact)> {
    let told = world.records().iter().filter_map(|record| {
        let (Some(Endpoint::Server(server)), Fact::Server(fact)) = (record.who, &record.fact)
        else {
            return None;
        };
        Some((server, fact.clone()))
    });
    told.collect()
}

/// The follower that is not `follower(leader)`.
fn other(leader: ServerId) -> ServerId {
    let mut others = (1..=3).map(s);
    others
        .find(|id| *id != leader && *id != follower(leader))
        .unwrap()
}

#[test]
fn a_session_moves_with_the_leaders_consent_and_without_a_transaction() {
    let (mut world, leader) = serving(zab(3));
    open(&mut world, a(), follower(leader));
    assert!(ask(&mut world, a(), create("/app")).is_ok());
    pass(&mut world, 50);
    let session = session_of(&world, a());
    let last = |world: &World| world.server(leader).unwrap().service().last_zxid();
    let before = last(&world);
    for server in [other(leader), leader, follower(leader)] {
        world.take_records();
        move_to(&mut world, a(), server);
        assert_eq!(session_of(&world, a()), session);
        let consent = ServerFact::Revalidated {
            session,
            server,
            is_alive: true,
        };
        assert!(told(&world).contains(&(leader, consent)), "to {server}");
    }
    assert_eq!(last(&world), before);
    assert!(ask(&mut world, a(), create("/more")).is_ok());
}

/// What A sends its follower takes long to the leader, and A moves on meanwhile and writes there.
/// Whether the two writes have happened in the end; and what the servers have told.
fn write_that_comes_after_the_move(refuse: bool) -> ([bool; 2], Vec<(ServerId, ServerFact)>) {
    let mut settings = zab(3);
    settings.service_rules.refuse_moved_session = refuse;
    let (mut world, leader) = serving(settings);
    let old = follower(leader);
    open(&mut world, a(), old);
    assert!(is_at(&world, a(), old));
    pass(&mut world, 50);
    let slow = Duration::from_millis(200);
    world
        .change_links(Some((old, leader)), |link| link.latency = (slow, slow))
        .unwrap();
    world
        .tell_client(a(), Input::Request(create("/late")))
        .unwrap();
    pass(&mut world, 20);
    // The old server does not hear that its client has gone.
    let ends = [a().into(), old.into()];
    world.cut(ends[0], ends[1], true).unwrap();
    world.take_records();
    move_to(&mut world, a(), leader);
    assert!(ask(&mut world, a(), create("/new")).is_ok());
    let mut monitor = Monitor::new(&world);
    let end = world.now() + Duration::from_millis(500);
    while world.step_until(end).is_some() {
        monitor.after_event(&world);
    }
    assert_eq!(monitor.holds("moved_sessions"), refuse);
    let tree = world.server(leader).unwrap().service().tree();
    let found = ["/late", "/new"].map(|path| tree.get(path).is_some());
    (found, told(&world))
}

#[test]
fn what_a_client_sent_before_it_moved_is_refused_and_ends_its_old_connection() {
    let (found, told) = write_that_comes_after_the_move(true);
    assert_eq!(found, [false, true]);
    let moved = |(_, fact): &&(ServerId, ServerFact)| {
        matches!(
            fact,
            ServerFact::ClosedConnection {
                reason: CloseReason::SessionMoved,
                ..
            }
        )
    };
    assert_eq!(told.iter().filter(moved).count(), 1, "{told:?}");
    let (found, _) = write_that_comes_after_the_move(false);
    assert_eq!(found, [true, true], "without the rule");
}

#[test]
fn a_server_that_has_not_heard_of_a_session_yet_asks_the_leader_all_the_same() {
    let (mut world, leader) = serving(zab(3));
    let late = other(leader);
    let slow = Duration::from_millis(150);
    world
        .change_links(Some((leader, late)), |link| link.latency = (slow, slow))
        .unwrap();
    pass(&mut world, 200);
    open(&mut world, a(), leader);
    let session = session_of(&world, a());
    let knows = |world: &World| {
        let server = world.server(late).unwrap();
        server.service().session(session).is_some()
    };
    assert!(!knows(&world));
    world.tell_client(a(), Input::MoveTo(late)).unwrap();
    pass(&mut world, 40);
    assert!(!knows(&world), "it was asked too late");
    until(&mut world, |world| is_at(world, a(), late));
    assert_eq!(session_of(&world, a()), session);
}

#[test]
fn a_session_that_is_over_goes_on_nowhere() {
    let (mut world, leader) = serving(zab(3));
    open(&mut world, a(), follower(leader));
    let session = session_of(&world, a());
    world.isolate(Endpoint::Client(a())).unwrap();
    until(&mut world, |world| {
        let service = world.server(other(leader)).unwrap().service();
        service.session(session).is_none()
    });
    world.take_records();
    world.heal_all(None).unwrap();
    until(&mut world, |world| {
        world.client(a()).unwrap().process().state() == State::Expired
    });
    let refusal = |(at, fact): &(ServerId, ServerFact)| {
        let is_alive = false;
        matches!(fact, ServerFact::Revalidated { is_alive: it, .. } if *it == is_alive)
            && *at == leader
    };
    assert!(told(&world).iter().any(refusal));
}

#[test]
fn the_next_leader_lets_the_sessions_come_again_and_gives_them_time_for_it() {
    let (mut world, leader) = serving(zab(3));
    open(&mut world, a(), follower(leader));
    open(&mut world, b(), leader);
    let sessions = [a(), b()].map(|client| session_of(&world, client));
    world.crash(leader, 0).unwrap();
    until(&mut world, |world| {
        [a(), b()].iter().all(|client| {
            let process = world.client(*client).unwrap().process();
            process.state() == State::Connected && process.server() != leader
        })
    });
    assert_eq!(
        [a(), b()].map(|client| session_of(&world, client)),
        sessions
    );
    let last = |server: &Server| server.service().last_zxid().epoch();
    let epochs = world.nodes().iter().filter_map(|node| node.server());
    assert!(
        epochs.map(last).all(|epoch| epoch == 1),
        "it took a transaction"
    );
    assert!(ask(&mut world, a(), create("/app")).is_ok());
    assert!(ask(&mut world, b(), Request::get("/app")).is_ok());
}

#[test]
fn a_server_whose_leader_goes_before_it_has_answered_lets_the_client_go_elsewhere() {
    let (mut world, leader) = serving(zab(3));
    open(&mut world, a(), follower(leader));
    let session = session_of(&world, a());
    let to = other(leader);
    world.tell_client(a(), Input::MoveTo(to)).unwrap();
    until(&mut world, |world| {
        world.server(to).unwrap().connections().count() == 1
    });
    world.crash(leader, 0).unwrap();
    // Long before the client would give up waiting.
    pass(&mut world, 50);
    assert_eq!(world.server(to).unwrap().connections().count(), 0);
    until(&mut world, |world| {
        world.client(a()).unwrap().process().state() == State::Connected
    });
    assert_eq!(session_of(&world, a()), session);
    assert_eq!(
        ask(&mut world, a(), Request::get("/app")),
        Err(ErrorCode::NoNode)
    );
}

/// Says hello to a server over a socket of one's own; what it answers.
fn say_hello(
    world: &mut World,
    server: ServerId,
    (session, millis): (Option<Credentials>, u64),
) -> (ConnectionId, ToClient) {
    let connection = world.open_socket(server).unwrap();
    let hello = ToServer::Connect {
        session,
        timeout: Duration::from_millis(millis),
        last_zxid: Zxid::ZERO,
        read_only: false,
    };
    world.send_over_socket(connection, hello);
    for _ in 0..100 {
        pass(world, 5);
        if let Some(answer) = world.receive_over_socket(connection) {
            return (connection, answer);
        }
    }
    panic!("{server} does not answer");
}

#[test]
fn a_session_lives_by_the_timeout_that_it_was_granted_with_its_last_connection() {
    let (mut world, leader) = serving(zab(3));
    let (_, answer) = say_hello(&mut world, follower(leader), (None, 2_000));
    let ToClient::Connected { session, .. } = answer else {
        panic!("{answer:?}");
    };
    for server in [other(leader), leader] {
        let (connection, answer) = say_hello(&mut world, server, (Some(session), 300));
        let timeout = Duration::from_millis(300);
        let granted = matches!(answer, ToClient::Connected { timeout: it, .. } if it == timeout);
        assert!(granted, "{answer:?}");
        for _ in 0..10 {
            world.send_over_socket(connection, ToServer::Ping);
            pass(&mut world, 100);
            let deadline = world.server(leader).unwrap();
            let deadline = deadline.session_deadline(session.session).unwrap();
            let left = deadline.since(world.now());
            assert!(left <= Duration::from_millis(400), "{left} at {server}");
        }
    }
}

#[test]
fn who_does_not_know_the_password_is_answered_without_the_leader_and_moves_nothing() {
    let (mut world, leader) = serving(zab(3));
    open(&mut world, a(), follower(leader));
    pass(&mut world, 50);
    let session = Credentials {
        session: session_of(&world, a()),
        password: Password::new([1; 16]),
    };
    world.take_records();
    let (_, answer) = say_hello(&mut world, other(leader), (Some(session), 300));
    assert_eq!(answer, ToClient::Expired);
    let asked = |(_, fact): &(ServerId, ServerFact)| matches!(fact, ServerFact::Revalidated { .. });
    assert!(!told(&world).iter().any(asked));
    assert!(ask(&mut world, a(), create("/app")).is_ok());
}
