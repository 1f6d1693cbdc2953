//! How a transfer ends, and what is left of the log it meets.

use super::*;

/// etcd #10308 (`snapshot_succeed_via_app_resp`): gotcha 18.
#[test]
fn gotcha_18_a_snapshot_at_exactly_the_last_index_ends_in_replication() {
    let mut bench = lagging(5, 0);
    assert_eq!(
        bench.at(s(1)).log().last_index(),
        bench.at(s(1)).log().base().index
    );
    bench.heal();
    beat(&mut bench, 1);
    assert_caught_up(&bench);
}

/// etcd's `snapshot_succeed_via_app_resp_behind`: gotcha 18.
#[test]
fn gotcha_18_a_follower_that_catches_up_behind_the_pending_snapshot_gets_entries_again() {
    let mut bench = lagging(10, 4);
    bench.heal();
    bench.beat(s(1));
    bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
    let pending = bench.at(s(1)).progress(s(3)).unwrap().transfer().unwrap();
    assert_eq!(pending.last, index(11));
    // Entries through 7, which is the base of the leader's log, reach it another way.
    let prefix = Message::AppendEntriesReply {
        term: Term::new(1),
        heartbeat: false,
        round: 0,
        outcome: AppendOutcome::Accepted {
            match_index: index(7),
        },
    };
    bench.mail.clear();
    bench.input(
        s(1),
        Input::Message {
            from: s(3),
            message: prefix,
        },
    );
    assert_eq!(state_of(&bench, s(3)), ProgressState::Replicate);
    let first = bench.mail.iter().find_map(|letter| match &letter.message {
        Message::AppendEntries {
            prev_index,
            entries,
            ..
        } if !entries.is_empty() => Some(*prev_index),
        _ => None,
    });
    assert_eq!(first, Some(index(7)));
}

/// Gotchas 12 and 21; Raft §7, Figure 13, step 6.
#[test]
fn gotcha_12_a_follower_that_has_the_last_entry_keeps_what_follows_it() {
    let mut bench = lagging(5, 0);
    let snapshot = bench.machines[0].disk.snapshot.clone().unwrap();
    bench.machines[2].disk = disk(1, &[1, 1, 1, 1, 1, 1, 1, 1]);
    for number in 2..=6 {
        let log = &mut bench.machines[2].disk.log;
        log.truncate(index(number));
        log.append([entry(1, number, number - 1)]);
    }
    bench.machines[2]
        .disk
        .log
        .append([entry(1, 7, 6), entry(1, 8, 7)]);
    bench.restart(s(3));
    let message = Message::InstallSnapshot {
        term: Term::new(1),
        snapshot,
        offset: 0,
        length: 16,
    };
    bench.input(
        s(3),
        Input::Message {
            from: s(1),
            message,
        },
    );
    assert_eq!(installed(&bench, s(3)), 0);
    assert_eq!(bench.at(s(3)).log().last_index(), index(8));
    assert_eq!(bench.at(s(3)).commit_index(), index(6));
}

#[test]
fn a_snapshot_older_than_what_is_committed_changes_nothing() {
    let mut bench = lagging(5, 0);
    let old = bench.machines[0].disk.snapshot.clone().unwrap();
    bench.heal();
    bench.propose(s(1), 6).unwrap();
    beat(&mut bench, 3);
    let before = bench.machines[2].disk.clone();
    let message = Message::InstallSnapshot {
        term: Term::new(1),
        snapshot: old,
        offset: 0,
        length: 1_000,
    };
    bench.input(
        s(3),
        Input::Message {
            from: s(1),
            message,
        },
    );
    assert_eq!(bench.machines[2].disk, before);
    let Message::InstallSnapshotReply { outcome, .. } = &bench.mail[0].message else {
        panic!("{:?}", bench.mail);
    };
    let match_index = index(7);
    assert_eq!(*outcome, InstallOutcome::Installed { match_index });
}

#[test]
fn entries_in_conflict_with_a_snapshot_are_discarded_with_their_log() {
    let mut bench = lagging(5, 0);
    bench.machines[2].disk = disk(0, &[0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bench.restart(s(3));
    bench.heal();
    beat(&mut bench, 3);
    assert_caught_up(&bench);
    assert_eq!(bench.at(s(3)).log().last_index(), index(6));
    assert_eq!(bench.at(s(3)).durable_index(), index(6));
}

#[test]
fn an_installed_snapshot_is_acknowledged_only_once_it_is_on_disk() {
    let mut bench = lagging(1, 0);
    first_chunk_again(&mut bench);
    assert_eq!(bench.at(s(3)).commit_index(), index(2));
    assert_eq!(bench.at(s(3)).durable_index(), index(0));
    assert_eq!(state_of(&bench, s(3)), ProgressState::Snapshot);
    bench.crash(s(3), 0);
    bench.restart(s(3));
    assert_eq!(bench.at(s(3)).commit_index(), index(0));
    bench.instant_disks = true;
    beat(&mut bench, 3);
    assert_caught_up(&bench);
}
