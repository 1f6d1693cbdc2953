//! The cluster that a scenario is replayed on.

use std::collections::BTreeMap;

use quorumscope_core::ids::ServerId;
use quorumscope_core::raft::Replica;
use quorumscope_core::server::Protocol;
use quorumscope_core::sim::{LinkSettings, Node, Settings, World};
use quorumscope_core::time::Duration;
use quorumscope_core::view::leader_of;
use quorumscope_core::zookeeper::Command;

use super::trace::Cluster;

/// How long anything may take before it counts as never happening.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The servers, and who is who.
pub(super) struct Seats {
    /// By the number that the trace gives them.
    numbers: BTreeMap<u64, ServerId>,
    /// Where those go who say nothing.
    home: ServerId,
}

impl Seats {
    pub(super) fn of(&self, number: Option<u64>) -> ServerId {
        let named = number.and_then(|number| self.numbers.get(&number));
        named.copied().unwrap_or(self.home)
    }
}

/// A cluster with a leader, tuned as the servers were that were recorded. A scenario of one server
/// can run on more; its clients are then with a follower. One that names three servers needs three.
pub(super) fn start(cluster: Cluster, servers: Option<u16>, protocol: Protocol) -> (World, Seats) {
    let settings = Settings {
        protocol,
        ..settings(cluster, servers)
    };
    let mut world = World::new(settings);
    world.observe(false);
    let everyone: Vec<ServerId> = world.nodes().iter().map(Node::id).collect();
    wait_until_serving(&mut world, &everyone);
    let leader = leader(&world).unwrap_or(everyone[0]);
    let followers: Vec<ServerId> = everyone.into_iter().filter(|id| *id != leader).collect();
    let mut numbers = BTreeMap::new();
    if let Cluster::Ensemble { leader: number } = cluster {
        let others = (1..).filter(|other| *other != number);
        numbers.extend(others.zip(followers.iter().copied()));
        numbers.insert(number, leader);
    }
    let home = followers.first().copied().unwrap_or(leader);
    (world, Seats { numbers, home })
}

fn settings(cluster: Cluster, servers: Option<u16>) -> Settings {
    let millis = Duration::from_millis;
    let micros = Duration::from_micros;
    let (least, tick) = match cluster {
        Cluster::Standalone => (1, millis(200)),
        Cluster::Ensemble { .. } => (3, millis(500)),
    };
    Settings {
        servers: servers.unwrap_or(least).max(least),
        link: LinkSettings {
            latency: (micros(400), micros(600)),
            ..LinkSettings::default()
        },
        client_latency: (micros(100), micros(200)),
        storage: micros(100),
        tick,
        sweep: millis(200),
        superuser: Some("super:test"),
        // A leader that a majority no longer answers takes no clients in, as ZooKeeper's.
        check_quorum: true,
        ..Settings::default()
    }
}

/// Who leads with a log that is committed up to its own term; under Zab, every established leader's
/// is.
pub(super) fn leader(world: &World) -> Option<ServerId> {
    let leader = leader_of(world)?;
    let is_settled = |it: &Replica<Command>| it.log().term_at(it.commit_index()) == Some(it.term());
    let replica = world.server(leader)?.raft();
    replica.is_none_or(is_settled).then_some(leader)
}

/// Whether a server would take clients in and has seen all that the leader has committed.
fn serves(world: &World, id: ServerId, leader: ServerId) -> bool {
    let (Some(server), Some(leads)) = (world.server(id), world.server(leader)) else {
        return false;
    };
    let is_caught_up = match leads.raft() {
        Some(replica) => server.applied() >= replica.commit_index().number(),
        // What a new epoch begins with is a zxid, but no transaction.
        None => server.service().last_zxid() >= leads.service().last_zxid(),
    };
    server.leader() == Some(leader) && is_caught_up
}

/// Lets time pass until all of `servers` serve, for as long as patience lasts.
pub(super) fn wait_until_serving(world: &mut World, servers: &[ServerId]) {
    let give_up = world.now() + PATIENCE;
    while !all_serve(world, servers) {
        if world.step_until(give_up).is_none() {
            return;
        }
    }
}

pub(super) fn all_serve(world: &World, servers: &[ServerId]) -> bool {
    let leader = leader(world);
    leader.is_some_and(|leader| servers.iter().all(|id| serves(world, *id, leader)))
}
