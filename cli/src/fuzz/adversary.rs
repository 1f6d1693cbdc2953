//! Whoever breaks the cluster. Some faults come at random; the worst come at the worst moment: just
//! after a server wrote what it has not stored, just after a leader was elected, appended or
//! committed. Every fault ends after a while.

use quorumscope_core::ids::{Endpoint, MessageId, ServerId};
use quorumscope_core::script::{
    Command, Disk, EndpointRef, Offset, Percent, Quality, ServerRef, Timers,
};
use quorumscope_core::server::{Protocol, Server};
use quorumscope_core::sim::World;
use quorumscope_core::time::{Duration, Time};
use quorumscope_core::view::leader_of;

use super::dice::Dice;
use super::learners;
use super::membership;
use super::operators;
use super::plan::Clocks;
use super::recipes::Followers;
use super::trial::Trial;
use super::usurper;
use super::workload;

/// What an adversary remembers of a server, to see what its last event was.
#[derive(Clone, Copy, Default)]
struct Glimpse {
    leads: bool,
    commit: u64,
}

/// How often, of a thousand, it strikes a leader at a bad moment at least, where leaders trust in
/// leases: nobody else does harm to them.
const LEAST_AT_LEASES: u64 = 20;

/// How an adversary goes about it, the same for a whole run, and what it has in mind.
pub(super) struct Adversary {
    /// The longest span between two faults that come at random, in microseconds.
    fault_gap: u64,
    /// The longest span between two deeds of clients.
    deed_gap: u64,
    /// The longest time that a fault lasts.
    fault_length: u64,
    /// How often, of a thousand, it strikes a leader at a bad moment.
    at_leaders: u64,
    /// How often, of a thousand, it strikes a server that has just written something.
    at_writers: u64,
    /// How often, of a hundred, it asks something of a new leader.
    at_new_leaders: u64,
    /// How often, of a thousand, it strikes a learner of Zab at each step by which that takes over
    /// a leader's epoch and history.
    at_learners: u64,
    clocks: Clocks,
    followers: Followers,
    glimpses: Vec<Glimpse>,
    /// Until when a new leader is asked for a change of its own, beside the one that its predecessor
    /// was left alone with.
    rivals_until: Time,
    /// Faults that are about to come or to end; the latest in front.
    agenda: Vec<(Time, Command)>,
}

/// A fault that comes at random.
#[derive(Clone, Copy)]
enum Fault {
    Crash,
    Pause,
    CutOneWay,
    Cut,
    Isolate,
    Partition,
    HealAll,
    SlowDisk,
    FullDisk,
    Drift,
    Jump,
    BadLink,
    TimeOut,
    AlignTimers,
    Message,
    Order,
}

const FAULTS: [(u64, Fault); 16] = [
    (18, Fault::Crash),
    (8, Fault::Pause),
    (8, Fault::CutOneWay),
    (6, Fault::Cut),
    (10, Fault::Isolate),
    (8, Fault::Partition),
    (4, Fault::HealAll),
    (4, Fault::SlowDisk),
    (2, Fault::FullDisk),
    (4, Fault::Drift),
    (2, Fault::Jump),
    (3, Fault::BadLink),
    (8, Fault::TimeOut),
    (5, Fault::AlignTimers),
    (11, Fault::Message),
    (14, Fault::Order),
];

impl Adversary {
    /// Most runs are so bad that hardly anything is ever decided; the others leave clients the time
    /// to be told something that might be wrong.
    pub(super) fn new(
        protocol: Protocol,
        clocks: Clocks,
        followers: Followers,
        dice: &mut Dice,
    ) -> Self {
        let patient = dice.percent(45);
        let (fault_gap, deed_gap) = if patient {
            (dice.span(300_000, 3_000_000), dice.span(3_000, 50_000))
        } else {
            (dice.span(20_000, 1_500_000), dice.span(8_000, 400_000))
        };
        Self {
            clocks,
            followers,
            fault_gap: fault_gap.as_micros(),
            deed_gap: deed_gap.as_micros(),
            fault_length: dice.span(60_000, 1_200_000).as_micros(),
            at_leaders: dice
                .one(if patient {
                    &[0, 3, 10, 30]
                } else {
                    &[0, 50, 150, 400]
                })
                .max(if clocks.jump { 0 } else { LEAST_AT_LEASES }),
            at_writers: dice.one(if patient {
                &[0, 0, 0, 2]
            } else {
                &[0, 5, 20, 60]
            }),
            at_new_leaders: dice.one(&[0, 0, 20, 80]),
            at_learners: match protocol {
                Protocol::Raft => 0,
                Protocol::Zab => dice.one(&[0, 0, 30, 150, 400]),
            },
            glimpses: Vec::new(),
            rivals_until: Time::ZERO,
            agenda: Vec::new(),
        }
    }

