//! What several replicas do together, and what one does with late, lost and doubled messages.

use super::testing::{Bench, Letter, disk, entry, log_of_terms, s, terms_of};
use super::*;

/// A replica alone with its inputs: what it sends and writes is the test's to look at.
struct Solo {
    replica: Replica<u64>,
    out: Vec<Output<u64>>,
}

impl Solo {
    /// S1 of `servers`, with this disk.
    fn boot(servers: u16, disk: Durable<u64>, rules: Rules) -> Self {
        let members: Vec<_> = (1..=servers).map(s).collect();
        let mut out = Vec::new();
        let settings = Settings::default();
        let now = Time::ZERO;
        let bits = Bits(1 << 63);
        let replica = Replica::boot(
            s(1),
            Configuration::new(members, []),
            settings,
            rules,
            disk,
            now,
            bits,
            &mut out,
        );
        out.clear();
        Self { replica, out }
    }

    fn input(&mut self, input: Input<u64>) -> &[Output<u64>] {
        self.out.clear();
        self.replica
            .step(Time::from_millis(1), Bits(1 << 62), input, &mut self.out);
        &self.out
    }

    fn receive(&mut self, from: ServerId, message: Message<u64>) -> &[Output<u64>] {
        self.input(Input::Message { from, message })
    }

    fn sent(&self) -> Vec<Message<u64>> {
        let send = |output: &Output<u64>| match output {
            Output::Send { message, .. } => Some(message.clone()),
            _ => None,
        };
        self.out.iter().filter_map(send).collect()
    }

    fn writes(&self) -> Vec<(Token, Write<u64>)> {
        let persist = |output: &Output<u64>| match output {
            Output::Persist { token, write } => Some((*token, write.clone())),
            _ => None,
        };
        self.out.iter().filter_map(persist).collect()
    }

    /// The disk confirms everything.
    fn store_all(&mut self) {
        self.input(Input::Stored(Token::new(u64::MAX)));
    }
}

/// An `AppendEntries` with entries of these terms; each says its index plus `salt`.
fn append(term: u64, prev: (u64, u64), terms: &[u64], commit: u64) -> Message<u64> {
    let (prev_index, prev_term) = prev;
    let entries = (prev_index + 1..).zip(terms);
    Message::AppendEntries {
        term: Term::new(term),
        prev_index: Index::new(prev_index),
        prev_term: Term::new(prev_term),
        entries: entries.map(|(i, t)| entry(*t, i, i)).collect(),
        commit: Index::new(commit),
        round: 1,
    }
}

fn accepted(message: &Message<u64>) -> Option<u64> {
    match message {
        Message::AppendEntriesReply {
            outcome: AppendOutcome::Accepted { match_index },
            ..
        } => Some(match_index.number()),
        _ => None,
    }
}

fn request_vote(term: u64, last: (u64, u64)) -> Message<u64> {
    Message::RequestVote {
        term: Term::new(term),
        last_index: Index::new(last.0),
        last_term: Term::new(last.1),
        priority: 0,
        transfer: false,
    }
}

fn off(name: &str) -> Rules {
    let mut rules = Rules::default();
    rules.switch(name, false).unwrap();
    rules
}

mod elections {
    use super::*;

    #[test]
    fn the_first_to_time_out_is_elected_and_every_size_commits() {
        for servers in 1..=9 {
            let mut bench = Bench::new(servers);
            bench.elect(s(1));
            let (term, index) = bench.propose(s(1), 7).unwrap();
            bench.settle();
            assert_eq!((term, index), (Term::new(1), Index::new(2)));
            for id in bench.members() {
                assert_eq!(bench.at(*id).leader(), Some(s(1)));
                assert_eq!(bench.at(*id).commit_index(), index, "{id} of {servers}");
            }
        }
    }

    #[test]
    fn one_server_elects_itself_and_commits_alone_but_only_once_its_disk_has_written() {
        let mut bench = Bench::new(1);
        bench.instant_disks = false;
        bench.time_out(s(1));
        assert_eq!(bench.at(s(1)).role(), Role::Candidate);
        bench.write_one(s(1));
        assert_eq!(bench.at(s(1)).role(), Role::Leader);
        assert_eq!(bench.at(s(1)).commit_index(), Index::ZERO);
        bench.write_one(s(1));
        assert_eq!(bench.at(s(1)).commit_index(), Index::new(1));
    }

