//! Three replicas of Zab with their disks and the connections between them, as one state, and what
//! may happen to it.
//!
//! What makes the states few enough to visit them all:
//! - An election is one event. Whoever is chosen to take part exchanges notifications until
//!   nobody has anything to say, and then connects with whom it found; what elections may do when
//!   notifications are lost or late is what elections among fewer do. (The published model checks
//!   of the implementation coarsen the election in the same way.)
//! - No time passes and random bits are always the same. Of the timers, only those matter by
//!   which a leader applies what it has committed or notices that nobody follows it.
//! - A connection carries messages in order or breaks: so neither loss nor reordering nor doubling
//!   needs an event of its own.
//! - A crash and the restart are one event. A server that is down does nothing, like one that is
//!   slow.
//! - What changes nothing is left out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::Hash;

use quorumscope_core::ids::ServerId;
use quorumscope_core::random::Bits;
use quorumscope_core::time::Time;
use quorumscope_core::zab::{
    Channel, Configuration, Durable, Input, Message, Notification, Output, Payload, Phase, Replica,
    Rules, ServerState, Settings, Timer, ToLeader, ToLearner, Token, Write, ZabFact,
};
use quorumscope_core::zookeeper::Zxid;

use quorumscope_tests::search::{Reach, System, Violation};
use quorumscope_tests::shared::Shared;

use crate::properties::Past;

pub(crate) const SERVERS: usize = 3;

/// Where time stands still.
pub(crate) const NOW: Time = Time::ZERO;
pub(crate) const RANDOM: Bits = Bits(0);

/// Every transaction that was applied: it shows what is missing.
pub(crate) type Ledger = BTreeMap<Zxid, Txn>;

/// A transaction: all that matters is which.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Txn(pub(crate) u8);

impl Payload for Txn {
    type State = Ledger;
    type Effect = ();
    type Request = ();

    fn size(&self) -> usize {
        1
    }

    fn apply(&self, zxid: Zxid, state: &mut Ledger) {
        state.insert(zxid, *self);
    }
}

/// How much may happen, and by which rules.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) rules: Rules,
    pub(crate) settings: Settings,
    pub(crate) start: Start,
    pub(crate) left: Left,
}

/// Where an exploration begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Start {
    /// Three servers have just started for the first time.
    Cold,
    /// S3 leads the others in the first epoch, without a fault so far.
    Led,
}

/// How often something may still happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Left {
    pub(crate) elections: u8,
    pub(crate) transactions: u8,
    /// Crashes, each with a restart.
    pub(crate) crashes: u8,
    /// Connections that break.
    pub(crate) breaks: u8,
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cold => "from the start",
            Self::Led => "after an election",
        })
    }
}

/// `1 election, 2 transactions, 1 crash, 0 breaks`.
impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u8| if count == 1 { "" } else { "s" };
        write!(
            f,
            "{} election{}, {} transaction{}, {} crash{}, {} break{}",
            self.elections,
            plural(self.elections),
            self.transactions,
            plural(self.transactions),
            self.crashes,
            if self.crashes == 1 { "" } else { "es" },
            self.breaks,
            plural(self.breaks),
        )
    }
}

/// One server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Machine {
    pub(crate) replica: Replica<Txn>,
    pub(crate) disk: Durable<Txn>,
    /// What the disk has been given and has not written.
    pub(crate) unwritten: VecDeque<(Token, Write<Txn>)>,
    /// The timers that are set, of those that matter.
    pub(crate) timers: BTreeSet<Timer>,
}

/// A learner's connection with its leader.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct WireId {
    pub(crate) learner: ServerId,
    pub(crate) leader: ServerId,
}

/// What is on its way to one end of a connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Item {
    ToLeader(ToLeader<Txn>),
    ToLearner(ToLearner<Txn>),
    Down,
}

/// A connection: for the learner's end and the leader's, whether it is up there and what is on
/// its way to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Wire {
    pub(crate) up: [bool; 2],
    pub(crate) under_way: [VecDeque<Item>; 2],
}

