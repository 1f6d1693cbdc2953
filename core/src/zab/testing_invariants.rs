//! What must hold on the bench, whatever happens: the properties of the Zab paper (§2.2, §3) and
//! of the two TLA+ specifications (`Zab.tla`, `ZkV3_7_0.tla`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use imbl::ordmap::DiffItem;

use super::database::Database;
use super::epoch::follows;
use super::testing::{Ledger, Machine};
use super::*;

/// What has happened so far, as far as the properties need it, and the first that was violated.
#[derive(Default)]
pub(super) struct Invariants {
    /// Every transaction that is known to be committed, in order: some established leader holds
    /// it as such.
    pub(super) committed: Ledger,
    /// Every transaction that was ever proposed.
    pub(super) proposed: BTreeMap<Zxid, u64>,
    /// What the next proposal says.
    pub(super) proposing: u64,
    /// Who led each epoch.
    pub(super) leaders: BTreeMap<Epoch, ServerId>,
    pub(super) violation: Option<String>,
    /// How often learners were brought up to date, by the first word of the plan.
    pub(super) syncs: BTreeMap<&'static str, usize>,
    /// Properties that are not looked at.
    pub(super) overlooks: &'static [&'static str],
    /// Whether the ensemble changes, so that no fixed number of disks is a quorum.
    pub(super) reconfigures: bool,
}

impl Invariants {
    pub(super) fn violated(&mut self, property: &str, how: &impl Display) {
        if !self.overlooks.contains(&property) {
            let violation = || format!("{property}: {how}");
            self.violation.get_or_insert_with(violation);
        }
    }

    /// Primary order: a leader commits what it has proposed, in that order and without a hole.
    pub(super) fn committed(&mut self, id: ServerId, zxid: Zxid) {
        let known = self.committed.get(&zxid);
        if known.is_some() && known == self.proposed.get(&zxid) {
            // A leader that is over learns late of a quorum; the next has made it committed.
            return;
        }
        let last = self.committed.get_max().map_or(Zxid::ZERO, |(z, _)| *z);
        if !follows(last, zxid) {
            let how = format!("{id} commits {} after {}", Pair(zxid), Pair(last));
            self.violated("primary order", &how);
        }
        if let Some(txn) = self.proposed.get(&zxid) {
            self.committed.insert(zxid, *txn);
        } else {
            self.violated("integrity", &format!("nobody proposed {}", Pair(zxid)));
        }
    }

    /// A transaction is given its zxid, which no other ever has.
    pub(super) fn proposed(&mut self, zxid: Zxid) {
        if self.proposed.insert(zxid, self.proposing).is_some() {
            self.violated("primary order", &format!("{} is given twice", Pair(zxid)));
        }
    }

    /// Agreement, total order, integrity: a server delivers what is committed, each transaction
    /// in its place of the one order.
    pub(super) fn delivered(&mut self, id: ServerId, entry: &Entry<u64>) {
        let zxid = entry.zxid;
        if self.committed.get(&zxid) != Some(&entry.txn) {
            let how = format!("{id} delivers {}, which is not committed", Pair(zxid));
            self.violated("agreement", &how);
        }
    }

