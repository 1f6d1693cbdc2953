//! What an operator does in a random run: nothing of it is a fault, and all of it comes at a bad
//! time.

use quorumscope_core::ids::ServerId;
use quorumscope_core::script::Command;
use quorumscope_core::sim::World;

use super::dice::Dice;
use super::membership;

#[derive(Clone, Copy)]
enum Order {
    Change,
    Transfer,
    Forget,
    Priority,
    Snapshot,
}

/// The next thing that an operator asks for, of `leader` if it is a leader's to do; it need not be
/// possible.
pub(super) fn order(world: &World, leader: ServerId, dice: &mut Dice) -> Option<Command> {
    let anyone = ServerId::new(1 + dice.below(world.servers().into()) as u16).into();
    let orders = [
        (50, Order::Change),
        (25, Order::Transfer),
        (10, Order::Forget),
        (10, Order::Priority),
        (15, Order::Snapshot),
    ];
    match dice.weighted(&orders) {
        Order::Change => membership::change(world, leader, dice),
        Order::Transfer => Some(Command::Transfer {
            from: leader.into(),
            to: anyone,
        }),
        Order::Forget => Some(Command::ForgetLeader { server: anyone }),
        Order::Priority => Some(Command::Priority {
            server: anyone,
            priority: dice.below(4) as u8,
        }),
        Order::Snapshot => Some(Command::Snapshot { server: anyone }),
    }
}
