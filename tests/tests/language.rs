//! The page about the command language: every whole script in it runs, and holds.

use quorumscope_cli::{Finished, run_to_end};
use quorumscope_core::history::Player;
use quorumscope_tests::scripts::LANGUAGE;

/// Stands in the page for the digest of whatever state there is.
const ANY_DIGEST: &str = " digest 0123456789abcdef";

fn scripts() -> impl Iterator<Item = &'static str> {
    LANGUAGE
        .split("```scope\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(script, _)| script)
}

#[test]
fn every_whole_script_of_the_page_runs_and_holds() {
    let mut run = 0;
    for script in scripts() {
        let ends = script.contains(ANY_DIGEST);
        let stop = if ends { "" } else { "\npause\n" };
        let text = script.replace(ANY_DIGEST, "");
        let mut player = Player::open(&format!("{text}{stop}")).unwrap();
        let finished = run_to_end(&mut player, None, |_| {});
        assert_eq!(player.failures(), [], "{script}");
        assert_eq!(finished, Finished::Done, "{script}");
        run += 1;
    }
    assert!(run >= 4, "{run}");
}
