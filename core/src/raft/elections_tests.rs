//! Pre-vote, check-quorum, leases, transfers and linearizable reads: what they are for, and where
//! they have gone wrong elsewhere.

use super::testing::{Bench, disk, s};
use super::*;

/// Servers with these disks and settings.
fn bench_of(disks: Vec<Durable<u64>>, change: impl Fn(&mut Settings)) -> Bench {
    let mut bench = Bench::with(disks, Rules::default());
    change(&mut bench.settings);
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    bench
}

fn empty(servers: usize) -> Vec<Durable<u64>> {
    vec![Durable::default(); servers]
}

fn pre_vote(settings: &mut Settings) {
    settings.pre_vote = true;
}

fn both(settings: &mut Settings) {
    settings.pre_vote = true;
    settings.check_quorum = true;
}

/// What was sent in answer to a question for a pre-vote: term and whether it was granted.
fn pre_vote_replies(bench: &Bench) -> Vec<(u64, bool)> {
    let reply = |letter: &super::testing::Letter| match letter.message {
        Message::PreVoteReply { term, granted } => Some((term.number(), granted)),
        _ => None,
    };
    bench.mail.iter().filter_map(reply).collect()
}

fn deliver_all_once(bench: &mut Bench) {
    for letter in std::mem::take(&mut bench.mail) {
        bench.deliver(letter);
    }
}

#[test]
fn gotcha_6_a_refused_pre_vote_brings_the_refusers_term_and_a_promise_the_requests() {
    let disks = vec![disk(3, &[1]), disk(5, &[1]), disk(3, &[1])];
    let mut bench = bench_of(disks, pre_vote);
    bench.time_out(s(1));
    deliver_all_once(&mut bench);
    assert_eq!(pre_vote_replies(&bench), [(5, false), (4, true)]);
    // Asking and promising changed nobody's term or vote.
    let terms: Vec<u64> = (1..=3).map(|n| bench.at(s(n)).term().number()).collect();
    assert_eq!(terms, [3, 5, 3]);
    assert_eq!(bench.at(s(3)).voted_for(), None);
    assert_eq!(bench.at(s(1)).leader(), None);
}

#[test]
fn gotcha_6_the_longest_log_and_the_latest_term_do_not_refuse_each_other_for_ever() {
    let disks = vec![disk(2, &[1, 2, 2]), disk(9, &[1])];
    let mut bench = bench_of(disks, pre_vote);
    bench.time_out(s(2));
    bench.settle();
    assert_eq!(bench.at(s(2)).role(), Role::PreCandidate);
    bench.time_out(s(1));
    bench.settle();
    bench.elect(s(1));
    assert_eq!(bench.at(s(1)).term(), Term::new(10));
}

#[test]
fn gotcha_6_a_leader_does_not_refuse_a_pre_vote_for_knowing_itself() {
    let mut bench = bench_of(empty(3), pre_vote);
    bench.elect(s(1));
    bench.time_out(s(2));
    bench.intercept(s(3));
    deliver_all_once(&mut bench);
    assert_eq!(pre_vote_replies(&bench), [(2, true)]);
    assert_eq!(bench.at(s(1)).role(), Role::Leader);
}

#[test]
fn gotcha_6_a_transfer_asks_for_no_pre_votes_and_loyal_voters_listen_to_it() {
    let mut bench = bench_of(empty(3), both);
    bench.elect(s(1));
    bench.beat(s(1));
    bench.settle();
    bench.input(s(1), Input::Transfer { to: s(3) });
    bench.settle();
    assert_eq!(bench.at(s(3)).role(), Role::Leader);
    assert_eq!(bench.at(s(1)).leader(), Some(s(3)));
    let asked = bench.told(s(3), |fact| match fact {
        RaftFact::Campaign(CampaignFact::AsksForPreVotes { .. }) => Some(()),
        _ => None,
    });
    assert_eq!(asked, []);
}

#[test]
fn gotcha_7_pre_vote_alone_deposes_a_living_leader_and_check_quorum_keeps_it() {
    for (settings, stays) in [(pre_vote as fn(&mut Settings), false), (both, true)] {
        let mut bench = bench_of(empty(3), settings);
        bench.elect(s(1));
        bench.beat(s(1));
        bench.settle();
        bench.time_out(s(2));
        bench.settle();
        assert_eq!(bench.at(s(1)).role() == Role::Leader, stays);
    }
}

