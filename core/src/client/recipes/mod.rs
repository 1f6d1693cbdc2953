//! Recipes: what applications build from znodes, as automata that run beside a client
//! (ZooKeeper, Recipes and Solutions; Hunt et al., "ZooKeeper", 2010, §2.4).
//!
//! A recipe has at most one request under way. It is told the answer, the events of its watches,
//! and when it is to let go; each time it says what it does next. When a connection is lost,
//! nothing is certain any more, neither what became of a request nor what the recipe holds: with
//! the next connection it *begins* again, and each recipe finds out from the tree how far it had
//! come. So a recipe can be interrupted anywhere. With its session it ends.
//!
//! What it creates bears a name that nobody else gives, so that it knows its own again.

mod ask;
mod barrier;
mod configuration;
mod consensus;
mod double_barrier;
mod election;
mod group;
mod kind;
mod line;
mod lock;
mod queue;
mod ready;
mod revocable_lock;
mod shared_lock;
mod simple_lock;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_together;
mod two_phase;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::zookeeper::{CreateMode, Data, ErrorCode, Reply, Request, WatchEvent, Zxid, path};

use barrier::Barrier;
use configuration::Configuration;
use consensus::Consensus;
use double_barrier::DoubleBarrier;
use group::Group;
pub use kind::{Kind, Number};
use line::{Line, Policy};
use queue::{Consumer, Producer};
use ready::{Publisher, Reader};
use simple_lock::SimpleLock;
use two_phase::{Coordinator, Site};

/// What an application asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Call {
    /// The recipe.
    pub kind: Kind,
    /// The znode that it is about.
    pub path: Arc<str>,
    /// What it hands on, if it hands anything on.
    pub data: Option<Data>,
    /// How many it is for, or how urgent, if it asks.
    pub number: Option<u32>,
}

/// How far a recipe has come, for whoever watches it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Progress {
    /// It works or waits.
    Running,
    /// It has what it is for: the lock, the lead.
    Holds,
    /// The connection is lost: whatever it held, it may have lost.
    Unsure,
    /// It has done what it was for, or let go.
    Done,
    /// It cannot go on.
    Failed(ErrorCode),
}

/// How many events a recipe keeps that came while a request was under way.
const MOST_MISSED: usize = 8;

/// What a recipe does next.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Move {
    Ask(Request),
    Wait,
    Done,
    Fail(ErrorCode),
}

/// What a recipe knows of itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Role {
    path: Arc<str>,
    /// How the names of what it creates begin.
    guid: String,
}

impl Role {
    fn child(&self, name: &str) -> Arc<str> {
        match &*self.path {
            path::ROOT => format!("/{name}").into(),
            path => format!("{path}/{name}").into(),
        }
    }
}

/// A recipe as an automaton.
trait Automaton {
    /// The recipe in its steps.
    fn steps(&self) -> &'static [&'static str];

    /// It begins, or begins again with a new connection.
    fn begin(&mut self, role: &Role) -> Move;

    /// What it asked for is answered.
    fn answered(&mut self, role: &Role, reply: &Reply) -> Move;

    /// A watch was triggered, and it waits.
    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move;

    /// A watch was triggered while a request is under way; it is told again when it waits.
    fn overheard(&mut self, _role: &Role, _event: &WatchEvent) {}

    /// It is to let go as soon as it can.
    fn wish_to_leave(&mut self) {}

    /// It is to let go while it waits, or holds what it is for.
    fn release(&mut self, role: &Role) -> Move;

    /// The step that it is at.
    fn step(&self) -> usize;

    /// Whether it has what it is for.
    fn holds(&self) -> bool;

    /// The znode that it has created for itself.
    fn own(&self) -> Option<Arc<str>> {
        None
    }

    /// What it has found out so far, in order.
    fn found(&self) -> Vec<String> {
        Vec::new()
    }

    /// What it may have taken or not.
    fn doubtful(&self) -> Vec<String> {
        Vec::new()
    }

    /// The path of what it is about to take.
    fn claims(&self) -> Option<Arc<str>> {
        None
    }

    /// The transaction that gave it its place: who gets a lock later has a higher one.
    fn token(&self) -> Option<Zxid> {
        None
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Recipe {
    Line(Line),
    SimpleLock(SimpleLock),
    Barrier(Barrier),
    DoubleBarrier(DoubleBarrier),
    Producer(Producer),
    Consumer(Consumer),
    Group(Group),
    Configuration(Configuration),
    Consensus(Consensus),
    Coordinator(Coordinator),
    Site(Site),
    Publisher(Publisher),
    Reader(Reader),
}

/// Does the same whichever recipe it is.
macro_rules! whichever {
    ($recipe:expr, $it:ident => $what:expr) => {
        match $recipe {
            Recipe::Line($it) => $what,
            Recipe::SimpleLock($it) => $what,
            Recipe::Barrier($it) => $what,
            Recipe::DoubleBarrier($it) => $what,
            Recipe::Producer($it) => $what,
            Recipe::Consumer($it) => $what,
            Recipe::Group($it) => $what,
            Recipe::Configuration($it) => $what,
            Recipe::Consensus($it) => $what,
            Recipe::Coordinator($it) => $what,
            Recipe::Site($it) => $what,
            Recipe::Publisher($it) => $what,
            Recipe::Reader($it) => $what,
        }
    };
}

/// A recipe that a client runs. `under_way` is the number of the operation that it waits for.
// Each says of one thing whether it has happened.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Running {
    call: Call,
    role: Role,
    recipe: Recipe,
    /// The znodes above and at its path that it has not seen to yet.
    to_ensure: VecDeque<Arc<str>>,
    under_way: Option<u64>,
    connected: bool,
    begun: bool,
    /// Events that came while a request was under way.
    missed: VecDeque<WatchEvent>,
    /// Whether it is to let go, and whether it was told so since it has begun.
    leaving: bool,
    told_to_leave: bool,
    ended: Option<Progress>,
}

