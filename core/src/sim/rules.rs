//! The rules of what servers run, by their names: those of the protocol and those of the service.

use thiserror::Error;

use super::Settings;
use crate::explain::RuleInfo;
use crate::{raft, zookeeper};

/// A name that is no rule's.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule is called `{name}`; there are {}", names().join(", "))]
pub struct UnknownRule {
    /// The name.
    pub name: String,
}

/// Every rule that can be switched off, the protocol's first.
pub fn rules() -> impl Iterator<Item = &'static RuleInfo> {
    let of_service = zookeeper::Rules::list();
    raft::Rules::list().iter().chain(of_service)
}

fn names() -> Vec<&'static str> {
    rules().map(|rule| rule.name).collect()
}

impl Settings {
    /// Switches the rule called `name` on or off.
    pub fn switch_rule(&mut self, name: &str, on: bool) -> Result<(), UnknownRule> {
        if self.rules.switch(name, on).is_ok() || self.service_rules.switch(name, on) {
            Ok(())
        } else {
            Err(UnknownRule { name: name.into() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_be_switched_by_its_name_and_no_two_share_one() {
        for rule in rules() {
            let mut settings = Settings::default();
            settings.switch_rule(rule.name, false).unwrap();
            assert_ne!(settings, Settings::default(), "{} has no effect", rule.name);
            assert_eq!(names().iter().filter(|it| **it == rule.name).count(), 1);
        }
        let error = Settings::default().switch_rule("be_nice", false);
        let text = error.unwrap_err().to_string();
        assert!(text.starts_with("no rule is called `be_nice`; there are up_to_date_vote, "));
        assert!(text.ends_with("refuse_client_ahead"), "{text}");
    }
}
