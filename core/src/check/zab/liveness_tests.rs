//! Whole servers that run Zab, after faults have ended.

use std::collections::BTreeMap;

use super::super::testing::Storm;
use crate::client::{Input, State};
use crate::ids::{ClientId, ServerId};
use crate::server::Server;
use crate::sim::{Fact, Record, World};
use crate::time::Duration;
use crate::view::leader_of;
use crate::zab::{Rules, SyncPlan, ZabFact};
use crate::zookeeper::{CreateMode, Request};

/// How long an ensemble without faults may take to agree: an election may have to run into
/// initLimit once or twice before everybody means the same leader.
const PATIENCE: Duration = Duration::from_secs(10);

/// Every server is up, and nothing disturbs their links any more.
fn end_faults(world: &mut World) {
    // Where nothing is cut, nothing is healed.
    let _ = world.heal_all(None);
    world
        .change_links(None, |link| {
            (link.loss_ppm, link.duplicate_ppm, link.reorder_ppm) = (0, 0, 0);
        })
        .unwrap();
    for number in 1..=world.servers() {
        // One that was paused goes on; one that is up already refuses to be started.
        let _ = world.resume(ServerId::new(number));
        let _ = world.restart(ServerId::new(number));
    }
}

/// Everybody serves under one leader and holds the same.
fn agree(world: &World) -> bool {
    let Some(leader) = leader_of(world) else {
        return false;
    };
    let holds = |server: &Server| (server.leader(), server.applied());
    let expected = world.server(leader).map(|it| (Some(leader), it.applied()));
    let mut servers = world.nodes().iter().map(|node| node.server().map(holds));
    servers.all(|held| held == expected)
}

/// Lets time pass until it `is_so`; whether it came about.
fn comes_about(world: &mut World, is_so: impl Fn(&World) -> bool) -> bool {
    let give_up = world.now() + PATIENCE;
    while !is_so(world) {
        if world.now() >= give_up {
            return false;
        }
        let soon = world.now() + Duration::from_millis(20);
        world.run_until(soon);
    }
    true
}

/// A client comes anew and has a znode created. While a new leader ends the sessions that have
/// expired meanwhile, a slow disk may cost it its followers, and the client its connection: it asks
/// again, at most four times.
fn serves(world: &mut World) -> bool {
    let client = ClientId::from_letter('Z').unwrap();
    (0..4).any(|_| {
        // One whose session has expired comes anew; one that is there refuses.
        let _ = world.start_client(client, None, None);
        let state = |world: &World| world.client(client).unwrap().process().state();
        let open = |world: &World| matches!(state(world), State::Connected | State::Expired);
        if !comes_about(world, open) || state(world) == State::Expired {
            return false;
        }
        let request = Request::create("/calm", None, CreateMode::PersistentSequential);
        world.tell_client(client, Input::Request(request)).unwrap();
        let waiting = |world: &World| world.client(client).unwrap().process().waiting();
        if !comes_about(world, |world| waiting(world) == 0) {
            return false;
        }
        let process = world.client(client).unwrap().process();
        let last = process.operations().last().unwrap();
        last.answer.as_ref().is_some_and(|(_, reply)| reply.is_ok())
    })
}

/// How learners were brought up to date, and how often.
fn count(syncs: &mut BTreeMap<&'static str, usize>, records: &[Record]) {
    for record in records {
        if let Fact::Zab(ZabFact::SyncChosen { plan, .. }) = &record.fact {
            let plan = match plan {
                SyncPlan::EmptyDiff => "empty DIFF",
                SyncPlan::Diff { .. } => "DIFF",
                SyncPlan::Trunc { .. } => "TRUNC",
                SyncPlan::Snap { .. } => "SNAP",
            };
            *syncs.entry(plan).or_default() += 1;
        }
    }
}

#[test]
fn servers_agree_and_serve_after_the_faults_of_each_of_a_thousand_runs() {
    let (mut syncs, mut slowest) = (BTreeMap::new(), Duration::ZERO);
    for seed in 0..1_000 {
        let mut storm = Storm::zab(seed, Rules::default());
        storm.world.observe(true);
        storm.rage_while(|_| false);
        assert_eq!(storm.monitor.violations(), [], "seed {seed}");
        let world = &mut storm.world;
        end_faults(world);
        let calm = world.now();
        assert!(comes_about(world, agree), "seed {seed}: no agreement");
        slowest = slowest.max(world.now().since(calm));
        assert!(serves(world), "seed {seed}: nobody is served");
        assert!(comes_about(world, agree), "seed {seed}: no agreement after");
        count(&mut syncs, &world.take_records());
    }
    println!("{syncs:?}; at most {slowest} to agree");
    for plan in ["empty DIFF", "DIFF", "TRUNC", "SNAP"] {
        let times = syncs.get(plan).copied().unwrap_or_default();
        assert!(times >= 50, "{plan} was chosen {times} times: {syncs:?}");
    }
}
