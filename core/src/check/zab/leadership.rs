//! At most one leader an epoch.

use imbl::OrdMap;

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::zab::Epoch;

/// Who led which epoch.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Leadership {
    leaders: OrdMap<Epoch, ServerId>,
}

impl Invariant for Leadership {
    const PROPERTY: Property = Property {
        name: "leadership",
        title: "Leadership",
        rule: Rule {
            text: "at most one server leads in a given epoch once a quorum has accepted that epoch",
            source: "Zab.tla, ZkV3_7_0.tla: Leadership1, Leadership2; Zab §4.1",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        if !glance.was_elected() {
            return Ok(());
        }
        let (server, epoch) = (glance.server, glance.now.epoch);
        let first = *self.leaders.entry(epoch).or_insert(server);
        if first == server {
            return Ok(());
        }
        Err(Clash {
            what: format!("{first} and {server} both lead epoch {epoch}"),
            facts: [first, server].map(|leader| (leader, format!("leader of epoch {epoch}"))),
        })
    }
}
