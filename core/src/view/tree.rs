//! Znodes as a screen shows them: all together, or one server's beside the leader's.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Difference, ZnodeView};
use crate::ids::{ClientId, ServerId};
use crate::server::Server;
use crate::sim::World;
use crate::zookeeper::path::is_reserved;
use crate::zookeeper::{DataTree, Owner, SessionId, Znode};

/// What of a tree is shown: the root and everything that is not ZooKeeper's own.
pub(super) fn shown(tree: &DataTree) -> impl Iterator<Item = (&Arc<str>, &Znode)> {
    tree.iter()
        .filter(|(path, _)| &***path != "/" && !is_reserved(path))
}

/// Every znode that some running server holds, in path order, as the most advanced holder has it.
pub(super) fn znodes(world: &World) -> Vec<ZnodeView> {
    let clients = world.clients_by_session();
    let mut servers: Vec<(ServerId, &Server)> = world
        .nodes()
        .iter()
        .filter_map(|node| Some((node.id(), node.server()?)))
        .collect();
    servers.sort_by_key(|(id, server)| (std::cmp::Reverse(server.applied()), *id));
    let mut all: BTreeMap<&str, ZnodeView> = BTreeMap::new();
    for (id, server) in servers {
        for (path, znode) in shown(server.service().tree()) {
            all.entry(&**path)
                .or_insert_with(|| znode_view(path, znode, &clients))
                .on
                .push(id);
        }
    }
    let mut znodes: Vec<ZnodeView> = all.into_values().collect();
    for znode in &mut znodes {
        znode.on.sort_unstable();
    }
    znodes
}

/// The server that leads, as an onlooker would say: of those that run and lead, the one of the
/// highest term or epoch.
pub fn leader_of(world: &World) -> Option<ServerId> {
    world
        .nodes()
        .iter()
        .filter_map(|node| Some((node.id(), node.server()?)))
        .filter(|(_, server)| server.leads())
        .max_by_key(|(_, server)| server.reign())
        .map(|(id, _)| id)
}

/// The znodes that one server holds, and those that the leader holds and it does not, in path
/// order. Empty while the server is down.
pub fn tree_of(world: &World, server: ServerId) -> Vec<ZnodeView> {
    let clients = world.clients_by_session();
    let Some(own) = world.server(server).map(|s| s.service().tree()) else {
        return Vec::new();
    };
    let leader = leader_of(world).filter(|leader| *leader != server);
    let leaders = leader
        .and_then(|leader| world.server(leader))
        .map(|s| s.service().tree());
    let mut all: BTreeMap<&str, ZnodeView> = BTreeMap::new();
    for (path, znode) in shown(own) {
        let mut view = znode_view(path, znode, &clients);
        view.on.push(server);
        view.difference = leaders.and_then(|tree| match tree.get(path) {
            None => Some(Difference::Gone),
            Some(other) if other.stat() != znode.stat() || other.data() != znode.data() => {
                Some(Difference::Stale)
            }
            Some(_) => None,
        });
        all.insert(path, view);
    }
    for (path, znode) in leaders.into_iter().flat_map(shown) {
        all.entry(&**path).or_insert_with(|| ZnodeView {
            difference: Some(Difference::Missing),
            ..znode_view(path, znode, &clients)
        });
    }
    all.into_values().collect()
}

fn znode_view(
    path: &Arc<str>,
    znode: &Znode,
    clients: &BTreeMap<SessionId, ClientId>,
) -> ZnodeView {
    let stat = znode.stat();
    let owner = znode.owner().session();
    ZnodeView {
        path: path.to_string(),
        data: znode
            .data()
            .map(|data| String::from_utf8_lossy(data.bytes()).into_owned()),
        kind: match znode.owner() {
            Owner::None => "persistent",
            Owner::Session(_) => "ephemeral",
            Owner::Container => "container",
            Owner::Ttl(_) => "ttl",
        },
        owner: owner.map(|session| session.to_string()),
        client: owner.and_then(|session| clients.get(&session).copied()),
        version: stat.version,
        cversion: stat.cversion,
        czxid: stat.czxid.to_string(),
        mzxid: stat.mzxid.to_string(),
        pzxid: stat.pzxid.to_string(),
        children: stat.num_children,
        on: Vec::new(),
        difference: None,
    }
}
