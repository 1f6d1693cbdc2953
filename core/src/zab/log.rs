//! Transactions, and the log of them.

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
