//! A queue: elements are sequential znodes, and who deletes one has it.

use std::sync::Arc;

use super::line::number;
use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{CreateMode, Data, ErrorCode, EventKind, Reply, Response, WatchEvent, path};

/// How the names of elements begin.
const ELEMENT: &str = "queue-";

/// How many elements a consumer remembers.
const REMEMBERED: usize = 50;

/// One that puts an element into the queue. The lower its priority's number, the sooner an element
/// is taken by who takes the most urgent first.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Producer {
    element: Option<Data>,
    priority: u32,
    asked: bool,
    looks: bool,
    /// The element's name, once it is known to be in.
    own: Option<Arc<str>>,
}

impl Producer {
    pub(super) fn new(element: Option<Data>, priority: Option<u32>) -> Self {
        Self {
            element,
            priority: priority.unwrap_or(0),
            asked: false,
            looks: false,
            own: None,
        }
    }

    fn create(&mut self, role: &Role) -> Move {
        (self.asked, self.looks) = (true, false);
        let name = format!("{ELEMENT}{:02}-{}-", self.priority, role.guid);
        let prefix = role.child(&name);
        let element = self.element.clone();
        ask::create(&prefix, element, CreateMode::PersistentSequential)
    }
}

impl Automaton for Producer {
    /// The recipe (ZooKeeper, Recipes, Queues and Priority Queues).
    fn steps(&self) -> &'static [&'static str] {
        &[
            "create a sequential znode with `queue-` and the priority in its name",
            "the connection was lost: list the children and look for the own one",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        if self.asked {
            self.looks = true;
            return ask::children(&role.path);
        }
        self.create(role)
    }

    /// One that is not there may have been taken already: rather twice than not at all.
    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match reply {
            Ok(Response::Created { path, .. }) => {
                self.own = Some(path::name(path).into());
                Move::Done
            }
            Ok(Response::Children { names, .. }) => {
                let mark = format!("-{}-", role.guid);
                self.own = names.iter().find(|name| name.contains(&mark)).cloned();
                match self.own {
                    Some(_) => Move::Done,
                    None => self.create(role),
                }
            }
            reply => unexpected(reply),
        }
    }

    fn told(&mut self, _: &Role, _: &WatchEvent) -> Move {
        Move::Wait
    }

    fn release(&mut self, _: &Role) -> Move {
        Move::Done
    }

    fn step(&self) -> usize {
        usize::from(self.looks)
    }

    fn own(&self) -> Option<Arc<str>> {
        self.own.clone()
    }

    fn holds(&self) -> bool {
        false
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Listing,
    Reading(Arc<str>),
    Claiming(Arc<str>, Option<Data>),
    Waiting,
}

/// One that takes elements out of the queue, until it is to stop.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Consumer {
    /// Whether it always takes the most urgent first.
    by_priority: bool,
    stage: Stage,
    /// What is left of the list, the first to take last.
    list: Vec<Arc<str>>,
    /// Whether the list may have changed since it was read.
    stale: bool,
    leaving: bool,
    taken: Vec<String>,
    /// Elements of which nobody can tell who has them: the answer to the claim was lost.
    doubtful: Vec<String>,
}

