//! Changes of membership, step by step: what each rule is for, and where implementations went
//! wrong.

use super::testing::{Bench, s};
use super::*;

/// Servers of which the first `founders` are a cluster; S1 leads it.
fn led(founders: usize, spares: usize, rules: Rules) -> Bench {
    let disks = vec![Durable::default(); founders + spares];
    let mut bench = Bench::with_spares(disks, founders, rules);
    bench.elect(s(1));
    bench
}

fn without(rule: &str) -> Rules {
    let mut rules = Rules::default();
    rules.switch(rule, false).unwrap();
    rules
}

/// Messages from and to these servers are lost; the others go on.
fn settle_without(bench: &mut Bench, absent: &[u16]) {
    let is_absent = |id: ServerId| absent.contains(&id.number());
    bench.settle_where(|letter| !is_absent(letter.from) && !is_absent(letter.to));
}

fn changes(bench: &Bench, by: u16) -> Vec<String> {
    bench.told(s(by), |fact| match fact {
        RaftFact::Membership(MembershipFact::Appended { configuration, .. }) => {
            Some(configuration.to_string())
        }
        _ => None,
    })
}

use Transition::{AsNeeded, Explicit, Joint};

/// Gotcha 1: the bug of 2015 in the single-server change. Without the rule, two leaders each
/// change the same configuration, and the two results have majorities that do not meet.
#[test]
fn gotcha_1_a_leader_that_has_committed_nothing_of_its_own_term_may_not_change_the_configuration() {
    // S2 is elected, and its first entry reaches nobody.
    let story = |rules: Rules| {
        let mut bench = led(4, 1, rules);
        bench.settings.catch_up_first = false;
        for id in 1..=5 {
            bench.crash(s(id), 0);
            bench.restart(s(id));
        }
        bench.elect(s(1));
        bench
            .reconfigure(s(1), &[1, 2, 3, 4, 5], &[], AsNeeded)
            .unwrap();
        bench.mail.clear();
        bench.time_out(s(2));
        let asked: Vec<_> = bench.mail.drain(..).collect();
        for letter in asked.into_iter().filter(|letter| letter.to != s(1)) {
            bench.deliver(letter);
        }
        let answers: Vec<_> = bench.mail.drain(..).collect();
        for letter in answers {
            bench.deliver(letter);
        }
        assert_eq!(bench.at(s(2)).role(), Role::Leader);
        bench.mail.clear();
        let answer = bench.reconfigure(s(2), &[2, 3, 4], &[], AsNeeded);
        (bench, answer)
    };
    let (bench, answer) = story(Rules::default());
    assert_eq!(answer, Err(ReconfigureError::TermNotSettled));
    assert_eq!(bench.goes_by(s(2)), "S1 S2 S3 S4");

    let (mut bench, answer) = story(without("own_term_commit_before_change"));
    assert_eq!(answer, Ok(()));
    // S2 and S3 are a majority of S2, S3 and S4.
    bench.beat(s(2));
    settle_without(&mut bench, &[1, 4, 5]);
    bench.beat(s(2));
    settle_without(&mut bench, &[1, 4, 5]);
    assert!(bench.at(s(2)).commit_index() > bench.at(s(1)).commit_index());
    // S1 hears that its term is over; S1, S4 and S5 are a majority of S1 to S5.
    bench.beat(s(1));
    settle_without(&mut bench, &[2, 3]);
    bench.time_out(s(1));
    settle_without(&mut bench, &[2, 3]);
    assert_eq!(bench.at(s(1)).role(), Role::Leader);
    bench.beat(s(1));
    settle_without(&mut bench, &[2, 3]);
    let violation = bench.violation.expect("two majorities that do not meet");
    assert!(violation.starts_with("state machine safety"), "{violation}");
}