    /// Illegal messages; and primary integrity: an established leader has everything that is
    /// committed, before it broadcasts.
    pub(super) fn said(&mut self, id: ServerId, fact: &ZabFact) {
        match fact {
            ZabFact::ElectionStarted {
                reason: reason @ LookingReason::IllegalMessage { .. },
                ..
            } => self.violated("legal messages", &format!("{id}: {reason:?}")),
            ZabFact::Proposed { zxid, .. } => self.proposed(*zxid),
            ZabFact::Committed { zxid, .. } => self.committed(id, *zxid),
            ZabFact::SyncChosen { plan, .. } => {
                let name = match plan {
                    SyncPlan::EmptyDiff => "empty DIFF",
                    SyncPlan::Diff { .. } => "DIFF",
                    SyncPlan::Trunc { count: 0, .. } => "TRUNC",
                    SyncPlan::Trunc { .. } => "TRUNC and DIFF",
                    SyncPlan::Snap { .. } => "SNAP",
                };
                *self.syncs.entry(name).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Leadership, leader completeness, prefix consistency.
    pub(super) fn check_replica(&mut self, replica: &Replica<u64>) {
        let (id, phase) = (replica.id(), replica.phase());
        let leads = replica.state() == ServerState::Leading;
        if leads && phase >= Phase::Synchronisation {
            let epoch = replica.epoch().unwrap_or_default();
            let leader = *self.leaders.entry(epoch).or_insert(id);
            if leader != id {
                let how = format!("{leader} and {id} lead epoch {epoch}");
                self.violated("leadership", &how);
            }
        }
        if !replica.is_serving() {
            return;
        }
        let state = replica.database();
        let last = self.committed.get_max().map(|(zxid, _)| *zxid);
        if leads && replica.last_zxid().counter() == 0 {
            // It has just been established, or has committed nothing yet.
            if let Some((zxid, _)) = self.committed.diff(state).find_map(|item| missing(&item)) {
                let newer = replica.epoch().is_some_and(|e| Epoch::of(zxid) < e);
                if newer {
                    let how = format!("{id} leads without {}", Pair(zxid));
                    self.violated("leader completeness", &how);
                }
            }
            if state.get_max().map(|(zxid, _)| *zxid) > last {
                self.committed = state.clone();
            }
        }
        if let Some(difference) = not_prefix(state, &self.committed) {
            let how = format!("{id} serves {difference}");
            self.violated("prefix consistency", &how);
        }
    }

    /// A log has no holes and no order but one, on disk as well.
    pub(super) fn check_write(&mut self, id: ServerId, disk: &Durable<u64>, write: &Write<u64>) {
        if let Write::Append { entries } = write {
            let mut last = disk.last_zxid();
            for entry in entries {
                // Transactions applied before they were logged may be in a snapshot already.
                if !follows(last, entry.zxid) && entry.zxid > disk.log.last()
                    || entry.zxid <= disk.log.last()
                {
                    let how = format!("{id} logs {} after {}", Pair(entry.zxid), Pair(last));
                    self.violated("log order", &how);
                }
                last = entry.zxid;
            }
        }
    }

    /// What is committed is on the disks of a quorum.
    pub(super) fn check_durability(&mut self, machines: &[Machine]) {
        let Some((last, _)) = self.committed.get_max().filter(|_| !self.reconfigures) else {
            return;
        };
        let (last, configuration) = (*last, machines[0].disk.membership.active.clone());
        let holds = |machine: &Machine| {
            let on_disk = Database::restore(&machine.disk, 0);
            let lacks = self
                .committed
                .diff(on_disk.state())
                .find_map(|item| missing(&item));
            lacks.is_none()
        };
        let holders = (0..machines.len()).filter(|i| holds(&machines[*i]));
        let holders: BTreeSet<_> = holders.map(ServerId::from_position).collect();
        if !configuration.is_quorum(&holders) {
            let how = format!("{} is on the disks of {holders:?} only", Pair(last));
            self.violated("durability", &how);
        }
    }
}

/// What the first of two compared ledgers has and the second has not, or has otherwise.
fn missing(item: &DiffItem<'_, '_, Zxid, u64>) -> Option<(Zxid, u64)> {
    match item {
        DiffItem::Remove(zxid, txn)
        | DiffItem::Update {
            old: (zxid, txn), ..
        } => Some((**zxid, **txn)),
        DiffItem::Add(..) => None,
    }
}

/// How `state` differs from every beginning of `history`, if it does.
fn not_prefix(state: &Ledger, history: &Ledger) -> Option<String> {
    let mut gap = None;
    for item in history.diff(state) {
        match item {
            DiffItem::Add(zxid, _) => {
                return Some(format!("{}, which is not committed", Pair(*zxid)));
            }
            DiffItem::Update { old: (zxid, _), .. } => {
                return Some(format!("another {}", Pair(*zxid)));
            }
            DiffItem::Remove(zxid, _) => {
                gap.get_or_insert(*zxid);
            }
        }
    }
    let gap = gap?;
    let (last, _) = state.get_max()?;
    (*last > gap).then(|| format!("{} without {}", Pair(*last), Pair(gap)))
}
