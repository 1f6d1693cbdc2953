//! At most one leader a term.

use imbl::OrdMap;

use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::Term;

/// Who led which term.
#[derive(Clone, Debug, Default)]
pub(super) struct ElectionSafety {
    leaders: OrdMap<Term, ServerId>,
}

impl Invariant for ElectionSafety {
    const PROPERTY: Property = Property {
        name: "election_safety",
        title: "Election safety",
        rule: Rule {
            text: "at most one leader can be elected in a given term",
            source: "Raft §5.2, Figure 3",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        if !glance.was_elected() {
            return Ok(());
        }
        let (server, term) = (glance.server, glance.now.term);
        let first = *self.leaders.entry(term).or_insert(server);
        if first == server {
            return Ok(());
        }
        Err(Clash {
            what: format!("{first} and {server} were both elected in term {term}"),
            facts: [first, server].map(|leader| (leader, format!("leader of term {term}"))),
        })
    }
}
