//! A lock that is one znode: whoever creates it holds it, and when it is gone, everybody who waits
//! is told and tries at once.

use std::sync::Arc;

use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{CreateMode, Data, ErrorCode, Reply, Response, WatchEvent, Zxid};

/// The name of the znode that is the lock.
const LOCK: &str = "lock";

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Creating,
    Looking,
    Waiting,
    Held,
    Leaving,
}

/// One who wants the lock. What it creates holds its mark, so that it knows its own again.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct SimpleLock {
    stage: Stage,
    asked: bool,
    leaving: bool,
    token: Option<Zxid>,
}

impl SimpleLock {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Creating,
            asked: false,
            leaving: false,
            token: None,
        }
    }

    fn create(&mut self, role: &Role) -> Move {
        if self.leaving {
            return Move::Done;
        }
        self.stage = Stage::Creating;
        self.asked = true;
        let mark = Some(Data::from(&*role.guid));
        ask::create(&role.child(LOCK), mark, CreateMode::Ephemeral)
    }

    fn look(&mut self, role: &Role) -> Move {
        self.stage = Stage::Looking;
        ask::get(role.child(LOCK))
    }
}

impl Automaton for SimpleLock {
    /// The recipe (Hunt et al., "ZooKeeper", 2010, §2.4, Simple Locks).
    fn steps(&self) -> &'static [&'static str] {
        &[
            "create the lock, an ephemeral znode; who succeeds holds it",
            "it exists: read it, with a watch",
            "wait until it is gone; then all who wait try again",
            "hold the lock",
            "unlock: delete it",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        if self.asked {
            self.look(role)
        } else {
            self.create(role)
        }
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (self.stage, reply) {
            (Stage::Creating, Ok(Response::Created { stat, .. })) => {
                self.token = stat.map(|stat| stat.czxid);
                self.stage = Stage::Held;
                Move::Wait
            }
            (Stage::Creating, Err(ErrorCode::NodeExists)) => self.look(role),
            (Stage::Looking, Ok(Response::Data { data, stat })) => {
                let is_own = data.as_ref().and_then(Data::text) == Some(&*role.guid);
                self.token = is_own.then_some(stat.czxid);
                self.stage = if is_own { Stage::Held } else { Stage::Waiting };
                Move::Wait
            }
            (Stage::Looking, Err(ErrorCode::NoNode)) => self.create(role),
            (Stage::Leaving, Ok(_) | Err(ErrorCode::NoNode)) => Move::Done,
            (_, reply) => unexpected(reply),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        if event.path == role.child(LOCK) && self.stage == Stage::Waiting {
            return self.create(role);
        }
        Move::Wait
    }

    fn wish_to_leave(&mut self) {
        self.leaving = true;
    }

    fn release(&mut self, role: &Role) -> Move {
        self.leaving = true;
        if self.stage != Stage::Held {
            return Move::Done;
        }
        self.stage = Stage::Leaving;
        ask::delete(role.child(LOCK))
    }

    fn step(&self) -> usize {
        match self.stage {
            Stage::Creating => 0,
            Stage::Looking => 1,
            Stage::Waiting => 2,
            Stage::Held => 3,
            Stage::Leaving => 4,
        }
    }

    fn holds(&self) -> bool {
        self.stage == Stage::Held
    }

    fn own(&self) -> Option<Arc<str>> {
        self.holds().then(|| LOCK.into())
    }

    fn token(&self) -> Option<Zxid> {
        self.token
    }
}
