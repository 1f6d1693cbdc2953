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
//! | `one_uncommitted_configuration`, `quorums_overlap`, `quorum_commits` | what makes changes of membership safe |
//! | `linearizable_reads` | what a server that serves such a read has seen |
//! | `zab` | what must hold where servers run Zab, one property a file |
//! | `snapshots_agree`, `exactly_once`, `replicas_agree`, `ephemeral_owners`, `acknowledged_writes` | what the service and its clients may rely on |
//! | `moved_sessions`, `failed_writes`, `sequential_names` | what ZooKeeper's transactions promise |
//! | `notices`, `watch_before_state`, `expected_events` | what clients are told of the znodes that they watch |
//! | `history`, `freshness`, `verdict` | what clients asked and were told, and what is to be thought of it |
//! | `linearizable_writes`, `fifo_client_order`, `monotonic_reads`, `sync_then_read` | what ZooKeeper promises to clients, judged as each answer comes |
//! | `recipes` | what the recipes of clients have come to |
//! | `lock_holders`, `queue_elements`, `one_decision` | what those recipes promise that clients follow together |
//! | `lost` | which of them are violated without each rule that can be switched off |
//! | `linearizability` | whether one order of the operations explains all answers: judged once, at the end of a run |

mod acknowledged_writes;
mod committed_stays_committed;
mod election_safety;
mod ephemeral_owners;
mod exactly_once;
mod expected_events;
mod failed_writes;
mod fifo_client_order;
#[cfg(test)]
mod fixture;
mod freshness;
mod glance;
mod history;
#[cfg(test)]
mod history_tests;
mod leader_append_only;
mod leader_completeness;
mod linearizability;
mod linearizable_reads;
mod linearizable_writes;
mod lock_holders;
mod log_matching;
mod lost;
mod monotonic_reads;
mod moved_sessions;
mod notices;
mod one_decision;
mod one_uncommitted_configuration;
mod one_vote_per_term;
mod past;
mod queue_elements;
mod quorum_commits;
mod quorums_overlap;
mod recipes;
#[cfg(test)]
mod recipes_tests;
mod replicas_agree;
mod sequential_names;
#[cfg(test)]
mod service_testing;
mod snapshots_agree;
mod state_machine_safety;
mod sync_then_read;
#[cfg(test)]
mod testing;
mod verdict;
mod watch_before_state;
mod zab;

use crate::explain::Rule;
use crate::ids::{EventId, ServerId};
use crate::raft::Index;
use crate::server::Protocol;
use crate::sim::World;
use crate::time::Time;

use acknowledged_writes::AcknowledgedWrites;
use committed_stays_committed::CommittedStaysCommitted;
use election_safety::ElectionSafety;
use ephemeral_owners::EphemeralOwners;
use exactly_once::ExactlyOnce;
use expected_events::ExpectedEvents;
use failed_writes::FailedWrites;
use fifo_client_order::FifoClientOrder;
use glance::{Answer, Glance, Outline};
use leader_append_only::LeaderAppendOnly;
use leader_completeness::LeaderCompleteness;
use linearizability::Linearizability;
use linearizable_reads::LinearizableReads;
use linearizable_writes::LinearizableWrites;
use lock_holders::LockHolders;
use log_matching::LogMatching;
use monotonic_reads::MonotonicReads;
use moved_sessions::MovedSessions;
use notices::{Heard, Notices};
use one_decision::OneDecision;
use one_uncommitted_configuration::OneUncommittedConfiguration;
use one_vote_per_term::OneVotePerTerm;
use past::Past;
use queue_elements::QueueElements;
use quorum_commits::QuorumCommits;
use quorums_overlap::QuorumsOverlap;
use recipes::{Recipes, Scene};
use replicas_agree::ReplicasAgree;
use sequential_names::SequentialNames;
use snapshots_agree::SnapshotsAgree;
use state_machine_safety::StateMachineSafety;
use sync_then_read::SyncThenRead;
use watch_before_state::WatchBeforeState;
use zab::{
    Agreement, CommittedLogDurability, GlobalPrimaryOrder, Integrity, LeaderLogCompleteness,
    Leadership, LegalMessages, LocalPrimaryOrder, LogOrder, PrefixConsistency, PrimaryIntegrity,
    TotalOrder, ZabGlance, ZabOutline, ZabPast,
};

