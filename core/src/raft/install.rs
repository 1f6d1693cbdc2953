//! Sending a snapshot to a follower that lacks entries which the leader no longer has, and
//! installing it (Raft §7, Figure 13).
//!
//! The chunks go one at a time, each when the one before is on the follower's disk. The answer says
//! how many bytes are there, and that is where the leader goes on: so nothing is sent again after a
//! crash of the follower, nor by the next leader, whose snapshot of the same entry is the same.

use std::sync::Arc;

use super::Replica;
use super::durable::Write;
use super::io::{Output, Turn, tell};
use super::log::{Log, Payload};
use super::message::{InstallOutcome, Message};
use super::position::{Index, Term};
use super::progress::Overdue;
use super::role::Role;
use super::snapshot::{PartialSnapshot, Snapshot};
use super::snapshot_fact::SnapshotFact;
use crate::ids::ServerId;

/// Some bytes of a snapshot.
struct Chunk<P: Payload> {
    snapshot: Arc<Snapshot<P>>,
    offset: u64,
    length: u64,
}

impl<P: Payload> Replica<P> {
    pub(super) fn receive_about_snapshot(
        &mut self,
        from: ServerId,
        message: Message<P>,
        turn: &mut Turn<'_, P>,
    ) {
        match message {
            Message::InstallSnapshot {
                term,
                snapshot,
                offset,
                length,
            } => {
                let chunk = Chunk {
                    snapshot,
                    offset,
                    length,
                };
                self.handle_install_snapshot(from, term, chunk, turn);
            }
            Message::InstallSnapshotReply {
                last_index,
                offset,
                outcome,
                ..
            } => self.handle_install_snapshot_reply(from, last_index, offset, outcome, turn.out),
            _ => {}
        }
    }
}

/// The leader's side.
impl<P: Payload> Replica<P> {
    /// Whether a follower can only be helped with a snapshot.
    pub(super) fn needs_snapshot(&mut self, position: usize) -> bool {
        let base = self.log.base().index;
        self.follower(position)
            .is_some_and(|progress| progress.needs_snapshot(base))
    }

    /// "The leader must occasionally send snapshots to followers that lag behind. This happens
    /// when the leader has already discarded the next log entry that it needs to send" (Raft §7).
    pub(super) fn begin_snapshot(&mut self, position: usize, out: &mut Vec<Output<P>>) {
        let first = self.log.first_index();
        let Some(snapshot) = self.snapshot.clone() else {
            return;
        };
        let (last, size) = (snapshot.last, snapshot.size);
        let Some((to, progress)) = self.follower_at(position) else {
            return;
        };
        let next = progress.next_index();
        progress.send_snapshot(last.index, size);
        let fact = SnapshotFact::Offered {
            to,
            last,
            bytes: size,
            next,
            first,
        };
        tell(out, fact.into());
        self.transfers.retain(|(other, _)| *other != to);
        self.transfers.push((to, snapshot));
        self.send_chunk(position, out);
    }

    /// Sends the chunk that the follower lacks next.
    fn send_chunk(&mut self, position: usize, out: &mut Vec<Output<P>>) {
        let (term, longest) = (self.hard.term, self.settings.snapshot_chunk);
        let Some((to, progress)) = self.follower_at(position) else {
            return;
        };
        let Some(transfer) = progress.transfer() else {
            return;
        };
        let sent = self.transfers.iter().find(|(other, _)| *other == to);
        if let Some((_, snapshot)) = sent {
            let message = Message::InstallSnapshot {
                term,
                snapshot: snapshot.clone(),
                offset: transfer.stored,
                length: longest.min(transfer.size.saturating_sub(transfer.stored)),
            };
            out.push(Output::Send { to, message });
        }
    }

    /// A follower of this term answers to a chunk.
    fn handle_install_snapshot_reply(
        &mut self,
        from: ServerId,
        last: Index,
        offset: u64,
        outcome: InstallOutcome,
        out: &mut Vec<Output<P>>,
    ) {
        let longest = self.settings.snapshot_chunk;
        let Some(position) = self.position_of(from) else {
            return;
        };
        match outcome {
            InstallOutcome::Installed { match_index } => {
                self.accepted(from, position, match_index, out);
            }
            InstallOutcome::Stored { bytes } => {
                let awaited = self
                    .follower(position)
                    .is_some_and(|progress| progress.chunk_answered(last, offset, bytes));
                if !awaited {
                    return;
                }
                let sent = offset + longest;
                if bytes != sent {
                    let fact = SnapshotFact::Resumed {
                        to: from,
                        offset: bytes,
                        sent,
                    };
                    tell(out, fact.into());
                }
                self.send_chunk(position, out);
            }
            InstallOutcome::StaleTerm => {}
        }
    }

    /// With each heartbeat: a chunk that was lost is sent again, and a follower that does not
    /// answer is given up for now.
    pub(super) fn look_after_snapshot(&mut self, position: usize, out: &mut Vec<Output<P>>) {
        let Some((to, progress)) = self.follower_at(position) else {
            return;
        };
        let Some(transfer) = progress.transfer() else {
            return;
        };
        match progress.overdue() {
            Overdue::No => {}
            Overdue::Chunk => {
                let offset = transfer.stored;
                tell(out, SnapshotFact::ChunkRepeated { to, offset }.into());
                self.send_chunk(position, out);
            }
            Overdue::Follower { beats } => {
                let last = transfer.last;
                tell(out, SnapshotFact::Abandoned { to, last, beats }.into());
                self.transfers.retain(|(other, _)| *other != to);
            }
        }
    }
}

