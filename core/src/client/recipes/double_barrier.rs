//! A double barrier: all begin together, and all leave together.

use std::sync::Arc;

use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{CreateMode, ErrorCode, EventKind, Reply, Response, WatchEvent};

/// The name of the znode that says that all are there.
const READY: &str = "ready";

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Stage {
    AskingReady,
    Creating,
    Counting,
    WaitingForReady,
    MakingReady,
    Inside,
    Leaving,
    Deleting { alone: bool },
    Watching(Arc<str>),
    WaitingFor(Arc<str>),
}

/// One of `size` who enter and leave together.
// Each says of one thing whether it has happened.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct DoubleBarrier {
    size: u32,
    stage: Stage,
    ready: bool,
    created: bool,
    entered: bool,
    leaving: bool,
}

impl DoubleBarrier {
    pub(super) fn new(size: u32) -> Self {
        Self {
            size,
            stage: Stage::AskingReady,
            ready: false,
            created: false,
            entered: false,
            leaving: false,
        }
    }

    fn enter(&mut self) -> Move {
        self.entered = true;
        self.stage = Stage::Inside;
        Move::Wait
    }

    /// Those who are in; `ready` stands beside them and is none of them.
    fn counted(&mut self, role: &Role, names: &[Arc<str>]) -> Move {
        let present = names.iter().filter(|name| ***name != *READY).count();
        if present < self.size as usize {
            self.stage = Stage::WaitingForReady;
            return Move::Wait;
        }
        self.stage = Stage::MakingReady;
        ask::create(&role.child(READY), None, CreateMode::Persistent)
    }

    fn list_to_leave(&mut self, role: &Role) -> Move {
        self.stage = Stage::Leaving;
        ask::children(&role.path)
    }

    fn listed_to_leave(&mut self, role: &Role, names: &[Arc<str>]) -> Move {
        let mut present: Vec<&Arc<str>> = names.iter().filter(|it| ***it != *READY).collect();
        present.sort();
        let (Some(lowest), Some(highest)) = (present.first(), present.last()) else {
            return Move::Done;
        };
        let own = role.guid.as_str();
        let waits_for = if ***lowest == *own {
            if present.len() == 1 {
                self.stage = Stage::Deleting { alone: true };
                return ask::delete(role.child(own));
            }
            highest
        } else if present.iter().any(|name| ***name == *own) {
            self.stage = Stage::Deleting { alone: false };
            return ask::delete(role.child(own));
        } else {
            lowest
        };
        let path = role.child(waits_for);
        self.stage = Stage::Watching(path.clone());
        ask::exists(path)
    }
}

impl Automaton for DoubleBarrier {
    /// The recipe (ZooKeeper, Recipes, Double Barriers).
    fn steps(&self) -> &'static [&'static str] {
        &[
            "enter: ask whether `ready` exists, with a watch",
            "create an ephemeral znode for oneself",
            "list the children; with fewer than all, wait for `ready`",
            "as the last to come, create `ready`",
            "all are in",
            "leave: list the children; as the only one, delete the own znode and go",
            "delete the own znode, unless it is the lowest",
            "as the lowest wait for the highest to go, else for the lowest; then list again",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        if self.leaving {
            return self.list_to_leave(role);
        }
        if self.entered {
            self.stage = Stage::Inside;
            return Move::Wait;
        }
        self.stage = Stage::AskingReady;
        ask::exists(role.child(READY))
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (&self.stage, reply) {
            (Stage::AskingReady, Ok(_) | Err(ErrorCode::NoNode)) => {
                self.ready = reply.is_ok();
                self.stage = Stage::Creating;
                ask::create(&role.child(&role.guid), None, CreateMode::Ephemeral)
            }
            (Stage::Creating, Ok(_) | Err(ErrorCode::NodeExists)) => {
                self.created = true;
                if self.ready {
                    return self.enter();
                }
                self.stage = Stage::Counting;
                ask::children(&role.path)
            }
            (Stage::Counting, Ok(Response::Children { names, .. })) => self.counted(role, names),
            (Stage::MakingReady, Ok(_) | Err(ErrorCode::NodeExists)) => self.enter(),
            (Stage::Leaving, Ok(Response::Children { names, .. })) => {
                self.listed_to_leave(role, names)
            }
            (Stage::Deleting { alone: true }, Ok(_) | Err(ErrorCode::NoNode)) => Move::Done,
            (Stage::Deleting { alone: false }, Ok(_) | Err(ErrorCode::NoNode))
            | (Stage::Watching(_), Err(ErrorCode::NoNode)) => self.list_to_leave(role),
            (Stage::Watching(path), Ok(_)) => {
                self.stage = Stage::WaitingFor(path.clone());
                Move::Wait
            }
            (_, reply) => unexpected(reply),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        let is_ready = event.path == role.child(READY) && event.kind == EventKind::NodeCreated;
        match &self.stage {
            Stage::WaitingForReady if is_ready => self.enter(),
            Stage::WaitingFor(path) if *path == event.path => self.list_to_leave(role),
            _ => Move::Wait,
        }
    }

    fn release(&mut self, role: &Role) -> Move {
        self.leaving = true;
        if self.created {
            self.list_to_leave(role)
        } else {
            Move::Done
        }
    }

    fn step(&self) -> usize {
        match self.stage {
            Stage::AskingReady => 0,
            Stage::Creating => 1,
            Stage::Counting | Stage::WaitingForReady => 2,
            Stage::MakingReady => 3,
            Stage::Inside => 4,
            Stage::Leaving | Stage::Deleting { alone: true } => 5,
            Stage::Deleting { alone: false } => 6,
            Stage::Watching(_) | Stage::WaitingFor(_) => 7,
        }
    }

    fn holds(&self) -> bool {
        self.stage == Stage::Inside
    }
}
