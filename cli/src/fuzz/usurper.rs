//! A leader that does not know that it is none: the worst that can be done to reads.

use quorumscope_core::client::State;
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

/// A client that does nothing but read at such leaders: a write that cannot be committed would hold
/// up its reads. No other deed is ever its.
const WITNESS: char = 'D';

/// The least election timeout of every plan, which is how long voters are loyal by their clocks.
const LOYALTY: Duration = Duration::from_millis(150);

/// A while after `at`, a leader is cut off from its peers and not from its clients, which go on
/// reading, while another stands for election. Where leases count on clocks, its own is as slow as
/// it may be, and those of the others as fast: they are free to vote long before its lease, if it
/// is too long, ends.
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
    let mut plan = summon(world, leader, at);
    let at = at + dice.span(20_000, 80_000);
    let peers = others.iter().copied().map(server_end).collect();
    let groups = vec![vec![server_end(leader)], peers];
    let end = at + dice.span(200_000, 800_000);
    plan.push((at, Command::Partition { groups }));
    plan.push((end, Command::HealAll));
    let time_out = |server: ServerId| Command::TimeOut {
        server: server.into(),
    };
    if clocks.jump || dice.percent(30) {
        for _ in 0..dice.below(4) {
            let when = at + dice.span(1_000, 160_000);
            plan.push((when, time_out(dice.one(&others))));
        }
    } else {
        let drift = clocks.drift_ppm as i32;
        let clock = |server: ServerId, ppm| Command::Clock {
            server: server.into(),
            offset: None,
            drift_ppm: Some(ppm),
        };
        plan.push((at, clock(leader, -drift)));
        plan.extend(others.iter().map(|other| (at, clock(*other, drift))));
        // As soon as the fastest voters have forgotten their leader.
        let whole = 1_000_000;
        let free = LOYALTY.fraction(whole, whole + u64::from(clocks.drift_ppm));
        let when = at + free + dice.span(1, 20_000);
        plan.push((when, time_out(dice.one(&others))));
    }
    plan.extend(reads(world, leader, at, dice));
    plan
}

/// The witness goes where the leader is.
fn summon(world: &World, leader: ServerId, at: Time) -> Vec<(Time, Command)> {
    let Some(client) = ClientId::from_letter(WITNESS) else {
        return Vec::new();
    };
    let server = leader.into();
    let over = |state| matches!(state, State::Expired | State::Closed);
    let state = world.client(client).map(|node| node.process().state());
    let action = if state.is_none_or(over) {
        ClientAction::Open {
            server: Some(server),
            timeout: None,
            read_only: false,
        }
    } else {
        ClientAction::Connect { server }
    };
    vec![(at, Command::Client { client, action })]
}

/// What the leader's clients ask it for once it is alone.
fn reads(world: &World, leader: ServerId, at: Time, dice: &mut Dice) -> Vec<(Time, Command)> {
    let is_served = |client: &ClientId| {
        let node = world.client(*client);
        node.is_some_and(|node| node.process().server() == leader)
    };
    let witness = ClientId::from_letter(WITNESS);
    let others = world.clients().map(|(id, _)| id).filter(is_served);
    let mut clients: Vec<ClientId> = others.filter(|client| Some(*client) != witness).collect();
    clients.extend(witness);
    let mut plan = Vec::new();
    for client in clients {
        for _ in 0..READS {
            let action = ClientAction::Request(operations::strict_read(dice));
            let when = at + Duration::from_micros(dice.below(300_000));
            plan.push((when, Command::Client { client, action }));
        }
    }
    plan
}
