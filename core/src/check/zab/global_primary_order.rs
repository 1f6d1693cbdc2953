//! What an earlier primary broadcasts is delivered before what a later one does.

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
#[cfg(test)]
use crate::ids::ServerId;
use crate::zab::Pair;
use crate::zookeeper::Zxid;

/// The latest epoch that each server has delivered something of since it serves, in the order of
/// the servers.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct GlobalPrimaryOrder {
    last: Vec<Zxid>,
}

#[cfg(test)]
impl GlobalPrimaryOrder {
    /// A server has delivered this last.
    pub(super) fn after(server: ServerId, last: Zxid) -> Self {
        let mut order = Self {
            last: vec![Zxid::ZERO; server.position() + 1],
        };
        order.last[server.position()] = last;
        order
    }
}

impl Invariant for GlobalPrimaryOrder {
    const PROPERTY: Property = Property {
        name: "global_primary_order",
        title: "Global primary order",
        rule: Rule {
            text: "whoever delivers transactions of two primaries delivers those of the earlier epoch first",
            source: "Zab §3; Zab.tla, ZkV3_7_0.tla: GlobalPrimaryOrder",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        let (server, position) = (glance.server, glance.server.position());
        if self.last.len() <= position {
            self.last.resize(position + 1, Zxid::ZERO);
        }
        if glance.was_opened() {
            self.last[position] = Zxid::ZERO;
        }
        for (_, entry) in glance.delivered() {
            let before = std::mem::replace(&mut self.last[position], entry.zxid);
            if entry.zxid.epoch() < before.epoch() {
                let (before, next) = (Pair(before), Pair(entry.zxid));
                return Err(Clash {
                    what: format!("{server} delivers {next} after {before}, of a later epoch"),
                    facts: [before, next].map(|zxid| (server, format!("delivers {zxid}"))),
                });
            }
        }
        Ok(())
    }
}
