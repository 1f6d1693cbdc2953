//! What must hold in every state: the properties of the Zab paper (§2.2, §3) and of the two TLA+
//! specifications (`Zab.tla`, `ZkV3_7_0.tla`), with the past that they need.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use quorumscope_core::ids::ServerId;
use quorumscope_core::zab::{
    Durable, Entry, Epoch, LookingReason, Pair, Phase, Replica, ServerState, Write, ZabFact,
};
use quorumscope_core::zookeeper::Zxid;

use quorumscope_tests::search::Violation;
use quorumscope_tests::shared::Shared;

use crate::ensemble::{Ledger, Machine, SERVERS, Txn};

/// What has happened so far, as far as the properties need it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Past {
    /// Every transaction that some established leader holds as committed.
    pub(crate) committed: Ledger,
    proposed: Ledger,
    /// What the next proposal says.
    pub(crate) proposing: Txn,
    /// Who led each epoch.
    pub(crate) leaders: BTreeMap<Epoch, ServerId>,
    /// The first property that was broken.
    pub(crate) violation: Option<Violation>,
}

impl Default for Past {
    fn default() -> Self {
        Self {
            committed: Ledger::new(),
            proposed: Ledger::new(),
            proposing: Txn(0),
            leaders: BTreeMap::new(),
            violation: None,
        }
    }
}

impl Past {
    pub(crate) fn violated(&mut self, property: &'static str, how: &impl Display) {
        self.violation.get_or_insert_with(|| Violation {
            property,
            what: how.to_string(),
        });
    }

    /// Primary order: no zxid is given twice, and commits leave no hole. Integrity: only what was
    /// proposed is committed. Legal messages.
    pub(crate) fn said(&mut self, id: ServerId, fact: &ZabFact) {
        match fact {
            ZabFact::ElectionStarted {
                reason: reason @ LookingReason::IllegalMessage { .. },
                ..
            } => self.violated("legal messages", &format!("{id}: {reason:?}")),
            ZabFact::Proposed { zxid, .. } => self.proposes(*zxid),
            ZabFact::Committed { zxid, .. } => self.commits(id, *zxid),
            _ => {}
        }
    }

    fn proposes(&mut self, zxid: Zxid) {
        if self.proposed.insert(zxid, self.proposing).is_some() {
            self.violated("primary order", &format!("{} is given twice", Pair(zxid)));
        }
    }

    fn commits(&mut self, id: ServerId, zxid: Zxid) {
        let known = self.committed.get(&zxid);
        if known.is_some() && known == self.proposed.get(&zxid) {
            // A leader that is over learns late of a quorum; the next has made it committed.
            return;
        }
        let last = last_of(&self.committed);
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

    /// Agreement, total order: what is delivered is committed.
    pub(crate) fn delivered(&mut self, id: ServerId, entry: &Entry<Txn>) {
        if self.committed.get(&entry.zxid) != Some(&entry.txn) {
            let how = format!("{id} delivers {}, which is not committed", Pair(entry.zxid));
            self.violated("agreement", &how);
        }
    }

    /// Leadership, leader completeness, prefix consistency.
    pub(crate) fn check_replica(&mut self, replica: &Replica<Txn>) {
        let id = replica.id();
        let leads = replica.state() == ServerState::Leading;
        if leads && replica.phase() >= Phase::Synchronisation {
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
        if leads && replica.last_zxid().counter() == 0 {
            let earlier = |zxid: &Zxid| replica.epoch().is_some_and(|e| Epoch::of(*zxid) < e);
            let mut missing = self.committed.iter().filter(|(z, _)| earlier(z));
            if let Some((zxid, _)) = missing.find(|(z, txn)| state.get(z) != Some(txn)) {
                let how = format!("{id} leads without {}", Pair(*zxid));
                self.violated("leader completeness", &how);
            }
            if last_of(state) > last_of(&self.committed) {
                self.committed = state.clone();
            }
        }
        if !self.committed.iter().take(state.len()).eq(state) {
            let held: Vec<_> = state.keys().map(|zxid| Pair(*zxid).to_string()).collect();
            let how = format!("{id} serves {}", held.join(" "));
            self.violated("prefix consistency", &how);
        }
    }

    /// A log has no holes and no order but one, on disk as well.
    pub(crate) fn check_write(&mut self, id: ServerId, disk: &Durable<Txn>, write: &Write<Txn>) {
        let Write::Append { entries } = write else {
            return;
        };
        let in_snapshot = disk.snapshots.last().map_or(Zxid::ZERO, |s| s.zxid);
        let mut last = disk.log.last().max(in_snapshot);
        for entry in entries {
            let zxid = entry.zxid;
            // Transactions applied before they were logged may be in a snapshot already.
            if !follows(last, zxid) && zxid > disk.log.last() || zxid <= disk.log.last() {
                let how = format!("{id} logs {} after {}", Pair(zxid), Pair(last));
                self.violated("log order", &how);
            }
            last = zxid;
        }
    }

    /// What is committed is on the disks of a quorum.
    pub(crate) fn check_durability(&mut self, machines: &[Shared<Machine>; SERVERS]) {
        let holds = |machine: &&Shared<Machine>| {
            let on_disk = restored(&machine.disk);
            let mut committed = self.committed.iter();
            committed.all(|(zxid, txn)| on_disk.get(zxid) == Some(txn))
        };
        let holders: BTreeSet<_> = machines
            .iter()
            .filter(holds)
            .map(|m| m.replica.id())
            .collect();
        if holders.len() <= SERVERS / 2 {
            let last = last_of(&self.committed);
            let how = format!("{} is on the disks of {holders:?} only", Pair(last));
            self.violated("durability", &how);
        }
    }
}

/// What a server would start from.
fn restored(disk: &Durable<Txn>) -> Ledger {
    let mut state = Ledger::new();
    let mut last = Zxid::ZERO;
    if let Some(snapshot) = disk.snapshots.last() {
        (state, last) = (snapshot.state.clone(), snapshot.zxid);
    }
    state.extend(disk.log.after(last).map(|entry| (entry.zxid, entry.txn)));
    state
}

fn last_of(ledger: &Ledger) -> Zxid {
    ledger
        .last_key_value()
        .map_or(Zxid::ZERO, |(zxid, _)| *zxid)
}

/// Whether `next` may come right after `last`: the next of its epoch, or the first of a later one.
fn follows(last: Zxid, next: Zxid) -> bool {
    if next.epoch() == last.epoch() {
        next.counter() == last.counter() + 1
    } else {
        next.epoch() > last.epoch() && next.counter() == 1
    }
}
