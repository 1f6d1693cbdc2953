//! Group membership: a member is there as long as its ephemeral znode is.

use std::sync::Arc;

use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{CreateMode, ErrorCode, EventKind, Reply, Response, WatchEvent};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Joining,
    Listing,
    Member,
    Leaving,
}

/// A member that knows the others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Group {
    stage: Stage,
    joined: bool,
    members: Vec<Arc<str>>,
}

impl Group {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Joining,
            joined: false,
            members: Vec::new(),
        }
    }

    fn list(&mut self, role: &Role) -> Move {
        self.stage = Stage::Listing;
        ask::watched_children(&role.path)
    }
}

impl Automaton for Group {
    /// The recipe (ZooKeeper, Recipes, Group Membership).
    fn steps(&self) -> &'static [&'static str] {
        &[
            "join: create an ephemeral znode below the group",
            "list the members, with a watch",
            "wait for the watch; then list them again",
            "leave: delete the own znode",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        self.stage = Stage::Joining;
        ask::create(&role.child(&role.guid), None, CreateMode::Ephemeral)
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (self.stage, reply) {
            (Stage::Joining, Ok(_) | Err(ErrorCode::NodeExists)) => {
                self.joined = true;
                self.list(role)
            }
            (Stage::Listing, Ok(Response::Children { names, .. })) => {
                self.members.clone_from(names);
                self.stage = Stage::Member;
                Move::Wait
            }
            (Stage::Leaving, Ok(_) | Err(ErrorCode::NoNode)) => Move::Done,
            (_, reply) => unexpected(reply),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        let is_news = event.path == role.path && event.kind == EventKind::NodeChildrenChanged;
        if is_news && self.stage == Stage::Member {
            return self.list(role);
        }
        Move::Wait
    }

    fn release(&mut self, role: &Role) -> Move {
        self.stage = Stage::Leaving;
        ask::delete(role.child(&role.guid))
    }

    fn step(&self) -> usize {
        match self.stage {
            Stage::Joining => 0,
            Stage::Listing => 1,
            Stage::Member => 2,
            Stage::Leaving => 3,
        }
    }

    fn holds(&self) -> bool {
        self.joined && matches!(self.stage, Stage::Member | Stage::Listing)
    }

    fn found(&self) -> Vec<String> {
        self.members.iter().map(ToString::to_string).collect()
    }
}
