//! What one delivers under a zxid, all deliver under it.

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zab::Pair;

/// What was delivered is remembered in the past.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Agreement;

impl Invariant for Agreement {
    const PROPERTY: Property = Property {
        name: "agreement",
        title: "Agreement",
        rule: Rule {
            text: "if two processes each deliver a transaction, one of them delivers the other's, and under its zxid nobody delivers another",
            source: "Zab §3; Zab.tla, ZkV3_7_0.tla: Agreement",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        for (_, entry) in glance.delivered() {
            let Some(first) = glance.past.delivered(entry.zxid) else {
                continue;
            };
            if first.entry != *entry {
                let (server, by, zxid) = (glance.server, first.by, Pair(entry.zxid));
                return Err(Clash {
                    what: format!("{by} and {server} deliver different transactions under {zxid}"),
                    facts: [by, server].map(|id| (id, format!("delivers its own {zxid}"))),
                });
            }
        }
        Ok(())
    }
}
