//! The dials of a cluster: what `set NAME VALUE` in a header can say.
//!
//! The defaults are the tempo of a lesson: at a hundredth of real time a message flies for about
//! a second, and something happens in the first second.

use std::fmt;
use std::str::FromStr;

use super::ast::Header;
use super::cursor::{Cursor, Parsed};
use super::error::Error;
use super::names::Names;
use super::value::{self, Percent, Span};
use crate::raft::Membership;
use crate::server::Protocol;
use crate::time::Duration;
use crate::{sim, zab};

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

/// All settings of a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each field is the Setting of its name")]
#[expect(clippy::struct_excessive_bools, reason = "each is switched by itself")]
pub struct Settings {
    pub latency: Span,
    pub election_timeout: Span,
    pub heartbeat: Duration,
    pub storage: Duration,
    pub loss: Percent,
    pub duplicate: Percent,
    pub reorder: Percent,
    pub session_timeout: Duration,
    pub tick: Duration,
    pub first_timers: Percent,
    pub client_latency: Span,
    pub batch: u32,
    pub inflight: u32,
    pub inflight_bytes: u32,
    pub uncommitted: u32,
    pub snapshot_every: u32,
    pub snapshot_keep: u32,
    pub snapshot_chunk: u32,
    pub membership: Membership,
    pub catch_up_first: bool,
    pub step_down_on_removal: bool,
    pub pre_vote: bool,
    pub check_quorum: bool,
    pub lease_reads: bool,
    pub max_drift: Percent,
    pub observers: u32,
    pub init_limit: u32,
    pub sync_limit: u32,
    pub finalize_wait: Duration,
    pub resend: Span,
    pub connect_retry: Duration,
    pub connect_attempts: u32,
    pub max_time_to_wait_for_epoch: Duration,
    pub committed_log: u32,
    pub log_sync_limit: u32,
    pub snap_count: u32,
    pub snapshots_kept: u32,
    pub counter_limit: u32,
    pub reconfig: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from(&sim::Settings::default())
    }
}

impl From<&sim::Settings> for Settings {
    fn from(world: &sim::Settings) -> Self {
        let span = |(least, most)| Span::new(least, most);
        let zab = &world.zab;
        Self {
            latency: span(world.link.latency),
            election_timeout: span(world.election_timeout),
            heartbeat: world.heartbeat,
            storage: world.storage,
            loss: Percent::from_ppm(world.link.loss_ppm),
            duplicate: Percent::from_ppm(world.link.duplicate_ppm),
            reorder: Percent::from_ppm(world.link.reorder_ppm),
            session_timeout: world.session_timeout,
            tick: world.tick,
            first_timers: Percent::from_ppm(world.first_timers_ppm),
            client_latency: span(world.client_latency),
            batch: world.batch as u32,
            inflight: world.inflight as u32,
            inflight_bytes: world.inflight_bytes as u32,
            uncommitted: world.uncommitted as u32,
            snapshot_every: world.snapshot_every as u32,
            snapshot_keep: world.snapshot_keep as u32,
            snapshot_chunk: world.snapshot_chunk as u32,
            membership: world.membership,
            catch_up_first: world.catch_up_first,
            step_down_on_removal: world.step_down_on_removal,
            pre_vote: world.pre_vote,
            check_quorum: world.check_quorum,
            lease_reads: world.lease_reads,
            max_drift: Percent::from_ppm(world.max_drift_ppm),
            observers: world.observers.into(),
            init_limit: zab.init_limit,
            sync_limit: zab.sync_limit,
            finalize_wait: zab.finalize_wait,
            resend: span(zab.resend),
            connect_retry: zab.connect_retry,
            connect_attempts: zab.connect_attempts,
            max_time_to_wait_for_epoch: zab.max_time_to_wait_for_epoch.unwrap_or_default(),
            committed_log: zab.committed_log,
            log_sync_limit: zab.log_sync_limit as u32,
            snap_count: zab.snap_count,
            snapshots_kept: zab.snapshots_kept,
            counter_limit: zab.counter_limit,
            reconfig: world.reconfig,
        }
    }
}

