//! One dial of a cluster: its name, what it sets, and its value in words.

use std::fmt;

use super::value::{Percent, Span};
use crate::raft::Membership;
use crate::server::Protocol;
use crate::time::Duration;

/// One setting and its value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Setting {
    /// How long a message between servers takes.
    Latency(Span),
    /// How long a follower waits for its leader before it stands for election.
    ElectionTimeout(Span),
    /// How often a leader sends heartbeats.
    Heartbeat(Duration),
    /// How long a disk takes to confirm a write.
    Storage(Duration),
    /// How likely a message is lost.
    Loss(Percent),
    /// How likely a message arrives twice.
    Duplicate(Percent),
    /// How likely a message is overtaken.
    Reorder(Percent),
    /// The session timeout that clients ask for.
    SessionTimeout(Duration),
    /// The service's unit of time: session timeouts are granted between 2 and 20 of it.
    Tick(Duration),
    /// How much of the first election timers has run down at the start.
    FirstTimers(Percent),
    /// How long a message between a client and a server takes.
    ClientLatency(Span),
    /// How many entries go in one message between servers, at most.
    Batch(u32),
    /// How many messages with entries may be on their way to one server.
    Inflight(u32),
    /// How many bytes of entries may be on their way to one server.
    InflightBytes(u32),
    /// How many bytes of commands may wait to be committed at a leader; 0 for any.
    Uncommitted(u32),
    /// How many entries lie between two snapshots; 0 for none by itself.
    SnapshotEvery(u32),
    /// How many entries stay in a log though a snapshot stands for them.
    SnapshotKeep(u32),
    /// How many bytes of a snapshot go in one message, and in one write to a disk.
    SnapshotChunk(u32),
    /// How the cluster's membership may change.
    Membership(Membership),
    /// Whether new voters get the log before they have a voice.
    CatchUpFirst(bool),
    /// Whether a leader that was removed steps down.
    StepDownOnRemoval(bool),
    /// Whether a server asks who would vote for it before it stands for election.
    PreVote(bool),
    /// Whether a leader steps down that no majority answers, and voters are loyal to one they hear.
    CheckQuorum(bool),
    /// Whether a leader reads under a lease.
    LeaseReads(bool),
    /// How much clocks may drift for leases to hold.
    MaxDrift(Percent),
    /// How many of the first servers only observe.
    Observers(u32),
    /// How many ticks finding an epoch, and then bringing a quorum up to date, may take.
    InitLimit(u32),
    /// How many ticks leader and learner may be silent to each other.
    SyncLimit(u32),
    /// How long a server with a quorum for its vote waits for a better one.
    FinalizeWait(Duration),
    /// How long a looking server waits before it sends its vote again, at first and at most.
    Resend(Span),
    /// How long a learner waits before it tries again to reach its leader.
    ConnectRetry(Duration),
    /// How often a learner tries to reach its leader.
    ConnectAttempts(u32),
    /// How long a new leader waits for an epoch while a quorum looks for another leader; 0ms for as long as `init-limit`.
    MaxTimeToWaitForEpoch(Duration),
    /// How many transactions a server keeps in memory to bring learners up to date.
    CommittedLog(u32),
    /// How many bytes of transactions a leader sends from its disk rather than a snapshot.
    LogSyncLimit(u32),
    /// After how many transactions, or from half as many on, a server takes a snapshot.
    SnapCount(u32),
    /// How many snapshots a server keeps.
    SnapshotsKept(u32),
    /// The counter of a zxid at which an epoch ends.
    CounterLimit(u32),
    /// Whether clients may ask for another ensemble.
    Reconfig(bool),
}

impl Setting {
    /// How many settings there are.
    pub const COUNT: usize = 39;