    /// Does its worst for so long, or until an invariant is violated.
    pub(super) fn torment(&mut self, trial: &mut Trial, dice: &mut Dice, duration: Duration) {
        let end = trial.world.now() + duration;
        self.glimpses = vec![Glimpse::default(); trial.world.nodes().len()];
        let mut next_fault = Time::ZERO + dice.span(1_000, self.fault_gap);
        let mut next_deed = Time::ZERO + dice.span(1_000, self.deed_gap);
        while trial.is_safe() && trial.world.now() < end {
            let planned = self.agenda.last().map_or(end, |(at, _)| *at);
            if trial.event(planned.min(next_fault).min(next_deed).min(end)) {
                self.react(&trial.world, dice);
                continue;
            }
            let now = trial.world.now();
            if planned <= now
                && let Some((_, command)) = self.agenda.pop()
            {
                trial.command(&command);
            } else if next_deed <= now {
                let deed = self.followers.deed(&trial.world);
                let deed = deed.unwrap_or_else(|| workload::deed(&trial.world, dice));
                trial.command(&deed);
                // While more than one server leads, a client can be told what is over.
                let gap = if leaders(&trial.world) > 1 {
                    self.deed_gap.min(10_000)
                } else {
                    self.deed_gap
                };
                next_deed = now + dice.span(500, gap);
            } else if next_fault <= now {
                self.strike(trial, dice);
                next_fault = now + dice.span(1_000, self.fault_gap);
            }
        }
    }

    /// Puts a command on the agenda.
    fn plan(&mut self, at: Time, command: Command) {
        let place = self.agenda.partition_point(|(later, _)| *later > at);
        self.agenda.insert(place, (at, command));
    }

    /// Looks at what the last event did, and may plan something bad.
    fn react(&mut self, world: &World, dice: &mut Dice) {
        let Some(touched) = world.touched() else {
            return;
        };
        let (id, Some(server)) = (touched.server, world.server(touched.server)) else {
            return;
        };
        let glimpse = Glimpse {
            leads: server.leads(),
            commit: committed_at(server),
        };
        if self.glimpses.len() <= id.position() {
            let servers = world.nodes().len();
            self.glimpses.resize(servers, Glimpse::default());
        }
        let before = std::mem::replace(&mut self.glimpses[id.position()], glimpse);
        if glimpse.leads
            && !before.leads
            && world.now() < self.rivals_until
            && let Some(change) = membership::one_voter(world, id, dice)
        {
            // Before it can have committed anything.
            self.plan(world.now(), change);
        }
        if glimpse.leads
            && !before.leads
            && dice.percent(self.at_new_leaders)
            && let Some(order) = operators::order(world, id, dice)
        {
            self.plan(world.now() + dice.span(1, 60_000), order);
        }
        let bad_moment =
            !before.leads || glimpse.commit > before.commit || touched.log_from.is_some();
        if glimpse.leads && bad_moment && dice.below(1_000) < self.at_leaders {
            self.strike_leader(world, id, dice);
        }
        if self.at_learners > 0
            && let Some(leader) = learners::leader_to_be(server)
            && dice.below(1_000) < self.at_learners
        {
            let end = world.now() + self.length(dice);
            for (at, command) in learners::strike(world, id, leader, end, dice) {
                self.plan(at, command);
            }
        }
        let writing = world.node(id).is_some_and(|node| node.disk().pending() > 0);
        if writing && dice.below(1_000) < self.at_writers {
            let at = world.now() + dice.span(1, 2_000);
            self.plan_crash(world, id, at, dice);
        }
    }