    #[test]
    fn two_of_four_are_no_majority() {
        let mut bench = Bench::new(4);
        bench.isolate(s(3));
        bench.isolate(s(4));
        bench.time_out(s(1));
        bench.settle();
        assert_eq!(bench.at(s(1)).role(), Role::Candidate);
        bench.heal();
        bench.isolate(s(4));
        bench.elect(s(1));
    }

    #[test]
    fn a_split_vote_elects_nobody_and_the_next_term_decides() {
        let mut bench = Bench::new(4);
        bench.time_out(s(1));
        bench.time_out(s(2));
        // S3 hears S1 first, S4 hears S2 first.
        let to_s4 = bench.intercept(s(4));
        bench.mail.extend(to_s4.into_iter().rev());
        bench.settle();
        assert_eq!(bench.at(s(1)).role(), Role::Candidate);
        assert_eq!(bench.at(s(2)).role(), Role::Candidate);
        assert!(bench.leaders.is_empty());
        bench.elect(s(2));
        let reasons = bench.told(s(2), |fact| match fact {
            RaftFact::StoodForElection { reason, .. } => Some(*reason),
            _ => None,
        });
        assert_eq!(
            reasons[1],
            ElectionReason::NoMajority { term: Term::new(1) }
        );
        assert_eq!(bench.at(s(1)).leader(), Some(s(2)));
    }

    #[test]
    fn a_lost_request_for_a_vote_is_repeated_to_those_who_have_not_answered() {
        let mut bench = Bench::new(5);
        bench.time_out(s(1));
        bench.settle_where(|letter| letter.to == s(2) || letter.from == s(2));
        assert_eq!(bench.at(s(1)).role(), Role::Candidate);
        let expected = bench.now + bench.settings.heartbeat;
        assert_eq!(bench.timer(s(1), Timer::Heartbeat), Some(expected));
        bench.beat(s(1));
        let asked: Vec<_> = bench.mail.iter().map(|letter| letter.to).collect();
        assert_eq!(asked, [s(3), s(4), s(5)]);
        bench.settle();
        assert_eq!(bench.at(s(1)).role(), Role::Leader);
    }

    #[test]
    fn a_vote_given_twice_counts_once() {
        let mut solo = Solo::boot(5, Durable::default(), Rules::default());
        solo.input(Input::Timer(Timer::Election));
        solo.store_all();
        let grant = Message::RequestVoteReply {
            term: Term::new(1),
            granted: true,
        };
        solo.receive(s(2), grant.clone());
        solo.receive(s(2), grant.clone());
        assert_eq!(solo.replica.role(), Role::Candidate);
        solo.receive(s(3), grant);
        assert_eq!(solo.replica.role(), Role::Leader);
    }

    #[test]
    fn a_candidate_asks_nobody_and_has_no_vote_before_its_term_is_durable() {
        let mut solo = Solo::boot(3, Durable::default(), Rules::default());
        solo.input(Input::Timer(Timer::Election));
        assert_eq!(solo.sent(), []);
        let hard = HardState {
            term: Term::new(1),
            voted_for: Some(s(1)),
        };
        assert_eq!(solo.writes(), [(Token::new(1), Write::HardState(hard))]);
        assert!(solo.replica.ballots().all(|(_, b)| b == Ballot::Unanswered));
        // Nor when it would repeat itself meanwhile.
        solo.input(Input::Timer(Timer::Heartbeat));
        assert_eq!(solo.sent(), []);
        solo.input(Input::Stored(Token::new(1)));
        assert_eq!(solo.sent().len(), 2);
        let ballots: Vec<_> = solo.replica.ballots().collect();
        assert_eq!(ballots[0], (s(1), Ballot::Granted));
    }

    #[test]
    fn a_candidacy_that_is_over_asks_for_no_votes_when_the_disk_catches_up() {
        let mut solo = Solo::boot(3, Durable::default(), Rules::default());
        solo.input(Input::Timer(Timer::Election));
        solo.input(Input::Timer(Timer::Election));
        solo.input(Input::Stored(Token::new(1)));
        assert_eq!(solo.sent(), []);
        assert!(solo.replica.ballots().all(|(_, b)| b == Ballot::Unanswered));
        solo.input(Input::Stored(Token::new(2)));
        assert!(solo.sent().iter().all(|m| m.term() == Term::new(2)));
        assert_eq!(solo.sent().len(), 2);
    }

