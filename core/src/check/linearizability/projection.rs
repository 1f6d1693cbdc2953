//! What a history says of one znode.
//!
//! A history of independent objects is linearizable if and only if its part on each object is
//! (Herlihy and Wing, 1990, §3.2), so the operations are told apart by the znodes that they
//! concern. Znodes are not quite independent: a `create` and a `delete` also change the list of
//! children of the parent, and depend on it. They are therefore an operation on the parent, too,
//! and each of the two says what its znode must have been like at that moment. Whoever finds an
//! order for the whole has one for every part, so a part without an order convicts the whole. The
//! converse does not hold: that the two halves of a `create`, or the parts of a `multi`, happen at
//! one moment is not demanded, and a history that fails only there passes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::effects::{
    Answer, Effect, answer_of, bytes, create, effects, may_become, swept_later, unnamed,
};
use super::hints::{Hint, Hints};
use super::search::Interval;
use super::znode::{Life, Node, Process, Step, Znode};
use crate::check::history::{Call, CallId, Ending, History, Lifetime};
use crate::check::verdict::Verdict;
use crate::ids::EventId;
use crate::zookeeper::{Request, Service, path};

/// What a history says of one znode: the operations, and which of the history each is; none for
/// the end of a session that a client did not ask for, and for a sweep.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) intervals: Vec<Interval<Step>>,
    pub(super) calls: Vec<Option<CallId>>,
    /// The processes that may own this znode or a child of it.
    owners: BTreeSet<Process>,
}

/// The parts of a history, by path.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts(pub(super) BTreeMap<Arc<str>, Part>);

impl Parts {
    /// Takes a history apart. Of the reads, those count that promise to be linearizable, and those
    /// that show all that any client had been told.
    pub(super) fn of(history: &History, hints: &Hints<'_>) -> Self {
        let mut parts = Self::default();
        let is_fresh = |call: &Call| {
            let known = call.known.map(|known| known.zxid);
            call.verdict == Verdict::Linearizable && call.zxid() >= known
        };
        let counts = |call: &&Call| call.linearizable || is_fresh(call);
        let counting: Vec<Counting<'_>> = history
            .calls()
            .filter(counts)
            .filter_map(|call| Counting::of(call, hints.of(call)))
            .collect();
        for call in &counting {
            for effect in effects(call.request, call.answer, call.process()) {
                parts.add(call, effect, call.hint);
            }
        }
        let mut sweeps = Sweeps::default();
        for call in &counting {
            if call.answer.is_none() {
                parts.take_in_unnamed(call, hints);
            }
            for created in swept_later(call.request, call.answer) {
                parts.take_in_sweep(call, &created, hints, &mut sweeps);
            }
        }
        for (process, life) in history.lifetimes() {
            parts.take_in_end(process, life, hints.of_end(life.session));
        }
        parts
    }

    /// A sequential create that nobody has answered may have made any znode whose name it could
    /// have come to.
    fn take_in_unnamed(&mut self, call: &Counting<'_>, hints: &Hints<'_>) {
        for request in unnamed(call.request) {
            for path in self.named_after(request.path()) {
                let hint = hints.of_creation(call.call, &path);
                self.add(call, (path, create(request, call.process())), hint);
            }
        }
    }

    /// What was created to be swept may be swept once, at any time: no client asks for that. It
    /// goes from the list of its parent, too.
    fn take_in_sweep(
        &mut self,
        call: &Counting<'_>,
        created: &Arc<str>,
        hints: &Hints<'_>,
        sweeps: &mut Sweeps,
    ) {
        let mut paths = self.named_after(Some(created));
        paths.push(created.clone());
        for path in paths {
            let count = sweeps.entry(path.clone()).or_default();
            let hint = hints.of_sweep(&path, *count);
            *count += 1;
            let name = path::name(&path).into();
            let parent = path::parent(&path).map(|parent| (parent.into(), Step::SweepChild(name)));
            for (path, step) in [(path.clone(), Step::Sweep)].into_iter().chain(parent) {
                let interval = Interval {
                    asked: call.call.event.number(),
                    answered: None,
                    hint,
                    step,
                };
                self.part(&path).push(None, interval);
            }
        }
    }

    /// The end of a session is an operation on each znode that it may have owned, and on the
    /// parents of these.
    fn take_in_end(&mut self, process: Process, life: Lifetime, hint: Hint) {
        let owned = |part: &&mut Part| part.owners.contains(&process);
        for part in self.0.values_mut().filter(owned) {
            let interval = Interval {
                asked: life.since.number(),
                answered: life.until.map(EventId::number),
                hint,
                step: Step::EndOf(process),
            };
            part.push(None, interval);
        }
    }

    fn add(&mut self, call: &Counting<'_>, (path, step): Effect, hint: Hint) {
        let part = self.part(&path);
        part.owners.extend(owner_in(&step));
        let interval = Interval {
            asked: call.call.event.number(),
            answered: match call.call.ending {
                Ending::Answered { event, .. } => Some(event.number()),
                Ending::Open | Ending::Unknown => None,
            },
            hint,
            step,
        };
        part.push(Some(call.call.id), interval);
    }

    fn part(&mut self, path: &Arc<str>) -> &mut Part {
        self.0.entry(path.clone()).or_default()
    }

    /// The znodes that are known and that a sequential create of `prefix` may have made.
    fn named_after(&self, prefix: Option<&Arc<str>>) -> Vec<Arc<str>> {
        let could_be = |path: &&Arc<str>| prefix.is_some_and(|prefix| may_become(prefix, path));
        self.0.keys().filter(could_be).cloned().collect()
    }
}

/// How many times each znode may have been swept so far.
type Sweeps = BTreeMap<Arc<str>, usize>;

/// An operation that counts.
struct Counting<'a> {
    call: &'a Call,
    request: &'a Request,
    answer: Answer<'a>,
    hint: Hint,
}

impl<'a> Counting<'a> {
    fn of(call: &'a Call, hint: Hint) -> Option<Self> {
        Some(Self {
            call,
            request: call.request.as_ref()?,
            answer: call.reply().map(answer_of),
            hint,
        })
    }

    const fn process(&self) -> Process {
        (self.call.id.client, self.call.id.process)
    }
}

impl Part {
    fn push(&mut self, call: Option<CallId>, interval: Interval<Step>) {
        self.calls.push(call);
        self.intervals.push(interval);
    }
}

/// The process whose ephemeral znode a step creates, if any: one step is one process's.
fn owner_in(step: &Step) -> Option<Process> {
    match step {
        Step::Create { life, .. } | Step::AddChild { life, .. } => life.owner(),
        Step::Row(steps) => steps.iter().find_map(owner_in),
        _ => None,
    }
}

/// The znode of a new ensemble.
pub(super) fn at_first(path: &str) -> Znode {
    let service = Service::new();
    Znode(service.tree().get(path).map(|node| {
        Node {
            data: bytes(node.data()),
            version: node.version(),
            life: Life::Lasting,
            children: node
                .children()
                .map(|name| (name.clone(), Life::Lasting))
                .collect(),
            creates: node.creates(),
        }
    }))
}