pub(crate) const LEARNER: usize = 0;
pub(crate) const LEADER: usize = 1;

/// A state of the whole. What the servers hold, what may still happen, and what of the past the
/// properties ask for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Ensemble {
    pub(crate) machines: [Shared<Machine>; SERVERS],
    pub(crate) wires: BTreeMap<WireId, Wire>,
    pub(crate) left: Left,
    pub(crate) past: Past,
}

/// Something that may happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// These servers, of which some look for a leader, tell each other their votes.
    Elect(Vec<ServerId>),
    /// What is next on its way to one end of a connection arrives.
    Arrive { wire: WireId, end: usize },
    /// A disk writes the next record and confirms it.
    Stored(ServerId),
    /// A leader applies what it has committed.
    Apply(ServerId),
    /// A client gives a leader the next transaction.
    Propose(ServerId),
    /// A server crashes and starts again from its disk.
    Crash {
        id: ServerId,
        /// So many of the records that the disk had not confirmed are on it all the same.
        kept: usize,
    },
    /// A connection breaks, and what is on its way is lost.
    Break(WireId),
    /// A leader that nobody is connected with notices it.
    StepDown(ServerId),
}

/// An event as it happens: the state so far, and what elections have to carry out.
pub(crate) struct Step<'a> {
    pub(crate) next: Ensemble,
    pub(crate) bounds: &'a Bounds,
    /// Notifications on their way.
    pub(crate) post: VecDeque<(ServerId, ServerId, Notification)>,
    /// Learners that want to connect with their leaders.
    pub(crate) dials: Vec<WireId>,
    pub(crate) told: &'a mut Vec<(ServerId, ZabFact)>,
}

pub(crate) fn members() -> [ServerId; SERVERS] {
    std::array::from_fn(ServerId::from_position)
}

fn configuration() -> Configuration {
    Configuration::new(members(), []).expect("three voters are an ensemble")
}

impl WireId {
    pub(crate) fn of(me: ServerId, peer: ServerId, channel: Channel) -> Option<(Self, usize)> {
        let (learner, leader, end) = match channel {
            Channel::Election => return None,
            Channel::ToLeader => (me, peer, LEARNER),
            Channel::ToLearner => (peer, me, LEADER),
        };
        Some((Self { learner, leader }, end))
    }

    pub(crate) const fn at(self, end: usize) -> ServerId {
        if end == LEARNER {
            self.learner
        } else {
            self.leader
        }
    }

    const fn channel(end: usize) -> Channel {
        if end == LEARNER {
            Channel::ToLeader
        } else {
            Channel::ToLearner
        }
    }
}

impl System for Ensemble {
    type Bounds = Bounds;
    type Event = Event;

    fn start(bounds: &Bounds) -> Self {
        let cold = Self::cold(bounds);
        match bounds.start {
            Start::Cold => cold,
            Start::Led => cold.led(bounds),
        }
    }

    fn events(&self, visit: impl FnMut(Event)) {
        self.may_happen(visit);
    }

    fn after(&self, event: &Event, bounds: &Bounds) -> Option<Self> {
        self.step(event, bounds, &mut Vec::new())
    }

    fn violation(&self) -> Option<Violation> {
        self.past.violation.clone()
    }

    fn reach(&self) -> Reach {
        Reach {
            committed: self.past.committed.len(),
            led: self.past.leaders.len(),
        }
    }
}

impl Ensemble {
    fn cold(bounds: &Bounds) -> Self {
        let machines = members().map(|id| {
            let disk = Durable::new(configuration());
            let mut out = Vec::new();
            let booted = Replica::boot(
                id,
                bounds.settings,
                bounds.rules,
                disk.clone(),
                NOW,
                RANDOM,
                &mut out,
            );
            Shared::new(Machine {
                replica: booted.expect("an empty disk is fit to start from"),
                disk,
                unwritten: VecDeque::new(),
                timers: BTreeSet::new(),
            })
        });
        Self {
            machines,
            wires: BTreeMap::new(),
            left: bounds.left,
            past: Past::default(),
        }
    }