#[test]
fn a_server_that_was_cut_off_disturbs_nobody_when_it_returns_with_pre_vote() {
    let mut bench = bench_of(empty(3), pre_vote);
    bench.elect(s(1));
    bench.isolate(s(3));
    for _ in 0..5 {
        bench.time_out(s(3));
        bench.settle();
    }
    bench.heal();
    bench.propose(s(1), 7).unwrap();
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.at(s(1)).role(), Role::Leader);
    assert_eq!(bench.at(s(1)).term(), Term::new(1));
    assert_eq!(bench.at(s(3)).leader(), Some(s(1)));
}

#[test]
fn gotcha_8_a_leader_learns_the_later_term_of_a_server_that_ignores_it() {
    let mut bench = bench_of(empty(3), |settings| settings.check_quorum = true);
    bench.elect(s(1));
    bench.isolate(s(3));
    bench.time_out(s(3));
    bench.time_out(s(3));
    bench.settle();
    bench.heal();
    // Loyal voters take no notice of its requests; its answer to a heartbeat is heard.
    bench.beat(s(3));
    bench.settle();
    assert_eq!(bench.at(s(1)).role(), Role::Leader);
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.at(s(1)).role(), Role::Follower);
    assert_eq!(bench.at(s(1)).term(), Term::new(3));
    bench.now += bench.settings.election_timeout.0;
    bench.elect(s(1));
}

#[test]
fn a_leader_that_no_majority_answers_steps_down_after_an_election_timeout() {
    let mut bench = bench_of(empty(3), |settings| settings.check_quorum = true);
    bench.elect(s(1));
    bench.isolate(s(1));
    let (least, _) = bench.settings.election_timeout;
    bench.now = bench.now + least - Duration::from_micros(1);
    bench.beat(s(1));
    assert_eq!(bench.at(s(1)).role(), Role::Leader);
    bench.now += Duration::from_micros(1);
    bench.beat(s(1));
    assert_eq!(bench.at(s(1)).role(), Role::Follower);
    assert!(bench.at(s(1)).election_deadline().is_some());
}

#[test]
fn gotcha_9_a_read_at_a_new_leader_waits_for_an_entry_of_its_term_and_is_not_lost() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.time_out(s(2));
    bench.settle_where(|letter| letter.message.kind() != MessageKind::AppendEntries);
    assert_eq!(bench.at(s(2)).role(), Role::Leader);
    let read = bench.read(s(2));
    bench.settle();
    assert!(!bench.served_reads.contains_key(&read));
    bench.beat(s(2));
    bench.settle();
    assert_eq!(bench.served_reads.get(&read), Some(&s(2)));
    assert_eq!(bench.violation, None);
}

#[test]
fn gotcha_10_an_answer_to_a_heartbeat_from_before_the_read_confirms_nothing() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.beat(s(1));
    deliver_all_once(&mut bench);
    // The answers are on their way; the read comes before they do.
    let answers = std::mem::take(&mut bench.mail);
    bench.isolate(s(1));
    let read = bench.read(s(1));
    bench.settle();
    bench.heal();
    bench.mail = answers;
    bench.settle();
    assert!(!bench.served_reads.contains_key(&read));
    bench.beat(s(1));
    bench.settle();
    assert!(bench.served_reads.contains_key(&read));
}

/// Rounds are numbered anew in each term of office, so a late refusal can bring a number far above
/// those of the present one; and a heartbeat that is refused for its term has lost no entry.
#[test]
fn a_refusal_of_a_message_from_an_earlier_term_of_office_proves_nothing_about_this_one() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    for _ in 0..10 {
        bench.beat(s(1));
        bench.settle();
    }
    bench.beat(s(1));
    let late = std::mem::take(&mut bench.mail);
    bench.elect(s(2));
    bench.elect(s(1));

    bench.isolate(s(1));
    let read = bench.read(s(1));
    bench.settle();
    bench.heal();
    bench.mail = late;
    deliver_all_once(&mut bench);
    assert_eq!(bench.mail.len(), 2, "both followers refuse");
    bench.settle();
    assert!(!bench.served_reads.contains_key(&read));
    let lost = bench.told(s(1), |fact| match fact {
        RaftFact::MatchLost { follower, .. } => Some(*follower),
        _ => None,
    });
    assert_eq!(lost, []);
    bench.beat(s(1));
    bench.settle();
    assert!(bench.served_reads.contains_key(&read));
}

