//! The rows of Fast Leader Election, one test each.

use super::testing::{Bench, disk, disk_of, s, three, voters, z};
use super::*;
use crate::time::Duration;

pub(super) fn vote(leader: u16, epoch: u32, zxid: Zxid) -> Vote {
    Vote {
        epoch: Epoch::new(epoch),
        zxid,
        leader: s(leader),
    }
}

pub(super) fn notification(vote: Vote, round: u64, state: ServerState) -> Message<u64> {
    Message::Election(Notification {
        vote: Some(vote),
        round,
        state,
        configuration: three().into(),
    })
}

/// S1 of an ensemble of three, alone, in round 1, with this disk.
pub(super) fn alone(disk: Durable<u64>) -> Bench {
    let mut bench = Bench::stopped(vec![disk], Rules::default(), Settings::default());
    bench.restart(s(1));
    bench.wires.clear();
    bench
}

pub(super) fn tell(bench: &mut Bench, from: u16, leader: Vote, round: u64, state: ServerState) {
    let (from, message) = (s(from), notification(leader, round, state));
    bench.input(s(1), Input::Message { from, message });
}

#[test]
fn a_server_starts_by_voting_for_itself_with_its_last_zxid_and_current_epoch() {
    let bench = alone(disk(2, &[(1, 1), (2, 3)]));
    assert_eq!(bench.at(s(1)).vote(), Some(vote(1, 2, z(2, 3))));
    assert_eq!(bench.at(s(1)).round(), 1);
    assert_eq!(bench.at(s(1)).notifications().len(), 2);
}

#[test]
fn a_better_vote_of_the_same_round_is_adopted_and_a_worse_one_is_not() {
    let mut bench = alone(disk(2, &[(2, 3)]));
    tell(&mut bench, 2, vote(2, 1, z(1, 9)), 1, ServerState::Looking);
    assert_eq!(bench.at(s(1)).vote(), Some(vote(1, 2, z(2, 3))));
    tell(&mut bench, 3, vote(3, 2, z(2, 4)), 1, ServerState::Looking);
    assert_eq!(bench.at(s(1)).vote(), Some(vote(3, 2, z(2, 4))));
}

#[test]
fn a_later_round_clears_the_votes_and_is_compared_with_the_initial_vote() {
    // Of five, two that agree are no quorum.
    let mut bench = alone(disk_of(&voters(5), 2, &[(2, 3)]));
    tell(&mut bench, 3, vote(3, 9, z(9, 9)), 1, ServerState::Looking);
    assert_eq!(bench.at(s(1)).vote(), Some(vote(3, 9, z(9, 9))));
    tell(&mut bench, 2, vote(2, 1, z(1, 1)), 5, ServerState::Looking);
    assert_eq!(bench.at(s(1)).round(), 5);
    assert_eq!(bench.at(s(1)).vote(), Some(vote(1, 2, z(2, 3))));
    let counted: Vec<_> = bench.at(s(1)).ballots().map(|(id, _)| id).collect();
    assert_eq!(counted, [s(1), s(2)]);
}

#[test]
fn an_earlier_round_is_not_counted_but_answered() {
    let mut bench = alone(disk(0, &[]));
    tell(
        &mut bench,
        2,
        vote(2, 0, Zxid::ZERO),
        4,
        ServerState::Looking,
    );
    bench.clear_records();
    tell(
        &mut bench,
        3,
        vote(3, 0, Zxid::ZERO),
        3,
        ServerState::Looking,
    );
    let facts = bench.facts_of(s(1));
    assert!(matches!(facts[0], ZabFact::NotificationAnswered { to, .. } if *to == s(3)));
    assert!(matches!(
        facts[1],
        ZabFact::NotificationIgnored {
            reason: IgnoreReason::RoundOver { theirs: 3, mine: 4 },
            ..
        }
    ));
}

