//! A primary has delivered what came before it when it begins to broadcast.

use super::ZabGlance;
use super::glance::holds;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zab::Pair;

/// What was delivered is remembered in the past.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct PrimaryIntegrity;

impl Invariant for PrimaryIntegrity {
    const PROPERTY: Property = Property {
        name: "primary_integrity",
        title: "Primary integrity",
        rule: Rule {
            text: "before a primary broadcasts, it has delivered every transaction of earlier epochs that anyone delivers",
            source: "Zab §3; Zab.tla, ZkV3_7_0.tla: PrimaryIntegrity",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        if !glance.now.leads || !glance.was_opened() {
            return Ok(());
        }
        let (server, epoch) = (glance.server, glance.now.epoch);
        let (Some((last, seen)), Some(log)) = (glance.past.last_before(epoch), glance.log()) else {
            return Ok(());
        };
        if holds(log, last) && glance.now.last >= last {
            return Ok(());
        }
        let last = Pair(last);
        Err(Clash {
            what: format!("{server} begins epoch {epoch} without {last}, which was delivered"),
            facts: [
                (seen.by, format!("delivered {last}")),
                (
                    server,
                    format!("serves as the leader of epoch {epoch} without {last}"),
                ),
            ],
        })
    }
}
