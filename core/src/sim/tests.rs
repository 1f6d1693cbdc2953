//! What the world promises, and what servers and clients promise in it.

use super::*;
use crate::client::{ClientFact, Input, State};
use crate::digest::Digest;
use crate::ids::{ClientId, Endpoint, MessageId, ServerId};
use crate::raft::Role;
use crate::time::{Duration, Time};
use crate::view::leader_of;
use crate::zookeeper::{CreateMode, ErrorCode, Reply, Request};

const fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn s(number: u16) -> ServerId {
    ServerId::new(number)
}

fn a() -> ClientId {
    ClientId::from_letter('A').unwrap()
}

fn create(path: &str, mode: CreateMode) -> Input {
    Input::Request(Request::create(path, Some("x".into()), mode))
}

fn get(path: &str) -> Input {
    Input::Request(Request::get(path))
}

fn set(path: &str, data: &str) -> Input {
    Input::Request(Request::Set {
        path: path.into(),
        data: Some(data.into()),
        version: -1,
    })
}

/// A cluster with a leader.
fn elected(settings: Settings) -> (World, ServerId) {
    let mut world = World::new(settings);
    for _ in 0..1_000 {
        if let Some(leader) = leader_of(&world)
            && world.server(leader).unwrap().applied() > 0
        {
            return (world, leader);
        }
        let next = world.now() + ms(10);
        world.run_until(next);
    }
    panic!("no leader in ten seconds");
}

/// A cluster with a leader and client A connected to `server`.
fn served(settings: Settings, server: Option<ServerId>) -> (World, ServerId) {
    let (mut world, leader) = elected(settings);
    world.start_client(a(), server, None).unwrap();
    while world.client(a()).unwrap().process().state() != State::Connected {
        pass(&mut world, 50);
        assert!(world.now() < at(5_000));
    }
    (world, leader)
}

fn pass(world: &mut World, millis: u64) {
    let until = world.now() + ms(millis);
    world.run_until(until);
}

/// The answers that client A has had, oldest first.
fn answers(world: &World) -> Vec<Reply> {
    let operations = world.client(a()).unwrap().process().operations();
    operations
        .filter_map(|op| op.answer.clone())
        .map(|(_, reply)| reply)
        .collect()
}

fn follower(leader: ServerId) -> ServerId {
    if leader == s(1) { s(2) } else { s(1) }
}

fn lossy() -> Settings {
    let link = LinkSettings {
        loss_ppm: 100_000,
        duplicate_ppm: 100_000,
        reorder_ppm: 100_000,
        ..LinkSettings::default()
    };
    Settings {
        link,
        ..Settings::default()
    }
}

/// Some life: elections, writes, a crash, a cut.
fn story(mut settings: Settings, seed: u64, observed: bool) -> Vec<Digest> {
    settings.seed = seed;
    let mut world = World::new(settings);
    world.observe(observed);
    let mut digests = Vec::new();
    let mut run = |world: &mut World, until| {
        while world.step_until(until).is_some() {
            digests.push(world.digest());
        }
    };
    run(&mut world, at(300));
    world.start_client(a(), None, None).unwrap();
    world
        .tell_client(a(), create("/n", CreateMode::Ephemeral))
        .unwrap();
    run(&mut world, at(600));
    world.crash(s(2), 0).unwrap();
    world.cut(s(1).into(), s(3).into(), false).unwrap();
    run(&mut world, at(1_200));
    world.restart(s(2)).unwrap();
    run(&mut world, at(1_800));
    digests
}

#[test]
fn one_seed_is_one_run_whether_or_not_anyone_watches() {
    let watched = story(lossy(), 3, true);
    assert!(watched.len() > 300);
    assert_eq!(watched, story(lossy(), 3, false));
    assert_ne!(watched, story(lossy(), 4, true));
}

#[test]
fn a_clone_goes_the_same_way_as_its_original() {
    let (mut world, _) = elected(lossy());
    let mut clone = world.clone();
    pass(&mut world, 500);
    pass(&mut clone, 500);
    assert_eq!(world.digest(), clone.digest());
}

