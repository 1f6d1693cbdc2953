//! What clients do in a random run.

use quorumscope_core::ids::{ClientId, ServerId};
use quorumscope_core::script::{ClientAction, Command, Operation};
use quorumscope_core::sim::World;
use quorumscope_core::time::Duration;

use super::dice::Dice;

/// How many clients there are.
const CLIENTS: u64 = 3;

/// Few paths, so that clients get in each other's way.
const PATHS: [&str; 5] = ["/a", "/b", "/a/x", "/a/y", "/b/z"];

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
        (6, Deed::Connect),
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
        },
        Deed::Connect => ClientAction::Connect { server },
        Deed::Close => ClientAction::Close,
        Deed::Kill => ClientAction::Kill,
    };
    Command::Client { client, action }
}

#[derive(Clone, Copy)]
enum Kind {
    Create,
    Set,
    Delete,
    Read,
    Sync,
}

/// The client that mostly reads. What a client asks waits for what it asked before, and so a read
/// behind a write is never answered by a server that is cut off: only who has not written is told
/// what is wrong.
const READER: &str = "C";

fn operation(client: ClientId, dice: &mut Dice) -> Operation {
    let path = dice.one(&PATHS).to_owned();
    let data = dice.percent(80).then(|| dice.below(1_000).to_string());
    let version = dice.percent(20).then(|| dice.below(4) as i32);
    let kinds = [
        (28, Kind::Create),
        (28, Kind::Set),
        (13, Kind::Delete),
        (26, Kind::Read),
        (5, Kind::Sync),
    ];
    if client.to_string() == READER && dice.percent(90) {
        return read(path, dice.percent(80), dice);
    }
    match dice.weighted(&kinds) {
        Kind::Create => Operation::Create {
            path,
            data,
            ephemeral: dice.percent(30),
            sequential: dice.percent(20),
        },
        Kind::Set => Operation::Set {
            path,
            data,
            version,
        },
        Kind::Delete => Operation::Delete { path, version },
        Kind::Read => read(path, dice.percent(60), dice),
        Kind::Sync => Operation::Sync { path },
    }
}

fn read(path: String, linearizable: bool, dice: &mut Dice) -> Operation {
    match dice.below(3) {
        0 => Operation::Get { path, linearizable },
        1 => Operation::Exists { path, linearizable },
        _ => Operation::Children { path, linearizable },
    }
}
