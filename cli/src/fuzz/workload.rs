//! What clients do in a random run.

use quorumscope_core::ids::{ClientId, ServerId};
use quorumscope_core::script::{ClientAction, Command};
use quorumscope_core::sim::World;
use quorumscope_core::time::Duration;

use super::dice::Dice;
use super::operations::operation;

/// How many clients there are.
const CLIENTS: u64 = 3;

#[derive(Clone, Copy)]
enum Deed {
    Request,
    Open,
    Connect,
    Close,
    Kill,
}

/// The next thing that a client does.
pub(super) fn deed(world: &World, dice: &mut Dice) -> Command {
    let client = ClientId::from_position(dice.below(CLIENTS) as usize)
        .expect("there are more letters than clients");
    let servers = u64::from(world.servers());
    let server = ServerId::new(1 + dice.below(servers) as u16).into();
    let deeds = [
        (80, Deed::Request),
        (10, Deed::Open),
        (8, Deed::Connect),
        (2, Deed::Close),
        (2, Deed::Kill),
    ];
    let action = match dice.weighted(&deeds) {
        Deed::Request => ClientAction::Request(operation(client, dice)),
        Deed::Open => ClientAction::Open {
            server: dice.percent(50).then_some(server),
            timeout: dice
                .percent(30)
                .then(|| Duration::from_millis(200 + dice.below(1_800))),
            read_only: dice.percent(30),
        },
        Deed::Connect => ClientAction::Connect { server },
        Deed::Close => ClientAction::Close,
        Deed::Kill => ClientAction::Kill,
    };
    Command::Client { client, action }
}
