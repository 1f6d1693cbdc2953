//! Commands become deeds: what a line of the language does to a world.

use thiserror::Error;

use super::command::{ClientAction, Command, Disk, EndpointRef, Quality, ServerRef, Timers};
use super::error::Impossible as NoCluster;
use crate::client::Input;
use crate::client::recipes::Call;
use crate::ids::{ClientId, Endpoint, ServerId};
use crate::raft::Reconfiguration;
use crate::sim::{self, LinkSettings, Opening, World};
use crate::view::leader_of;
use crate::zookeeper::{FrameTooLarge, PathError, Request};

/// Why a command was not carried out. The world is as it was before.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refused {
    /// No cluster could do it.
    #[error(transparent)]
    Never(#[from] NoCluster),
    /// This cluster cannot do it now.
    #[error(transparent)]
    NotNow(#[from] sim::Impossible),
    /// The client library refuses the path before it sends anything.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The client library refuses data of that size.
    #[error(transparent)]
    Size(#[from] FrameTooLarge),
}

/// Carries a command out, and answers what a recording keeps of it: the same, with `leader`
/// replaced by who leads now.
pub fn execute(world: &mut World, command: &Command) -> Result<Command, Refused> {
    let command = command.resolved(leader_of(world))?;
    match &command {
        Command::Crash { server, keep } => {
            world.crash(id(*server), keep.unwrap_or(0) as usize)?;
        }
        Command::Restart { server } => world.restart(id(*server))?,
        Command::RestartAll => bring_all_back(world)?,
        Command::Pause { server } => world.pause(id(*server))?,
        Command::Resume { server } => world.resume(id(*server))?,
        Command::Snapshot { server } => world.take_snapshot(id(*server))?,
        Command::TimeOut { server } => world.time_out(id(*server))?,
        Command::Transfer { from, to } => world.transfer(id(*from), id(*to))?,
        Command::ForgetLeader { server } => world.forget_leader(id(*server))?,
        Command::Priority { server, priority } => world.set_priority(id(*server), *priority)?,
        Command::Isolate { endpoint } => world.isolate(end(*endpoint))?,
        Command::Cut { from, to, both } => world.cut(end(*from), end(*to), *both)?,
        Command::Heal { from, to, both } => world.heal(end(*from), end(*to), *both)?,
        Command::HealEndpoint { endpoint } => world.heal_all(Some(end(*endpoint)))?,
        Command::HealAll => world.heal_all(None)?,
        Command::Partition { groups } => {
            let groups: Vec<Vec<Endpoint>> = groups
                .iter()
                .map(|group| group.iter().copied().map(end).collect())
                .collect();
            world.partition(&groups)?;
        }
        Command::Wipe { server } => world.wipe(id(*server))?,
        Command::Add { server } => world.add_server(*server)?,
        Command::Reconfigure {
            voters,
            learners,
            transition,
            via,
        } => {
            let ids = |servers: &[ServerRef]| servers.iter().copied().map(id).collect();
            let change = Reconfiguration {
                voters: ids(voters),
                learners: ids(learners),
                transition: *transition,
            };
            world.reconfigure(asked(*via), change)?;
        }
        Command::LeaveJoint { via } => world.leave_joint(asked(*via))?,
        Command::Disk { server, disk } => change_disk(world, id(*server), *disk)?,
        Command::Clock {
            server,
            offset,
            drift_ppm,
        } => {
            let server = id(*server);
            if let Some(offset) = offset {
                world.set_clock(server, offset.as_micros())?;
            }
            if let Some(ppm) = drift_ppm {
                world.set_drift(server, *ppm)?;
            }
        }
        Command::Link {
            from,
            to,
            both,
            quality,
        } => {
            change_link(world, id(*from), id(*to), *both, *quality)?;
        }
        Command::Network { quality } => {
            let link = link_settings(world, *quality);
            world.change_links(None, |settings| *settings = link)?;
        }
        Command::Drop { message } => world.drop_message(*message)?,
        Command::Hold { message } => world.hold_message(*message)?,
        Command::Release { message } => world.release_message(*message)?,
        Command::Delay { message, by } => world.delay_message(*message, *by)?,
        Command::Duplicate { message } => world.duplicate_message(*message)?,
        Command::Deliver { message } => world.deliver_message(*message)?,
        Command::OfRun { protocol, command } => {
            if *protocol == world.settings().protocol {
                execute(world, command)?;
            }
        }
        Command::Timers(Timers::Spread) => world.spread_timers()?,
        Command::Timers(Timers::Align) => world.align_timers()?,
        Command::Client { client, action } => tell_client(world, *client, action)?,
    }
    Ok(command)
}

/// A server of a resolved command.
fn id(server: ServerRef) -> ServerId {
    server
        .resolve(None)
        .expect("a resolved command names every server by its number")
}

/// Who a resolved command asks.
fn asked(via: Option<ServerRef>) -> ServerId {
    id(via.expect("a resolved command says who is asked"))
}

/// An endpoint of a resolved command.
fn end(endpoint: EndpointRef) -> Endpoint {
    endpoint
        .resolve(None)
        .expect("a resolved command names every server by its number")
}

fn bring_all_back(world: &mut World) -> Result<(), sim::Impossible> {
    let servers = || (1..=world.servers()).map(ServerId::new);
    let down: Vec<ServerId> = servers().filter(|id| world.server(*id).is_none()).collect();
    let is_paused = |id: &ServerId| world.node(*id).is_some_and(sim::Node::is_paused);
    let paused: Vec<ServerId> = servers().filter(is_paused).collect();
    if down.is_empty() && paused.is_empty() {
        return Err(sim::Impossible::NobodyDown);
    }
    for server in down {
        world.restart(server)?;
    }
    for server in paused {
        world.resume(server)?;
    }
    Ok(())
}

fn change_disk(world: &mut World, server: ServerId, disk: Disk) -> Result<(), sim::Impossible> {
    match disk {
        Disk::Latency(latency) => world.set_disk_latency(server, Some(latency)),
        Disk::Full => world.set_disk_full(server, true),
        Disk::Ok => {
            world.set_disk_full(server, false)?;
            world.set_disk_latency(server, None)
        }
    }
}

/// What a link is like from now on: as the cluster's settings say where the command is silent.
fn link_settings(world: &World, quality: Quality) -> LinkSettings {
    let usual = world.settings().link;
    LinkSettings {
        latency: quality
            .latency
            .map_or(usual.latency, |span| (span.least(), span.most())),
        loss_ppm: quality.loss.map_or(usual.loss_ppm, super::Percent::ppm),
        duplicate_ppm: quality
            .duplicate
            .map_or(usual.duplicate_ppm, super::Percent::ppm),
        reorder_ppm: quality
            .reorder
            .map_or(usual.reorder_ppm, super::Percent::ppm),
    }
}

fn change_link(
    world: &mut World,
    from: ServerId,
    to: ServerId,
    both: bool,
    quality: Quality,
) -> Result<(), sim::Impossible> {
    let link = link_settings(world, quality);
    world.change_links(Some((from, to)), |settings| *settings = link)?;
    if both {
        world.change_links(Some((to, from)), |settings| *settings = link)?;
    }
    Ok(())
}

fn tell_client(world: &mut World, client: ClientId, action: &ClientAction) -> Result<(), Refused> {
    match action {
        ClientAction::Open {
            server,
            timeout,
            read_only,
        } => {
            let opening = Opening {
                server: server.map(id),
                timeout: *timeout,
                read_only: *read_only,
            };
            world.open_client(client, opening)?;
        }
        ClientAction::Close => world.tell_client(client, Input::Close)?,
        ClientAction::Kill => world.kill_client(client)?,
        ClientAction::Connect { server } => {
            world.tell_client(client, Input::MoveTo(id(*server)))?;
        }
        ClientAction::Recipe(recipe) => {
            let call = Call::from(recipe);
            Request::exists(&call.path).validate()?;
            world.ask_client(client, Input::Recipe(call))?;
        }
        ClientAction::Release { path } => {
            world.tell_client(client, Input::Release(path.as_str().into()))?;
        }
        ClientAction::Request(operation) => {
            let request = Request::from(operation);
            request.validate()?;
            request.check_size()?;
            world.ask_client(client, Input::Request(request))?;
        }
    }
    Ok(())
}
