//! What one primary broadcasts is delivered in its order.

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zab::Pair;

/// Nothing to remember: within an epoch, zxids count up by one.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct LocalPrimaryOrder;

impl Invariant for LocalPrimaryOrder {
    const PROPERTY: Property = Property {
        name: "local_primary_order",
        title: "Local primary order",
        rule: Rule {
            text: "if a primary broadcasts one transaction before another, whoever delivers the later one has delivered the earlier one before it",
            source: "Zab §3; Zab.tla, ZkV3_7_0.tla: LocalPrimaryOrder",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        let server = glance.server;
        for (before, entry) in glance.delivered() {
            let (Some(before), next) = (before, entry.zxid) else {
                continue;
            };
            let expected = if before.epoch() == next.epoch() {
                before.counter().saturating_add(1)
            } else {
                1
            };
            if next.counter() != expected {
                let (before, next) = (Pair(before), Pair(next));
                return Err(Clash {
                    what: format!("{server} delivers {next} right after {before}"),
                    facts: [before, next].map(|zxid| (server, format!("delivers {zxid}"))),
                });
            }
        }
        Ok(())
    }
}
