//! Replication: what a leader sends, and how it finds out what a follower has.

use super::*;

/// Raft, Figure 7: the leader of term 8 and the six followers it may find.
#[test]
fn all_six_followers_of_figure_7_are_repaired_with_one_probe_a_term_at_most() {
    let leader: &[u64] = &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    let logs: [&[u64]; 7] = [
        leader,
        &[1, 1, 1, 4, 4, 5, 5, 6, 6],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    let disks = logs.iter().map(|log| disk(7, log)).collect();
    let mut bench = Bench::with(disks, Rules::default());
    bench.elect(s(1));
    bench.beat(s(1));
    bench.settle();
    let repaired = [leader, &[8]].concat();
    assert_eq!(bench.logs(), vec![repaired; 7]);
    let rejections = |id: &ServerId| {
        bench
            .told(*id, |fact| {
                matches!(fact, RaftFact::AppendRejected { .. }).then_some(())
            })
            .len()
    };
    let counted: Vec<_> = bench.members().iter().map(rejections).collect();
    assert_eq!(counted, [0, 1, 1, 0, 0, 1, 1]);
    for id in bench.members() {
        assert_eq!(bench.at(*id).commit_index(), Index::new(11));
    }
}

/// Figure 8, from (b) on: S5 of term 3 has crashed, S1 stands for term 4 and brings its entry
/// of term 2 to a majority, then S5 comes back.
fn figure_8(rules: Rules) -> Bench {
    let logs: [&[u64]; 5] = [&[1, 2], &[1, 2], &[1], &[1], &[1, 3]];
    let disks = logs.iter().map(|log| disk(3, log)).collect();
    let mut bench = Bench::with(disks, rules);
    bench.settings.max_entries_per_message = 1;
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    bench.crash(s(5), 0);
    bench.isolate(s(4));
    bench.time_out(s(1));
    let carries_term_4 = |letter: &Letter| match &letter.message {
        Message::AppendEntries { entries, .. } => {
            entries.iter().any(|entry| entry.term == Term::new(4))
        }
        _ => false,
    };
    bench.settle_where(|letter| !carries_term_4(letter));
    // The first probe carried the no-op and was lost; the heartbeat probes again.
    bench.beat(s(1));
    bench.settle_where(|letter| !carries_term_4(letter));
    assert_eq!(bench.logs_of([1, 2, 3]), [&[1, 2, 4][..], &[1, 2], &[1, 2]]);
    bench
}

impl Bench {
    fn logs_of<const N: usize>(&self, servers: [u16; N]) -> [Vec<u64>; N] {
        servers.map(|number| terms_of(self.at(s(number)).log()))
    }
}

/// S1 crashes, and S5 comes back and stands for election; what it is then.
fn candidacy_of_s5(bench: &mut Bench) -> Role {
    bench.crash(s(1), 0);
    bench.heal();
    bench.restart(s(5));
    bench.time_out(s(5));
    bench.settle();
    bench.time_out(s(5));
    bench.settle();
    bench.at(s(5)).role()
}

/// (d): S5 is elected and overwrites.
fn overwrite(bench: &mut Bench) {
    assert_eq!(candidacy_of_s5(bench), Role::Leader);
}

#[test]
fn an_old_term_on_a_majority_is_not_committed_and_may_be_overwritten_figure_8() {
    let mut bench = figure_8(Rules::default());
    assert_eq!(bench.at(s(1)).commit_index(), Index::ZERO);
    overwrite(&mut bench);
    assert_eq!(bench.logs_of([2, 3]), [[1, 3, 5], [1, 3, 5]]);
    assert_eq!(bench.violation, None);
}

#[test]
fn committing_an_old_term_by_counting_loses_a_committed_entry_figure_8() {
    let mut bench = figure_8(off("commit_only_own_term"));
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(2));
    overwrite(&mut bench);
    assert!(bench.violation.unwrap().starts_with("state machine safety"));
}

/// Figure 8 (e): with an entry of term 4 on a majority, S5 cannot win.
#[test]
fn an_entry_of_the_own_term_commits_what_precedes_it_figure_8() {
    let mut bench = figure_8(Rules::default());
    bench.beat(s(1));
    bench.settle();
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(3));
    assert_eq!(candidacy_of_s5(&mut bench), Role::Candidate);
}

#[test]
fn an_entry_is_committed_once_however_many_acknowledge_it() {
    let mut bench = Bench::new(5);
    bench.elect(s(1));
    bench.propose(s(1), 1).unwrap();
    bench.settle();
    let committed = bench.told(s(1), |fact| match fact {
        RaftFact::Committed { through, .. } => Some(through.number()),
        _ => None,
    });
    assert_eq!(committed, [1, 2]);
}

#[test]
fn entries_that_wait_for_the_window_go_together() {
    let mut bench = Bench::new(2);
    bench.settings.max_inflight_messages = 2;
    bench.settings.max_entries_per_message = 3;
    bench.restart(s(1));
    bench.elect(s(1));
    for command in 0..6 {
        bench.propose(s(1), command).unwrap();
    }
    let sizes = |bench: &Bench| -> Vec<usize> {
        let entries = |letter: &Letter| match &letter.message {
            Message::AppendEntries { entries, .. } => Some(entries.len()),
            _ => None,
        };
        bench.mail.iter().filter_map(entries).collect()
    };
    assert_eq!(sizes(&bench), [1, 1]);
    assert_eq!(bench.at(s(1)).progress(s(2)).unwrap().inflight(), 2);
    let appends = bench.intercept(s(2));
    bench.deliver(appends[0].clone());
    let ack = bench.intercept(s(1)).remove(0);
    bench.deliver(ack);
    assert_eq!(sizes(&bench)[0], 3);
}

