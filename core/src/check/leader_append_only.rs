//! A leader's log only grows.

use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;

/// Nothing needs to be remembered.
#[derive(Clone, Debug, Default)]
pub(super) struct LeaderAppendOnly;

impl Invariant for LeaderAppendOnly {
    const PROPERTY: Property = Property {
        name: "leader_append_only",
        title: "Leader append-only",
        rule: Rule {
            text: "a leader never overwrites or deletes entries in its log; it only appends new entries",
            source: "Raft §5.3, Figure 3",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let Glance {
            server,
            before,
            now,
            log_from: Some(from),
            ..
        } = *glance
        else {
            return Ok(());
        };
        let led_throughout = before.leads && now.leads && before.term == now.term;
        if !led_throughout || from > before.last {
            return Ok(());
        }
        let (term, last) = (now.term, before.last);
        Err(Clash {
            what: format!("{server}, leading term {term}, changed its log from entry {from} on"),
            facts: [
                (
                    server,
                    format!("leader of term {term} with entries through {last}"),
                ),
                (server, format!("writes entry {from} and what follows anew")),
            ],
        })
    }
}
