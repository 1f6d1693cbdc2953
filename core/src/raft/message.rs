//! What replicas say to each other: the remote procedure calls of Raft's Figure 2, as messages.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::log::{Entry, Payload};
use super::position::{Index, Term};
use super::snapshot::Snapshot;

/// A message between two replicas. It may be lost, duplicated, or overtake another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message<P: Payload> {
    /// A candidate asks for a vote (Raft §5.2).
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// The index of the last entry of its log.
        last_index: Index,
        /// The term of that entry.
        last_term: Term,
        /// The candidate's priority.
        priority: u8,
        /// The leader told it to stand (dissertation §3.10), so that voters which hear the leader
        /// listen to it all the same.
        transfer: bool,
    },
    /// The answer to a candidate.
    RequestVoteReply {
        /// The voter's term.
        term: Term,
        /// Whether the candidate has the vote.
        granted: bool,
    },
    /// A leader replicates entries; without any it is a heartbeat (Raft §5.2, §5.3).
    AppendEntries {
        /// The leader's term.
        term: Term,
        /// The index of the entry before the new ones.
        prev_index: Index,
        /// The term of that entry.
        prev_term: Term,
        /// The new entries, from `prev_index` + 1 on.
        entries: Vec<Entry<P>>,
        /// The leader's commit index.
        commit: Index,
        /// The leader's round of heartbeats when it sent this.
        round: u64,
    },
    /// The answer to a leader.
    AppendEntriesReply {
        /// The follower's term.
        term: Term,
        /// Whether the request was a heartbeat.
        heartbeat: bool,
        /// The request's round.
        round: u64,
        /// What came of it.
        outcome: AppendOutcome,
    },
    /// A server asks whether it would get a vote (dissertation §9.6).
    PreVote {
        /// The term that it would stand in: later than its own.
        term: Term,
        /// The index of the last entry of its log.
        last_index: Index,
        /// The term of that entry.
        last_term: Term,
        /// Its priority.
        priority: u8,
    },
    /// The answer to that.
    PreVoteReply {
        /// The request's term if it would, the voter's own if it would not.
        term: Term,
        /// Whether it would get the vote.
        granted: bool,
    },
    /// A leader tells a server to stand for election at once (dissertation §3.10).
    TimeoutNow {
        /// The leader's term.
        term: Term,
    },
    /// A server asks the leader how far reads must see that wait there (dissertation §6.4).
    ReadIndex {
        /// The sender's term.
        term: Term,
        /// The number of the question.
        number: u64,
    },
    /// The leader answers.
    ReadIndexReply {
        /// The leader's term.
        term: Term,
        /// The number of the question.
        number: u64,
        /// Its commit index when it took the question up.
        index: Index,
    },
    /// A leader sends a chunk of its snapshot (Raft §7, Figure 13).
    InstallSnapshot {
        /// The leader's term.
        term: Term,
        /// The snapshot that the chunk is cut from.
        snapshot: Arc<Snapshot<P>>,
        /// The chunk's first byte.
        offset: u64,
        /// The chunk's bytes. With the last of the snapshot's bytes, it is done.
        length: u64,
    },
    /// The answer to a leader's chunk.
    InstallSnapshotReply {
        /// The follower's term.
        term: Term,
        /// The last entry of the snapshot that the chunk was cut from.
        last_index: Index,
        /// The chunk's first byte.
        offset: u64,
        /// What came of it.
        outcome: InstallOutcome,
    },
}

/// What came of an `InstallSnapshot`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum InstallOutcome {
    /// The follower has the snapshot's first `bytes` bytes on disk, which is where to go on.
    Stored {
        /// How many.
        bytes: u64,
    },
    /// The follower stores what the leader has, up to and including `match_index`.
    Installed {
        /// Up to here the logs are the same.
        match_index: Index,
    },
    /// The leader's term is over.
    StaleTerm,
}

/// What came of an `AppendEntries`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub enum AppendOutcome {
    /// The follower stores what the leader has, up to and including `match_index`.
    Accepted {
        /// Up to here the logs are the same.
        match_index: Index,
    },
    /// The follower has no entry of the leader's `prev_term` at `prev_index`. The hint spares the
    /// leader a probe for each entry (Raft §5.3, the paragraph on conflicting terms): it is the
    /// follower's last place at or before `prev_index` whose term is not above `prev_term`, and
    /// the logs cannot agree between the two.
    Rejected {
        /// The request's `prev_index`.
        prev_index: Index,
        /// Where the logs may still agree.
        hint_index: Index,
        /// The follower's term there.
        hint_term: Term,
    },
    /// The leader's term was over when the message came.
    StaleTerm,
}

