//! Snapshots taken, sent and installed; windows full of what was lost.

use super::testing::{Bench, Letter, disk, entry, s, terms_of};
use super::*;

fn index(number: u64) -> Index {
    Index::new(number)
}

/// S1 leads, S3 has missed everything, `commands` commands among it, and S1's log begins after them
/// but `keep`.
fn lagging(commands: u64, keep: u64) -> Bench {
    let mut bench = Bench::new(3);
    bench.settings.snapshot_keep = keep;
    bench.settings.snapshot_chunk = 16;
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    bench.isolate(s(3));
    bench.elect(s(1));
    for command in 1..=commands {
        bench.propose(s(1), command).unwrap();
        bench.settle();
    }
    bench.compact(s(1)).unwrap();
    bench
}

/// The first chunk is lost, and the next leaves for a disk that writes when it is told to.
fn first_chunk_again(bench: &mut Bench) {
    bench.heal();
    bench.beat(s(1));
    bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
    bench.instant_disks = false;
    beat(bench, 2);
}

/// The bytes at which chunks in the mail begin.
fn chunks(bench: &Bench) -> Vec<u64> {
    let offset = |letter: &Letter| match letter.message {
        Message::InstallSnapshot { offset, .. } => Some(offset),
        _ => None,
    };
    bench.mail.iter().filter_map(offset).collect()
}

fn installed(bench: &Bench, id: ServerId) -> usize {
    let facts = bench.told(id, |fact| match fact {
        RaftFact::Snapshot(SnapshotFact::Installed { .. }) => Some(()),
        _ => None,
    });
    facts.len()
}

fn state_of(bench: &Bench, follower: ServerId) -> ProgressState {
    bench.at(s(1)).progress(follower).unwrap().state()
}

/// Heartbeats, and all that follows from them.
fn beat(bench: &mut Bench, times: usize) {
    for _ in 0..times {
        bench.beat(s(1));
        bench.settle();
    }
}

fn assert_caught_up(bench: &Bench) {
    assert_eq!(bench.violation, None);
    for id in bench.members() {
        let (own, first) = (&bench.machines[id.position()], &bench.machines[0]);
        assert_eq!(own.state, first.state, "{id}");
        assert_eq!(bench.at(*id).commit_index(), bench.at(s(1)).commit_index());
    }
    assert_eq!(state_of(bench, s(3)), ProgressState::Replicate);
}

mod taking {
    use super::*;

    #[test]
    fn a_snapshot_keeps_the_last_entries_in_the_log_and_survives_a_crash() {
        let mut bench = lagging(9, 3);
        let replica = bench.at(s(1));
        assert_eq!(replica.snapshot().unwrap().last.index, index(10));
        assert_eq!(replica.log().first_index(), index(8));
        bench.crash(s(1), 0);
        bench.restart(s(1));
        let replica = bench.at(s(1));
        assert_eq!(replica.commit_index(), index(10));
        assert_eq!(replica.log().first_index(), index(8));
        assert_eq!(bench.machines[0].state, (1..=9).collect::<Vec<_>>());
    }

    #[test]
    fn a_crash_before_the_snapshot_is_written_leaves_the_whole_log() {
        let mut bench = lagging(4, 0);
        bench.instant_disks = false;
        bench.propose(s(1), 5).unwrap();
        while bench.write_one(s(1)) {}
        bench.settle();
        let before = bench.machines[1].disk.log.clone();
        bench.compact(s(2)).unwrap();
        assert_eq!(bench.at(s(2)).log().base().index, index(5));
        bench.crash(s(2), 0);
        bench.restart(s(2));
        assert_eq!(*bench.at(s(2)).log(), before);
    }

    #[test]
    fn there_is_nothing_to_take_a_snapshot_of_twice() {
        let mut bench = Bench::new(1);
        assert_eq!(bench.compact(s(1)), Err(CompactError::NothingApplied));
        bench.elect(s(1));
        assert_eq!(bench.compact(s(1)), Ok(()));
        let error = bench.compact(s(1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "nothing was applied since the snapshot at entry 1"
        );
    }

    #[test]
    fn a_snapshot_is_due_as_many_entries_after_the_last_as_the_setting_says() {
        let mut bench = lagging(4, 0);
        bench.settings.snapshot_every = 3;
        bench.restart(s(1));
        let due = |through| bench.at(s(1)).is_snapshot_due(index(through));
        assert_eq!([due(5), due(7), due(8)], [false, false, true]);
    }

    /// Gotcha 21.
    #[test]
    fn a_snapshot_carries_the_configuration_and_a_server_that_boots_from_it_goes_by_it() {
        let mut bench = lagging(3, 0);
        let expected = bench.at(s(1)).configuration().clone();
        let snapshot = bench.machines[0].disk.snapshot.clone().unwrap();
        assert_eq!(snapshot.configuration, expected);
        bench.heal();
        beat(&mut bench, 2);
        let disk = bench.machines[2].disk.clone();
        let mut out = Vec::new();
        let nobody = Configuration::new([], []);
        let (settings, rules) = (bench.settings, bench.rules);
        let replica = Replica::boot(
            s(3),
            nobody,
            settings,
            rules,
            disk,
            Time::ZERO,
            Bits(0),
            &mut out,
        );
        assert_eq!(*replica.configuration(), expected);
    }
}

mod sending {
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
}

mod ending {
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
}

mod flow {
    use super::*;

