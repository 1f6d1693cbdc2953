//! Term and index name an entry and all that precedes it.

use super::glance::log_of;
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::{Entry, Index, Log};
use crate::zookeeper::Command;

/// Two logs that matched before an event can only fail to match after it where one of them was
/// written: at such an entry, or between it and the one before. So nothing needs to be
/// remembered, and only what was written is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct LogMatching;

impl Invariant for LogMatching {
    const PROPERTY: Property = Property {
        name: "log_matching",
        title: "Log matching",
        rule: Rule {
            text: "if two logs contain an entry with the same index and term, then the logs are identical in all entries up through that index",
            source: "Raft §5.3, Figure 3",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let log = glance.log();
        let from = if glance.before.up == glance.now.up || glance.log_from.is_some() {
            glance.log_from
        } else {
            // What is on the disk may be an earlier log than the one in memory was.
            Some(log.last_index())
        };
        let Some(from) = from else {
            return Ok(());
        };
        for other in glance.world.nodes() {
            if other.id() == glance.server {
                continue;
            }
            let theirs = log_of(glance.world, other.id());
            if let Some(index) = first_mismatch(log, theirs, from) {
                return Err(clash((other.id(), theirs), (glance.server, log), index));
            }
        }
        Ok(())
    }
}

/// The first entry at or after `from` that both logs name alike and that differs, or follows on
/// entries that differ.
fn first_mismatch(mine: &Log<Command>, theirs: &Log<Command>, from: Index) -> Option<Index> {
    if from > theirs.last_index() {
        return None;
    }
    let named_alike = |entry: &&Entry<Command>| theirs.term_at(entry.index) == Some(entry.term);
    mine.range(from, theirs.last_index())
        .filter(named_alike)
        .map(|entry| entry.index)
        .find(|index| {
            let before = index.prev();
            mine.get(*index) != theirs.get(*index) || mine.term_at(before) != theirs.term_at(before)
        })
}

fn clash(
    (other, theirs): (ServerId, &Log<Command>),
    (server, mine): (ServerId, &Log<Command>),
    index: Index,
) -> Clash {
    let holds = |log: &Log<Command>| {
        let own = log.get(index).map(super::past::describe);
        let before = log.term_at(index.prev()).unwrap_or_default();
        format!("{} after one of term {before}", own.unwrap_or_default())
    };
    Clash {
        what: format!(
            "the logs of {other} and {server} have the same term at entry {index} and are not the same up to it"
        ),
        facts: [(other, holds(theirs)), (server, holds(mine))],
    }
}
