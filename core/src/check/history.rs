//! What clients asked and what they were told: the history that consistency is judged by.
//!
//! A history knows nothing of servers but what their clients can know: for each operation the event
//! at which it was asked for, the event at which it ended, and the answer. One operation *precedes*
//! another if it was answered before the other was asked for (Herlihy and Wing, "Linearizability",
//! 1990, §2). An operation that no server has answered may have happened or not, at any time after
//! it was asked for: so has one whose connection broke, and one whose process was killed.

use imbl::{OrdMap, Vector};

use super::freshness::{Floor, Freshness};
use super::verdict::Verdict;
use crate::client::{Operation, State};
use crate::ids::{ClientId, EventId, ServerId};
use crate::server::Protocol;
use crate::sim::{ClientNode, World};
use crate::time::Time;
use crate::zookeeper::{ErrorCode, Reply, Request, SessionId, Zxid};

/// How many operations a history remembers. The oldest is forgotten first, and from then on the
/// history no longer begins with the ensemble.
pub const REMEMBERED_CALLS: usize = 20_000;

/// Which operation of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CallId {
    /// Whose.
    pub client: ClientId,
    /// When it was asked for.
    pub invoked: Time,
    /// Which process of that name, from 1.
    pub process: u32,
    /// Its number within the process, from 1.
    pub number: u64,
}

/// An operation of a client, as an onlooker knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Which.
    pub id: CallId,
    /// What was asked; none for the closing of the session.
    pub request: Option<Request>,
    /// Whether ZooKeeper promises that it is linearizable: every write, and every read that asks
    /// for it.
    pub linearizable: bool,
    /// The server that its client was connected with: when it was answered, or else when it was
    /// asked for.
    pub server: ServerId,
    /// The event at which it was asked for.
    pub event: EventId,
    /// The newest state that any client had been told of before it was asked for.
    pub known: Option<Told>,
    /// How it ended.
    pub ending: Ending,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// For a read: what clients had been told of its znode before it was asked for.
    pub(super) floor: Floor,
}

/// A state of the service, and the answer that told of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// The transaction that led to the state.
    pub zxid: Zxid,
    /// The operation whose answer it was.
    pub by: CallId,
}

/// How an operation ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Not yet.
    Open,
    /// A server answered.
    Answered {
        /// At this event.
        event: EventId,
        /// At this time.
        time: Time,
        /// The last zxid that the server had applied.
        zxid: Zxid,
        /// The answer.
        reply: Reply,
    },
    /// Nobody knows whether it happened, or will.
    Unknown,
}

/// A client process that is followed. `waiting` are its operations that have not ended.
#[derive(Clone, Debug)]
struct Process {
    client: ClientId,
    number: u32,
    outline: Outline,
    waiting: Vector<CallId>,
}

/// What of a process changes whenever an operation is asked for or ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Outline {
    last: u64,
    waiting: usize,
    over: bool,
}

/// The time during which a process could own znodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Lifetime {
    /// The event since which it has existed.
    pub(super) since: EventId,
    /// The event at which it knew that its session is over.
    pub(super) until: Option<EventId>,
    /// Its session, once it has one.
    pub(super) session: Option<SessionId>,
}

/// The operations of all clients. `order` lists them as they were asked for.
#[derive(Clone, Debug, Default)]
pub struct History {
    calls: OrdMap<CallId, Call>,
    order: Vector<CallId>,
    processes: Vector<Process>,
    lifetimes: OrdMap<(ClientId, u32), Lifetime>,
    known: Option<Told>,
    freshness: Freshness,
    complete: bool,
}

impl History {
    /// A history that begins here. What was answered earlier is no part of it.
    pub(super) fn new(world: &World) -> Self {
        let mut history = Self {
            complete: world.clients().next().is_none(),
            ..Self::default()
        };
        for (place, (id, node)) in world.clients().enumerate() {
            history.meet(world, place, id);
            let answered = |operation: &&Operation| operation.answer.is_some();
            let last = node.process().operations().rfind(answered);
            history.processes[place].outline.last = last.map_or(0, |operation| operation.number);
        }
        history.follow(world);
        history
    }

