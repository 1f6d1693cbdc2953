//! The state in memory (`ZKDatabase`): what transactions have made of it so far, and the last of
//! them, kept at hand for those who lack a few.

use imbl::Vector;

use super::durable::Durable;
use super::log::{Entry, Payload};
use crate::zookeeper::Zxid;

/// State, last zxid and committed log.
///
/// The committed log ascends, without a gap, and ends at `last`, or at the last transaction before
/// it if `last` is the start of an epoch. While a server looks for a leader it also holds what the
/// server has logged and may not be committed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Database<T: Payload> {
    state: T::State,
    last: Zxid,
    committed: Vector<Entry<T>>,
    /// How many transactions the committed log keeps.
    limit: u32,
}

impl<T: Payload> Database<T> {
    /// What the disk holds: the newest snapshot, and the log after it.
    pub(super) fn restore(disk: &Durable<T>, limit: u32) -> Self {
        let snapshot = disk.snapshots.last();
        let mut database = Self {
            state: snapshot.map_or_else(T::State::default, |s| s.state.clone()),
            last: snapshot.map_or(Zxid::ZERO, |s| s.zxid),
            committed: Vector::new(),
            limit,
        };
        database.fast_forward(disk);
        database
    }

    /// Takes in what the log holds and memory does not; how much that is
    /// (`ZKDatabase.fastForwardDataBase`).
    pub(super) fn fast_forward(&mut self, disk: &Durable<T>) -> usize {
        let mut taken = 0;
        for entry in disk.log.after(self.last) {
            self.apply(entry);
            taken += 1;
        }
        taken
    }

    /// Applies a transaction and keeps it in the committed log.
    pub(super) fn apply(&mut self, entry: &Entry<T>) -> T::Effect {
        self.committed.push_back(entry.clone());
        if self.committed.len() > self.limit as usize {
            self.committed.pop_front();
        }
        self.apply_unrecorded(entry)
    }

    /// Applies a transaction and leaves it out of the committed log.
    pub(super) fn apply_unrecorded(&mut self, entry: &Entry<T>) -> T::Effect {
        self.last = entry.zxid;
        entry.txn.apply(entry.zxid, &mut self.state)
    }

    /// The whole state of a leader, in place of everything.
    pub(super) fn install(&mut self, zxid: Zxid, state: T::State) {
        self.state = state;
        self.last = zxid;
        self.committed.clear();
    }

    /// A new epoch begins, or a truncation ended here.
    pub(super) fn set_last(&mut self, zxid: Zxid) {
        self.last = zxid;
    }

    /// The state.
    pub(super) const fn state(&self) -> &T::State {
        &self.state
    }

    /// The last transaction that is in the state (`lastProcessedZxid`).
    pub(super) const fn last(&self) -> Zxid {
        self.last
    }

    /// The committed log.
    pub(super) const fn committed(&self) -> &Vector<Entry<T>> {
        &self.committed
    }

    /// The first and the last zxid of the committed log (`minCommittedLog`, `maxCommittedLog`);
    /// of an empty one, the last zxid of the state.
    pub(super) fn committed_range(&self) -> (Zxid, Zxid) {
        let end = |entry: Option<&Entry<T>>| entry.map_or(self.last, |entry| entry.zxid);
        (end(self.committed.front()), end(self.committed.last()))
    }
}
