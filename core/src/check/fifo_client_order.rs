//! A client's operations are carried out and answered in the order in which it asked.

use imbl::OrdMap;

use super::history::{Call, History, Told};
use super::linearizable_writes::{told_at, told_of};
use super::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ClientId;
use crate::zookeeper::Request;

/// The last operation of each client's present process that was answered, and its last write.
#[derive(Clone, Debug, Default)]
pub(super) struct FifoClientOrder {
    answered: OrdMap<ClientId, Told>,
    written: OrdMap<ClientId, Told>,
}

impl Invariant for FifoClientOrder {
    const PROPERTY: Property = Property {
        name: "fifo_client_order",
        title: "FIFO client order",
        rule: Rule {
            text: "what one client asks is carried out in the order in which it asked",
            source: "Hunt et al., ZooKeeper, 2010, §2.3",
        },
    };

    fn judge(&mut self, history: &History, call: &Call) -> Result<(), Clash> {
        let Some(zxid) = call.zxid() else {
            return Ok(());
        };
        let client = call.id.client;
        let own = |told: &&Told| told.by.process == call.id.process;
        if let Some(later) = self.answered.get(&client).filter(own)
            && later.by.number > call.id.number
        {
            let what = format!(
                "`{}` of client {client} is answered after what it asked later",
                call.label()
            );
            let facts = [told_of(history.call(later.by), call), told_at(call, zxid)];
            return Err(Clash { what, facts });
        }
        let is_write =
            call.request.as_ref().is_some_and(Request::is_write) && !call.was_turned_away();
        if let Some(before) = self.written.get(&client).filter(own)
            && (zxid < before.zxid || zxid == before.zxid && is_write)
        {
            let what = format!(
                "`{}` of client {client} is carried out at {zxid}, and its earlier write at {}",
                call.label(),
                before.zxid,
            );
            let facts = [told_of(history.call(before.by), call), told_at(call, zxid)];
            return Err(Clash { what, facts });
        }
        let told = Told { zxid, by: call.id };
        self.answered.insert(client, told);
        if is_write {
            self.written.insert(client, told);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;

    #[test]
    fn an_answer_that_overtakes_an_earlier_one_is_a_violation() {
        let mut tale = Tale::new();
        let first = tale.ask('A', get("/a"));
        let second = tale.ask('A', get("/a"));
        assert!(tale.answer(second, 1, NO_NODE).is_empty());
        assert_eq!(tale.answer(first, 1, NO_NODE), ["fifo_client_order"]);
    }

    #[test]
    fn a_write_that_is_carried_out_before_an_earlier_one_is_a_violation() {
        let mut tale = Tale::new();
        let first = tale.ask('A', create("/a"));
        let second = tale.ask('A', create("/b"));
        assert!(tale.answer(first, 2, created("/a", 2)).is_empty());
        let objections = tale.answer(second, 1, created("/b", 1));
        assert_eq!(objections, ["fifo_client_order", "monotonic_reads"]);
    }

    #[test]
    fn a_read_that_does_not_see_the_clients_own_write_is_a_violation() {
        let mut tale = Tale::new();
        tale.tell('A', create("/a"), 2, created("/a", 2));
        let objections = tale.tell('A', get("/a"), 1, NO_NODE);
        assert_eq!(objections, ["fifo_client_order", "monotonic_reads"]);
    }
}
