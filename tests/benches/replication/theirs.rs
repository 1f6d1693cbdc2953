//! Five nodes of the `raft` crate, driven as its documentation says: step what arrived, then take
//! each `Ready`, send, store, apply, advance.

use raft::eraftpb::{Entry, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};
use slog::{Discard, Logger, o};

use crate::{Applied, Cluster, MAX_INFLIGHT, MAX_MESSAGE, SERVERS, payload};

struct Node {
    raw: RawNode<MemStorage>,
    inbox: Vec<Message>,
    applied: Applied,
}

pub(crate) struct Theirs {
    nodes: Vec<Node>,
    messages: u64,
}

impl Cluster for Theirs {
    fn elect() -> Self {
        let logger = Logger::root(Discard, o!());
        let node = |id| {
            let config = Config {
                id,
                max_size_per_msg: MAX_MESSAGE,
                max_inflight_msgs: MAX_INFLIGHT,
                ..Config::default()
            };
            let voters: Vec<u64> = (1..=SERVERS).collect();
            let storage = MemStorage::new_with_conf_state((voters, Vec::new()));
            Node {
                raw: RawNode::new(&config, storage, &logger).expect("the configuration is valid"),
                inbox: Vec::new(),
                applied: Applied::default(),
            }
        };
        let mut cluster = Self {
            nodes: (1..=SERVERS).map(node).collect(),
            messages: 0,
        };
        let campaign = cluster.nodes[0].raw.campaign();
        campaign.expect("a follower may stand");
        cluster.handle_ready(0);
        cluster.settle();
        assert_eq!(cluster.nodes[0].raw.raft.state, StateRole::Leader);
        cluster
    }

    fn write(&mut self, first: u64, batch: u64) {
        for number in first..first + batch {
            let proposed = self.nodes[0].raw.propose(Vec::new(), payload(number));
            proposed.expect("it was elected and nothing stops it");
        }
        self.handle_ready(0);
        self.settle();
    }

    fn messages(&self) -> u64 {
        self.messages
    }

    fn applied(&self) -> [Applied; SERVERS as usize] {
        std::array::from_fn(|position| self.nodes[position].applied)
    }
}

impl Theirs {
    fn settle(&mut self) {
        while self.nodes.iter().any(|node| !node.inbox.is_empty()) {
            for position in 0..self.nodes.len() {
                let node = &mut self.nodes[position];
                for message in std::mem::take(&mut node.inbox) {
                    node.raw.step(message).expect("members talk to members");
                }
                self.handle_ready(position);
            }
        }
    }

    fn handle_ready(&mut self, position: usize) {
        while self.nodes[position].raw.has_ready() {
            let mut ready = self.nodes[position].raw.ready();
            self.send(ready.take_messages());
            let node = &mut self.nodes[position];
            node.apply(&ready.take_committed_entries());
            let mut store = node.raw.store().wl();
            store
                .append(ready.entries())
                .expect("entries continue the log");
            if let Some(hard_state) = ready.hs() {
                store.set_hardstate(hard_state.clone());
            }
            drop(store);
            self.send(ready.take_persisted_messages());
            let node = &mut self.nodes[position];
            let mut rest = node.raw.advance(ready);
            if let Some(commit) = rest.commit_index() {
                node.raw.store().wl().mut_hard_state().set_commit(commit);
            }
            node.apply(&rest.take_committed_entries());
            node.raw.advance_apply();
            self.send(rest.take_messages());
        }
    }

    fn send(&mut self, messages: Vec<Message>) {
        for message in messages {
            self.messages += 1;
            self.nodes[message.to as usize - 1].inbox.push(message);
        }
    }
}

impl Node {
    fn apply(&mut self, entries: &[Entry]) {
        // A new leader's first entry is empty.
        for entry in entries.iter().filter(|entry| !entry.data.is_empty()) {
            self.applied.apply(&entry.data);
        }
    }
}
