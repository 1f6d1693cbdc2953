//! A few replicas on a bench: connections, messages, disks and timers move when the test says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use imbl::OrdMap;

use super::testing_invariants::Invariants;
use super::testing_wires::{Wire, WireId};
use super::*;
use crate::time::Duration;

/// The state on the bench: every transaction that was applied. It shows what is missing.
pub(super) type Ledger = OrdMap<Zxid, u64>;

impl Payload for u64 {
    type State = Ledger;
    type Effect = ();
    type Request = u64;

    fn size(&self) -> usize {
        8
    }

    fn apply(&self, zxid: Zxid, state: &mut Ledger) {
        state.insert(zxid, *self);
    }
}

pub(super) fn s(number: u16) -> ServerId {
    ServerId::new(number)
}

pub(super) fn z(epoch: u32, counter: u32) -> Zxid {
    Zxid::new(epoch, counter)
}

/// A transaction that says its own zxid.
pub(super) fn entry(zxid: Zxid) -> Entry<u64> {
    Entry {
        zxid,
        txn: zxid.number(),
        configuration: None,
    }
}

pub(super) fn log_of(zxids: &[(u32, u32)]) -> TxnLog<u64> {
    let mut log = TxnLog::default();
    log.append(zxids.iter().map(|(e, c)| entry(z(*e, *c))));
    log
}

pub(super) fn ledger(zxids: &[(u32, u32)]) -> Ledger {
    let pair = |(e, c): &(u32, u32)| (z(*e, *c), z(*e, *c).number());
    zxids.iter().map(pair).collect()
}

/// A disk of one server in an ensemble of three, with this current epoch and log.
pub(super) fn disk(epoch: u32, zxids: &[(u32, u32)]) -> Durable<u64> {
    disk_of(&three(), epoch, zxids)
}

pub(super) fn disk_of(
    configuration: &Configuration,
    epoch: u32,
    zxids: &[(u32, u32)],
) -> Durable<u64> {
    let mut disk = Durable::new(configuration.clone());
    disk.accepted_epoch = Epoch::new(epoch);
    disk.current_epoch = Epoch::new(epoch);
    disk.log = log_of(zxids);
    disk
}

pub(super) fn three() -> Configuration {
    voters(3)
}

/// An ensemble of this many voters.
pub(super) fn voters(count: u16) -> Configuration {
    Configuration::new((1..=count).map(s), []).unwrap()
}

/// One server: its replica while it is up, its disk, and what the disk has yet to write.
pub(super) struct Machine {
    pub(super) replica: Option<Replica<u64>>,
    pub(super) disk: Durable<u64>,
    pub(super) unwritten: VecDeque<(Token, Write<u64>)>,
    pub(super) timers: BTreeMap<Timer, Time>,
}

/// Replicas, the connections between them, and what they said.
pub(super) struct Bench {
    pub(super) machines: Vec<Machine>,
    pub(super) wires: BTreeMap<WireId, Wire>,
    pub(super) facts: Vec<(ServerId, ZabFact)>,
    /// Outputs for the owners of replicas, facts and deliveries left out.
    pub(super) owners: Vec<(ServerId, Output<u64>)>,
    /// What was sent, in order.
    pub(super) sent: Vec<(ServerId, ServerId, Message<u64>)>,
    /// Whether disks write at once; otherwise when told to.
    pub(super) instant_disks: bool,
    /// Whether leaders propose what they are asked to prepare.
    pub(super) prepares: bool,
    /// Servers that no connection can be opened to or from.
    pub(super) isolated: BTreeSet<ServerId>,
    pub(super) invariants: Invariants,
    pub(super) settings: Settings,
    pub(super) rules: Rules,
    pub(super) now: Time,
    pub(super) keeps_records: bool,
    draws: u64,
}

impl Bench {
    /// Voters with empty disks that write at once.
    pub(super) fn new(servers: u16) -> Self {
        let configuration = voters(servers);
        let disks = vec![Durable::new(configuration); servers.into()];
        Self::with(disks, Rules::default(), Settings::default())
    }

    /// Servers with these disks, not started yet.
    pub(super) fn stopped(disks: Vec<Durable<u64>>, rules: Rules, settings: Settings) -> Self {
        let machines = disks.into_iter().map(|disk| Machine {
            replica: None,
            disk,
            unwritten: VecDeque::new(),
            timers: BTreeMap::new(),
        });
        Self {
            machines: machines.collect(),
            wires: BTreeMap::new(),
            facts: Vec::new(),
            owners: Vec::new(),
            sent: Vec::new(),
            instant_disks: true,
            prepares: true,
            isolated: BTreeSet::new(),
            invariants: Invariants::default(),
            settings,
            rules,
            now: Time::ZERO,
            keeps_records: true,
            draws: 0,
        }
    }