/// Gotcha 2 (etcd #12359): S1 and S2 with the learner S3, who becomes a voter. The leader commits
/// that with S3 and dies. Who goes by a configuration only when it is committed waits for ever.
#[test]
fn gotcha_2_a_configuration_taken_up_at_append_lets_a_new_voter_be_elected() {
    let story = |rules: Rules| {
        let mut bench = led(2, 1, rules);
        bench.reconfigure(s(1), &[1, 2], &[3], AsNeeded).unwrap();
        bench.settle();
        bench.beat(s(1));
        bench.settle();
        bench.reconfigure(s(1), &[1, 2, 3], &[], AsNeeded).unwrap();
        // S3 stores it, S2 does not.
        let for_third: Vec<_> = bench.intercept(s(3));
        bench.mail.clear();
        for letter in for_third {
            bench.deliver(letter);
        }
        bench.mail.clear();
        bench.crash(s(1), 0);
        bench.time_out(s(3));
        bench.settle();
        bench.time_out(s(2));
        bench.settle();
        [2, 3].map(|id| bench.at(s(id)).role())
    };
    assert!(story(Rules::default()).contains(&Role::Leader));
    assert!(!story(without("configuration_at_append")).contains(&Role::Leader));
}

/// Gotcha 2 (etcd #10563): of two servers the leader leaves. It commits with the other alone, and
/// the other is a cluster of its own from the entry on, committed or not as far as it knows.
#[test]
fn gotcha_2_of_two_servers_the_leader_can_be_removed() {
    let mut bench = led(2, 0, Rules::default());
    bench.reconfigure(s(1), &[2], &[], AsNeeded).unwrap();
    let entries = bench.intercept(s(2));
    for letter in entries {
        bench.deliver(letter);
    }
    assert_eq!(bench.goes_by(s(2)), "S2");
    bench.mail.clear();
    bench.crash(s(1), 0);
    bench.elect(s(2));
    assert_eq!(
        bench.at(s(2)).commit_index(),
        bench.at(s(2)).log().last_index()
    );
}

/// Gotcha 3: whoever leads ends the joint phase, not only who began it.
#[test]
fn gotcha_3_a_new_leader_leaves_the_joint_configuration_that_its_predecessor_began() {
    let mut bench = led(3, 2, Rules::default());
    bench.settings.catch_up_first = false;
    for id in 1..=5 {
        bench.crash(s(id), 0);
        bench.restart(s(id));
    }
    bench.elect(s(1));
    bench
        .reconfigure(s(1), &[1, 2, 4, 5], &[], AsNeeded)
        .unwrap();
    // Everybody stores the joint configuration, and the leader dies before it hears of it.
    let entries: Vec<_> = bench.mail.drain(..).collect();
    for letter in entries {
        bench.deliver(letter);
    }
    bench.mail.clear();
    bench.crash(s(1), 0);
    bench.time_out(s(2));
    bench.settle();
    assert_eq!(bench.at(s(2)).role(), Role::Leader);
    bench.beat(s(2));
    bench.settle();
    assert_eq!(bench.goes_by(s(2)), "S1 S2 S4 S5");
    assert_eq!(changes(&bench, 2), ["S1 S2 S4 S5"]);
    assert!(bench.at(s(2)).commit_index() >= bench.at(s(2)).configured_at());
}

/// Gotcha 3: an explicit joint configuration lasts, also under the next leader, until it is told.
#[test]
fn gotcha_3_an_explicit_joint_configuration_lasts_until_an_operator_ends_it() {
    let mut bench = led(3, 0, Rules::default());
    bench.reconfigure(s(1), &[1, 2], &[3], Explicit).unwrap();
    bench.settle();
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.goes_by(s(3)), "S1 S2 S3 → S1 S2 learner S3");
    assert!(matches!(
        bench.reconfigure(s(1), &[1], &[], AsNeeded),
        Err(ReconfigureError::StillJoint { .. })
    ));
    bench.elect(s(2));
    assert_eq!(bench.goes_by(s(2)), "S1 S2 S3 → S1 S2 learner S3");
    bench.leave_joint(s(2)).unwrap();
    bench.settle();
    assert_eq!(bench.goes_by(s(3)), "S1 S2 learner S3");
    assert!(matches!(
        bench.leave_joint(s(2)),
        Err(ReconfigureError::NotJoint { .. })
    ));
}

