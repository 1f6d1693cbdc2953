//! What survives a crash: two epochs, the configurations, snapshots and the transaction log.

use std::sync::Arc;

use imbl::Vector;
use thiserror::Error;

use super::configuration::{Configuration, Membership};
use super::epoch::{Epoch, Pair};
use super::log::{Entry, Payload, TxnLog};
use crate::zookeeper::Zxid;

/// A disk's content: all that a restart has to go on.
///
/// The snapshots ascend by their labels. None is older than the beginning of the log, so that the
/// state at any place in the log can be restored.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Durable<T: Payload> {
    /// The latest epoch whose leader the server has accepted (`acceptedEpoch`; the paper's f.p).
    pub accepted_epoch: Epoch,
    /// The epoch whose initial history it has taken over (`currentEpoch`; the paper's f.a).
    pub current_epoch: Epoch,
    /// An epoch whose initial history it was taking over (`updatingEpoch`).
    pub updating_epoch: Option<Epoch>,
    /// The configurations.
    pub membership: Membership,
    /// Snapshots of the state.
    pub snapshots: Vector<Snapshot<T>>,
    /// The transaction log.
    pub log: TxnLog<T>,
}

/// The state at one time. It is fuzzy: transactions went on while it was written, so it may hold
/// effects of some after its label. To replay the log from the label does no harm.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Snapshot<T: Payload> {
    /// Everything up to this zxid is in it.
    pub zxid: Zxid,
    /// The state.
    pub state: T::State,
}

/// One record for the disk. It is written whole or not at all, and after all that were handed
/// over before it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Write<T: Payload> {
    /// Replaces the accepted epoch.
    AcceptedEpoch(Epoch),
    /// A new initial history is about to be written.
    UpdatingEpoch(Epoch),
    /// It has been written, and belongs to this epoch.
    CurrentEpoch(Epoch),
    /// Continues the log. A reconfiguration is seen with its transaction.
    Append {
        /// Transactions that follow the last one written.
        entries: Vec<Entry<T>>,
    },
    /// Cuts the log.
    Truncate {
        /// The last zxid to keep.
        to: Zxid,
    },
    /// Adds a snapshot.
    Snapshot {
        /// The snapshot.
        snapshot: Snapshot<T>,
        /// It replaces everything before it: it came from a leader, with another history.
        replaces: bool,
    },
    /// Forgets all but the newest snapshots, and the log before them.
    Purge {
        /// How many to keep, at least one.
        keep: u32,
    },
    /// Replaces the configurations.
    Membership(Membership),
}

/// Names a write. Tokens rise with each write of one boot; confirming one confirms all below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Token(u64);

/// A disk that no server may start from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RestartError {
    /// The log has been written in an epoch that the server never began.
    #[error("the current epoch {current} is older than the last zxid {}", Pair(*.last))]
    CurrentEpochBehindLog {
        /// The current epoch.
        current: Epoch,
        /// The last zxid.
        last: Zxid,
    },
    /// The server has begun an epoch that it never accepted.
    #[error("the accepted epoch {accepted} is less than the current epoch {current}")]
    AcceptedEpochBehindCurrent {
        /// The accepted epoch.
        accepted: Epoch,
        /// The current epoch.
        current: Epoch,
    },
}

impl<T: Payload> Durable<T> {
    /// The disk of a new server, which knows its ensemble and nothing else.
    pub fn new(configuration: Configuration) -> Self {
        Self {
            accepted_epoch: Epoch::ZERO,
            current_epoch: Epoch::ZERO,
            updating_epoch: None,
            membership: Membership::of(configuration),
            snapshots: Vector::new(),
            log: TxnLog::default(),
        }
    }

    /// The disk of a new server whose service begins with a state of its own: its first snapshot.
    pub fn with_state(configuration: Configuration, state: T::State) -> Self {
        let zxid = Zxid::ZERO;
        Self {
            snapshots: Vector::unit(Snapshot { zxid, state }),
            ..Self::new(configuration)
        }
    }

    /// The image after `write`.
    pub fn apply(&mut self, write: &Write<T>) {
        match write {
            Write::AcceptedEpoch(epoch) => self.accepted_epoch = *epoch,
            Write::UpdatingEpoch(epoch) => self.updating_epoch = Some(*epoch),
            Write::CurrentEpoch(epoch) => {
                self.current_epoch = *epoch;
                self.updating_epoch = None;
            }
            Write::Append { entries } => {
                let seen = entries.iter().filter_map(|e| e.configuration.as_ref());
                if let Some(configuration) = seen.last() {
                    self.membership.last_seen = Arc::clone(configuration);
                }
                self.log.append(entries.iter().cloned());
            }
            Write::Truncate { to } => {
                self.snapshots.retain(|snapshot| snapshot.zxid <= *to);
                self.log.truncate(*to);
            }
            Write::Snapshot { snapshot, replaces } => self.add_snapshot(snapshot, *replaces),
            Write::Purge { keep } => {
                let excess = self.snapshots.len().saturating_sub(*keep as usize);
                if excess > 0 {
                    self.snapshots = self.snapshots.skip(excess);
                    self.log.purge(self.snapshots[0].zxid);
                }
            }
            Write::Membership(membership) => self.membership = membership.clone(),
        }
    }

