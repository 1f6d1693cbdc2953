//! Who commits has counted right.

use super::glance::log_of;
use super::past::describe;
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;

/// Nothing to remember: the count is made anew, from the logs themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct QuorumCommits;

impl Invariant for QuorumCommits {
    const PROPERTY: Property = Property {
        name: "quorum_commits",
        title: "Commits by quorum",
        rule: Rule {
            text: "a leader commits an entry only when a majority of its voters store it, a majority of each half while they are joint",
            source: "Raft §5.3, §6",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let (before, now) = (glance.before, glance.now);
        let grew = before.leads && now.leads && before.applied < now.applied;
        if !grew || now.applied > before.last {
            return Ok(());
        }
        let (world, log) = (glance.world, glance.log());
        let Some(entry) = log.get(now.applied) else {
            return Ok(());
        };
        // What the same step appended afterwards did not count yet.
        let known_before = world.configuration_before_log(glance.server);
        let counted = log.last_configuration(before.last);
        let configuration = counted.map_or(&known_before, |(_, configuration)| configuration);
        let committed = glance.past.committed(entry.index);
        let holds = |id: ServerId| {
            let log = log_of(world, id);
            let by_snapshot = || committed.is_some_and(|it| glance.past.is_in(it, log));
            log.term_at(entry.index) == Some(entry.term)
                || log.base().index > entry.index && by_snapshot()
        };
        if configuration.is_quorum(holds) {
            return Ok(());
        }
        let index = entry.index;
        let voters = configuration.electorate();
        let without = voters.filter(|voter| !holds(*voter)).last();
        let without = without.unwrap_or(glance.server);
        Err(Clash {
            what: format!(
                "{} committed entry {index} without a quorum of {configuration}",
                glance.server
            ),
            facts: [
                (glance.server, format!("committed {}", describe(entry))),
                (without, format!("is without entry {index}")),
            ],
        })
    }
}
