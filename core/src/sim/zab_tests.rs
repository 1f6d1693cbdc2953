//! What servers that run Zab promise their clients in the world.

use super::*;
use crate::client::{Input, State};
use crate::ids::{ClientId, ServerId};
use crate::server::Protocol;
use crate::time::{Duration, Time};
use crate::view::leader_of;
use crate::zookeeper::{CreateMode, ErrorCode, Reply, Request, Response, Service};

pub(super) fn s(number: u16) -> ServerId {
    ServerId::new(number)
}

pub(super) fn a() -> ClientId {
    ClientId::from_letter('A').unwrap()
}

pub(super) fn b() -> ClientId {
    ClientId::from_letter('B').unwrap()
}

pub(super) fn zab(servers: u16) -> Settings {
    Settings {
        protocol: Protocol::Zab,
        servers,
        ..Settings::default()
    }
}

pub(super) fn pass(world: &mut World, millis: u64) {
    let until = world.now() + Duration::from_millis(millis);
    world.run_until(until);
}

/// Lets time pass until `is_so`, for at most ten seconds.
pub(super) fn until(world: &mut World, is_so: impl Fn(&World) -> bool) {
    let give_up = world.now() + Duration::from_secs(10);
    while !is_so(world) {
        assert!(world.now() < give_up, "it did not come about");
        pass(world, 10);
    }
}

pub(super) fn elected(settings: Settings) -> (World, ServerId) {
    let mut world = World::new(settings);
    until(&mut world, |world| leader_of(world).is_some());
    let leader = leader_of(&world).unwrap();
    (world, leader)
}

pub(super) fn open(world: &mut World, client: ClientId, server: ServerId) {
    world.start_client(client, Some(server), None).unwrap();
    until(world, |world| {
        world.client(client).unwrap().process().state() == State::Connected
    });
}

pub(super) fn ask(world: &mut World, client: ClientId, request: Request) -> Reply {
    world.tell_client(client, Input::Request(request)).unwrap();
    until(world, |world| {
        world.client(client).unwrap().process().waiting() == 0
    });
    let process = world.client(client).unwrap().process();
    process
        .operations()
        .last()
        .unwrap()
        .answer
        .clone()
        .unwrap()
        .1
}

pub(super) fn create(path: &str) -> Request {
    Request::create(path, Some("x".into()), CreateMode::Persistent)
}

pub(super) fn follower(leader: ServerId) -> ServerId {
    if leader == s(1) { s(2) } else { s(1) }
}

#[test]
fn a_write_at_a_follower_is_answered_and_read_everywhere() {
    let (mut world, leader) = elected(zab(3));
    open(&mut world, a(), follower(leader));
    assert!(matches!(
        ask(&mut world, a(), create("/app")),
        Ok(Response::Created { .. })
    ));
    assert_eq!(
        ask(&mut world, a(), create("/app")),
        Err(ErrorCode::NodeExists)
    );
    open(&mut world, b(), leader);
    assert!(ask(&mut world, b(), Request::get("/app")).is_ok());
    pass(&mut world, 100);
    let trees = world
        .nodes()
        .iter()
        .map(|node| node.server().unwrap().service());
    let zxids: Vec<_> = trees.map(Service::last_zxid).collect();
    assert_eq!(zxids[0].epoch(), 1);
    assert!(zxids.iter().all(|zxid| *zxid == zxids[0]));
}

#[test]
fn what_was_answered_survives_the_crash_of_the_leader_and_its_client_goes_on() {
    let (mut world, leader) = elected(zab(3));
    open(&mut world, a(), leader);
    assert!(ask(&mut world, a(), create("/app")).is_ok());
    world.crash(leader, 0).unwrap();
    until(&mut world, |world| {
        leader_of(world).is_some_and(|it| it != leader)
    });
    until(&mut world, |world| {
        world.client(a()).unwrap().process().state() == State::Connected
    });
    assert!(ask(&mut world, a(), Request::get("/app")).is_ok());
    world.restart(leader).unwrap();
    until(&mut world, |world| {
        let server = world.server(leader).unwrap();
        server.leader().is_some() && server.service().tree().get("/app").is_some()
    });
    let epochs = world
        .nodes()
        .iter()
        .map(|node| node.server().unwrap().reign());
    assert!(epochs.into_iter().all(|epoch| epoch == 2));
}

#[test]
fn a_client_watches_and_is_told() {
    let (mut world, leader) = elected(zab(3));
    open(&mut world, a(), follower(leader));
    open(&mut world, b(), leader);
    let watch = Request::Exists {
        path: "/app".into(),
        watch: true,
    };
    assert_eq!(ask(&mut world, a(), watch), Err(ErrorCode::NoNode));
    assert!(ask(&mut world, b(), create("/app")).is_ok());
    pass(&mut world, 100);
    assert_eq!(world.client(a()).unwrap().process().notices().count(), 1);
}