/// Gotcha 4 (cockroach #105578): a leader that becomes a learner leads through the joint phase,
/// ends it, and only then steps down.
#[test]
fn gotcha_4_a_leader_demoted_in_a_joint_change_ends_it_before_it_steps_down() {
    let mut bench = led(3, 1, Rules::default());
    bench.reconfigure(s(1), &[2, 3, 4], &[1], AsNeeded).unwrap();
    bench.settle();
    for _ in 0..3 {
        bench.beat(s(1));
        bench.settle();
    }
    assert_eq!(changes(&bench, 1).last().unwrap(), "S2 S3 S4 learner S1");
    assert_eq!(bench.at(s(1)).role(), Role::Follower);
    let removed = bench.told(s(1), |fact| match fact {
        RaftFact::SteppedDown {
            reason: StepDownReason::Removed { index },
            ..
        } => Some(*index),
        _ => None,
    });
    assert_eq!(removed, [bench.at(s(1)).configured_at()]);
    for id in 2..=4 {
        assert_eq!(bench.goes_by(s(id)), "S2 S3 S4 learner S1");
    }
    bench.time_out(s(1));
    assert_eq!(bench.at(s(1)).role(), Role::Follower);
    bench.elect(s(4));
}

/// Gotcha 4: where nobody ends the joint phase but an operator, its leader is there to be told.
#[test]
fn gotcha_4_a_leader_demoted_in_an_explicit_joint_change_leads_until_it_is_told_to_leave() {
    let mut bench = led(3, 1, Rules::default());
    bench.reconfigure(s(1), &[2, 3, 4], &[1], Explicit).unwrap();
    bench.settle();
    for _ in 0..3 {
        bench.beat(s(1));
        bench.settle();
    }
    let leader = bench.at(s(1));
    assert_eq!(bench.goes_by(s(1)), "S1 S2 S3 → S2 S3 S4 learner S1");
    assert!(leader.commit_index() >= leader.configured_at());
    assert_eq!(leader.role(), Role::Leader);
    bench.leave_joint(s(1)).unwrap();
    bench.settle();
    assert_eq!(bench.at(s(1)).role(), Role::Follower);
    assert_eq!(bench.goes_by(s(4)), "S2 S3 S4 learner S1");
}

/// A removed leader goes on, if it is set so, without counting itself.
#[test]
fn a_removed_leader_may_go_on_leading_others() {
    let mut bench = led(3, 0, Rules::default());
    bench.settings.step_down_on_removal = false;
    bench.restart(s(1));
    bench.elect(s(1));
    bench.reconfigure(s(1), &[2, 3], &[], AsNeeded).unwrap();
    bench.settle();
    assert_eq!(bench.at(s(1)).role(), Role::Leader);
    let (_, index) = bench.propose(s(1), 7).unwrap();
    settle_without(&mut bench, &[3]);
    assert!(bench.at(s(1)).commit_index() < index, "S1 counted itself");
    bench.beat(s(1));
    bench.beat(s(1));
    bench.settle();
    assert!(bench.at(s(1)).commit_index() >= index);
}

#[test]
fn a_removed_leader_that_goes_on_leading_can_be_given_its_voice_back() {
    let mut bench = led(3, 0, Rules::default());
    bench.settings.step_down_on_removal = false;
    bench.restart(s(1));
    bench.elect(s(1));
    bench.reconfigure(s(1), &[2, 3], &[], AsNeeded).unwrap();
    bench.settle();
    bench.reconfigure(s(1), &[1, 2, 3], &[], AsNeeded).unwrap();
    bench.settle();
    assert_eq!(changes(&bench, 1), ["S2 S3", "S1 S2 S3"]);
    assert_eq!(bench.goes_by(s(1)), "S1 S2 S3");
}

/// Gotcha 5: a learner may already be a voter in the candidate's configuration.
#[test]
fn gotcha_5_a_learner_votes_when_it_is_asked() {
    let mut bench = led(3, 0, Rules::default());
    bench.reconfigure(s(1), &[1, 2], &[3], AsNeeded).unwrap();
    bench.settle();
    assert_eq!(bench.goes_by(s(3)), "S1 S2 learner S3");
    // S2 makes it a voter again and is the only one to know.
    bench.elect(s(2));
    bench.reconfigure(s(2), &[1, 2, 3], &[], AsNeeded).unwrap();
    bench.mail.clear();
    bench.crash(s(1), 0);
    bench.time_out(s(2));
    assert_eq!(bench.at(s(2)).role(), Role::Leader, "a leader has no timer");
    bench.crash(s(2), 9);
    bench.restart(s(2));
    bench.elect(s(2));
    bench.beat(s(2));
    bench.settle();
    assert_eq!(bench.goes_by(s(3)), "S1 S2 S3");
}