pub use history::{Call, CallId, Ending, History, REMEMBERED_CALLS, Told};
pub use lost::lost_without;
pub use verdict::Verdict;

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

/// What was seen of a run, of which one is empty: servers run one protocol.
#[derive(Clone, Copy, Debug)]
struct Pasts<'a> {
    raft: &'a Past,
    zab: &'a ZabPast,
}

/// One invariant.
trait Invariant {
    /// What it is.
    const PROPERTY: Property;

    /// Looks at what an event changed at a server.
    fn check(&mut self, _glance: &Glance<'_>) -> Result<(), Clash> {
        Ok(())
    }

    /// The same, at a server that runs Zab.
    fn check_zab(&mut self, _glance: &ZabGlance<'_>) -> Result<(), Clash> {
        Ok(())
    }

    /// Hears that a client was told that a write is done.
    fn hear(&mut self, _answer: &Answer<'_>) -> Result<(), Clash> {
        Ok(())
    }

    /// Hears of an event that a client was told of.
    fn notice(&mut self, _heard: &Heard) -> Result<(), Clash> {
        Ok(())
    }

    /// Holds the answer to an operation against what the server has.
    fn witness(&mut self, _world: &World, _call: &Call) -> Result<(), Clash> {
        Ok(())
    }

    /// Judges an operation that has been answered.
    fn judge(&mut self, _history: &History, _call: &Call) -> Result<(), Clash> {
        Ok(())
    }

    /// Looks at what clients that follow recipes have and have found.
    fn attend(&mut self, _scene: &Scene<'_>) -> Result<(), Clash> {
        Ok(())
    }

    /// Judges the whole run at its end.
    fn conclude(&mut self, _history: &History, _pasts: Pasts<'_>) -> Result<(), Clash> {
        Ok(())
    }
}

/// What an invariant is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum About {
    /// How servers that run Raft agree.
    Raft,
    /// How servers that run Zab agree.
    Zab,
    /// What either protocol owes to clients.
    Both,
}

impl About {
    const fn concerns(self, protocol: Protocol) -> bool {
        match self {
            Self::Raft => matches!(protocol, Protocol::Raft),
            Self::Zab => matches!(protocol, Protocol::Zab),
            Self::Both => true,
        }
    }
}

