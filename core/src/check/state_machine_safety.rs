//! Every state machine is given the same commands.

use super::past::describe;
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;

/// What was applied first at each index is remembered for all invariants.
#[derive(Clone, Debug, Default)]
pub(super) struct StateMachineSafety;

impl Invariant for StateMachineSafety {
    const PROPERTY: Property = Property {
        name: "state_machine_safety",
        title: "State machine safety",
        rule: Rule {
            text: "if a server has applied a log entry at a given index, no other server will ever apply a different one for that index",
            source: "Raft §5.4.3, Figure 3",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        for entry in glance.applied() {
            let Some(first) = glance.past.committed(entry.index) else {
                continue;
            };
            if first.entry != *entry {
                let (index, server) = (entry.index, glance.server);
                return Err(Clash {
                    what: format!(
                        "{} and {server} applied different entries at index {index}",
                        first.by
                    ),
                    facts: [
                        (first.by, format!("applied {}", describe(&first.entry))),
                        (server, format!("applied {}", describe(entry))),
                    ],
                });
            }
        }
        Ok(())
    }
}