#[test]
fn a_quorum_waits_for_finalize_wait_and_a_better_vote_reopens_the_election() {
    let mut bench = alone(disk(0, &[]));
    tell(
        &mut bench,
        2,
        vote(2, 0, Zxid::ZERO),
        1,
        ServerState::Looking,
    );
    assert!(bench.at(s(1)).is_finalizing());
    tell(
        &mut bench,
        3,
        vote(3, 0, Zxid::ZERO),
        1,
        ServerState::Looking,
    );
    assert!(bench.at(s(1)).is_finalizing(), "S1 and S3 agree on S3");
    assert_eq!(bench.at(s(1)).vote().map(|vote| vote.leader), Some(s(3)));
    bench.ring(s(1), Timer::Finalize);
    assert_eq!(bench.at(s(1)).state(), ServerState::Following);
    assert_eq!(bench.at(s(1)).leader(), Some(s(3)));
}

#[test]
fn whatever_is_not_better_only_restarts_finalize_wait() {
    let mut bench = alone(disk(0, &[]));
    tell(
        &mut bench,
        2,
        vote(2, 0, Zxid::ZERO),
        1,
        ServerState::Looking,
    );
    let first = bench.timer(s(1), Timer::Finalize).unwrap();
    bench.now += Duration::from_millis(5);
    tell(
        &mut bench,
        3,
        vote(1, 0, Zxid::ZERO),
        1,
        ServerState::Looking,
    );
    assert!(bench.at(s(1)).is_finalizing());
    assert!(bench.timer(s(1), Timer::Finalize).unwrap() > first);
    // Not even one whose vote has made the quorum takes that back.
    tell(
        &mut bench,
        2,
        vote(1, 0, Zxid::ZERO),
        1,
        ServerState::Looking,
    );
    assert!(bench.at(s(1)).is_finalizing());
}

#[test]
fn a_quorum_of_the_same_round_that_follows_a_leader_is_joined() {
    let mut bench = alone(disk(0, &[]));
    let led = vote(3, 1, z(1, 4));
    tell(&mut bench, 2, led, 1, ServerState::Following);
    assert_eq!(bench.at(s(1)).state(), ServerState::Looking);
    tell(&mut bench, 3, led, 1, ServerState::Leading);
    assert_eq!(bench.at(s(1)).leader(), Some(s(3)));
}

#[test]
fn an_ensemble_of_another_round_is_joined_in_its_round() {
    let mut bench = alone(disk(0, &[]));
    tell(&mut bench, 3, vote(3, 1, z(1, 4)), 7, ServerState::Leading);
    tell(
        &mut bench,
        2,
        vote(3, 1, z(1, 2)),
        7,
        ServerState::Following,
    );
    assert_eq!(bench.at(s(1)).leader(), Some(s(3)));
    assert_eq!(bench.at(s(1)).round(), 7);
}

#[test]
fn no_leader_is_followed_that_does_not_say_so_itself() {
    let configuration = voters(5);
    let mut bench = alone(disk_of(&configuration, 0, &[]));
    for from in [2, 3, 4] {
        let led = vote(5, 1, z(1, 4));
        tell(&mut bench, from, led, 7, ServerState::Following);
    }
    assert_eq!(bench.at(s(1)).state(), ServerState::Looking);
}

#[test]
fn what_observers_and_strangers_say_does_not_count() {
    let mut bench = alone(disk(0, &[]));
    tell(
        &mut bench,
        2,
        vote(2, 9, z(9, 9)),
        1,
        ServerState::Observing,
    );
    tell(&mut bench, 7, vote(7, 9, z(9, 9)), 1, ServerState::Looking);
    tell(&mut bench, 7, vote(3, 9, z(9, 9)), 1, ServerState::Looking);
    tell(&mut bench, 2, vote(7, 9, z(9, 9)), 1, ServerState::Looking);
    assert_eq!(bench.at(s(1)).vote(), Some(vote(1, 0, Zxid::ZERO)));
}

#[test]
fn a_candidate_without_weight_never_wins() {
    let weights = [(s(1), 1), (s(2), 1), (s(3), 0)];
    let configuration = Configuration::weighted(weights, []).unwrap();
    let mut bench = alone(disk_of(&configuration, 0, &[]));
    tell(&mut bench, 3, vote(3, 9, z(9, 9)), 1, ServerState::Looking);
    assert_eq!(bench.at(s(1)).vote(), Some(vote(1, 0, Zxid::ZERO)));
}