impl Settings {
    /// Changes one setting.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Latency(value) => self.latency = value,
            Setting::ElectionTimeout(value) => self.election_timeout = value,
            Setting::Heartbeat(value) => self.heartbeat = value,
            Setting::Storage(value) => self.storage = value,
            Setting::Loss(value) => self.loss = value,
            Setting::Duplicate(value) => self.duplicate = value,
            Setting::Reorder(value) => self.reorder = value,
            Setting::SessionTimeout(value) => self.session_timeout = value,
            Setting::Tick(value) => self.tick = value,
            Setting::FirstTimers(value) => self.first_timers = value,
            Setting::ClientLatency(value) => self.client_latency = value,
            Setting::Batch(value) => self.batch = value,
            Setting::Inflight(value) => self.inflight = value,
            Setting::InflightBytes(value) => self.inflight_bytes = value,
            Setting::Uncommitted(value) => self.uncommitted = value,
            Setting::SnapshotEvery(value) => self.snapshot_every = value,
            Setting::SnapshotKeep(value) => self.snapshot_keep = value,
            Setting::SnapshotChunk(value) => self.snapshot_chunk = value,
            Setting::Membership(value) => self.membership = value,
            Setting::CatchUpFirst(value) => self.catch_up_first = value,
            Setting::StepDownOnRemoval(value) => self.step_down_on_removal = value,
            Setting::PreVote(value) => self.pre_vote = value,
            Setting::CheckQuorum(value) => self.check_quorum = value,
            Setting::LeaseReads(value) => self.lease_reads = value,
            Setting::MaxDrift(value) => self.max_drift = value,
            Setting::Observers(value) => self.observers = value,
            Setting::InitLimit(value) => self.init_limit = value,
            Setting::SyncLimit(value) => self.sync_limit = value,
            Setting::FinalizeWait(value) => self.finalize_wait = value,
            Setting::Resend(value) => self.resend = value,
            Setting::ConnectRetry(value) => self.connect_retry = value,
            Setting::ConnectAttempts(value) => self.connect_attempts = value,
            Setting::MaxTimeToWaitForEpoch(value) => self.max_time_to_wait_for_epoch = value,
            Setting::CommittedLog(value) => self.committed_log = value,
            Setting::LogSyncLimit(value) => self.log_sync_limit = value,
            Setting::SnapCount(value) => self.snap_count = value,
            Setting::SnapshotsKept(value) => self.snapshots_kept = value,
            Setting::CounterLimit(value) => self.counter_limit = value,
            Setting::Reconfig(value) => self.reconfig = value,
        }
    }

    /// Every setting with its value, in the order of the documentation.
    pub fn list(&self) -> [Setting; Setting::COUNT] {
        [
            Setting::Latency(self.latency),
            Setting::ElectionTimeout(self.election_timeout),
            Setting::Heartbeat(self.heartbeat),
            Setting::Storage(self.storage),
            Setting::Loss(self.loss),
            Setting::Duplicate(self.duplicate),
            Setting::Reorder(self.reorder),
            Setting::SessionTimeout(self.session_timeout),
            Setting::Tick(self.tick),
            Setting::FirstTimers(self.first_timers),
            Setting::ClientLatency(self.client_latency),
            Setting::Batch(self.batch),
            Setting::Inflight(self.inflight),
            Setting::InflightBytes(self.inflight_bytes),
            Setting::Uncommitted(self.uncommitted),
            Setting::SnapshotEvery(self.snapshot_every),
            Setting::SnapshotKeep(self.snapshot_keep),
            Setting::SnapshotChunk(self.snapshot_chunk),
            Setting::Membership(self.membership),
            Setting::CatchUpFirst(self.catch_up_first),
            Setting::StepDownOnRemoval(self.step_down_on_removal),
            Setting::PreVote(self.pre_vote),
            Setting::CheckQuorum(self.check_quorum),
            Setting::LeaseReads(self.lease_reads),
            Setting::MaxDrift(self.max_drift),
            Setting::Observers(self.observers),
            Setting::InitLimit(self.init_limit),
            Setting::SyncLimit(self.sync_limit),
            Setting::FinalizeWait(self.finalize_wait),
            Setting::Resend(self.resend),
            Setting::ConnectRetry(self.connect_retry),
            Setting::ConnectAttempts(self.connect_attempts),
            Setting::MaxTimeToWaitForEpoch(self.max_time_to_wait_for_epoch),
            Setting::CommittedLog(self.committed_log),
            Setting::LogSyncLimit(self.log_sync_limit),
            Setting::SnapCount(self.snap_count),
            Setting::SnapshotsKept(self.snapshots_kept),
            Setting::CounterLimit(self.counter_limit),
            Setting::Reconfig(self.reconfig),
        ]
    }

    /// The replicas' settings under Zab.
    fn zab(&self) -> zab::Settings {
        let waits = self.max_time_to_wait_for_epoch;
        zab::Settings {
            tick: self.tick,
            init_limit: self.init_limit,
            sync_limit: self.sync_limit,
            finalize_wait: self.finalize_wait,
            resend: (self.resend.least(), self.resend.most()),
            connect_retry: self.connect_retry,
            connect_attempts: self.connect_attempts,
            max_time_to_wait_for_epoch: Some(waits).filter(|waits| *waits > INSTANT),
            committed_log: self.committed_log,
            log_sync_limit: self.log_sync_limit.into(),
            snap_count: self.snap_count,
            snapshots_kept: self.snapshots_kept,
            counter_limit: self.counter_limit,
        }
    }

    /// The settings that differ from the defaults: what a header needs to say.
    pub fn changed(&self) -> Vec<Setting> {
        let defaults = Self::default().list();
        let both = self.list().into_iter().zip(defaults);
        both.filter(|(here, default)| here != default)
            .map(|(here, _)| here)
            .collect()
    }
}

