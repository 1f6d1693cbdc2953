//! Watches, what they told, and sessions: what a server keeps for clients besides znodes.

use std::collections::BTreeMap;

use super::{SessionView, ToldView, WatchView};
use crate::ids::{ClientId, ConnectionId, ServerId};
use crate::sim::World;
use crate::time::Time;

/// The watches that a server keeps, in path order.
pub fn watches_of(world: &World, server: ServerId) -> Vec<WatchView> {
    let Some(server) = world.server(server) else {
        return Vec::new();
    };
    let clients: BTreeMap<ConnectionId, ClientId> = world
        .clients()
        .filter_map(|(id, node)| Some((node.process().connection()?, id)))
        .collect();
    let all = server.watches().all();
    all.map(|(path, connection, kinds)| WatchView {
        path: path.to_string(),
        client: clients.get(&connection).copied(),
        kinds,
    })
    .collect()
}

/// What clients were told by watches since then, the latest first.
pub fn told_since(world: &World, since: Time) -> Vec<ToldView> {
    let mut told: Vec<_> = world
        .clients()
        .flat_map(|(client, node)| {
            let notices = node.process().notices().rev();
            let fresh = notices.take_while(move |notice| notice.time >= since);
            fresh.map(move |notice| ToldView {
                client,
                number: notice.number,
                time: notice.time,
                kind: notice.event.kind.name(),
                path: notice.event.path.to_string(),
            })
        })
        .collect();
    told.sort_by_key(|told| std::cmp::Reverse((told.time, told.client, told.number)));
    told
}

/// The sessions that a server knows, in the order of their ids.
pub fn sessions_of(world: &World, server: ServerId) -> Vec<SessionView> {
    let node = world.node(server);
    let Some((node, server)) = node.and_then(|node| Some((node, node.server()?))) else {
        return Vec::new();
    };
    let clients = world.clients_by_session();
    let sessions = server.service().sessions();
    sessions
        .map(|session| SessionView {
            id: session.id().to_string(),
            client: clients.get(&session.id()).copied(),
            timeout: session.timeout(),
            left: server
                .session_deadline(session.id())
                .map(|deadline| node.clock().true_time(deadline).since(world.now())),
        })
        .collect()
}
