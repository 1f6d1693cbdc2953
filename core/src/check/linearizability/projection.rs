//! What a history says of one znode.
//!
//! A history of independent objects is linearizable if and only if its part on each object is
//! (Herlihy and Wing, 1990, §3.2), so the operations are told apart by the znode that they name.
//! Znodes are not quite independent: a `create` and a `delete` also change the list of children of
//! the parent, and depend on it. They are therefore an operation on the parent, too, and each of
//! the two says what its znode must have been like at that moment. Whoever finds an order for the
//! whole has one for every part, so a part without an order convicts the whole. The converse does
//! not hold: that the two halves of a `create` happen at one moment is not demanded, and a history
//! that fails only there passes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::hints::{Hint, Hints};
use super::opaque::{Opaque, may_become};
use super::search::Interval;
use super::znode::{Node, Process, Step, Znode};
use crate::check::history::{Call, CallId, Ending, History};
use crate::check::verdict::Verdict;
use crate::ids::EventId;
use crate::zookeeper::{CreateMode, Data, ErrorCode, Reply, Request, Response, Service, path};

/// What a history says of one znode: the operations, and which of the history each is; none for
/// the end of a session that a client did not ask for.
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
    /// that show all that any client had been told. Znodes that are opaque are left out.
    pub(super) fn of(history: &History, hints: &Hints<'_>) -> Self {
        let mut parts = Self::default();
        let is_fresh = |call: &Call| {
            let known = call.known.map(|known| known.zxid);
            call.verdict == Verdict::Linearizable && call.zxid() >= known
        };
        let counts = |call: &&Call| call.linearizable || is_fresh(call);
        for call in history.calls().filter(counts) {
            parts.take_in(call, hints.of(call));
        }
        for call in history.calls().filter(counts) {
            parts.take_in_unnamed(call, hints.of(call));
        }
        let opaque = Opaque::of(history);
        parts.0.retain(|path, _| !opaque.holds(path));
        for (process, life) in history.lifetimes() {
            let owned = |part: &&mut Part| part.owners.contains(&process);
            for part in parts.0.values_mut().filter(owned) {
                part.calls.push(None);
                part.intervals.push(Interval {
                    asked: life.since.number(),
                    answered: life.until.map(EventId::number),
                    hint: hints.of_end(life.session),
                    step: Step::EndOf(process),
                });
            }
        }
        parts
    }

    fn take_in(&mut self, call: &Call, hint: Hint) {
        let Some(request) = &call.request else {
            return;
        };
        let Some(path) = request.path() else { return };
        match call.reply() {
            None => self.take_in_unanswered(call, request, hint),
            Some(reply) => {
                if let Some(step) = answered_step(request, reply, call) {
                    let own = match reply {
                        Ok(Response::Created { path, .. }) => path,
                        _ => path,
                    };
                    self.add(own, call, hint, step);
                }
                if let Some((parent, step)) = step_at_parent(request, reply, call) {
                    self.add(parent, call, hint, step);
                }
            }
        }
    }

    /// An operation that may have happened or not, as it is if it succeeded.
    fn take_in_unanswered(&mut self, call: &Call, request: &Request, hint: Hint) {
        let Some(path) = request.path() else { return };
        let parent = path::parent(path);
        let name: Arc<str> = path::name(path).into();
        match request {
            Request::Create { mode, .. } => {
                if !mode.is_sequential() {
                    self.add(path, call, hint, create(request, call));
                }
                if let Some(parent) = parent {
                    self.add(parent, call, hint, add_child(request, *mode, None, call));
                }
            }
            Request::Delete { version, .. } => {
                let expected = *version;
                self.add(path, call, hint, Step::Delete { expected });
                if let Some(parent) = parent {
                    self.add(parent, call, hint, Step::RemoveChild(name));
                }
            }
            Request::Set { data, version, .. } => {
                let step = Step::Set {
                    data: bytes(data.as_ref()),
                    expected: *version,
                    stat: None,
                };
                self.add(path, call, hint, step);
            }
            _ => {}
        }
    }

    /// A sequential create that nobody has answered may have made any znode whose name it could
    /// have come to.
    fn take_in_unnamed(&mut self, call: &Call, hint: Hint) {
        let (Some(request @ Request::Create { path, mode, .. }), None) =
            (&call.request, call.reply())
        else {
            return;
        };
        if !mode.is_sequential() {
            return;
        }
        let could_be = |other: &&Arc<str>| may_become(path, other);
        let paths: Vec<Arc<str>> = self.0.keys().filter(could_be).cloned().collect();
        for path in paths {
            self.add(&path, call, hint, create(request, call));
        }
    }

    fn add(&mut self, path: impl AsRef<str>, call: &Call, hint: Hint, step: Step) {
        let part = self.0.entry(path.as_ref().into()).or_default();
        if let Step::Create { owner, .. } | Step::AddChild { owner, .. } = &step {
            part.owners.extend(*owner);
        }
        part.calls.push(Some(call.id));
        part.intervals.push(Interval {
            asked: call.event.number(),
            answered: match call.ending {
                Ending::Answered { event, .. } => Some(event.number()),
                Ending::Open | Ending::Unknown => None,
            },
            hint,
            step,
        });
    }
}

