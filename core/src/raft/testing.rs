//! A few replicas on a bench: messages, disks and timers move when the test says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::*;

impl Payload for u64 {
    type Image = Vec<Self>;

    fn size(&self) -> usize {
        8
    }

    fn image_size(image: &Vec<Self>) -> u64 {
        8 * image.len() as u64
    }
}

/// A log with entries of these terms, index 1 first; each says its own index.
pub(super) fn log_of_terms(terms: &[u64]) -> Log<u64> {
    let mut log = Log::default();
    log.append(
        (1..)
            .zip(terms)
            .map(|(index, term)| entry(*term, index, index)),
    );
    log
}

pub(super) fn entry(term: u64, index: u64, command: u64) -> Entry<u64> {
    Entry {
        term: Term::new(term),
        index: Index::new(index),
        content: Content::Command(command),
    }
}

/// The terms of a log's entries.
pub(super) fn terms_of(log: &Log<u64>) -> Vec<u64> {
    log.range(Index::ZERO, log.last_index())
        .map(|entry| entry.term.number())
        .collect()
}

/// A disk image with entries of these terms.
pub(super) fn disk(term: u64, terms: &[u64]) -> Durable<u64> {
    Durable {
        hard: HardState {
            term: Term::new(term),
            voted_for: None,
        },
        log: log_of_terms(terms),
        ..Durable::default()
    }
}

pub(super) fn s(number: u16) -> ServerId {
    ServerId::new(number)
}

/// A message under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Letter {
    pub(super) from: ServerId,
    pub(super) to: ServerId,
    pub(super) message: Message<u64>,
}

/// One server: its replica while it is up, its disk, and what the disk has yet to write.
pub(super) struct Machine {
    pub(super) replica: Option<Replica<u64>>,
    pub(super) disk: Durable<u64>,
    pub(super) unwritten: VecDeque<(Token, Write<u64>)>,
    /// The commands that it has applied, in order, and up to where.
    pub(super) state: Vec<u64>,
    pub(super) applied: Index,
    timers: BTreeMap<Timer, Time>,
}

/// Replicas, the messages between them, and what they said.
pub(super) struct Bench {
    pub(super) machines: Vec<Machine>,
    pub(super) mail: VecDeque<Letter>,
    pub(super) facts: Vec<(ServerId, RaftFact)>,
    /// Whether disks write at once; otherwise when told to.
    pub(super) instant_disks: bool,
    /// Links that carry nothing, by sender and receiver.
    pub(super) cut: BTreeSet<(ServerId, ServerId)>,
    /// What some server reported committed at each index.
    pub(super) committed: BTreeMap<Index, Entry<u64>>,
    /// Who was first at each index, and in which state.
    pub(super) states: BTreeMap<Index, (ServerId, Vec<u64>)>,
    /// To whom each server has given its vote of a term.
    pub(super) votes: BTreeMap<(ServerId, Term), ServerId>,
    /// Who led each term.
    pub(super) leaders: BTreeMap<Term, ServerId>,
    /// The reads that were asked for: how far each must see.
    pub(super) asked_reads: BTreeMap<u64, Index>,
    /// The reads that were served, and where.
    pub(super) served_reads: BTreeMap<u64, ServerId>,
    /// How much faster than true time each server's clock runs, in parts per million.
    pub(super) drift_ppm: Vec<i32>,
    /// The first property that was violated.
    pub(super) violation: Option<String>,
    pub(super) settings: Settings,
    pub(super) rules: Rules,
    pub(super) now: Time,
    members: Vec<ServerId>,
    /// How many of them, S1 first, are the cluster that the others may join.
    founders: usize,
    /// The configuration by which whoever takes a step begins it.
    goes_by: Configuration,
    draws: u64,
}

impl Bench {
    /// Servers with empty disks that write at once.
    pub(super) fn new(servers: u16) -> Self {
        Self::with(vec![Durable::default(); servers.into()], Rules::default())
    }

    /// Servers with these disks.
    pub(super) fn with(disks: Vec<Durable<u64>>, rules: Rules) -> Self {
        let founders = disks.len();
        Self::with_spares(disks, founders, rules)
    }

    /// Servers with these disks, of which only the first `founders` know of a cluster.
    pub(super) fn with_spares(disks: Vec<Durable<u64>>, founders: usize, rules: Rules) -> Self {
        let members: Vec<_> = (0..disks.len()).map(ServerId::from_position).collect();
        let machines = disks.into_iter().map(|disk| Machine {
            replica: None,
            disk,
            unwritten: VecDeque::new(),
            state: Vec::new(),
            applied: Index::ZERO,
            timers: BTreeMap::new(),
        });
        let mut bench = Self {
            machines: machines.collect(),
            mail: VecDeque::new(),
            facts: Vec::new(),
            instant_disks: true,
            cut: BTreeSet::new(),
            committed: BTreeMap::new(),
            states: BTreeMap::new(),
            votes: BTreeMap::new(),
            leaders: BTreeMap::new(),
            asked_reads: BTreeMap::new(),
            served_reads: BTreeMap::new(),
            drift_ppm: vec![0; members.len()],
            violation: None,
            settings: Settings::default(),
            rules,
            now: Time::ZERO,
            members,
            founders,
            goes_by: Configuration::new([], []),
            draws: 0,
        };
        for id in bench.members.clone() {
            bench.restart(id);
        }
        bench
    }

