//! The scripts that come with the page.

/// Title and script; the first is what the page opens with.
pub const SCENARIOS: [(&str, &str); 7] = [
    ("A healthy cluster", ""),
    (
        "Leader crash",
        include_str!("../../static/scenarios/leader-crash.scope"),
    ),
    (
        "Split vote",
        include_str!("../../static/scenarios/split-vote.scope"),
    ),
    (
        "Minority partition",
        include_str!("../../static/scenarios/minority-partition.scope"),
    ),
    (
        "Follower catches up",
        include_str!("../../static/scenarios/catch-up.scope"),
    ),
    (
        "Session expires",
        include_str!("../../static/scenarios/session-expires.scope"),
    ),
    (
        "One-way link",
        include_str!("../../static/scenarios/one-way-link.scope"),
    ),
];
