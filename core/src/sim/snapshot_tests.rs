//! What snapshots of a log do for servers in the world.

use super::tests::{a, create, elected, ms, s, set};
use super::*;
use crate::ids::ServerId;
use crate::zookeeper::CreateMode;

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
