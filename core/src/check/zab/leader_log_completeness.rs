//! Whoever brings others up to date has everything that is committed.

use super::ZabGlance;
use super::glance::holds;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zab::Pair;

/// What was delivered is remembered in the past.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct LeaderLogCompleteness;

impl Invariant for LeaderLogCompleteness {
    const PROPERTY: Property = Property {
        name: "leader_log_completeness",
        title: "Leader log completeness",
        rule: Rule {
            text: "the history of a leader whose epoch a quorum has accepted holds everything that was committed in earlier epochs",
            source: "ZkV3_7_0.tla: LeaderLogCompleteness; Zab §5",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        if !glance.was_elected() {
            return Ok(());
        }
        let (server, epoch) = (glance.server, glance.now.epoch);
        let (Some((last, seen)), Some(log)) = (glance.past.last_before(epoch), glance.log()) else {
            return Ok(());
        };
        if holds(log, last) {
            return Ok(());
        }
        let last = Pair(last);
        Err(Clash {
            what: format!("{server} leads epoch {epoch} and its history is without {last}"),
            facts: [
                (seen.by, format!("delivered {last}")),
                (server, format!("leads epoch {epoch} without {last}")),
            ],
        })
    }
}
