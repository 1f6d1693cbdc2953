//! Three replicas with their disks and a network, as one state, and what may happen to it.
//!
//! What makes the states few enough to visit them all:
//! - No time passes and random bits are always the same; a timer may run down whenever it is set.
//! - A message that was sent may arrive at any time, or never: so neither delay nor reordering nor
//!   loss needs an event of its own.
//! - What changes nothing where it happens is left out: all that may follow it may follow without
//!   it, too.
//! - A crash and the restart are one event. A server that is down does nothing and loses what
//!   reaches it, like one that is slow and whose messages are lost.
//! - Servers that nothing tells apart yet are taken in their order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use quorumscope_core::ids::ServerId;
use quorumscope_core::raft::{
    Configuration, Durable, Entry, Index, Input, Message, Output, Payload, RaftFact, Replica, Role,
    Rules, Settings, Term, Timer, Token, Write,
};
use quorumscope_core::random::Bits;
use quorumscope_core::time::Time;

use quorumscope_tests::search::{Reach, System, Violation};
use quorumscope_tests::shared::Shared;

use crate::properties::PROPERTIES;

pub(crate) const SERVERS: usize = 3;

/// Where time stands still.
const NOW: Time = Time::ZERO;
const RANDOM: Bits = Bits(0);

/// A client's command: all that matters is which.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Command(pub(crate) u8);

impl Payload for Command {
    type Image = ();

    fn size(&self) -> usize {
        1
    }

    fn image_size((): &()) -> u64 {
        0
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
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// Three servers have just started from these disks.
    Booted(Box<[Durable<Command>; SERVERS]>),
    /// S1 was elected, without a fault.
    Led,
}

/// How often something may still happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Left {
    /// Election timers that run down.
    pub(crate) timeouts: u8,
    /// Heartbeat timers that run down.
    pub(crate) heartbeats: u8,
    /// Commands of clients.
    pub(crate) commands: u8,
    /// Crashes, each with a restart.
    pub(crate) crashes: u8,
    /// Messages that arrive and will arrive once more.
    pub(crate) copies: u8,
}

/// A message that was sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Letter {
    pub(crate) from: ServerId,
    pub(crate) to: ServerId,
    pub(crate) message: Message<Command>,
}

/// One server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Machine {
    pub(crate) replica: Replica<Command>,
    disk: Durable<Command>,
    /// What the disk has been given and has not written.
    unwritten: VecDeque<(Token, Write<Command>)>,
}

/// An entry that some server took for committed, and the first term in which one did.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Commitment {
    pub(crate) entry: Entry<Command>,
    pub(crate) term: Term,
}

/// A state of the whole. What the servers hold, what may still happen, and what of the past the
/// properties ask for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Cluster {
    pub(crate) machines: [Shared<Machine>; SERVERS],
    /// What was sent and has not arrived, in the order of digests.
    network: Vec<Shared<Letter>>,
    left: Left,
    /// So many servers, from the first on, may be told apart by what happened to them.
    told_apart: usize,
    /// Who led which term.
    pub(crate) leaders: BTreeSet<(Term, ServerId)>,
    /// What was committed first at each index.
    pub(crate) committed: BTreeMap<Index, Commitment>,
}

/// Something that may happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// An election timer runs down.
    ElectionTimeout(ServerId),
    /// A leader's or candidate's heartbeat timer runs down.
    HeartbeatTimeout(ServerId),
    /// A client gives a leader the next command.
    Propose(ServerId),
    /// A message arrives.
    Arrive {
        letter: Shared<Letter>,
        /// The network has doubled it: it will arrive again, or may.
        copy: bool,
    },
    /// A disk writes the next record and confirms it.
    Stored(ServerId),
    /// A server crashes and starts again from its disk.
    Crash {
        id: ServerId,
        /// So many of the records that the disk had not confirmed are on it all the same.
        kept: usize,
    },
}

impl Event {
    /// The server it happens to.
    pub(crate) fn at(&self) -> ServerId {
        match self {
            Self::ElectionTimeout(id)
            | Self::HeartbeatTimeout(id)
            | Self::Propose(id)
            | Self::Stored(id)
            | Self::Crash { id, .. } => *id,
            Self::Arrive { letter, .. } => letter.to,
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Booted(_) => "from the start",
            Self::Led => "after an election",
        })
    }
}

