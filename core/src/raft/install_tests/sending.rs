//! A snapshot on its way, chunk by chunk.

use super::*;

/// etcd's `slow_follower_after_compaction`.
#[test]
fn a_follower_whose_next_entry_is_gone_gets_the_snapshot_and_then_entries() {
    let mut bench = lagging(9, 2);
    bench.propose(s(1), 10).unwrap();
    bench.heal();
    beat(&mut bench, 2);
    assert_caught_up(&bench);
    assert_eq!(installed(&bench, s(3)), 1);
    assert_eq!(bench.at(s(3)).log().first_index(), index(11));
    assert_eq!(terms_of(bench.at(s(3)).log()), [1]);
}

#[test]
fn chunks_go_one_at_a_time_and_each_waits_for_the_disk_of_the_follower() {
    let mut bench = lagging(4, 0);
    first_chunk_again(&mut bench);
    // The answer to the first chunk of 16 bytes waits.
    assert_eq!(bench.at(s(3)).partial_snapshot().unwrap().stored, 16);
    assert_eq!(
        bench
            .at(s(1))
            .progress(s(3))
            .unwrap()
            .transfer()
            .unwrap()
            .stored,
        0
    );
    bench.write_one(s(3));
    bench.mail.retain(|letter| letter.to == s(1));
    let answer = bench.mail.pop_back().unwrap();
    bench.deliver(answer);
    assert_eq!(chunks(&bench), [16]);
}

#[test]
fn a_lost_chunk_and_a_lost_answer_are_sent_again_and_a_double_adds_nothing() {
    for lost in 0..12 {
        let mut bench = lagging(6, 0);
        bench.heal();
        let mut count = 0;
        for _ in 0..10 {
            bench.beat(s(1));
            while let Some(letter) = bench.mail.pop_front() {
                let transfer = matches!(
                    letter.message,
                    Message::InstallSnapshot { .. } | Message::InstallSnapshotReply { .. }
                );
                count += u32::from(transfer);
                if !(transfer && count == lost) {
                    bench.deliver(letter.clone());
                    bench.deliver(letter);
                }
            }
        }
        assert_caught_up(&bench);
        assert_eq!(installed(&bench, s(3)), 1, "{lost}");
        // Three chunks and their answers, one of them twice; doubles beget nothing.
        assert!(count <= 14, "{count} messages");
    }
}

#[test]
fn a_chunk_that_overtook_another_is_refused_and_the_transfer_goes_on_where_it_stopped() {
    let mut bench = lagging(6, 0);
    let snapshot = bench.machines[0].disk.snapshot.clone().unwrap();
    let chunk = |offset| Message::InstallSnapshot {
        term: Term::new(1),
        snapshot: snapshot.clone(),
        offset,
        length: 16,
    };
    let mut stored = |offset| {
        let message = chunk(offset);
        bench.input(
            s(3),
            Input::Message {
                from: s(1),
                message,
            },
        );
        match bench.mail.pop_back().unwrap().message {
            Message::InstallSnapshotReply {
                outcome: InstallOutcome::Stored { bytes },
                ..
            } => bytes,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        [stored(16), stored(0), stored(0), stored(16)],
        [0, 16, 16, 32]
    );
}

#[test]
fn a_follower_that_crashes_half_way_goes_on_from_what_its_disk_has() {
    let mut bench = lagging(10, 0);
    bench.heal();
    bench.beat(s(1));
    bench.settle_where(|letter| {
        !matches!(letter.message, Message::InstallSnapshot { offset: 48, .. })
    });
    bench.crash(s(3), 0);
    bench.restart(s(3));
    assert_eq!(bench.at(s(3)).partial_snapshot().unwrap().stored, 48);
    beat(&mut bench, 3);
    assert_caught_up(&bench);
    let stored = bench.told(s(3), |fact| match fact {
        RaftFact::Snapshot(SnapshotFact::ChunkStored { stored, .. }) => Some(*stored),
        _ => None,
    });
    assert_eq!(stored, [16, 32, 48, 64]);
}

#[test]
fn a_chunk_that_the_disk_had_not_written_is_asked_for_again_after_a_crash() {
    let mut bench = lagging(10, 0);
    bench.heal();
    bench.beat(s(1));
    bench.settle_where(|letter| {
        !matches!(letter.message, Message::InstallSnapshot { offset: 16, .. })
    });
    bench.instant_disks = false;
    bench.beat(s(1));
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.at(s(3)).partial_snapshot().unwrap().stored, 32);
    bench.crash(s(3), 0);
    bench.instant_disks = true;
    bench.restart(s(3));
    assert_eq!(bench.at(s(3)).partial_snapshot().unwrap().stored, 16);
    beat(&mut bench, 4);
    assert_caught_up(&bench);
}

#[test]
fn the_next_leader_goes_on_where_the_last_one_stopped() {
    let mut bench = lagging(10, 0);
    bench.compact(s(2)).unwrap();
    bench.heal();
    bench.beat(s(1));
    bench.settle_where(|letter| {
        !matches!(letter.message, Message::InstallSnapshot { offset: 32, .. })
    });
    bench.crash(s(1), 0);
    bench.elect(s(2));
    for _ in 0..3 {
        bench.beat(s(2));
        bench.settle();
    }
    let resumed = bench.told(s(2), |fact| match fact {
        RaftFact::Snapshot(SnapshotFact::Resumed { offset, .. }) => Some(*offset),
        _ => None,
    });
    assert_eq!(resumed, [32]);
    assert_eq!(installed(&bench, s(3)), 1);
    assert_eq!(bench.machines[2].state, bench.machines[1].state);
    assert_eq!(bench.violation, None);
}

#[test]
fn heartbeats_go_on_while_a_snapshot_is_sent_and_are_not_refused() {
    let mut bench = lagging(10, 0);
    bench.heal();
    for _ in 0..5 {
        bench.beat(s(1));
        let to_s3 = bench.mail.iter().filter(|letter| letter.to == s(3));
        let beats = to_s3.filter(|letter| letter.message.kind() == MessageKind::Heartbeat);
        assert_eq!(beats.count(), 1);
        bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
    }
    let refused = bench.told(s(3), |fact| {
        matches!(fact, RaftFact::AppendRejected { .. }).then_some(())
    });
    // The probes before the leader knew.
    assert!(refused.len() <= 1, "{refused:?}");
    assert_eq!(state_of(&bench, s(3)), ProgressState::Snapshot);
}

#[test]
fn a_follower_that_stays_silent_is_given_up_until_it_is_heard() {
    let mut bench = lagging(10, 0);
    bench.heal();
    beat(&mut bench, 0);
    bench.beat(s(1));
    bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
    bench.isolate(s(3));
    beat(&mut bench, 12);
    assert_eq!(state_of(&bench, s(3)), ProgressState::Probe);
    for command in 11..14 {
        bench.propose(s(1), command).unwrap();
    }
    bench.settle();
    assert_eq!(state_of(&bench, s(3)), ProgressState::Probe);
    bench.compact(s(1)).unwrap();
    bench.heal();
    beat(&mut bench, 2);
    assert_caught_up(&bench);
    // The snapshot it got in the end was the later one.
    assert_eq!(bench.at(s(3)).snapshot().unwrap().last.index, index(14));
}