    #[test]
    fn gotcha_14_a_vote_leaves_only_when_term_and_vote_are_durable_in_one_record() {
        let mut solo = Solo::boot(3, Durable::default(), Rules::default());
        solo.receive(s(2), request_vote(4, (0, 0)));
        assert_eq!(solo.sent(), []);
        let hard = HardState {
            term: Term::new(4),
            voted_for: Some(s(2)),
        };
        assert_eq!(solo.writes(), [(Token::new(1), Write::HardState(hard))]);
        solo.input(Input::Stored(Token::new(1)));
        assert_eq!(solo.sent()[0].granted(), Some(true));
    }

    #[test]
    fn without_sync_before_reply_a_vote_leaves_before_it_is_durable() {
        let mut solo = Solo::boot(3, Durable::default(), off("sync_before_reply"));
        solo.receive(s(2), request_vote(4, (0, 0)));
        assert_eq!(solo.sent()[0].granted(), Some(true));
    }

    /// Casts S1's vote in term 1, crashes it, and asks again for another.
    fn second_vote_after_a_restart(rules: Rules) -> Option<bool> {
        let mut disk = Durable::default();
        let mut solo = Solo::boot(3, disk.clone(), rules);
        solo.receive(s(2), request_vote(1, (0, 0)));
        for (_, write) in solo.writes() {
            disk.apply(&write);
        }
        let mut solo = Solo::boot(3, disk, rules);
        solo.receive(s(3), request_vote(1, (0, 0)));
        solo.store_all_if_nothing_sent();
        solo.sent()[0].granted()
    }

    impl Solo {
        fn store_all_if_nothing_sent(&mut self) {
            if self.sent().is_empty() {
                self.store_all();
            }
        }
    }

    #[test]
    fn a_restart_remembers_the_vote_unless_votes_are_not_persisted() {
        assert_eq!(second_vote_after_a_restart(Rules::default()), Some(false));
        assert_eq!(second_vote_after_a_restart(off("persist_vote")), Some(true));
    }

    #[test]
    fn a_voter_with_the_more_up_to_date_log_denies_its_vote_unless_the_rule_is_off() {
        let vote = |rules, last| {
            let mut solo = Solo::boot(3, disk(3, &[1, 1, 3]), rules);
            solo.receive(s(2), request_vote(4, last));
            solo.store_all();
            solo.sent()[0].granted()
        };
        let on = Rules::default();
        assert_eq!(vote(on, (2, 3)), Some(false), "a shorter log");
        assert_eq!(vote(on, (9, 2)), Some(false), "an earlier last term");
        assert_eq!(vote(on, (3, 3)), Some(true), "the same log");
        assert_eq!(vote(on, (1, 4)), Some(true), "a later last term");
        assert_eq!(vote(off("up_to_date_vote"), (2, 3)), Some(true));
    }

    #[test]
    fn a_stale_leader_hears_of_the_new_term_and_steps_down() {
        let mut bench = Bench::new(3);
        bench.elect(s(1));
        bench.isolate(s(1));
        bench.elect(s(2));
        assert_eq!(bench.at(s(1)).role(), Role::Leader);
        bench.heal();
        bench.beat(s(1));
        bench.settle();
        assert_eq!(bench.at(s(1)).role(), Role::Follower);
        assert_eq!(bench.at(s(1)).term(), Term::new(2));
        assert!(bench.timer(s(1), Timer::Election).is_some());
        assert!(bench.timer(s(1), Timer::Heartbeat).is_none());
    }

    /// Gotcha 15 (hashicorp/raft #695): there, a heartbeat that was handled beside the leader's own
    /// thread raised the term, and the leader gave it to the next entry.
    #[test]
    fn gotcha_15_no_entry_gets_a_term_that_its_leader_was_not_elected_in() {
        let mut bench = Bench::new(3);
        bench.elect(s(1));
        bench.isolate(s(1));
        bench.elect(s(2));
        bench.heal();
        bench.beat(s(2));
        for letter in bench.intercept(s(1)) {
            bench.deliver(letter);
            assert_eq!(bench.at(s(1)).term(), Term::new(2));
            let leader = Some(s(2));
            assert_eq!(
                bench.propose(s(1), 7),
                Err(ProposeError::NotLeader { leader })
            );
        }
        bench.settle();
        assert!(!terms_of(bench.at(s(1)).log()).is_empty());
        for command in 0..3 {
            bench.propose(s(2), command).unwrap();
            bench.settle();
        }
        let leads = |entry: &Entry<u64>| bench.leaders.contains_key(&entry.term);
        let log = bench.at(s(1)).log();
        assert!(log.range(Index::ZERO, log.last_index()).all(leads));
        assert_eq!(terms_of(log), [1, 2, 2, 2, 2]);
        assert_eq!(bench.violation, None);
    }

