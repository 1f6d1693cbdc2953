//! What the recipes of clients have come to, beside the newest state that any server has had.

use std::sync::Arc;

use imbl::OrdMap;

use super::history::History;
use crate::client::recipes::{Progress, Running};
use crate::ids::{ClientId, ServerId};
use crate::server::Server;
use crate::sim::World;
use crate::zookeeper::{DataTree, Service, Zxid};

/// The recipes of every client as they were last seen. While there are none, nothing is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipes {
    latest: Option<Service>,
    known: OrdMap<ClientId, Arc<[Running]>>,
}

/// A recipe of a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// The client.
    pub(super) client: ClientId,
    /// The server that it is connected with, or was.
    pub(super) server: ServerId,
    /// Whether its process runs.
    pub(super) alive: bool,
    /// The recipe.
    pub(super) running: &'a Running,
    /// The same before the last event, if it was there and has come further.
    pub(super) before: Option<&'a Running>,
    /// Whether the last event brought it further.
    pub(super) changed: bool,
}

/// All recipes at one moment.
#[derive(Clone, Debug)]
pub(super) struct Scene<'a> {
    /// The newest state of the tree that any server has had.
    pub(super) tree: &'a DataTree,
    /// The recipes.
    pub(super) parts: Vec<Part<'a>>,
    /// What clients asked and were told.
    pub(super) history: &'a History,
}

impl Recipes {
    /// Whether any client has followed a recipe.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// A server may have applied something. Under Zab the state of one that does not serve may hold
    /// what was never committed.
    pub(super) fn take_in(&mut self, server: &Server) {
        if server.zab().is_some_and(|replica| !replica.is_serving()) {
            return;
        }
        let service = server.service();
        let known = self.latest.as_ref().map(Service::last_zxid);
        if known.is_none_or(|known| known < service.last_zxid()) {
            self.latest = Some(service.clone());
        }
    }

    /// What the recipes were like before, if any has come further.
    pub(super) fn follow(&mut self, world: &World) -> Option<Self> {
        let mut before = None;
        for (client, node) in world.clients() {
            let recipes = node.process().recipes();
            let known = self.known.get(&client).map_or(&[][..], |known| &known[..]);
            if recipes.eq(known.iter()) {
                continue;
            }
            before.get_or_insert_with(|| self.clone());
            let now = node.process().recipes().cloned().collect();
            self.known.insert(client, now);
        }
        if before.is_some() && self.latest.is_none() {
            for node in world.nodes() {
                if let Some(server) = node.server() {
                    self.take_in(server);
                }
            }
        }
        before
    }

    /// The recipes as they are; `before` says what they were like.
    pub(super) fn scene<'a>(
        &'a self,
        before: &'a Self,
        world: &World,
        history: &'a History,
    ) -> Option<Scene<'a>> {
        let mut parts = Vec::new();
        for (client, recipes) in &self.known {
            let Some(node) = world.client(*client) else {
                continue;
            };
            let earlier = before.known.get(client);
            for running in recipes.iter() {
                let same = |it: &&Running| it.mark() == running.mark();
                let earlier = earlier.and_then(|all| all.iter().find(same));
                parts.push(Part {
                    client: *client,
                    server: node.process().server(),
                    alive: !node.is_killed(),
                    running,
                    before: earlier.filter(|it| *it != running),
                    changed: earlier != Some(running),
                });
            }
        }
        let tree = self.latest.as_ref()?.tree();
        Some(Scene {
            tree,
            parts,
            history,
        })
    }
}

impl Part<'_> {
    /// Whether it has what its recipe is for, as far as it knows.
    pub(super) fn holds(&self) -> bool {
        self.alive && self.running.progress() == Progress::Holds
    }

    /// The path of the znode that it has made for itself.
    pub(super) fn own(&self) -> Option<String> {
        let own = self.running.own()?;
        Some(match &*self.running.call().path {
            "/" => format!("/{own}"),
            path => format!("{path}/{own}"),
        })
    }

    /// Whether that znode is there: of one whose session is over, it is not, whatever it believes.
    pub(super) fn stands(&self, tree: &DataTree) -> Option<Zxid> {
        let created = tree.get(&self.own()?)?.stat().czxid;
        let token = self.running.token();
        token
            .is_none_or(|token| token == created)
            .then_some(created)
    }
}
