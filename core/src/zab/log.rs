//! Transactions, and the log of them.

use std::cmp::Ordering;
use std::hash::Hash;
use std::sync::Arc;

use imbl::Vector;

use super::configuration::Configuration;
use crate::zookeeper::Zxid;

/// A transaction that is replicated: prepared, idempotent, and nothing left to decide. Zab never
/// looks inside.
pub trait Payload: Clone + Eq + Hash + std::fmt::Debug {
    /// What transactions act upon. Clones are cheap: they share structure.
    type State: Clone + Eq + Hash + std::fmt::Debug + Default;
    /// What applying a transaction did, for the one who answers clients.
    type Effect: Clone + Eq + Hash + std::fmt::Debug;
    /// What a learner forwards, to be made a transaction by the leader.
    type Request: Clone + Eq + Hash + std::fmt::Debug;

    /// Bytes it takes in a message.
    fn size(&self) -> usize;

    /// Installs the transaction. To install it again, alone or along with those that follow it,
    /// ends in the same state.
    fn apply(&self, zxid: Zxid, state: &mut Self::State) -> Self::Effect;
}

/// A transaction at its place in the total order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entry<T> {
    /// Its place.
    pub zxid: Zxid,
    /// What it does.
    pub txn: T,
    /// The configuration that it proposes, if it is a reconfiguration.
    pub configuration: Option<Arc<Configuration>>,
}

/// The transaction log of one server: in ascending order of zxids, and without a gap after
/// `begin`.
///
/// Clones share structure.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TxnLog<T: Clone> {
    begin: Zxid,
    entries: Vector<Entry<T>>,
}

impl<T: Clone> Default for TxnLog<T> {
    fn default() -> Self {
        Self {
            begin: Zxid::ZERO,
            entries: Vector::new(),
        }
    }
}

impl<T: Clone> TxnLog<T> {
    /// A log that will hold everything after `begin`.
    pub(super) fn beginning(begin: Zxid) -> Self {
        Self {
            begin,
            entries: Vector::new(),
        }
    }

    /// The log holds everything after this zxid.
    pub const fn begin(&self) -> Zxid {
        self.begin
    }

    /// The last zxid, or where the log begins when it holds nothing.
    pub fn last(&self) -> Zxid {
        self.entries.last().map_or(self.begin, |entry| entry.zxid)
    }

    /// How many transactions it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All its transactions, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter()
    }

    /// Its transactions after `zxid`, in order.
    pub fn after(&self, zxid: Zxid) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter().skip(self.place_after(zxid))
    }

    /// Its transactions from the first for which `is_wanted` holds; it holds for all after that.
    pub fn iter_from(&self, is_wanted: impl Fn(Zxid) -> bool) -> impl Iterator<Item = &Entry<T>> {
        let first = self.place_where(|entry| !is_wanted(entry.zxid));
        self.entries.iter().skip(first)
    }

    /// Whether it holds the transaction, or has held it.
    pub fn contains(&self, zxid: Zxid) -> bool {
        let place = self.place_where(|entry| entry.zxid < zxid);
        let held = self.entries.get(place).map(|entry| entry.zxid);
        zxid <= self.begin || held == Some(zxid)
    }

    /// The last of its zxids for which `is_so` holds; it holds for all before that.
    pub fn last_where(&self, is_so: impl Fn(Zxid) -> bool) -> Zxid {
        let place = self.place_where(|entry| is_so(entry.zxid));
        let last = place.checked_sub(1).and_then(|last| self.entries.get(last));
        last.map_or(self.begin, |entry| entry.zxid)
    }

    /// The transaction before the first that is not before `zxid`.
    pub fn last_before(&self, zxid: Zxid) -> Option<Zxid> {
        let place = self.place_where(|entry| entry.zxid < zxid);
        let last = place.checked_sub(1).and_then(|last| self.entries.get(last));
        last.map(|entry| entry.zxid)
    }

    /// The last zxid of each epoch that it knows of, in order.
    pub fn ends_of_epochs(&self) -> Vec<Zxid> {
        let mut ends = vec![self.begin];
        let mut place = 0;
        while let Some(first) = self.entries.get(place) {
            let epoch = first.zxid.epoch();
            place = self.place_where(|entry| entry.zxid.epoch() <= epoch);
            ends.extend(self.entries.get(place - 1).map(|entry| entry.zxid));
        }
        ends
    }

    /// How many of its transactions come first for which `is_so` holds.
    fn place_where(&self, is_so: impl Fn(&Entry<T>) -> bool) -> usize {
        let side = |entry: &Entry<T>| {
            if is_so(entry) {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        };
        self.entries
            .binary_search_by(side)
            .unwrap_or_else(|place| place)
    }

    /// Adds transactions.
    pub(super) fn append(&mut self, entries: impl IntoIterator<Item = Entry<T>>) {
        self.entries.extend(entries);
    }

    /// Removes everything after `zxid`.
    pub(super) fn truncate(&mut self, zxid: Zxid) {
        self.entries.truncate(self.place_after(zxid));
    }

    /// Removes everything up to and including `zxid`.
    pub(super) fn purge(&mut self, zxid: Zxid) {
        if zxid > self.begin {
            self.entries = self.entries.skip(self.place_after(zxid));
            self.begin = zxid;
        }
    }

    fn place_after(&self, zxid: Zxid) -> usize {
        // Entries are few at the far end: most questions are about the newest.
        let newer = self.entries.iter().rev();
        self.entries.len() - newer.take_while(|entry| entry.zxid > zxid).count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::log_of;
    use super::*;

    fn zxids(log: &TxnLog<u64>) -> Vec<(u32, u32)> {
        let pair = |entry: &Entry<u64>| (entry.zxid.epoch(), entry.zxid.counter());
        log.iter().map(pair).collect()
    }

    #[test]
    fn truncation_keeps_what_is_not_after_the_named_zxid() {
        let mut log = log_of(&[(1, 1), (1, 2), (2, 1)]);
        log.truncate(Zxid::new(1, 7));
        assert_eq!(zxids(&log), [(1, 1), (1, 2)]);
        assert_eq!(log.last(), Zxid::new(1, 2));
        log.truncate(Zxid::ZERO);
        assert_eq!(log.last(), Zxid::ZERO);
    }

    #[test]
    fn a_purged_log_begins_where_it_was_purged() {
        let mut log = log_of(&[(1, 1), (1, 2), (2, 1)]);
        log.purge(Zxid::new(1, 2));
        assert_eq!(zxids(&log), [(2, 1)]);
        assert_eq!(log.begin(), Zxid::new(1, 2));
        log.purge(Zxid::new(1, 1));
        assert_eq!(log.begin(), Zxid::new(1, 2));
        assert_eq!(log.after(Zxid::new(1, 2)).count(), 1);
        assert_eq!(log.after(Zxid::new(2, 1)).count(), 0);
    }
}
