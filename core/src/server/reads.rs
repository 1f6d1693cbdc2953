//! Linearizable reads at their origin: each waits in its client's line until the replica says that
//! what is committed here is late enough.

use std::collections::BTreeMap;

use super::{ByProtocol, Output, Server};
use crate::ids::ConnectionId;
use crate::time::Time;

/// How many reads there were since the server booted, numbered from 0, and how many of them wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReadsOutline {
    /// How many have begun.
    pub begun: u64,
    /// How many have not been let go.
    pub waiting: usize,
}

/// The reads that the replica was asked for, each with the connection that waits for it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Reads {
    next: u64,
    waiting: BTreeMap<u64, ConnectionId>,
}

impl Reads {
    /// Another read begins.
    pub(super) fn begin(&mut self, connection: ConnectionId) -> u64 {
        let read = self.next;
        self.next += 1;
        self.waiting.insert(read, connection);
        read
    }
}

impl Server {
    /// The linearizable reads of its clients at a glance.
    pub fn reads_outline(&self) -> ReadsOutline {
        ReadsOutline {
            begun: self.reads.next,
            waiting: self.reads.waiting.len(),
        }
    }

    /// Whether a read of this number has not been let go.
    pub fn read_waits(&self, read: u64) -> bool {
        self.reads.waiting.contains_key(&read)
    }

    /// Asks the replica for a read of a client, or under Zab for a sync: one that goes nowhere is one
    /// of a server that is about to close the connection.
    pub(super) fn ask_for_read(&mut self, now: Time, connection: ConnectionId) -> u64 {
        let read = self.reads.begin(connection);
        match &mut self.protocol {
            ByProtocol::Raft(side) => side.ask_for_read(now, read),
            ByProtocol::Zab(side) => {
                side.sync(read);
            }
        }
        read
    }

    /// Answers the clients whose reads may be served now: all that is committed is applied.
    #[inline(never)] // Apart: it is needed later, and fetched then.
    pub(super) fn serve_reads(&mut self, now: Time, ready: &[u64], out: &mut Vec<Output>) {
        for read in ready {
            if let Some(connection) = self.reads.waiting.remove(read) {
                self.let_read(connection, *read);
                self.answer_ready(now, connection, out);
            }
        }
    }
}