#[test]
fn a_follower_asks_again_when_its_question_was_lost_and_the_next_leader_when_the_first_is_gone() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    let read = bench.read(s(2));
    bench.mail.clear();
    bench.now += bench.settings.heartbeat;
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.served_reads.get(&read), Some(&s(2)));

    let read = bench.read(s(2));
    bench.mail.clear();
    bench.crash(s(1), 0);
    bench.elect(s(3));
    assert_eq!(bench.served_reads.get(&read), Some(&s(2)));
    assert_eq!(bench.violation, None);
}

#[test]
fn reads_that_arrive_while_a_round_is_on_share_the_next() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    for _ in 0..10 {
        bench.read(s(1));
    }
    let mut beats = 0;
    while let Some(letter) = bench.mail.pop_front() {
        beats += usize::from(letter.message.kind() == MessageKind::Heartbeat);
        bench.deliver(letter);
    }
    assert_eq!(bench.served_reads.len(), 10);
    assert_eq!(beats, 4, "two rounds to two followers");
}

#[test]
fn gotcha_11_a_heartbeat_lets_a_follower_commit_no_more_than_it_is_known_to_have() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.isolate(s(3));
    bench.propose(s(1), 7).unwrap();
    bench.settle();
    let (committed, had) = (bench.at(s(1)).commit_index(), bench.at(s(3)).commit_index());
    assert!(committed > had);
    bench.heal();
    bench.read(s(1));
    deliver_all_once(&mut bench);
    assert_eq!(bench.at(s(3)).commit_index(), had);
}

#[test]
fn gotcha_19_a_transfer_ends_with_the_term_of_office_and_with_an_election_timeout() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.isolate(s(3));
    bench.input(s(1), Input::Transfer { to: s(3) });
    assert_eq!(
        bench.propose(s(1), 7),
        Err(ProposeError::Transferring { to: s(3) })
    );
    let busy = bench.at(s(1)).may_transfer(bench.now, s(2));
    assert!(matches!(busy, Err(TransferError::GoingOn { .. })));
    bench.now += bench.settings.election_timeout.0;
    bench.beat(s(1));
    assert_eq!(bench.at(s(1)).transfer_target(), None);
    bench.propose(s(1), 8).unwrap();
    bench.settle();

    bench.input(s(1), Input::Transfer { to: s(3) });
    bench.elect(s(2));
    assert_eq!(bench.at(s(1)).transfer_target(), None);
    bench.heal();
    bench.elect(s(1));
    bench.propose(s(1), 9).unwrap();
}

#[test]
fn a_server_that_lacks_entries_gets_them_before_it_takes_over() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.isolate(s(3));
    bench.propose(s(1), 7).unwrap();
    bench.settle();
    bench.heal();
    bench.input(s(1), Input::Transfer { to: s(3) });
    assert_eq!(bench.at(s(1)).transfer_target(), Some(s(3)));
    bench.beat(s(1));
    bench.settle();
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.at(s(3)).role(), Role::Leader);
}

#[test]
fn an_impossible_transfer_says_what_would_be_possible() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    let error = |from: u16, to: u16| {
        let refused = bench.at(s(from)).may_transfer(bench.now, s(to));
        refused.unwrap_err().to_string()
    };
    assert_eq!(error(2, 3), "S2 does not lead; S1 is believed to");
    assert_eq!(error(1, 1), "S1 leads already");
    assert_eq!(
        error(1, 7),
        "S7 is no voter, and only a voter can lead: the configuration is S1 S2 S3"
    );
}

#[test]
fn gotcha_2_who_has_no_voice_does_not_stand_for_election() {
    let mut bench = Bench::new(3);
    let mut out = Vec::new();
    let mut learner: Replica<u64> = Replica::boot(
        s(3),
        Configuration::new([s(1), s(2)], [s(3)]),
        bench.settings,
        Rules::default(),
        Durable::default(),
        Time::ZERO,
        Bits(1),
        &mut out,
    );
    for input in [
        Input::Timer(Timer::Election),
        Input::Message {
            from: s(1),
            message: Message::TimeoutNow { term: Term::ZERO },
        },
    ] {
        learner.step(Time::from_millis(200), Bits(1), input, &mut out);
        assert_eq!(learner.role(), Role::Follower);
    }
    assert!(learner.election_deadline() > Some(Time::from_millis(200)));
    // A voter of the same cluster does.
    bench.time_out(s(3));
    assert_eq!(bench.at(s(3)).role(), Role::Candidate);
}

