//! The servers answer what Apache ZooKeeper 3.8 was recorded answering.

use quorumscope_cli::conform::{Scenario, difference, parse, replay};

const SAMPLES: &str = include_str!("../conformance/samples.jsonl");

fn scenarios() -> Vec<Scenario> {
    parse(SAMPLES).expect("the samples are a trace")
}

/// The strict scenarios that come out differently on so many servers.
fn failures(servers: Option<u16>) -> Vec<String> {
    let mut failures = Vec::new();
    for scenario in scenarios().iter().filter(|it| it.strict) {
        let actual = replay(scenario, servers);
        if let Some(found) = difference(scenario, &actual) {
            failures.push(format!("{}: {found:?}", scenario.name));
        }
    }
    failures
}

#[test]
fn every_strict_scenario_is_answered_as_it_was_recorded() {
    assert_eq!(failures(None), Vec::<String>::new());
}

#[test]
fn the_answers_do_not_depend_on_the_number_of_servers() {
    assert_eq!(failures(Some(3)), Vec::<String>::new());
}

#[test]
fn a_replay_does_what_the_trace_says_and_would_notice_anything_else() {
    let scenarios = scenarios();
    assert!(scenarios.len() > 40);
    let mut noticed = 0;
    for scenario in scenarios.iter().take(5) {
        let mut actual = replay(scenario, None);
        let last = actual.len() - 1;
        actual[last]["result"] = "something else".into();
        noticed += usize::from(difference(scenario, &actual).is_some());
    }
    assert_eq!(noticed, 5);
}
