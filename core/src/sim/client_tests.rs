//! What servers promise their clients in the world, under Raft.

use super::tests::{a, answers, create, elected, follower, get, lossy, ms, pass, s, served, set};
use super::*;
use crate::client::{ClientFact, Input, State};
use crate::ids::Endpoint;
use crate::time::Duration;
use crate::zookeeper::{CreateMode, ErrorCode};

#[test]
fn a_write_is_answered_once_a_majority_has_it_and_every_server_applies_it() {
    for through_leader in [true, false] {
        let (world, leader) = elected(Settings::default());
        drop(world);
        let server = if through_leader {
            leader
        } else {
            follower(leader)
        };
        let (mut world, _) = served(Settings::default(), Some(server));
        world
            .tell_client(a(), create("/n", CreateMode::Persistent))
            .unwrap();
        pass(&mut world, 150);
        assert!(matches!(answers(&world)[..], [Ok(_)]));
        for number in 1..=5 {
            let tree = world.server(s(number)).unwrap().service().tree();
            assert!(tree.get("/n").is_some(), "S{number}");
        }
    }
}

#[test]
fn every_write_takes_effect_once_and_in_order_though_the_network_loses_and_doubles() {
    let mut told_of_all = 0;
    for seed in 0..40 {
        let settings = Settings { seed, ..lossy() };
        let (mut world, leader) = elected(settings);
        let server = follower(leader);
        world
            .start_client(a(), Some(server), Some(Duration::from_secs(2)))
            .unwrap();
        pass(&mut world, 300);
        if world.client(a()).unwrap().process().state() != State::Connected {
            continue;
        }
        world
            .tell_client(a(), create("/n", CreateMode::Persistent))
            .unwrap();
        for value in 0..8 {
            world
                .tell_client(a(), set("/n", &value.to_string()))
                .unwrap();
            pass(&mut world, 7);
        }
        world.tell_client(a(), get("/n")).unwrap();
        pass(&mut world, 1_500);
        let answers = answers(&world);
        if answers.iter().any(Result::is_err) {
            // The connection was lost to an election: nobody knows what took effect.
            continue;
        }
        assert_eq!(answers.len(), 10);
        let versions: Vec<String> = answers[1..9]
            .iter()
            .map(|r| r.clone().unwrap().to_string())
            .collect();
        let expected: Vec<String> = (1..=8)
            .map(|version| format!("version {version}"))
            .collect();
        assert_eq!(versions, expected, "seed {seed}");
        assert_eq!(answers[9].clone().unwrap().to_string(), "\"7\" version 8");
        told_of_all += 1;
    }
    assert!(told_of_all >= 20, "{told_of_all} of 40 runs");
}

#[test]
fn a_read_waits_for_the_earlier_writes_of_its_client() {
    let (mut world, _) = served(Settings::default(), None);
    world
        .tell_client(a(), create("/n", CreateMode::Persistent))
        .unwrap();
    world.tell_client(a(), get("/n")).unwrap();
    pass(&mut world, 200);
    assert!(matches!(answers(&world)[..], [Ok(_), Ok(_)]));
}

#[test]
fn a_session_whose_client_died_expires_everywhere_and_takes_its_ephemerals() {
    let (mut world, _) = served(Settings::default(), None);
    world
        .tell_client(a(), create("/e", CreateMode::Ephemeral))
        .unwrap();
    world
        .tell_client(a(), create("/p", CreateMode::Persistent))
        .unwrap();
    pass(&mut world, 150);
    world.kill_client(a()).unwrap();
    pass(&mut world, 400);
    let holds = |world: &World, path| {
        (1..=5)
            .filter(|n| {
                world
                    .server(s(*n))
                    .unwrap()
                    .service()
                    .tree()
                    .get(path)
                    .is_some()
            })
            .count()
    };
    assert_eq!((holds(&world, "/e"), holds(&world, "/p")), (5, 5));
    pass(&mut world, 600);
    assert_eq!((holds(&world, "/e"), holds(&world, "/p")), (0, 5));
}

#[test]
fn a_client_that_pings_keeps_its_session_for_as_long_as_it_likes() {
    for through_leader in [true, false] {
        let (_, leader) = elected(Settings::default());
        let server = if through_leader {
            leader
        } else {
            follower(leader)
        };
        let (mut world, _) = served(Settings::default(), Some(server));
        pass(&mut world, 20_000);
        let process = world.client(a()).unwrap().process();
        assert_eq!(
            (process.state(), process.server()),
            (State::Connected, server)
        );
    }
}

#[test]
fn a_client_whose_server_crashes_goes_on_with_its_session_elsewhere() {
    let (mut world, leader) = served(Settings::default(), None);
    let before = world.client(a()).unwrap().process().session().unwrap();
    let server = world.client(a()).unwrap().process().server();
    world
        .tell_client(a(), create("/e", CreateMode::Ephemeral))
        .unwrap();
    pass(&mut world, 150);
    world.crash(server, 0).unwrap();
    pass(&mut world, if server == leader { 1_500 } else { 400 });
    let process = world.client(a()).unwrap().process();
    assert_eq!(process.state(), State::Connected);
    assert_ne!(process.server(), server);
    assert_eq!(process.session(), Some(before));
    world.tell_client(a(), get("/e")).unwrap();
    pass(&mut world, 100);
    assert!(answers(&world).last().unwrap().is_ok());
}

