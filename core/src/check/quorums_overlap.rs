//! No two servers can decide without each other's voters.

use super::glance::{can_be_elected, log_of};
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::Configuration;
use crate::server::Server;
use crate::sim::World;

/// Nothing to remember: it is a property of each state.
#[derive(Clone, Debug, Default)]
pub(super) struct QuorumsOverlap;

impl Invariant for QuorumsOverlap {
    const PROPERTY: Property = Property {
        name: "quorums_overlap",
        title: "Quorums overlap",
        rule: Rule {
            text: "the majorities of any two configurations that can decide at the same time have a server in common",
            source: "dissertation §4.1, Raft §6",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        if glance.before.configured == glance.now.configured && !glance.was_elected() {
            return Ok(());
        }
        let world = glance.world;
        let Some((own, of_own)) = decider(world, glance.server) else {
            return Ok(());
        };
        for other in world.nodes().iter().map(crate::sim::Node::id) {
            if let Some((other, of_other)) = decider(world, other)
                && !of_own.overlaps(&of_other)
            {
                let fact = |server, configuration: &Configuration| {
                    (server, format!("can decide by {configuration}"))
                };
                return Err(Clash {
                    what: format!(
                        "{own} and {other} can decide at the same time, by majorities that do not \
                         meet"
                    ),
                    facts: [fact(own, &of_own), fact(other, &of_other)],
                });
            }
        }
        Ok(())
    }
}

/// A server that can decide something, and by which configuration: it leads, and enough voters to
/// commit have not moved on to a later term; or it can be elected.
fn decider(world: &World, id: ServerId) -> Option<(ServerId, Configuration)> {
    let configuration = world.configuration_of(id)?;
    let term_of = |id: ServerId| {
        let node = world.node(id);
        node.and_then(|node| match node.server().and_then(Server::raft) {
            Some(replica) => Some(replica.term()),
            None => Some(node.disk().image().raft()?.hard.term),
        })
    };
    let leads = world.server(id).is_some_and(Server::leads);
    let commits = leads && configuration.is_quorum(|voter| term_of(voter) <= term_of(id));
    // Before anything was written every log is as good as any other.
    let is_elected = log_of(world, id).last_index().number() > 0 && can_be_elected(world, id);
    (commits || is_elected).then_some((id, configuration))
}