    /// Takes in what clients asked for and were told since the last time. The operations that have
    /// ended since.
    pub(super) fn follow(&mut self, world: &World) -> Vec<CallId> {
        let mut ended = Vec::new();
        for (place, (id, node)) in world.clients().enumerate() {
            match self.processes.get(place) {
                Some(process) if process.client == id => {
                    if process.outline == Outline::of(node) {
                        continue;
                    }
                }
                // A client that was not there before may be in front of those that were.
                _ => self.meet(world, place, id),
            }
            self.follow_client(world, place, node, &mut ended);
        }
        ended
    }

    fn meet(&mut self, world: &World, place: usize, client: ClientId) {
        let process = Process {
            client,
            number: 1,
            outline: Outline::default(),
            waiting: Vector::new(),
        };
        self.begin_life(world, &process);
        self.processes.insert(place, process);
    }

    fn begin_life(&mut self, world: &World, process: &Process) {
        let life = Lifetime {
            since: world.event(),
            until: None,
            session: None,
        };
        self.lifetimes
            .insert((process.client, process.number), life);
    }

    fn follow_client(
        &mut self,
        world: &World,
        place: usize,
        node: &ClientNode,
        ended: &mut Vec<CallId>,
    ) {
        let mut process = self.processes[place].clone();
        let before = std::mem::replace(&mut process.outline, Outline::of(node));
        let mut last = before.last;
        if before.over && !process.outline.over {
            process.number += 1;
            last = 0;
            self.begin_life(world, &process);
        }
        let newer = |operation: &&Operation| operation.number > last;
        for operation in node.process().operations().filter(newer) {
            let id = process.call(operation);
            let server = node.process().server();
            self.open(id, operation.request.clone(), server, world.event());
            // A leader answers a sync by itself, and may be one that is over (ZOOKEEPER-1675).
            if world.settings().protocol == Protocol::Zab
                && matches!(operation.request, Some(Request::Sync { .. }))
                && let Some(call) = self.calls.get_mut(&id)
            {
                call.linearizable = false;
            }
            process.waiting.push_back(id);
        }
        process.waiting.retain(|id| {
            let has_ended = self.close_if_over(world, *id, node);
            ended.extend(has_ended.then_some(*id));
            !has_ended
        });
        let whose = (process.client, process.number);
        if let Some(life) = self.lifetimes.get_mut(&whose) {
            life.session = node.process().session().map(|known| known.session);
            // A leader of Zab tells that a session is over as soon as it proposes its end.
            let told_before = world.settings().protocol == Protocol::Zab
                && node.process().state() == State::Expired;
            if process.outline.over && !node.is_killed() && !told_before {
                life.until.get_or_insert(world.event());
            }
        }
        self.processes[place] = process;
    }

    /// An operation was asked for.
    pub(super) fn open(
        &mut self,
        id: CallId,
        request: Option<Request>,
        server: ServerId,
        event: EventId,
    ) {
        let floor = request
            .as_ref()
            .map(|request| self.freshness.floor(request));
        let call = Call {
            id,
            linearizable: request.as_ref().is_none_or(is_strict),
            request,
            server,
            event,
            known: self.known,
            ending: Ending::Open,
            verdict: Verdict::Pending,
            floor: floor.unwrap_or_default(),
        };
        if self.order.len() == REMEMBERED_CALLS
            && let Some(oldest) = self.order.pop_front()
        {
            self.calls.remove(&oldest);
            self.complete = false;
        }
        self.order.push_back(id);
        self.calls.insert(id, call);
    }

