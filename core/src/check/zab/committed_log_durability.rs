//! What is committed survives.

use std::collections::BTreeSet;

use super::ZabGlance;
use super::glance::{holds, log_of};
use super::past::Seen;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::server::Server;
use crate::sim::{Node, World};
use crate::zab::{Configuration, Pair};
use crate::zookeeper::Zxid;

/// How far what was delivered has been looked for in the logs.
///
/// A server that runs has a transaction if its log has; one that is down, if its disk has: the
/// moment at which something is lost is the crash that loses it. It is enough to look for the last
/// one, and only when it is new or when a log may have lost it.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct CommittedLogDurability {
    through: Zxid,
}

impl Invariant for CommittedLogDurability {
    const PROPERTY: Property = Property {
        name: "committed_log_durability",
        title: "Committed log durability",
        rule: Rule {
            text: "what is committed is in the logs of a quorum from then on, whichever servers crash",
            source: "ZkV3_7_0.tla: CommittedLogDurability; Zab §4.1, Phase 3",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        let own = glance.delivered().last().map(|(_, entry)| entry.zxid);
        let known = glance.past.last();
        let Some(last) = own.max(known.map(|(zxid, _)| zxid)) else {
            return Ok(());
        };
        let grew = self.through < last;
        self.through = self.through.max(last);
        let shrank = glance.now.logged < glance.before.logged;
        let went_down = !glance.now.up;
        if !(grew || shrank || went_down) {
            return Ok(());
        }
        let by = known.filter(|(zxid, _)| *zxid == last);
        is_held(glance, last, by.map(|(_, seen)| seen))
    }
}

fn is_held(glance: &ZabGlance<'_>, last: Zxid, seen: Option<&Seen>) -> Result<(), Clash> {
    let world = glance.world;
    let Some(configuration) = latest_configuration(world) else {
        return Ok(());
    };
    let has = |id: &ServerId| log_of(world, *id).is_some_and(|log| holds(log, last));
    let servers = || world.nodes().iter().map(Node::id);
    let holders: BTreeSet<_> = servers().filter(has).collect();
    if configuration.is_quorum(&holders) {
        return Ok(());
    }
    // Either the server that the event happened at has lost it, or a quorum never had it.
    let without = servers()
        .filter(|id| !has(id))
        .max_by_key(|id| *id == glance.server)
        .unwrap_or(glance.server);
    let by = seen.map_or(glance.server, |seen| seen.by);
    let last = Pair(last);
    Err(Clash {
        what: format!(
            "{last} was delivered, and only {} of {} servers have it",
            holders.len(),
            servers().count()
        ),
        facts: [
            (by, format!("delivered {last}")),
            (without, format!("is without {last}")),
        ],
    })
}

/// The latest configuration that is in force anywhere: its quorum has all that was committed before
/// it.
fn latest_configuration(world: &World) -> Option<&Configuration> {
    let configurations = world.nodes().iter().filter_map(|node| {
        let replica = node.server().and_then(Server::zab);
        let membership = match replica {
            Some(replica) => replica.membership(),
            None => &node.disk().image().zab()?.membership,
        };
        Some(&*membership.active)
    });
    configurations.max_by_key(|configuration| configuration.version())
}