    /// A leader is cut off or crashes, at once or as its next messages arrive.
    fn strike_leader(&mut self, world: &World, leader: ServerId, dice: &mut Dice) {
        let at = world.now() + dice.span(1, 40_000);
        let end = at + self.length(dice);
        if dice.percent(20)
            && let Some(change) = membership::one_voter(world, leader, dice)
        {
            return self.plan_rivals(world, leader, (at, end), change, dice);
        }
        match dice.below(if self.clocks.jump { 6 } else { 10 }) {
            0 => self.plan_crash(world, leader, at, dice),
            1 => {
                let endpoint = server_end(leader);
                self.plan(at, Command::Isolate { endpoint });
                self.plan(end, Command::HealEndpoint { endpoint });
            }
            2 => {
                let server = leader.into();
                self.plan(at, Command::Pause { server });
                self.plan(end, Command::Resume { server });
            }
            3 => self.plan_one_friend(world, leader, at, end, dice),
            _ => {
                for (at, command) in usurper::plan(world, leader, at, self.clocks, dice) {
                    self.plan(at, command);
                }
            }
        }
    }

    /// A leader is left alone with a change of one voter, while another stands for election, to be
    /// asked for another change (the correction of 2015 to dissertation §4.1).
    fn plan_rivals(
        &mut self,
        world: &World,
        leader: ServerId,
        (at, end): (Time, Time),
        change: Command,
        dice: &mut Dice,
    ) {
        let others = world.nodes().iter().map(quorumscope_core::sim::Node::id);
        let others: Vec<ServerId> = others.filter(|id| *id != leader).collect();
        if others.is_empty() {
            return;
        }
        let peers = others.iter().copied().map(server_end).collect();
        let groups = vec![vec![server_end(leader)], peers];
        self.plan(at, change);
        self.plan(at, Command::Partition { groups });
        let server = dice.one(&others).into();
        self.plan(at + dice.span(1_000, 100_000), Command::TimeOut { server });
        let end = end.max(at + dice.span(200_000, 500_000));
        self.plan(end, Command::HealAll);
        self.rivals_until = end;
    }

    /// A leader can reach only one follower: too few to commit, enough to leave something behind.
    fn plan_one_friend(
        &mut self,
        world: &World,
        leader: ServerId,
        at: Time,
        end: Time,
        dice: &mut Dice,
    ) {
        let friend = any_server(world, dice);
        for number in 1..=world.servers() {
            let other = ServerId::new(number);
            if other != leader && other != friend {
                let (from, to) = (server_end(leader), server_end(other));
                let both = true;
                self.plan(at, Command::Cut { from, to, both });
                self.plan(end, Command::Heal { from, to, both });
            }
        }
    }

    fn plan_crash(&mut self, world: &World, server: ServerId, at: Time, dice: &mut Dice) {
        let pending = world
            .node(server)
            .map_or(0, |node| node.disk().pending() as u64);
        let kept = dice.below(pending + 1) as u32;
        let keep = (dice.percent(40) && kept > 0).then_some(kept);
        let back = at + self.length(dice).min(dice.span(1_000, 1_200_000));
        let server = server.into();
        self.plan(at, Command::Crash { server, keep });
        self.plan(back, Command::Restart { server });
    }

    /// How long a fault lasts.
    fn length(&self, dice: &mut Dice) -> Duration {
        dice.span(5_000, self.fault_length)
    }

    /// A fault at random, now.
    fn strike(&mut self, trial: &mut Trial, dice: &mut Dice) {
        let now = trial.world.now();
        let end = now + self.length(dice);
        let id = any_server(&trial.world, dice);
        let server = ServerRef::from(id);
        let (from, to) = (server_end(id), any_end(&trial.world, dice));
        let (fault, remedy) = match dice.weighted(&FAULTS) {
            Fault::Crash => return self.plan_crash(&trial.world, id, now, dice),
            Fault::Pause => (Command::Pause { server }, Some(Command::Resume { server })),
            Fault::CutOneWay => link_fault(to, from, false),
            Fault::Cut => link_fault(from, to, true),
            Fault::Isolate => (
                Command::Isolate { endpoint: from },
                Some(Command::HealEndpoint { endpoint: from }),
            ),
            Fault::Partition => match partition(&trial.world, dice) {
                Some(groups) => (Command::Partition { groups }, Some(Command::HealAll)),
                None => return,
            },
            Fault::HealAll => (Command::HealAll, None),
            Fault::SlowDisk => disk_fault(server, Disk::Latency(dice.span(1_000, 300_000))),
            Fault::FullDisk => disk_fault(server, Disk::Full),
            Fault::Drift => {
                let drift = Some(self.clocks.drift(dice));
                let remedy = clock(server, None, Some(0));
                let lasting = dice.percent(50);
                (
                    clock(server, None, drift),
                    Some(remedy).filter(|_| !lasting),
                )
            }
            Fault::Jump if !self.clocks.jump => return,
            Fault::Jump => {
                let by = dice.below(1_000_001) as i64 - 500_000;
                (clock(server, Some(Offset::from_micros(by)), None), None)
            }
            Fault::BadLink => {
                let to = any_server(&trial.world, dice).into();
                let bad = |quality| Command::Link {
                    from: server,
                    to,
                    both: true,
                    quality,
                };
                let loss = Some(Percent::from_ppm(dice.below(600_000) as u32));
                let duplicate = Some(Percent::from_ppm(dice.below(400_000) as u32));
                let quality = Quality {
                    loss,
                    duplicate,
                    reorder: duplicate,
                    ..Quality::default()
                };
                (bad(quality), Some(bad(Quality::default())))
            }
            Fault::TimeOut => (Command::TimeOut { server }, None),
            Fault::AlignTimers => (Command::Timers(Timers::Align), None),
            Fault::Order => {
                let leader = leader_of(&trial.world).unwrap_or(id);
                match operators::order(&trial.world, leader, dice) {
                    Some(order) => (order, None),
                    None => return,
                }
            }
            Fault::Message => match message_fault(&trial.world, dice) {
                Some(fault) => fault,
                None => return,
            },
        };
        if trial.command(&fault)
            && let Some(remedy) = remedy
        {
            self.plan(end, remedy);
        }
    }
}