/// The kind of a message, as a reader sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub enum MessageKind {
    /// A candidate asks for a vote.
    RequestVote,
    /// A voter answers.
    RequestVoteReply,
    /// A leader sends entries.
    AppendEntries,
    /// A follower answers to entries.
    AppendEntriesReply,
    /// A leader sends an `AppendEntries` without entries.
    Heartbeat,
    /// A follower answers to a heartbeat.
    HeartbeatReply,
    /// A leader sends a chunk of its snapshot.
    InstallSnapshot,
    /// A follower answers to a chunk.
    InstallSnapshotReply,
    /// A server asks whether it would get a vote.
    PreVote,
    /// A voter answers to that.
    PreVoteReply,
    /// A leader hands over.
    TimeoutNow,
    /// A server asks how far a read must see.
    ReadIndex,
    /// The leader answers to that.
    ReadIndexReply,
}

impl<P: Payload> Message<P> {
    /// The sender's term; of a question for a pre-vote, and of a promise, the term that is asked
    /// about.
    pub const fn term(&self) -> Term {
        match self {
            Self::RequestVote { term, .. }
            | Self::RequestVoteReply { term, .. }
            | Self::AppendEntries { term, .. }
            | Self::AppendEntriesReply { term, .. }
            | Self::InstallSnapshot { term, .. }
            | Self::InstallSnapshotReply { term, .. }
            | Self::PreVote { term, .. }
            | Self::PreVoteReply { term, .. }
            | Self::TimeoutNow { term }
            | Self::ReadIndex { term, .. }
            | Self::ReadIndexReply { term, .. } => *term,
        }
    }

    /// The kind.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::RequestVote { .. } => MessageKind::RequestVote,
            Self::RequestVoteReply { .. } => MessageKind::RequestVoteReply,
            Self::AppendEntries { entries, .. } if entries.is_empty() => MessageKind::Heartbeat,
            Self::AppendEntries { .. } => MessageKind::AppendEntries,
            Self::AppendEntriesReply {
                heartbeat: true, ..
            } => MessageKind::HeartbeatReply,
            Self::AppendEntriesReply { .. } => MessageKind::AppendEntriesReply,
            Self::InstallSnapshot { .. } => MessageKind::InstallSnapshot,
            Self::InstallSnapshotReply { .. } => MessageKind::InstallSnapshotReply,
            Self::PreVote { .. } => MessageKind::PreVote,
            Self::PreVoteReply { .. } => MessageKind::PreVoteReply,
            Self::TimeoutNow { .. } => MessageKind::TimeoutNow,
            Self::ReadIndex { .. } => MessageKind::ReadIndex,
            Self::ReadIndexReply { .. } => MessageKind::ReadIndexReply,
        }
    }

    /// Whether it answers another message.
    pub const fn is_reply(&self) -> bool {
        self.kind().is_reply()
    }

    /// What a reply says: yes (vote granted, entries accepted) or no. `None` for a request.
    pub const fn granted(&self) -> Option<bool> {
        match self {
            Self::RequestVoteReply { granted, .. } | Self::PreVoteReply { granted, .. } => {
                Some(*granted)
            }
            Self::AppendEntriesReply { outcome, .. } => {
                Some(matches!(outcome, AppendOutcome::Accepted { .. }))
            }
            Self::InstallSnapshotReply { outcome, .. } => {
                Some(!matches!(outcome, InstallOutcome::StaleTerm))
            }
            Self::ReadIndexReply { .. } => Some(true),
            Self::RequestVote { .. }
            | Self::AppendEntries { .. }
            | Self::InstallSnapshot { .. }
            | Self::PreVote { .. }
            | Self::TimeoutNow { .. }
            | Self::ReadIndex { .. } => None,
        }
    }
}

impl MessageKind {
    /// Whether messages of this kind answer another.
    pub const fn is_reply(self) -> bool {
        matches!(
            self,
            Self::RequestVoteReply
                | Self::AppendEntriesReply
                | Self::HeartbeatReply
                | Self::InstallSnapshotReply
                | Self::PreVoteReply
                | Self::ReadIndexReply
        )
    }

    /// The name, as the paper writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestVote => "RequestVote",
            Self::RequestVoteReply => "RequestVoteReply",
            Self::AppendEntries => "AppendEntries",
            Self::AppendEntriesReply => "AppendEntriesReply",
            Self::Heartbeat => "Heartbeat",
            Self::HeartbeatReply => "HeartbeatReply",
            Self::InstallSnapshot => "InstallSnapshot",
            Self::InstallSnapshotReply => "InstallSnapshotReply",
            Self::PreVote => "PreVote",
            Self::PreVoteReply => "PreVoteReply",
            Self::TimeoutNow => "TimeoutNow",
            Self::ReadIndex => "ReadIndex",
            Self::ReadIndexReply => "ReadIndexReply",
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
