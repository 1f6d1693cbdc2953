//! What a client sees never goes back.

use imbl::OrdMap;

use super::history::{Call, History, Told};
use super::linearizable_writes::{told_at, told_of};
use super::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ClientId;

/// The newest state that each client's present process was told of.
#[derive(Clone, Debug, Default)]
pub(super) struct MonotonicReads {
    seen: OrdMap<ClientId, Told>,
}

impl Invariant for MonotonicReads {
    const PROPERTY: Property = Property {
        name: "monotonic_reads",
        title: "Monotonic reads",
        rule: Rule {
            text: "a client never sees a state older than one it has seen, whichever server answers",
            source: "ZooKeeper, Consistency Guarantees: Single System Image",
        },
    };

    fn judge(&mut self, history: &History, call: &Call) -> Result<(), Clash> {
        let Some(zxid) = call.zxid() else {
            return Ok(());
        };
        let seen = self.seen.get(&call.id.client).copied();
        let seen = seen.filter(|seen| seen.by.process == call.id.process);
        match seen {
            Some(seen) if seen.zxid > zxid => Err(Clash {
                what: format!(
                    "client {} was told of {} and then `{}` was answered as of {zxid}",
                    call.id.client,
                    seen.zxid,
                    call.label(),
                ),
                facts: [told_of(history.call(seen.by), call), told_at(call, zxid)],
            }),
            _ => {
                self.seen.insert(call.id.client, Told { zxid, by: call.id });
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;

    #[test]
    fn a_client_that_is_shown_an_older_state_than_before_is_wronged() {
        let mut tale = Tale::new();
        assert!(tale.tell('A', get("/a"), 7, NO_NODE).is_empty());
        assert!(tale.tell('A', get("/a"), 7, NO_NODE).is_empty());
        assert_eq!(tale.tell('A', get("/a"), 6, NO_NODE), ["monotonic_reads"]);
    }

    #[test]
    fn another_client_or_another_process_begins_where_it_likes() {
        let mut tale = Tale::new();
        tale.tell('A', get("/a"), 7, NO_NODE);
        assert!(tale.tell('B', get("/a"), 6, NO_NODE).is_empty());
        let anew = tale.ask_as('A', 2, get("/a"));
        assert!(tale.answer(anew, 5, NO_NODE).is_empty());
    }
}