    #[test]
    fn bytes_in_flight_are_bounded_as_messages_are() {
        let mut bench = Bench::new(3);
        bench.settings.max_inflight_bytes = 50;
        for id in bench.members().to_vec() {
            bench.restart(id);
        }
        bench.elect(s(1));
        for command in 0..9 {
            bench.propose(s(1), command).unwrap();
        }
        // An entry takes 24 bytes: the third begins below the bound, and no fourth.
        assert_eq!(bench.at(s(1)).progress(s(2)).unwrap().inflight(), 3);
        bench.settle();
        assert_eq!(bench.at(s(2)).commit_index(), index(10));
    }

    /// etcd #14633 (`replicate_pause`): gotcha 18.
    #[test]
    fn gotcha_18_a_window_full_of_lost_messages_opens_again() {
        let mut bench = Bench::new(3);
        bench.settings.max_inflight_messages = 3;
        for id in bench.members().to_vec() {
            bench.restart(id);
        }
        bench.elect(s(1));
        bench.isolate(s(3));
        for command in 0..9 {
            bench.propose(s(1), command).unwrap();
        }
        bench.settle();
        assert_eq!(bench.at(s(1)).progress(s(3)).unwrap().inflight(), 3);
        bench.heal();
        beat(&mut bench, 2);
        assert_caught_up(&bench);
    }

    #[test]
    fn a_leader_takes_on_only_so_much_that_is_not_committed_but_always_one_command() {
        let mut bench = Bench::new(3);
        bench.settings.max_uncommitted_bytes = 20;
        for id in bench.members().to_vec() {
            bench.restart(id);
        }
        bench.elect(s(1));
        bench.isolate(s(1));
        bench.propose(s(1), 1).unwrap();
        bench.propose(s(1), 2).unwrap();
        let refused = Err(ProposeError::TooMuchUncommitted {
            bytes: 16,
            limit: 20,
        });
        assert_eq!(bench.propose(s(1), 3), refused);
        bench.heal();
        beat(&mut bench, 3);
        bench.propose(s(1), 3).unwrap();
        bench.settings.max_uncommitted_bytes = 1;
        bench.restart(s(1));
        bench.elect(s(1));
        bench.propose(s(1), 4).unwrap();
    }
}

/// What a snapshot and who takes part, who leads, and what is read have to do with each other.
mod with_the_rest {
    use super::*;

    /// S1 leads the voters S1, S2 and S3, with S4 at hand; what is committed leaves every log at once.
    fn with_a_spare() -> Bench {
        let mut bench = Bench::with_spares(vec![disk(0, &[]); 4], 3, Rules::default());
        bench.settings.snapshot_keep = 0;
        bench.settings.snapshot_chunk = 16;
        for id in bench.members().to_vec() {
            bench.restart(id);
        }
        bench.elect(s(1));
        bench
    }

    fn change(bench: &mut Bench, voters: &[u16]) {
        let asked = bench.reconfigure(s(1), voters, &[], Transition::AsNeeded);
        asked.unwrap();
        bench.settle();
        beat(bench, 2);
    }

    /// Gotcha 21: async-raft lost its members with the second compaction (dba24036).
    #[test]
    fn gotcha_21_the_configuration_survives_two_compactions_a_crash_and_an_install() {
        let mut bench = with_a_spare();
        change(&mut bench, &[1, 2]);
        for command in 0..2 {
            bench.propose(s(1), command).unwrap();
            bench.settle();
            bench.compact(s(1)).unwrap();
        }
        assert_eq!(bench.at(s(1)).log().configurations().count(), 0);
        bench.crash(s(1), 9);
        bench.restart(s(1));
        assert_eq!(bench.goes_by(s(1)), "S1 S2");
        bench.elect(s(1));
        assert_eq!(bench.at(s(1)).term(), Term::new(2));
        bench.propose(s(1), 2).unwrap();
        bench.settle();
        bench.compact(s(1)).unwrap();
        // S4 has never seen an entry that says who takes part.
        change(&mut bench, &[1, 2, 4]);
        assert_eq!(installed(&bench, s(4)), 1);
        assert_eq!(bench.goes_by(s(4)), "S1 S2 S4");
        assert_eq!(bench.violation, None);
    }

