//! The scenarios that ship: each holds, and is told word for word as in `tests/golden`.
//!
//! After a change of behaviour or wording that is meant, `INSTA_UPDATE=always cargo test -p
//! quorumscope-tests --test scenarios` writes the narrations anew; read them before you commit.

use quorumscope_cli::{Finished, Narration, run_to_end};
use quorumscope_core::history::Player;
use quorumscope_core::script::limits::FORMAT_VERSION;
use quorumscope_tests::scripts::SCENARIOS;

/// Runs a script to its end; what was told, and what did not come out as it says.
fn told(text: &str) -> (Finished, String, Vec<String>) {
    let mut player = Player::open(&format!("{text}\npause\n")).unwrap();
    let mut narration = Narration::new();
    let mut lines = Vec::new();
    let finished = run_to_end(&mut player, None, |player| {
        lines.extend(narration.go_on(player));
    });
    let failures = player.failures().iter();
    let failures = failures.map(|failure| format!("line {}: {}", failure.line, failure.what));
    (finished, lines.join("\n"), failures.collect())
}

#[test]
fn every_scenario_holds_and_is_told_as_it_was() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, text) in SCENARIOS {
            let (finished, narration, failures) = told(text);
            assert_eq!(failures, [""; 0], "{name}");
            assert_eq!(finished, Finished::Done, "{name}");
            insta::assert_snapshot!(name, narration);
        }
    });
}

#[test]
fn every_scenario_has_a_title_and_claims_something() {
    for (name, text) in SCENARIOS {
        assert!(
            text.starts_with(&format!("quorumscope {FORMAT_VERSION}\n")),
            "{name}"
        );
        assert!(text.contains("\ntitle \""), "{name}");
        assert!(text.contains("\nexpect "), "{name}");
    }
}

#[test]
fn a_false_claim_in_a_scenario_is_found() {
    for (name, text) in SCENARIOS {
        let (_, _, failures) = told(&format!("{text}expect S1 log 100000\n"));
        assert_eq!(failures.len(), 1, "{name}");
    }
}
