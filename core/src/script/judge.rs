//! Whether a condition holds of a world.

use super::command::ServerRef;
use super::condition::{ClientState, Condition, Counter, Fact, MessageKind, ServerState, name_of};
use crate::client::State;
use crate::client::recipes::Progress;
use crate::ids::{ClientId, Endpoint, ServerId};
use crate::raft::{Configuration, Role};
use crate::server::{PeerMessage, Server, ZabTxn};
use crate::sim::{Body, InFlight, Node, Packet, World};
use crate::view::leader_of;
use crate::zab;
use crate::zookeeper::{Data, Zxid};

/// Whether `condition` holds of `world` now.
pub fn holds(condition: &Condition, world: &World) -> bool {
    condition.holds(|fact| is_so(fact, world))
}

fn is_so(fact: &Fact, world: &World) -> bool {
    match fact {
        Fact::Leader => leads_a_majority(world),
        Fact::NoLeader => leader_of(world).is_none(),
        Fact::CaughtUp => caught_up(world),
        Fact::Server { server, state } => {
            resolve(*server, world).is_some_and(|id| server_is(world, id, *state))
        }
        Fact::Count {
            server,
            counter,
            comparison,
            value,
        } => resolve(*server, world)
            .and_then(|id| world.server(id))
            .is_some_and(|server| comparison.compares(count(server, *counter), *value)),
        Fact::Client { client, state } => client_is(world, *client, *state),
        Fact::Holds { client, path } => holds_what(world, *client, path),
        Fact::Answered { client, error } => {
            let last = world.client(*client).and_then(|node| {
                node.process()
                    .operations()
                    .rev()
                    .find_map(|op| op.answer.as_ref())
            });
            last.is_some_and(|(_, reply)| reply.as_ref().err() == error.as_ref())
        }
        Fact::Znode { path, data, server } => {
            let server = server.unwrap_or(ServerRef::Leader);
            let znode = resolve(server, world)
                .and_then(|id| world.server(id))
                .and_then(|server| server.service().tree().get(path));
            znode.is_some_and(|znode| {
                data.as_ref()
                    .is_none_or(|data| znode.data().map(Data::bytes) == Some(data.as_bytes()))
            })
        }
        Fact::Message { kind, ends } => world.network().flying().any(|message| {
            is_of_kind(message, *kind)
                && ends.is_none_or(|(from, to)| {
                    Some(message.from) == resolve(from, world).map(Endpoint::from)
                        && Some(message.to) == resolve(to, world).map(Endpoint::from)
                })
        }),
    }
}

fn resolve(server: ServerRef, world: &World) -> Option<ServerId> {
    server.resolve(leader_of(world)).ok()
}

fn leads_a_majority(world: &World) -> bool {
    let Some(leader) = leader_of(world) else {
        return false;
    };
    let Some(reign) = world.server(leader).map(Server::reign) else {
        return false;
    };
    let follows = |server: &Server| server.leader() == Some(leader) && server.reign() == reign;
    let configuration = world.configuration_of(leader);
    configuration.is_some_and(|configuration| {
        configuration.is_quorum(|voter| world.server(voter).is_some_and(follows))
    })
}

fn caught_up(world: &World) -> bool {
    let configuration = leader_of(world).and_then(|leader| world.configuration_of(leader));
    let gets_the_log = |node: &&Node| {
        let members = configuration.as_ref();
        members.is_none_or(|members| members.contains(node.id()))
    };
    let mut applied = world
        .nodes()
        .iter()
        .filter(gets_the_log)
        .filter_map(|node| Some(node.server()?.applied()));
    let first = applied.next();
    applied.all(|index| Some(index) == first)
}

