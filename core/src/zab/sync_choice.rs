//! How a leader brings a learner up to date: DIFF, TRUNC or SNAP
//! (`LearnerHandler.syncFollower`, `LearnerHandler.queueCommittedProposals`).

use super::database::Database;
use super::fact::{SyncPlan, SyncReason};
use super::log::{Entry, Payload, TxnLog};
use crate::zookeeper::Zxid;

/// What was chosen, and the committed transactions to send with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Choice<T> {
    pub(super) plan: SyncPlan,
    pub(super) reason: SyncReason,
    pub(super) entries: Vec<Entry<T>>,
    /// The learner has everything up to here when it has received all that.
    pub(super) through: Zxid,
}

/// What a learner says of its history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LearnerHistory {
    /// Its last zxid.
    pub(super) last: Zxid,
    /// It cannot go back further than this.
    pub(super) base: Zxid,
}

/// Transactions that are gathered for a learner.
struct Gathering<T> {
    last: Zxid,
    operation: Option<Operation>,
    entries: Vec<Entry<T>>,
    through: Zxid,
    /// The first transaction that the learner lacks, if it is of another epoch than the last that
    /// the learner has.
    across: Option<Zxid>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operation {
    Diff,
    Trunc { to: Zxid },
}

/// Chooses by the first case that fits.
pub(super) fn choose_sync<T: Payload>(
    database: &Database<T>,
    log: &TxnLog<T>,
    learner: LearnerHistory,
    log_sync_limit: u64,
) -> Choice<T> {
    let (min, max) = database.committed_range();
    let last = learner.last;
    if last == database.last() {
        return Choice {
            plan: SyncPlan::EmptyDiff,
            reason: SyncReason::SameZxid { zxid: last },
            entries: Vec::new(),
            through: last,
        };
    }
    // The start of an epoch is no transaction: there is nothing in the learner's log to cut.
    if last > max && last.counter() != 0 {
        let gathered = Gathering {
            operation: Some(Operation::Trunc { to: max }),
            ..Gathering::from(last, max)
        };
        return gathered.choice(database, learner, SyncReason::LearnerAhead { last, max });
    }
    if (min..=max).contains(&last) {
        let mut gathered = Gathering::from(last, last);
        gathered.take(database.committed().iter(), None);
        return gathered.choice(
            database,
            learner,
            SyncReason::InCommittedLog { last, min, max },
        );
    }
    if last < min {
        return from_disk(database, log, learner, log_sync_limit);
    }
    snapshot(database, SyncReason::NothingInCommon { last })
}

/// The learner lies before the committed log: perhaps the log on disk reaches back to it.
fn from_disk<T: Payload>(
    database: &Database<T>,
    log: &TxnLog<T>,
    learner: LearnerHistory,
    limit: u64,
) -> Choice<T> {
    let (min, _) = database.committed_range();
    let last = learner.last;
    let reaches_back = log.iter().next().is_some_and(|first| first.zxid <= last);
    if limit == 0 || !reaches_back {
        return snapshot(database, SyncReason::TooFarBehind { last, min });
    }
    let bytes = log.after(last).map(|entry| entry.txn.size() as u64).sum();
    if bytes > limit {
        return snapshot(database, SyncReason::TooMuch { bytes, limit });
    }
    let mut gathered = Gathering::from(last, last);
    gathered.take(log.iter(), Some(min));
    if gathered.through < min {
        return snapshot(database, SyncReason::TooFarBehind { last, min });
    }
    gathered.take(database.committed().iter(), None);
    gathered.choice(database, learner, SyncReason::InLogOnDisk { last, min })
}

fn snapshot<T: Payload>(database: &Database<T>, reason: SyncReason) -> Choice<T> {
    let zxid = database.last();
    Choice {
        plan: SyncPlan::Snap { zxid },
        reason,
        entries: Vec::new(),
        through: zxid,
    }
}

impl<T: Payload> Gathering<T> {
    fn from(last: Zxid, through: Zxid) -> Self {
        Self {
            last,
            operation: None,
            entries: Vec::new(),
            through,
            across: None,
        }
    }

    /// Takes what the learner lacks of `history`, and decides at the first of it whether the
    /// learner must cut its log before.
    fn take<'a>(&mut self, history: impl Iterator<Item = &'a Entry<T>>, most: Option<Zxid>)
    where
        T: 'a,
    {
        let at_start_of_epoch = self.last.counter() == 0;
        let mut previous = Zxid::ZERO;
        for entry in history {
            let zxid = entry.zxid;
            if most.is_some_and(|most| zxid > most) {
                break;
            }
            if zxid < self.last {
                previous = zxid;
                continue;
            }
            if self.operation.is_none() {
                if zxid == self.last {
                    self.operation = Some(Operation::Diff);
                    continue;
                }
                if at_start_of_epoch {
                    self.operation = Some(Operation::Diff);
                } else if zxid.epoch() == self.last.epoch() {
                    self.operation = Some(Operation::Trunc { to: previous });
                } else {
                    self.across = Some(zxid);
                    return;
                }
            }
            if zxid > self.through {
                self.entries.push(entry.clone());
                self.through = zxid;
            }
        }
        if at_start_of_epoch {
            self.operation.get_or_insert(Operation::Diff);
        }
    }

    fn choice(
        self,
        database: &Database<T>,
        learner: LearnerHistory,
        reason: SyncReason,
    ) -> Choice<T> {
        let count = self.entries.len();
        let (last, base) = (learner.last, learner.base);
        let plan = match (self.operation, self.across) {
            (Some(Operation::Trunc { to }), _) if to < base => {
                let reason = SyncReason::TruncationBelowSnapshot { to, base };
                return snapshot(database, reason);
            }
            (Some(Operation::Trunc { to }), _) => SyncPlan::Trunc { to, count },
            (Some(Operation::Diff), _) => SyncPlan::Diff { count },
            (None, Some(next)) => {
                let reason = SyncReason::TruncationAcrossEpochs { last, next };
                return snapshot(database, reason);
            }
            (None, None) => return snapshot(database, SyncReason::NothingInCommon { last }),
        };
        Choice {
            plan,
            reason,
            entries: self.entries,
            through: self.through,
        }
    }
}
