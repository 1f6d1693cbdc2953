//! The dials of a cluster: what `set NAME VALUE` in a header can say.
//!
//! The defaults are the tempo of a lesson: at a hundredth of real time a message flies for about
//! a second, and something happens in the first second.

use super::ast::Header;
use super::setting::Setting;
use super::value::{Percent, Span};
use crate::raft::Membership;
use crate::time::Duration;
use crate::{sim, zab};

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
            max_time_to_wait_for_epoch: Some(waits).filter(|waits| *waits > Duration::ZERO),
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

/// Who may ask for another ensemble, where clients may: no list grants it to anybody else.
const SUPERUSER: &str = "super:secret";

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