#[test]
fn turning_one_dial_does_not_shift_what_the_others_draw() {
    let first_requests = |link: LinkSettings| {
        let mut world = World::new(Settings {
            link,
            ..Settings::default()
        });
        while world.network().flying().count() < 4 {
            world.step();
        }
        let mut arrivals: Vec<(Endpoint, Time)> = world
            .network()
            .flying()
            .map(|m| (m.to, m.arrives))
            .collect();
        arrivals.sort_unstable();
        arrivals
    };
    let calm = first_requests(LinkSettings::default());
    assert_eq!(calm.len(), 4);
    let lossy = LinkSettings {
        loss_ppm: 900_000,
        ..LinkSettings::default()
    };
    assert_eq!(first_requests(lossy), calm);
}

#[test]
fn a_crash_loses_what_the_disk_had_not_confirmed_and_keeps_the_rest() {
    let slow = Settings {
        storage: ms(40),
        ..Settings::default()
    };
    for keep in [0, 1] {
        let (mut world, leader) = served(slow.clone(), None);
        pass(&mut world, 400);
        let stored = world
            .node(leader)
            .unwrap()
            .disk()
            .image()
            .raft()
            .unwrap()
            .log
            .last_index();
        world
            .tell_client(a(), create("/n", CreateMode::Persistent))
            .unwrap();
        while world.node(leader).unwrap().disk().pending() == 0 {
            world.step();
        }
        world.crash(leader, keep).unwrap();
        let disk = world.node(leader).unwrap().disk();
        assert_eq!(disk.pending(), 0);
        let last = disk.image().raft().unwrap().log.last_index().number();
        assert_eq!(last, stored.number() + keep as u64);
        world.restart(leader).unwrap();
        let replica = world.server(leader).unwrap().raft().unwrap();
        assert_eq!(replica.log().last_index().number(), last);
        assert_eq!(replica.role(), Role::Follower);
        assert_eq!(
            world.server(leader).unwrap().service().tree().get("/n"),
            None
        );
    }
}

#[test]
fn a_paused_server_takes_in_what_came_meanwhile_in_order() {
    let (mut world, leader) = elected(Settings::default());
    let sleeper = follower(leader);
    world.pause(sleeper).unwrap();
    let commit = world
        .server(sleeper)
        .unwrap()
        .raft()
        .unwrap()
        .commit_index();
    world.start_client(a(), Some(leader), None).unwrap();
    pass(&mut world, 120);
    assert_eq!(
        world
            .server(sleeper)
            .unwrap()
            .raft()
            .unwrap()
            .commit_index(),
        commit
    );
    world.resume(sleeper).unwrap();
    pass(&mut world, 1);
    assert!(
        world
            .server(sleeper)
            .unwrap()
            .raft()
            .unwrap()
            .commit_index()
            > commit
    );
}

#[test]
fn a_message_on_a_cut_link_dies_at_the_wall_unless_it_has_passed_it() {
    let (mut world, leader) = elected(Settings::default());
    let to = follower(leader);
    let flying = |world: &World| -> Vec<(MessageId, Time, Time)> {
        let way = |m: &&InFlight| m.from == leader.into() && m.to == to.into();
        world
            .network()
            .flying()
            .filter(way)
            .map(|m| (m.id, m.sent, m.arrives))
            .collect()
    };
    for passed in [false, true] {
        while flying(&world).is_empty() {
            world.step();
        }
        let (id, sent, arrives) = flying(&world)[0];
        let middle = sent + arrives.since(sent).fraction(1, 2);
        world.run_until(if passed {
            middle + Duration::from_micros(1)
        } else {
            sent
        });
        world.cut(leader.into(), to.into(), false).unwrap();
        world.run_until(arrives);
        let died = world
            .network()
            .deaths()
            .find(|corpse| corpse.message.id == id);
        assert_eq!(
            died.map(|corpse| (corpse.at, corpse.why)).is_some(),
            !passed
        );
        if let Some(corpse) = died {
            assert_eq!(
                (corpse.at, corpse.place, corpse.why),
                (middle, corpse.place, Death::Cut)
            );
        }
        world.heal(leader.into(), to.into(), false).unwrap();
        pass(&mut world, 100);
    }
}