    pub(super) fn members(&self) -> &[ServerId] {
        &self.members
    }

    /// The replica of a server that is up.
    pub(super) fn at(&self, id: ServerId) -> &Replica<u64> {
        self.machines[id.position()].replica.as_ref().unwrap()
    }

    pub(super) fn is_up(&self, id: ServerId) -> bool {
        self.machines[id.position()].replica.is_some()
    }

    /// Boots a server from its disk.
    pub(super) fn restart(&mut self, id: ServerId) {
        let mut out = Vec::new();
        let bits = self.draw();
        let disk = self.machines[id.position()].disk.clone();
        let machine = &mut self.machines[id.position()];
        (machine.state, machine.applied) = match &disk.snapshot {
            Some(snapshot) => (snapshot.image.clone(), snapshot.last.index),
            None => (Vec::new(), Index::ZERO),
        };
        self.note_boot(id, disk.hard);
        let replica = Replica::boot(
            id,
            self.configuration_at_birth(id),
            self.settings,
            self.rules,
            disk,
            self.local(id),
            bits,
            &mut out,
        );
        self.machines[id.position()].replica = Some(replica);
        self.carry_out(id, out);
    }

    /// What a server knows of the cluster before its log says anything.
    fn configuration_at_birth(&self, id: ServerId) -> Configuration {
        let founders = &self.members[..self.founders];
        let known = if founders.contains(&id) {
            founders
        } else {
            &[]
        };
        Configuration::new(known.iter().copied(), [])
    }

    /// Asks `id` for a configuration with these voters and learners.
    pub(super) fn reconfigure(
        &mut self,
        id: ServerId,
        voters: &[u16],
        learners: &[u16],
        transition: Transition,
    ) -> Result<(), ReconfigureError> {
        let change = Reconfiguration {
            voters: voters.iter().copied().map(s).collect(),
            learners: learners.iter().copied().map(s).collect(),
            transition,
        };
        self.at(id).check_reconfiguration(&change)?;
        self.input(id, Input::Reconfigure(change));
        Ok(())
    }

    /// Asks `id` to end a joint configuration.
    pub(super) fn leave_joint(&mut self, id: ServerId) -> Result<(), ReconfigureError> {
        self.at(id).check_leave_joint()?;
        self.input(id, Input::LeaveJoint);
        Ok(())
    }

    /// The configuration that a server goes by, in words.
    pub(super) fn goes_by(&self, id: ServerId) -> String {
        self.at(id).configuration().to_string()
    }

    /// Stops a server; of what its disk has not written, the first `keep` writes survive.
    pub(super) fn crash(&mut self, id: ServerId, keep: usize) {
        let machine = &mut self.machines[id.position()];
        machine.replica = None;
        machine.timers.clear();
        for (_, write) in machine.unwritten.drain(..).take(keep) {
            machine.disk.apply(&write);
        }
    }

    /// What the clock of a server shows.
    pub(super) fn local(&self, id: ServerId) -> Time {
        let elapsed = i128::from(self.now.since(Time::ZERO).as_micros());
        let drift = i128::from(self.drift_ppm[id.position()]);
        Time::from_micros((elapsed * (1_000_000 + drift) / 1_000_000) as u64)
    }

    /// A client of `id` wants a linearizable read: it must see all that anyone has committed.
    pub(super) fn read(&mut self, id: ServerId) -> u64 {
        let read = self.asked_reads.len() as u64 + 1;
        let committed = self.committed.keys().next_back();
        self.asked_reads
            .insert(read, committed.copied().unwrap_or_default());
        self.input(id, Input::Read { read });
        read
    }

    /// Linearizability: a read that is served sees everything that was committed when it was asked.
    fn note_read(&mut self, id: ServerId, read: u64) {
        let sees = self.at(id).commit_index();
        let must_see = self.asked_reads[&read];
        if sees < must_see {
            self.violation = Some(format!(
                "stale read: {id} has {sees}, {must_see} was committed when it was asked"
            ));
        }
        self.served_reads.insert(read, id);
    }

