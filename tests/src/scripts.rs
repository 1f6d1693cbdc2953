//! The scripts that the tests run.

/// A script with its name.
pub type Script = (&'static str, &'static str);

macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../scenarios/", $name, ".scope")))),*]
    };
}

/// The scenarios that ship with QuorumScope.
pub const SCENARIOS: [Script; 62] = scenarios![
    "add-two-voters",
    "add-voter",
    "add-voter-by-snapshot",
    "add-voter-explicit",
    "add-voter-joint",
    "catch-up",
    "check-quorum",
    "disruptive-server",
    "figure-7",
    "first-election",
    "forget-leader",
    "forget-leader-behind",
    "forget-leader-roles",
    "forget-no-leader-under-leases",
    "full-window",
    "lagging-commit",
    "late-confirmation",
    "leader-crash",
    "learner-votes",
    "lease-read",
    "linearizable-read",
    "lock-fencing",
    "lock-without-herd",
    "lost-probe",
    "minority-partition",
    "one-way-link",
    "pre-vote",
    "pre-vote-check-quorum",
    "reconfig-by-client",
    "remove-leader",
    "remove-leader-goes-on",
    "replace-leader",
    "replace-leader-by-transfer",
    "restart-from-disk",
    "session-expires",
    "single-server",
    "slow-follower",
    "slow-leader-disk",
    "snapshot-at-the-end",
    "snapshot-carries-configuration",
    "snapshot-overtaken",
    "split-vote",
    "stale-configuration",
    "transfer",
    "transfer-that-fails",
    "transfer-to-a-laggard",
    "zab-committed-untold",
    "zab-epoch-race",
    "zab-far-behind",
    "zab-first-election",
    "zab-grow",
    "zab-late-joiner",
    "zab-leader-behind",
    "zab-leader-crash",
    "zab-minority-leader",
    "zab-observer",
    "zab-paper-figure-1",
    "zab-reconfig",
    "zab-remove-leader",
    "zab-shrink",
    "zab-truncated",
    "zab-uncommitted-kept",
];

/// A run that a fuzzer made up: every kind of fault, five servers, three clients. One rule is off.
pub const STORM: Script = ("storm", include_str!("../scripts/storm.scope"));

/// The page about the command language.
pub const LANGUAGE: &str = include_str!("../../docs/language.md");
