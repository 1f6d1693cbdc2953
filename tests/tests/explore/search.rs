//! Every reachable state, once, breadth first.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};

use quorumscope_core::digest::Digest;

use crate::cluster::{Bounds, Cluster, Event};
use crate::properties::{PROPERTIES, Property};
use crate::trace::Trace;

/// What an exploration found.
pub(crate) struct Explored {
    /// Different states.
    pub(crate) states: usize,
    /// Ways from one state to another.
    pub(crate) transitions: usize,
    /// Events from the start to the state that is farthest from it.
    pub(crate) depth: usize,
    /// The most entries that were committed in one state.
    pub(crate) committed: usize,
    /// The most terms that had a leader, in one state.
    pub(crate) led: usize,
    /// The shortest way to a state that breaks a property, if one was reached: there the
    /// exploration ended.
    pub(crate) violation: Option<Trace>,
}

/// How a state was first reached: from which state, by which event.
type Origin = Option<(Digest, Event)>;

/// Visits every state within `bounds`, or those up to the first that breaks a property. States are
/// told apart by their digests: among a million states, two share one with a probability of one
/// in thirty million.
pub(crate) fn explore(bounds: &Bounds) -> Explored {
    let start = Cluster::start(bounds);
    let first = Digest::of(&start);
    let mut origins = HashMap::from([(first, None)]);
    let mut waiting = VecDeque::from([(start, first, 0)]);
    let mut explored = Explored {
        states: 0,
        transitions: 0,
        depth: 0,
        committed: 0,
        led: 0,
        violation: None,
    };
    while let Some((state, digest, depth)) = waiting.pop_front() {
        explored.states = origins.len();
        explored.depth = depth;
        explored.committed = explored.committed.max(state.committed.len());
        explored.led = explored.led.max(state.leaders.len());
        let clash = |property: &Property| Some((property.name, (property.clash)(&state)?));
        if let Some((property, what)) = PROPERTIES.iter().find_map(clash) {
            let events = way_to(digest, &origins);
            explored.violation = Some(Trace::new(bounds, property, what, events));
            break;
        }
        state.events(|event| {
            let Some(next) = state.after(&event, bounds, &mut Vec::new()) else {
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

fn way_to(mut digest: Digest, origins: &HashMap<Digest, Origin>) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(Some((before, event))) = origins.get(&digest) {
        events.push(event.clone());
        digest = *before;
    }
    events.reverse();
    events
}
