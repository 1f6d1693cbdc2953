//! Connections on the bench: in order, up and down, and with what was on the way lost.

use std::collections::VecDeque;

use super::testing::Bench;
use super::*;

/// A connection by its ends. Of two that hold elections, the lower comes first; else the learner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct WireId {
    pub(super) elects: bool,
    pub(super) ends: [ServerId; 2],
}

/// What is on the way to one end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Message(Message<u64>),
    Down,
}

/// A connection: for each end, whether it is up there and what is on the way to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Wire {
    /// Who is opening it.
    pub(super) dialer: Option<usize>,
    pub(super) up: [bool; 2],
    pub(super) under_way: [VecDeque<Item>; 2],
}

impl WireId {
    /// The wire that `me` sees as `channel` to `peer`, and which end of it `me` is.
    fn seen(me: ServerId, peer: ServerId, channel: Channel) -> (Self, usize) {
        let elects = channel == Channel::Election;
        let first = match channel {
            Channel::Election => me < peer,
            Channel::ToLeader => true,
            Channel::ToLearner => false,
        };
        let ends = if first { [me, peer] } else { [peer, me] };
        (Self { elects, ends }, usize::from(!first))
    }

    fn channel(self, end: usize) -> Channel {
        match (self.elects, end) {
            (true, _) => Channel::Election,
            (false, 0) => Channel::ToLeader,
            (false, _) => Channel::ToLearner,
        }
    }
}

impl Bench {
    pub(super) fn post(&mut self, from: ServerId, to: ServerId, message: Message<u64>) {
        if self.keeps_records {
            self.sent.push((from, to, message.clone()));
        }
        let (id, end) = WireId::seen(from, to, message.channel());
        let wire = self.wires.entry(id).or_default();
        assert!(
            wire.up[end],
            "{from} sends {} to {to} over nothing",
            message.kind()
        );
        if wire.up[1 - end] {
            wire.under_way[1 - end].push_back(Item::Message(message));
        }
    }

    pub(super) fn dial(&mut self, from: ServerId, to: ServerId, channel: Channel) {
        let (id, end) = WireId::seen(from, to, channel);
        let wire = self.wires.entry(id).or_default();
        if !wire.up[end] && wire.dialer.is_none() {
            wire.dialer = Some(end);
        }
    }

    /// One end closes. What it has sent may still arrive.
    pub(super) fn hang_up(&mut self, me: ServerId, peer: ServerId, channel: Channel) {
        let (id, end) = WireId::seen(me, peer, channel);
        let wire = self.wires.entry(id).or_default();
        if wire.dialer == Some(end) {
            wire.dialer = None;
        }
        if std::mem::take(&mut wire.up[end]) {
            wire.under_way[end].clear();
            if wire.up[1 - end] {
                wire.under_way[1 - end].push_back(Item::Down);
            }
        }
    }

    /// A crashed server's connections end.
    pub(super) fn hang_up_all(&mut self, me: ServerId) {
        let ids: Vec<_> = self.wires.keys().copied().collect();
        for id in ids {
            if let Some(end) = id.ends.iter().position(|end| *end == me) {
                self.hang_up(me, id.ends[1 - end], id.channel(end));
            }
        }
    }

    /// A connection breaks, and what is on the way is lost.
    pub(super) fn break_wire(&mut self, id: WireId) {
        if let Some(wire) = self.wires.get_mut(&id) {
            for end in 0..2 {
                wire.under_way[end].clear();
                if wire.up[end] {
                    wire.under_way[end].push_back(Item::Down);
                }
            }
        }
    }

    /// Cuts a server off: its connections break, and none can be opened.
    pub(super) fn isolate(&mut self, me: ServerId) {
        self.isolated.insert(me);
        let ids: Vec<_> = self.wires.keys().copied().collect();
        for id in ids.into_iter().filter(|id| id.ends.contains(&me)) {
            self.break_wire(id);
        }
    }

    /// Opens a connection that is being dialled, or says that it cannot be opened.
    pub(super) fn open(&mut self, id: WireId) -> bool {
        let Some(wire) = self.wires.get_mut(&id) else {
            return false;
        };
        let Some(dialer) = wire.dialer.take() else {
            return false;
        };
        let reachable = id.ends.iter().all(|end| {
            !self.isolated.contains(end) && self.machines[end.position()].replica.is_some()
        });
        let inform = |bench: &mut Self, end: usize, up: bool| {
            let (peer, channel) = (id.ends[1 - end], id.channel(end));
            let input = if up {
                Input::ConnectionUp { peer, channel }
            } else {
                Input::ConnectionDown { peer, channel }
            };
            bench.input(id.ends[end], input);
        };
        if !reachable {
            inform(self, dialer, false);
            return true;
        }
        // An end that has not noticed the end of the connection before does so now.
        for end in 0..2 {
            let wire = self.wires.entry(id).or_default();
            wire.under_way[end].clear();
            if std::mem::take(&mut wire.up[end]) {
                inform(self, end, false);
            }
        }
        self.wires.entry(id).or_default().up = [true; 2];
        inform(self, 1 - dialer, true);
        inform(self, dialer, true);
        true
    }

    /// Delivers the next of what is on the way to one end.
    pub(super) fn deliver(&mut self, id: WireId, end: usize) -> bool {
        let Some(wire) = self.wires.get_mut(&id) else {
            return false;
        };
        let Some(item) = wire.under_way[end].pop_front() else {
            return false;
        };
        let (me, from) = (id.ends[end], id.ends[1 - end]);
        match item {
            Item::Message(message) => self.input(me, Input::Message { from, message }),
            Item::Down => {
                wire.up[end] = false;
                // What was sent into a broken connection.
                wire.under_way[end].clear();
                let channel = id.channel(end);
                let peer = from;
                self.input(me, Input::ConnectionDown { peer, channel });
            }
        }
        true
    }

    /// Does the first thing that can be done with connections and messages.
    pub(super) fn move_something(&mut self) -> bool {
        let ids: Vec<_> = self.wires.keys().copied().collect();
        ids.into_iter()
            .any(|id| self.deliver(id, 0) || self.deliver(id, 1) || self.open(id))
    }
}
