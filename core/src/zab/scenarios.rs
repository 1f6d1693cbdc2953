//! Stories: phase after phase, on a bench where nothing happens by itself.

use super::testing::{Bench, disk, disk_of, ledger, s, three, voters, z};
use super::testing_wires::WireId;
use super::*;
use crate::time::Duration;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The connection between a learner and its leader.
fn learning(learner: u16, leader: u16) -> WireId {
    WireId {
        elects: false,
        ends: [s(learner), s(leader)],
    }
}

/// Three new servers under S3, which has committed this many transactions.
fn serving(transactions: u32) -> Bench {
    let mut bench = Bench::new(3);
    assert_eq!(bench.elect(), s(3));
    commit(&mut bench, s(3), 1..=transactions);
    bench
}

/// Lets a leader commit transactions that say their own zxid.
fn commit(bench: &mut Bench, leader: ServerId, counters: std::ops::RangeInclusive<u32>) {
    for counter in counters {
        let epoch = bench.at(leader).epoch().unwrap().number();
        let zxid = z(epoch, counter);
        assert_eq!(bench.propose(leader, zxid.number()), Ok(zxid));
    }
    bench.run_for(ms(1));
}

fn assert_all_hold(bench: &Bench, zxids: &[(u32, u32)]) {
    for id in bench.ids().into_iter().filter(|id| bench.is_up(*id)) {
        assert!(bench.at(id).is_serving(), "{id}");
        assert_eq!(*bench.at(id).database(), ledger(zxids), "{id}");
    }
    assert_eq!(bench.invariants.violation, None);
}

#[test]
fn three_new_servers_elect_the_highest_id_and_replicate() {
    let bench = serving(1);
    assert_all_hold(&bench, &[(1, 1)]);
    for id in bench.ids() {
        assert_eq!(bench.at(id).current_epoch(), Epoch::new(1));
    }
}

#[test]
fn a_follower_that_was_away_gets_what_it_missed_by_diff() {
    let mut bench = serving(1);
    bench.crash(s(1), 0);
    commit(&mut bench, s(3), 2..=3);
    bench.clear_records();
    bench.restart(s(1));
    bench.run_for(ms(40));
    let kinds = bench.kinds(s(3), s(1));
    let [proposal, commit] = ["PROPOSAL", "COMMIT"];
    let pairs = [proposal, commit, proposal, commit];
    assert_eq!(kinds[..2], ["LEADERINFO", "DIFF"]);
    assert_eq!(kinds[2..6], pairs);
    assert_eq!(kinds[6..8], ["NEWLEADER", "UPTODATE"]);
    assert_all_hold(&bench, &[(1, 1), (1, 2), (1, 3)]);
}

#[test]
fn what_is_outstanding_reaches_a_learner_between_its_diff_and_newleader() {
    let mut bench = serving(1);
    bench.crash(s(1), 0);
    bench.run_for(ms(1));
    bench.propose(s(3), z(1, 2).number()).unwrap();
    bench.clear_records();
    bench.restart(s(1));
    // Nothing moves between S2 and S3, so that nothing is committed.
    while !bench.kinds(s(3), s(1)).contains(&"NEWLEADER") {
        let mut wires = bench.wires.keys().copied().collect::<Vec<_>>();
        wires.retain(|wire| wire.ends.contains(&s(1)));
        let mut wires = wires.into_iter();
        assert!(
            wires.any(|wire| bench.deliver(wire, 0) || bench.deliver(wire, 1) || bench.open(wire))
        );
    }
    let order = ["LEADERINFO", "DIFF", "PROPOSAL", "NEWLEADER"];
    assert_eq!(bench.kinds(s(3), s(1)), order);
    bench.run_for(ms(1_000));
    assert_all_hold(&bench, &[(1, 1), (1, 2)]);
}

/// S3 proposes ⟨1, 2⟩, writes it, and dies before anyone hears of it.
fn leader_dies_with_a_proposal() -> Bench {
    let mut bench = serving(1);
    bench.propose(s(3), z(1, 2).number()).unwrap();
    bench.isolate(s(3));
    bench.crash(s(3), 0);
    assert_eq!(bench.elect(), s(2));
    bench.isolated.clear();
    bench
}

#[test]
fn what_a_dead_leader_alone_had_proposed_is_cut_off_when_it_comes_back() {
    let mut bench = leader_dies_with_a_proposal();
    bench.clear_records();
    bench.restart(s(3));
    bench.run_for(ms(500));
    assert_eq!(
        bench.kinds(s(2), s(3))[..3],
        ["LEADERINFO", "TRUNC", "NEWLEADER"]
    );
    assert_all_hold(&bench, &[(1, 1)]);
    assert_eq!(bench.at(s(3)).log().last(), z(1, 1));
}