    /// The name, as it is written after `set`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::ElectionTimeout(_) => "election-timeout",
            Self::Heartbeat(_) => "heartbeat",
            Self::Storage(_) => "storage",
            Self::Loss(_) => "loss",
            Self::Duplicate(_) => "duplicate",
            Self::Reorder(_) => "reorder",
            Self::SessionTimeout(_) => "session-timeout",
            Self::Tick(_) => "tick",
            Self::FirstTimers(_) => "first-timers",
            Self::ClientLatency(_) => "client-latency",
            Self::Batch(_) => "batch",
            Self::Inflight(_) => "inflight",
            Self::InflightBytes(_) => "inflight-bytes",
            Self::Uncommitted(_) => "uncommitted",
            Self::SnapshotEvery(_) => "snapshot-every",
            Self::SnapshotKeep(_) => "snapshot-keep",
            Self::SnapshotChunk(_) => "snapshot-chunk",
            Self::Membership(_) => "membership",
            Self::CatchUpFirst(_) => "catch-up-first",
            Self::StepDownOnRemoval(_) => "step-down-on-removal",
            Self::PreVote(_) => "pre-vote",
            Self::CheckQuorum(_) => "check-quorum",
            Self::LeaseReads(_) => "lease-reads",
            Self::MaxDrift(_) => "max-drift",
            Self::Observers(_) => "observers",
            Self::InitLimit(_) => "init-limit",
            Self::SyncLimit(_) => "sync-limit",
            Self::FinalizeWait(_) => "finalize-wait",
            Self::Resend(_) => "resend",
            Self::ConnectRetry(_) => "connect-retry",
            Self::ConnectAttempts(_) => "connect-attempts",
            Self::MaxTimeToWaitForEpoch(_) => "max-time-to-wait-for-epoch",
            Self::CommittedLog(_) => "committed-log",
            Self::LogSyncLimit(_) => "log-sync-limit",
            Self::SnapCount(_) => "snap-count",
            Self::SnapshotsKept(_) => "snapshots-kept",
            Self::CounterLimit(_) => "counter-limit",
            Self::Reconfig(_) => "reconfig",
        }
    }

    /// The protocol that alone knows it, if one does.
    pub fn protocol(&self) -> Option<Protocol> {
        protocol_of(self.name())
    }

    /// What it sets, in a few words without a full stop.
    pub const fn text(&self) -> &'static str {
        match self {
            Self::Latency(_) => "How long a message between servers takes",
            Self::ElectionTimeout(_) => {
                "How long a follower waits for its leader before it stands for election"
            }
            Self::Heartbeat(_) => "How often a leader sends heartbeats",
            Self::Storage(_) => "How long a disk takes to confirm a write",
            Self::Loss(_) => "How likely a message between servers is lost",
            Self::Duplicate(_) => "How likely a message between servers arrives twice",
            Self::Reorder(_) => "How likely a message between servers is overtaken",
            Self::SessionTimeout(_) => "The session timeout that clients ask for",
            Self::Tick(_) => "Session timeouts are granted between 2 and 20 ticks",
            Self::FirstTimers(_) => {
                "How much of the first election timers has run down at the start"
            }
            Self::ClientLatency(_) => "How long a message between a client and a server takes",
            Self::Batch(_) => "How many entries go in one message between servers, at most",
            Self::Inflight(_) => "How many messages with entries may be on their way to one server",
            Self::InflightBytes(_) => "How many bytes of entries may be on their way to one server",
            Self::Uncommitted(_) => {
                "How many bytes of commands may wait to be committed at a leader; 0 for any"
            }
            Self::SnapshotEvery(_) => {
                "How many entries lie between two snapshots; 0 for none by itself"
            }
            Self::SnapshotKeep(_) => {
                "How many entries stay in a log though a snapshot stands for them"
            }
            Self::SnapshotChunk(_) => {
                "How many bytes of a snapshot go in one message, and in one write to a disk"
            }
            Self::Membership(_) => {
                "When a change of members goes through a joint configuration: joint-when-needed, always-joint, or single-server for never"
            }
            Self::CatchUpFirst(_) => {
                "Whether new voters get the log as learners before they have a voice: on or off"
            }
            Self::StepDownOnRemoval(_) => {
                "Whether a leader steps down when it is no voter any more: on or off"
            }
            Self::PreVote(_) => {
                "Whether a server asks who would vote for it before it raises its term"
            }
            Self::CheckQuorum(_) => {
                "Whether a leader steps down that no majority answers, and voters that hear a leader ignore candidates"
            }
            Self::LeaseReads(_) => {
                "Whether a leader answers linearizable reads under a lease; it needs check-quorum"
            }
            Self::MaxDrift(_) => {
                "How much faster or slower than true time a lease allows clocks to run"
            }
            Self::Observers(_) => "How many of the servers, the last ones, only observe",
            Self::InitLimit(_) => {
                "How many ticks finding an epoch, and then bringing a quorum up to date, may take"
            }
            Self::SyncLimit(_) => "How many ticks leader and learner may be silent to each other",
            Self::FinalizeWait(_) => {
                "How long a server with a quorum for its vote waits for a better one"
            }
            Self::Resend(_) => {
                "How long a looking server waits before it sends its vote again: at first, and at most"
            }
            Self::ConnectRetry(_) => {
                "How long a learner waits before it tries again to reach its leader"
            }
            Self::ConnectAttempts(_) => "How often a learner tries to reach its leader",
            Self::MaxTimeToWaitForEpoch(_) => {
                "How long a new leader waits for an epoch while a quorum looks for another leader; 0ms for as long as init-limit"
            }
            Self::CommittedLog(_) => {
                "How many transactions a server keeps in memory to bring learners up to date"
            }
            Self::LogSyncLimit(_) => {
                "How many bytes of transactions a leader sends from its disk rather than a snapshot"
            }
            Self::SnapCount(_) => {
                "After how many transactions, or from half as many on, a server takes a snapshot"
            }
            Self::SnapshotsKept(_) => "How many snapshots a server keeps",
            Self::CounterLimit(_) => "The counter of a zxid at which an epoch ends",
            Self::Reconfig(_) => "Whether clients may ask for another ensemble: on or off",
        }
    }

    /// The value, as it is written.
    pub fn value(&self) -> String {
        match self {
            Self::Latency(span)
            | Self::ElectionTimeout(span)
            | Self::ClientLatency(span)
            | Self::Resend(span) => span.to_string(),
            Self::Heartbeat(duration)
            | Self::Storage(duration)
            | Self::SessionTimeout(duration)
            | Self::Tick(duration)
            | Self::FinalizeWait(duration)
            | Self::ConnectRetry(duration)
            | Self::MaxTimeToWaitForEpoch(duration) => duration.to_string(),
            Self::Loss(percent)
            | Self::Duplicate(percent)
            | Self::Reorder(percent)
            | Self::FirstTimers(percent)
            | Self::MaxDrift(percent) => percent.to_string(),
            Self::PreVote(on)
            | Self::CheckQuorum(on)
            | Self::LeaseReads(on)
            | Self::CatchUpFirst(on)
            | Self::StepDownOnRemoval(on)
            | Self::Reconfig(on) => if *on { "on" } else { "off" }.to_owned(),
            Self::Batch(count)
            | Self::Inflight(count)
            | Self::InflightBytes(count)
            | Self::Uncommitted(count)
            | Self::SnapshotEvery(count)
            | Self::SnapshotKeep(count)
            | Self::SnapshotChunk(count)
            | Self::Observers(count)
            | Self::InitLimit(count)
            | Self::SyncLimit(count)
            | Self::ConnectAttempts(count)
            | Self::CommittedLog(count)
            | Self::LogSyncLimit(count)
            | Self::SnapCount(count)
            | Self::SnapshotsKept(count)
            | Self::CounterLimit(count) => count.to_string(),
            Self::Membership(membership) => match membership {
                Membership::JointWhenNeeded => "joint-when-needed",
                Membership::AlwaysJoint => "always-joint",
                Membership::SingleServer => "single-server",
            }
            .to_owned(),
        }
    }
}

/// The protocol that alone knows a setting, if one does.
pub(super) fn protocol_of(name: &str) -> Option<Protocol> {
    let is = |table: &[&str]| table.contains(&name);
    if is(&[
        "election-timeout",
        "heartbeat",
        "duplicate",
        "reorder",
        "first-timers",
        "batch",
        "inflight",
        "inflight-bytes",
        "uncommitted",
        "snapshot-every",
        "snapshot-keep",
        "membership",
        "catch-up-first",
        "step-down-on-removal",
        "pre-vote",
        "check-quorum",
        "lease-reads",
        "max-drift",
    ]) {
        return Some(Protocol::Raft);
    }
    is(&[
        "observers",
        "init-limit",
        "sync-limit",
        "finalize-wait",
        "resend",
        "connect-retry",
        "connect-attempts",
        "max-time-to-wait-for-epoch",
        "committed-log",
        "log-sync-limit",
        "snap-count",
        "snapshots-kept",
        "counter-limit",
    ])
    .then_some(Protocol::Zab)
}

/// `latency 10ms..15ms`
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.value())
    }
}