    #[test]
    fn a_leader_has_no_election_timer_and_ignores_hands_on_it() {
        let mut bench = Bench::new(3);
        bench.elect(s(1));
        assert_eq!(bench.at(s(1)).election_deadline(), None);
        assert_eq!(bench.timer(s(1), Timer::Election), None);
        bench.input(s(1), Input::SetElectionTimer { at: Time::ZERO });
        bench.time_out(s(1));
        assert_eq!(bench.timer(s(1), Timer::Election), None);
        assert_eq!(bench.at(s(1)).role(), Role::Leader);
    }

    #[test]
    fn a_candidate_that_wins_nothing_stands_again_when_its_timer_runs_down_once_more() {
        let mut solo = Solo::boot(3, Durable::default(), Rules::default());
        solo.input(Input::SetElectionTimer { at: Time::ZERO });
        solo.input(Input::Timer(Timer::Election));
        assert!(solo.replica.election_deadline() > Some(Time::ZERO));
        solo.input(Input::Timer(Timer::Election));
        assert_eq!(solo.replica.term(), Term::new(2));
    }

    #[test]
    fn a_candidate_that_asks_again_gets_the_same_answer() {
        let mut solo = Solo::boot(3, Durable::default(), Rules::default());
        solo.receive(s(2), request_vote(1, (0, 0)));
        solo.store_all();
        solo.receive(s(2), request_vote(1, (0, 0)));
        assert_eq!(solo.sent()[0].granted(), Some(true));
        assert_eq!(solo.writes(), []);
        solo.receive(s(3), request_vote(1, (0, 0)));
        assert_eq!(solo.sent()[0].granted(), Some(false));
    }

    /// S1 of three, leading term 1 with everything stored.
    fn solo_leader() -> Solo {
        let mut solo = Solo::boot(3, Durable::default(), Rules::default());
        solo.input(Input::Timer(Timer::Election));
        solo.store_all();
        let message = Message::RequestVoteReply {
            term: Term::new(1),
            granted: true,
        };
        solo.receive(s(2), message);
        solo.store_all();
        assert_eq!(solo.replica.role(), Role::Leader);
        solo
    }

    #[test]
    fn a_term_learned_from_a_reply_is_written_down_and_ends_a_leadership() {
        let mut solo = solo_leader();
        let message = Message::RequestVoteReply {
            term: Term::new(5),
            granted: false,
        };
        solo.receive(s(3), message);
        assert_eq!(solo.replica.role(), Role::Follower);
        let hard = HardState {
            term: Term::new(5),
            voted_for: None,
        };
        assert_eq!(solo.writes()[0].1, Write::HardState(hard));
    }

    /// Only a broken rule makes two leaders in a term, or a follower with more than its leader;
    /// election safety is then what a reader should see violated, not a panic.
    #[test]
    fn a_leader_neither_follows_another_of_its_term_nor_believes_in_entries_it_lacks() {
        let mut solo = solo_leader();
        assert_eq!(solo.receive(s(2), append(1, (0, 0), &[1, 1], 2)), []);
        assert_eq!(solo.replica.role(), Role::Leader);
        let message = Message::AppendEntriesReply {
            term: Term::new(1),
            heartbeat: false,
            round: 0,
            outcome: AppendOutcome::Accepted {
                match_index: Index::new(99),
            },
        };
        solo.receive(s(2), message);
        let matched = solo.replica.progress(s(2)).unwrap().match_index();
        assert_eq!(matched, Index::new(1));
        assert_eq!(solo.replica.commit_index(), Index::new(1));
    }

    #[test]
    fn a_hand_on_the_election_timer_moves_its_end_and_keeps_what_was_drawn() {
        let mut solo = Solo::boot(3, Durable::default(), Rules::default());
        let drawn = solo.replica.election_timeout();
        let at = Time::from_millis(12);
        solo.input(Input::SetElectionTimer { at });
        assert_eq!(solo.replica.election_deadline(), Some(at));
        assert_eq!(solo.replica.election_timeout(), drawn);
        let timer = Timer::Election;
        assert_eq!(solo.out, [Output::SetTimer { timer, at }]);
    }