    /// All elect S3, and everything happens that this leads to.
    fn led(mut self, bounds: &Bounds) -> Self {
        self.left.elections += 1;
        let told = &mut Vec::new();
        let mut next = self.step(&Event::Elect(members().into()), bounds, told);
        while let Some(after) = next {
            self = after;
            next = None;
            self.may_happen(|event| {
                let goes_on = matches!(
                    event,
                    Event::Arrive { .. } | Event::Stored(_) | Event::Apply(_)
                );
                if next.is_none() && goes_on {
                    next = self.step(&event, bounds, told);
                }
            });
        }
        self
    }

    pub(crate) fn replica(&self, id: ServerId) -> &Replica<Txn> {
        &self.machines[id.position()].replica
    }

    /// Calls `visit` with all that may happen, in a fixed order.
    pub(crate) fn may_happen(&self, mut visit: impl FnMut(Event)) {
        for (wire, ends) in &self.wires {
            for end in [LEARNER, LEADER] {
                if !ends.under_way[end].is_empty() {
                    visit(Event::Arrive { wire: *wire, end });
                }
            }
            if self.left.breaks > 0 && (ends.up[LEARNER] || ends.up[LEADER]) {
                visit(Event::Break(*wire));
            }
        }
        for id in members() {
            let machine = &self.machines[id.position()];
            if !machine.unwritten.is_empty() {
                visit(Event::Stored(id));
            }
            if machine.timers.contains(&Timer::Apply) {
                visit(Event::Apply(id));
            }
            let leads = machine.replica.state() == ServerState::Leading;
            if leads && machine.replica.is_serving() && self.left.transactions > 0 {
                visit(Event::Propose(id));
            }
            if leads && !self.is_connected_with_anyone(id) {
                visit(Event::StepDown(id));
            }
            if self.left.crashes > 0 {
                for kept in 0..=machine.unwritten.len() {
                    visit(Event::Crash { id, kept });
                }
            }
        }
        if self.left.elections > 0 {
            self.elections(visit);
        }
    }

    /// Elections among two or all three, of whom one at least looks for a leader.
    fn elections(&self, mut visit: impl FnMut(Event)) {
        let [one, two, three] = members();
        for voters in [
            vec![one, two],
            vec![one, three],
            vec![two, three],
            members().into(),
        ] {
            let looks = |id: &ServerId| self.replica(*id).phase() == Phase::Election;
            if voters.iter().any(looks) {
                visit(Event::Elect(voters));
            }
        }
    }

    fn is_connected_with_anyone(&self, leader: ServerId) -> bool {
        let mut wires = self.wires.iter();
        wires.any(|(wire, ends)| wire.leader == leader && ends.up[LEADER])
    }

    /// The state after `event`, if that changes anything. What servers have to tell goes to
    /// `told`.
    pub(crate) fn step(
        &self,
        event: &Event,
        bounds: &Bounds,
        told: &mut Vec<(ServerId, ZabFact)>,
    ) -> Option<Self> {
        let mut step = Step {
            next: self.clone(),
            bounds,
            post: VecDeque::new(),
            dials: Vec::new(),
            told,
        };
        match event {
            Event::Elect(voters) => {
                step.next.left.elections -= 1;
                if !step.elect(voters) {
                    return None;
                }
            }
            Event::Arrive { wire, end } => step.arrive(*wire, *end),
            Event::Stored(id) => step.store_one(*id),
            Event::Apply(id) => step.ring(*id, Timer::Apply),
            Event::Propose(id) => step.propose(*id),
            Event::Crash { id, kept } => {
                step.next.left.crashes -= 1;
                step.crash(*id, *kept);
            }
            Event::Break(wire) => {
                step.next.left.breaks -= 1;
                step.break_wire(*wire);
            }
            Event::StepDown(id) => {
                let established = step.next.replica(*id).is_serving();
                let timer = if established {
                    Timer::Tick
                } else {
                    Timer::Quorum
                };
                // Two half ticks make one.
                step.ring(*id, timer);
                if established {
                    step.ring(*id, timer);
                }
            }
        }
        let mut next = step.next;
        next.wires.retain(|_, wire| {
            wire.up != [false; 2] || wire.under_way.iter().any(|q| !q.is_empty())
        });
        next.past.check_durability(&next.machines);
        (next != *self).then_some(next)
    }
}