#[test]
fn silence_doubles_the_wait_up_to_its_limit() {
    let mut bench = alone(disk(0, &[]));
    let mut waits = Vec::new();
    for _ in 0..7 {
        bench.now = bench.timer(s(1), Timer::Resend).unwrap();
        bench.ring(s(1), Timer::Resend);
        waits.push(bench.timer(s(1), Timer::Resend).unwrap().since(bench.now));
    }
    let ms = |millis| Duration::from_millis(millis);
    assert_eq!(waits[..3], [ms(120), ms(240), ms(480)]);
    assert_eq!(waits[6], ms(2_000));
}

#[test]
fn a_vote_that_nobody_heard_is_sent_again_ever_less_often_until_someone_hears_it() {
    let mut bench = Bench::stopped(vec![disk(0, &[]); 3], Rules::default(), Settings::default());
    bench.isolated.extend([s(1), s(2)]);
    bench.restart(s(1));
    bench.restart(s(2));
    bench.run_for(Duration::from_secs(10));
    let resent = |bench: &Bench| {
        let facts = bench.facts_of(s(1)).into_iter();
        let waits = facts.filter_map(|fact| match fact {
            ZabFact::VoteResent { patience } => Some(*patience),
            _ => None,
        });
        waits.collect::<Vec<_>>()
    };
    let (shortest, longest) = Settings::default().resend;
    let waits = resent(&bench);
    assert_eq!(waits.first(), Some(&shortest.fraction(2, 1)));
    assert_eq!(waits.last(), Some(&longest));
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(bench.leader(), None);
    // Both are heard when one of them speaks next, without anyone having to start anew.
    bench.isolated.clear();
    bench.clear_records();
    bench.run_for(longest + Duration::from_millis(100));
    assert_eq!(bench.leader(), Some(s(2)));
    assert!(resent(&bench).len() <= 1);
}

#[test]
fn whatever_is_heard_begins_the_wait_anew_without_doubling_it() {
    let mut bench = alone(disk(0, &[]));
    bench.now = bench.timer(s(1), Timer::Resend).unwrap();
    bench.ring(s(1), Timer::Resend);
    let until = bench.timer(s(1), Timer::Resend).unwrap();
    let patience = until.since(bench.now);
    bench.now += patience.fraction(1, 2);
    tell(
        &mut bench,
        2,
        vote(1, 0, Zxid::ZERO),
        0,
        ServerState::Looking,
    );
    let again = bench.timer(s(1), Timer::Resend).unwrap();
    assert_eq!(again.since(bench.now), patience);
}

#[test]
fn a_server_that_has_a_leader_tells_a_looking_one_its_vote_and_round() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    bench.clear_records();
    let from = s(1);
    let message = notification(vote(1, 0, Zxid::ZERO), 9, ServerState::Looking);
    bench.input(s(2), Input::Message { from, message });
    let told = &bench.at(s(2)).notifications()[&s(1)];
    assert_eq!(told.state, ServerState::Following);
    let vote = told.vote.unwrap();
    assert_eq!((vote.leader, vote.epoch), (leader, Epoch::new(1)));
}

#[test]
fn an_observer_finds_the_leader_without_a_vote() {
    let configuration = Configuration::new([s(1), s(2), s(3)], [s(4)]).unwrap();
    let disks = vec![Durable::new(configuration); 4];
    let mut bench = Bench::with(disks, Rules::default(), Settings::default());
    bench.elect();
    bench.run_for(Duration::from_secs(3));
    assert_eq!(bench.at(s(4)).state(), ServerState::Observing);
    assert!(bench.at(s(4)).is_serving());
    let leader = bench.leader().unwrap();
    bench.clear_records();
    bench.propose(leader, 5).unwrap();
    bench.run_for(Duration::from_millis(1));
    assert_eq!(bench.kinds(leader, s(4)), ["INFORM"]);
    assert_eq!(bench.at(s(4)).last_zxid(), z(1, 1));
}

