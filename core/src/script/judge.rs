//! Whether a condition holds of a world.

use super::command::ServerRef;
use super::condition::{ClientState, Condition, Counter, Fact, MessageKind, ServerState};
use crate::client::State;
use crate::client::recipes::Progress;
use crate::ids::{ClientId, Endpoint, ServerId};
use crate::raft::{Configuration, Replica, Role};
use crate::server::{PeerMessage, Server};
use crate::sim::{Body, InFlight, Node, World};
use crate::view::leader_of;
use crate::zookeeper::{Command, Data};

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
    let Some(term) = raft_of(world, leader).map(Replica::term) else {
        return false;
    };
    let follows =
        |replica: &Replica<Command>| replica.leader() == Some(leader) && replica.term() == term;
    let configuration = world.configuration_of(leader);
    configuration.is_some_and(|configuration| {
        configuration.is_quorum(|voter| raft_of(world, voter).is_some_and(follows))
    })
}

fn raft_of(world: &World, id: ServerId) -> Option<&Replica<Command>> {
    world.server(id)?.raft()
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
    let replica = node.server().and_then(Server::raft);
    let has_role = |role| replica.is_some_and(|replica| replica.role() == role);
    let goes_by = |is_so: fn(&Configuration, ServerId) -> bool| {
        replica.is_some_and(|replica| is_so(replica.configuration(), id))
    };
    match state {
        ServerState::Leader => has_role(Role::Leader),
        ServerState::Follower => has_role(Role::Follower),
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
    let Some(replica) = server.raft() else {
        return 0;
    };
    match counter {
        Counter::Term => replica.term().number(),
        Counter::Committed => replica.commit_index().number(),
        Counter::Applied => server.applied().number(),
        Counter::Log => replica.log().last_index().number(),
        Counter::Snapshot => {
            let snapshot = replica.snapshot();
            snapshot.map_or(0, |snapshot| snapshot.last.index.number())
        }
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
    use crate::raft::MessageKind as Raft;
    let Body::Peer(PeerMessage::Raft(raft)) = &message.body else {
        return false;
    };
    match kind {
        MessageKind::RequestVote => raft.kind() == Raft::RequestVote,
        MessageKind::RequestVoteReply => raft.kind() == Raft::RequestVoteReply,
        MessageKind::AppendEntries => raft.kind() == Raft::AppendEntries,
        MessageKind::AppendEntriesReply => raft.kind() == Raft::AppendEntriesReply,
        MessageKind::Heartbeat => raft.kind() == Raft::Heartbeat,
        MessageKind::HeartbeatReply => raft.kind() == Raft::HeartbeatReply,
        MessageKind::InstallSnapshot => raft.kind() == Raft::InstallSnapshot,
        MessageKind::InstallSnapshotReply => raft.kind() == Raft::InstallSnapshotReply,
        MessageKind::PreVote => raft.kind() == Raft::PreVote,
        MessageKind::PreVoteReply => raft.kind() == Raft::PreVoteReply,
        MessageKind::TimeoutNow => raft.kind() == Raft::TimeoutNow,
        MessageKind::ReadIndex => raft.kind() == Raft::ReadIndex,
        MessageKind::ReadIndexReply => raft.kind() == Raft::ReadIndexReply,
    }
}