    /// Servers with these disks, all started.
    pub(super) fn with(disks: Vec<Durable<u64>>, rules: Rules, settings: Settings) -> Self {
        let mut bench = Self::stopped(disks, rules, settings);
        for id in bench.ids() {
            bench.restart(id);
        }
        bench
    }

    pub(super) fn ids(&self) -> Vec<ServerId> {
        (0..self.machines.len())
            .map(ServerId::from_position)
            .collect()
    }

    /// The replica of a server that is up.
    pub(super) fn at(&self, id: ServerId) -> &Replica<u64> {
        self.machines[id.position()].replica.as_ref().unwrap()
    }

    pub(super) fn is_up(&self, id: ServerId) -> bool {
        self.machines[id.position()].replica.is_some()
    }

    /// Boots a server from its disk. One whose disk is refused stays down.
    pub(super) fn restart(&mut self, id: ServerId) {
        let mut out = Vec::new();
        let bits = self.draw();
        let disk = self.machines[id.position()].disk.clone();
        let (settings, rules) = (self.settings, self.rules);
        match Replica::boot(id, settings, rules, disk, self.now, bits, &mut out) {
            Ok(replica) => self.machines[id.position()].replica = Some(replica),
            Err(error) => self.invariants.violated("restart", &error),
        }
        self.carry_out(id, out);
    }

    /// Stops a server; of what its disk has not written, the first `keep` writes survive.
    pub(super) fn crash(&mut self, id: ServerId, keep: usize) {
        let machine = &mut self.machines[id.position()];
        machine.replica = None;
        machine.timers.clear();
        let unwritten: Vec<_> = machine.unwritten.drain(..).take(keep).collect();
        for (_, write) in unwritten {
            self.put_on_disk(id, &write);
        }
        self.hang_up_all(id);
        self.invariants.check_durability(&self.machines);
    }

    /// Gives a server an input.
    pub(super) fn input(&mut self, id: ServerId, input: Input<u64>) {
        let now = self.now;
        self.act(id, |replica, bits, out| {
            replica.step(now, bits, input, out);
        });
    }

    /// Lets something happen at a server that is up.
    pub(super) fn act<R>(
        &mut self,
        id: ServerId,
        deed: impl FnOnce(&mut Replica<u64>, Bits, &mut Vec<Output<u64>>) -> R,
    ) -> Option<R> {
        let bits = self.draw();
        let mut out = Vec::new();
        let replica = self.machines[id.position()].replica.as_mut()?;
        let result = deed(replica, bits, &mut out);
        self.carry_out(id, out);
        Some(result)
    }

    /// A transaction for the leader `id`.
    pub(super) fn propose(&mut self, id: ServerId, txn: u64) -> Result<Zxid, ProposeError> {
        let now = self.now;
        self.invariants.proposing = txn;
        let propose = |replica: &mut Replica<u64>, bits, out: &mut Vec<_>| {
            replica.propose(now, bits, txn, None, out)
        };
        self.act(id, propose).unwrap()
    }

    /// A reconfiguration for the leader `id`.
    pub(super) fn reconfigure(
        &mut self,
        id: ServerId,
        new: &Configuration,
    ) -> Result<Zxid, ProposeError> {
        let now = self.now;
        self.invariants.proposing = 77;
        let propose = |replica: &mut Replica<u64>, bits, out: &mut Vec<_>| {
            replica.propose(now, bits, 77, Some(new), out)
        };
        self.act(id, propose).unwrap()
    }

    /// Lets a disk write the next record it was given.
    pub(super) fn write_one(&mut self, id: ServerId) -> bool {
        let machine = &mut self.machines[id.position()];
        let Some((token, write)) = machine.unwritten.pop_front() else {
            return false;
        };
        self.put_on_disk(id, &write);
        self.input(id, Input::Stored(token));
        true
    }

    fn put_on_disk(&mut self, id: ServerId, write: &Write<u64>) {
        let disk = &mut self.machines[id.position()].disk;
        self.invariants.check_write(id, disk, write);
        disk.apply(write);
    }

    /// Runs a timer down, if it is set.
    pub(super) fn ring(&mut self, id: ServerId, timer: Timer) -> bool {
        let set = self.machines[id.position()].timers.remove(&timer);
        if set.is_some() {
            self.input(id, Input::Timer(timer));
        }
        set.is_some()
    }

    /// Opens connections and delivers messages, and what they cause, until none is left. Disks
    /// write as `instant_disks` says.
    pub(super) fn settle(&mut self) {
        let mut moves = 0;
        while self.move_something() {
            moves += 1;
            self.keeps_records |= moves > 100_000;
            if moves > 100_100 {
                self.tell_all();
                panic!("the messages never end");
            }
        }
    }

