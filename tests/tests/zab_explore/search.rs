//! Every reachable state, once, breadth first, and how one came about.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::fmt;

use quorumscope_core::digest::Digest;
use quorumscope_core::explain::Explain;
use quorumscope_core::ids::ServerId;
use quorumscope_core::zab::ZabFact;

use crate::ensemble::{Bounds, Ensemble, Event, Item, LEARNER};
use crate::properties::Violation;

/// What an exploration found.
pub(crate) struct Explored {
    /// Different states.
    pub(crate) states: usize,
    /// Ways from one state to another.
    pub(crate) transitions: usize,
    /// Events from the start to the state that is farthest from it.
    pub(crate) depth: usize,
    /// The most transactions that were committed in one state.
    pub(crate) committed: usize,
    /// The most epochs that had a leader, in one state.
    pub(crate) led: usize,
    /// The shortest way to a state that breaks a property, if one was reached: there the
    /// exploration ended.
    pub(crate) violation: Option<Trace>,
}

/// A run of events that ends where a property is broken.
pub(crate) struct Trace {
    pub(crate) violation: Violation,
    steps: Vec<(String, Vec<(ServerId, ZabFact)>)>,
}

/// How a state was first reached: from which state, by which event.
type Origin = Option<(Digest, Event)>;

/// Visits every state within `bounds`, or those up to the first that breaks a property. States are
/// told apart by their digests: among a million states, two share one with a probability of one
/// in thirty million.
pub(crate) fn explore(bounds: &Bounds) -> Explored {
    let start = Ensemble::start(bounds);
    let first = Digest::of(&start);
    let mut origins: HashMap<Digest, Origin> = HashMap::from([(first, None)]);
    let mut waiting = VecDeque::from([(start, first, 0)]);
    let mut explored = Explored {
        states: 0,
        transitions: 0,
        depth: 0,
        committed: 0,
        led: 0,
        violation: None,
    };
    let mut told = Vec::new();
    while let Some((state, digest, depth)) = waiting.pop_front() {
        explored.states += 1;
        explored.depth = depth;
        explored.committed = explored.committed.max(state.past.committed.len());
        explored.led = explored.led.max(state.past.leaders.len());
        if let Some(violation) = &state.past.violation {
            let events = way_to(digest, &origins);
            explored.violation = Some(Trace::new(bounds, violation.clone(), &events));
            break;
        }
        state.events(|event| {
            told.clear();
            let Some(next) = state.after(&event, bounds, &mut told) else {
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

impl Trace {
    /// What `events` do from the start on.
    fn new(bounds: &Bounds, violation: Violation, events: &[Event]) -> Self {
        let mut end = Ensemble::start(bounds);
        let step = |event: &Event| {
            let mut told = Vec::new();
            let text = describe(event, &end);
            if let Some(after) = end.after(event, bounds, &mut told) {
                end = after;
            }
            (text, told)
        };
        Self {
            violation,
            steps: events.iter().map(step).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { property, what } = &self.violation;
        writeln!(
            f,
            "{property} is broken after {} events: {what}",
            self.len()
        )?;
        for (number, (event, told)) in (1..).zip(&self.steps) {
            writeln!(f, "{number:>4}. {event}")?;
            for (id, fact) in told {
                write!(f, "        {id} {}", fact.what())?;
                match fact.why() {
                    Some(why) => writeln!(f, ", because {why}")?,
                    None => writeln!(f)?,
                }
            }
        }
        Ok(())
    }
}

/// What happens, in the state before it.
fn describe(event: &Event, before: &Ensemble) -> String {
    match event {
        Event::Elect(voters) => {
            let voters: Vec<_> = voters.iter().map(ToString::to_string).collect();
            format!("{} tell each other their votes", voters.join(", "))
        }
        Event::Arrive { wire, end } => {
            let (to, from) = (wire.at(*end), wire.at(1 - *end));
            let next = before
                .wires
                .get(wire)
                .and_then(|w| w.under_way[*end].front());
            let what = match next {
                Some(Item::ToLeader(message)) => message.kind().0,
                Some(Item::ToLearner(message)) => message.kind().0,
                _ => "the end of the connection",
            };
            format!("{from} -> {to}: {what}")
        }
        Event::Stored(id) => format!("{id}'s disk confirms a write"),
        Event::Apply(id) => format!("{id} applies what it has committed"),
        Event::Propose(id) => format!("a client gives {id} a transaction"),
        Event::Crash { id, kept: 0 } => format!("{id} crashes and starts again"),
        Event::Crash { id, kept } => format!(
            "{id} crashes and starts again; of what its disk had not confirmed, {kept} written"
        ),
        Event::Break(wire) => {
            let (learner, leader) = (wire.at(LEARNER), wire.leader);
            format!("the connection of {learner} with {leader} breaks")
        }
        Event::StepDown(id) => format!("{id} notices that nobody follows it"),
    }
}
