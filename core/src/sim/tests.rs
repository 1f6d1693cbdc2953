//! What the world promises: one run from one seed, faults as they are asked for, and no others.

use super::*;
use crate::client::{Input, State};
use crate::digest::Digest;
use crate::ids::{ClientId, Endpoint, MessageId, ServerId};
use crate::raft::Role;
use crate::time::{Duration, Time};
use crate::view::leader_of;
use crate::zookeeper::{CreateMode, Reply, Request};

const fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

pub(super) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) const fn s(number: u16) -> ServerId {
    ServerId::new(number)
}

pub(super) fn a() -> ClientId {
    ClientId::from_letter('A').unwrap()
}

pub(super) fn create(path: &str, mode: CreateMode) -> Input {
    Input::Request(Request::create(path, Some("x".into()), mode))
}

pub(super) fn get(path: &str) -> Input {
    Input::Request(Request::get(path))
}

pub(super) fn set(path: &str, data: &str) -> Input {
    Input::Request(Request::Set {
        path: path.into(),
        data: Some(data.into()),
        version: -1,
    })
}

/// A cluster with a leader.
pub(super) fn elected(settings: Settings) -> (World, ServerId) {
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
pub(super) fn served(settings: Settings, server: Option<ServerId>) -> (World, ServerId) {
    let (mut world, leader) = elected(settings);
    world.start_client(a(), server, None).unwrap();
    while world.client(a()).unwrap().process().state() != State::Connected {
        pass(&mut world, 50);
        assert!(world.now() < at(5_000));
    }
    (world, leader)
}

pub(super) fn pass(world: &mut World, millis: u64) {
    let until = world.now() + ms(millis);
    world.run_until(until);
}

/// The answers that client A has had, oldest first.
pub(super) fn answers(world: &World) -> Vec<Reply> {
    let operations = world.client(a()).unwrap().process().operations();
    operations
        .filter_map(|op| op.answer.clone())
        .map(|(_, reply)| reply)
        .collect()
}

pub(super) fn follower(leader: ServerId) -> ServerId {
    if leader == s(1) { s(2) } else { s(1) }
}

pub(super) fn lossy() -> Settings {
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
        let died = died.map(|corpse| (corpse.at, corpse.why, corpse.place.div_ceil(10)));
        assert_eq!(died, (!passed).then_some((middle, Death::Cut, 50)));
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
