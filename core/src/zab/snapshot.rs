//! Snapshots and the purge of the log (`SyncRequestProcessor`, `ZooKeeperServer.takeSnapshot`,
//! `PurgeTxnLog`).

use super::Replica;
use super::disk::Then;
use super::durable::{Snapshot, Write};
use super::fact::ZabFact;
use super::io::{Output, Turn};
use super::log::{Entry, Payload};
use crate::random::Bits;
use crate::time::Time;
use crate::zookeeper::Zxid;

impl<T: Payload> Replica<T> {
    /// Takes a transaction for the log, and now and then begins a snapshot. It gets its label
    /// now and is written when the disk has come that far; what is applied meanwhile may be in it.
    pub(super) fn log_txn(
        &mut self,
        entry: Entry<T>,
        then: Option<Then<T>>,
        turn: &mut Turn<'_, T>,
    ) {
        self.disk.log(entry, then, turn.out);
        match &mut self.snapshot_after {
            Some(0 | 1) => {
                self.snapshot_after = None;
                let zxid = self.database.last();
                self.disk.when_durable(Then::TakeSnapshot { zxid });
            }
            Some(left) => *left -= 1,
            None => {}
        }
    }

    /// How many transactions until the next snapshot: not the same number everywhere.
    pub(super) fn draw_snapshot_count(&mut self, turn: &mut Turn<'_, T>) {
        let count = u64::from(self.settings.snap_count);
        let half = count.div_ceil(2);
        self.snapshot_after = Some(half + turn.random.below(count - half + 1));
    }

    /// Begins a snapshot at once, unless one is being taken. Only a server that takes part has a
    /// state of which nothing can be taken back: what a looking server has replayed may yet be cut,
    /// and a snapshot cannot, once what was before it is purged.
    pub fn snapshot_now(&mut self, now: Time, random: Bits, out: &mut Vec<Output<T>>) {
        let turn = &mut Turn { now, random, out };
        if !self.is_serving() || self.snapshot_after.take().is_none() {
            return;
        }
        let zxid = self.database.last();
        if self.disk.is_settled() {
            self.take_snapshot(zxid, turn);
        } else {
            self.disk.when_durable(Then::TakeSnapshot { zxid });
        }
    }

    /// Writes the state as it is now under the label that it was given before, and forgets what
    /// is too old to be needed.
    pub(super) fn take_snapshot(&mut self, zxid: Zxid, turn: &mut Turn<'_, T>) {
        let through = self.database.last();
        turn.tell(ZabFact::SnapshotTaken { zxid, through });
        let snapshot = Snapshot {
            zxid,
            state: self.database.state().clone(),
        };
        let write = Write::Snapshot {
            snapshot,
            replaces: false,
        };
        self.disk.write(write, turn.out);
        let keep = self.settings.snapshots_kept;
        self.disk.write(Write::Purge { keep }, turn.out);
        self.draw_snapshot_count(turn);
    }
}
