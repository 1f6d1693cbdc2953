//! The order of writes agrees with real time.

use super::history::{Call, History};
use super::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zookeeper::{Request, Zxid};

/// Nothing to remember: an operation carries what was known when it was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct LinearizableWrites;

impl Invariant for LinearizableWrites {
    const PROPERTY: Property = Property {
        name: "linearizable_writes",
        title: "Linearizable writes",
        rule: Rule {
            text: "a write, or a read that asks for it, comes after everything that any client had \
                   been told before",
            source: "Hunt et al., ZooKeeper, 2010, §2.3; Herlihy and Wing, 1990",
        },
    };

    fn judge(&mut self, history: &History, call: &Call) -> Result<(), Clash> {
        let (Some(zxid), Some(known)) = (call.zxid(), call.known) else {
            return Ok(());
        };
        let is_write = call.request.as_ref().is_some_and(Request::is_write);
        // A write is a state of its own, a read or a sync may show one that was known.
        let comes_after = zxid > known.zxid || zxid == known.zxid && !is_write;
        if !call.linearizable || call.was_turned_away() || comes_after {
            return Ok(());
        }
        Err(Clash {
            what: format!(
                "`{}` of client {} takes effect at {zxid}, and before it was asked for, client {} \
                 had been told of {}",
                call.label(),
                call.id.client,
                known.by.client,
                known.zxid,
            ),
            facts: [told_of(history.call(known.by), call), told_at(call, zxid)],
        })
    }
}

/// What an answer told, as a fact of the server that gave it.
pub(super) fn told_at(call: &Call, zxid: Zxid) -> (crate::ids::ServerId, String) {
    let (client, label) = (call.id.client, call.label());
    let what = format!("answered `{label}` of client {client} at {zxid}");
    (call.server, what)
}

/// The same of an operation that may be forgotten.
pub(super) fn told_of(earlier: Option<&Call>, otherwise: &Call) -> (crate::ids::ServerId, String) {
    match earlier.and_then(|call| Some((call, call.zxid()?))) {
        Some((call, zxid)) => told_at(call, zxid),
        None => (otherwise.server, "answered another client before".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;

    #[test]
    fn a_write_that_comes_before_what_had_been_told_is_a_violation() {
        let mut tale = Tale::new();
        assert!(tale.tell('A', create("/a"), 1, created("/a", 1)).is_empty());
        let slow = tale.ask('B', set("/a", "slow"));
        assert!(tale.tell('A', set("/a", "x"), 3, is_set(3, 2)).is_empty());
        // Asked for before the other was answered: any order is real time's.
        assert!(tale.answer(slow, 2, is_set(2, 1)).is_empty());
        let objections = tale.tell('B', set("/a", "late"), 2, is_set(2, 1));
        assert_eq!(objections, ["linearizable_writes", "fifo_client_order"]);
    }

    #[test]
    fn a_write_takes_a_place_of_its_own_and_a_sync_need_not() {
        let mut tale = Tale::new();
        tale.tell('A', create("/a"), 1, created("/a", 1));
        assert!(tale.tell('B', sync("/"), 1, synced()).is_empty());
        let objections = tale.tell('C', set("/a", "x"), 1, is_set(1, 1));
        assert_eq!(objections, ["linearizable_writes"]);
    }

    #[test]
    fn an_ordinary_read_may_be_answered_from_the_past() {
        let mut tale = Tale::new();
        tale.tell('A', create("/a"), 1, created("/a", 1));
        assert!(tale.tell('B', get("/a"), 0, NO_NODE).is_empty());
    }
}
