//! All deliver in one order, and nobody leaves anything out.

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::zab::Pair;
use crate::zookeeper::Zxid;

/// What was delivered is remembered in the past.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct TotalOrder;

impl Invariant for TotalOrder {
    const PROPERTY: Property = Property {
        name: "total_order",
        title: "Total order",
        rule: Rule {
            text: "if some process delivers one transaction before another, then whoever delivers the later one has delivered the earlier one before it",
            source: "Zab §3; Zab.tla, ZkV3_7_0.tla: TotalOrder",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        let (server, past) = (glance.server, glance.past);
        let delivered = glance.delivered();
        for (before, entry) in &delivered {
            let zxid = entry.zxid;
            if let Some((skipped, seen)) = before.and_then(|before| past.between(before, zxid)) {
                return Err(left_out(skipped, seen.by, zxid, server));
            }
            if let Some((last, seen)) = past.last()
                && last > zxid
                && past.delivered(zxid).is_none()
                && !past.never_saw(zxid)
            {
                return Err(left_out(zxid, server, last, seen.by));
            }
        }
        Ok(())
    }
}

/// Someone delivers `skipped`, and someone else goes on to `next` without it.
fn left_out(skipped: Zxid, by: ServerId, next: Zxid, without: ServerId) -> Clash {
    let (skipped, next) = (Pair(skipped), Pair(next));
    Clash {
        what: format!("{without} has delivered {next} and not {skipped}, which {by} delivers"),
        facts: [
            (by, format!("delivers {skipped}")),
            (without, format!("delivers {next} without {skipped}")),
        ],
    }
}