    /// Gotcha 21: "load snapshot's cluster configuration" (Raft, Figure 13), and fall back to it
    /// when an entry that came after it is deleted.
    #[test]
    fn gotcha_21_a_server_falls_back_to_the_configuration_that_came_with_a_snapshot() {
        let mut bench = with_a_spare();
        change(&mut bench, &[1, 2, 3, 4]);
        bench.crash(s(4), 9);
        change(&mut bench, &[1, 2, 4]);
        bench.propose(s(1), 1).unwrap();
        bench.settle();
        bench.compact(s(1)).unwrap();
        bench.restart(s(4));
        assert_eq!(bench.goes_by(s(4)), "S1 S2 S3 S4");
        beat(&mut bench, 3);
        assert_eq!(bench.goes_by(s(4)), "S1 S2 S4");
        let through = bench.at(s(4)).log().last_index();
        assert_eq!(bench.at(s(4)).configured_at(), through);
        // S4 alone hears of the next configuration, and its entry is replaced.
        bench.cut.insert((s(1), s(2)));
        bench
            .reconfigure(s(1), &[1, 4], &[], Transition::AsNeeded)
            .unwrap();
        bench.settle_where(|letter| letter.to == s(4));
        bench.mail.clear();
        assert_eq!(bench.goes_by(s(4)), "S1 S4");
        let term = Term::new(9);
        let message = Message::AppendEntries {
            term,
            prev_index: through,
            prev_term: Term::new(1),
            entries: vec![entry(9, through.next().number(), 7)],
            commit: Index::ZERO,
            round: 0,
        };
        bench.input(
            s(4),
            Input::Message {
                from: s(2),
                message,
            },
        );
        assert_eq!(bench.goes_by(s(4)), "S1 S2 S4");
    }

    #[test]
    fn a_follower_that_leaves_is_sent_no_more_of_a_snapshot() {
        let mut bench = lagging(10, 0);
        bench.heal();
        bench.beat(s(1));
        bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
        assert_eq!(state_of(&bench, s(3)), ProgressState::Snapshot);
        bench.mail.clear();
        bench.isolate(s(3));
        change(&mut bench, &[1, 2]);
        assert_eq!(bench.at(s(1)).progress(s(3)), None);
        assert_eq!(bench.at(s(1)).transfers.len(), 0);
        change(&mut bench, &[1, 2, 3]);
        bench.heal();
        beat(&mut bench, 3);
        assert_caught_up(&bench);
    }

    #[test]
    fn a_read_waits_for_the_snapshot_that_brings_what_it_must_see() {
        let mut bench = lagging(10, 0);
        bench.heal();
        bench.beat(s(1));
        let is_chunk = |letter: &Letter| letter.message.kind() == MessageKind::InstallSnapshot;
        bench.settle_where(|letter| !is_chunk(letter));
        let read = bench.read(s(3));
        bench.settle_where(|letter| !is_chunk(letter));
        assert_eq!(bench.at(s(3)).pending_reads(), 1);
        assert!(!bench.served_reads.contains_key(&read));
        beat(&mut bench, 2);
        assert_eq!(installed(&bench, s(3)), 1);
        assert_eq!(bench.served_reads.get(&read), Some(&s(3)));
        assert_eq!(bench.violation, None);
    }

    #[test]
    fn a_transfer_waits_for_the_snapshot_and_ends_with_an_election_timeout() {
        let mut bench = lagging(10, 0);
        bench.heal();
        bench.input(s(1), Input::Transfer { to: s(3) });
        assert_eq!(bench.at(s(1)).transfer_target(), Some(s(3)));
        bench.beat(s(1));
        bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
        assert_eq!(state_of(&bench, s(3)), ProgressState::Snapshot);
        let refused = bench.propose(s(1), 99);
        assert_eq!(refused, Err(ProposeError::Transferring { to: s(3) }));
        beat(&mut bench, 2);
        assert_eq!(installed(&bench, s(3)), 1);
        assert_eq!(bench.at(s(3)).role(), Role::Leader);

        let mut bench = lagging(10, 0);
        bench.input(s(1), Input::Transfer { to: s(3) });
        bench.now += bench.settings.election_timeout.0;
        beat(&mut bench, 1);
        assert_eq!(bench.at(s(1)).transfer_target(), None);
        bench.propose(s(1), 99).unwrap();
    }
}
