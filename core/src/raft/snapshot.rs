//! Snapshots and log compaction (Raft §7).
//!
//! A snapshot takes the place of all entries up to its last one. A log may keep some of them for a
//! while, so that a follower that is a little behind still gets entries; so the log's base is at
//! or before the last entry of the snapshot, and the snapshot's last entry is at or before the
//! commit index.

use std::sync::Arc;

use thiserror::Error;

use super::Replica;
use super::configuration::Configuration;
use super::durable::Write;
use super::io::{Output, tell};
use super::log::Payload;
use super::position::{Index, LogPosition};
use super::snapshot_fact::SnapshotFact;

/// The state machine's state after the entry `last`, and what else the entries up to there said.
///
/// State machines are deterministic, so whoever takes a snapshot at an entry takes the same one,
/// byte for byte: a transfer that one leader began may be finished by another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Snapshot<P: Payload> {
    /// The last entry that it stands for.
    pub last: LogPosition,
    /// The configuration as of that entry: the entries that said so are gone (Raft §7).
    pub configuration: Configuration,
    /// The state.
    pub image: P::Image,
    /// How many bytes it takes, on a disk or in messages; at least one.
    pub size: u64,
}

/// The beginning of a snapshot, as far as a follower has received it. It survives a crash, so
/// that the transfer goes on where it stopped.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PartialSnapshot<P: Payload> {
    /// Which snapshot. Only its first `stored` bytes are here.
    pub snapshot: Arc<Snapshot<P>>,
    /// How many bytes are here; fewer than all.
    pub stored: u64,
}

/// Why a server takes no snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CompactError {
    /// It has applied nothing that its last snapshot does not hold.
    #[error("nothing was applied since the snapshot at entry {snapshot}")]
    NothingNew {
        /// The last entry of that snapshot.
        snapshot: Index,
    },
    /// It has applied nothing at all.
    #[error("nothing was applied yet")]
    NothingApplied,
}

impl<P: Payload> Replica<P> {
    /// Takes `image`, the state after the entry `applied`, for a snapshot, and drops the entries
    /// that nobody should need any more: "once a server completes writing a snapshot, it may
    /// delete all log entries up through the last included index" (Raft §7). Where the snapshot
    /// ends is where [`Replica::snapshot`] says afterwards.
    pub fn compact(
        &mut self,
        applied: Index,
        image: P::Image,
        out: &mut Vec<Output<P>>,
    ) -> Result<(), CompactError> {
        let last = self.would_compact(applied)?;
        let through = last.index;
        let snapshot = Arc::new(Snapshot {
            last,
            configuration: self.configuration_to_keep(through),
            size: P::image_size(&image).max(1),
            image,
        });
        let kept = through.number().saturating_sub(self.settings.snapshot_keep);
        let before = Index::new(kept).max(self.log.base().index);
        self.base_configuration = self.configuration_to_keep(before);
        self.log.compact(before);
        self.configured_at = self.configured_at.max(before);
        self.commit_index = self.commit_index.max(through);
        let fact = SnapshotFact::Taken {
            last: snapshot.last,
            bytes: snapshot.size,
            first: self.log.first_index(),
        };
        tell(out, fact.into());
        self.snapshot = Some(snapshot.clone());
        let token = self.storage.snapshot();
        let write = Write::Snapshot { snapshot, before };
        out.push(Output::Persist { token, write });
        Ok(())
    }

    /// What the entries up to `index` said of the configuration, before they leave the log: "the
    /// snapshot must also include the latest configuration in the log as of last included index"
    /// (Raft §7).
    fn configuration_to_keep(&self, index: Index) -> Configuration {
        if self.rules.snapshot_carries_configuration {
            self.configuration_at(index).clone()
        } else {
            self.base_configuration.clone()
        }
    }

    /// Up to where a snapshot would reach, once `applied` is applied.
    pub fn would_compact(&self, applied: Index) -> Result<LogPosition, CompactError> {
        let had = self.snapshot_index();
        let index = self.place_of_snapshot(applied);
        match self.log.term_at(index) {
            Some(term) if index > had => Ok(LogPosition { term, index }),
            _ if had == Index::ZERO => Err(CompactError::NothingApplied),
            _ => Err(CompactError::NothingNew { snapshot: had }),
        }
    }

    /// A snapshot may only stand for entries that are applied: what is not committed may yet be
    /// replaced, and its effect is not in the state.
    fn place_of_snapshot(&self, applied: Index) -> Index {
        if self.rules.snapshot_only_applied {
            applied
        } else {
            self.log.last_index()
        }
    }

    /// Whether the log has grown long enough for the next snapshot, once `applied` is applied.
    pub fn is_snapshot_due(&self, applied: Index) -> bool {
        let every = self.settings.snapshot_every;
        every > 0 && applied.number() >= self.snapshot_index().number().saturating_add(every)
    }

    /// The last entry of its snapshot; zero without one.
    pub(super) fn snapshot_index(&self) -> Index {
        self.snapshot
            .as_ref()
            .map_or(Index::ZERO, |snapshot| snapshot.last.index)
    }

    /// The snapshot that its log builds on, if it has one.
    pub fn snapshot(&self) -> Option<&Snapshot<P>> {
        self.snapshot.as_deref()
    }

    /// What it has of a snapshot that a leader is sending it.
    pub const fn partial_snapshot(&self) -> Option<&PartialSnapshot<P>> {
        self.partial.as_ref()
    }
}