    /// An operation has ended.
    pub(super) fn close(&mut self, id: CallId, server: ServerId, ending: Ending) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.ending = ending;
        if let Some(zxid) = call.zxid() {
            call.server = server;
            if self.known.is_none_or(|known| known.zxid < zxid) {
                self.known = Some(Told { zxid, by: id });
            }
        }
        call.verdict = Verdict::of(call);
        self.freshness.learn(call);
    }

    /// Closes an operation if it has ended; whether it has.
    fn close_if_over(&mut self, world: &World, id: CallId, node: &ClientNode) -> bool {
        let client = node.process();
        let mut operations = client.operations();
        let operation = operations.find(|operation| operation.number == id.number);
        let answer = operation.and_then(|operation| operation.answer.as_ref());
        let zxid = operation.and_then(|operation| operation.zxid);
        let ending = match (answer, zxid) {
            (Some((time, reply)), Some(zxid)) if is_known(reply) => Ending::Answered {
                event: world.event(),
                time: *time,
                zxid,
                reply: reply.clone(),
            },
            (None, _) if operation.is_some() && !node.is_killed() => return false,
            _ => Ending::Unknown,
        };
        // What a server that stands alone answers has no place in the order of the ensemble.
        if client.has_local_session()
            && let Some(call) = self.calls.get_mut(&id)
        {
            call.linearizable = false;
        }
        self.close(id, client.server(), ending);
        true
    }

    /// An invariant objects to the answer that an operation had.
    pub(super) fn condemn(&mut self, id: CallId, invariant: &'static str) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.verdict = Verdict::Violation { invariant };
        }
    }

    /// An operation, as long as it is remembered.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id)
    }

    /// The operation of a client that was asked for at this time with this number; of more than one
    /// process, the latest's.
    pub fn find(&self, client: ClientId, invoked: Time, number: u64) -> Option<&Call> {
        let of = |process| CallId {
            client,
            invoked,
            process,
            number: 0,
        };
        self.calls
            .range(
                of(0)..=CallId {
                    number: u64::MAX,
                    ..of(u32::MAX)
                },
            )
            .rev()
            .map(|(_, call)| call)
            .find(|call| call.id.number == number)
    }

    /// All operations that are remembered, in the order in which they were asked for.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.order.iter().filter_map(|id| self.calls.get(id))
    }

    /// Whether every operation since the ensemble began is remembered.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The session of an operation's process.
    pub(super) fn session_of(&self, id: CallId) -> Option<SessionId> {
        self.lifetimes.get(&(id.client, id.process))?.session
    }

    /// Every process, and how long it could own znodes.
    pub(super) fn lifetimes(&self) -> impl Iterator<Item = ((ClientId, u32), Lifetime)> {
        self.lifetimes.iter().map(|(whose, life)| (*whose, *life))
    }
}

/// Whether an operation is promised to take effect between question and answer.
fn is_strict(request: &Request) -> bool {
    request.is_replicated() || matches!(request, Request::Linearizable(_))
}

/// Whether an answer says what became of the operation.
fn is_known(reply: &Reply) -> bool {
    !matches!(
        reply,
        Err(ErrorCode::ConnectionLoss | ErrorCode::OperationTimeout | ErrorCode::RequestTimeout)
    )
}

impl Process {
    fn call(&self, operation: &Operation) -> CallId {
        CallId {
            client: self.client,
            invoked: operation.invoked,
            process: self.number,
            number: operation.number,
        }
    }
}

impl Outline {
    fn of(node: &ClientNode) -> Self {
        let client = node.process();
        let over = matches!(client.state(), State::Expired | State::Closed);
        Self {
            last: client
                .operations()
                .next_back()
                .map_or(0, |last| last.number),
            waiting: client.waiting(),
            over: over || node.is_killed(),
        }
    }
}

impl Call {
    /// The operation as a label: `set /app`.
    pub fn label(&self) -> String {
        let request = self.request.as_ref();
        request.map_or_else(|| "close".into(), ToString::to_string)
    }

    /// The answer of the server, if one came.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.ending {
            Ending::Answered { reply, .. } => Some(reply),
            Ending::Open | Ending::Unknown => None,
        }
    }

    /// Whether a server that can only be read from has turned it away: the ensemble never had it.
    pub(super) fn was_turned_away(&self) -> bool {
        matches!(self.reply(), Some(Err(ErrorCode::NotReadOnly)))
    }

    /// The last zxid that the server had applied when it answered.
    pub fn zxid(&self) -> Option<Zxid> {
        match self.ending {
            Ending::Answered { zxid, .. } => Some(zxid),
            Ending::Open | Ending::Unknown => None,
        }
    }
}
