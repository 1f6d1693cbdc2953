//! The scripts that come with the page.

/// The title of a cluster to which nothing is done.
pub const PLAIN: &str = "A healthy cluster";

/// Title and script; the first is what the page opens with.
pub const SCENARIOS: [(&str, &str); 7] = [
    (PLAIN, ""),
    (
        "Leader crash",
        include_str!("../../scenarios/leader-crash.scope"),
    ),
    (
        "Split vote",
        include_str!("../../scenarios/split-vote.scope"),
    ),
    (
        "Minority partition",
        include_str!("../../scenarios/minority-partition.scope"),
    ),
    (
        "Follower catches up",
        include_str!("../../scenarios/catch-up.scope"),
    ),
    (
        "Session expires",
        include_str!("../../scenarios/session-expires.scope"),
    ),
    (
        "One-way link",
        include_str!("../../scenarios/one-way-link.scope"),
    ),
];
