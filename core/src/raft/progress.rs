//! What a leader knows of one follower's log, and how boldly it sends.

use std::collections::VecDeque;

use serde::Serialize;

use super::position::Index;

/// A leader's knowledge of one follower: `nextIndex` and `matchIndex` of Figure 2, and the
/// messages in flight.
///
/// Always `match_index` < `next_index` (etcd/raft #149). While probing, either nothing is known to
/// match, or all up to the entry before the next. While a snapshot is sent, entries wait.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Progress {
    /// The follower stores what the leader has, up to here.
    match_index: Index,
    /// The next entry to send.
    next_index: Index,
    mode: Mode,
    /// The highest commit index that a message sent to the follower lets it take up.
    told_commit: Index,
    /// The latest round that the follower has answered to.
    acknowledged: u64,
}

/// How a leader sends to a follower.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProgressState {
    /// Looking for the place where the logs agree: one message at a time.
    Probe,
    /// The logs agree: entries are sent ahead of their acknowledgements.
    Replicate,
    /// The next entry is no longer in the leader's log: a snapshot is sent, chunk by chunk.
    Snapshot,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Mode {
    Probe {
        /// A message with entries is on its way.
        waiting: bool,
    },
    Replicate {
        /// The last entry of each message on its way, and the bytes of its entries.
        inflight: VecDeque<(Index, u64)>,
        /// The first of `inflight` when the last heartbeat was sent.
        oldest_at_heartbeat: Option<Index>,
    },
    Snapshot(Transfer),
}

/// How far a snapshot has come. One chunk is on its way at a time, the one at byte `stored`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Transfer {
    /// The last entry that the snapshot stands for.
    pub last: Index,
    /// Its size.
    pub size: u64,
    /// Bytes that the follower is known to have on disk.
    pub stored: u64,
    /// Heartbeats since the follower last answered to a chunk.
    pub unanswered: u32,
}

/// How many heartbeats a leader goes on sending a snapshot to a follower that does not answer.
/// After that it waits until it hears of the follower, and sends the snapshot it has then.
const PATIENCE: u32 = 10;

/// What a heartbeat means for a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Overdue {
    /// Nothing is.
    No,
    /// The chunk, or its answer, may be lost.
    Chunk,
    /// The follower has been silent for so many heartbeats.
    Follower { beats: u32 },
}

/// What an acknowledgement told the leader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ack {
    /// The follower stores more than was known.
    News,
    /// Nothing new.
    Known,
}

/// What a rejection told the leader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Nack {
    /// It answers a message that later ones have overtaken.
    Stale,
    /// Send from an earlier entry.
    BackUp,
    /// The follower no longer has what it had acknowledged.
    Lost,
}

impl Progress {
    /// Of a follower about whom a new leader knows nothing: it tries its own last entry first
    /// (Raft §5.3).
    pub(super) const fn unknown(last_index: Index) -> Self {
        Self {
            match_index: Index::ZERO,
            next_index: last_index.next(),
            mode: Mode::Probe { waiting: false },
            told_commit: Index::ZERO,
            acknowledged: 0,
        }
    }

    /// The latest round that the follower has answered to.
    pub(super) const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The follower has answered to `round`.
    pub(super) fn acknowledge(&mut self, round: u64) {
        self.acknowledged = self.acknowledged.max(round);
    }

    /// `matchIndex`: the follower stores what the leader has, up to here.
    pub const fn match_index(&self) -> Index {
        self.match_index
    }

    /// `nextIndex`: the next entry to send.
    pub const fn next_index(&self) -> Index {
        self.next_index
    }

    /// How the leader sends.
    pub const fn state(&self) -> ProgressState {
        match self.mode {
            Mode::Probe { .. } => ProgressState::Probe,
            Mode::Replicate { .. } => ProgressState::Replicate,
            Mode::Snapshot(_) => ProgressState::Snapshot,
        }
    }

    /// How far the snapshot has come that is being sent.
    pub const fn transfer(&self) -> Option<Transfer> {
        match self.mode {
            Mode::Snapshot(transfer) => Some(transfer),
            _ => None,
        }
    }