/// Only what may happen at all: `2 timeouts, 1 crash`.
impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.timeouts, "timeout", "timeouts"),
            (self.heartbeats, "heartbeat", "heartbeats"),
            (self.commands, "command", "commands"),
            (self.crashes, "crash", "crashes"),
            (self.copies, "copy", "copies"),
        ];
        let mut separator = "";
        for (count, one, many) in all.into_iter().filter(|(count, ..)| *count > 0) {
            write!(
                f,
                "{separator}{count} {}",
                if count == 1 { one } else { many }
            )?;
            separator = ", ";
        }
        Ok(())
    }
}

fn members() -> [ServerId; SERVERS] {
    std::array::from_fn(ServerId::from_position)
}

impl Machine {
    fn boot(id: ServerId, bounds: &Bounds, disk: Durable<Command>) -> Self {
        let replica = Replica::boot(
            id,
            Configuration::new(members(), []),
            bounds.settings,
            bounds.rules,
            disk.clone(),
            NOW,
            RANDOM,
            &mut Vec::new(),
        );
        Self {
            replica,
            disk,
            unwritten: VecDeque::new(),
        }
    }
}

impl System for Cluster {
    type Bounds = Bounds;
    type Event = Event;

    fn start(bounds: &Bounds) -> Self {
        match &bounds.start {
            Start::Booted(disks) => Self::booted(bounds, disks),
            Start::Led => Self::led(bounds),
        }
    }

    fn events(&self, visit: impl FnMut(Event)) {
        self.may_happen(visit);
    }

    fn after(&self, event: &Event, bounds: &Bounds) -> Option<Self> {
        self.step(event, bounds, &mut Vec::new())
    }

    fn violation(&self) -> Option<Violation> {
        PROPERTIES.iter().find_map(|property| {
            let what = (property.clash)(self)?;
            let property = property.name;
            Some(Violation { property, what })
        })
    }

    fn reach(&self) -> Reach {
        Reach {
            committed: self.committed.len(),
            led: self.leaders.len(),
        }
    }
}

impl Cluster {
    fn booted(bounds: &Bounds, disks: &[Durable<Command>; SERVERS]) -> Self {
        let machines = members().map(|id| {
            let disk = disks[id.position()].clone();
            Shared::new(Machine::boot(id, bounds, disk))
        });
        let alike = disks.iter().all(|disk| *disk == disks[0]);
        Self {
            machines,
            network: Vec::new(),
            left: bounds.left,
            told_apart: if alike { 0 } else { SERVERS },
            leaders: BTreeSet::new(),
            committed: BTreeMap::new(),
        }
    }

    /// S1 is elected by all; all that was sent has arrived and all that was written is confirmed.
    fn led(bounds: &Bounds) -> Self {
        let mut cluster = Self::booted(bounds, &Default::default());
        cluster.left.timeouts += 1;
        let elected = Event::ElectionTimeout(ServerId::from_position(0));
        let mut next = cluster.step(&elected, bounds, &mut Vec::new());
        while let Some(after) = next.take() {
            cluster = after;
            cluster.may_happen(|event| {
                if next.is_none()
                    && matches!(event, Event::Stored(_) | Event::Arrive { copy: false, .. })
                {
                    next = cluster.step(&event, bounds, &mut Vec::new());
                }
            });
        }
        // What is left changes nothing any more.
        cluster.network.clear();
        // S2 and S3 went through the same, so that nothing but their names tells them apart.
        cluster.told_apart = 1;
        cluster
    }

    /// Hashes the parts by all they hold, where the derived hash goes by their digests.
    pub(crate) fn hash_whole(&self, state: &mut impl Hasher) {
        let machines = self.machines.each_ref().map(Deref::deref);
        machines.hash(state);
        self.network.len().hash(state);
        for letter in &self.network {
            Letter::hash(letter, state);
        }
        (self.left, self.told_apart).hash(state);
        (&self.leaders, &self.committed).hash(state);
    }