/// etcd #14633 and `replicate_pause`: nothing of a full window arrives.
#[test]
fn a_full_window_of_lost_messages_recovers_by_heartbeats() {
    let mut bench = Bench::new(3);
    bench.settings.max_inflight_messages = 3;
    bench.restart(s(1));
    bench.elect(s(1));
    bench.isolate(s(3));
    for command in 0..5 {
        bench.propose(s(1), command).unwrap();
        bench.settle();
    }
    let progress = bench.at(s(1)).progress(s(3)).unwrap();
    assert_eq!(progress.state(), ProgressState::Replicate);
    assert_eq!(progress.inflight(), 3);
    bench.heal();
    for _ in 0..2 {
        bench.beat(s(1));
        bench.settle();
    }
    assert_eq!(bench.at(s(3)).commit_index(), Index::new(6));
}

/// etcd's `heartbeat_resp_recovers_from_probing`.
#[test]
fn a_lost_probe_is_made_up_for_by_the_next_heartbeat() {
    let mut bench = Bench::new(3);
    bench.cut.insert((s(1), s(3)));
    bench.time_out(s(1));
    bench.settle();
    bench.cut.clear();
    let progress = bench.at(s(1)).progress(s(3)).unwrap();
    assert_eq!(
        (progress.state(), progress.inflight()),
        (ProgressState::Probe, 1)
    );
    bench.beat(s(1));
    bench.settle();
    let progress = bench.at(s(1)).progress(s(3)).unwrap();
    assert_eq!(progress.state(), ProgressState::Replicate);
    assert_eq!(bench.at(s(3)).commit_index(), Index::new(1));
}

#[test]
fn lost_acknowledgements_are_asked_for_by_heartbeats() {
    let mut bench = Bench::new(2);
    bench.elect(s(1));
    bench.propose(s(1), 1).unwrap();
    bench.settle_where(|letter| letter.to == s(2));
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(1));
    for _ in 0..2 {
        bench.beat(s(1));
        bench.settle();
    }
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(2));
}

/// openraft #1500: such a heartbeat was taken for a conflict.
#[test]
fn gotcha_11_a_heartbeat_that_overtakes_entries_is_accepted_and_commits_only_what_matches() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.propose(s(1), 1).unwrap();
    let late = bench.intercept(s(3));
    bench.settle();
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(2));
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.at(s(3)).commit_index(), Index::new(1));
    let progress = bench.at(s(1)).progress(s(3)).unwrap();
    assert_eq!(progress.state(), ProgressState::Replicate);
    for letter in late {
        bench.deliver(letter);
    }
    bench.settle();
    assert_eq!(bench.at(s(3)).commit_index(), Index::new(2));
    assert_eq!(bench.logs(), vec![vec![1, 1]; 3]);
}

/// etcd's `lagging_commit`: who was away when a commit was announced hears of it.
#[test]
fn a_follower_that_missed_a_commit_hears_of_it_with_the_next_heartbeat() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.propose(s(1), 1).unwrap();
    let appends = bench.intercept(s(3));
    bench.settle();
    for letter in appends {
        bench.deliver(letter);
    }
    bench.settle_where(|letter| letter.to != s(3));
    assert_eq!(bench.at(s(3)).commit_index(), Index::new(1));
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.at(s(3)).commit_index(), Index::new(2));
}

#[test]
fn followers_hear_of_a_commit_at_once_or_with_the_next_heartbeat_as_set() {
    for announce in [true, false] {
        let mut bench = Bench::new(3);
        bench.settings.announce_commit = announce;
        bench.restart(s(1));
        bench.elect(s(1));
        bench.propose(s(1), 1).unwrap();
        bench.settle();
        let learned = bench.at(s(2)).commit_index() == Index::new(2);
        assert_eq!(learned, announce);
        bench.beat(s(1));
        bench.settle();
        assert_eq!(bench.at(s(2)).commit_index(), Index::new(2));
    }
}

#[test]
fn an_isolated_leaders_entries_are_overwritten_when_it_returns() {
    let mut bench = Bench::new(5);
    bench.elect(s(1));
    bench.isolate(s(1));
    for command in 0..3 {
        bench.propose(s(1), command).unwrap();
    }
    bench.settle();
    bench.elect(s(2));
    bench.propose(s(2), 9).unwrap();
    bench.settle();
    bench.heal();
    bench.beat(s(2));
    bench.settle();
    assert_eq!(bench.logs(), vec![vec![1, 2, 2]; 5]);
    let truncated = bench.told(s(1), |fact| match fact {
        RaftFact::Truncated { from, through, .. } => Some((from.number(), through.number())),
        _ => None,
    });
    assert_eq!(truncated, [(2, 4)]);
    assert_eq!(bench.violation, None);
}

#[test]
fn a_follower_whose_disk_was_wiped_is_filled_again() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.propose(s(1), 1).unwrap();
    bench.settle();
    bench.crash(s(3), 0);
    bench.machines[2].disk = Durable::default();
    bench.restart(s(3));
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.logs(), vec![vec![1, 1]; 3]);
    assert_eq!(bench.at(s(3)).commit_index(), Index::new(2));
}

#[test]
fn a_quiet_heartbeat_round_tells_nothing_and_sends_one_message_each_way() {
    let mut bench = Bench::new(5);
    bench.elect(s(1));
    bench.facts.clear();
    bench.beat(s(1));
    assert_eq!(bench.mail.len(), 4);
    bench.settle();
    assert_eq!(bench.facts, []);
    assert!(bench.mail.is_empty());
}
