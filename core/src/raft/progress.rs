//! What a leader knows of one follower's log, and how boldly it sends.

use std::collections::VecDeque;

use serde::Serialize;

use super::position::Index;

/// A leader's knowledge of one follower: `nextIndex` and `matchIndex` of Figure 2, and the
/// messages in flight.
///
/// Always `match_index` < `next_index` (etcd/raft #149). While probing, either nothing is known to
/// match, or all up to the entry before the next.
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
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Mode {
    Probe {
        /// A message with entries is on its way.
        waiting: bool,
    },
    Replicate {
        /// The last entry of each message on its way.
        inflight: VecDeque<Index>,
        /// The first of `inflight` when the last heartbeat was sent.
        oldest_at_heartbeat: Option<Index>,
    },
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
        }
    }

    /// Messages with entries on their way.
    pub fn inflight(&self) -> usize {
        match &self.mode {
            Mode::Probe { waiting } => usize::from(*waiting),
            Mode::Replicate { inflight, .. } => inflight.len(),
        }
    }

    /// Whether another message with entries may go.
    pub(super) fn may_send(&self, max_inflight: usize) -> bool {
        match &self.mode {
            Mode::Probe { waiting } => !waiting,
            Mode::Replicate { inflight, .. } => inflight.len() < max_inflight,
        }
    }

    /// Entries up to `through` are on their way. While replicating, the next message continues
    /// from there without waiting; a probe stays where it is.
    pub(super) fn sent(&mut self, through: Index) {
        match &mut self.mode {
            Mode::Probe { waiting } => *waiting = true,
            Mode::Replicate { inflight, .. } => {
                inflight.push_back(through);
                self.next_index = through.next();
            }
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
                let oldest = inflight.front().copied();
                let stalled = oldest.is_some() && oldest == *oldest_at_heartbeat;
                *oldest_at_heartbeat = oldest;
                if stalled {
                    self.next_index.prev()
                } else {
                    self.match_index
                }
            }
        }
    }

    /// The entry that a heartbeat between two beats refers to: it asks after nothing that may
    /// still be in flight.
    pub(super) const fn round_prev(&self) -> Index {
        match self.mode {
            Mode::Probe { .. } => self.next_index.prev(),
            Mode::Replicate { .. } => self.match_index,
        }
    }

    /// The follower stores what the leader has, up to `through`.
    pub(super) fn accepted(&mut self, through: Index) -> Ack {
        let ack = if through > self.match_index {
            Ack::News
        } else {
            Ack::Known
        };
        self.match_index = self.match_index.max(through);
        match &mut self.mode {
            Mode::Probe { .. } => {
                // An answer to an older message says nothing of the place being probed.
                if through >= self.match_index {
                    self.next_index = self.match_index.next();
                    self.mode = Mode::Replicate {
                        inflight: VecDeque::new(),
                        oldest_at_heartbeat: None,
                    };
                }
            }
            Mode::Replicate { inflight, .. } => {
                while inflight.pop_front_if(|last| *last <= through).is_some() {}
                self.next_index = self.next_index.max(self.match_index.next());
            }
        }
        ack
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
        assert_eq!(progress.accepted(index(through)), Ack::News);
        assert_eq!(progress.state(), ProgressState::Replicate);
        progress
    }

    #[test]
    fn a_probe_sends_one_message_and_waits_for_its_answer() {
        let mut progress = Progress::unknown(index(4));
        assert!(progress.may_send(16));
        progress.sent(index(7));
        assert!(!progress.may_send(16));
        assert_eq!(progress.next_index(), index(5));
        progress.accepted(index(7));
        assert!(progress.may_send(16));
        assert_eq!(progress.next_index(), index(8));
    }

    #[test]
    fn replication_runs_ahead_of_acknowledgements_up_to_the_window() {
        let mut progress = replicating(4);
        for through in [5, 6, 9] {
            assert!(progress.may_send(3));
            progress.sent(index(through));
        }
        assert!(!progress.may_send(3));
        assert_eq!(progress.next_index(), index(10));
        progress.accepted(index(6));
        assert_eq!(progress.inflight(), 1);
        assert!(progress.may_send(3));
    }

    #[test]
    fn next_is_always_past_match() {
        let mut progress = Progress::unknown(index(9));
        progress.rejected(index(9), index(2), false);
        assert_eq!(progress.next_index(), index(3));
        progress.accepted(index(9));
        assert_eq!(progress.next_index(), index(10));
        // Late answers of earlier times must neither lower match nor next.
        progress.accepted(index(2));
        assert_eq!(progress.rejected(index(9), index(2), false), Nack::Stale);
        assert_eq!(
            (progress.match_index(), progress.next_index()),
            (index(9), index(10))
        );
        progress.sent(index(12));
        assert_eq!(progress.rejected(index(12), index(1), false), Nack::BackUp);
        assert_eq!(
            (progress.match_index(), progress.next_index()),
            (index(9), index(10))
        );
    }

    #[test]
    fn a_probe_ignores_answers_to_other_probes() {
        let mut progress = replicating(4);
        progress.sent(index(6));
        progress.rejected(index(6), index(4), false);
        progress.sent(index(6));
        progress.accepted(index(2));
        assert_eq!(progress.state(), ProgressState::Probe);
        assert!(!progress.may_send(16));
        progress.accepted(index(6));
        assert_eq!(progress.state(), ProgressState::Replicate);

        let mut progress = Progress::unknown(index(9));
        progress.rejected(index(9), index(5), false);
        assert_eq!(progress.next_index(), index(6));
        assert_eq!(progress.rejected(index(9), index(1), false), Nack::Stale);
        assert_eq!(progress.next_index(), index(6));
    }

    #[test]
    fn a_heartbeat_never_refers_to_entries_that_may_still_be_in_flight() {
        let mut progress = replicating(4);
        progress.sent(index(5));
        assert_eq!(progress.heartbeat_prev(), index(4));
        progress.accepted(index(5));
        progress.sent(index(6));
        assert_eq!(progress.heartbeat_prev(), index(5));
    }

    #[test]
    fn a_heartbeat_asks_for_the_last_entry_sent_when_nothing_came_back_for_a_whole_interval() {
        let mut progress = replicating(4);
        progress.sent(index(5));
        progress.sent(index(6));
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
