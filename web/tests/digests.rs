//! One run, one sequence of states: in the page as it is natively.
#![cfg(target_arch = "wasm32")]

use quorumscope_tests::digests::{PINNED, compute};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn every_state_of_the_pinned_runs_is_the_same_as_natively() {
    let digests = compute();
    for (here, pinned) in digests.lines().zip(PINNED.lines()) {
        assert_eq!(here, pinned);
    }
    assert_eq!(digests.lines().count(), PINNED.lines().count());
}
