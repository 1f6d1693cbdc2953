//! How a state came about, for a reader.

use std::fmt;

use quorumscope_core::explain::Explain;
use quorumscope_core::raft::{Index, Message, RaftFact};

use quorumscope_tests::search::{System as _, Violation};

use crate::cluster::{Bounds, Cluster, Command, Event, Letter};

/// A run of events that ends where a property is broken.
pub(crate) struct Trace {
    pub(crate) violation: Violation,
    pub(crate) steps: Vec<Step>,
    /// Where it ends.
    end: Cluster,
}

/// One event, and what the server that it happened to told of it.
pub(crate) struct Step {
    event: Event,
    told: Vec<RaftFact>,
}

impl Trace {
    /// What `events` do from the start on.
    pub(crate) fn new(bounds: &Bounds, violation: Violation, events: Vec<Event>) -> Self {
        let mut end = Cluster::start(bounds);
        let step = |event| {
            let mut told = Vec::new();
            if let Some(after) = end.step(&event, bounds, &mut told) {
                end = after;
            }
            Step { event, told }
        };
        let steps = events.into_iter().map(step).collect();
        Self {
            violation,
            steps,
            end,
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self.steps.len();
        let Violation { property, what } = &self.violation;
        writeln!(f, "{property} is broken after {events} events: {what}")?;
        for (number, Step { event, told }) in (1..).zip(&self.steps) {
            writeln!(f, "{number:>4}. {event}")?;
            for fact in told {
                write!(f, "        {} {}", event.at(), fact.what())?;
                match fact.why() {
                    Some(why) => writeln!(f, ", because {why}")?,
                    None => writeln!(f)?,
                }
            }
        }
        for machine in &self.end.machines {
            let replica = &machine.replica;
            let log = replica.log().range(Index::ZERO, replica.log().last_index());
            let terms: Vec<_> = log.map(|entry| entry.term.to_string()).collect();
            let (id, role, term) = (replica.id(), replica.role(), replica.term());
            let (terms, commit) = (terms.join(" "), replica.commit_index());
            writeln!(
                f,
                "      {id}: {role} of term {term}, log of terms [{terms}], commit index {commit}"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ElectionTimeout(id) => write!(f, "{id}'s election timer runs down"),
            Self::HeartbeatTimeout(id) => write!(f, "{id}'s heartbeat timer runs down"),
            Self::Propose(id) => write!(f, "a client gives {id} a command"),
            Self::Stored(id) => write!(f, "{id}'s disk confirms a write"),
            Self::Crash { id, kept: 0 } => write!(f, "{id} crashes and starts again"),
            Self::Crash { id, kept } => write!(
                f,
                "{id} crashes and starts again; of what its disk had not confirmed, {kept} written"
            ),
            Self::Arrive { letter, copy } => {
                let Letter { from, to, message } = &**letter;
                let copy = if *copy { "a copy of " } else { "" };
                write!(f, "{from} -> {to}: {copy}")?;
                write_message(message, f)
            }
        }
    }
}

fn write_message(message: &Message<Command>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} of term {}", message.kind(), message.term())?;
    if let Message::AppendEntries {
        prev_index,
        entries,
        commit,
        ..
    } = message
    {
        write!(f, ", after entry {prev_index}")?;
        for entry in entries {
            write!(f, ", {}", entry.position())?;
        }
        write!(f, ", commit index {commit}")?;
    }
    Ok(())
}
