//! Nothing comes from nowhere.

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zab::Pair;

/// What was proposed is remembered in the past.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Integrity;

impl Invariant for Integrity {
    const PROPERTY: Property = Property {
        name: "integrity",
        title: "Integrity",
        rule: Rule {
            text: "if some process delivers a transaction, then some process has broadcast it",
            source: "Zab §3; Zab.tla, ZkV3_7_0.tla: Integrity",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        for (_, entry) in glance.delivered() {
            let (server, zxid) = (glance.server, Pair(entry.zxid));
            let proposed = glance.past.proposed(entry.zxid);
            if proposed.is_some_and(|proposed| proposed.entry == *entry) {
                continue;
            }
            let delivers = (server, format!("delivers {zxid}"));
            let Some(proposed) = proposed else {
                return Err(Clash {
                    what: format!("{server} delivers {zxid}, which nobody proposed"),
                    facts: [delivers, (server, format!("nobody proposed {zxid}"))],
                });
            };
            let by = proposed.by;
            return Err(Clash {
                what: format!(
                    "{server} delivers {zxid}, and {by} proposed something else under it"
                ),
                facts: [(by, format!("proposed another {zxid}")), delivers],
            });
        }
        Ok(())
    }
}
