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

#[cfg(test)]
mod tests {
    use super::super::glance::Outline;
    use super::super::past::Past;
    use super::*;
    use crate::ids::ServerId;
    use crate::raft::{Index, Term};
    use crate::sim::{Settings, World};

    #[test]
    fn who_leads_before_and_after_may_only_append() {
        let world = World::new(Settings::default());
        let past = Past::default();
        let leader = Outline {
            leads: true,
            term: Term::new(4),
            last: Index::new(7),
            ..Outline::default()
        };
        let look = |before, now, from| {
            LeaderAppendOnly.check(&Glance {
                world: &world,
                past: &past,
                server: ServerId::new(1),
                before,
                now,
                log_from: Some(Index::new(from)),
            })
        };
        assert_eq!(look(leader, leader, 8), Ok(()));
        let clash = look(leader, leader, 7).unwrap_err();
        assert_eq!(
            clash.what,
            "S1, leading term 4, changed its log from entry 7 on"
        );
        let elsewhere = [
            Outline {
                leads: false,
                ..leader
            },
            Outline {
                term: Term::new(5),
                ..leader
            },
        ];
        for other in elsewhere {
            assert_eq!(look(leader, other, 7), Ok(()));
            assert_eq!(look(other, leader, 7), Ok(()));
        }
    }
}