#[test]
fn a_drop_a_hold_a_delay_and_a_delivery_do_what_they_say() {
    let (mut world, _) = elected(Settings::default());
    let next = |world: &mut World| {
        while world.network().flying().next().is_none() {
            world.step();
        }
        world.network().flying().next().unwrap().clone()
    };
    let dropped = next(&mut world);
    world.drop_message(dropped.id).unwrap();
    assert!(world.network().message(dropped.id).is_none());
    let held = next(&mut world);
    world.hold_message(held.id).unwrap();
    assert_eq!(
        world.hold_message(held.id),
        Err(Impossible::AlreadyHeld(held.id))
    );
    pass(&mut world, 200);
    assert!(world.network().message(held.id).is_some());
    world.release_message(held.id).unwrap();
    pass(&mut world, 0);
    assert!(world.network().message(held.id).is_none());
    let delayed = next(&mut world);
    world.delay_message(delayed.id, ms(30)).unwrap();
    world.run_until(delayed.arrives + ms(29));
    assert!(world.network().message(delayed.id).is_some());
    world.run_until(delayed.arrives + ms(30));
    assert!(world.network().message(delayed.id).is_none());
    let hurried = next(&mut world);
    world.deliver_message(hurried.id).unwrap();
    pass(&mut world, 0);
    assert!(world.network().message(hurried.id).is_none());
    let doubled = next(&mut world);
    let before = world.network().flying().count();
    world.duplicate_message(doubled.id).unwrap();
    assert_eq!(world.network().flying().count(), before + 1);
}

#[test]
fn a_fast_clock_stands_for_election_before_a_slow_one() {
    let mut settings = Settings {
        first_timers_ppm: 0,
        ..Settings::default()
    };
    settings.election_timeout = (ms(200), ms(200));
    let mut world = World::new(settings);
    world.set_drift(s(4), 100_000).unwrap();
    world.run_until(at(185));
    let stands = |id| world.server(id).unwrap().raft().unwrap().role() == Role::Candidate;
    let standing: Vec<u16> = (1..=5).filter(|number| stands(s(*number))).collect();
    assert_eq!(standing, [4]);
}

#[test]
fn a_clock_is_set_against_true_time_wherever_it_was() {
    let mut world = World::new(Settings::default());
    world.run_until(at(100));
    for ahead_us in [20_000, 20_000, -5_000, 0] {
        world.set_clock(s(2), ahead_us).unwrap();
        assert_eq!(
            world.node(s(2)).unwrap().clock().offset_us(world.now()),
            ahead_us
        );
    }
}

#[test]
fn a_full_disk_confirms_nothing_until_there_is_room() {
    let (mut world, leader) = served(Settings::default(), None);
    for node in 1..=5 {
        if s(node) != leader {
            world.set_disk_full(s(node), true).unwrap();
        }
    }
    world
        .tell_client(a(), create("/n", CreateMode::Persistent))
        .unwrap();
    pass(&mut world, 150);
    assert_eq!(answers(&world), []);
    for node in 1..=5 {
        if s(node) != leader {
            world.set_disk_full(s(node), false).unwrap();
        }
    }
    pass(&mut world, 150);
    assert!(answers(&world)[0].is_ok());
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let (mut world, leader) = elected(Settings::default());
    let here = |end: ServerId| Endpoint::from(end);
    let b = ClientId::from_letter('B').unwrap();
    world.crash(follower(leader), 0).unwrap();
    let digest = world.digest();
    let refused = [
        world.crash(s(9), 0),
        world.crash(follower(leader), 0),
        world.restart(leader),
        world.pause(follower(leader)),
        world.resume(leader),
        world.time_out(leader),
        world.wipe(leader),
        world.cut(here(s(1)), here(s(1)), true),
        world.cut(Endpoint::Client(a()), Endpoint::Client(b), true),
        world.heal(here(s(1)), here(s(2)), true),
        world.heal_all(None),
        world.partition(&[vec![here(s(1))], vec![here(s(1))]]),
        world.drop_message(MessageId::new(u64::MAX)),
        world.tell_client(a(), get("/")),
        world.kill_client(a()),
    ];
    for (position, outcome) in refused.into_iter().enumerate() {
        assert!(!outcome.unwrap_err().to_string().is_empty(), "{position}");
    }
    assert_eq!(world.digest(), digest);
}

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
    }
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
    let (mut world, leader) = served(Settings::default(), None);
    let server = world.client(a()).unwrap().process().server();
    for other in (1..=5).map(s).filter(|id| *id != server && *id != leader) {
        world.crash(other, 0).unwrap();
    }
    if leader != server {
        world.crash(leader, 0).unwrap();
    }
    pass(&mut world, 1_000);
    if leader != server {
        assert_eq!(world.server(server).unwrap().connections().count(), 0);
    }
    assert_ne!(world.client(a()).unwrap().process().state(), State::Expired);
}

