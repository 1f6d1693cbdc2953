//! Invariants, evaluated after every event.
//!
//! A [`Monitor`] looks at a world from outside: it compares what the servers hold with what it has
//! seen before, and takes no server's word for anything. One property a file, each with its
//! source. What an invariant does per event may not grow with the length of the run, and its state
//! is shared between clones, because a recording keeps a monitor with every keyframe.
//!
//! | file | what it is |
//! |---|---|
//! | `glance`, `past` | what an invariant may look at: the present, and what was seen before |
//! | `election_safety`, `leader_append_only`, `log_matching`, `leader_completeness`, `state_machine_safety` | the five properties of Raft's Figure 3 |
//! | `one_vote_per_term`, `committed_stays_committed` | what they rest on: promises and entries outlive crashes |
//! | `snapshots_agree`, `exactly_once`, `replicas_agree`, `ephemeral_owners`, `acknowledged_writes` | what the service and its clients may rely on |

mod acknowledged_writes;
mod committed_stays_committed;
mod election_safety;
mod ephemeral_owners;
mod exactly_once;
mod glance;
mod leader_append_only;
mod leader_completeness;
mod log_matching;
mod one_vote_per_term;
mod past;
mod replicas_agree;
mod snapshots_agree;
mod state_machine_safety;
#[cfg(test)]
mod testing;

use crate::client::Client;
use crate::explain::Rule;
use crate::ids::{ClientId, EventId, ServerId};
use crate::raft::Index;
use crate::sim::World;
use crate::time::Time;
use crate::zookeeper::Zxid;

use acknowledged_writes::AcknowledgedWrites;
use committed_stays_committed::CommittedStaysCommitted;
use election_safety::ElectionSafety;
use ephemeral_owners::EphemeralOwners;
use exactly_once::ExactlyOnce;
use glance::{Answer, Glance, Outline};
use leader_append_only::LeaderAppendOnly;
use leader_completeness::LeaderCompleteness;
use log_matching::LogMatching;
use one_vote_per_term::OneVotePerTerm;
use past::Past;
use replicas_agree::ReplicasAgree;
use snapshots_agree::SnapshotsAgree;
use state_machine_safety::StateMachineSafety;

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

/// Two facts that cannot both be, as an invariant finds them.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Clash {
    /// The clash in one sentence, without its full stop.
    what: String,
    /// The two facts, each with the server that it was seen at.
    facts: [(ServerId, String); 2],
}

/// One invariant.
trait Invariant {
    /// What it is.
    const PROPERTY: Property;

    /// Looks at what an event changed at a server.
    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash>;

    /// Hears what a client was told.
    fn hear(&mut self, _answer: &Answer<'_>) -> Result<(), Clash> {
        Ok(())
    }
}

/// Names the invariants, each once, in the order in which lamps show them: most come before what
/// follows from them.
macro_rules! invariants {
    ($($field:ident: $Invariant:ident,)*) => {
        /// One of each.
        #[derive(Clone, Debug, Default)]
        struct Invariants {
            $($field: $Invariant,)*
        }

        impl Monitor {
            /// The invariants, in the order in which lamps show them.
            pub const PROPERTIES: [Property; [$(stringify!($field)),*].len()] =
                [$($Invariant::PROPERTY),*];

            /// Lets every invariant that has held so far look at what an event changed.
            fn check(&mut self, glance: &Glance<'_>) {
                $(if self.holds($Invariant::PROPERTY.name) {
                    let outcome = self.invariants.$field.check(glance);
                    self.note::<$Invariant>(glance.world, outcome);
                })*
            }

            /// Lets every invariant that has held so far hear what a client was told.
            fn hear(&mut self, answer: &Answer<'_>) {
                $(if self.holds($Invariant::PROPERTY.name) {
                    let outcome = self.invariants.$field.hear(answer);
                    self.note::<$Invariant>(answer.world, outcome);
                })*
            }
        }
    };
}
invariants! {
    election_safety: ElectionSafety,
    one_vote_per_term: OneVotePerTerm,
    leader_append_only: LeaderAppendOnly,
    log_matching: LogMatching,
    leader_completeness: LeaderCompleteness,
    state_machine_safety: StateMachineSafety,
    committed_stays_committed: CommittedStaysCommitted,
    replicas_agree: ReplicasAgree,
    snapshots_agree: SnapshotsAgree,
    exactly_once: ExactlyOnce,
    ephemeral_owners: EphemeralOwners,
    acknowledged_writes: AcknowledgedWrites,
}

