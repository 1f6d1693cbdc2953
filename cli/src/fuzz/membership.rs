//! Changes of membership in a random run.

use quorumscope_core::ids::ServerId;
use quorumscope_core::raft::Transition;
use quorumscope_core::script::{Command, ServerRef};
use quorumscope_core::server::Protocol;
use quorumscope_core::sim::World;

use super::dice::Dice;

/// The most servers that a run comes to have.
const MOST: u16 = 9;

#[derive(Clone, Copy)]
enum Change {
    Voter,
    Learner,
    Anything,
    Leave,
    Add,
}

/// The next thing that an operator asks `via` for; it need not be possible.
pub(super) fn change(world: &World, via: ServerId, dice: &mut Dice) -> Option<Command> {
    let configuration = world.configuration_of(via)?;
    let one = ServerId::new(1 + dice.below(world.servers().into()) as u16);
    let mut voters = configuration.voters().to_vec();
    let mut learners = configuration.learners().to_vec();
    let changes = [
        (50, Change::Voter),
        (10, Change::Learner),
        (20, Change::Anything),
        (8, Change::Leave),
        (12, Change::Add),
    ];
    match dice.weighted(&changes) {
        Change::Voter => toggle(&mut voters, one),
        Change::Learner => toggle(&mut learners, one),
        Change::Anything => {
            let servers = (1..=world.servers()).map(ServerId::new);
            voters = servers.filter(|_| dice.percent(50)).collect();
        }
        Change::Leave => {
            let via = Some(via.into());
            return Some(Command::LeaveJoint { via });
        }
        Change::Add if world.servers() < MOST => {
            let server = ServerId::new(world.servers() + 1);
            return Some(Command::Add { server });
        }
        Change::Add => return None,
    }
    learners.retain(|learner| !voters.contains(learner));
    let transitions = [
        (70, Transition::AsNeeded),
        (15, Transition::Joint),
        (15, Transition::Explicit),
    ];
    let transition = match (world.settings().protocol, dice.weighted(&transitions)) {
        (Protocol::Raft, drawn) => drawn,
        (Protocol::Zab, _) => Transition::AsNeeded,
    };
    let named = |servers: Vec<ServerId>| servers.into_iter().map(ServerRef::from).collect();
    Some(Command::Reconfigure {
        voters: named(voters),
        learners: named(learners),
        transition,
        via: Some(via.into()),
    })
}

/// A change of one voter: of two such changes to the same even number of voters, made without
/// knowledge of each other, the majorities need not meet.
pub(super) fn one_voter(world: &World, via: ServerId, dice: &mut Dice) -> Option<Command> {
    let configuration = world.configuration_of(via)?;
    let is_even = configuration.voters().len().is_multiple_of(2);
    if configuration.is_joint() || !is_even {
        return None;
    }
    let mut voters = configuration.voters().to_vec();
    toggle(&mut voters, dice.one(configuration.voters()));
    let named = |servers: &[ServerId]| servers.iter().copied().map(ServerRef::from).collect();
    Some(Command::Reconfigure {
        voters: named(&voters),
        learners: named(configuration.learners()),
        transition: Transition::AsNeeded,
        via: Some(via.into()),
    })
}

fn toggle(servers: &mut Vec<ServerId>, one: ServerId) {
    match servers.iter().position(|server| *server == one) {
        Some(position) => drop(servers.remove(position)),
        None => servers.push(one),
    }
}
