//! The machine that a server runs on.

use std::collections::VecDeque;

use super::clock::Clock;
use super::disk::Disk;
use super::network::InFlight;
use super::queue::Alarm;
use super::settings::Settings;
use crate::ids::{EventId, ServerId};
use crate::raft;
use crate::random::{Random, Stream};
use crate::server::{self, Server, Timer};

/// How many timers a server has.
pub(super) const TIMERS: usize = 3;

/// A machine. `server` is there exactly while it runs; `backlog` holds, in order, what came while
/// it was paused and was not taken in yet.
#[derive(Clone, Debug)]
pub struct Node {
    pub(super) id: ServerId,
    pub(super) server: Option<Server>,
    pub(super) disk: Disk,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) alarms: [Alarm; TIMERS],
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
    pub(super) fn new(id: ServerId, settings: &Settings) -> Self {
        Self {
            id,
            server: None,
            disk: Disk::new(settings.storage, settings.snapshot_chunk),
            clock: Clock::default(),
            random: Random::new(settings.seed, Stream::Server(id.number())),
            alarms: [Alarm::default(); TIMERS],
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
    }
}

/// The timer at a place in a node's array.
pub(super) const fn timer_at(place: u8) -> Timer {
    match place {
        0 => Timer::Raft(raft::Timer::Election),
        1 => Timer::Raft(raft::Timer::Heartbeat),
        _ => Timer::Tick,
    }
}