#[test]
fn a_silent_session_expires_and_its_ephemerals_go() {
    let (mut world, leader) = elected(zab(3));
    open(&mut world, a(), follower(leader));
    open(&mut world, b(), leader);
    let ephemeral = Request::create("/here", None, CreateMode::Ephemeral);
    assert!(ask(&mut world, a(), ephemeral).is_ok());
    pass(&mut world, 3_000);
    assert!(ask(&mut world, b(), Request::get("/here")).is_ok());
    world.kill_client(a()).unwrap();
    pass(&mut world, 2_000);
    assert_eq!(
        ask(&mut world, b(), Request::get("/here")),
        Err(ErrorCode::NoNode)
    );
}

#[test]
fn a_sync_waits_for_what_was_proposed_before_it() {
    let (mut world, leader) = elected(Settings {
        storage: Duration::from_millis(40),
        ..zab(3)
    });
    open(&mut world, a(), leader);
    open(&mut world, b(), follower(leader));
    world
        .tell_client(a(), Input::Request(create("/app")))
        .unwrap();
    pass(&mut world, 6);
    // The read follows the sync on its heels: nothing is committed yet when the leader is asked.
    let path = "/app".into();
    let sync = Input::Request(Request::Sync { path });
    world.tell_client(b(), sync).unwrap();
    assert!(ask(&mut world, b(), Request::get("/app")).is_ok());
}

#[test]
fn a_linearizable_read_is_refused() {
    let (mut world, leader) = elected(zab(3));
    open(&mut world, a(), leader);
    let read = Request::Linearizable(Request::get("/app").into());
    let refused = world.tell_client(a(), Input::Request(read)).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("a linearizable read is of raft")
    );
}

#[test]
fn a_client_whose_first_request_is_refused_is_not_started_for_it() {
    let mut world = World::new(zab(3));
    let before = world.digest();
    let read = Request::Linearizable(Request::get("/app").into());
    assert!(world.ask_client(a(), Input::Request(read)).is_err());
    assert_eq!(world.digest(), before);
    let read = Request::get("/app");
    assert!(world.ask_client(a(), Input::Request(read)).is_ok());
    assert!(world.client(a()).is_some());
}

#[test]
fn an_observer_serves_clients_and_does_not_vote() {
    let settings = Settings {
        observers: 1,
        ..zab(4)
    };
    let (mut world, leader) = elected(settings);
    open(&mut world, a(), s(4));
    assert!(ask(&mut world, a(), create("/app")).is_ok());
    for voter in [s(1), s(2), s(3)].into_iter().filter(|it| *it != leader) {
        world.crash(voter, 0).unwrap();
    }
    pass(&mut world, 1_000);
    assert_eq!(leader_of(&world), None);
}

#[test]
fn one_server_alone_serves() {
    let (mut world, leader) = elected(zab(1));
    open(&mut world, a(), leader);
    assert!(ask(&mut world, a(), create("/app")).is_ok());
    world.crash(leader, 0).unwrap();
    pass(&mut world, 50);
    world.restart(leader).unwrap();
    until(&mut world, |world| leader_of(world).is_some());
    assert!(
        world
            .server(leader)
            .unwrap()
            .service()
            .tree()
            .get("/app")
            .is_some()
    );
    assert!(world.now() < Time::from_millis(5_000));
}

#[test]
fn a_server_that_is_added_observes_and_can_be_made_a_voter() {
    let (mut world, leader) = elected(zab(3));
    open(&mut world, a(), leader);
    assert!(ask(&mut world, a(), create("/app")).is_ok());
    world.add_server(s(4)).unwrap();
    until(&mut world, |world| {
        world
            .server(s(4))
            .unwrap()
            .service()
            .tree()
            .get("/app")
            .is_some()
    });
    for server in [leader, s(4)] {
        let configuration = world.configuration_of(server).unwrap();
        assert!(!configuration.is_voter(s(4)), "as {server} knows it");
    }
    let change = crate::raft::Reconfiguration {
        voters: [1, 2, 3, 4].map(s).into(),
        learners: vec![],
        transition: crate::raft::Transition::default(),
    };
    world.reconfigure(leader, change).unwrap();
    until(&mut world, |world| {
        world.nodes().iter().all(|node| {
            let configuration = world.configuration_of(node.id()).unwrap();
            configuration.is_voter(s(4))
        })
    });
    let error = world.transfer(leader, s(4)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a transfer of leadership is of raft; these servers run another protocol"
    );
}
