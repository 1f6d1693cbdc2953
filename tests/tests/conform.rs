//! The servers answer what Apache ZooKeeper 3.8 was recorded answering.

use quorumscope_cli::conform::{Scenario, difference, parse, replay};
use quorumscope_core::server::Protocol;

/// Recorded from a real server.
const SAMPLES: &str = include_str!("../conformance/samples.jsonl");
/// Written down from what ZooKeeper's documentation and sources say, where no sample shows it.
const BY_REFERENCE: &str = include_str!("../conformance/by-reference.jsonl");

fn scenarios() -> Vec<Scenario> {
    let traces = [SAMPLES, BY_REFERENCE].into_iter();
    traces
        .flat_map(|trace| parse(trace).expect("it is a trace"))
        .collect()
}

/// The strict scenarios that come out differently on so many servers.
fn failures(servers: Option<u16>, protocol: Protocol) -> Vec<String> {
    let mut failures = Vec::new();
    // Of more than three servers, two are no majority that could be missed.
    let is_larger = servers.is_some_and(|servers| servers > 3);
    let fits = |it: &&Scenario| it.strict && !(is_larger && it.name == "quorum");
    for scenario in scenarios().iter().filter(fits) {
        let actual = replay(scenario, servers, protocol);
        if let Some(found) = difference(scenario, &actual) {
            failures.push(format!("{}: {found:?}", scenario.name));
        }
    }
    failures
}

#[test]
fn every_strict_scenario_is_answered_as_it_was_recorded() {
    assert_eq!(failures(None, Protocol::Raft), Vec::<String>::new());
}

#[test]
fn the_answers_do_not_depend_on_the_protocol() {
    for servers in [None, Some(3), Some(5)] {
        assert_eq!(failures(servers, Protocol::Zab), Vec::<String>::new());
    }
}

#[test]
fn the_answers_do_not_depend_on_the_number_of_servers() {
    assert_eq!(failures(Some(3), Protocol::Raft), Vec::<String>::new());
}

#[test]
fn a_replay_does_what_the_trace_says_and_would_notice_anything_else() {
    let scenarios = scenarios();
    assert!(scenarios.len() > 40);
    let mut noticed = 0;
    for scenario in scenarios.iter().take(5) {
        let mut actual = replay(scenario, None, Protocol::Raft);
        let last = actual.len() - 1;
        actual[last]["result"] = "something else".into();
        noticed += usize::from(difference(scenario, &actual).is_some());
    }
    assert_eq!(noticed, 5);
}
