//! After a sync, a client sees at least what anyone had been told before the sync.

use imbl::OrdMap;

use super::history::{Call, History, Told};
use super::linearizable_writes::{told_at, told_of};
use super::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ClientId;
use crate::zookeeper::Request;

/// For each client's present process: its latest sync that had anything to bring up, and the
/// newest state that anyone had been told of before that was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct SyncThenRead {
    synced: OrdMap<ClientId, Synced>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Synced {
    process: u32,
    known: Told,
}

impl Invariant for SyncThenRead {
    const PROPERTY: Property = Property {
        name: "sync_then_read",
        title: "Sync, then read",
        rule: Rule {
            text: "after a sync, a client sees all that any client had been told before the sync",
            source: "Hunt et al., ZooKeeper, 2010, §2.3, §4.4",
        },
    };

    fn judge(&mut self, history: &History, call: &Call) -> Result<(), Clash> {
        let Some(zxid) = call.zxid() else {
            return Ok(());
        };
        let (client, process) = (call.id.client, call.id.process);
        if let Some(synced) = self.synced.get(&client)
            && synced.process == process
            && zxid < synced.known.zxid
        {
            let known = synced.known;
            return Err(Clash {
                what: format!(
                    "`{}` of client {client} follows its sync and is answered as of {zxid}, and \
                     before the sync, client {} had been told of {}",
                    call.label(),
                    known.by.client,
                    known.zxid,
                ),
                facts: [told_of(history.call(known.by), call), told_at(call, zxid)],
            });
        }
        let is_sync = matches!(call.request, Some(Request::Sync { .. }));
        if let Some(known) = call
            .known
            .filter(|_| is_sync && call.reply().is_some_and(Result::is_ok))
        {
            self.synced.insert(client, Synced { process, known });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;

    #[test]
    fn a_read_after_a_sync_that_misses_what_was_told_before_is_a_violation() {
        let mut tale = Tale::new();
        let early = tale.ask('B', sync("/"));
        tale.tell('A', create("/a"), 3, created("/a", 3));
        // This sync was asked for before anybody knew of the write.
        assert!(tale.answer(early, 1, synced()).is_empty());
        assert!(tale.tell('B', get("/a"), 1, NO_NODE).is_empty());
        // The next one is not, and here it brings up nothing.
        let late = tale.ask('B', sync("/"));
        assert_eq!(tale.answer(late, 1, synced()), ["linearizable_writes"]);
        assert_eq!(tale.tell('B', get("/a"), 1, NO_NODE), ["sync_then_read"]);
    }

    #[test]
    fn a_read_that_is_as_new_as_the_sync_demands_is_allowed() {
        let mut tale = Tale::new();
        tale.tell('A', create("/a"), 3, created("/a", 3));
        tale.tell('B', sync("/"), 3, synced());
        tale.tell('A', set("/a", "x"), 4, is_set(4, 1));
        assert!(tale.tell('B', get("/a"), 3, data(None, 3, 0)).is_empty());
    }
}
