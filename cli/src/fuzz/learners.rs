//! Servers of Zab that are taking over a leader's epoch and history: what the paper does in one step
//! is many there, and most of the published bugs lie between two of them.

use quorumscope_core::ids::{Endpoint, MessageId, ServerId};
use quorumscope_core::script::Command;
use quorumscope_core::server::Server;
use quorumscope_core::sim::World;
use quorumscope_core::time::{Duration, Time};
use quorumscope_core::zab::{Phase, ServerState};

use super::adversary::server_end;
use super::dice::Dice;

/// The leader that a server follows without being up to date with it.
pub(super) fn leader_to_be(server: &Server) -> Option<ServerId> {
    let replica = server.zab()?;
    let follows = matches!(
        replica.state(),
        ServerState::Following | ServerState::Observing
    );
    let is_under_way = follows && replica.phase() < Phase::Broadcast;
    replica.leader().filter(|_| is_under_way)
}

/// The learner or its leader crashes with part of what it was writing, their connection breaks, or
/// one of them is cut off: at once or after the next few messages, and the leader perhaps after the
/// learner, so that this is all that the next leader may learn from.
pub(super) fn strike(
    world: &World,
    learner: ServerId,
    leader: ServerId,
    end: Time,
    dice: &mut Dice,
) -> Vec<(Time, Command)> {
    let now = world.now();
    let at = now + dice.span(1, 30_000);
    let end = end.max(at);
    match dice.below(10) {
        0..3 => {
            let mut plan = crash(world, learner, at, dice);
            if dice.percent(60) {
                let later = at + dice.span(1, 20_000);
                plan.extend(cut_off(leader, later, later.max(end), dice));
            }
            plan
        }
        3..6 => {
            let message = between(world, learner, leader, dice);
            message.map_or_else(Vec::new, |message| vec![(now, Command::Drop { message })])
        }
        6 | 7 => crash(world, leader, at, dice),
        8 => cut_off(leader, at, end, dice),
        _ => cut_off(learner, at, end, dice),
    }
}

fn crash(world: &World, server: ServerId, at: Time, dice: &mut Dice) -> Vec<(Time, Command)> {
    let pending = world.node(server).map_or(0, |node| node.disk().pending());
    let kept = dice.below(pending as u64 + 1) as u32;
    let keep = Some(kept).filter(|kept| *kept > 0);
    let server = server.into();
    let back = at + dice.span(1_000, 100_000);
    vec![
        (at, Command::Crash { server, keep }),
        (back, Command::Restart { server }),
    ]
}

/// Long enough for the others to do without it, more often than not.
fn cut_off(server: ServerId, at: Time, end: Time, dice: &mut Dice) -> Vec<(Time, Command)> {
    let endpoint = server_end(server);
    let end = end.max(at + Duration::from_millis(100 + dice.below(500)));
    vec![
        (at, Command::Isolate { endpoint }),
        (end, Command::HealEndpoint { endpoint }),
    ]
}

/// A message on its way between two servers.
fn between(world: &World, one: ServerId, other: ServerId, dice: &mut Dice) -> Option<MessageId> {
    let ends = [Endpoint::Server(one), Endpoint::Server(other)];
    let flying = world.network().flying();
    let between = flying.filter(|it| ends.contains(&it.from) && ends.contains(&it.to));
    let messages: Vec<MessageId> = between.map(|message| message.id).collect();
    (!messages.is_empty()).then(|| dice.one(&messages))
}
