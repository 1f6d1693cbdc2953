//! The rules of what servers run, by their names: those of the protocol and those of the service.

use thiserror::Error;

use super::Settings;
use crate::explain::RuleInfo;
use crate::server::Protocol;
use crate::{raft, zab, zookeeper};

/// A name that is no rule's.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule is called `{name}`; there are {}", names(*.protocol).join(", "))]
pub struct UnknownRule {
    /// The name.
    pub name: String,
    /// The protocol that the servers run.
    pub protocol: Protocol,
}

/// Every rule that can be switched off under a protocol, the protocol's first.
pub fn rules(protocol: Protocol) -> impl Iterator<Item = &'static RuleInfo> {
    let of_protocol = match protocol {
        Protocol::Raft => raft::Rules::list(),
        Protocol::Zab => zab::Rules::list(),
    };
    of_protocol.iter().chain(zookeeper::Rules::list())
}

fn names(protocol: Protocol) -> Vec<&'static str> {
    rules(protocol).map(|rule| rule.name).collect()
}

impl Settings {
    /// Switches the rule called `name` on or off.
    pub fn switch_rule(&mut self, name: &str, on: bool) -> Result<(), UnknownRule> {
        let protocol = self.protocol;
        let is_of_protocol = match protocol {
            Protocol::Raft => self.rules.switch(name, on).is_ok(),
            Protocol::Zab => self.zab_rules.switch(name, on).is_ok(),
        };
        if is_of_protocol || self.service_rules.switch(name, on).is_ok() {
            Ok(())
        } else {
            let name = name.into();
            Err(UnknownRule { name, protocol })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_be_switched_by_its_name_and_no_two_share_one() {
        for (_, protocol) in Protocol::NAMES {
            let usual = Settings {
                protocol,
                ..Settings::default()
            };
            let of_both = Protocol::NAMES.map(|(_, protocol)| names(protocol));
            for rule in rules(protocol) {
                let mut settings = usual.clone();
                settings.switch_rule(rule.name, false).unwrap();
                assert_ne!(settings, usual, "{} has no effect", rule.name);
                let namesakes = of_both.iter().flatten().filter(|it| **it == rule.name);
                let of_service = zookeeper::Rules::list().iter();
                let twice = of_service.filter(|it| it.name == rule.name).count();
                assert_eq!(namesakes.count(), 1 + twice);
            }
        }
        let error = Settings::default().switch_rule("be_nice", false);
        let text = error.unwrap_err().to_string();
        assert!(text.starts_with("no rule is called `be_nice`; there are up_to_date_vote, "));
        assert!(text.ends_with("refuse_client_ahead"), "{text}");
    }
}