impl Recipe {
    fn of(call: &Call) -> Self {
        let data = call.data.clone();
        let number = call.number.unwrap_or(1);
        match call.kind {
            Kind::Lock => Self::Line(Line::new(Policy::Lock)),
            Kind::SimpleLock => Self::SimpleLock(SimpleLock::new()),
            Kind::RevocableLock => Self::Line(Line::new(Policy::Revocable)),
            Kind::ReadLock => Self::Line(Line::new(Policy::Read)),
            Kind::WriteLock => Self::Line(Line::new(Policy::Write)),
            Kind::RevocableReadLock => Self::Line(Line::new(Policy::RevocableRead)),
            Kind::RevocableWriteLock => Self::Line(Line::new(Policy::RevocableWrite)),
            Kind::Election => Self::Line(Line::new(Policy::Election)),
            Kind::Barrier => Self::Barrier(Barrier::new()),
            Kind::DoubleBarrier => Self::DoubleBarrier(DoubleBarrier::new(number)),
            Kind::Produce => Self::Producer(Producer::new(data, call.number)),
            Kind::Consume => Self::Consumer(Consumer::new(false)),
            Kind::ConsumeUrgent => Self::Consumer(Consumer::new(true)),
            Kind::Group => Self::Group(Group::new()),
            Kind::Configuration => Self::Configuration(Configuration::new()),
            Kind::Consensus => Self::Consensus(Consensus::new(data)),
            Kind::Coordinate => Self::Coordinator(Coordinator::new(number)),
            Kind::Vote => Self::Site(Site::new(number, data.as_ref())),
            Kind::Publish => Self::Publisher(Publisher::new(data)),
            Kind::Follow => Self::Reader(Reader::new()),
        }
    }
}

impl Running {
    /// A recipe that begins with the client's next connection, or with [`Running::connected`].
    pub(super) fn new(call: Call, guid: String) -> Self {
        let mut to_ensure: VecDeque<Arc<str>> = VecDeque::new();
        for above in path::ancestry(&call.path) {
            if above != path::ROOT && call.kind.needs_place() {
                to_ensure.push_front(above.into());
            }
        }
        Self {
            role: Role {
                path: call.path.clone(),
                guid,
            },
            recipe: Recipe::of(&call),
            call,
            to_ensure,
            under_way: None,
            connected: false,
            begun: false,
            missed: VecDeque::new(),
            leaving: false,
            told_to_leave: false,
            ended: None,
        }
    }

    /// The client has a connection: the recipe begins, or finds out how far it had come.
    pub(super) fn connected(&mut self) -> Option<Request> {
        if self.ended.is_some() {
            return None;
        }
        self.connected = true;
        self.told_to_leave = false;
        self.missed.clear();
        self.go_on()
    }

    fn go_on(&mut self) -> Option<Request> {
        if let Some(missing) = self.to_ensure.front() {
            return Some(Request::create(missing, None, CreateMode::Persistent));
        }
        self.begun = true;
        let next = whichever!(&mut self.recipe, it => it.begin(&self.role));
        self.follow(next)
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.connected = false;
    }

    /// The session is over.
    pub(super) fn session_over(&mut self, code: ErrorCode) {
        self.ended.get_or_insert(Progress::Failed(code));
    }

    /// What it asked for is under way under this number.
    pub(super) fn asked(&mut self, number: u64) {
        self.under_way = Some(number);
    }

    /// Whether it waits for this operation.
    pub(super) fn waits_for(&self, number: u64) -> bool {
        self.under_way == Some(number)
    }