    /// Messages with entries on their way.
    pub fn inflight(&self) -> usize {
        match &self.mode {
            Mode::Probe { waiting } => usize::from(*waiting),
            Mode::Replicate { inflight, .. } => inflight.len(),
            Mode::Snapshot(_) => 1,
        }
    }

    /// Whether another message with entries may go.
    pub(super) fn may_send(&self, max_inflight: usize, max_bytes: u64) -> bool {
        match &self.mode {
            Mode::Probe { waiting } => !waiting,
            Mode::Replicate { inflight, .. } => {
                let bytes: u64 = inflight.iter().map(|(_, bytes)| *bytes).sum();
                inflight.len() < max_inflight && bytes < max_bytes
            }
            Mode::Snapshot(_) => false,
        }
    }

    /// Entries up to `through`, of so many bytes, are on their way. While replicating, the next message continues
    /// from there without waiting; a probe stays where it is.
    pub(super) fn sent(&mut self, through: Index, bytes: u64) {
        match &mut self.mode {
            Mode::Probe { waiting } => *waiting = true,
            Mode::Replicate { inflight, .. } => {
                inflight.push_back((through, bytes));
                self.next_index = through.next();
            }
            Mode::Snapshot(_) => {}
        }
    }

    /// The entry that the next heartbeat refers to.
    ///
    /// While probing it is the one before the next: the heartbeat is a probe too, and makes up
    /// for one that was lost. While replicating it is one that the follower is known to have,
    /// since the heartbeat may overtake entries in flight and must not be taken for a conflict.
    /// Only if the oldest message in flight was already so a heartbeat ago does it refer to the
    /// last entry sent, so that the answer tells whether entries or acknowledgements were lost;
    /// otherwise a window full of lost messages would stay full for ever (etcd #14633).
    pub(super) fn heartbeat_prev(&mut self) -> Index {
        match &mut self.mode {
            Mode::Probe { .. } => self.next_index.prev(),
            Mode::Replicate {
                inflight,
                oldest_at_heartbeat,
            } => {
                let oldest = inflight.front().map(|(last, _)| *last);
                let stalled = oldest.is_some() && oldest == *oldest_at_heartbeat;
                *oldest_at_heartbeat = oldest;
                if stalled {
                    self.next_index.prev()
                } else {
                    self.match_index
                }
            }
            Mode::Snapshot(_) => self.match_index,
        }
    }

    /// The entry that a heartbeat between two beats refers to: it asks after nothing that may
    /// still be in flight.
    pub(super) const fn round_prev(&self) -> Index {
        match self.mode {
            Mode::Probe { .. } => self.next_index.prev(),
            Mode::Replicate { .. } | Mode::Snapshot(_) => self.match_index,
        }
    }

    /// Whether the next entry to send has left a log that begins after `base`, so that a snapshot
    /// must be sent; not while a probe waits for an answer, perhaps for ever.
    pub(super) const fn needs_snapshot(&self, base: Index) -> bool {
        let may = match self.mode {
            Mode::Probe { waiting } => !waiting,
            Mode::Replicate { .. } => true,
            Mode::Snapshot(_) => false,
        };
        may && self.next_index.number() <= base.number()
    }

    /// A snapshot is sent from now on.
    pub(super) fn send_snapshot(&mut self, last: Index, size: u64) {
        self.mode = Mode::Snapshot(Transfer {
            last,
            size,
            stored: 0,
            unanswered: 0,
        });
    }

    /// The follower answers to the chunk at `offset` of the snapshot through `last`: it has so
    /// many bytes of it. Whether the answer is the one that was waited for; to answer each double
    /// would double every chunk that follows.
    pub(super) fn chunk_answered(&mut self, last: Index, offset: u64, bytes: u64) -> bool {
        match &mut self.mode {
            Mode::Snapshot(transfer) if transfer.last == last && transfer.stored == offset => {
                transfer.stored = bytes;
                transfer.unanswered = 0;
                true
            }
            _ => false,
        }
    }