/// How far a server knows its history to be committed, as a number that rises with it.
pub(super) fn committed_at(server: &Server) -> u64 {
    let replica = server.raft();
    replica.map_or_else(|| server.applied(), |it| it.commit_index().number())
}

/// How many servers take themselves for leaders.
fn leaders(world: &World) -> usize {
    let replicas = world.nodes().iter().filter_map(|node| node.server());
    replicas.filter(|server| server.leads()).count()
}

pub(super) fn server_end(server: ServerId) -> EndpointRef {
    EndpointRef::Server(server.into())
}

fn any_server(world: &World, dice: &mut Dice) -> ServerId {
    ServerId::new(1 + dice.below(world.servers().into()) as u16)
}

/// A server, or sometimes a client.
fn any_end(world: &World, dice: &mut Dice) -> EndpointRef {
    let server = server_end(any_server(world, dice));
    let clients: Vec<_> = world.clients().map(|(id, _)| id).collect();
    if clients.is_empty() || dice.percent(75) {
        return server;
    }
    Endpoint::Client(dice.one(&clients)).into()
}

fn link_fault(from: EndpointRef, to: EndpointRef, both: bool) -> (Command, Option<Command>) {
    let remedy = Command::Heal { from, to, both };
    (Command::Cut { from, to, both }, Some(remedy))
}

fn disk_fault(server: ServerRef, disk: Disk) -> (Command, Option<Command>) {
    let remedy = Command::Disk {
        server,
        disk: Disk::Ok,
    };
    (Command::Disk { server, disk }, Some(remedy))
}

fn clock(server: ServerRef, offset: Option<Offset>, drift_ppm: Option<i32>) -> Command {
    Command::Clock {
        server,
        offset,
        drift_ppm,
    }
}

/// Two groups, neither of them empty.
fn partition(world: &World, dice: &mut Dice) -> Option<Vec<Vec<EndpointRef>>> {
    let sides: Vec<bool> = world.nodes().iter().map(|_| dice.percent(50)).collect();
    let group = |side: bool| -> Vec<EndpointRef> {
        let members = world.nodes().iter().zip(&sides);
        members
            .filter(|(_, of)| **of == side)
            .map(|(node, _)| server_end(node.id()))
            .collect()
    };
    let groups = vec![group(false), group(true)];
    groups
        .iter()
        .all(|group| !group.is_empty())
        .then_some(groups)
}

/// Something that happens to one message on its way.
fn message_fault(world: &World, dice: &mut Dice) -> Option<(Command, Option<Command>)> {
    let flying: Vec<MessageId> = world.network().flying().map(|message| message.id).collect();
    if flying.is_empty() {
        return None;
    }
    let message = dice.one(&flying);
    Some(match dice.below(5) {
        0 => (Command::Drop { message }, None),
        1 => (
            Command::Hold { message },
            Some(Command::Release { message }),
        ),
        2 => {
            let by = dice.span(1_000, 600_000);
            (Command::Delay { message, by }, None)
        }
        3 => (Command::Deliver { message }, None),
        _ => (Command::Duplicate { message }, None),
    })
}
