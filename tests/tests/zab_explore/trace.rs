//! How a state came about, for a reader.

use std::fmt;

use quorumscope_core::explain::Explain;
use quorumscope_core::ids::ServerId;
use quorumscope_core::zab::ZabFact;
use quorumscope_tests::search::{System as _, Violation};

use crate::ensemble::{Bounds, Ensemble, Event, Item, LEARNER};

/// A run of events that ends where a property is broken.
pub(crate) struct Trace {
    pub(crate) violation: Violation,
    steps: Vec<(String, Vec<(ServerId, ZabFact)>)>,
}

impl Trace {
    /// What `events` do from the start on.
    pub(crate) fn new(bounds: &Bounds, violation: Violation, events: &[Event]) -> Self {
        let mut end = Ensemble::start(bounds);
        let step = |event: &Event| {
            let mut told = Vec::new();
            let text = describe(event, &end);
            if let Some(after) = end.step(event, bounds, &mut told) {
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