    /// Gives a server an input.
    pub(super) fn input(&mut self, id: ServerId, input: Input<u64>) {
        let bits = self.draw();
        let now = self.local(id);
        let mut out = Vec::new();
        if let Some(replica) = &mut self.machines[id.position()].replica {
            self.goes_by = replica.configuration().clone();
            replica.step(now, bits, input, &mut out);
        }
        self.carry_out(id, out);
    }

    /// Runs a server's election timer down.
    pub(super) fn time_out(&mut self, id: ServerId) {
        self.input(id, Input::Timer(Timer::Election));
    }

    /// Runs a server's heartbeat timer down.
    pub(super) fn beat(&mut self, id: ServerId) {
        self.input(id, Input::Timer(Timer::Heartbeat));
    }

    /// A client's command for `id`.
    pub(super) fn propose(
        &mut self,
        id: ServerId,
        command: u64,
    ) -> Result<(Term, Index), ProposeError> {
        let mut out = Vec::new();
        let replica = self.machines[id.position()].replica.as_mut().unwrap();
        let result = replica.propose(self.now, command, &mut out);
        self.carry_out(id, out);
        result
    }

    /// Has a server take a snapshot.
    pub(super) fn compact(&mut self, id: ServerId) -> Result<(), CompactError> {
        let mut out = Vec::new();
        let machine = &mut self.machines[id.position()];
        let replica = machine.replica.as_mut().unwrap();
        let result = replica.compact(machine.applied, machine.state.clone(), &mut out);
        if let Some(snapshot) = replica.snapshot() {
            machine.applied = machine.applied.max(snapshot.last.index);
        }
        self.carry_out(id, out);
        result
    }

    /// Lets a disk write the next record it was given.
    pub(super) fn write_one(&mut self, id: ServerId) -> bool {
        let machine = &mut self.machines[id.position()];
        let Some((token, write)) = machine.unwritten.pop_front() else {
            return false;
        };
        machine.disk.apply(&write);
        self.input(id, Input::Stored(token));
        true
    }

    /// Delivers messages, and what they cause, until none is left. Disks write as
    /// `instant_disks` says.
    pub(super) fn settle(&mut self) {
        self.settle_where(|_| true);
    }

    /// The same, but messages that do not `arrive` are lost.
    pub(super) fn settle_where(&mut self, arrives: impl Fn(&Letter) -> bool) {
        let mut deliveries = 0;
        while let Some(letter) = self.mail.pop_front() {
            deliveries += 1;
            assert!(deliveries < 100_000, "the messages never end");
            if arrives(&letter) {
                self.deliver(letter);
            }
        }
    }

    pub(super) fn deliver(&mut self, letter: Letter) {
        let Letter { from, to, message } = letter;
        if !self.cut.contains(&(from, to)) {
            self.input(to, Input::Message { from, message });
        }
    }

    /// Takes from the mail what goes to `to`.
    pub(super) fn intercept(&mut self, to: ServerId) -> Vec<Letter> {
        let (taken, left) = self.mail.drain(..).partition(|letter| letter.to == to);
        self.mail = left;
        Vec::from(taken)
    }

    /// Elects `id` and lets the messages end.
    pub(super) fn elect(&mut self, id: ServerId) {
        self.time_out(id);
        self.settle();
        assert_eq!(self.at(id).role(), Role::Leader, "{id} did not win");
    }

    /// Cuts a server off, both ways.
    pub(super) fn isolate(&mut self, id: ServerId) {
        for other in self.members.clone() {
            self.cut.extend([(id, other), (other, id)]);
        }
    }

    /// Mends all links.
    pub(super) fn heal(&mut self) {
        self.cut.clear();
    }

    /// Everyone's log, as terms.
    pub(super) fn logs(&self) -> Vec<Vec<u64>> {
        let terms = |id: &ServerId| terms_of(self.at(*id).log());
        self.members.iter().map(terms).collect()
    }

    /// The facts of one kind that a server told.
    pub(super) fn told<T>(&self, by: ServerId, pick: impl Fn(&RaftFact) -> Option<T>) -> Vec<T> {
        let own = self.facts.iter().filter(|(id, _)| *id == by);
        own.filter_map(|(_, fact)| pick(fact)).collect()
    }

    pub(super) fn timer(&self, id: ServerId, timer: Timer) -> Option<Time> {
        self.machines[id.position()].timers.get(&timer).copied()
    }

    /// Lets the timer ring that is due first, at its time, and the messages end.
    pub(super) fn ring_next(&mut self) {
        let true_time = |id: usize, local: Time| {
            let rate = i128::from(1_000_000 + self.drift_ppm[id]);
            let shown = i128::from(local.since(Time::ZERO).as_micros());
            Time::from_micros((shown * 1_000_000 / rate + 1) as u64)
        };
        let running = self.machines.iter().enumerate().flat_map(|(id, machine)| {
            let timers = machine.timers.iter();
            timers.map(move |(timer, at)| (true_time(id, *at), id, *timer))
        });
        let Some((at, id, timer)) = running.min() else {
            return;
        };
        self.now = self.now.max(at);
        self.machines[id].timers.remove(&timer);
        self.input(ServerId::from_position(id), Input::Timer(timer));
        self.settle();
    }