#[test]
fn a_learner_and_a_server_without_a_cluster_do_not_stand_for_election() {
    let mut bench = led(2, 2, Rules::default());
    bench.reconfigure(s(1), &[1, 2], &[3], AsNeeded).unwrap();
    bench.settle();
    for id in [3, 4] {
        let term = bench.at(s(id)).term();
        bench.time_out(s(id));
        assert_eq!(bench.at(s(id)).role(), Role::Follower);
        assert_eq!(bench.at(s(id)).term(), term);
        assert!(bench.timer(s(id), Timer::Election).is_some());
    }
}

/// Gotcha 17: in a joint configuration an entry is committed by both halves, and the leader counts
/// itself when its own disk has the entry.
#[test]
fn gotcha_17_a_joint_configuration_commits_with_both_halves_and_from_durable_matches() {
    let story = |rules: Rules, absent: &[u16]| {
        let mut bench = led(3, 2, rules);
        bench.reconfigure(s(1), &[1, 4, 5], &[], Explicit).unwrap();
        bench.settle();
        for _ in 0..3 {
            bench.beat(s(1));
            bench.settle();
        }
        assert_eq!(bench.goes_by(s(4)), "S1 S2 S3 → S1 S4 S5");
        let (_, index) = bench.propose(s(1), 7).unwrap();
        settle_without(&mut bench, absent);
        bench.at(s(1)).commit_index() >= index
    };
    let joint = Rules::default();
    assert!(story(joint, &[3, 5]));
    assert!(!story(joint, &[2, 3]), "the old voters were not asked");
    assert!(!story(joint, &[4, 5]), "the new voters were not asked");
    assert!(story(without("joint_majorities"), &[2, 3]));

    // One voter that has not written its own entry has committed nothing.
    let mut bench = led(1, 1, joint);
    bench.reconfigure(s(1), &[1], &[2], AsNeeded).unwrap();
    bench.settle();
    bench.instant_disks = false;
    let (_, index) = bench.propose(s(1), 7).unwrap();
    bench.settle();
    assert!(bench.at(s(1)).commit_index() < index);
    while bench.write_one(s(1)) {}
    assert_eq!(bench.at(s(1)).commit_index(), index);
}

/// Gotcha 17 (etcd/raft #149): a newcomer is probed from the leader's end, and next stays above
/// match all the way.
#[test]
fn a_newcomer_is_found_to_be_empty_and_gets_all() {
    let mut bench = led(3, 1, Rules::default());
    for command in 0..100 {
        bench.propose(s(1), command).unwrap();
    }
    bench.settle();
    bench
        .reconfigure(s(1), &[1, 2, 3, 4], &[], AsNeeded)
        .unwrap();
    while let Some(letter) = bench.mail.pop_front() {
        bench.deliver(letter);
        if let Some(progress) = bench.at(s(1)).progress(s(4)) {
            assert!(progress.match_index() < progress.next_index());
        }
    }
    assert_eq!(bench.at(s(4)).log(), bench.at(s(1)).log());
    assert_eq!(changes(&bench, 1), ["S1 S2 S3 learner S4", "S1 S2 S3 S4"]);
    assert_eq!(bench.goes_by(s(4)), "S1 S2 S3 S4");
}

/// Gotcha 20 (etcd/raft #372): the halves need not have anybody in common.
#[test]
fn gotcha_20_a_joint_change_may_replace_everybody() {
    let mut bench = led(3, 3, Rules::default());
    bench.reconfigure(s(1), &[4, 5, 6], &[], AsNeeded).unwrap();
    bench.settle();
    for _ in 0..4 {
        bench.beat(s(1));
        bench.settle();
    }
    assert_eq!(
        changes(&bench, 1),
        [
            "S1 S2 S3 learner S4 S5 S6",
            "S1 S2 S3 → S4 S5 S6",
            "S4 S5 S6"
        ]
    );
    assert_eq!(bench.at(s(1)).role(), Role::Follower);
    bench.elect(s(5));
    let (_, index) = bench.propose(s(5), 9).unwrap();
    bench.settle();
    assert_eq!(bench.at(s(5)).commit_index(), index);
    assert_eq!(bench.violation, None);
    assert_eq!(bench.leaders.len(), 2);
}