    /// Calls `visit` with all that may happen, in a fixed order.
    pub(crate) fn may_happen(&self, mut visit: impl FnMut(Event)) {
        // Of the servers that nothing tells apart, one stands for all: renaming them leads from a
        // run in which another goes first to one in which it does.
        for id in members().into_iter().take(self.told_apart + 1) {
            let machine = &self.machines[id.position()];
            let role = machine.replica.role();
            if !machine.unwritten.is_empty() {
                visit(Event::Stored(id));
            }
            if self.left.timeouts > 0 && role != Role::Leader {
                visit(Event::ElectionTimeout(id));
            }
            if self.left.heartbeats > 0 && role != Role::Follower {
                visit(Event::HeartbeatTimeout(id));
            }
            if self.left.commands > 0 && role == Role::Leader {
                visit(Event::Propose(id));
            }
            if self.left.crashes > 0 {
                for kept in 0..=machine.unwritten.len() {
                    visit(Event::Crash { id, kept });
                }
            }
        }
        let mut before = None;
        for letter in &self.network {
            // Of letters that say the same it does not matter which arrives.
            if before.replace(letter) == Some(letter) || letter.to.position() > self.told_apart {
                continue;
            }
            for copy in [false, true] {
                if !copy || self.left.copies > 0 {
                    let letter = letter.clone();
                    visit(Event::Arrive { letter, copy });
                }
            }
        }
    }

    /// The state after `event`, if that changes anything where it happens. What the server has to
    /// tell goes to `told`.
    pub(crate) fn step(
        &self,
        event: &Event,
        bounds: &Bounds,
        told: &mut Vec<RaftFact>,
    ) -> Option<Self> {
        let id = event.at();
        let mut next = self.clone();
        let mut machine = Machine::clone(&self.machines[id.position()]);
        let mut out = Vec::new();
        let input = match event {
            Event::ElectionTimeout(_) => {
                next.left.timeouts -= 1;
                Some(Input::Timer(Timer::Election))
            }
            Event::HeartbeatTimeout(_) => {
                next.left.heartbeats -= 1;
                Some(Input::Timer(Timer::Heartbeat))
            }
            Event::Arrive { letter, copy } => {
                if *copy {
                    next.left.copies -= 1;
                } else {
                    let place = next
                        .network
                        .binary_search_by_key(&letter.digest(), Shared::digest);
                    next.network
                        .remove(place.expect("only letters of the network arrive"));
                }
                Some(Input::Message {
                    from: letter.from,
                    message: letter.message.clone(),
                })
            }
            Event::Stored(_) => machine.unwritten.pop_front().map(|(token, write)| {
                machine.disk.apply(&write);
                Input::Stored(token)
            }),
            Event::Propose(_) => {
                let command = Command(bounds.left.commands - next.left.commands + 1);
                next.left.commands -= 1;
                let position = machine.replica.propose(NOW, command, &mut out);
                position.expect("commands are offered to leaders only");
                None
            }
            Event::Crash { kept, .. } => {
                next.left.crashes -= 1;
                for (_, write) in machine.unwritten.drain(..).take(*kept) {
                    machine.disk.apply(&write);
                }
                machine = Machine::boot(id, bounds, machine.disk);
                None
            }
        };
        if let Some(input) = input {
            machine.replica.step(NOW, RANDOM, input, &mut out);
        }
        let mut sends = false;
        for output in out {
            match output {
                Output::Send { to, message } => {
                    sends = true;
                    next.send(Letter {
                        from: id,
                        to,
                        message,
                    });
                }
                Output::Persist { token, write } => machine.unwritten.push_back((token, write)),
                Output::Commit { through } => next.note_commit(&machine.replica, through),
                Output::Fact(fact) => told.push(fact),
                // Timers may run down whenever they are set, which the role says.
                Output::SetTimer { .. } | Output::CancelTimer { .. } => {}
                Output::Install { .. } => unreachable!("nobody takes snapshots here"),
                Output::Read { .. } => unreachable!("nobody reads here"),
            }
        }
        if machine.replica.role() == Role::Leader {
            next.leaders.insert((machine.replica.term(), id));
        }
        next.told_apart = next.told_apart.max(id.position() + 1);
        let machine = Shared::new(machine);
        if !sends && machine == self.machines[id.position()] {
            return None;
        }
        next.machines[id.position()] = machine;
        Some(next)
    }

    fn send(&mut self, letter: Letter) {
        let letter = Shared::new(letter);
        let place = self
            .network
            .partition_point(|sent| sent.digest() < letter.digest());
        self.network.insert(place, letter);
    }

    fn note_commit(&mut self, replica: &Replica<Command>, through: Index) {
        for entry in replica.log().range(Index::ZERO, through) {
            self.committed
                .entry(entry.index)
                .or_insert_with(|| Commitment {
                    entry: entry.clone(),
                    term: replica.term(),
                });
        }
    }
}