impl Header {
    /// What a world is made of that begins as this header says.
    pub fn world(&self) -> Result<sim::Settings, sim::UnknownRule> {
        let all = self.all_settings();
        let ends = |span: Span| (span.least(), span.most());
        let mut settings = sim::Settings {
            protocol: self.protocol,
            servers: self.servers,
            seed: self.seed,
            link: sim::LinkSettings {
                latency: ends(all.latency),
                loss_ppm: all.loss.ppm(),
                duplicate_ppm: all.duplicate.ppm(),
                reorder_ppm: all.reorder.ppm(),
            },
            client_latency: ends(all.client_latency),
            storage: all.storage,
            election_timeout: ends(all.election_timeout),
            heartbeat: all.heartbeat,
            tick: all.tick,
            session_timeout: all.session_timeout,
            first_timers_ppm: all.first_timers.ppm(),
            batch: all.batch as usize,
            inflight: all.inflight as usize,
            inflight_bytes: all.inflight_bytes.into(),
            uncommitted: all.uncommitted.into(),
            snapshot_every: all.snapshot_every.into(),
            snapshot_keep: all.snapshot_keep.into(),
            snapshot_chunk: all.snapshot_chunk.into(),
            membership: all.membership,
            catch_up_first: all.catch_up_first,
            step_down_on_removal: all.step_down_on_removal,
            pre_vote: all.pre_vote,
            check_quorum: all.check_quorum,
            lease_reads: all.lease_reads,
            max_drift_ppm: all.max_drift.ppm(),
            observers: all.observers as u16,
            zab: all.zab(),
            reconfig: all.reconfig,
            superuser: all.reconfig.then_some(SUPERUSER),
            ..sim::Settings::default()
        };
        for name in &self.rules_off {
            settings.switch_rule(name, false)?;
        }
        Ok(settings)
    }
}

/// How the value of a setting is written, what bounds it, and what it makes.
enum Shape {
    Span(fn(Span) -> Setting, Duration, Duration),
    Duration(fn(Duration) -> Setting, Duration, Duration),
    Percent(fn(Percent) -> Setting),
    Count(fn(u32) -> Setting, &'static str, u32, u32),
    /// One of these words.
    Word(&'static [(&'static str, Setting)]),
    Switch(fn(bool) -> Setting),
}

/// Who may ask for another ensemble, where clients may: no list grants it to anybody else.
const SUPERUSER: &str = "super:secret";

const INSTANT: Duration = Duration::ZERO;
/// The least latency: an answer never arrives at the instant at which its question was sent.
const MICROSECOND: Duration = Duration::from_micros(1);
/// The least period: shorter ones drown a run in events.
const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The largest batch; more entries than a run can have in flight make no difference.
const MAX_BATCH: u32 = 10_000;
/// The most bytes of anything: no message or snapshot of a run is nearly as large.
const MAX_BYTES: u32 = 1 << 30;
/// The most entries of a log that a setting speaks of.
const MAX_ENTRIES: u32 = 1_000_000;
/// The most ticks, attempts or snapshots.
const MAX_TICKS: u32 = 1_000;

