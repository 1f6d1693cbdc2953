//! A server's disk: what survives a crash, and how long it takes to get there.

use std::collections::VecDeque;

use crate::ids::EventId;
use crate::server::{Durable, Token, Write};
use crate::time::{Duration, Time};

/// A write that is not durable yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Pending {
    token: Token,
    write: Write,
    due: Time,
    cause: Option<EventId>,
}

/// A disk. Writes become durable in the order in which they were made, each `latency` after it was
/// made, and a snapshot `latency` after it was made for each `block` of its bytes. A crash keeps
/// what is durable and, as the fault asks, some of the oldest of what is not: the device may have
/// written it without having said so.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Disk {
    image: Durable,
    pending: VecDeque<Pending>,
    latency: Duration,
    block: u64,
    full: bool,
}

impl Disk {
    /// A new disk that writes a snapshot in blocks of so many bytes.
    pub(super) fn new(blank: Durable, latency: Duration, block: u64) -> Self {
        Self {
            block: block.max(1),
            image: blank,
            pending: VecDeque::new(),
            latency,
            full: false,
        }
    }

    /// Takes a write in; when it will be durable, unless the disk is full.
    pub(super) fn write(
        &mut self,
        now: Time,
        token: Token,
        write: Write,
        cause: Option<EventId>,
    ) -> Option<Time> {
        let blocks = write.snapshot_bytes().div_ceil(self.block).max(1);
        let earliest = now + self.latency.fraction(blocks, 1);
        let due = self
            .pending
            .back()
            .map_or(earliest, |last| earliest.max(last.due));
        self.pending.push_back(Pending {
            token,
            write,
            due,
            cause,
        });
        (!self.full).then_some(due)
    }

    /// The oldest write, if it is due by `now`, becomes durable.
    pub(super) fn finish(&mut self, now: Time) -> Option<(Token, Option<EventId>)> {
        if self.full || self.pending.front()?.due > now {
            return None;
        }
        let pending = self.pending.pop_front()?;
        self.image.apply(&pending.write);
        Some((pending.token, pending.cause))
    }

    /// The machine stops: of the writes that are not durable, the oldest `keep` survive.
    pub(super) fn crash(&mut self, keep: usize) {
        for pending in self.pending.drain(..).take(keep) {
            self.image.apply(&pending.write);
        }
    }

    /// Everything on it is gone: it is as new.
    pub(super) fn wipe(&mut self, blank: Durable) {
        self.image = blank;
        self.pending.clear();
    }

    /// From now on a write takes this long.
    pub(super) fn set_latency(&mut self, latency: Duration) {
        self.latency = latency;
    }

    /// From now on no write becomes durable, or they do again; then, when each of those waiting
    /// does.
    pub(super) fn set_full(&mut self, now: Time, full: bool) -> impl Iterator<Item = Time> + '_ {
        let emptied = self.full && !full;
        self.full = full;
        let earliest = now + self.latency;
        self.pending
            .iter_mut()
            .filter(move |_| emptied)
            .map(move |pending| {
                pending.due = pending.due.max(earliest);
                pending.due
            })
    }

    /// What is durable.
    pub fn image(&self) -> &Durable {
        &self.image
    }

    /// How many writes are not durable yet.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// How long a write takes.
    pub fn latency(&self) -> Duration {
        self.latency
    }

    /// Whether no write becomes durable.
    pub fn is_full(&self) -> bool {
        self.full
    }
}
