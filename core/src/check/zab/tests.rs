//! Random runs of whole worlds of Zab under every fault there is, watched by a monitor.

use std::collections::BTreeSet;

use super::super::Monitor;
use super::super::testing::Storm;
use crate::server::Protocol;
use crate::zab::Rules;

fn without(rule: &str) -> Rules {
    let mut rules = Rules::default();
    rules.switch(rule, false).unwrap();
    rules
}

#[test]
fn with_all_rules_on_nothing_is_ever_red_under_zab() {
    let mut delivered = 0;
    for seed in 0..300 {
        let mut storm = Storm::zab(seed, Rules::default());
        storm.rage_while(|_| false);
        assert_eq!(storm.monitor.violations(), [], "seed {seed}");
        delivered += storm.monitor.zab_past.deliveries().count();
    }
    println!("{delivered} transactions");
    assert!(delivered > 300 * 10, "too little happens: {delivered}");
}

/// A rule, the invariant that goes red without it, and within how many random runs.
const MISSED: [(&str, &str, u64); 7] = [
    ("accepted_epoch_first", "leadership", 100),
    ("sync_before_ack", "committed_log_durability", 100),
    (
        "replay_log_before_election",
        "committed_log_durability",
        100,
    ),
    ("newleader_after_payload", "prefix_consistency", 100),
    ("log_before_newleader_ack", "committed_log_durability", 100),
    ("contiguous_committed_log", "total_order", 400),
    ("full_stop_on_step_down", "local_primary_order", 400),
];

#[test]
fn each_rule_switched_off_turns_its_invariant_red_under_zab() {
    for (rule, invariant, runs) in MISSED {
        let found = (0..runs).find(|seed| {
            let mut storm = Storm::zab(*seed, without(rule));
            storm.rage_while(|monitor| monitor.holds(invariant));
            !storm.monitor.holds(invariant)
        });
        println!("{rule}: {invariant} is red at {found:?}");
        assert!(found.is_some(), "{invariant} stays green without {rule}");
    }
}

#[test]
fn what_a_missing_rule_leads_to_in_the_end_is_red_too_under_zab() {
    let mut red = BTreeSet::new();
    for (rule, ..) in MISSED {
        for seed in 0..100 {
            let mut storm = Storm::zab(seed, without(rule));
            storm.rage_while(|_| true);
            let violations = storm.monitor.violations().iter();
            red.extend(violations.map(|violation| violation.invariant));
        }
    }
    println!("{red:?}");
    for invariant in [
        "leadership",
        "total_order",
        "local_primary_order",
        "primary_integrity",
        "leader_log_completeness",
        "committed_log_durability",
        "prefix_consistency",
        "ephemeral_owners",
    ] {
        assert!(red.contains(invariant), "{invariant}");
    }
}

#[test]
fn each_protocol_has_invariants_of_its_own_and_shares_those_of_clients() {
    let names = |protocol| Monitor::properties(protocol).map(|property| property.name);
    let raft: Vec<_> = names(Protocol::Raft).collect();
    let zab: Vec<_> = names(Protocol::Zab).collect();
    assert!(raft.contains(&"log_matching") && !zab.contains(&"log_matching"));
    assert!(zab.contains(&"primary_integrity") && !raft.contains(&"primary_integrity"));
    assert!(raft.contains(&"linearizability") && zab.contains(&"linearizability"));
}