const SHAPES: [(&str, Shape); Setting::COUNT] = [
    (
        "latency",
        Shape::Span(Setting::Latency, MICROSECOND, MINUTE),
    ),
    (
        "election-timeout",
        Shape::Span(Setting::ElectionTimeout, MILLISECOND, MINUTE),
    ),
    (
        "heartbeat",
        Shape::Duration(Setting::Heartbeat, MILLISECOND, MINUTE),
    ),
    (
        "storage",
        Shape::Duration(Setting::Storage, INSTANT, MINUTE),
    ),
    ("loss", Shape::Percent(Setting::Loss)),
    ("duplicate", Shape::Percent(Setting::Duplicate)),
    ("reorder", Shape::Percent(Setting::Reorder)),
    (
        "session-timeout",
        Shape::Duration(Setting::SessionTimeout, MILLISECOND, MINUTE),
    ),
    ("tick", Shape::Duration(Setting::Tick, MILLISECOND, MINUTE)),
    ("first-timers", Shape::Percent(Setting::FirstTimers)),
    (
        "client-latency",
        Shape::Span(Setting::ClientLatency, MICROSECOND, MINUTE),
    ),
    (
        "batch",
        Shape::Count(Setting::Batch, "a number of entries", 1, MAX_BATCH),
    ),
    (
        "inflight",
        Shape::Count(Setting::Inflight, "a number of messages", 1, MAX_BATCH),
    ),
    (
        "inflight-bytes",
        Shape::Count(Setting::InflightBytes, "a number of bytes", 1, MAX_BYTES),
    ),
    (
        "uncommitted",
        Shape::Count(Setting::Uncommitted, "a number of bytes", 0, MAX_BYTES),
    ),
    (
        "snapshot-every",
        Shape::Count(
            Setting::SnapshotEvery,
            "a number of entries",
            0,
            MAX_ENTRIES,
        ),
    ),
    (
        "snapshot-keep",
        Shape::Count(Setting::SnapshotKeep, "a number of entries", 0, MAX_ENTRIES),
    ),
    (
        "snapshot-chunk",
        Shape::Count(Setting::SnapshotChunk, "a number of bytes", 1, MAX_BYTES),
    ),
    (
        "membership",
        Shape::Word(&[
            (
                "joint-when-needed",
                Setting::Membership(Membership::JointWhenNeeded),
            ),
            ("always-joint", Setting::Membership(Membership::AlwaysJoint)),
            (
                "single-server",
                Setting::Membership(Membership::SingleServer),
            ),
        ]),
    ),
    (
        "catch-up-first",
        Shape::Word(&[
            ("on", Setting::CatchUpFirst(true)),
            ("off", Setting::CatchUpFirst(false)),
        ]),
    ),
    (
        "step-down-on-removal",
        Shape::Word(&[
            ("on", Setting::StepDownOnRemoval(true)),
            ("off", Setting::StepDownOnRemoval(false)),
        ]),
    ),
    ("pre-vote", Shape::Switch(Setting::PreVote)),
    ("check-quorum", Shape::Switch(Setting::CheckQuorum)),
    ("lease-reads", Shape::Switch(Setting::LeaseReads)),
    ("max-drift", Shape::Percent(Setting::MaxDrift)),
    (
        "observers",
        Shape::Count(Setting::Observers, "a number of servers", 0, 98),
    ),
    (
        "init-limit",
        Shape::Count(Setting::InitLimit, "a number of ticks", 1, MAX_TICKS),
    ),
    (
        "sync-limit",
        Shape::Count(Setting::SyncLimit, "a number of ticks", 1, MAX_TICKS),
    ),
    (
        "finalize-wait",
        Shape::Duration(Setting::FinalizeWait, INSTANT, MINUTE),
    ),
    ("resend", Shape::Span(Setting::Resend, MILLISECOND, MINUTE)),
    (
        "connect-retry",
        Shape::Duration(Setting::ConnectRetry, MILLISECOND, MINUTE),
    ),
    (
        "connect-attempts",
        Shape::Count(
            Setting::ConnectAttempts,
            "a number of attempts",
            1,
            MAX_TICKS,
        ),
    ),
    (
        "max-time-to-wait-for-epoch",
        Shape::Duration(Setting::MaxTimeToWaitForEpoch, INSTANT, MINUTE),
    ),
    (
        "committed-log",
        Shape::Count(
            Setting::CommittedLog,
            "a number of transactions",
            1,
            MAX_ENTRIES,
        ),
    ),
    (
        "log-sync-limit",
        Shape::Count(Setting::LogSyncLimit, "a number of bytes", 0, MAX_BYTES),
    ),
    (
        "snap-count",
        Shape::Count(
            Setting::SnapCount,
            "a number of transactions",
            1,
            MAX_ENTRIES,
        ),
    ),
    (
        "snapshots-kept",
        Shape::Count(
            Setting::SnapshotsKept,
            "a number of snapshots",
            1,
            MAX_TICKS,
        ),
    ),
    (
        "counter-limit",
        Shape::Count(Setting::CounterLimit, "a counter", 2, u32::MAX),
    ),
    ("reconfig", Shape::Switch(Setting::Reconfig)),
];

