//! A thousand random runs: none breaks a promise, and each rule that is switched off is missed.

use quorumscope_cli::fuzz::{Options, run_seeds};
use quorumscope_cli::{Finished, run_to_end};
use quorumscope_core::history::Player;
use quorumscope_core::server::Protocol;
use quorumscope_core::sim;
use quorumscope_core::time::Duration;

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
}

#[test]
fn each_rule_switched_off_is_missed_within_a_thousand_runs_and_the_script_shows_it() {
    for rule in sim::rules(Protocol::Raft).map(|rule| rule.name) {
        let options = Options {
            off: vec![rule.to_owned()],
            ..Options::default()
        };
        let summary = run_seeds(0..1_000, &options, false, |_| {});
        let Some(finding) = summary.findings.into_values().next() else {
            panic!("nothing goes wrong without {rule}");
        };
        println!("without {rule}: seed {}, {}", finding.seed, finding.what);
        assert_ne!(finding.property, "liveness", "{rule}");
        let mut player = Player::open(&finding.script).unwrap();
        let finished = run_to_end(&mut player, None, |_| {});
        assert_eq!(finished, Finished::Violated, "{rule}");
        assert_eq!(player.now(), finding.time, "{rule}");
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
