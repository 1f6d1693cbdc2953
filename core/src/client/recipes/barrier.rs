//! A barrier is a znode: as long as it is there, nobody passes.

use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{ErrorCode, Reply, WatchEvent};

/// One who stands before the barrier.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Barrier {
    waits: bool,
}

impl Barrier {
    pub(super) fn new() -> Self {
        Self { waits: false }
    }
}

impl Automaton for Barrier {
    /// The recipe (ZooKeeper, Recipes, Barriers).
    fn steps(&self) -> &'static [&'static str] {
        &[
            "ask whether the barrier exists, with a watch; if not, go on",
            "wait for the watch; then ask again",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        self.waits = false;
        ask::exists(role.path.clone())
    }

    fn answered(&mut self, _: &Role, reply: &Reply) -> Move {
        match reply {
            Ok(_) => {
                self.waits = true;
                Move::Wait
            }
            Err(ErrorCode::NoNode) => Move::Done,
            reply => unexpected(reply),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        if event.path == role.path {
            return self.begin(role);
        }
        Move::Wait
    }

    fn release(&mut self, _: &Role) -> Move {
        Move::Done
    }

    fn step(&self) -> usize {
        usize::from(self.waits)
    }

    fn holds(&self) -> bool {
        false
    }
}