#[test]
fn where_the_next_epoch_has_transactions_a_longer_history_is_replaced() {
    let mut bench = leader_dies_with_a_proposal();
    commit(&mut bench, s(2), 1..=1);
    bench.clear_records();
    bench.restart(s(3));
    bench.run_for(ms(500));
    let kinds = bench.kinds(s(2), s(3));
    assert_eq!(kinds[..4], ["LEADERINFO", "SNAP", "SNAP body", "NEWLEADER"]);
    assert_all_hold(&bench, &[(1, 1), (2, 1)]);
}

#[test]
fn what_a_dead_leader_had_committed_survives_though_it_told_nobody() {
    let mut bench = serving(1);
    bench.clear_records();
    bench.propose(s(3), z(1, 2).number()).unwrap();
    assert!(bench.deliver(learning(1, 3), 0), "PROPOSAL to S1");
    assert!(bench.deliver(learning(1, 3), 1), "ACK of S1");
    let committed = |fact: &&ZabFact| matches!(fact, ZabFact::Committed { .. });
    assert!(bench.facts_of(s(3)).iter().any(committed));
    bench.isolate(s(3));
    bench.crash(s(3), 0);
    assert_eq!(
        bench.elect(),
        s(1),
        "S2 has the higher id, S1 the longer history"
    );
    assert_all_hold(&bench, &[(1, 1), (1, 2)]);
}

#[test]
fn a_follower_far_behind_gets_the_whole_state() {
    let mut bench = far_behind();
    bench.run_for(ms(500));
    let kinds = bench.kinds(s(3), s(1));
    assert_eq!(kinds[..4], ["LEADERINFO", "SNAP", "SNAP body", "NEWLEADER"]);
    assert_all_hold(&bench, &[(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]);
}

/// S1 comes back where the leader's committed log does not reach.
fn far_behind() -> Bench {
    let settings = Settings {
        committed_log: 2,
        log_sync_limit: 0,
        ..Settings::default()
    };
    let disks = vec![Durable::new(three()); 3];
    let mut bench = Bench::with(disks, Rules::default(), settings);
    assert_eq!(bench.elect(), s(3));
    commit(&mut bench, s(3), 1..=1);
    bench.crash(s(1), 0);
    commit(&mut bench, s(3), 2..=5);
    bench.clear_records();
    bench.restart(s(1));
    bench
}

#[test]
fn a_connection_that_breaks_in_the_middle_of_a_snapshot_leaves_nothing_half_done() {
    let mut bench = far_behind();
    let installed = |fact: &&ZabFact| matches!(fact, ZabFact::SnapshotInstalled { .. });
    while !bench.facts_of(s(1)).iter().any(installed) {
        if !bench.move_something() {
            bench.run_for(Duration::from_micros(500));
        }
    }
    bench.break_wire(learning(1, 3));
    assert!(bench.deliver(learning(1, 3), 0), "S1 notices");
    assert_eq!(*bench.at(s(1)).database(), ledger(&[(1, 1)]), "as on disk");
    bench.run_for(ms(1_000));
    let all = [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)];
    assert_all_hold(&bench, &all);
    bench.crash(s(1), 0);
    bench.restart(s(1));
    assert_eq!(*bench.at(s(1)).database(), ledger(&all), "and on disk");
}

#[test]
fn a_leader_alone_steps_down_and_takes_over_what_the_majority_committed_meanwhile() {
    let mut bench = Bench::new(5);
    assert_eq!(bench.elect(), s(5));
    bench.isolate(s(5));
    bench.propose(s(5), 9).unwrap();
    bench.run_for(ms(2_000));
    assert_eq!(bench.at(s(5)).state(), ServerState::Looking);
    assert_eq!(bench.leader(), Some(s(4)));
    commit(&mut bench, s(4), 1..=2);
    bench.isolated.clear();
    bench.run_for(ms(3_000));
    assert_all_hold(&bench, &[(2, 1), (2, 2)]);
}

#[test]
fn a_later_current_epoch_wins_over_a_higher_zxid() {
    let disks = vec![
        disk(3, &[(1, 1)]),
        disk(2, &[(1, 1), (2, 1)]),
        disk(2, &[(1, 1), (2, 1)]),
    ];
    let mut bench = Bench::stopped(disks, Rules::default(), Settings::default());
    bench.restart(s(1));
    bench.restart(s(2));
    assert_eq!(bench.elect(), s(1));
    assert_eq!(bench.at(s(1)).epoch(), Some(Epoch::new(4)));
    assert_eq!(*bench.at(s(2)).database(), ledger(&[(1, 1)]));
}

