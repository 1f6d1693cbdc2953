//! Configuration: processes read it, and are told when it changes.

use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{Data, ErrorCode, Reply, Response, WatchEvent};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Reading,
    Current,
    Asking,
    Missing,
}

/// A process that goes by the configuration.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Configuration {
    stage: Stage,
    known: Option<String>,
}

impl Configuration {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Reading,
            known: None,
        }
    }
}

impl Automaton for Configuration {
    /// The recipe (Hunt et al., "ZooKeeper", 2010, §2.4, Configuration Management).
    fn steps(&self) -> &'static [&'static str] {
        &[
            "read the configuration, with a watch",
            "go by it until the watch says that it has changed; then read it again",
            "there is none: ask whether it exists, with a watch",
            "wait until it is created; then read it",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        self.stage = Stage::Reading;
        ask::get(role.path.clone())
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (self.stage, reply) {
            (Stage::Reading, Ok(Response::Data { data, .. })) => {
                let text = data.as_ref().and_then(Data::text);
                self.known = Some(text.unwrap_or_default().to_owned());
                self.stage = Stage::Current;
                Move::Wait
            }
            (Stage::Reading, Err(ErrorCode::NoNode)) => {
                self.known = None;
                self.stage = Stage::Asking;
                ask::exists(role.path.clone())
            }
            (Stage::Asking, Ok(_)) => self.begin(role),
            (Stage::Asking, Err(ErrorCode::NoNode)) => {
                self.stage = Stage::Missing;
                Move::Wait
            }
            (_, reply) => unexpected(reply),
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
        match self.stage {
            Stage::Reading => 0,
            Stage::Current => 1,
            Stage::Asking => 2,
            Stage::Missing => 3,
        }
    }

    fn holds(&self) -> bool {
        self.stage == Stage::Current
    }

    fn found(&self) -> Vec<String> {
        self.known.iter().cloned().collect()
    }
}