impl Step<'_> {
    /// Lets something happen at a server, and does what it asks for.
    pub(crate) fn act(
        &mut self,
        id: ServerId,
        deed: impl FnOnce(&mut Replica<Txn>, &mut Vec<Output<Txn>>),
    ) {
        let mut machine = Machine::clone(&self.next.machines[id.position()]);
        let mut out = Vec::new();
        deed(&mut machine.replica, &mut out);
        for output in out {
            self.carry_out(id, &mut machine, output);
        }
        self.next.past.check_replica(&machine.replica);
        self.next.machines[id.position()] = Shared::new(machine);
    }

    pub(crate) fn input(&mut self, id: ServerId, input: Input<Txn>) {
        self.act(id, |replica, out| replica.step(NOW, RANDOM, input, out));
    }

    fn carry_out(&mut self, id: ServerId, machine: &mut Machine, output: Output<Txn>) {
        match output {
            Output::Send { to, message } => self.send(id, to, message),
            Output::Connect { to, channel } => {
                if let Some((wire, _)) = WireId::of(id, to, channel) {
                    self.dials.push(wire);
                }
            }
            Output::Close { peer, channel } => {
                if let Some((wire, end)) = WireId::of(id, peer, channel) {
                    self.hang_up(wire, end);
                }
            }
            Output::SetTimer { timer, .. } => {
                if matches!(timer, Timer::Apply | Timer::Finalize) {
                    machine.timers.insert(timer);
                }
            }
            Output::CancelTimer { timer } => {
                machine.timers.remove(&timer);
            }
            Output::Persist { token, write } => machine.unwritten.push_back((token, write)),
            Output::Deliver { entry, .. } => self.next.past.delivered(id, &entry),
            Output::Fact(fact) => {
                self.next.past.said(id, &fact);
                self.told.push((id, fact));
            }
            Output::Restored
            | Output::Prepare { .. }
            | Output::Revalidate { .. }
            | Output::Revalidated { .. }
            | Output::Touched { .. }
            | Output::Synced { .. } => {}
        }
    }

    fn send(&mut self, from: ServerId, to: ServerId, message: Message<Txn>) {
        let channel = message.channel();
        let item = match message {
            Message::Election(notification) => {
                return self.post.push_back((from, to, notification));
            }
            Message::ToLeader(message) => Item::ToLeader(message),
            Message::ToLearner(message) => Item::ToLearner(message),
        };
        if let Some((id, end)) = WireId::of(from, to, channel)
            && let Some(wire) = self.next.wires.get_mut(&id)
            && wire.up[end]
            && wire.up[1 - end]
        {
            wire.under_way[1 - end].push_back(item);
        }
    }

    /// One end closes. What it has sent still arrives.
    fn hang_up(&mut self, id: WireId, end: usize) {
        let Some(wire) = self.next.wires.get_mut(&id) else {
            return;
        };
        if std::mem::take(&mut wire.up[end]) {
            wire.under_way[end].clear();
            if wire.up[1 - end] {
                wire.under_way[1 - end].push_back(Item::Down);
            }
        }
    }

    fn break_wire(&mut self, id: WireId) {
        if let Some(wire) = self.next.wires.get_mut(&id) {
            for end in [LEARNER, LEADER] {
                wire.under_way[end].clear();
                if wire.up[end] {
                    wire.under_way[end].push_back(Item::Down);
                }
            }
        }
    }

    /// A connection is made; an end that has not noticed the end of an earlier one does so now.
    pub(crate) fn connect(&mut self, id: WireId) {
        for end in [LEARNER, LEADER] {
            let wire = self.next.wires.entry(id).or_default();
            wire.under_way[end].clear();
            if std::mem::take(&mut wire.up[end]) {
                self.disconnected(id, end);
            }
        }
        self.next.wires.entry(id).or_default().up = [true; 2];
        for end in [LEADER, LEARNER] {
            let (peer, channel) = (id.at(1 - end), WireId::channel(end));
            self.input(id.at(end), Input::ConnectionUp { peer, channel });
        }
    }

    pub(crate) fn disconnected(&mut self, id: WireId, end: usize) {
        let (peer, channel) = (id.at(1 - end), WireId::channel(end));
        self.input(id.at(end), Input::ConnectionDown { peer, channel });
    }

    fn arrive(&mut self, id: WireId, end: usize) {
        let wire = self.next.wires.get_mut(&id);
        let Some((wire, item)) = wire.and_then(|w| w.under_way[end].pop_front().map(|i| (w, i)))
        else {
            return;
        };
        let (me, from) = (id.at(end), id.at(1 - end));
        let message = match item {
            Item::ToLeader(message) => Message::ToLeader(message),
            Item::ToLearner(message) => Message::ToLearner(message),
            Item::Down => {
                wire.up[end] = false;
                wire.under_way[end].clear();
                return self.disconnected(id, end);
            }
        };
        self.input(me, Input::Message { from, message });
    }

    pub(crate) fn ring(&mut self, id: ServerId, timer: Timer) {
        let mut machine = Machine::clone(&self.next.machines[id.position()]);
        machine.timers.remove(&timer);
        self.next.machines[id.position()] = Shared::new(machine);
        self.input(id, Input::Timer(timer));
    }

    fn store_one(&mut self, id: ServerId) {
        let mut machine = Machine::clone(&self.next.machines[id.position()]);
        let Some((token, write)) = machine.unwritten.pop_front() else {
            return;
        };
        self.put_on_disk(id, &mut machine.disk, &write);
        self.next.machines[id.position()] = Shared::new(machine);
        self.input(id, Input::Stored(token));
    }

    fn put_on_disk(&mut self, id: ServerId, disk: &mut Durable<Txn>, write: &Write<Txn>) {
        self.next.past.check_write(id, disk, write);
        disk.apply(write);
    }

    fn propose(&mut self, id: ServerId) {
        let txn = Txn(self.bounds.left.transactions - self.next.left.transactions + 1);
        self.next.left.transactions -= 1;
        self.next.past.proposing = txn;
        self.act(id, |replica, out| {
            let zxid = replica.propose(NOW, RANDOM, txn, None, out);
            zxid.expect("an established leader takes what it is given");
        });
    }

    fn crash(&mut self, id: ServerId, kept: usize) {
        let mut machine = Machine::clone(&self.next.machines[id.position()]);
        for (_, write) in std::mem::take(&mut machine.unwritten)
            .into_iter()
            .take(kept)
        {
            self.put_on_disk(id, &mut machine.disk, &write);
        }
        machine.timers.clear();
        let wires: Vec<_> = self.next.wires.keys().copied().collect();
        for wire in wires {
            for end in [LEARNER, LEADER] {
                if wire.at(end) == id {
                    self.hang_up(wire, end);
                }
            }
        }
        let mut out = Vec::new();
        let (settings, rules) = (self.bounds.settings, self.bounds.rules);
        let disk = machine.disk.clone();
        match Replica::boot(id, settings, rules, disk, NOW, RANDOM, &mut out) {
            Ok(replica) => machine.replica = replica,
            Err(error) => self.next.past.violated("restart", &error),
        }
        for output in out {
            self.carry_out(id, &mut machine, output);
        }
        self.next.machines[id.position()] = Shared::new(machine);
    }
}
