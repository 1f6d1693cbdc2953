//! Five of our replicas of Zab, over connections that keep what they carry in order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quorumscope_core::ids::ServerId;
use quorumscope_core::random::Bits;
use quorumscope_core::time::Time;
use quorumscope_core::zab::{
    Channel, Configuration, Durable, Input, Message, Output, Payload, Replica, Rules, ServerState,
    Settings, Timer,
};
use quorumscope_core::zookeeper::Zxid;

use crate::{Applied, Cluster, SERVERS, Value, payload};

const RANDOM: Bits = Bits(0);

impl Payload for Value {
    type State = Applied;
    type Effect = ();
    type Request = ();

    fn size(&self) -> usize {
        self.0.len()
    }

    fn apply(&self, _: Zxid, state: &mut Applied) {
        state.apply(&self.0);
    }
}

struct Server {
    replica: Replica<Value>,
    disk: Durable<Value>,
    inbox: VecDeque<Input<Value>>,
    timers: BTreeMap<Timer, Time>,
}

pub(crate) struct Zab {
    servers: Vec<Server>,
    /// Connections that are up, by one of their ends.
    up: BTreeSet<(ServerId, Channel, ServerId)>,
    leader: usize,
    now: Time,
    messages: u64,
    out: Vec<Output<Value>>,
}

impl Cluster for Zab {
    fn elect() -> Self {
        let ids = || (0..SERVERS as usize).map(ServerId::from_position);
        let ensemble = Configuration::new(ids(), []).expect("five voters are an ensemble");
        // No snapshot is taken: nobody compacts a log here.
        let settings = Settings {
            snap_count: u32::MAX,
            ..Settings::default()
        };
        let mut cluster = Self {
            servers: Vec::new(),
            up: BTreeSet::new(),
            leader: 0,
            now: Time::ZERO,
            messages: 0,
            out: Vec::new(),
        };
        let mut first = Vec::new();
        for id in ids() {
            let disk = Durable::new(ensemble.clone());
            let mut out = Vec::new();
            let replica = Replica::boot(
                id,
                settings,
                Rules::default(),
                disk.clone(),
                Time::ZERO,
                RANDOM,
                &mut out,
            );
            cluster.servers.push(Server {
                replica: replica.expect("an empty disk is in order"),
                disk,
                inbox: VecDeque::new(),
                timers: BTreeMap::new(),
            });
            first.push(out);
        }
        for (position, out) in first.into_iter().enumerate() {
            cluster.out = out;
            cluster.carry_out(position);
        }
        cluster.settle();
        while !cluster
            .servers
            .iter()
            .all(|server| server.replica.is_serving())
        {
            cluster.pass_time();
        }
        let leads = |server: &Server| server.replica.state() == ServerState::Leading;
        let leader = cluster.servers.iter().position(leads);
        cluster.leader = leader.expect("followers serve under a leader");
        cluster
    }

    fn write(&mut self, first: u64, batch: u64) {
        for number in first..first + batch {
            let value = Value(payload(number).into());
            self.servers[self.leader]
                .replica
                .propose(self.now, RANDOM, value, None, &mut self.out)
                .expect("it leads and nothing stops it");
        }
        self.carry_out(self.leader);
        self.settle();
    }

    fn messages(&self) -> u64 {
        self.messages
    }

    fn applied(&self) -> [Applied; SERVERS as usize] {
        std::array::from_fn(|position| *self.servers[position].replica.database())
    }
}

impl Zab {
    /// Until nothing moves any more that takes no time.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            for position in 0..self.servers.len() {
                while let Some(input) = self.servers[position].inbox.pop_front() {
                    moved = true;
                    self.step(position, input);
                }
                if self.servers[position]
                    .timers
                    .remove(&Timer::Apply)
                    .is_some()
                {
                    moved = true;
                    self.step(position, Input::Timer(Timer::Apply));
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Lets the next timer run down.
    fn pass_time(&mut self) {
        let timers = self
            .servers
            .iter()
            .enumerate()
            .flat_map(|(position, server)| {
                let timers = server.timers.iter();
                timers.map(move |(timer, at)| (*at, position, *timer))
            });
        let (at, position, timer) = timers.min().expect("somebody waits for something");
        self.now = self.now.max(at);
        self.servers[position].timers.remove(&timer);
        self.step(position, Input::Timer(timer));
        self.settle();
    }

    fn step(&mut self, position: usize, input: Input<Value>) {
        let replica = &mut self.servers[position].replica;
        replica.step(self.now, RANDOM, input, &mut self.out);
        self.carry_out(position);
    }

    /// Does what a server asked for. Its disk writes at once and confirms the last write, and with
    /// it all before.
    fn carry_out(&mut self, position: usize) {
        while !self.out.is_empty() {
            let mut written = None;
            let mut outputs = std::mem::take(&mut self.out);
            for output in outputs.drain(..) {
                match output {
                    Output::Send { to, message } => self.send(position, to, message),
                    Output::Connect { to, channel } => self.connect(position, to, channel),
                    Output::SetTimer { timer, at } => {
                        self.servers[position].timers.insert(timer, at);
                    }
                    Output::CancelTimer { timer } => {
                        self.servers[position].timers.remove(&timer);
                    }
                    Output::Persist { token, write } => {
                        self.servers[position].disk.apply(&write);
                        written = Some(token);
                    }
                    Output::Close { peer, channel } => self.hang_up(position, peer, channel),
                    _ => {}
                }
            }
            self.out = outputs;
            if let Some(token) = written {
                let replica = &mut self.servers[position].replica;
                replica.step(self.now, RANDOM, Input::Stored(token), &mut self.out);
            }
        }
    }

    fn send(&mut self, position: usize, to: ServerId, message: Message<Value>) {
        self.messages += 1;
        let from = ServerId::from_position(position);
        let inbox = &mut self.servers[to.position()].inbox;
        inbox.push_back(Input::Message { from, message });
    }

    /// A connection is up at both ends as soon as one asks for it.
    fn connect(&mut self, position: usize, to: ServerId, channel: Channel) {
        let from = ServerId::from_position(position);
        for (at, peer, channel) in [(to, from, other_end(channel)), (from, to, channel)] {
            if self.up.insert((at, channel, peer)) {
                let inbox = &mut self.servers[at.position()].inbox;
                inbox.push_back(Input::ConnectionUp { peer, channel });
            }
        }
    }

    /// One end closes; what it has sent arrives first.
    fn hang_up(&mut self, position: usize, peer: ServerId, channel: Channel) {
        let me = ServerId::from_position(position);
        self.up.remove(&(me, channel, peer));
        let channel = other_end(channel);
        if self.up.remove(&(peer, channel, me)) {
            let inbox = &mut self.servers[peer.position()].inbox;
            inbox.push_back(Input::ConnectionDown { peer: me, channel });
        }
    }
}

/// What a connection is for, seen from its other end.
const fn other_end(channel: Channel) -> Channel {
    match channel {
        Channel::Election => Channel::Election,
        Channel::ToLeader => Channel::ToLearner,
        Channel::ToLearner => Channel::ToLeader,
    }
}
