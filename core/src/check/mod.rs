//! Invariants, evaluated after every event.
//!
//! A [`Monitor`] looks at a world from outside: it compares what the servers hold with what it has
//! seen before, and takes no server's word for anything. One property a file, each with its
//! source. What an invariant does per event may not grow with the length of the run, and its state
//! is shared between clones, because a recording keeps a monitor with every keyframe.

mod election_safety;

use crate::explain::Rule;
use crate::ids::{EventId, ServerId};
use crate::raft::{Index, Role, Term};
use crate::sim::World;
use crate::time::Time;

use election_safety::ElectionSafety;

/// A property that did not hold: two facts that cannot both be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The invariant's name in the command language.
    pub invariant: &'static str,
    /// When it was seen.
    pub time: Time,
    /// At which event.
    pub event: EventId,
    /// The clash in one sentence, without its full stop.
    pub what: String,
    /// The two facts that clash, each with the server that it was seen at.
    pub facts: [(ServerId, String); 2],
}

/// Two facts that cannot both be, as an invariant finds them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clash {
    /// The clash in one sentence, without its full stop.
    pub what: String,
    /// The two facts, each with the server that it was seen at.
    pub facts: [(ServerId, String); 2],
}

/// What an invariant may look at after an event: the world, and what the event changed at the one
/// server it happened at.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'a> {
    /// The world after the event.
    pub world: &'a World,
    /// The server.
    pub server: ServerId,
    /// What the server was like when it was last looked at.
    pub before: Outline,
    /// What it is like now; none while it is down.
    pub now: Outline,
    /// The lowest index of its log that was written or removed.
    pub log_from: Option<Index>,
}

/// What of a server can be compared at a glance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outline {
    /// Whether it runs.
    pub up: bool,
    /// Whether it leads.
    pub leads: bool,
    /// Its term.
    pub term: Term,
    /// Its commit index.
    pub commit: Index,
    /// What its service has applied.
    pub applied: Index,
    /// The last index of its log.
    pub last: Index,
}

/// What an invariant is called and what it demands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Property {
    /// Its name in the command language: `election_safety`.
    pub name: &'static str,
    /// Its name for people: `Election safety`.
    pub title: &'static str,
    /// What it demands, and where that is written.
    pub rule: Rule,
}

/// One invariant.
trait Invariant {
    /// What it is.
    const PROPERTY: Property;

    /// Looks at what an event changed.
    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash>;
}

/// Everything that watches a run.
#[derive(Clone, Debug)]
pub struct Monitor {
    outlines: Vec<Outline>,
    violations: Vec<Violation>,
    election_safety: ElectionSafety,
}

/// Calls `$check` on every invariant of a monitor, in the order in which lamps show them.
macro_rules! each_invariant {
    ($monitor:expr, $visit:ident) => {
        $visit(&mut $monitor.election_safety);
    };
}

impl Monitor {
    /// The invariants, in the order in which lamps show them.
    pub const PROPERTIES: [Property; 1] = [ElectionSafety::PROPERTY];

    /// A monitor that watches a world from here on.
    pub fn new(world: &World) -> Self {
        let mut monitor = Self {
            outlines: vec![Outline::default(); world.nodes().len()],
            violations: Vec::new(),
            election_safety: ElectionSafety::default(),
        };
        for node in world.nodes() {
            monitor.look_at(world, node.id(), None);
        }
        monitor
    }

    /// Looks at the world after an event. The violations that it finds are added to
    /// [`Monitor::violations`]; whether there are any.
    pub fn after_event(&mut self, world: &World) -> bool {
        let Some(touched) = world.touched() else {
            return false;
        };
        self.look_at(world, touched.server, touched.log_from)
    }

    /// Looks at the world after a command, which may have changed every server.
    pub fn after_command(&mut self, world: &World) -> bool {
        let found = self.violations.len();
        for node in world.nodes() {
            self.look_at(world, node.id(), None);
        }
        self.violations.len() > found
    }

    fn look_at(&mut self, world: &World, server: ServerId, log_from: Option<Index>) -> bool {
        let now = Outline::of(world, server);
        let before = std::mem::replace(&mut self.outlines[server.position()], now);
        if before == now && log_from.is_none() {
            return false;
        }
        let glance = Glance {
            world,
            server,
            before,
            now,
            log_from,
        };
        let violations = &mut self.violations;
        let found = violations.len();
        let mut visit = |invariant: &mut _| violations.extend(violation(invariant, &glance));
        each_invariant!(self, visit);
        self.violations.len() > found
    }

    /// What was violated so far, in the order in which it was seen.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Whether an invariant has held so far.
    pub fn holds(&self, name: &str) -> bool {
        self.violations
            .iter()
            .all(|violation| violation.invariant != name)
    }
}

fn violation<I: Invariant>(invariant: &mut I, glance: &Glance<'_>) -> Option<Violation> {
    let Clash { what, facts } = invariant.check(glance).err()?;
    Some(Violation {
        invariant: I::PROPERTY.name,
        time: glance.world.now(),
        event: glance.world.event(),
        what,
        facts,
    })
}

impl Outline {
    fn of(world: &World, id: ServerId) -> Self {
        let Some(server) = world.server(id) else {
            return Self::default();
        };
        let replica = server.replica();
        Self {
            up: true,
            leads: replica.role() == Role::Leader,
            term: replica.term(),
            commit: replica.commit_index(),
            applied: server.applied(),
            last: replica.log().last_index(),
        }
    }
}