    /// A heartbeat goes out: whether what was sent of a snapshot is overdue. A follower that is
    /// silent for too long is probed, and not before something is heard of it.
    pub(super) fn overdue(&mut self) -> Overdue {
        let Mode::Snapshot(transfer) = &mut self.mode else {
            return Overdue::No;
        };
        transfer.unanswered += 1;
        let beats = transfer.unanswered;
        match beats {
            1 => Overdue::No,
            2..PATIENCE => Overdue::Chunk,
            _ => {
                self.next_index = self.match_index.next();
                self.mode = Mode::Probe { waiting: true };
                Overdue::Follower { beats }
            }
        }
    }

    /// The follower stores what the leader has, up to `through`. The leader's log begins after
    /// `base`.
    pub(super) fn accepted(&mut self, through: Index, base: Index) -> Ack {
        let ack = if through > self.match_index {
            Ack::News
        } else {
            Ack::Known
        };
        self.match_index = self.match_index.max(through);
        match &mut self.mode {
            Mode::Probe { waiting } => {
                // An answer to an older message says nothing of the place being probed.
                if through >= self.match_index {
                    self.replicate();
                } else if self.next_index <= base {
                    *waiting = false;
                }
            }
            // Whatever lets entries continue will do, be it less than the snapshot that was sent
            // (etcd/raft #110, #10308); and the end of a snapshot that the log has outrun since.
            Mode::Snapshot(transfer) => {
                if self.match_index >= base || self.match_index >= transfer.last {
                    self.replicate();
                }
            }
            Mode::Replicate { inflight, .. } => {
                while inflight
                    .pop_front_if(|(last, _)| *last <= through)
                    .is_some()
                {}
                self.next_index = self.next_index.max(self.match_index.next());
            }
        }
        ack
    }

    fn replicate(&mut self) {
        self.next_index = self.match_index.next();
        self.mode = Mode::Replicate {
            inflight: VecDeque::new(),
            oldest_at_heartbeat: None,
        };
    }

    /// The follower has no entry at `prev` like the leader's; the logs may agree at `hint`.
    pub(super) fn rejected(&mut self, prev: Index, hint: Index, heartbeat: bool) -> Nack {
        if prev <= self.match_index {
            // A heartbeat refers to what is known to match, so a refusal can only mean that the
            // follower's disk lost what was acknowledged. To know less is always safe.
            if !heartbeat {
                return Nack::Stale;
            }
            self.match_index = Index::ZERO;
            self.told_commit = Index::ZERO;
            self.probe_from(prev.min(hint.next()));
            return Nack::Lost;
        }
        match self.mode {
            Mode::Snapshot(_) => Nack::Stale,
            Mode::Probe { .. } if prev != self.next_index.prev() => Nack::Stale,
            Mode::Probe { .. } => {
                self.probe_from(prev.min(hint.next()));
                Nack::BackUp
            }
            // Something in flight was lost: what is known to match is where to go on.
            Mode::Replicate { .. } => {
                self.probe_from(self.match_index.next());
                Nack::BackUp
            }
        }
    }

    fn probe_from(&mut self, next: Index) {
        self.next_index = next.max(Index::new(1));
        self.mode = Mode::Probe { waiting: false };
    }

    /// A message lets the follower take up a commit index of `commit`.
    pub(super) fn told(&mut self, commit: Index) {
        self.told_commit = self.told_commit.max(commit);
    }

