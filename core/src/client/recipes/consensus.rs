//! Consensus: the value of whoever was first in line is decided.

use std::sync::Arc;

use super::line::number;
use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{CreateMode, Data, Reply, Response, WatchEvent};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Proposing,
    Listing,
    Reading,
}

/// One that proposes a value and learns which is decided.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Consensus {
    value: Option<Data>,
    stage: Stage,
    asked: bool,
    decided: Option<String>,
}

impl Consensus {
    pub(super) fn new(value: Option<Data>) -> Self {
        Self {
            value,
            stage: Stage::Proposing,
            asked: false,
            decided: None,
        }
    }

    fn propose(&mut self, role: &Role) -> Move {
        self.stage = Stage::Proposing;
        self.asked = true;
        let prefix = role.child(&format!("{}-value-", role.guid));
        ask::create(
            &prefix,
            self.value.clone(),
            CreateMode::PersistentSequential,
        )
    }

    fn list(&mut self, role: &Role) -> Move {
        self.stage = Stage::Listing;
        ask::children(&role.path)
    }

    fn listed(&mut self, role: &Role, names: &[Arc<str>]) -> Move {
        let Some(first) = names.iter().min_by_key(|name| number(name)) else {
            return self.propose(role);
        };
        self.stage = Stage::Reading;
        ask::get_once(role.child(first))
    }
}

impl Automaton for Consensus {
    /// Sequence numbers are given in the one order of all writes, and a znode that stays keeps its
    /// place: whoever looks finds the same first.
    fn steps(&self) -> &'static [&'static str] {
        &[
            "propose: create a sequential znode with the value",
            "list the children",
            "read the one with the lowest number: its value is decided",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        if self.asked {
            self.list(role)
        } else {
            self.propose(role)
        }
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (self.stage, reply) {
            (Stage::Proposing, Ok(_)) => self.list(role),
            (Stage::Listing, Ok(Response::Children { names, .. })) => self.listed(role, names),
            (Stage::Reading, Ok(Response::Data { data, .. })) => {
                let text = data.as_ref().and_then(Data::text);
                self.decided = Some(text.unwrap_or_default().to_owned());
                Move::Done
            }
            (_, reply) => unexpected(reply),
        }
    }

    fn told(&mut self, _: &Role, _: &WatchEvent) -> Move {
        Move::Wait
    }

    fn release(&mut self, _: &Role) -> Move {
        Move::Done
    }

    fn step(&self) -> usize {
        match self.stage {
            Stage::Proposing => 0,
            Stage::Listing => 1,
            Stage::Reading => 2,
        }
    }

    fn holds(&self) -> bool {
        false
    }

    fn found(&self) -> Vec<String> {
        self.decided.iter().cloned().collect()
    }
}
