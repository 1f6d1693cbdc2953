//! The scripts that the tests run.

/// A script with its name.
pub type Script = (&'static str, &'static str);

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../scenarios/", $name, ".scope")))),*]
    };
}

/// The scenarios that ship with QuorumScope.
pub const SCENARIOS: [Script; 19] = scenarios![
    "add-two-voters",
    "add-voter",
    "add-voter-explicit",
    "add-voter-joint",
    "catch-up",
    "disruptive-server",
    "first-election",
    "leader-crash",
    "learner-votes",
    "minority-partition",
    "one-way-link",
    "remove-leader",
    "remove-leader-goes-on",
    "replace-leader",
    "restart-from-disk",
    "session-expires",
    "slow-follower",
    "split-vote",
    "stale-configuration",
];

/// A run that a fuzzer made up: every kind of fault, five servers, three clients. One rule is off.
pub const STORM: Script = ("storm", include_str!("../scripts/storm.scope"));

/// The page about the command language.
pub const LANGUAGE: &str = include_str!("../../docs/language.md");
