//! Clients that follow recipes in a random run, beside those that ask for whatever there is.

use quorumscope_core::client::State;
use quorumscope_core::client::recipes::{Kind, Progress, Running};
use quorumscope_core::ids::{ClientId, ServerId};
use quorumscope_core::script::{ClientAction, Command, Operation, Recipe};
use quorumscope_core::sim::World;
use quorumscope_core::time::Duration;

use super::dice::Dice;

/// Which clients follow recipes: the others are busy with other things.
const FIRST: u64 = 3;
const CLIENTS: u64 = 4;

/// What recipes are about, and those that go together there. Nobody else touches these znodes.
const PLACES: [(&str, &[Kind]); 7] = [
    ("/r/lock", &[Kind::Lock, Kind::Lock, Kind::RevocableLock]),
    ("/r/lead", &[Kind::Election]),
    ("/r/door", &[Kind::SimpleLock]),
    (
        "/r/table",
        &[
            Kind::ReadLock,
            Kind::WriteLock,
            Kind::RevocableReadLock,
            Kind::RevocableWriteLock,
        ],
    ),
    (
        "/r/jobs",
        &[
            Kind::Produce,
            Kind::Produce,
            Kind::Consume,
            Kind::ConsumeUrgent,
        ],
    ),
    ("/r/choice", &[Kind::Consensus]),
    ("/r/group", &[Kind::Group]),
];

/// How many recipes a client follows at a time.
const AT_ONCE: usize = 3;

/// The clients of a run that follow recipes, with dice of their own: runs without them are what they
/// would be if there were no recipes at all.
pub(super) struct Followers {
    dice: Dice,
    /// How often, of a hundred, a deed of clients is theirs.
    share: u64,
}

impl Followers {
    /// One run of four has them.
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(!seed);
        let share = dice.weighted(&[(75, 0), (10, 15), (15, 50)]);
        Self { dice, share }
    }

    /// Their next deed, if the next deed is theirs.
    pub(super) fn deed(&mut self, world: &World) -> Option<Command> {
        if self.share == 0 || !self.dice.percent(self.share) {
            return None;
        }
        let dice = &mut self.dice;
        let place = FIRST + dice.below(CLIENTS);
        let client = ClientId::from_position(place as usize)?;
        Some(Command::Client {
            client,
            action: action(world, client, dice),
        })
    }
}

fn action(world: &World, client: ClientId, dice: &mut Dice) -> ClientAction {
    let servers = u64::from(world.servers());
    let server = ServerId::new(1 + dice.below(servers) as u16).into();
    let is_over = world.client(client).is_none_or(|node| {
        let state = node.process().state();
        node.is_killed() || matches!(state, State::Expired | State::Closed)
    });
    if is_over {
        return ClientAction::Open {
            server: dice.percent(50).then_some(server),
            timeout: dice
                .percent(60)
                .then(|| Duration::from_millis(200 + dice.below(800))),
            read_only: false,
        };
    }
    match dice.below(100) {
        0..4 => ClientAction::Kill,
        4..6 => ClientAction::Close,
        6..14 => ClientAction::Connect { server },
        14..20 => wish(world, dice).unwrap_or(ClientAction::Connect { server }),
        20..50 => ClientAction::Release {
            path: dice.one(&PLACES).0.to_owned(),
        },
        _ => begin(world, client, dice),
    }
}

/// Another recipe; or one lets go, if the client follows enough of them.
fn begin(world: &World, client: ClientId, dice: &mut Dice) -> ClientAction {
    let (path, kinds) = dice.one(&PLACES);
    let kind = dice.one(kinds);
    let path = path.to_owned();
    let goes_on = |it: &&Running| !matches!(it.progress(), Progress::Done | Progress::Failed(_));
    let node = world.client(client);
    let at_once = node.map_or(0, |node| node.process().recipes().filter(goes_on).count());
    if at_once >= AT_ONCE {
        return ClientAction::Release { path };
    }
    let number = kind.number().filter(|_| dice.percent(50));
    ClientAction::Recipe(Recipe {
        kind,
        path,
        data: kind.takes_data().then(|| format!("{}", dice.below(1_000))),
        number: number.map(|number| number.least + dice.below(10) as u32),
    })
}

/// Somebody writes into the znode of one who holds a lock that it wants it.
fn wish(world: &World, dice: &mut Dice) -> Option<ClientAction> {
    let all = world
        .clients()
        .flat_map(|(_, node)| node.process().recipes());
    let holders = all.filter(|it| it.progress() == Progress::Holds);
    let places: Vec<String> = holders
        .filter_map(|it| Some(format!("{}/{}", it.call().path, it.own()?)))
        .collect();
    if places.is_empty() {
        return None;
    }
    let path = places[dice.below(places.len() as u64) as usize].clone();
    Some(ClientAction::Request(Operation::Set {
        path,
        data: Some("unlock".to_owned()),
        version: None,
    }))
}