/// Names the invariants, each once, in the order in which lamps show them: most come before what
/// follows from them.
macro_rules! invariants {
    ($($about:ident $field:ident: $Invariant:ident,)*) => {
        /// One of each.
        #[derive(Clone, Debug, Default)]
        struct Invariants {
            $($field: $Invariant,)*
        }

        const PROPERTIES: [(About, Property); [$(stringify!($field)),*].len()] =
            [$((About::$about, $Invariant::PROPERTY)),*];

        impl Monitor {
            /// Lets every invariant that has held so far look at what an event changed.
            fn check(&mut self, glance: &Glance<'_>) {
                $(if self.holds($Invariant::PROPERTY.name) {
                    let outcome = self.invariants.$field.check(glance);
                    self.note::<$Invariant>(glance.world, outcome);
                })*
            }

            /// The same, of a server that runs Zab.
            fn check_zab(&mut self, glance: &ZabGlance<'_>) {
                $(if self.holds($Invariant::PROPERTY.name) {
                    let outcome = self.invariants.$field.check_zab(glance);
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

            /// Lets every invariant that has held so far hear of an event.
            fn notice(&mut self, world: &World, heard: &Heard) {
                $(if self.holds($Invariant::PROPERTY.name) {
                    let outcome = self.invariants.$field.notice(heard);
                    self.note::<$Invariant>(world, outcome);
                })*
            }

            /// Lets every invariant that has held so far look at who has answered an operation.
            fn witness(&mut self, world: &World, call: &Call) {
                $(if self.holds($Invariant::PROPERTY.name) {
                    let outcome = self.invariants.$field.witness(world, call);
                    if outcome.is_err() {
                        self.history.condemn(call.id, $Invariant::PROPERTY.name);
                    }
                    self.note::<$Invariant>(world, outcome);
                })*
            }

            /// Lets every invariant that has held so far judge an operation.
            fn judge(&mut self, world: &World, call: &Call) {
                $(if self.holds($Invariant::PROPERTY.name) {
                    let outcome = self.invariants.$field.judge(&self.history, call);
                    if outcome.is_err() {
                        self.history.condemn(call.id, $Invariant::PROPERTY.name);
                    }
                    self.note::<$Invariant>(world, outcome);
                })*
            }

            /// Lets every invariant that has held so far look at recipes.
            fn attend(&mut self, world: &World, scene: &Scene<'_>) {
                $(if self.holds($Invariant::PROPERTY.name) {
                    let outcome = self.invariants.$field.attend(scene);
                    self.note::<$Invariant>(world, outcome);
                })*
            }

            /// The run ends here: judges what can only be judged as a whole. The violations that
            /// it finds are added to [`Monitor::violations`]; whether there are any.
            pub fn at_end(&mut self, world: &World) -> bool {
                let known = self.violations.len();
                $(if self.holds($Invariant::PROPERTY.name) {
                    let pasts = Pasts {
                        raft: &self.past,
                        zab: &self.zab_past,
                    };
                    let outcome = self.invariants.$field.conclude(&self.history, pasts);
                    self.note::<$Invariant>(world, outcome);
                })*
                self.violations.len() > known
            }
        }
    };
}
invariants! {
    Raft election_safety: ElectionSafety,
    Raft one_vote_per_term: OneVotePerTerm,
    Raft one_uncommitted_configuration: OneUncommittedConfiguration,
    Raft quorums_overlap: QuorumsOverlap,
    Raft quorum_commits: QuorumCommits,
    Raft leader_append_only: LeaderAppendOnly,
    Raft log_matching: LogMatching,
    Raft leader_completeness: LeaderCompleteness,
    Raft state_machine_safety: StateMachineSafety,
    Raft committed_stays_committed: CommittedStaysCommitted,
    Raft linearizable_reads: LinearizableReads,
    Zab leadership: Leadership,
    Zab integrity: Integrity,
    Zab agreement: Agreement,
    Zab total_order: TotalOrder,
    Zab local_primary_order: LocalPrimaryOrder,
    Zab global_primary_order: GlobalPrimaryOrder,
    Zab primary_integrity: PrimaryIntegrity,
    Zab leader_log_completeness: LeaderLogCompleteness,
    Zab committed_log_durability: CommittedLogDurability,
    Zab log_order: LogOrder,
    Zab prefix_consistency: PrefixConsistency,
    Zab legal_messages: LegalMessages,
    Raft replicas_agree: ReplicasAgree,
    Raft snapshots_agree: SnapshotsAgree,
    Both exactly_once: ExactlyOnce,
    Both ephemeral_owners: EphemeralOwners,
    Both moved_sessions: MovedSessions,
    Both failed_writes: FailedWrites,
    Both sequential_names: SequentialNames,
    Both acknowledged_writes: AcknowledgedWrites,
    Both watch_before_state: WatchBeforeState,
    Both expected_events: ExpectedEvents,
    Both linearizable_writes: LinearizableWrites,
    Both fifo_client_order: FifoClientOrder,
    Both monotonic_reads: MonotonicReads,
    Both sync_then_read: SyncThenRead,
    Both lock_holders: LockHolders,
    Both queue_elements: QueueElements,
    Both one_decision: OneDecision,
    Both linearizability: Linearizability,
}

/// Everything that watches a run. `outlines` says what each server was like when it was last looked
/// at, `history` what each client asked and was told; an invariant that was violated is not asked
/// again.
#[derive(Clone, Debug)]
pub struct Monitor {
    outlines: Vec<Outline>,
    zab_outlines: Vec<ZabOutline>,
    history: History,
    notices: Notices,
    recipes: Recipes,
    past: Past,
    zab_past: ZabPast,
    violations: Vec<Violation>,
    invariants: Invariants,
}

impl Monitor {
    /// The invariants that are looked at where servers run a protocol, in the order in which lamps
    /// show them.
    pub fn properties(protocol: Protocol) -> impl Iterator<Item = &'static Property> {
        let concerns = move |(about, _): &&(About, Property)| about.concerns(protocol);
        let concerned = PROPERTIES.iter().filter(concerns);
        concerned.map(|(_, property)| property)
    }

    /// A monitor that watches a world from here on.
    pub fn new(world: &World) -> Self {
        let mut monitor = Self {
            outlines: vec![Outline::default(); world.nodes().len()],
            zab_outlines: vec![ZabOutline::default(); world.nodes().len()],
            history: History::new(world),
            notices: Notices::default(),
            recipes: Recipes::default(),
            past: Past::default(),
            zab_past: ZabPast::default(),
            violations: Vec::new(),
            invariants: Invariants::default(),
        };
        monitor.notices.follow(world);
        for node in world.nodes() {
            monitor.look_at(world, node.id(), Some(Index::new(1)));
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
        // A state may be applied long after what it is made of was committed.
        if !self.recipes.is_empty()
            && let Some(server) = world.server(server)
        {
            self.recipes.take_in(server);
        }
        if world.settings().protocol == Protocol::Zab {
            return self.look_at_zab(world, server);
        }
        let Some(now) = Outline::of(world, server) else {
            return;
        };
        if self.outlines.len() <= server.position() {
            self.outlines
                .resize(world.nodes().len(), Outline::default());
        }
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

    #[inline(never)] // Apart: who runs Raft need not fetch it.
    fn look_at_zab(&mut self, world: &World, server: ServerId) {
        let Some(now) = ZabOutline::of(world, server) else {
            return;
        };
        if self.zab_outlines.len() <= server.position() {
            let servers = world.nodes().len();
            self.zab_outlines.resize(servers, ZabOutline::default());
        }
        let before = std::mem::replace(&mut self.zab_outlines[server.position()], now);
        if before == now {
            return;
        }
        let mut past = std::mem::take(&mut self.zab_past);
        let glance = ZabGlance {
            world,
            past: &past,
            server,
            before,
            now,
        };
        self.check_zab(&glance);
        let seen = past.seen_in(&glance);
        past.take_in(seen);
        self.zab_past = past;
    }

    /// Hears what clients were told, if any was told anything.
    fn listen(&mut self, world: &World) {
        for id in self.history.follow(world) {
            let Some(call) = self.history.call(id).cloned() else {
                continue;
            };
            if call.reply().is_none() {
                continue;
            }
            let past = std::mem::take(&mut self.past);
            let zab_past = std::mem::take(&mut self.zab_past);
            let pasts = Pasts {
                raft: &past,
                zab: &zab_past,
            };
            if let Some(answer) = Answer::of(world, pasts, &call) {
                self.hear(&answer);
            }
            (self.past, self.zab_past) = (past, zab_past);
            self.witness(world, &call);
            self.judge(world, &call);
        }
        for heard in self.notices.follow(world) {
            self.notice(world, &heard);
        }
        if let Some(before) = self.recipes.follow(world) {
            let (recipes, history) = (self.recipes.clone(), self.history.clone());
            if let Some(scene) = recipes.scene(&before, world, &history) {
                self.attend(world, &scene);
            }
        }
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

    /// What clients asked and were told.
    pub fn history(&self) -> &History {
        &self.history
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