    #[test]
    fn only_a_granted_vote_or_the_current_leader_resets_the_election_timer() {
        let mut solo = Solo::boot(3, disk(2, &[1, 2]), Rules::default());
        let before = solo.replica.election_deadline();
        solo.receive(s(2), request_vote(3, (1, 1)));
        assert_eq!(solo.replica.election_deadline(), before, "a vote denied");
        solo.receive(s(2), append(2, (0, 0), &[], 0));
        assert_eq!(solo.replica.election_deadline(), before, "a stale leader");
        solo.receive(s(3), request_vote(3, (2, 2)));
        let granted = solo.replica.election_deadline();
        assert_ne!(granted, before);
        // Every step draws the same bits here; time moves.
        solo.out.clear();
        let message = append(3, (0, 0), &[], 0);
        let input = Input::Message {
            from: s(3),
            message,
        };
        solo.replica
            .step(Time::from_millis(9), Bits(0), input, &mut solo.out);
        assert_ne!(solo.replica.election_deadline(), granted);
    }

    #[test]
    fn the_belief_in_a_leader_ends_with_its_term() {
        let mut bench = Bench::new(3);
        bench.elect(s(1));
        assert_eq!(bench.at(s(3)).leader(), Some(s(1)));
        bench.time_out(s(2));
        assert_eq!(bench.at(s(2)).leader(), None);
        let to_s3 = bench.intercept(s(3));
        bench.deliver(to_s3.into_iter().next().unwrap());
        assert_eq!(bench.at(s(3)).leader(), None);
        assert_eq!(
            bench.propose(s(3), 1),
            Err(ProposeError::NotLeader { leader: None }),
            "a hint that is out of date is worse than none"
        );
    }
}

mod replication {
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

    /// (d): S1 crashes, S5 is elected and overwrites.
    fn overwrite(bench: &mut Bench) {
        bench.crash(s(1), 0);
        bench.heal();
        bench.restart(s(5));
        bench.time_out(s(5));
        bench.settle();
        bench.time_out(s(5));
        bench.settle();
        assert_eq!(bench.at(s(5)).role(), Role::Leader);
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
        bench.crash(s(1), 0);
        bench.heal();
        bench.restart(s(5));
        bench.time_out(s(5));
        bench.settle();
        bench.time_out(s(5));
        bench.settle();
        assert_eq!(bench.at(s(5)).role(), Role::Candidate);
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
}

mod follower {
    use super::*;

    #[test]
    fn entries_are_acknowledged_only_when_they_are_durable() {
        for (rules, at_once) in [(Rules::default(), false), (off("sync_before_reply"), true)] {
            let mut solo = Solo::boot(3, disk(1, &[1]), rules);
            solo.receive(s(2), append(1, (1, 1), &[1, 1], 0));
            assert_eq!(!solo.sent().is_empty(), at_once);
            if !at_once {
                let (token, _) = solo.writes()[0];
                solo.input(Input::Stored(token));
                assert_eq!(accepted(&solo.sent()[0]), Some(3));
            }
        }
    }

    #[test]
    fn gotcha_14_the_term_is_handed_to_the_disk_before_entries_of_it() {
        let mut solo = Solo::boot(3, disk(1, &[1]), Rules::default());
        solo.receive(s(2), append(3, (1, 1), &[3], 0));
        let writes = solo.writes();
        assert!(matches!(writes[0].1, Write::HardState(hard) if hard.term == Term::new(3)));
        assert!(matches!(writes[1].1, Write::Append { .. }));
    }

    #[test]
    fn a_heartbeat_is_answered_while_later_entries_wait_for_the_disk() {
        let mut solo = Solo::boot(3, disk(1, &[1]), Rules::default());
        solo.receive(s(2), append(1, (1, 1), &[1], 0));
        assert_eq!(solo.sent(), []);
        solo.receive(s(2), append(1, (1, 1), &[], 0));
        assert_eq!(accepted(&solo.sent()[0]), Some(1));
    }

