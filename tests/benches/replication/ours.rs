//! Five of our replicas.

use quorumscope_core::ids::ServerId;
use quorumscope_core::raft::{
    Configuration, Content, Durable, Index, Input, Message, Output, Payload, Replica, Role, Rules,
    Settings, Timer, Token,
};
use quorumscope_core::random::Bits;
use quorumscope_core::time::Time;

use crate::{Applied, Cluster, MAX_INFLIGHT, MAX_MESSAGE, SERVERS, Value, payload};

const NOW: Time = Time::ZERO;
const RANDOM: Bits = Bits(0);

impl Payload for Value {
    type Image = ();

    fn size(&self) -> usize {
        self.0.len()
    }

    fn image_size((): &()) -> u64 {
        0
    }
}

struct Server {
    replica: Replica<Value>,
    disk: Durable<Value>,
    inbox: Vec<(ServerId, Message<Value>)>,
    commit: Index,
    applied_through: Index,
    applied: Applied,
}

pub(crate) struct Ours {
    servers: Vec<Server>,
    messages: u64,
    out: Vec<Output<Value>>,
}

impl Cluster for Ours {
    fn elect() -> Self {
        let settings = Settings {
            max_entries_per_message: usize::MAX,
            max_bytes_per_message: MAX_MESSAGE as usize,
            max_inflight_messages: MAX_INFLIGHT,
            ..Settings::default()
        };
        let ids = || (0..SERVERS as usize).map(ServerId::from_position);
        let boot = |id| Server {
            replica: Replica::boot(
                id,
                Configuration::new(ids(), []),
                settings,
                Rules::default(),
                Durable::default(),
                NOW,
                RANDOM,
                &mut Vec::new(),
            ),
            disk: Durable::default(),
            inbox: Vec::new(),
            commit: Index::ZERO,
            applied_through: Index::ZERO,
            applied: Applied::default(),
        };
        let mut cluster = Self {
            servers: ids().map(boot).collect(),
            messages: 0,
            out: Vec::new(),
        };
        let election = Input::Timer(Timer::Election);
        cluster.servers[0]
            .replica
            .step(NOW, RANDOM, election, &mut cluster.out);
        cluster.carry_out(0);
        cluster.settle();
        assert_eq!(cluster.servers[0].replica.role(), Role::Leader);
        cluster
    }

    fn write(&mut self, first: u64, batch: u64) {
        let leader = &mut self.servers[0].replica;
        for number in first..first + batch {
            let value = Value(payload(number).into());
            leader
                .propose(NOW, value, &mut self.out)
                .expect("it was elected and nothing stops it");
        }
        self.carry_out(0);
        self.settle();
    }

    fn messages(&self) -> u64 {
        self.messages
    }

    fn applied(&self) -> [Applied; SERVERS as usize] {
        std::array::from_fn(|position| self.servers[position].applied)
    }
}

impl Ours {
    fn settle(&mut self) {
        while self.servers.iter().any(|server| !server.inbox.is_empty()) {
            for position in 0..self.servers.len() {
                let server = &mut self.servers[position];
                for (from, message) in std::mem::take(&mut server.inbox) {
                    let input = Input::Message { from, message };
                    server.replica.step(NOW, RANDOM, input, &mut self.out);
                }
                self.carry_out(position);
            }
        }
    }

    /// Does what a server asked for. The disk writes at once and confirms the last write, and with
    /// it all before.
    fn carry_out(&mut self, position: usize) {
        while !self.out.is_empty() {
            let mut written: Option<Token> = None;
            let from = ServerId::from_position(position);
            let mut outputs = std::mem::take(&mut self.out);
            for output in outputs.drain(..) {
                match output {
                    Output::Send { to, message } => {
                        self.messages += 1;
                        self.servers[to.position()].inbox.push((from, message));
                    }
                    Output::Persist { token, write } => {
                        self.servers[position].disk.apply(&write);
                        written = Some(token);
                    }
                    Output::Commit { through } => self.servers[position].commit = through,
                    _ => {}
                }
            }
            self.out = outputs;
            let server = &mut self.servers[position];
            if let Some(token) = written {
                let input = Input::Stored(token);
                server.replica.step(NOW, RANDOM, input, &mut self.out);
            }
            server.apply();
        }
    }
}

impl Server {
    fn apply(&mut self) {
        let first = self.applied_through.next();
        for entry in self.replica.log().range(first, self.commit) {
            if let Content::Command(Value(bytes)) = &entry.content {
                self.applied.apply(bytes);
            }
        }
        self.applied_through = self.commit;
    }
}