#[test]
fn a_forgotten_leader_lifts_loyalty_and_not_the_check_of_logs() {
    let mut bench = bench_of(empty(3), both);
    bench.elect(s(1));
    bench.isolate(s(3));
    bench.propose(s(1), 7).unwrap();
    bench.settle();
    bench.heal();
    bench.input(s(2), Input::ForgetLeader);
    bench.time_out(s(3));
    bench.settle();
    assert_eq!(bench.at(s(3)).role(), Role::PreCandidate);
    bench.cut.extend([(s(1), s(2)), (s(1), s(3))]);
    bench.time_out(s(2));
    bench.settle();
    assert_eq!(bench.at(s(2)).role(), Role::Leader);
}

#[test]
fn no_follower_forgets_its_leader_under_leases_nor_a_leader_itself() {
    let mut bench = bench_of(empty(3), |settings| {
        both(settings);
        settings.lease_reads = true;
    });
    bench.now += bench.settings.election_timeout.0;
    bench.elect(s(1));
    assert_eq!(
        bench.at(s(2)).may_forget_leader(),
        Err(ForgetError::Lease(s(2)))
    );
    assert_eq!(
        bench.at(s(1)).may_forget_leader(),
        Err(ForgetError::Leads(s(1)))
    );
}

#[test]
fn a_leader_reads_under_its_lease_without_a_message_and_gives_it_up_for_a_transfer() {
    let mut bench = bench_of(empty(3), |settings| {
        both(settings);
        settings.lease_reads = true;
    });
    bench.now += bench.settings.election_timeout.0;
    bench.elect(s(1));
    bench.beat(s(1));
    bench.settle();
    let read = bench.read(s(1));
    assert!(bench.mail.is_empty());
    assert!(bench.served_reads.contains_key(&read));

    bench.input(s(1), Input::Transfer { to: s(2) });
    bench.mail.clear();
    assert_eq!(bench.at(s(1)).lease_end(), None);
    bench.now += bench.settings.election_timeout.0;
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.at(s(1)).lease_end(), None);
}

#[test]
fn of_equally_long_logs_the_one_of_higher_priority_wins_and_a_longer_log_wins_over_both() {
    let mut bench = Bench::new(2);
    bench.input(s(2), Input::SetPriority { priority: 3 });
    bench.time_out(s(1));
    bench.settle();
    assert_eq!(bench.at(s(1)).role(), Role::Candidate);
    bench.elect(s(2));

    let mut bench = bench_of(vec![disk(1, &[1, 1]), disk(1, &[1])], |_| {});
    bench.input(s(2), Input::SetPriority { priority: 3 });
    bench.elect(s(1));
}

/// A question that takes longer than a heartbeat interval is asked again and again, and the answer
/// to the first is as good as any.
#[test]
fn a_read_is_served_however_long_the_way_to_the_leader_is() {
    let mut bench = bench_of(empty(3), |_| {});
    bench.elect(s(1));
    let read = bench.read(s(3));
    let mut slow = Vec::new();
    for _ in 0..3 {
        bench.now += bench.settings.heartbeat;
        bench.beat(s(1));
        while let Some(letter) = bench.mail.pop_front() {
            let kind = letter.message.kind();
            if [MessageKind::ReadIndex, MessageKind::ReadIndexReply].contains(&kind) {
                slow.push(letter);
            } else {
                bench.deliver(letter);
            }
        }
    }
    assert_eq!(slow.len(), 4, "asked, and again with each heartbeat");
    bench.deliver(slow.remove(0));
    bench.settle();
    assert!(bench.served_reads.contains_key(&read));
    assert_eq!(bench.at(s(3)).pending_reads(), 0);
}

#[test]
fn a_question_for_a_read_waits_for_the_term_it_names() {
    let mut bench = Bench::new(3);
    bench.isolate(s(3));
    bench.elect(s(1));
    bench.heal();
    bench.instant_disks = false;
    bench.beat(s(1));
    for letter in bench.intercept(s(3)) {
        bench.deliver(letter);
    }
    assert_eq!(bench.at(s(3)).leader(), Some(s(1)));
    bench.read(s(3));
    let asked = |bench: &Bench| {
        let asks =
            |letter: &super::testing::Letter| matches!(letter.message, Message::ReadIndex { .. });
        bench.mail.iter().any(asks)
    };
    // A crash now would leave it in the term before.
    assert!(!asked(&bench));
    while bench.write_one(s(3)) {}
    assert!(asked(&bench));
}