#[test]
fn a_client_cut_off_too_long_learns_from_a_server_that_its_session_expired() {
    let (mut world, _) = served(Settings::default(), None);
    world.isolate(Endpoint::Client(a())).unwrap();
    pass(&mut world, 2_000);
    assert_ne!(world.client(a()).unwrap().process().state(), State::Expired);
    world.heal_all(None).unwrap();
    pass(&mut world, 1_500);
    assert_eq!(world.client(a()).unwrap().process().state(), State::Expired);
    assert_eq!(
        world.tell_client(a(), get("/")),
        Err(Impossible::SessionExpired(a()))
    );
    world.start_client(a(), None, None).unwrap();
    pass(&mut world, 200);
    assert_eq!(
        world.client(a()).unwrap().process().state(),
        State::Connected
    );
}

#[test]
fn operations_under_way_when_the_connection_is_lost_end_with_connection_loss() {
    let (mut world, leader) = served(Settings::default(), None);
    world.isolate(Endpoint::Server(leader)).unwrap();
    let server = world.client(a()).unwrap().process().server();
    world
        .tell_client(a(), create("/n", CreateMode::Persistent))
        .unwrap();
    pass(&mut world, 20);
    if server != leader {
        world.crash(server, 0).unwrap();
    }
    pass(&mut world, 600);
    assert_eq!(answers(&world), [Err(ErrorCode::ConnectionLoss)]);
}

#[test]
fn a_client_started_anew_hears_nothing_that_was_meant_for_its_predecessor() {
    let (mut world, _) = elected(Settings::default());
    world.start_client(a(), Some(s(1)), None).unwrap();
    pass(&mut world, 10);
    world.kill_client(a()).unwrap();
    world.start_client(a(), Some(s(1)), None).unwrap();
    world.take_records();
    pass(&mut world, 300);
    let connected =
        |record: &&Record| matches!(record.fact, Fact::Client(ClientFact::Connected { .. }));
    assert_eq!(world.records().iter().filter(connected).count(), 1);
}

#[test]
fn a_closed_session_is_gone_at_once_with_its_ephemerals() {
    let (mut world, _) = served(Settings::default(), None);
    world
        .tell_client(a(), create("/e", CreateMode::Ephemeral))
        .unwrap();
    world.tell_client(a(), Input::Close).unwrap();
    pass(&mut world, 200);
    assert_eq!(world.client(a()).unwrap().process().state(), State::Closed);
    assert!((1..=5).all(|n| {
        world
            .server(s(n))
            .unwrap()
            .service()
            .tree()
            .get("/e")
            .is_none()
    }));
}

#[test]
fn a_client_that_moves_keeps_its_session_and_its_old_server_lets_go() {
    let (mut world, leader) = served(Settings::default(), None);
    let old = world.client(a()).unwrap().process().server();
    let new = (1..=5)
        .map(s)
        .find(|id| *id != old && *id != leader)
        .unwrap();
    let session = world.client(a()).unwrap().process().session();
    world.tell_client(a(), Input::MoveTo(new)).unwrap();
    pass(&mut world, 200);
    let process = world.client(a()).unwrap().process();
    assert_eq!((process.state(), process.server()), (State::Connected, new));
    assert_eq!(process.session(), session);
    assert_eq!(world.server(old).unwrap().connections().count(), 0);
}

#[test]
fn a_lost_frame_breaks_its_connection_for_both_ends() {
    let (mut world, _) = served(Settings::default(), None);
    world.take_records();
    world
        .tell_client(a(), create("/n", CreateMode::Persistent))
        .unwrap();
    let frame = world
        .network()
        .flying()
        .find(|m| m.from == Endpoint::Client(a()))
        .unwrap()
        .id;
    world.drop_message(frame).unwrap();
    pass(&mut world, 1_000);
    let lost = |record: &Record| {
        matches!(
            record.fact,
            Fact::Client(ClientFact::Disconnected {
                was_served: true,
                ..
            })
        )
    };
    assert!(world.records().iter().any(lost));
    assert_eq!(
        world.client(a()).unwrap().process().state(),
        State::Connected
    );
    assert_eq!(answers(&world), [Err(ErrorCode::ConnectionLoss)]);
}

#[test]
fn a_server_without_a_leader_serves_nobody() {
    let (_, leader) = elected(Settings::default());
    let server = follower(leader);
    let (mut world, _) = served(Settings::default(), Some(server));
    assert_eq!(world.server(server).unwrap().connections().count(), 1);
    for other in (1..=5).map(s).filter(|id| *id != server) {
        world.crash(other, 0).unwrap();
    }
    pass(&mut world, 1_000);
    assert_eq!(world.server(server).unwrap().connections().count(), 0);
    assert_ne!(world.client(a()).unwrap().process().state(), State::Expired);
}

#[test]
fn what_a_leader_has_no_room_for_is_taken_on_later_and_once() {
    let (mut world, leader) = elected(Settings {
        uncommitted: 1,
        ..Settings::default()
    });
    world.start_client(a(), Some(leader), None).unwrap();
    world.run_until(world.now() + ms(300));
    for _ in 0..5 {
        let sequential = CreateMode::PersistentSequential;
        world.tell_client(a(), create("/a", sequential)).unwrap();
    }
    world.run_until(world.now() + ms(2_000));
    let tree = world.server(leader).unwrap().service().tree();
    let created = tree.iter().filter(|(path, _)| path.starts_with("/a"));
    assert_eq!(created.count(), 5);
}
