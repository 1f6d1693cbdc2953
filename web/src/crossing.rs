//! Protocols as the page names them, and the same work under the other one.

use quorumscope_core::script::Protocol;
use quorumscope_core::{raft, zab};

pub use quorumscope_core::compare::{Crossing, under};

/// A protocol as a reader writes it.
pub const fn title(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Raft => "Raft",
        Protocol::Zab => "Zab",
    }
}

/// The names of a protocol's rules that can be switched off, and what each says.
pub fn rules(protocol: Protocol) -> Vec<(&'static str, &'static str)> {
    let rules = match protocol {
        Protocol::Raft => raft::Rules::list(),
        Protocol::Zab => zab::Rules::list(),
    };
    rules.iter().map(|rule| (rule.name, rule.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::SCENARIOS;
    use quorumscope_core::history::Player;
    use quorumscope_core::script;

    #[test]
    fn every_scenario_crosses_to_a_script_that_the_other_protocol_can_run() {
        for scenario in SCENARIOS {
            let own = script::parse(scenario.script).unwrap().header.protocol;
            let mut others = Protocol::NAMES.into_iter();
            let (_, other) = others.find(|(_, it)| *it != own).unwrap();
            let crossing = under(other, scenario.script);
            let opened = Player::open(&crossing.script);
            assert!(opened.is_ok(), "{}: {:?}", scenario.title, opened.err());
        }
    }
}