    /// What it asked for is answered.
    pub(super) fn answered(&mut self, reply: &Reply) -> Option<Request> {
        self.under_way = None;
        if self.ended.is_some() || !self.connected || is_uncertain(reply) {
            return None;
        }
        if !self.begun {
            return match reply {
                Ok(_) | Err(ErrorCode::NodeExists) => {
                    self.to_ensure.pop_front();
                    self.go_on()
                }
                Err(code) => self.follow(Move::Fail(*code)),
            };
        }
        let next = whichever!(&mut self.recipe, it => it.answered(&self.role, reply));
        self.follow(next)
    }

    /// A watch of the client was triggered.
    pub(super) fn told(&mut self, event: &WatchEvent) -> Option<Request> {
        if !self.is_idle() {
            self.overhear(event);
            return None;
        }
        let next = whichever!(&mut self.recipe, it => it.told(&self.role, event));
        self.follow(next)
    }

    fn overhear(&mut self, event: &WatchEvent) {
        if !self.begun || self.ended.is_some() {
            return;
        }
        whichever!(&mut self.recipe, it => it.overheard(&self.role, event));
        if !self.missed.contains(event) {
            self.missed.push_back(event.clone());
        }
        if self.missed.len() > MOST_MISSED {
            self.missed.pop_front();
        }
    }

    /// It is to let go.
    pub(super) fn release(&mut self) -> Option<Request> {
        self.leaving = true;
        whichever!(&mut self.recipe, it => it.wish_to_leave());
        if self.ended.is_none() && !self.begun && self.under_way.is_none() {
            self.ended = Some(Progress::Done);
        }
        if !self.is_idle() {
            return None;
        }
        self.follow(Move::Wait)
    }

    fn is_idle(&self) -> bool {
        self.ended.is_none() && self.connected && self.begun && self.under_way.is_none()
    }

    /// Does what the recipe wants next; one that would wait hears first what it has missed.
    fn follow(&mut self, mut next: Move) -> Option<Request> {
        while next == Move::Wait {
            if self.leaving && !self.told_to_leave {
                self.told_to_leave = true;
                next = whichever!(&mut self.recipe, it => it.release(&self.role));
            } else if let Some(event) = self.missed.pop_front() {
                next = whichever!(&mut self.recipe, it => it.told(&self.role, &event));
            } else {
                return None;
            }
        }
        match next {
            Move::Ask(request) => return Some(request),
            Move::Wait => {}
            Move::Done => self.ended = Some(Progress::Done),
            Move::Fail(code) => self.ended = Some(Progress::Failed(code)),
        }
        None
    }

    /// What was asked for.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let holds = whichever!(&self.recipe, it => it.holds());
        match self.ended {
            Some(ended) => ended,
            None if !self.connected && self.begun => Progress::Unsure,
            None if holds => Progress::Holds,
            None => Progress::Running,
        }
    }

    /// The recipe in its steps.
    pub fn steps(&self) -> &'static [&'static str] {
        whichever!(&self.recipe, it => it.steps())
    }

    /// The place among [`Running::steps`] of the one that it is at.
    pub fn step(&self) -> usize {
        whichever!(&self.recipe, it => it.step())
    }

    /// What it has found out so far, in order: members, elements, votes.
    pub fn found(&self) -> Vec<String> {
        whichever!(&self.recipe, it => it.found())
    }

    /// What it may have taken or not: the answer was lost.
    pub fn doubtful(&self) -> Vec<String> {
        whichever!(&self.recipe, it => it.doubtful())
    }

    /// The znode that it has created for itself.
    pub fn own(&self) -> Option<Arc<str>> {
        whichever!(&self.recipe, it => it.own())
    }

    /// The path of what it is about to take: whether it has it, the answer will say.
    pub fn claims(&self) -> Option<Arc<str>> {
        whichever!(&self.recipe, it => it.claims())
    }

    /// What no other recipe's znodes have in their names.
    pub fn mark(&self) -> &str {
        &self.role.guid
    }

    /// The transaction that gave it its place: whoever holds a lock later has a higher one, so that
    /// what the lock protects can refuse those who come too late.
    pub fn token(&self) -> Option<Zxid> {
        whichever!(&self.recipe, it => it.token())
    }
}

/// An answer that no recipe counts on ends it.
fn unexpected(reply: &Reply) -> Move {
    Move::Fail(match reply {
        Err(code) => *code,
        Ok(_) => ErrorCode::SystemError,
    })
}

/// Whether nobody knows what became of a request, or it may succeed at another server.
fn is_uncertain(reply: &Reply) -> bool {
    matches!(
        reply,
        Err(ErrorCode::ConnectionLoss | ErrorCode::NotReadOnly | ErrorCode::SessionMoved)
    )
}