/// Gotcha 20: while the change is under way, neither the old nor the new voters can decide alone.
#[test]
fn gotcha_20_without_overlap_neither_half_elects_a_leader_alone() {
    let mut bench = led(3, 3, Rules::default());
    bench.reconfigure(s(1), &[4, 5, 6], &[], Explicit).unwrap();
    bench.settle();
    for _ in 0..3 {
        bench.beat(s(1));
        bench.settle();
    }
    assert_eq!(bench.goes_by(s(6)), "S1 S2 S3 → S4 S5 S6");
    for (candidate, absent) in [(4, [1, 2, 3]), (2, [4, 5, 6])] {
        bench.time_out(s(candidate));
        settle_without(&mut bench, &absent);
        assert_eq!(bench.at(s(candidate)).role(), Role::Candidate);
    }
    bench.time_out(s(4));
    settle_without(&mut bench, &[3, 6]);
    assert_eq!(bench.at(s(4)).role(), Role::Leader);
}

/// Gotcha 21: where a configuration counts from its append, it stops to count when its entry is
/// deleted.
#[test]
fn gotcha_21_a_follower_falls_back_when_its_configuration_entry_is_deleted() {
    let mut bench = led(3, 1, Rules::default());
    bench.reconfigure(s(1), &[1, 2, 3], &[4], AsNeeded).unwrap();
    bench.settle();
    // The old leader makes S4 a voter, and nobody hears of it.
    bench.beat(s(1));
    bench.settle();
    bench
        .reconfigure(s(1), &[1, 2, 3, 4], &[], AsNeeded)
        .unwrap();
    bench.mail.clear();
    assert_eq!(bench.goes_by(s(1)), "S1 S2 S3 S4");
    bench.time_out(s(2));
    settle_without(&mut bench, &[1]);
    assert_eq!(bench.at(s(2)).role(), Role::Leader);
    bench.beat(s(2));
    bench.settle();
    assert_eq!(bench.goes_by(s(1)), "S1 S2 S3 learner S4");
    let fell_back = bench.told(s(1), |fact| match fact {
        RaftFact::Membership(MembershipFact::FellBack { configuration, .. }) => {
            Some(configuration.to_string())
        }
        _ => None,
    });
    assert_eq!(fell_back, ["S1 S2 S3 learner S4"]);
    let log = bench.at(s(1)).log();
    assert_eq!(log.configurations().count(), 1);
}

#[test]
fn a_restart_finds_the_configuration_in_the_log() {
    let mut bench = led(3, 2, Rules::default());
    bench
        .reconfigure(s(1), &[1, 2, 3, 4, 5], &[], AsNeeded)
        .unwrap();
    bench.settle();
    for _ in 0..3 {
        bench.beat(s(1));
        bench.settle();
    }
    for id in 1..=5 {
        bench.crash(s(id), 0);
        bench.restart(s(id));
        assert_eq!(bench.goes_by(s(id)), "S1 S2 S3 S4 S5");
    }
    bench.elect(s(5));
}

/// Dissertation §4.2.2, Figure 4.6: S1 removes itself from S1 and S2. Its log is the longer one, so
/// that S2 cannot win, and it is no voter by its own configuration; yet it must stand.
#[test]
fn a_server_outside_its_latest_configuration_stands_while_that_is_not_committed() {
    let mut bench = led(2, 0, Rules::default());
    bench.reconfigure(s(1), &[2], &[], AsNeeded).unwrap();
    bench.mail.clear();
    bench.crash(s(1), 9);
    bench.restart(s(1));
    bench.time_out(s(2));
    bench.settle();
    assert_eq!(bench.at(s(2)).role(), Role::Candidate, "S1's log is longer");
    bench.time_out(s(1));
    bench.settle();
    assert!(bench.leaders.values().any(|leader| *leader == s(1)));
    assert_eq!(bench.at(s(1)).role(), Role::Follower, "it is out now");
    bench.elect(s(2));
    bench.time_out(s(1));
    assert_eq!(bench.at(s(1)).role(), Role::Follower);
}

