//! Whoever is elected has everything that was committed.

use super::glance::{leaders, log_of};
use super::past::describe;
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::{Index, Term};

/// How far what was committed has been held against those who lead.
#[derive(Clone, Debug, Default)]
pub(super) struct LeaderCompleteness {
    through: Index,
}

impl Invariant for LeaderCompleteness {
    const PROPERTY: Property = Property {
        name: "leader_completeness",
        title: "Leader completeness",
        rule: Rule {
            text: "if a log entry is committed in a given term, then that entry will be present in the logs of the leaders for all higher-numbered terms",
            source: "Raft §5.4, Figure 3",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        if glance.was_elected() {
            is_complete(glance, (glance.server, glance.now.term))?;
        }
        if self.through < glance.past.last() {
            self.through = glance.past.last();
            for leader in leaders(glance.world) {
                is_complete(glance, leader)?;
            }
        }
        Ok(())
    }
}

/// A leader has what was committed in earlier terms. Of a later term it may know nothing: an
/// election that was won with late messages.
fn is_complete(glance: &Glance<'_>, (leader, term): (ServerId, Term)) -> Result<(), Clash> {
    let log = log_of(glance.world, leader);
    let last = glance.past.committed(glance.past.through_before(term));
    let Some(last) = last.filter(|committed| !glance.past.is_in(committed, log)) else {
        return Ok(());
    };
    let mut missing = last;
    while let Some(earlier) = glance.past.committed(missing.entry.index.prev())
        && !glance.past.is_in(earlier, log)
    {
        missing = earlier;
    }
    let index = missing.entry.index;
    let instead = log.get(index).map_or("nothing".into(), describe);
    Err(Clash {
        what: format!("entry {index} was committed, and {leader} leads term {term} without it"),
        facts: [
            (
                missing.by,
                format!("committed {}", describe(&missing.entry)),
            ),
            (
                leader,
                format!("leads term {term} and has {instead} at index {index}"),
            ),
        ],
    })
}
