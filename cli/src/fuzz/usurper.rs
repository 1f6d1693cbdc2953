//! A leader that does not know that it is none: the worst that can be done to reads.

use quorumscope_core::ids::{ClientId, ServerId};
use quorumscope_core::script::{ClientAction, Command};
use quorumscope_core::sim::World;
use quorumscope_core::time::{Duration, Time};

use super::adversary::server_end;
use super::dice::Dice;
use super::operations;
use super::plan::Clocks;

/// How many reads each of its clients asks it for meanwhile.
const READS: usize = 8;

/// From `at` on, a leader is cut off from its peers and not from its clients, which go on reading,
/// while another stands for election. Where leases count on clocks, its own is as slow as it may
/// be, and those of the others as fast.
pub(super) fn plan(
    world: &World,
    leader: ServerId,
    at: Time,
    clocks: Clocks,
    dice: &mut Dice,
) -> Vec<(Time, Command)> {
    let others = world.nodes().iter().map(quorumscope_core::sim::Node::id);
    let others: Vec<ServerId> = others.filter(|id| *id != leader).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let peers = others.iter().copied().map(server_end).collect();
    let groups = vec![vec![server_end(leader)], peers];
    let end = at + dice.span(200_000, 800_000);
    let mut plan = vec![(at, Command::Partition { groups }), (end, Command::HealAll)];
    for _ in 0..dice.below(4) {
        let server = dice.one(&others).into();
        plan.push((at + dice.span(1_000, 160_000), Command::TimeOut { server }));
    }
    if !clocks.jump && dice.percent(70) {
        let drift = clocks.drift_ppm as i32;
        let clock = |server: ServerId, ppm| Command::Clock {
            server: server.into(),
            offset: None,
            drift_ppm: Some(ppm),
        };
        plan.push((at, clock(leader, -drift)));
        plan.extend(others.iter().map(|other| (at, clock(*other, drift))));
    }
    let is_served = |client: &ClientId| {
        let node = world.client(*client);
        node.is_some_and(|node| node.process().server() == leader)
    };
    for client in world.clients().map(|(id, _)| id).filter(is_served) {
        for _ in 0..READS {
            let action = ClientAction::Request(operations::strict_read(dice));
            let when = at + Duration::from_micros(dice.below(300_000));
            plan.push((when, Command::Client { client, action }));
        }
    }
    plan
}