#[test]
fn spread_timers_elect_at_once_and_aligned_timers_split_the_vote() {
    let mut split = 0;
    for seed in 0..20 {
        let mut world = World::new(Settings {
            seed,
            ..Settings::default()
        });
        world.align_timers().unwrap();
        world.run_until(at(300));
        let stood = world
            .take_records()
            .iter()
            .filter(|r| {
                matches!(
                    r.fact,
                    Fact::Raft(crate::raft::RaftFact::StoodForElection { .. })
                )
            })
            .count();
        split += usize::from(stood >= 2);
        let mut world = World::new(Settings {
            seed,
            ..Settings::default()
        });
        world.spread_timers().unwrap();
        world.run_until(at(300));
        assert!(leader_of(&world).is_some(), "seed {seed}");
    }
    assert_eq!(split, 20);
}

/// A cluster whose leader has taken a snapshot that stands for all that S-last has not seen.
fn with_a_lagging_server() -> (World, ServerId, ServerId) {
    let (mut world, leader) = elected(Settings {
        snapshot_keep: 0,
        snapshot_chunk: 100,
        ..Settings::default()
    });
    let lagging = if leader == s(5) { s(4) } else { s(5) };
    world.crash(lagging, 0).unwrap();
    world.start_client(a(), Some(leader), None).unwrap();
    world.run_until(world.now() + ms(300));
    for path in ["/a", "/b", "/c"] {
        world
            .tell_client(a(), create(path, CreateMode::Persistent))
            .unwrap();
    }
    world.run_until(world.now() + ms(300));
    world.take_snapshot(leader).unwrap();
    (world, leader, lagging)
}

#[test]
fn a_server_that_was_down_catches_up_by_a_snapshot() {
    let (mut world, leader, lagging) = with_a_lagging_server();
    world.restart(lagging).unwrap();
    world.run_until(world.now() + ms(3_000));
    let (first, last) = (world.server(leader), world.server(lagging).unwrap());
    let first = first.expect("nothing makes the leader fail");
    assert_eq!(last.service(), first.service());
    assert_eq!(last.applied(), first.applied());
    assert!(last.raft().unwrap().snapshot().is_some());
}

#[test]
fn a_restarted_server_has_the_state_of_its_snapshot_before_it_hears_of_anybody() {
    let (mut world, leader, _) = with_a_lagging_server();
    world.run_until(world.now() + ms(100));
    let before = world.server(leader).unwrap().service().clone();
    world.crash(leader, 0).unwrap();
    world.restart(leader).unwrap();
    let server = world.server(leader).unwrap();
    assert_eq!(*server.service(), before);
    assert_eq!(
        server.applied(),
        server.raft().unwrap().commit_index().number()
    );
    assert!(server.applied() > 3);
}

#[test]
fn a_snapshot_takes_a_slow_disk_as_many_times_as_it_has_chunks() {
    let (mut world, leader, _) = with_a_lagging_server();
    world.run_until(world.now() + ms(100));
    world.tell_client(a(), set("/a", "y")).unwrap();
    world.run_until(world.now() + ms(300));
    world.set_disk_latency(leader, Some(ms(5))).unwrap();
    let taken = world.now();
    world.take_snapshot(leader).unwrap();
    let replica = world.server(leader).unwrap().raft().unwrap();
    let last = replica.snapshot().unwrap().last.index;
    let chunks = replica.snapshot().unwrap().size.div_ceil(100);
    let on_disk = |world: &World| {
        let image = world.node(leader).unwrap().disk().image().raft().unwrap();
        image
            .snapshot
            .as_ref()
            .is_some_and(|snapshot| snapshot.last.index == last)
    };
    world.run_until(taken + ms(5 * chunks - 1));
    assert!(chunks > 2 && !on_disk(&world));
    world.run_until(taken + ms(5 * chunks));
    assert!(on_disk(&world));
}

#[test]
fn a_snapshot_with_nothing_to_compact_is_refused_and_changes_nothing() {
    let (mut world, leader, lagging) = with_a_lagging_server();
    world.restart(lagging).unwrap();
    let before = world.digest();
    let error = world.take_snapshot(leader).unwrap_err().to_string();
    assert!(
        error.contains("nothing to take a snapshot of: nothing was applied since the snapshot"),
        "{error}"
    );
    assert_eq!(world.digest(), before);
    world.pause(lagging).unwrap();
    let paused = Err(Impossible::Paused(lagging));
    assert_eq!(world.take_snapshot(lagging), paused);
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
