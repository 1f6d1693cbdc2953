//! Digests of every event of a few runs, to compare platforms and releases.

use std::fmt::Write;

use quorumscope_core::digest::Digest;
use quorumscope_core::history::Player;

use crate::scripts::{SCENARIOS, STORM, Script};

/// The digests as they were when behaviour was last changed on purpose.
pub const PINNED: &str = include_str!("../digests.txt");

/// How many events of each run are looked at.
const EVENTS: u64 = 2_000;

/// Every so many events, the digest is a line of its own, so that a difference can be placed.
const INTERVAL: u64 = 100;

/// The runs whose digests are pinned: a story, sessions that end, and a storm of faults.
fn runs() -> impl Iterator<Item = Script> {
    let stories = ["minority-partition", "session-expires"];
    SCENARIOS
        .into_iter()
        .filter(move |(name, _)| stories.contains(name))
        .chain([STORM])
}

/// The digests of this platform: of each run, the state after every hundredth event, and at the end
/// all states after all events folded into one.
///
/// # Panics
/// If one of the scripts cannot be opened.
pub fn compute() -> String {
    let mut lines =
        String::from("# run, event, digest; `all` folds the digest after every event\n");
    for (name, text) in runs() {
        let mut player = Player::open(text).expect("the scripts of the tests are well formed");
        let mut all = player.world().digest();
        for event in 1..=EVENTS {
            // A script that waits for its reader goes on at once.
            while !player.step() && player.go_on() {}
            let here = player.world().digest();
            all = Digest::of(&(all, here));
            if event % INTERVAL == 0 {
                writeln!(lines, "{name} {event} {here}").expect("a string takes any text");
            }
        }
        writeln!(lines, "{name} all {all}").expect("a string takes any text");
    }
    lines
}
