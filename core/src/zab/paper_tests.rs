//! The examples by which the papers explain Zab: what must not happen, and what happens instead.

use super::testing::{Bench, disk, ledger, s, z};
use super::testing_wires::WireId;
use super::*;
use crate::time::Duration;

/// Zab §2.1, Figure 1. S1 led epoch 1 and proposed A and then B, which builds on A; S2 led epoch 2
/// and proposed C; S3 followed it and has nothing of either. Each of them alone wrote what it had
/// proposed.
///
/// In the paper's run of Paxos the third primary finds C for the first place and B for the second,
/// and delivers B without A.
fn run_of_paxos() -> Vec<Durable<u64>> {
    let (a, b, c) = ((1, 1), (1, 2), (2, 1));
    vec![disk(1, &[a, b]), disk(2, &[c]), disk(2, &[])]
}

#[test]
fn in_the_papers_run_of_paxos_nobody_delivers_a_change_without_the_one_it_builds_on() {
    let c = (2, 1);
    // The two that elect the third primary; what it starts from.
    let quorums = [
        ([s(1), s(2)], s(2), vec![c]),
        ([s(1), s(3)], s(3), vec![]),
        ([s(2), s(3)], s(2), vec![c]),
    ];
    for (quorum, primary, mut history) in quorums {
        let settings = Settings::default();
        let mut bench = Bench::stopped(run_of_paxos(), Rules::default(), settings);
        for id in quorum {
            bench.restart(id);
        }
        assert_eq!(bench.elect(), primary, "{quorum:?}");
        // D builds on what the primary has.
        assert_eq!(bench.propose(primary, z(3, 1).number()), Ok(z(3, 1)));
        bench.run_for(Duration::from_millis(1));
        history.push((3, 1));
        for id in bench.ids().into_iter().filter(|id| !quorum.contains(id)) {
            bench.restart(id);
        }
        bench.run_for(Duration::from_secs(3));
        for id in bench.ids() {
            assert!(bench.at(id).is_serving(), "{id} of {quorum:?}");
            assert_eq!(
                *bench.at(id).database(),
                ledger(&history),
                "{id} of {quorum:?}"
            );
        }
        assert_eq!(bench.invariants.violation, None);
    }
}

/// Junqueira and Reed, "A simple totally ordered broadcast protocol" (LADIS 2008), §4.2: what was
/// delivered at one server cannot be forgotten, even if all others only have the proposal.
#[test]
fn what_one_server_has_delivered_is_delivered_by_all_after_it_fails() {
    let mut bench = Bench::new(3);
    assert_eq!(bench.elect(), s(3));
    for counter in 1..=2 {
        bench.propose(s(3), z(1, counter).number()).unwrap();
    }
    // Both have the proposals, S1 acknowledges them, and no commit arrives.
    let [first, second] = [1, 2].map(|learner| WireId {
        elects: false,
        ends: [s(learner), s(3)],
    });
    for wire in [first, second, first, second] {
        assert!(bench.deliver(wire, 0), "PROPOSAL");
    }
    assert!(bench.deliver(first, 1) && bench.deliver(first, 1), "ACK");
    assert!(bench.ring(s(3), Timer::Apply));
    assert_eq!(*bench.at(s(3)).database(), ledger(&[(1, 1), (1, 2)]));
    assert_eq!(*bench.at(s(1)).database(), ledger(&[]));
    assert_eq!(*bench.at(s(2)).database(), ledger(&[]));
    bench.isolate(s(3));
    bench.crash(s(3), 0);
    let leader = bench.elect();
    for id in [s(1), s(2)] {
        assert_eq!(
            *bench.at(id).database(),
            ledger(&[(1, 1), (1, 2)]),
            "{id} under {leader}"
        );
    }
    assert_eq!(bench.invariants.violation, None);
}

/// The same paper: what nobody has delivered, and only a failed leader proposed, must be skipped
/// when that leader comes back and finds transactions of the next epoch.
#[test]
fn what_only_a_failed_leader_had_proposed_is_skipped_by_all_even_by_itself() {
    let mut bench = Bench::new(3);
    assert_eq!(bench.elect(), s(3));
    bench.propose(s(3), z(1, 1).number()).unwrap();
    bench.run_for(Duration::from_millis(1));
    bench.propose(s(3), z(1, 2).number()).unwrap();
    bench.isolate(s(3));
    bench.crash(s(3), 0);
    assert_eq!(bench.elect(), s(2));
    for counter in 1..=2 {
        bench.propose(s(2), z(2, counter).number()).unwrap();
    }
    bench.run_for(Duration::from_millis(1));
    bench.isolated.clear();
    bench.restart(s(3));
    bench.run_for(Duration::from_secs(1));
    for id in bench.ids() {
        let expected = ledger(&[(1, 1), (2, 1), (2, 2)]);
        assert_eq!(*bench.at(id).database(), expected, "{id}");
    }
    assert_eq!(bench.at(s(3)).log().last(), z(2, 2));
    assert_eq!(bench.invariants.violation, None);
}
