//! The scripts that come with the page.

/// A script that comes with the page.
#[derive(PartialEq, Eq, Debug)]
pub struct Scenario {
    /// What it belongs to.
    pub group: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// The script.
    pub script: &'static str,
}

/// The title of a cluster to which nothing is done: what the page opens with.
pub const PLAIN: &str = "A healthy cluster";

/// All, by name of their files.
pub const SCENARIOS: &[Scenario] = &include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The groups, in the order in which they are shown; what is in no other is in the last.
pub const GROUPS: [&str; 9] = [
    "Elections",
    "Replication",
    "Faults",
    "Membership",
    "Reads",
    "Snapshots",
    "Sessions",
    "Zab",
    "More",
];

#[cfg(test)]
mod tests {
    use super::*;
    use quorumscope_core::script;

    #[test]
    fn every_scenario_is_in_a_group_says_what_it_shows_and_can_be_read() {
        assert!(SCENARIOS.len() > 10);
        for scenario in SCENARIOS {
            assert!(GROUPS.contains(&scenario.group), "{}", scenario.title);
            assert!(!scenario.about.is_empty(), "{}", scenario.title);
            assert!(script::parse(scenario.script).is_ok(), "{}", scenario.title);
        }
    }

    #[test]
    fn titles_tell_scenarios_apart() {
        let mut titles: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.title).collect();
        titles.push(PLAIN);
        titles.sort_unstable();
        let all = titles.len();
        titles.dedup();
        assert_eq!(titles.len(), all);
    }
}