#[test]
fn a_newer_configuration_is_taken_over_by_a_looking_server() {
    let mut bench = alone(disk(0, &[]));
    let newer = voters(5).at_version(z(1, 1));
    let message = Message::Election(Notification {
        vote: Some(vote(2, 0, Zxid::ZERO)),
        round: 1,
        state: ServerState::Looking,
        configuration: newer.clone().into(),
    });
    let from = s(2);
    bench.input(s(1), Input::Message { from, message });
    assert_eq!(*bench.at(s(1)).membership().active, newer);
    assert_eq!(bench.at(s(1)).round(), 2);
}

#[test]
fn votes_go_to_the_voters_of_the_configuration_in_force_and_of_the_last_seen() {
    let mut disk = disk(1, &[(1, 1)]);
    disk.membership.last_seen = voters(5).at_version(z(1, 1)).into();
    let bench = alone(disk);
    let told: Vec<_> = bench.at(s(1)).notifications().keys().copied().collect();
    assert_eq!(told, [s(2), s(3), s(4), s(5)]);
}

#[test]
fn who_is_followed_by_a_quorum_of_another_round_does_not_lead_by_that() {
    let mut bench = alone(disk(0, &[]));
    for from in [2, 3] {
        let led = vote(1, 1, z(1, 4));
        tell(&mut bench, from, led, 7, ServerState::Following);
    }
    assert_eq!(bench.at(s(1)).state(), ServerState::Looking);
    assert_eq!(bench.at(s(1)).round(), 1);
}

#[test]
fn a_notification_without_a_vote_changes_nothing() {
    let mut bench = alone(disk(0, &[]));
    let message = Message::Election(Notification {
        vote: None,
        round: 9,
        state: ServerState::Looking,
        configuration: three().into(),
    });
    let from = s(2);
    bench.input(s(1), Input::Message { from, message });
    assert_eq!(bench.at(s(1)).round(), 1);
    assert_eq!(bench.at(s(1)).ballots().count(), 1);
}

/// S2 and S3 vote only once the configuration is in force that needs them to come into force.
#[test]
fn who_votes_in_a_newer_configuration_only_brings_its_round_on_without_a_vote() {
    let mut disk = disk_of(&voters(1), 1, &[(1, 1)]);
    disk.membership.last_seen = three().at_version(z(1, 1)).into();
    let mut bench = alone(disk);
    let message = Message::Election(Notification {
        vote: None,
        round: 9,
        state: ServerState::Looking,
        configuration: voters(1).into(),
    });
    let from = s(2);
    bench.input(s(1), Input::Message { from, message });
    assert_eq!(bench.at(s(1)).round(), 9);
    let own = vote(1, 1, z(1, 1));
    assert_eq!(bench.at(s(1)).vote(), Some(own));
    assert!(!bench.at(s(1)).is_finalizing());
    tell(&mut bench, 2, own, 9, ServerState::Looking);
    assert!(bench.at(s(1)).is_finalizing());
}

#[test]
fn who_wins_leads_and_the_others_follow_or_observe() {
    let configuration = Configuration::new([s(1), s(2)], [s(3)]).unwrap();
    let disks = vec![Durable::new(configuration); 3];
    let mut bench = Bench::with(disks, Rules::default(), Settings::default());
    assert_eq!(bench.elect(), s(2));
    bench.run_for(Duration::from_secs(3));
    for (id, state) in [
        (1, ServerState::Following),
        (2, ServerState::Leading),
        (3, ServerState::Observing),
    ] {
        assert_eq!(bench.at(s(id)).state(), state, "S{id}");
    }
}

#[test]
fn after_synchronisation_all_members_report_the_new_epoch() {
    let mut bench = Bench::with(
        vec![disk(4, &[(4, 1)]), disk(4, &[(4, 2)]), disk(3, &[(3, 1)])],
        Rules::default(),
        Settings::default(),
    );
    assert_eq!(bench.elect(), s(2));
    bench.run_for(Duration::from_secs(3));
    for id in bench.ids() {
        let vote = bench.at(id).vote().unwrap();
        assert_eq!((vote.leader, vote.epoch), (s(2), Epoch::new(5)), "{id}");
    }
}