/// Dissertation §4.2.3: a server that was removed and does not know it raises its term and stands.
/// It disturbs, and can neither win nor harm.
#[test]
fn a_removed_server_that_does_not_know_it_disturbs_and_cannot_win() {
    let mut bench = led(4, 0, Rules::default());
    bench.reconfigure(s(1), &[1, 2, 3], &[], AsNeeded).unwrap();
    settle_without(&mut bench, &[4]);
    let (_, index) = bench.propose(s(1), 7).unwrap();
    settle_without(&mut bench, &[4]);
    assert_eq!(bench.at(s(1)).commit_index(), index);
    assert_eq!(bench.goes_by(s(4)), "S1 S2 S3 S4");
    bench.time_out(s(4));
    bench.settle();
    assert_eq!(bench.at(s(4)).role(), Role::Candidate);
    assert_eq!(bench.at(s(1)).role(), Role::Follower, "disturbed");
    bench.elect(s(1));
    assert_eq!(bench.violation, None);
}

/// A server that leaves hears that it did, if the message gets through, and disturbs nobody.
#[test]
fn a_removed_server_is_told_before_it_is_forgotten() {
    let mut bench = led(4, 0, Rules::default());
    bench.reconfigure(s(1), &[1, 2, 3], &[], AsNeeded).unwrap();
    assert!(bench.at(s(1)).progress(s(4)).is_some());
    bench.settle();
    assert!(bench.at(s(1)).progress(s(4)).is_none());
    assert_eq!(bench.goes_by(s(4)), "S1 S2 S3");
    bench.time_out(s(4));
    assert_eq!(bench.at(s(4)).role(), Role::Follower);
    assert_eq!(bench.at(s(4)).leader(), None);
}

/// A newcomer that never answers holds nothing up: it has no voice, and the change is given up.
#[test]
fn a_change_whose_newcomer_never_answers_is_given_up() {
    let mut bench = led(3, 1, Rules::default());
    bench.isolate(s(4));
    bench
        .reconfigure(s(1), &[1, 2, 3, 4], &[], AsNeeded)
        .unwrap();
    bench.settle();
    assert!(matches!(
        bench.reconfigure(s(1), &[1, 2], &[], AsNeeded),
        Err(ReconfigureError::CatchingUp { .. })
    ));
    let (_, index) = bench.propose(s(1), 1).unwrap();
    bench.settle();
    assert_eq!(bench.at(s(1)).commit_index(), index);
    bench.now = Time::from_millis(10_000);
    bench.beat(s(1));
    bench.settle();
    assert_eq!(bench.goes_by(s(1)), "S1 S2 S3 learner S4");
    bench.reconfigure(s(1), &[1, 2], &[], AsNeeded).unwrap();
}

#[test]
fn an_impossible_change_says_what_would_be_possible() {
    let mut bench = led(3, 1, Rules::default());
    let refused = |bench: &mut Bench, id, voters: &[u16], learners: &[u16], transition| {
        let log = bench.at(s(id)).log().clone();
        let error = bench.reconfigure(s(id), voters, learners, transition);
        assert_eq!(bench.at(s(id)).log(), &log);
        error.unwrap_err().to_string()
    };
    assert_eq!(
        refused(&mut bench, 2, &[1], &[], AsNeeded),
        "not the leader; S1 is believed to be"
    );
    assert_eq!(
        refused(&mut bench, 1, &[], &[1], AsNeeded),
        "a configuration needs at least one voter"
    );
    assert_eq!(
        refused(&mut bench, 1, &[1, 2], &[2], AsNeeded),
        "S2 cannot be both a voter and a learner"
    );
    assert_eq!(
        refused(&mut bench, 1, &[3, 2, 1], &[], Joint),
        "the configuration is S1 S2 S3 already"
    );
    bench.reconfigure(s(1), &[1, 2], &[], AsNeeded).unwrap();
    assert_eq!(
        refused(&mut bench, 1, &[1], &[], AsNeeded),
        "the configuration of entry 2 is not committed yet; another change can follow when it is"
    );
    bench.settle();
    bench.settings.membership = Membership::SingleServer;
    bench.restart(s(1));
    bench.elect(s(1));
    assert_eq!(
        refused(&mut bench, 1, &[1, 3, 4], &[], AsNeeded),
        "3 voters come or go on the way to S1 S3 S4, and the setting membership allows one at a \
         time; change one after the other"
    );
    assert!(refused(&mut bench, 1, &[1], &[], Explicit).contains("allows no joint"));
}

