//! Bounded exhaustive exploration of Zab: every order in which messages arrive, disks confirm,
//! connections break and servers crash, within small bounds, with the very replica that everything
//! else runs.
//!
//! | file | concern |
//! |---|---|
//! | `ensemble` | three replicas with their disks and connections, as one state, and what may happen to it |
//! | `election` | Fast Leader Election as one event |
//! | `properties` | what must hold in every state |
//! | `trace` | how a state came about, for a reader |

use std::time::Instant;

use ensemble::{Bounds, Ensemble, Left, Start};
use quorumscope_core::zab::{Rules, Settings};
use quorumscope_tests::search::explore;
use trace::Trace;

mod election;
mod ensemble;
mod properties;
mod trace;

const NOTHING: Left = Left {
    elections: 0,
    transactions: 0,
    crashes: 0,
    breaks: 0,
};

fn bounds(start: Start, left: Left) -> Bounds {
    Bounds {
        rules: Rules::default(),
        settings: Settings {
            // Who cannot connect at once looks for another leader.
            connect_attempts: 1,
            ..Settings::default()
        },
        start,
        left,
    }
}

/// What each exploration may do.
#[rustfmt::skip]
fn explorations() -> [Bounds; 5] {
    [
        bounds(Start::Cold, Left { elections: 1, transactions: 1, ..NOTHING }),
        bounds(Start::Cold, Left { elections: 1, crashes: 1, ..NOTHING }),
        bounds(Start::Led, Left { elections: 1, transactions: 2, crashes: 1, ..NOTHING }),
        bounds(Start::Led, Left { elections: 1, transactions: 1, breaks: 2, ..NOTHING }),
        bounds(Start::Led, Left { elections: 1, transactions: 1, crashes: 1, breaks: 1 }),
    ]
}

#[test]
fn no_order_of_events_within_small_bounds_breaks_zab() {
    for bounds in explorations() {
        let began = Instant::now();
        let explored = explore::<Ensemble>(&bounds);
        let (start, left) = (bounds.start, bounds.left);
        println!(
            "{start}, {left}: {} states, {} transitions, {} events deep, {:.1?}",
            explored.states,
            explored.transitions,
            explored.depth,
            began.elapsed(),
        );
        if let Some((violation, events)) = explored.violation {
            panic!(
                "{start}, {left}: {}",
                Trace::new(&bounds, violation, &events)
            );
        }
        // The exploration went as far as its bounds let it: all transactions were committed in some
        // state.
        assert_eq!(
            explored.reach.committed,
            usize::from(left.transactions),
            "{start}, {left}"
        );
    }
}

/// Each rule with bounds that are just large enough to miss it, and the property that breaks.
#[rustfmt::skip]
fn rules_and_what_they_are_for() -> [(&'static str, Bounds, &'static str); 8] {
    let crash = bounds(Start::Led, Left { elections: 1, transactions: 1, crashes: 1, ..NOTHING });
    let breaks = bounds(Start::Led, Left { elections: 1, transactions: 1, breaks: 2, ..NOTHING });
    let twice = bounds(Start::Cold, Left { elections: 2, crashes: 1, ..NOTHING });
    [
        ("sync_before_ack", crash.clone(), "durability"),
        ("newleader_after_payload", crash.clone(), "durability"),
        ("fsync_before_newleader_ack", crash.clone(), "durability"),
        ("keep_uncommitted_staged", crash.clone(), "legal messages"),
        ("retract_lost_acks", crash.clone(), "durability"),
        ("cut_only_uncommitted", crash, "durability"),
        ("replay_log_before_election", breaks, "leader completeness"),
        ("accepted_epoch_first", twice, "leadership"),
    ]
}

#[test]
fn without_a_rule_the_shortest_run_that_misses_it_is_found() {
    for (rule, mut bounds, property) in rules_and_what_they_are_for() {
        bounds.rules.switch(rule, false).unwrap();
        let explored = explore::<Ensemble>(&bounds);
        let Some((violation, events)) = explored.violation else {
            panic!(
                "nothing goes wrong without {rule} in {} states",
                explored.states
            );
        };
        let trace = Trace::new(&bounds, violation, &events);
        println!("without {rule}, after {} states: {trace}", explored.states);
        assert_eq!(trace.violation.property, property, "{rule}");
    }
}
