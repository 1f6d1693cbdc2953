//! The *ready* flag: many znodes change, and nobody goes by half of them.

use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{ANY_VERSION, CreateMode, Data, ErrorCode, Reply, Response, WatchEvent};

/// The name of the flag.
const READY: &str = "ready";

/// How many znodes there are to change together.
const PARTS: u32 = 3;

fn part(number: u32) -> String {
    format!("part-{number}")
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Lowering,
    Setting(u32),
    Creating(u32),
    Raising,
}

/// The one that changes them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Publisher {
    value: Option<Data>,
    stage: Stage,
}

impl Publisher {
    pub(super) fn new(value: Option<Data>) -> Self {
        Self {
            value,
            stage: Stage::Lowering,
        }
    }

    fn set(&mut self, role: &Role, number: u32) -> Move {
        if number > PARTS {
            self.stage = Stage::Raising;
            return ask::create(&role.child(READY), None, CreateMode::Persistent);
        }
        self.stage = Stage::Setting(number);
        ask::replace(role.child(&part(number)), self.value.clone(), ANY_VERSION)
    }
}

impl Automaton for Publisher {
    /// The recipe (Hunt et al., "ZooKeeper", 2010, §2.3).
    fn steps(&self) -> &'static [&'static str] {
        &[
            "delete `ready`",
            "change the znodes of the configuration",
            "create `ready`",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        self.stage = Stage::Lowering;
        ask::delete(role.child(READY))
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (self.stage, reply) {
            (Stage::Lowering, Ok(_) | Err(ErrorCode::NoNode)) => self.set(role, 1),
            (Stage::Setting(number), Err(ErrorCode::NoNode)) => {
                self.stage = Stage::Creating(number);
                let path = role.child(&part(number));
                ask::create(&path, self.value.clone(), CreateMode::Persistent)
            }
            (Stage::Creating(number), Err(ErrorCode::NodeExists)) => self.set(role, number),
            (Stage::Setting(number) | Stage::Creating(number), Ok(_)) => self.set(role, number + 1),
            (Stage::Raising, Ok(_) | Err(ErrorCode::NodeExists)) => Move::Done,
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
            Stage::Lowering => 0,
            Stage::Setting(_) | Stage::Creating(_) => 1,
            Stage::Raising => 2,
        }
    }

    fn holds(&self) -> bool {
        false
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum ReaderStage {
    Asking,
    Waiting,
    Reading(u32),
    Current,
}

/// One that goes by them while the flag is up. `whole` is the last configuration that it has read
/// whole.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Reader {
    stage: ReaderStage,
    /// Whether the flag was lowered meanwhile.
    lowered: bool,
    parts: Vec<String>,
    whole: Vec<String>,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            stage: ReaderStage::Asking,
            lowered: false,
            parts: Vec::new(),
            whole: Vec::new(),
        }
    }

    fn read(&mut self, role: &Role, number: u32) -> Move {
        self.stage = ReaderStage::Reading(number);
        ask::get_once(role.child(&part(number)))
    }
}

impl Automaton for Reader {
    /// That the event of the flag comes before anything that was changed after it makes the whole
    /// of this work.
    fn steps(&self) -> &'static [&'static str] {
        &[
            "ask whether `ready` exists, with a watch",
            "it does not: wait for the watch; then ask again",
            "read the znodes; if the watch says that `ready` is gone, begin again",
            "go by them until the watch says that `ready` is gone",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        self.stage = ReaderStage::Asking;
        self.lowered = false;
        self.parts.clear();
        ask::exists(role.child(READY))
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        if self.lowered {
            return self.begin(role);
        }
        match (self.stage, reply) {
            (ReaderStage::Asking, Ok(_)) => self.read(role, 1),
            (ReaderStage::Asking, Err(ErrorCode::NoNode)) => {
                self.stage = ReaderStage::Waiting;
                Move::Wait
            }
            (ReaderStage::Reading(number), Ok(Response::Data { data, .. })) => {
                let text = data.as_ref().and_then(Data::text);
                self.parts.push(text.unwrap_or_default().to_owned());
                if number < PARTS {
                    return self.read(role, number + 1);
                }
                self.whole = std::mem::take(&mut self.parts);
                self.stage = ReaderStage::Current;
                Move::Wait
            }
            (_, reply) => unexpected(reply),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        if event.path == role.child(READY) {
            return self.begin(role);
        }
        Move::Wait
    }

    fn overheard(&mut self, role: &Role, event: &WatchEvent) {
        self.lowered |= event.path == role.child(READY);
    }

    fn release(&mut self, _: &Role) -> Move {
        Move::Done
    }

    fn step(&self) -> usize {
        match self.stage {
            ReaderStage::Asking => 0,
            ReaderStage::Waiting => 1,
            ReaderStage::Reading(_) => 2,
            ReaderStage::Current => 3,
        }
    }

    fn holds(&self) -> bool {
        self.stage == ReaderStage::Current
    }

    fn found(&self) -> Vec<String> {
        self.whole.clone()
    }
}
