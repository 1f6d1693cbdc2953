//! Every reachable state of a system, once, breadth first.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::Hash;

use quorumscope_core::digest::Digest;

/// What can be explored: states, and the events that lead from one to the next.
pub trait System: Hash + Sized {
    /// Where it begins, and how much may happen.
    type Bounds;
    /// What may happen.
    type Event: Clone;

    /// The state in which it begins.
    fn start(bounds: &Self::Bounds) -> Self;

    /// All that may happen, in a fixed order.
    fn events(&self, visit: impl FnMut(Self::Event));

    /// The state after an event, if that changes anything.
    fn after(&self, event: &Self::Event, bounds: &Self::Bounds) -> Option<Self>;

    /// The property that is broken in this state, if one is.
    fn violation(&self) -> Option<Violation>;

    /// How far this state has come.
    fn reach(&self) -> Reach;
}

/// A property that is broken, and by what.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Violation {
    /// The property.
    pub property: &'static str,
    /// What clashes.
    pub what: String,
}

/// How far a run has come.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Reach {
    /// Entries or transactions that were committed.
    pub committed: usize,
    /// Terms or epochs that had a leader.
    pub led: usize,
}

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Explored<E> {
    /// Different states.
    pub states: usize,
    /// Ways from one state to another.
    pub transitions: usize,
    /// Events from the start to the state that is farthest from it.
    pub depth: usize,
    /// The most that was reached of each, in one state.
    pub reach: Reach,
    /// A broken property and the shortest way to it, if one was reached: there the exploration
    /// ended.
    pub violation: Option<(Violation, Vec<E>)>,
}

/// How a state was first reached: from which state, by which event.
type Origin<E> = Option<(Digest, E)>;

/// Visits every state within `bounds`, or those up to the first that breaks a property. States are
/// told apart by their digests: among a million states, two share one with a probability of one
/// in thirty million.
pub fn explore<S: System>(bounds: &S::Bounds) -> Explored<S::Event> {
    let start = S::start(bounds);
    let first = Digest::of(&start);
    let mut origins: HashMap<Digest, Origin<S::Event>> = HashMap::from([(first, None)]);
    let mut waiting = VecDeque::from([(start, first, 0)]);
    let mut explored = Explored {
        states: 0,
        transitions: 0,
        depth: 0,
        reach: Reach::default(),
        violation: None,
    };
    while let Some((state, digest, depth)) = waiting.pop_front() {
        explored.states = origins.len();
        explored.depth = depth;
        let Reach { committed, led } = state.reach();
        explored.reach.committed = explored.reach.committed.max(committed);
        explored.reach.led = explored.reach.led.max(led);
        if let Some(violation) = state.violation() {
            explored.violation = Some((violation, way_to(digest, &origins)));
            break;
        }
        state.events(|event| {
            let Some(next) = state.after(&event, bounds) else {
                return;
            };
            explored.transitions += 1;
            let there = Digest::of(&next);
            if let Entry::Vacant(unknown) = origins.entry(there) {
                unknown.insert(Some((digest, event)));
                waiting.push_back((next, there, depth + 1));
            }
        });
    }
    explored
}

fn way_to<E: Clone>(mut digest: Digest, origins: &HashMap<Digest, Origin<E>>) -> Vec<E> {
    let mut events = Vec::new();
    while let Some(Some((before, event))) = origins.get(&digest) {
        events.push(event.clone());
        digest = *before;
    }
    events.reverse();
    events
}