/// The settings: a joint configuration for every change, for those that need it, for none.
#[test]
fn a_joint_configuration_comes_as_the_setting_says() {
    for (membership, voters, appended) in [
        (
            Membership::AlwaysJoint,
            &[1, 2][..],
            &["S1 S2 S3 → S1 S2", "S1 S2"][..],
        ),
        (Membership::JointWhenNeeded, &[1, 2], &["S1 S2"]),
        (Membership::JointWhenNeeded, &[1], &["S1 S2 S3 → S1", "S1"]),
        (Membership::SingleServer, &[1, 3], &["S1 S3"]),
    ] {
        let mut bench = Bench::new(3);
        bench.settings.membership = membership;
        bench.restart(s(1));
        bench.elect(s(1));
        bench.reconfigure(s(1), voters, &[], AsNeeded).unwrap();
        bench.settle();
        assert_eq!(changes(&bench, 1), appended);
    }
}

/// From one server to nine and back to one, one at a time and all at once.
#[test]
fn a_cluster_grows_to_nine_and_shrinks_to_one() {
    let mut bench = led(1, 8, Rules::default());
    let change = |bench: &mut Bench, voters: &[u16]| {
        bench.reconfigure(s(1), voters, &[], AsNeeded).unwrap();
        for _ in 0..4 {
            bench.settle();
            bench.beat(s(1));
        }
        bench.settle();
        assert_eq!(bench.at(s(1)).configuration().voters().len(), voters.len());
        let (_, index) = bench.propose(s(1), 7).unwrap();
        bench.settle();
        assert_eq!(bench.at(s(1)).commit_index(), index);
    };
    let all: Vec<u16> = (1..=9).collect();
    for size in (2..=9).chain((1..=8).rev()) {
        change(&mut bench, &all[..size]);
    }
    change(&mut bench, &all);
    change(&mut bench, &all[..1]);
    assert_eq!(bench.violation, None);
}

#[test]
fn an_impossible_change_says_why_and_what_would_be_possible_and_changes_nothing() {
    let refused = |bench: &mut Bench, at: u16, voters: &[u16], learners: &[u16], how| {
        let before = bench.at(s(at)).clone();
        let error = bench.reconfigure(s(at), voters, learners, how).unwrap_err();
        assert_eq!(*bench.at(s(at)), before, "{error}");
        error.to_string()
    };
    let mut bench = led(3, 2, Rules::default());
    for (at, voters, learners, how, expected) in [
        (
            2,
            &[1, 2][..],
            &[][..],
            AsNeeded,
            "not the leader; S1 is believed to be",
        ),
        (
            1,
            &[],
            &[1],
            AsNeeded,
            "a configuration needs at least one voter",
        ),
        (
            1,
            &[1, 2],
            &[2],
            AsNeeded,
            "S2 cannot be both a voter and a learner",
        ),
        (
            1,
            &[1, 2, 3],
            &[],
            Joint,
            "the configuration is S1 S2 S3 already",
        ),
    ] {
        assert_eq!(refused(&mut bench, at, voters, learners, how), expected);
    }
    bench.reconfigure(s(1), &[1, 2], &[], AsNeeded).unwrap();
    let pending = "the configuration of entry 2 is not committed yet; another change can follow \
                   when it is";
    assert_eq!(refused(&mut bench, 1, &[1], &[], AsNeeded), pending);

    let mut bench = led(3, 2, Rules::default());
    bench.settings.membership = Membership::SingleServer;
    bench.restart(s(1));
    bench.elect(s(1));
    assert_eq!(
        refused(&mut bench, 1, &[1, 2, 4], &[], AsNeeded),
        "2 voters come or go on the way to S1 S2 S4, and the setting membership allows one at a \
         time; change one after the other"
    );
    assert_eq!(
        refused(&mut bench, 1, &[1, 2], &[], Joint),
        "the setting membership allows no joint configuration; change one voter at a time, without \
         `joint` and `explicit`"
    );
}
