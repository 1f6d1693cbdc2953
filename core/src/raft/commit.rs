//! Which entries are committed (Raft §5.3, §5.4.2).

use super::Replica;
use super::fact::RaftFact;
use super::io::{Output, tell};
use super::log::{Content, Payload};
use super::position::Index;
use super::progress::Progress;
use super::role::ProposeError;
use super::snapshot_fact::SnapshotFact;
use crate::ids::ServerId;

impl<P: Payload> Replica<P> {
    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and
    /// log[N].term == currentTerm: set commitIndex = N" (Figure 2, Leaders). Recomputed from
    /// scratch each time: incremental counting has lost its invariant in the field
    /// (openraft #1802). Says whether the commit index rose.
    pub(super) fn advance_commit_index(&mut self, out: &mut Vec<Output<P>>) -> bool {
        let reached = self.deciders().reached(|server| self.matched(server));
        let Some(through) = reached else {
            return false;
        };
        if through <= self.commit_index || !self.may_commit_by_counting(through) {
            return false;
        }
        let first = self.commit_index.next();
        let electorate = self.configuration.electorate();
        let holders = electorate.filter(|server| self.matched(*server) >= through);
        let fact = RaftFact::Committed {
            first,
            through,
            holders: holders.collect(),
            shares: self
                .configuration
                .shares(|server| self.matched(server) >= through),
            of_own_term: self.log.term_at(through) == Some(self.hard.term),
        };
        self.commit(through, fact, out);
        true
    }

    /// "Raft never commits log entries from previous terms by counting replicas": even on a
    /// majority, such an entry can be overwritten by a leader of a term in between (Raft §5.4.2,
    /// Figure 8). Entries before one of the leader's own term are committed with it.
    fn may_commit_by_counting(&self, index: Index) -> bool {
        !self.rules.commit_only_own_term || self.log.term_at(index) == Some(self.hard.term)
    }

    /// The last entry that a member is known to have on disk, this leader included.
    fn matched(&self, server: ServerId) -> Index {
        if server == self.id {
            if self.rules.count_own_entries_when_durable {
                self.storage.durable_index()
            } else {
                self.log.last_index()
            }
        } else {
            self.progress(server)
                .map_or(Index::ZERO, Progress::match_index)
        }
    }

    /// "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new
    /// entry)" (Figure 2): what the follower's log holds beyond `last_new` is not known to be
    /// the leader's.
    pub(super) fn learn_commit(
        &mut self,
        from: ServerId,
        leader_commit: Index,
        last_new: Index,
        out: &mut Vec<Output<P>>,
    ) {
        let bound = if self.rules.commit_bound_by_new_entries {
            last_new
        } else {
            self.log.last_index()
        };
        let through = leader_commit.min(bound);
        if through > self.commit_index {
            let first = self.commit_index.next();
            let fact = RaftFact::CommitLearned {
                first,
                through,
                from,
                matches: through <= last_new,
            };
            self.commit(through, fact, out);
        }
    }

    /// A leader with room for only so much that is not committed takes on no more. What arrives
    /// when nothing waits is taken on whatever its size: it could never be otherwise.
    pub(super) fn check_room_for(
        &self,
        payload: &P,
        out: &mut Vec<Output<P>>,
    ) -> Result<(), ProposeError> {
        let limit = self.settings.max_uncommitted_bytes;
        if limit == 0 {
            return Ok(());
        }
        let waiting = self
            .log
            .range(self.commit_index.next(), self.log.last_index());
        let bytes = waiting
            .map(|entry| match &entry.content {
                Content::Noop | Content::Configuration(_) => 0,
                Content::Command(payload) => payload.size() as u64,
            })
            .sum();
        if bytes == 0 || bytes + payload.size() as u64 <= limit {
            return Ok(());
        }
        tell(
            out,
            SnapshotFact::TooMuchUncommitted { bytes, limit }.into(),
        );
        Err(ProposeError::TooMuchUncommitted { bytes, limit })
    }

    pub(super) fn commit(&mut self, through: Index, fact: RaftFact, out: &mut Vec<Output<P>>) {
        self.commit_index = through;
        tell(out, fact);
        out.push(Output::Commit { through });
        self.follow_configurations(out);
    }
}
