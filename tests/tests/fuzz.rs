//! A thousand random runs: none breaks a promise, and each rule that is switched off is missed.

use quorumscope_cli::fuzz::{Finding, Options, run_seeds};
use quorumscope_cli::{Finished, run_to_end};
use quorumscope_core::check::lost_without;
use quorumscope_core::history::Player;
use quorumscope_core::server::Protocol;
use quorumscope_core::sim;
use quorumscope_core::time::Duration;
use quorumscope_core::view::Scope;

/// How many seeds are run before one looks whether that was enough.
const STRIDE: usize = 8;

#[test]
fn in_a_thousand_random_runs_every_promise_is_kept() {
    let options = Options {
        duration: Duration::from_secs(5),
        ..Options::default()
    };
    let summary = run_seeds(0..1_000, &options, false, |_| {});
    assert_eq!(summary.findings.into_values().next(), None);
    // The runs were worth something: leaders came and went, and entries were committed.
    let tally = summary.tally;
    assert_eq!(tally.runs, 1_000);
    assert!(tally.leaders > 5_000, "{tally:?}");
    assert!(tally.entries > 20_000, "{tally:?}");
    assert!(tally.recipes > 1_000, "{tally:?}");
}

#[test]
fn in_two_hundred_random_runs_of_zab_every_promise_is_kept() {
    let options = Options {
        protocol: Protocol::Zab,
        duration: Duration::from_secs(5),
        ..Options::default()
    };
    let summary = run_seeds(0..200, &options, false, |_| {});
    assert_eq!(summary.findings.into_values().next(), None);
    let tally = summary.tally;
    assert!(tally.leaders > 1_000, "{tally:?}");
    assert!(tally.entries > 10_000, "{tally:?}");
    assert!(tally.recipes > 200, "{tally:?}");
}

/// The first of so many runs without a rule that violates each of the invariants that are said to
/// be lost with it, before it violates any other.
fn violations_without(rule: &str, protocol: Protocol, within: u64) -> Vec<Finding> {
    let options = Options {
        protocol,
        off: vec![rule.to_owned()],
        ..Options::default()
    };
    let mut sought = lost_without(rule).to_vec();
    let mut found = Vec::new();
    for first in (0..within).step_by(STRIDE) {
        let seeds = first..within.min(first + STRIDE as u64);
        for finding in run_seeds(seeds, &options, true, |_| {})
            .findings
            .into_values()
        {
            if let Some(place) = sought.iter().position(|name| *name == finding.property) {
                sought.swap_remove(place);
                found.push(finding);
            }
        }
        if sought.is_empty() {
            return found;
        }
    }
    panic!("without {rule}, {sought:?} is not the first to be violated within {within} seeds");
}

/// Each finding is of what is lost without the rule, and its script shows it again.
fn assert_missed(rule: &str, protocol: Protocol, within: u64) {
    for Finding {
        seed,
        property,
        time,
        what,
        script,
    } in violations_without(rule, protocol, within)
    {
        println!(
            "without {rule}: {property} after {} seeds: {what}",
            seed + 1
        );
        let mut player = Player::open(&script).unwrap();
        let finished = run_to_end(&mut player, None, |_| {});
        assert_eq!(finished, Finished::Violated, "{rule}");
        let violated = player.view(&Scope::default()).violations;
        assert_eq!(violated[0].invariant, property, "{rule}");
        assert_eq!(player.now(), time, "{rule}");
    }
}

#[test]
fn without_each_rule_what_it_guards_is_violated_within_a_thousand_runs_and_the_script_shows_it() {
    for rule in sim::rules(Protocol::Raft).map(|rule| rule.name) {
        assert_missed(rule, Protocol::Raft, 1_000);
    }
}

/// Within how many seeds a rule of Zab is missed. The others are missed more seldom: on the replicas'
/// own bench, where each is, no time passes and no client asks for anything (`zab::chaos`).
const MISSED_UNDER_ZAB: [(&str, u64); 8] = [
    ("sync_before_ack", 20),
    ("replay_log_before_election", 20),
    ("newleader_after_payload", 20),
    ("log_before_newleader_ack", 20),
    ("keep_uncommitted_staged", 20),
    ("full_stop_on_step_down", 20),
    ("contiguous_committed_log", 100),
    ("fsync_before_newleader_ack", 150),
];

#[test]
fn without_a_rule_of_zab_what_it_guards_is_violated_within_its_seeds_and_the_script_shows_it() {
    for (rule, within) in MISSED_UNDER_ZAB {
        assert_missed(rule, Protocol::Zab, within);
    }
}

#[test]
fn a_seed_is_one_run_whatever_runs_beside_it() {
    let options = Options {
        duration: Duration::from_secs(2),
        ..Options::default()
    };
    let once = quorumscope_cli::fuzz::run_seed(7, &options);
    assert_eq!(once, quorumscope_cli::fuzz::run_seed(7, &options));
    assert_ne!(once, quorumscope_cli::fuzz::run_seed(8, &options));
}