/// The follower's side.
impl<P: Payload> Replica<P> {
    /// A leader sends a chunk of its snapshot.
    fn handle_install_snapshot(
        &mut self,
        leader: ServerId,
        term: Term,
        chunk: Chunk<P>,
        turn: &mut Turn<'_, P>,
    ) {
        // Two leaders in one term: only a broken rule makes them, and neither follows the other.
        if term == self.hard.term && self.role() == Role::Leader {
            return;
        }
        let (last_index, offset) = (chunk.snapshot.last.index, chunk.offset);
        let outcome = if term < self.hard.term {
            InstallOutcome::StaleTerm
        } else {
            self.follow(leader, turn);
            self.save_hard_state(turn.out);
            self.take_chunk(leader, chunk, turn.out)
        };
        let awaited = match outcome {
            InstallOutcome::Stored { .. } => self.storage.awaits_chunk(),
            InstallOutcome::Installed { match_index } => self.storage.awaits_entries(match_index),
            InstallOutcome::StaleTerm => self.storage.awaits_hard_state(),
        };
        let reply = Message::InstallSnapshotReply {
            term: self.hard.term,
            last_index,
            offset,
            outcome,
        };
        self.send_when_durable(awaited, leader, reply, turn.out);
    }

    fn take_chunk(
        &mut self,
        from: ServerId,
        chunk: Chunk<P>,
        out: &mut Vec<Output<P>>,
    ) -> InstallOutcome {
        let last = chunk.snapshot.last;
        // What is committed here is the same everywhere: an older snapshot has nothing to add.
        if last.index <= self.commit_index {
            return InstallOutcome::Installed {
                match_index: self.commit_index,
            };
        }
        if self.log.term_at(last.index) == Some(last.term) {
            self.keep_log_of(from, &chunk.snapshot, out);
            return InstallOutcome::Installed {
                match_index: last.index,
            };
        }
        let stored = self.stored_of(&chunk.snapshot);
        let end = chunk.offset.saturating_add(chunk.length);
        if chunk.offset > stored {
            let offset = chunk.offset;
            let fact = SnapshotFact::ChunkMissing {
                from,
                offset,
                stored,
            };
            tell(out, fact.into());
            return InstallOutcome::Stored { bytes: stored };
        }
        if end <= stored {
            return InstallOutcome::Stored { bytes: stored };
        }
        if end < chunk.snapshot.size {
            self.store_chunk(from, chunk.snapshot, (stored, end), out);
            return InstallOutcome::Stored { bytes: end };
        }
        self.install(from, chunk.snapshot, end - stored, out);
        InstallOutcome::Installed {
            match_index: last.index,
        }
    }

    /// How many bytes of a snapshot are here. It is known by its last entry: all that stand for
    /// the same entries are the same.
    fn stored_of(&self, snapshot: &Snapshot<P>) -> u64 {
        match &self.partial {
            Some(partial) if partial.snapshot.last == snapshot.last => partial.stored,
            _ => 0,
        }
    }

    /// Adds a chunk to what is there, or begins anew with another snapshot.
    fn store_chunk(
        &mut self,
        from: ServerId,
        snapshot: Arc<Snapshot<P>>,
        (before, stored): (u64, u64),
        out: &mut Vec<Output<P>>,
    ) {
        let fact = SnapshotFact::ChunkStored {
            from,
            last: snapshot.last,
            stored,
            bytes: snapshot.size,
        };
        tell(out, fact.into());
        let partial = PartialSnapshot { snapshot, stored };
        self.partial = Some(partial.clone());
        let token = self.storage.chunk();
        let length = stored - before;
        let write = Write::Chunk { partial, length };
        out.push(Output::Persist { token, write });
    }

    /// "If existing log entry has same index and term as snapshot's last included entry, retain
    /// log entries following it and reply" (Figure 13): the state will get there by itself, since
    /// what a snapshot stands for is committed.
    fn keep_log_of(&mut self, from: ServerId, snapshot: &Snapshot<P>, out: &mut Vec<Output<P>>) {
        let last = snapshot.last;
        let fact = SnapshotFact::NotNeeded { from, last };
        self.commit(last.index, fact.into(), out);
    }

    /// "Discard the entire log; reset state machine using snapshot contents (and load snapshot's
    /// cluster configuration)" (Figure 13).
    fn install(
        &mut self,
        from: ServerId,
        snapshot: Arc<Snapshot<P>>,
        length: u64,
        out: &mut Vec<Output<P>>,
    ) {
        let last = snapshot.last;
        let had = self.log.last_position();
        let token = self.storage.install(self.commit_index, last.index);
        self.log = Log::after(last);
        self.commit_index = last.index;
        self.partial = None;
        self.snapshot = Some(snapshot.clone());
        tell(out, SnapshotFact::Installed { from, last, had }.into());
        self.begin_configurations_with(&snapshot, out);
        let write = Write::Install {
            snapshot: snapshot.clone(),
            length,
        };
        out.push(Output::Persist { token, write });
        out.push(Output::Install { snapshot });
    }
}
