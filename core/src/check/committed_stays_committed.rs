//! What was committed is never lost again.

use super::glance::{can_be_elected, log_of};
use super::past::{Committed, describe};
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::Index;

/// How far what was committed has been looked for in the logs.
///
/// A server that runs has an entry if its log has; one that is down, if its disk has: the moment
/// at which an entry is lost is the crash that loses it. It is enough to look for the last one
/// committed, and only where a log may have lost it.
#[derive(Clone, Debug, Default)]
pub(super) struct CommittedStaysCommitted {
    through: Index,
}

impl Invariant for CommittedStaysCommitted {
    const PROPERTY: Property = Property {
        name: "committed_stays_committed",
        title: "Committed stays",
        rule: Rule {
            text: "a committed entry is stored on so many servers from then on, whichever of them crash, that nobody can be elected without it",
            source: "Raft §5.3, §5.4",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let last = glance.past.last();
        let grew = self.through < last;
        self.through = last;
        let went_down = !glance.now.up;
        let rewritten = glance
            .log_from
            .is_some_and(|from| from <= last.min(glance.before.last));
        if !(grew || went_down || rewritten) {
            return Ok(());
        }
        match glance.past.committed(last) {
            Some(committed) => is_held(glance, committed),
            None => Ok(()),
        }
    }
}

fn is_held(glance: &Glance<'_>, committed: &Committed) -> Result<(), Clash> {
    let world = glance.world;
    let holds = |server: ServerId| glance.past.is_in(committed, log_of(world, server));
    let servers = || world.nodes().iter().map(crate::sim::Node::id);
    let is_threat = |server: &ServerId| !holds(*server) && can_be_elected(world, *server);
    let Some(threat) = servers().find(is_threat) else {
        return Ok(());
    };
    let (have, of) = (servers().filter(|id| holds(*id)).count(), servers().count());
    let entry = describe(&committed.entry);
    let index = committed.entry.index;
    // Either the server that the event happened at has lost it, or it is the one that took it for
    // committed while a majority was without it.
    let without = servers()
        .filter(|server| !holds(*server))
        .max_by_key(|server| *server == glance.server)
        .unwrap_or(threat);
    Err(Clash {
        what: format!("entry {index} was committed, and {have} of {of} servers have it"),
        facts: [
            (committed.by, format!("committed {entry}")),
            (without, format!("is without entry {index}")),
        ],
    })
}