    fn draw(&mut self) -> Bits {
        self.draws = self.draws.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Bits(self.draws)
    }

    fn carry_out(&mut self, id: ServerId, out: Vec<Output<u64>>) {
        let mut written = None;
        for output in out {
            let machine = &mut self.machines[id.position()];
            match output {
                Output::Send { to, message } => {
                    if let Message::RequestVoteReply {
                        term,
                        granted: true,
                    } = message
                    {
                        self.votes.insert((id, term), to);
                    }
                    self.mail.push_back(Letter {
                        from: id,
                        to,
                        message,
                    });
                }
                Output::SetTimer { timer, at } => {
                    machine.timers.insert(timer, at);
                }
                Output::CancelTimer { timer } => {
                    machine.timers.remove(&timer);
                }
                Output::Persist { token, write } if self.instant_disks => {
                    machine.disk.apply(&write);
                    written = Some(token);
                }
                Output::Persist { token, write } => machine.unwritten.push_back((token, write)),
                Output::Commit { through } => {
                    self.count_holders(id, through);
                    self.note_commit(id, through);
                }
                Output::Install { snapshot } => {
                    machine.state = snapshot.image.clone();
                    machine.applied = snapshot.last.index;
                    self.note_state(id);
                }
                Output::Read { read } => self.note_read(id, read),
                Output::Fact(fact) => self.facts.push((id, fact)),
            }
        }
        self.note_leader(id);
        if let Some(token) = written {
            self.input(id, Input::Stored(token));
        }
    }

    /// What a leader commits is on the disks of a quorum, which is counted here from nothing: more
    /// than one half of each half. What the same step appends afterwards does not count yet.
    fn count_holders(&mut self, id: ServerId, through: Index) {
        let replica = self.at(id);
        if replica.role() != Role::Leader {
            return;
        }
        let term = replica.log().term_at(through);
        let holds = |server: &&ServerId| {
            let disk = &self.machines[server.position()].disk;
            let snapshot = disk.snapshot.as_ref();
            disk.log.term_at(through) == term
                || snapshot.is_some_and(|snapshot| snapshot.last.index >= through)
        };
        let short = self
            .goes_by
            .halves()
            .map(|half| (half.iter().filter(holds).count(), half.len()))
            .find(|(holders, voters)| 2 * holders <= *voters);
        if let Some((holders, voters)) = short {
            let what = format!("{id} commits {through}, which {holders} of {voters} hold");
            self.violation.get_or_insert(what);
        }
    }

    /// State Machine Safety (Raft, Figure 3): no two servers commit different entries at one
    /// index.
    fn note_commit(&mut self, id: ServerId, through: Index) {
        let log = self.at(id).log().clone();
        let machine = &mut self.machines[id.position()];
        for entry in log.range(machine.applied.next(), through) {
            if let Content::Command(command) = entry.content {
                machine.state.push(command);
            }
        }
        machine.applied = through;
        self.note_state(id);
        for entry in log.range(Index::ZERO, through) {
            let known = self
                .committed
                .entry(entry.index)
                .or_insert_with(|| entry.clone());
            if known != entry {
                self.violation = Some(format!("state machine safety: {known:?}, {id}: {entry:?}"));
            }
        }
    }

    /// A vote that was given outlives a crash (Raft §5.2, Figure 2).
    fn note_boot(&mut self, id: ServerId, hard: HardState) {
        let given = self.votes.get(&(id, hard.term)).copied();
        if given.is_some_and(|given| hard.voted_for != Some(given)) {
            self.violation = Some(format!("{id} gave its vote to {given:?} and has {hard:?}"));
        }
    }

    /// State Machine Safety again: who stands at one index is in one state.
    fn note_state(&mut self, id: ServerId) {
        let machine = &self.machines[id.position()];
        let (index, state) = (machine.applied, &machine.state);
        let (first, known) = self
            .states
            .entry(index)
            .or_insert_with(|| (id, state.clone()));
        if known != state {
            let what = format!("snapshot safety at {index}: {first} {known:?}, {id}: {state:?}");
            self.violation = Some(what);
        }
    }

    /// Election Safety (Raft, Figure 3): at most one leader in a term.
    fn note_leader(&mut self, id: ServerId) {
        let Some(replica) = &self.machines[id.position()].replica else {
            return;
        };
        if replica.role() != Role::Leader {
            return;
        }
        let known = *self.leaders.entry(replica.term()).or_insert(id);
        if known != id {
            self.violation = Some(format!("election safety: {known} and {id}"));
        }
    }
}