    /// Lets time pass: timers ring in their order, and everything else takes no time.
    pub(super) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        self.settle();
        while let Some((at, id, timer)) = self.next_timer().filter(|(at, ..)| *at <= end) {
            self.now = self.now.max(at);
            self.ring(id, timer);
            self.settle();
        }
        self.now = end;
    }

    fn next_timer(&self) -> Option<(Time, ServerId, Timer)> {
        let all = self.ids().into_iter().flat_map(|id| {
            let timers = self.machines[id.position()].timers.iter();
            timers.map(move |(timer, at)| (*at, id, *timer))
        });
        all.min()
    }

    pub(super) fn timer(&self, id: ServerId, timer: Timer) -> Option<Time> {
        self.machines[id.position()].timers.get(&timer).copied()
    }

    /// The latest configuration in force anywhere has gone through so many changes, at least.
    pub(super) fn reconfigurations(&self) -> usize {
        let versions = self
            .machines
            .iter()
            .map(|m| m.disk.membership.active.version());
        usize::from(versions.max().is_some_and(|version| version.counter() > 0))
    }

    /// The established leader of the latest epoch.
    pub(super) fn leader(&self) -> Option<ServerId> {
        let up = self.ids().into_iter().filter(|id| self.is_up(*id));
        let leads = |id: &ServerId| {
            self.at(*id).state() == ServerState::Leading && self.at(*id).is_serving()
        };
        up.filter(leads).max_by_key(|id| self.at(*id).epoch())
    }

    /// Runs until there is an established leader; it.
    pub(super) fn elect(&mut self) -> ServerId {
        self.run_for(Duration::from_millis(500));
        self.leader().unwrap_or_else(|| {
            self.tell_all();
            panic!("nobody leads")
        })
    }

    /// Prints what servers said since the records were cleared.
    fn tell_all(&self) {
        use crate::explain::Explain;
        for (id, fact) in &self.facts {
            eprintln!("{id} {} ({})", fact.what(), fact.why().unwrap_or_default());
        }
    }

    /// What a server said since the records were cleared.
    pub(super) fn facts_of(&self, id: ServerId) -> Vec<&ZabFact> {
        let facts = self.facts.iter().filter(|(who, _)| *who == id);
        facts.map(|(_, fact)| fact).collect()
    }

    /// The kinds of what was sent from one server to another since the records were cleared.
    pub(super) fn kinds(&self, from: ServerId, to: ServerId) -> Vec<&'static str> {
        let sent = self.sent.iter().filter(|(f, t, _)| (*f, *t) == (from, to));
        let kinds = sent.map(|(_, _, message)| message.kind().0);
        kinds.filter(|kind| *kind != "NOTIFICATION").collect()
    }

    pub(super) fn clear_records(&mut self) {
        self.facts.clear();
        self.owners.clear();
        self.sent.clear();
    }

    pub(super) fn draw(&mut self) -> Bits {
        self.draws = self.draws.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Bits(self.draws)
    }

    pub(super) fn carry_out(&mut self, id: ServerId, out: Vec<Output<u64>>) {
        let mut written = None;
        let mut wanted = Vec::new();
        for output in out {
            let machine = &mut self.machines[id.position()];
            match output {
                Output::Send { to, message } => self.post(id, to, message),
                Output::Connect { to, channel } => self.dial(id, to, channel),
                Output::Close { peer, channel } => self.hang_up(id, peer, channel),
                Output::SetTimer { timer, at } => {
                    machine.timers.insert(timer, at);
                }
                Output::CancelTimer { timer } => {
                    machine.timers.remove(&timer);
                }
                Output::Persist { token, write } if self.instant_disks => {
                    self.put_on_disk(id, &write);
                    written = Some(token);
                }
                Output::Persist { token, write } => machine.unwritten.push_back((token, write)),
                Output::Deliver { entry, .. } => self.invariants.delivered(id, &entry),
                Output::Fact(fact) => {
                    self.invariants.said(id, &fact);
                    if self.keeps_records {
                        self.facts.push((id, fact));
                    }
                }
                Output::Prepare { origin, request } if self.prepares => {
                    wanted.push(request);
                    self.owners.push((id, Output::Prepare { origin, request }));
                }
                other => self.owners.push((id, other)),
            }
        }
        if let Some(replica) = &self.machines[id.position()].replica {
            self.invariants.check_replica(replica);
        }
        if let Some(token) = written {
            self.input(id, Input::Stored(token));
        }
        for request in wanted {
            let _ = self.propose(id, request);
        }
    }
}