    /// etcd's `async_storage_writes_append_aba_race`, as a follower sees it.
    #[test]
    fn gotcha_13_a_late_disk_confirmation_never_acknowledges_what_replaced_the_entries() {
        let mut solo = Solo::boot(3, disk(1, &[1]), Rules::default());
        solo.receive(s(2), append(1, (1, 1), &[1, 1], 0));
        let (old, _) = solo.writes()[0];
        solo.receive(s(3), append(2, (1, 1), &[2, 2], 0));
        let new = solo.writes().last().unwrap().0;
        solo.input(Input::Stored(old));
        assert_eq!(solo.replica.durable_index(), Index::new(1));
        // What goes out is the answer to the leader of term 1, still of that term.
        assert_eq!(solo.sent().len(), 1);
        assert_eq!(solo.sent()[0].term(), Term::new(1));
        solo.input(Input::Stored(new));
        assert_eq!(solo.replica.durable_index(), Index::new(3));
        assert_eq!(accepted(&solo.sent()[0]), Some(3));
        assert_eq!(solo.sent()[0].term(), Term::new(2));
    }

    /// openraft 9540c904: deleting everything after `prev` lost committed entries.
    #[test]
    fn gotcha_12_a_late_message_does_not_delete_the_entries_that_came_after_it() {
        for message in [append(1, (1, 1), &[1], 0), append(1, (1, 1), &[], 0)] {
            let mut solo = Solo::boot(3, disk(1, &[1, 1, 1, 1]), Rules::default());
            solo.receive(s(2), message.clone());
            assert_eq!(terms_of(solo.replica.log()), [1, 1, 1, 1]);
            assert_eq!(solo.writes(), []);

            let rules = off("truncate_only_on_conflict");
            let mut solo = Solo::boot(3, disk(1, &[1, 1, 1, 1]), rules);
            solo.receive(s(2), message);
            assert!(solo.replica.log().last_index() < Index::new(4));
        }
    }

    #[test]
    fn a_conflict_deletes_from_the_first_differing_entry_on() {
        let mut solo = Solo::boot(3, disk(2, &[1, 1, 2, 2]), Rules::default());
        solo.receive(s(2), append(3, (1, 1), &[1, 3], 0));
        assert_eq!(terms_of(solo.replica.log()), [1, 1, 3]);
        let writes: Vec<_> = solo.writes().into_iter().map(|(_, write)| write).collect();
        let from = Index::new(3);
        assert_eq!(writes[1], Write::Truncate { from });
        let entries = vec![entry(3, 3, 3)];
        assert_eq!(writes[2], Write::Append { entries });
    }

    #[test]
    fn gotcha_12_a_message_from_below_the_commit_index_is_answered_with_the_commit_index() {
        let mut solo = Solo::boot(3, disk(1, &[1, 1, 1]), Rules::default());
        solo.receive(s(2), append(1, (3, 1), &[], 3));
        assert_eq!(solo.replica.commit_index(), Index::new(3));
        solo.receive(s(2), append(1, (1, 1), &[1], 1));
        assert_eq!(accepted(&solo.sent()[0]), Some(3));
        assert_eq!(solo.replica.commit_index(), Index::new(3));
    }

    #[test]
    fn the_commit_index_stays_within_what_the_leader_vouched_for_unless_the_rule_is_off() {
        let committed = |rules| {
            // Entries 2 and 3 are leftovers; the leader of term 3 has others there.
            let mut solo = Solo::boot(3, disk(2, &[1, 2, 2]), rules);
            solo.receive(s(2), append(3, (1, 1), &[], 3));
            solo.replica.commit_index().number()
        };
        assert_eq!(committed(Rules::default()), 1);
        assert_eq!(committed(off("commit_bound_by_new_entries")), 3);
    }

    #[test]
    fn a_gap_is_refused_with_a_hint_that_skips_later_terms() {
        let mut solo = Solo::boot(3, disk(3, &[1, 1, 2, 3, 3]), Rules::default());
        let mut hint = |prev| {
            solo.receive(s(2), append(9, prev, &[9], 0));
            solo.store_all_if_held();
            match solo.sent()[0] {
                Message::AppendEntriesReply {
                    outcome:
                        AppendOutcome::Rejected {
                            prev_index,
                            hint_index,
                            hint_term,
                        },
                    ..
                } => (prev_index.number(), hint_index.number(), hint_term.number()),
                ref other => panic!("{other:?}"),
            }
        };
        assert_eq!(hint((9, 9)), (9, 5, 3));
        assert_eq!(hint((9, 2)), (9, 3, 2));
        assert_eq!(hint((4, 1)), (4, 2, 1));
    }