impl Consumer {
    pub(super) fn new(by_priority: bool) -> Self {
        Self {
            by_priority,
            stage: Stage::Listing,
            list: Vec::new(),
            stale: false,
            leaving: false,
            taken: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    fn fetch(&mut self, role: &Role) -> Move {
        self.stage = Stage::Listing;
        self.stale = false;
        ask::watched_children(&role.path)
    }

    fn listed(&mut self, role: &Role, names: &[Arc<str>]) -> Move {
        self.list = names
            .iter()
            .filter(|it| it.starts_with(ELEMENT))
            .cloned()
            .collect();
        let by_priority = self.by_priority;
        let rank = |name: &Arc<str>| {
            let urgency = name
                .get(ELEMENT.len()..ELEMENT.len() + 2)
                .filter(|_| by_priority);
            (
                urgency.unwrap_or_default().to_owned(),
                number(name).to_owned(),
            )
        };
        self.list.sort_by_key(|name| std::cmp::Reverse(rank(name)));
        if self.list.is_empty() {
            self.stage = Stage::Waiting;
            return Move::Wait;
        }
        self.take(role)
    }

    /// The next element of the list; a list that is exhausted, or by which the most urgent cannot
    /// be told any more, is read again.
    fn take(&mut self, role: &Role) -> Move {
        if self.leaving {
            return Move::Done;
        }
        if self.by_priority && self.stale {
            return self.fetch(role);
        }
        let Some(name) = self.list.pop() else {
            return self.fetch(role);
        };
        let path = role.child(&name);
        self.stage = Stage::Reading(path.clone());
        ask::get_once(path)
    }
}

impl Automaton for Consumer {
    fn steps(&self) -> &'static [&'static str] {
        if self.by_priority {
            return &[
                "list the children, with a watch",
                "read the most urgent of the lowest number; list again first if the watch says so",
                "delete it: who succeeds has it, who finds it gone takes the next",
                "nothing is left: wait for the watch",
            ];
        }
        &[
            "list the children, with a watch",
            "read the one with the lowest number in the list",
            "delete it: who succeeds has it, who finds it gone takes the next of the list",
            "nothing is left: wait for the watch",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        if let Stage::Claiming(path, data) = &self.stage {
            // Only if it is still there, it was not this consumer's.
            self.doubtful.push(text(path, data.as_ref()));
        }
        self.fetch(role)
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (&self.stage, reply) {
            (Stage::Listing, Ok(Response::Children { names, .. })) => self.listed(role, names),
            (Stage::Reading(path), Ok(Response::Data { data, .. })) => {
                let path = path.clone();
                self.stage = Stage::Claiming(path.clone(), data.clone());
                ask::delete(path)
            }
            (Stage::Claiming(path, data), Ok(_)) => {
                let element = text(path, data.as_ref());
                if self.taken.len() == REMEMBERED {
                    self.taken.remove(0);
                }
                self.taken.push(element);
                self.take(role)
            }
            (Stage::Reading(_) | Stage::Claiming(..), Err(ErrorCode::NoNode)) => self.take(role),
            (_, reply) => unexpected(reply),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        let is_news = event.path == role.path && event.kind == EventKind::NodeChildrenChanged;
        if is_news && self.stage == Stage::Waiting {
            return self.fetch(role);
        }
        Move::Wait
    }

    fn overheard(&mut self, role: &Role, event: &WatchEvent) {
        self.stale |= event.path == role.path;
    }

    /// What it is about to take is taken; then it stops.
    fn wish_to_leave(&mut self) {
        self.leaving = true;
    }

    fn release(&mut self, _: &Role) -> Move {
        Move::Done
    }

    fn step(&self) -> usize {
        match self.stage {
            Stage::Listing => 0,
            Stage::Reading(_) => 1,
            Stage::Claiming(..) => 2,
            Stage::Waiting => 3,
        }
    }

    fn holds(&self) -> bool {
        false
    }

    fn claims(&self) -> Option<Arc<str>> {
        match &self.stage {
            Stage::Claiming(path, _) => Some(path.clone()),
            _ => None,
        }
    }

    fn found(&self) -> Vec<String> {
        self.taken.clone()
    }

    fn doubtful(&self) -> Vec<String> {
        let mut doubtful = self.doubtful.clone();
        if let Stage::Claiming(path, data) = &self.stage {
            doubtful.push(text(path, data.as_ref()));
        }
        doubtful
    }
}

/// An element as text: what it holds, or its name if it holds nothing.
fn text(path: &str, data: Option<&Data>) -> String {
    let text = data.and_then(Data::text);
    text.unwrap_or(path::name(path)).to_owned()
}
