//! One run, one sequence of states: here, in a page, and in the next release.
//!
//! The same comparison runs in a browser, in `web/tests/digests.rs`. After a change of behaviour
//! that is meant, `UPDATE=1 cargo test -p quorumscope-tests --test digests` pins the digests anew;
//! raise `history::BEHAVIOUR` with it.

use quorumscope_tests::digests::{PINNED, compute};

#[test]
fn every_state_of_the_pinned_runs_is_as_it_was() {
    let digests = compute();
    if std::env::var_os("UPDATE").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/digests.txt");
        std::fs::write(file, digests).unwrap();
        return;
    }
    for (here, pinned) in digests.lines().zip(PINNED.lines()) {
        assert_eq!(here, pinned);
    }
    assert_eq!(digests.lines().count(), PINNED.lines().count());
}