/// Five servers, three of which vote, with S3 for their leader.
fn three_of_five() -> Bench {
    let disks = vec![disk_of(&three(), 0, &[]); 5];
    let mut bench = Bench::with(disks, Rules::default(), Settings::default());
    bench.invariants.reconfigures = true;
    assert_eq!(bench.elect(), s(3));
    bench.run_for(ms(3_000));
    bench
}

#[test]
fn after_a_reconfiguration_the_new_members_commit_without_the_old_ones() {
    let mut bench = three_of_five();
    let new = Configuration::new([s(3), s(4), s(5)], []).unwrap();
    let version = bench.reconfigure(s(3), &new).unwrap();
    assert_eq!(
        bench.reconfigure(s(3), &voters(3)),
        Err(ProposeError::ReconfigurationUnderWay)
    );
    bench.run_for(ms(100));
    assert_eq!(bench.at(s(3)).membership().active.version(), version);
    bench.crash(s(1), 0);
    bench.crash(s(2), 0);
    let zxid = bench.propose(s(3), 5).unwrap();
    bench.run_for(ms(1_000));
    assert_eq!(bench.leader(), Some(s(3)));
    assert_eq!(bench.at(s(4)).last_zxid(), zxid);
    assert_eq!(bench.invariants.violation, None);
}

#[test]
fn a_leader_that_votes_no_more_hands_over_to_the_one_that_is_designated() {
    let mut bench = three_of_five();
    let new = Configuration::new([s(1), s(2)], []).unwrap();
    bench.clear_records();
    bench.reconfigure(s(3), &new).unwrap();
    bench.run_for(ms(2_000));
    let designated = |fact: &&ZabFact| {
        let how = ElectionEnd::Designated;
        matches!(fact, ZabFact::ElectionEnded { how: it, .. } if *it == how)
    };
    let leader = bench.leader().unwrap();
    assert!(new.is_voter(leader), "{leader}");
    assert!(bench.facts_of(leader).iter().any(designated));
    assert_eq!(bench.invariants.violation, None);
}

#[test]
fn a_reconfiguration_that_a_dead_leader_left_behind_is_completed_by_the_next() {
    let mut bench = three_of_five();
    let new = Configuration::new([s(1), s(2), s(4)], []).unwrap();
    let version = bench.reconfigure(s(3), &new).unwrap();
    assert!(bench.deliver(learning(1, 3), 0), "PROPOSAL to S1");
    bench.isolate(s(3));
    bench.crash(s(3), 0);
    bench.run_for(ms(2_000));
    assert_eq!(bench.leader(), Some(s(1)));
    for id in [1, 2, 4] {
        let active = &bench.at(s(id)).membership().active;
        assert_eq!(active.version(), version, "S{id}");
        assert!(bench.at(s(id)).is_serving(), "S{id}");
    }
    assert_eq!(bench.invariants.violation, None);
}

#[test]
fn an_observer_is_not_here_for_a_configuration_that_has_no_quorum_without_its_acknowledgement() {
    let configuration = Configuration::new([s(1)], [s(2)]).unwrap();
    let disks = vec![Durable::new(configuration); 2];
    let mut bench = Bench::with(disks, Rules::default(), Settings::default());
    bench.invariants.reconfigures = true;
    assert_eq!(bench.elect(), s(1));
    bench.run_for(ms(3_000));
    assert_eq!(bench.at(s(2)).state(), ServerState::Observing);
    assert_eq!(
        bench.reconfigure(s(1), &voters(2)),
        Err(ProposeError::NoQuorumOfNewConfiguration)
    );
    // Who is no member follows, and may become one.
    bench.reconfigure(s(1), &voters(1)).unwrap();
    bench.run_for(ms(3_000));
    let version = bench.reconfigure(s(1), &voters(2)).unwrap();
    bench.run_for(ms(3_000));
    assert_eq!(bench.at(s(2)).membership().active.version(), version);
}

#[test]
fn followers_and_observers_are_told_of_a_reconfiguration_with_its_commit() {
    let configuration = Configuration::new([s(1), s(2), s(3)], [s(4)]).unwrap();
    let disks = vec![Durable::new(configuration); 4];
    let mut bench = Bench::with(disks, Rules::default(), Settings::default());
    bench.invariants.reconfigures = true;
    assert_eq!(bench.elect(), s(3));
    bench.run_for(ms(3_000));
    bench.clear_records();
    let new = Configuration::new([s(2), s(3)], [s(1), s(4)]).unwrap();
    let version = bench.reconfigure(s(3), &new).unwrap();
    bench.run_for(ms(1));
    assert_eq!(bench.kinds(s(3), s(2)), ["PROPOSAL", "COMMITANDACTIVATE"]);
    assert_eq!(bench.kinds(s(3), s(4)), ["INFORMANDACTIVATE"]);
    bench.run_for(ms(3_000));
    assert_eq!(bench.at(s(1)).state(), ServerState::Observing);
    for id in bench.ids() {
        let active = &bench.at(id).membership().active;
        assert_eq!(active.version(), version, "{id}");
    }
}

