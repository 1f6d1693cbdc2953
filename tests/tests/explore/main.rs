//! Bounded exhaustive exploration: every order in which messages arrive, timers run down, disks
//! confirm and servers crash, within small bounds, with the very replica that everything else runs.
//!
//! | file | concern |
//! |---|---|
//! | `cluster` | three replicas with their disks and a network, as one state, and what may happen to it |
//! | `properties` | what must hold in every state |
//! | `trace` | how a state came about, for a reader |
//! | `cross_check` | the same model, given to another model checker |

use cluster::{Bounds, Cluster, Command, Left, Start};
use quorumscope_core::raft::{Content, Durable, Entry, HardState, Index, Rules, Settings, Term};
use quorumscope_tests::search::explore;
use trace::Trace;

mod cluster;
mod cross_check;
mod properties;
mod trace;

const NOTHING: Left = Left {
    timeouts: 0,
    heartbeats: 0,
    commands: 0,
    crashes: 0,
    copies: 0,
};

/// Three servers that never ran before.
fn cold() -> Start {
    Start::Booted(Box::default())
}

/// Few messages, so that all their orders can be tried: one on its way to each follower, and no
/// announcement of a commit index by itself.
fn bounds(start: Start, left: Left) -> Bounds {
    Bounds {
        rules: Rules::default(),
        settings: Settings {
            max_inflight_messages: 1,
            announce_commit: false,
            ..Settings::default()
        },
        start,
        left,
    }
}

/// What each exploration may do. From a cold start the first timeout is the first election.
#[rustfmt::skip]
fn explorations() -> [Bounds; 9] {
    [
        bounds(cold(), Left { timeouts: 2, ..NOTHING }),
        bounds(cold(), Left { timeouts: 2, crashes: 1, ..NOTHING }),
        bounds(cold(), Left { timeouts: 1, heartbeats: 1, commands: 1, ..NOTHING }),
        bounds(cold(), Left { timeouts: 1, commands: 2, crashes: 1, ..NOTHING }),
        bounds(cold(), Left { timeouts: 1, commands: 2, copies: 1, ..NOTHING }),
        bounds(Start::Led, Left { timeouts: 2, ..NOTHING }),
        bounds(Start::Led, Left { timeouts: 1, commands: 2, ..NOTHING }),
        bounds(Start::Led, Left { timeouts: 1, commands: 1, crashes: 1, ..NOTHING }),
        bounds(Start::Led, Left { timeouts: 1, commands: 1, copies: 1, ..NOTHING }),
    ]
}

#[test]
fn no_order_of_events_within_small_bounds_breaks_safety() {
    for bounds in explorations() {
        let explored = explore::<Cluster>(&bounds);
        let (start, left) = (&bounds.start, bounds.left);
        println!(
            "{start}, {left}: {} states, {} transitions, {} events deep",
            explored.states, explored.transitions, explored.depth
        );
        if let Some((violation, events)) = explored.violation {
            panic!("{}", Trace::new(&bounds, violation, events));
        }
        // The exploration went as far as its bounds let it: all commands and the no-ops of all
        // leaders were committed in some state.
        let leaders = usize::from(left.timeouts) + usize::from(matches!(start, Start::Led));
        assert_eq!(explored.reach.led, leaders, "{start}, {left}");
        let entries = leaders + usize::from(left.commands);
        assert_eq!(explored.reach.committed, entries, "{start}, {left}");
    }
}

/// A disk with entries of these terms, in term 2.
fn disk(terms: &[u64]) -> Durable<Command> {
    let mut durable = Durable {
        hard: HardState {
            term: Term::new(2),
            voted_for: None,
        },
        ..Durable::default()
    };
    let entry = |(index, term): (u64, &u64)| Entry {
        term: Term::new(*term),
        index: Index::new(index),
        content: Content::Noop,
    };
    durable.log.append((1..).zip(terms).map(entry));
    durable
}

/// Each rule with bounds that are just large enough to miss it, and the property that breaks.
#[rustfmt::skip]
fn rules_and_what_they_are_for() -> [(&'static str, Bounds, &'static str); 6] {
    // Raft's Figure 8 at (b), with three servers: S1 led term 1 and S2 term 2, and neither
    // replicated its entry.
    let figure_8 = Start::Booted(Box::new([disk(&[1]), disk(&[2]), disk(&[])]));
    let mut figure_8 = bounds(figure_8, Left { timeouts: 2, ..NOTHING });
    figure_8.settings.max_entries_per_message = 1;
    [
        ("up_to_date_vote", bounds(cold(), Left { timeouts: 2, ..NOTHING }), "leader completeness"),
        ("commit_only_own_term", figure_8, "leader completeness"),
        ("sync_before_reply", bounds(cold(), Left { timeouts: 2, crashes: 1, ..NOTHING }), "election safety"),
        ("truncate_only_on_conflict", bounds(Start::Led, Left { timeouts: 1, commands: 2, copies: 1, ..NOTHING }), "leader completeness"),
        ("commit_bound_by_new_entries", bounds(Start::Led, Left { timeouts: 1, heartbeats: 1, commands: 1, ..NOTHING }), "state machine safety"),
        ("persist_vote", bounds(cold(), Left { timeouts: 2, crashes: 1, ..NOTHING }), "election safety"),
    ]
}

#[test]
fn without_a_rule_the_shortest_run_that_misses_it_is_found() {
    for (rule, mut bounds, property) in rules_and_what_they_are_for() {
        bounds.rules.switch(rule, false).unwrap();
        let explored = explore::<Cluster>(&bounds);
        let Some((violation, events)) = explored.violation else {
            panic!(
                "nothing goes wrong without {rule} in {} states",
                explored.states
            );
        };
        let trace = Trace::new(&bounds, violation, events);
        println!("without {rule}, after {} states: {trace}", explored.states);
        assert_eq!(trace.violation.property, property, "{rule}");
    }
}

#[test]
fn another_model_checker_finds_the_same_states() {
    // Of each kind of start and of each kind of event one; the rest takes too long.
    let [elections, _, heartbeat, crash, .., copy] = explorations();
    for bounds in [elections, heartbeat, crash, copy] {
        let (ours, theirs) = (explore::<Cluster>(&bounds), cross_check::check(&bounds));
        let (start, left) = (bounds.start, bounds.left);
        assert_eq!(theirs.states, ours.states, "{start}, {left}");
        assert_eq!(theirs.depth, ours.depth, "{start}, {left}");
        assert!(theirs.broken.is_empty(), "{:?}", theirs.broken);
    }
}

#[test]
fn another_model_checker_finds_what_a_rule_is_for() {
    for (rule, mut bounds, property) in rules_and_what_they_are_for() {
        // The run without this rule is the longest by far.
        if rule == "truncate_only_on_conflict" {
            continue;
        }
        bounds.rules.switch(rule, false).unwrap();
        let broken = cross_check::check(&bounds).broken;
        assert!(broken.contains(&property), "without {rule}: {broken:?}");
    }
}