/// The znode of a new ensemble.
pub(super) fn at_first(path: &str) -> Znode {
    let service = Service::new();
    Znode(service.tree().get(path).map(|node| Node {
        data: bytes(node.data()),
        version: node.version(),
        owner: None,
        children: node.children().map(|name| (name.clone(), None)).collect(),
        creates: node.creates(),
    }))
}

fn bytes(data: Option<&Data>) -> Option<Arc<[u8]>> {
    data.map(|data| data.bytes().into())
}

fn owner(mode: CreateMode, call: &Call) -> Option<Process> {
    let process = (call.id.client, call.id.process);
    mode.is_ephemeral().then_some(process)
}

fn create(request: &Request, call: &Call) -> Step {
    match request {
        Request::Create { data, mode, .. } => Step::Create {
            data: bytes(data.as_ref()),
            owner: owner(*mode, call),
        },
        _ => Step::IsPresent,
    }
}

fn add_child(request: &Request, mode: CreateMode, created: Option<&str>, call: &Call) -> Step {
    let asked = request.path();
    let name = match created {
        Some(path) => Some(path::name(path).into()),
        None if mode.is_sequential() => None,
        None => asked.map(|asked| path::name(asked).into()),
    };
    Step::AddChild {
        name,
        prefix: asked.filter(|_| mode.is_sequential()).cloned(),
        owner: owner(mode, call),
    }
}

/// What an answer says of the znode that the operation names.
fn answered_step(request: &Request, reply: &Reply, call: &Call) -> Option<Step> {
    use ErrorCode::{BadVersion, NoChildrenForEphemerals, NoNode, NodeExists, NotEmpty};
    Some(match (request, reply) {
        (Request::Create { .. }, Ok(_)) => create(request, call),
        (Request::Create { mode, .. }, Err(_)) if mode.is_sequential() => return None,
        (Request::Create { .. }, Err(NodeExists)) => Step::IsPresent,
        (Request::Delete { version, .. }, Ok(_)) => Step::Delete { expected: *version },
        (Request::Set { data, version, .. }, Ok(Response::Stat(stat))) => Step::Set {
            data: bytes(data.as_ref()),
            expected: *version,
            stat: Some((stat.version, stat.num_children)),
        },
        (Request::Delete { version, .. } | Request::Set { version, .. }, Err(BadVersion)) => {
            Step::IsAtOtherVersion { expected: *version }
        }
        (Request::Delete { version, .. }, Err(NotEmpty)) => {
            Step::HasChildren { expected: *version }
        }
        (Request::Exists { .. }, Ok(Response::Stat(stat))) => Step::HasVersion(stat.version),
        (Request::Get { .. }, Ok(Response::Data { data, stat })) => Step::Holds {
            version: stat.version,
            data: bytes(data.as_ref()),
        },
        (Request::Children { .. }, Ok(Response::Children { names, .. })) => {
            Step::List(names.clone())
        }
        (Request::Create { .. }, Err(NoChildrenForEphemerals)) | (_, Err(NoNode)) => Step::IsAbsent,
        _ => return None,
    })
}

/// What an answer says of the parent of the znode that the operation names.
fn step_at_parent<'a>(request: &'a Request, reply: &Reply, call: &Call) -> Option<(&'a str, Step)> {
    use ErrorCode::{BadVersion, NoChildrenForEphemerals, NoNode, NodeExists, NotEmpty};
    let path = request.path()?;
    let parent = path::parent(path).filter(|_| &**path != path::ROOT)?;
    let name: Arc<str> = path::name(path).into();
    let step = match (request, reply) {
        (Request::Create { mode, .. }, Ok(Response::Created { path, .. })) => {
            add_child(request, *mode, Some(path), call)
        }
        (Request::Create { mode, .. }, Err(NodeExists)) if !mode.is_sequential() => {
            Step::HasChild(name)
        }
        (Request::Create { .. }, Err(NoNode)) => Step::IsAbsent,
        (Request::Create { .. }, Err(NoChildrenForEphemerals)) => Step::IsEphemeral,
        (Request::Delete { .. }, Ok(_)) => Step::RemoveChild(name),
        (Request::Delete { .. }, Err(BadVersion | NotEmpty)) => Step::HasChild(name),
        (Request::Delete { .. }, Err(NoNode)) => Step::HasNoChild(name),
        _ => return None,
    };
    Some((parent, step))
}
