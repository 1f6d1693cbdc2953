//! How fast a cluster at the teaching defaults is simulated: one simulated second.

use divan::{Bencher, black_box};
use quorumscope_core::check::Monitor;
use quorumscope_core::sim::{Settings, World};
use quorumscope_core::time::{Duration, Time};

const SECOND: Duration = Duration::from_secs(1);

fn main() {
    divan::main();
}

/// A cluster with a leader, at rest.
fn cluster(servers: u16) -> World {
    let settings = Settings {
        servers,
        ..Settings::default()
    };
    let mut world = World::new(settings);
    world.observe(false);
    world.run_until(Time::ZERO + SECOND * 2);
    world
}

#[divan::bench(args = [3, 5, 9])]
fn checks_off(bencher: Bencher<'_, '_>, servers: u16) {
    let mut world = cluster(servers);
    bencher.bench_local(|| {
        world.run_until(world.now() + SECOND);
        black_box(world.event())
    });
}

#[divan::bench(args = [3, 5, 9])]
fn checks_on(bencher: Bencher<'_, '_>, servers: u16) {
    let mut world = cluster(servers);
    let mut monitor = Monitor::new(&world);
    bencher.bench_local(|| {
        let until = world.now() + SECOND;
        while world.step_until(until).is_some() {
            monitor.after_event(&world);
        }
        black_box(world.event())
    });
}