/// Everything that watches a run. `outlines` and `heard` say what each server and each client was
/// like when it was last looked at; an invariant that was violated is not asked again.
#[derive(Clone, Debug)]
pub struct Monitor {
    outlines: Vec<Outline>,
    heard: Vec<(ClientId, Zxid)>,
    past: Past,
    violations: Vec<Violation>,
    invariants: Invariants,
}

impl Monitor {
    /// A monitor that watches a world from here on.
    pub fn new(world: &World) -> Self {
        let mut monitor = Self {
            outlines: vec![Outline::default(); world.nodes().len()],
            heard: Vec::new(),
            past: Past::default(),
            violations: Vec::new(),
            invariants: Invariants::default(),
        };
        for node in world.nodes() {
            monitor.look_at(world, node.id(), Some(Index::new(1)));
        }
        for (id, client) in world.clients() {
            monitor.heard.push((id, client.process().last_zxid()));
        }
        monitor
    }

    /// Looks at the world after an event. The violations that it finds are added to
    /// [`Monitor::violations`]; whether there are any.
    pub fn after_event(&mut self, world: &World) -> bool {
        let known = self.violations.len();
        match world.touched() {
            Some(touched) => self.look_at(world, touched.server, touched.log_from),
            None => self.listen(world),
        }
        self.violations.len() > known
    }

    /// Looks at the world after a command, which may have changed every server, and the log of the
    /// one it touched last.
    pub fn after_command(&mut self, world: &World) -> bool {
        let known = self.violations.len();
        let touched = world.touched();
        for node in world.nodes() {
            let written = touched.filter(|touched| touched.server == node.id());
            self.look_at(
                world,
                node.id(),
                written.and_then(|touched| touched.log_from),
            );
        }
        self.listen(world);
        self.violations.len() > known
    }

    fn look_at(&mut self, world: &World, server: ServerId, log_from: Option<Index>) {
        let Some(now) = Outline::of(world, server) else {
            return;
        };
        let before = std::mem::replace(&mut self.outlines[server.position()], now);
        if before == now && log_from.is_none() {
            return;
        }
        let mut past = std::mem::take(&mut self.past);
        past.take_in(world, server, before.applied, &now);
        self.check(&Glance {
            world,
            past: &past,
            server,
            before,
            now,
            log_from,
        });
        self.past = past;
    }

    /// Finds the client that was told something, if one was: each answer carries a higher zxid
    /// than the one before, if it answers a write.
    fn listen(&mut self, world: &World) {
        for (position, (id, client)) in world.clients().enumerate() {
            let zxid = client.process().last_zxid();
            match self.heard.get(position) {
                Some(known) if *known == (id, zxid) => {}
                // A client that was not there before may be in front of those that were.
                Some((known, _)) if *known != id => self.heard.insert(position, (id, zxid)),
                Some(_) => {
                    self.heard[position].1 = zxid;
                    self.listen_to(world, id, client.process());
                }
                None => self.heard.push((id, zxid)),
            }
        }
    }

    fn listen_to(&mut self, world: &World, id: ClientId, client: &Client) {
        let past = std::mem::take(&mut self.past);
        if let Some(answer) = Answer::latest(world, &past, id, client) {
            self.hear(&answer);
        }
        self.past = past;
    }

    fn note<I: Invariant>(&mut self, world: &World, outcome: Result<(), Clash>) {
        let Err(Clash { what, facts }) = outcome else {
            return;
        };
        self.violations.push(Violation {
            invariant: I::PROPERTY.name,
            time: world.now(),
            event: world.event(),
            what,
            facts,
        });
    }

    /// What was violated so far, each invariant once, in the order in which it was seen.
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
