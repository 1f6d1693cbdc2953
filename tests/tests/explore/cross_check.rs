//! The same model, given to another model checker, `stateright`.
//!
//! What it shares with `search` are the events and what they do. What it does by itself: visiting
//! every state once, and telling states apart, here by all they hold and with another hash.

use std::hash::{Hash, Hasher};

use quorumscope_tests::search::System as _;
use stateright::{Checker, Model, Property};

use crate::cluster::{Bounds, Cluster, Event};
use crate::properties::PROPERTIES;

/// What the other checker found.
pub(crate) struct Checked {
    /// Different states.
    pub(crate) states: usize,
    /// Events from the start to the state that is farthest from it.
    pub(crate) depth: usize,
    /// The names of the properties that some state breaks.
    pub(crate) broken: Vec<&'static str>,
}

/// Visits every state within `bounds`, or those up to the first that breaks a property.
pub(crate) fn check(bounds: &Bounds) -> Checked {
    let checker = Within(bounds.clone()).checker();
    let checker = checker.finish_when(stateright::HasDiscoveries::Any);
    let checker = checker.spawn_bfs().join();
    Checked {
        states: checker.unique_state_count(),
        // It counts states along a path, not events.
        depth: checker.max_depth() - 1,
        broken: checker.discoveries().into_keys().collect(),
    }
}

struct Within(Bounds);

/// A state, hashed by all it holds.
#[derive(Clone, PartialEq, Debug)]
struct Whole(Cluster);

impl Hash for Whole {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_whole(state);
    }
}

impl Model for Within {
    type State = Whole;
    type Action = Event;

    fn init_states(&self) -> Vec<Whole> {
        vec![Whole(Cluster::start(&self.0))]
    }

    fn actions(&self, state: &Whole, actions: &mut Vec<Event>) {
        state.0.may_happen(|event| actions.push(event));
    }

    fn next_state(&self, state: &Whole, event: Event) -> Option<Whole> {
        state.0.after(&event, &self.0).map(Whole)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // A condition of theirs is a plain function, so each says which property it is.
        fn holds<const PROPERTY: usize>(_: &Within, state: &Whole) -> bool {
            (PROPERTIES[PROPERTY].clash)(&state.0).is_none()
        }
        let conditions = [holds::<0>, holds::<1>, holds::<2>, holds::<3>];
        let named = PROPERTIES.iter().zip(conditions);
        named
            .map(|(property, condition)| Property::always(property.name, condition))
            .collect()
    }
}