fn server_is(world: &World, id: ServerId, state: ServerState) -> bool {
    let Some(node) = world.node(id) else {
        return false;
    };
    let server = node.server();
    let replica = server.and_then(Server::raft);
    let has_role = |role| replica.is_some_and(|replica| replica.role() == role);
    let is_zab = |state| {
        let replica = server.and_then(Server::zab);
        replica.is_some_and(|replica| replica.state() == state)
    };
    let goes_by = |is_so: fn(&Configuration, ServerId) -> bool| {
        let configuration = server.and_then(|_| world.configuration_of(id));
        configuration.is_some_and(|configuration| is_so(&configuration, id))
    };
    match state {
        ServerState::Leader => server.is_some_and(Server::leads),
        ServerState::Follower => has_role(Role::Follower) || is_zab(zab::ServerState::Following),
        ServerState::Observer => is_zab(zab::ServerState::Observing),
        ServerState::Looking => is_zab(zab::ServerState::Looking),
        ServerState::PreCandidate => has_role(Role::PreCandidate),
        ServerState::Candidate => has_role(Role::Candidate),
        ServerState::Up => node.server().is_some(),
        ServerState::Crashed => node.server().is_none(),
        ServerState::Paused => node.is_paused(),
        ServerState::Voter => goes_by(Configuration::is_voter),
        ServerState::Learner => {
            goes_by(|configuration, id| configuration.contains(id) && !configuration.is_voter(id))
        }
        ServerState::Joint => goes_by(|configuration, _| configuration.is_joint()),
    }
}

fn count(server: &Server, counter: Counter) -> u64 {
    match (server.raft(), server.zab()) {
        (Some(replica), _) => match counter {
            Counter::Term => replica.term().number(),
            Counter::Committed => replica.commit_index().number(),
            Counter::Applied => server.applied(),
            Counter::Log => replica.log().last_index().number(),
            Counter::Snapshot => {
                let snapshot = replica.snapshot();
                snapshot.map_or(0, |snapshot| snapshot.last.index.number())
            }
            Counter::Epoch | Counter::AcceptedEpoch => 0,
        },
        (None, Some(replica)) => count_zab(replica, counter),
        (None, None) => 0,
    }
}

/// Under Zab a place is counted in transactions of the last epoch that the server took part in.
fn count_zab(replica: &zab::Replica<ZabTxn>, counter: Counter) -> u64 {
    let of_epoch = |zxid: Zxid| {
        let is_current = zxid.epoch() == replica.current_epoch().number();
        if is_current { zxid.counter().into() } else { 0 }
    };
    match counter {
        Counter::Epoch => replica.current_epoch().number().into(),
        Counter::AcceptedEpoch => replica.accepted_epoch().number().into(),
        Counter::Applied => of_epoch(replica.last_zxid()),
        Counter::Log => of_epoch(replica.disk().last_zxid()),
        Counter::Snapshot => {
            let snapshot = replica.disk().snapshots.last();
            snapshot.map_or(0, |snapshot| of_epoch(snapshot.zxid))
        }
        Counter::Term | Counter::Committed => 0,
    }
}

fn holds_what(world: &World, id: ClientId, path: &str) -> bool {
    let Some(node) = world.client(id).filter(|node| !node.is_killed()) else {
        return false;
    };
    node.process()
        .recipes()
        .any(|running| *running.call().path == *path && running.progress() == Progress::Holds)
}

fn client_is(world: &World, id: ClientId, state: ClientState) -> bool {
    let Some(node) = world.client(id) else {
        return false;
    };
    let process = node.process();
    if node.is_killed() {
        return state == ClientState::Closed;
    }
    match state {
        ClientState::Connected => process.state() == State::Connected,
        ClientState::Idle => process.state() == State::Connected && process.waiting() == 0,
        ClientState::Disconnected => {
            matches!(process.state(), State::Disconnected | State::Connecting)
        }
        ClientState::Expired => process.state() == State::Expired,
        ClientState::Closed => process.state() == State::Closed,
    }
}

fn is_of_kind(message: &InFlight, kind: MessageKind) -> bool {
    let between_replicas = matches!(
        &message.body,
        Body::Peer(PeerMessage::Raft(_)) | Body::Wire(_, Packet::Frame(_))
    );
    between_replicas && message.body.kind() == name_of(&MessageKind::ALL, kind)
}