    /// A snapshot past the end of the log leaves a gap between them, which nothing older can
    /// bridge.
    fn add_snapshot(&mut self, snapshot: &Snapshot<T>, replaces: bool) {
        if replaces || snapshot.zxid > self.log.last() {
            self.snapshots.clear();
            self.log = TxnLog::beginning(snapshot.zxid);
        }
        self.snapshots.push_back(snapshot.clone());
    }

    /// The last zxid of the history it holds.
    pub fn last_zxid(&self) -> Zxid {
        let snapshot = self.snapshots.last().map(|snapshot| snapshot.zxid);
        self.log.last().max(snapshot.unwrap_or_default())
    }

    /// What a server does with its disk before it starts (`QuorumPeer.loadDataBase`): the epoch
    /// to finish, if a crash came between a new history and its epoch.
    ///
    /// The history of an epoch is written from its beginning, so who has a transaction of an epoch
    /// has that epoch's whole initial history.
    pub fn check_restart(&self) -> Result<Option<Epoch>, RestartError> {
        let (accepted, current, last) = (self.accepted_epoch, self.current_epoch, self.last_zxid());
        let of_last = Epoch::of(last);
        let finish = (of_last > current).then_some(of_last);
        if finish.is_some() && self.updating_epoch.is_none() {
            return Err(RestartError::CurrentEpochBehindLog { current, last });
        }
        let current = finish.unwrap_or(current);
        if accepted < current {
            return Err(RestartError::AcceptedEpochBehindCurrent { accepted, current });
        }
        Ok(finish)
    }
}

impl Token {
    /// The token with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The token of the next write.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::database::Database;
    use super::super::testing::{Ledger, disk, ledger, z};
    use super::*;

    fn snapshot(zxid: Zxid, state: Ledger, replaces: bool) -> Write<u64> {
        let snapshot = Snapshot { zxid, state };
        Write::Snapshot { snapshot, replaces }
    }

    #[test]
    fn an_accepted_epoch_behind_the_current_one_is_refused() {
        let mut disk = disk(2, &[(1, 1)]);
        disk.accepted_epoch = Epoch::new(1);
        let error = disk.check_restart().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the accepted epoch 1 is less than the current epoch 2"
        );
    }

    #[test]
    fn a_log_ahead_of_the_current_epoch_is_refused_unless_the_epoch_was_being_updated() {
        let mut disk = disk(1, &[(1, 1), (2, 1)]);
        disk.accepted_epoch = Epoch::new(2);
        let error = disk.check_restart().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the current epoch 1 is older than the last zxid ⟨2, 1⟩"
        );
        disk.apply(&Write::UpdatingEpoch(Epoch::new(2)));
        assert_eq!(disk.check_restart(), Ok(Some(Epoch::new(2))));
        disk.apply(&Write::CurrentEpoch(Epoch::new(2)));
        assert_eq!(disk.check_restart(), Ok(None));
    }

    #[test]
    fn a_fuzzy_snapshot_restores_to_the_end_of_the_log() {
        let mut disk = disk(1, &[(1, 1), (1, 2), (1, 3)]);
        let fuzzy = ledger(&[(1, 1), (1, 2)]);
        disk.apply(&snapshot(z(1, 1), fuzzy, false));
        let database = Database::restore(&disk, 500);
        assert_eq!(database.last(), z(1, 3));
        assert_eq!(*database.state(), ledger(&[(1, 1), (1, 2), (1, 3)]));
    }

    #[test]
    fn a_purge_keeps_the_newest_snapshots_and_the_log_after_the_oldest_of_them() {
        let mut disk = disk(1, &[(1, 1), (1, 2), (1, 3)]);
        for counter in 1..=3 {
            let state = ledger(&[(1, 1), (1, 2), (1, 3)][..counter as usize]);
            disk.apply(&snapshot(z(1, counter), state, false));
        }
        disk.apply(&Write::Purge { keep: 2 });
        assert_eq!(disk.snapshots.len(), 2);
        assert_eq!(disk.log.begin(), z(1, 2));
        let database = Database::restore(&disk, 500);
        assert_eq!(*database.state(), ledger(&[(1, 1), (1, 2), (1, 3)]));
    }

    #[test]
    fn a_truncation_takes_the_snapshots_of_what_is_cut_along() {
        let mut disk = disk(1, &[(1, 1), (1, 2)]);
        disk.apply(&snapshot(z(1, 2), ledger(&[(1, 1), (1, 2)]), false));
        disk.apply(&Write::Truncate { to: z(1, 1) });
        assert_eq!(*Database::restore(&disk, 500).state(), ledger(&[(1, 1)]));
    }

    #[test]
    fn a_leaders_snapshot_replaces_a_longer_history() {
        let mut disk = disk(1, &[(1, 1), (1, 2), (1, 3)]);
        disk.apply(&snapshot(z(1, 1), ledger(&[(1, 1)]), true));
        assert_eq!(disk.last_zxid(), z(1, 1));
        assert_eq!(disk.log.begin(), z(1, 1));
    }
}
