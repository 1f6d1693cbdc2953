//! The choice between DIFF, TRUNC and SNAP, one test a row.

use super::database::Database;
use super::fact::{SyncPlan, SyncReason};
use super::sync_choice::{Choice, LearnerHistory, choose_sync};
use super::testing::{disk, ledger, z};
use super::*;

/// What a leader with this log, of which it keeps `kept` in memory, sends a learner.
fn choose(log: &[(u32, u32)], kept: u32, last: Zxid, base: Zxid, limit: u64) -> Choice<u64> {
    let disk = disk(3, log);
    let database = Database::restore(&disk, kept);
    choose_sync(&database, &disk.log, LearnerHistory { last, base }, limit)
}

const LOG: [(u32, u32); 5] = [(1, 1), (1, 2), (1, 3), (3, 1), (3, 2)];

#[test]
fn the_same_last_zxid_needs_an_empty_diff() {
    let choice = choose(&LOG, 500, z(3, 2), Zxid::ZERO, 0);
    assert_eq!(choice.plan, SyncPlan::EmptyDiff);
}

#[test]
fn a_learner_within_the_committed_log_gets_what_follows() {
    let choice = choose(&LOG, 500, z(1, 2), Zxid::ZERO, 0);
    assert_eq!(choice.plan, SyncPlan::Diff { count: 3 });
    let zxids: Vec<_> = choice.entries.iter().map(|entry| entry.zxid).collect();
    assert_eq!(zxids, [z(1, 3), z(3, 1), z(3, 2)]);
}

#[test]
fn a_learner_past_the_committed_log_is_cut_back_to_its_end() {
    let choice = choose(&LOG, 500, z(3, 9), Zxid::ZERO, 0);
    let to = z(3, 2);
    assert_eq!(choice.plan, SyncPlan::Trunc { to, count: 0 });
    assert_eq!(choice.through, to);
}

#[test]
fn a_learner_with_something_unknown_in_between_is_cut_back_to_the_last_common_zxid() {
    let holey = [(1, 1), (1, 4), (1, 5)];
    let choice = choose(&holey, 500, z(1, 3), Zxid::ZERO, 0);
    let to = z(1, 1);
    assert_eq!(choice.plan, SyncPlan::Trunc { to, count: 2 });
}

#[test]
fn a_cut_may_not_cross_an_epoch() {
    let choice = choose(&LOG, 500, z(1, 5), Zxid::ZERO, 0);
    assert_eq!(choice.plan, SyncPlan::Snap { zxid: z(3, 2) });
    assert_eq!(
        choice.reason,
        SyncReason::TruncationAcrossEpochs {
            last: z(1, 5),
            next: z(3, 1)
        }
    );
}

#[test]
fn a_learner_at_the_start_of_an_epoch_is_never_cut() {
    let choice = choose(&LOG, 500, z(2, 0), Zxid::ZERO, 0);
    assert_eq!(choice.plan, SyncPlan::Diff { count: 2 });
    let choice = choose(&LOG, 500, z(4, 0), Zxid::ZERO, 0);
    assert_eq!(choice.plan, SyncPlan::Snap { zxid: z(3, 2) });
}

#[test]
fn a_learner_before_the_committed_log_gets_it_from_disk_if_that_reaches_back() {
    let choice = choose(&LOG, 2, z(1, 2), Zxid::ZERO, 1_000);
    assert_eq!(choice.plan, SyncPlan::Diff { count: 3 });
    assert!(matches!(choice.reason, SyncReason::InLogOnDisk { .. }));
    let choice = choose(&LOG[2..], 2, z(1, 2), Zxid::ZERO, 1_000);
    assert_eq!(choice.plan, SyncPlan::Snap { zxid: z(3, 2) });
}

#[test]
fn too_much_from_disk_becomes_a_snapshot() {
    let choice = choose(&LOG, 2, z(1, 2), Zxid::ZERO, 23);
    assert_eq!(choice.plan, SyncPlan::Snap { zxid: z(3, 2) });
    let (bytes, limit) = (24, 23);
    assert_eq!(choice.reason, SyncReason::TooMuch { bytes, limit });
    let choice = choose(&LOG, 2, z(1, 2), Zxid::ZERO, 0);
    assert!(matches!(choice.reason, SyncReason::TooFarBehind { .. }));
}

#[test]
fn what_a_snapshot_holds_cannot_be_cut() {
    let choice = choose(&LOG, 500, z(3, 9), z(3, 5), 0);
    assert_eq!(choice.plan, SyncPlan::Snap { zxid: z(3, 2) });
    let (to, base) = (z(3, 2), z(3, 5));
    assert_eq!(
        choice.reason,
        SyncReason::TruncationBelowSnapshot { to, base }
    );
    assert_eq!(ledger(&LOG).len(), 5);
}