/// S3 has logged alone that S3, S4 and S5 vote from now on, and fails. S1 is gone, so that without
/// S3 the old members have no quorum, and S4 and S5 do not know that they are voters.
fn reconfiguration_that_nobody_has_heard_of() -> (Bench, Zxid) {
    let mut bench = three_of_five();
    let new = Configuration::new([s(3), s(4), s(5)], []).unwrap();
    let version = bench.reconfigure(s(3), &new).unwrap();
    bench.isolate(s(3));
    bench.crash(s(3), 0);
    bench.isolated.clear();
    let seen = bench.machines[s(3).position()]
        .disk
        .membership
        .last_seen
        .version();
    assert_eq!(seen, version);
    for id in [s(4), s(5)] {
        assert!(!bench.at(id).membership().is_voter(id), "{id}");
    }
    (bench, version)
}

#[test]
fn voters_who_do_not_know_it_yet_complete_the_reconfiguration_that_made_them_voters() {
    let (mut bench, version) = reconfiguration_that_nobody_has_heard_of();
    bench.crash(s(1), 0);
    bench.run_for(ms(2_000));
    assert_eq!(bench.leader(), None, "S2 is one of three");
    bench.restart(s(3));
    bench.run_for(ms(10_000));
    assert_eq!(bench.leader(), Some(s(3)));
    bench.restart(s(1));
    bench.run_for(ms(3_000));
    for id in bench.ids() {
        assert_eq!(bench.at(id).membership().active.version(), version, "{id}");
        assert!(bench.at(id).is_serving(), "{id}");
    }
    assert_eq!(bench.invariants.violation, None);
}

#[test]
fn a_reconfiguration_that_its_lost_leader_alone_had_logged_is_taken_back_when_it_returns() {
    let (mut bench, version) = reconfiguration_that_nobody_has_heard_of();
    bench.run_for(ms(2_000));
    assert_eq!(bench.leader(), Some(s(2)), "S1 and S2 are a quorum");
    bench.restart(s(3));
    bench.run_for(ms(5_000));
    for id in bench.ids() {
        let membership = bench.at(id).membership();
        assert!(
            membership.active.version() < version || membership.active.is_voter(s(1)),
            "{id}"
        );
        assert_eq!(membership.pending(), None, "{id}");
        assert!(bench.at(id).is_serving(), "{id}");
    }
    assert_eq!(bench.invariants.violation, None);
}

/// S1 and S2 have established epoch 2 while S3 was away, which has accepted epoch 9 before.
fn who_promised_more(rules: Rules) -> Bench {
    let mut disks = vec![disk(1, &[(1, 1)]); 3];
    disks[2].accepted_epoch = Epoch::new(9);
    let mut bench = Bench::stopped(disks, rules, Settings::default());
    bench.restart(s(1));
    bench.restart(s(2));
    assert_eq!(bench.elect(), s(2));
    assert_eq!(bench.at(s(2)).epoch(), Some(Epoch::new(2)));
    bench.restart(s(3));
    bench
}

#[test]
fn a_leader_makes_way_for_who_has_promised_a_higher_epoch_or_that_one_stays_out() {
    let mut bench = who_promised_more(Rules::default());
    bench.run_for(ms(10_000));
    let leader = bench.leader().unwrap();
    assert_eq!(bench.at(leader).epoch(), Some(Epoch::new(10)));
    commit(&mut bench, leader, 1..=1);
    assert_all_hold(&bench, &[(1, 1), (10, 1)]);
    let mut rules = Rules::default();
    rules.switch("yield_to_higher_epoch", false).unwrap();
    let mut bench = who_promised_more(rules);
    // It goes from looking to following and back as fast as messages travel.
    for _ in 0..5_000 {
        assert!(bench.move_something());
    }
    let past = |fact: &&ZabFact| {
        let left = |reason: &_| matches!(reason, LookingReason::LeaderInPast { .. });
        matches!(fact, ZabFact::ElectionStarted { reason, .. } if left(reason))
    };
    assert!(bench.facts_of(s(3)).into_iter().filter(past).count() > 100);
    assert_eq!(bench.at(s(2)).epoch(), Some(Epoch::new(2)));
    assert!(!bench.at(s(3)).is_serving());
}