/// The protocol that alone knows a setting, if one does.
fn protocol_of(name: &str) -> Option<Protocol> {
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
            | Self::Reconfig(on) => if *on { "on" } else { "off" }.into(),
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
            Self::CatchUpFirst(on) | Self::StepDownOnRemoval(on) => {
                if *on { "on" } else { "off" }.to_owned()
            }
        }
    }

    /// Reads a name and a value.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let known = SHAPES
            .each_ref()
            .map(|(name, shape)| (*name, (*name, shape)));
        if let Some((name, shape)) = cursor.one_known(&known, |(name, _)| protocol_of(name))? {
            return match *shape {
                Shape::Span(make, least, most) => cursor
                    .span(|word, span| {
                        value::within(name, word, span.least(), least, most)?;
                        value::within(name, word, span.most(), least, most)
                    })
                    .map(make),
                Shape::Duration(make, least, most) => cursor.duration(name, least, most).map(make),
                Shape::Percent(make) => cursor.percent().map(make),
                Shape::Switch(make) => {
                    let on = cursor.word("on");
                    if !on {
                        cursor.need_word("off")?;
                    }
                    Ok(make(on))
                }
                Shape::Count(make, what, least, most) => cursor
                    .count(what, least.into(), most.into())
                    .map(|count| make(count as u32)),
                Shape::Word(words) => match words.iter().find(|(word, _)| cursor.word(word)) {
                    Some((_, setting)) => Ok(*setting),
                    None => cursor.unexpected(),
                },
            };
        }
        cursor.unexpected()
    }
}

/// `latency 10ms..15ms`
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.value())
    }
}

/// Reads what `Display` writes.
impl FromStr for Setting {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Cursor::read_line(text, 1, &Names::default(), Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<Setting>().unwrap_err().to_string()
    }

    #[test]
    fn every_setting_reads_back_and_its_shape_stands_under_its_name() {
        for (setting, (name, _)) in Settings::default().list().iter().zip(&SHAPES) {
            assert_eq!(setting.name(), *name);
            assert_eq!(setting.to_string().parse(), Ok(*setting));
        }
    }

    #[test]
    fn the_defaults_are_the_tempo_of_a_lesson() {
        let written = Settings::default().list().map(|s| s.to_string());
        assert_eq!(
            written.join("\n"),
            "latency 10ms..15ms\nelection-timeout 150ms..300ms\nheartbeat 50ms\nstorage 1ms\n\
             loss 0%\nduplicate 0%\nreorder 0%\nsession-timeout 600ms\ntick 100ms\n\
             first-timers 75%\nclient-latency 4ms..6ms\nbatch 64\ninflight 16\n\
             inflight-bytes 16777216\nuncommitted 0\nsnapshot-every 0\nsnapshot-keep 4\n\
             snapshot-chunk 1024\n\
             membership joint-when-needed\ncatch-up-first on\nstep-down-on-removal on\n\
             pre-vote off\ncheck-quorum off\nlease-reads off\nmax-drift 1%\n\
             observers 0\ninit-limit 10\nsync-limit 3\nfinalize-wait 40ms\nresend 60ms..2s\n\
             connect-retry 30ms\nconnect-attempts 5\nmax-time-to-wait-for-epoch 0ms\n\
             committed-log 500\nlog-sync-limit 1048576\nsnap-count 10000\nsnapshots-kept 3\n\
             counter-limit 4294967295\nreconfig off"
        );
    }

    #[test]
    fn only_what_differs_from_the_defaults_needs_saying() {
        let mut settings = Settings::default();
        assert_eq!(settings.changed(), []);
        let slow = "latency 1s..2s".parse().unwrap();
        settings.set(slow);
        assert_eq!(settings.changed(), [slow]);
    }

    #[test]
    fn bounds_are_stated() {
        assert_eq!(
            error("heartbeat 0ms"),
            "line 1, column 11: heartbeat must be from 1ms to 60s, found 0ms"
        );
        assert_eq!(
            error("latency 10ms..2000s"),
            "line 1, column 9: latency must be from 1us to 60s, found 10ms..2000s"
        );
        assert_eq!(
            error("loss 5"),
            "line 1, column 6: expected a share such as 5% or 0.25%, found \"5\""
        );
    }

    #[test]
    fn an_unknown_setting_is_told_which_there_are() {
        let error = error("latancy 5ms");
        assert!(error.contains("\"election-timeout\""), "{error}");
        assert!(error.ends_with("did you mean \"latency\"?"), "{error}");
    }
}