    /// Whether the follower could take up more of `commit` than it was told of.
    pub(super) fn should_hear_of(&self, commit: Index) -> bool {
        self.state() == ProgressState::Replicate && commit.min(self.match_index) > self.told_commit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(number: u64) -> Index {
        Index::new(number)
    }

    /// A follower that is known to store `through`.
    fn replicating(through: u64) -> Progress {
        let mut progress = Progress::unknown(index(through));
        assert_eq!(progress.accepted(index(through), Index::ZERO), Ack::News);
        assert_eq!(progress.state(), ProgressState::Replicate);
        progress
    }

    #[test]
    fn a_probe_sends_one_message_and_waits_for_its_answer() {
        let mut progress = Progress::unknown(index(4));
        assert!(progress.may_send(16, u64::MAX));
        progress.sent(index(7), 8);
        assert!(!progress.may_send(16, u64::MAX));
        assert_eq!(progress.next_index(), index(5));
        progress.accepted(index(7), Index::ZERO);
        assert!(progress.may_send(16, u64::MAX));
        assert_eq!(progress.next_index(), index(8));
    }

    #[test]
    fn replication_runs_ahead_of_acknowledgements_up_to_the_window() {
        let mut progress = replicating(4);
        for through in [5, 6, 9] {
            assert!(progress.may_send(3, u64::MAX));
            progress.sent(index(through), 8);
        }
        assert!(!progress.may_send(3, u64::MAX));
        assert_eq!(progress.next_index(), index(10));
        progress.accepted(index(6), Index::ZERO);
        assert_eq!(progress.inflight(), 1);
        assert!(progress.may_send(3, u64::MAX));
    }

    #[test]
    fn gotcha_17_next_is_always_past_match() {
        let mut progress = Progress::unknown(index(9));
        progress.rejected(index(9), index(2), false);
        assert_eq!(progress.next_index(), index(3));
        progress.accepted(index(9), Index::ZERO);
        assert_eq!(progress.next_index(), index(10));
        // Late answers of earlier times must neither lower match nor next.
        progress.accepted(index(2), Index::ZERO);
        assert_eq!(progress.rejected(index(9), index(2), false), Nack::Stale);
        assert_eq!(
            (progress.match_index(), progress.next_index()),
            (index(9), index(10))
        );
        progress.sent(index(12), 8);
        assert_eq!(progress.rejected(index(12), index(1), false), Nack::BackUp);
        assert_eq!(
            (progress.match_index(), progress.next_index()),
            (index(9), index(10))
        );
    }

    #[test]
    fn a_probe_ignores_answers_to_other_probes() {
        let mut progress = replicating(4);
        progress.sent(index(6), 8);
        progress.rejected(index(6), index(4), false);
        progress.sent(index(6), 8);
        progress.accepted(index(2), Index::ZERO);
        assert_eq!(progress.state(), ProgressState::Probe);
        assert!(!progress.may_send(16, u64::MAX));
        progress.accepted(index(6), Index::ZERO);
        assert_eq!(progress.state(), ProgressState::Replicate);

        let mut progress = Progress::unknown(index(9));
        progress.rejected(index(9), index(5), false);
        assert_eq!(progress.next_index(), index(6));
        assert_eq!(progress.rejected(index(9), index(1), false), Nack::Stale);
        assert_eq!(progress.next_index(), index(6));
    }

    #[test]
    fn gotcha_11_a_heartbeat_never_refers_to_entries_that_may_still_be_in_flight() {
        let mut progress = replicating(4);
        progress.sent(index(5), 8);
        assert_eq!(progress.heartbeat_prev(), index(4));
        progress.accepted(index(5), Index::ZERO);
        progress.sent(index(6), 8);
        assert_eq!(progress.heartbeat_prev(), index(5));
    }

    #[test]
    fn a_heartbeat_asks_for_the_last_entry_sent_when_nothing_came_back_for_a_whole_interval() {
        let mut progress = replicating(4);
        progress.sent(index(5), 8);
        progress.sent(index(6), 8);
        progress.heartbeat_prev();
        assert_eq!(progress.heartbeat_prev(), index(6));
    }

    #[test]
    fn a_refused_heartbeat_below_match_makes_the_leader_forget_what_it_knew() {
        let mut progress = replicating(9);
        assert_eq!(progress.rejected(index(9), index(0), true), Nack::Lost);
        assert_eq!(progress.match_index(), index(0));
        assert_eq!(progress.next_index(), index(1));
        assert_eq!(progress.state(), ProgressState::Probe);
    }
}
