//! Elections: who is elected, by whose votes, and what becomes of a leader.

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
    solo.store_all_if_held();
    solo.sent()[0].granted()
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