    impl Solo {
        fn store_all_if_held(&mut self) {
            if self.sent().is_empty() {
                self.store_all();
            }
        }
    }

    #[test]
    fn the_same_message_twice_changes_nothing_the_second_time() {
        let mut solo = Solo::boot(3, disk(1, &[1]), Rules::default());
        let message = append(2, (1, 1), &[2, 2], 1);
        solo.receive(s(2), message.clone());
        solo.store_all();
        let before = solo.replica.clone();
        solo.receive(s(2), message);
        assert_eq!(solo.writes(), []);
        assert_eq!(accepted(&solo.sent()[0]), Some(3));
        assert_eq!(solo.replica.log(), before.log());
        assert_eq!(solo.replica.commit_index(), before.commit_index());
    }
}

mod leader_disk {
    use super::*;

    #[test]
    fn a_leader_commits_on_its_followers_disks_while_its_own_is_slow() {
        let mut bench = Bench::new(3);
        bench.elect(s(1));
        bench.instant_disks = false;
        bench.propose(s(1), 1).unwrap();
        let appends: Vec<_> = bench.mail.drain(..).collect();
        for letter in appends {
            bench.deliver(letter);
        }
        bench.write_one(s(2));
        bench.settle();
        assert_eq!(bench.at(s(1)).commit_index(), Index::new(1), "S2 alone");
        bench.write_one(s(3));
        bench.settle();
        assert_eq!(bench.at(s(1)).commit_index(), Index::new(2));
        assert_eq!(bench.at(s(1)).durable_index(), Index::new(1));
    }

    #[test]
    fn gotcha_17_a_leader_counts_itself_once_its_own_disk_has_written() {
        let mut bench = Bench::new(3);
        bench.elect(s(1));
        bench.isolate(s(3));
        bench.instant_disks = false;
        bench.propose(s(1), 1).unwrap();
        bench.settle();
        bench.write_one(s(2));
        bench.settle();
        assert_eq!(bench.at(s(1)).commit_index(), Index::new(1));
        bench.write_one(s(1));
        assert_eq!(bench.at(s(1)).commit_index(), Index::new(2));
    }

    /// The append ABA race, as a leader sees it: its disk confirms entries of an earlier
    /// leadership, which have been replaced since.
    #[test]
    fn gotcha_13_a_leader_does_not_count_a_late_confirmation_of_entries_it_no_longer_has() {
        let mut solo = Solo::boot(2, disk(1, &[1]), Rules::default());
        solo.input(Input::Timer(Timer::Election));
        solo.store_all();
        let grant = |term| Message::RequestVoteReply {
            term: Term::new(term),
            granted: true,
        };
        solo.receive(s(2), grant(2));
        let (old, _) = solo.writes()[0];
        solo.receive(s(2), append(3, (1, 1), &[3], 0));
        solo.input(Input::Timer(Timer::Election));
        solo.input(Input::Stored(old));
        assert_eq!(solo.replica.durable_index(), Index::new(1));
        assert_eq!(solo.replica.log().last_index(), Index::new(2));
    }

    #[test]
    fn a_restart_boots_from_what_was_written_and_nothing_else() {
        let mut bench = Bench::new(3);
        bench.elect(s(1));
        bench.instant_disks = false;
        for command in 0..3 {
            bench.propose(s(1), command).unwrap();
        }
        bench.crash(s(1), 2);
        bench.restart(s(1));
        let replica = bench.at(s(1));
        assert_eq!(replica.log().last_index(), Index::new(3));
        assert_eq!(replica.durable_index(), Index::new(3));
        assert_eq!(replica.term(), Term::new(1));
        assert_eq!(replica.voted_for(), Some(s(1)));
        assert_eq!(replica.commit_index(), Index::ZERO);
        assert_eq!(replica.role(), Role::Follower);
        assert_eq!(replica.leader(), None);
    }
}

#[test]
fn a_written_log_is_what_its_writes_say() {
    let mut disk = disk(1, &[1, 1, 1]);
    disk.apply(&Write::Truncate {
        from: Index::new(3),
    });
    disk.apply(&Write::Append {
        entries: vec![entry(2, 3, 3)],
    });
    assert_eq!(disk.log, log_of_terms(&[1, 1, 2]));
}
