//! The machine that a server runs on.

use std::collections::VecDeque;

use super::clock::Clock;
use super::disk::Disk;
use super::network::InFlight;
use super::queue::Alarm;
use super::settings::Settings;
use crate::ids::{EventId, ServerId};
use crate::random::{Random, Stream};
use crate::server::{self, Durable, Protocol, Server, Timer};
use crate::time::Time;
use crate::{raft, zab};

/// How many timers a server has.
const fn timers(protocol: Protocol) -> usize {
    match protocol {
        Protocol::Raft => 3,
        Protocol::Zab => 3 + OF_ZAB.len(),
    }
}

/// Zab's timers, in the order of their places, which come after the others'.
const OF_ZAB: [zab::Timer; 8] = [
    zab::Timer::Resend,
    zab::Timer::Finalize,
    zab::Timer::Quorum,
    zab::Timer::GiveUp,
    zab::Timer::Tick,
    zab::Timer::Apply,
    zab::Timer::Reconnect,
    zab::Timer::Silence,
];

/// A machine. `server` is there exactly while it runs; `backlog` holds, in order, what came while
/// it was paused and was not taken in yet.
#[derive(Clone, Debug)]
pub struct Node {
    pub(super) id: ServerId,
    pub(super) server: Option<Server>,
    pub(super) disk: Disk,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) alarms: Vec<Alarm>,
    pub(super) paused: bool,
    /// In elections; an operator gave it.
    pub(super) priority: u8,
    pub(super) backlog: VecDeque<(Waiting, Option<EventId>)>,
}

/// What a server that stands still has not taken in.
#[derive(Clone, Debug)]
pub(super) enum Waiting {
    /// An input.
    Input(Box<server::Input>),
    /// A packet of a connection with another server. What it means is decided when it is taken
    /// in: until then the server goes by the connections that it knows.
    Packet(Box<InFlight>),
}

impl Node {
    pub(super) fn new(id: ServerId, blank: Durable, settings: &Settings) -> Self {
        Self {
            id,
            server: None,
            disk: Disk::new(blank, settings.storage, settings.snapshot_chunk),
            clock: Clock::default(),
            random: Random::new(settings.seed, Stream::Server(id.number())),
            alarms: vec![Alarm::default(); timers(settings.protocol)],
            paused: false,
            priority: 0,
            backlog: VecDeque::new(),
        }
    }

    /// Its name.
    pub fn id(&self) -> ServerId {
        self.id
    }

    /// The server, while it runs.
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Its disk.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether it stands still.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// When a timer of its server rings, in true time, if it runs.
    pub fn rings_at(&self, timer: Timer) -> Option<Time> {
        let alarm = self.alarms.get(place_of(timer)).filter(|it| it.is_set())?;
        Some(self.clock.true_time(alarm.local()))
    }

    /// Whether input has to wait behind what came earlier.
    pub(super) fn is_busy(&self) -> bool {
        self.paused || !self.backlog.is_empty()
    }
}

/// The place of a timer in a node's array.
pub(super) const fn place_of(timer: Timer) -> usize {
    match timer {
        Timer::Raft(raft::Timer::Election) => 0,
        Timer::Raft(raft::Timer::Heartbeat) => 1,
        Timer::Tick => 2,
        Timer::Zab(timer) => 3 + timer as usize,
    }
}

/// The timer at a place in a node's array.
pub(super) const fn timer_at(place: u8) -> Timer {
    match place {
        0 => Timer::Raft(raft::Timer::Election),
        1 => Timer::Raft(raft::Timer::Heartbeat),
        2 => Timer::Tick,
        place => Timer::Zab(OF_ZAB[place as usize - 3]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_timer_has_a_place_of_its_own() {
        for place in 0..timers(Protocol::Zab) {
            assert_eq!(place_of(timer_at(place as u8)), place);
        }
    }
}
