//! What a cluster is made of, and its defaults: one place for each.

use std::ops::RangeInclusive;

use thiserror::Error;

use crate::ids::ServerId;
use crate::server::{self, ByProtocol, Durable, Protocol};
use crate::time::{Duration, Time};
use crate::zookeeper::{self, Ensemble, Members, Service};
use crate::{raft, zab};

/// The most servers an ensemble may have.
pub const MAX_SERVERS: u16 = 99;

/// Everything that a run depends on besides its commands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is switched by itself")]
pub struct Settings {
    /// How many servers the run begins with, from 1 to [`MAX_SERVERS`]: the first configuration.
    pub servers: u16,
    /// The seed of all randomness.
    pub seed: u64,
    /// The links between servers.
    pub link: LinkSettings,
    /// The shortest and the longest time that a frame takes between client and server.
    pub client_latency: (Duration, Duration),
    /// How long a write takes to become durable.
    pub storage: Duration,
    /// How long an election timer lasts: drawn anew, between these, each time it is set.
    pub election_timeout: (Duration, Duration),
    /// How often a leader says that it is there.
    pub heartbeat: Duration,
    /// Entries in one message between servers, at most.
    pub batch: usize,
    /// Messages with entries on their way to one server, at most.
    pub inflight: usize,
    /// Bytes of entries on their way to one server, at most.
    pub inflight_bytes: u64,
    /// Bytes of commands that a leader takes on before they are committed, at most; 0 is no bound.
    pub uncommitted: u64,
    /// Entries from one snapshot to the next; 0 for none by itself.
    pub snapshot_every: u64,
    /// Entries that stay in a log though a snapshot stands for them.
    pub snapshot_keep: u64,
    /// Bytes of a snapshot in one message, and in one write to a disk.
    pub snapshot_chunk: u64,
    /// The unit of session timeouts.
    pub tick: Duration,
    /// How often the leader looks for containers and znodes that nothing keeps any more.
    pub sweep: Duration,
    /// The credential of the one who is above all access control lists.
    pub superuser: Option<&'static str>,
    /// The session timeout that clients ask for.
    pub session_timeout: Duration,
    /// How much of the servers' first election timers has already run down when the run begins, in
    /// parts per million, so that something happens soon.
    pub first_timers_ppm: u32,
    /// How the cluster's membership may change.
    pub membership: raft::Membership,
    /// Whether new voters get the log as learners first.
    pub catch_up_first: bool,
    /// Whether a leader without a voice steps down.
    pub step_down_on_removal: bool,
    /// Whether a server asks who would vote for it before it raises its term.
    pub pre_vote: bool,
    /// Whether a leader steps down that no majority answers, and voters that hear a leader ignore
    /// candidates.
    pub check_quorum: bool,
    /// Whether a leader reads under a lease while it has one.
    pub lease_reads: bool,
    /// How much faster or slower than true time a lease allows clocks to run, in parts per million.
    pub max_drift_ppm: u32,
    /// The rules that are in force.
    pub rules: raft::Rules,
    /// The rules of the service that are in force.
    pub service_rules: zookeeper::Rules,
    /// Whether clients may ask for another ensemble.
    pub reconfig: bool,
    /// How the servers agree.
    pub protocol: Protocol,
    /// How many of the servers that a run under Zab begins with only observe: the last ones.
    pub observers: u16,
    /// The replicas' settings under Zab; their tick is the service's.
    pub zab: zab::Settings,
    /// The rules of Zab that are in force.
    pub zab_rules: zab::Rules,
}

/// Settings under which no cluster can run.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SettingsError {
    /// Not under Raft.
    #[error(transparent)]
    Raft(#[from] raft::SettingsError),
    /// Not under Zab.
    #[error(transparent)]
    Zab(#[from] zab::SettingsError),
    /// Not with these members.
    #[error(transparent)]
    Members(#[from] zab::ConfigurationError),
}

/// One direction of a link between servers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LinkSettings {
    /// The shortest and the longest time that a message takes.
    pub latency: (Duration, Duration),
    /// How many messages of a million are lost.
    pub loss_ppm: u32,
    /// How many of a million arrive twice.
    pub duplicate_ppm: u32,
    /// How many of a million are held up long enough to be overtaken.
    pub reorder_ppm: u32,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            latency: (Duration::from_millis(10), Duration::from_millis(15)),
            loss_ppm: 0,
            duplicate_ppm: 0,
            reorder_ppm: 0,
        }
    }
}

impl Default for Settings {
    /// The teaching defaults: a message flies for a second at 1/100 of real time.
    fn default() -> Self {
        Self {
            servers: 5,
            seed: 1,
            link: LinkSettings::default(),
            client_latency: (Duration::from_millis(4), Duration::from_millis(6)),
            storage: Duration::from_millis(1),
            election_timeout: (Duration::from_millis(150), Duration::from_millis(300)),
            heartbeat: Duration::from_millis(50),
            batch: raft::Settings::default().max_entries_per_message,
            inflight: raft::Settings::default().max_inflight_messages,
            inflight_bytes: raft::Settings::default().max_inflight_bytes,
            uncommitted: raft::Settings::default().max_uncommitted_bytes,
            snapshot_every: raft::Settings::default().snapshot_every,
            snapshot_keep: raft::Settings::default().snapshot_keep,
            snapshot_chunk: raft::Settings::default().snapshot_chunk,
            tick: Duration::from_millis(100),
            sweep: Duration::from_secs(3),
            superuser: None,
            session_timeout: Duration::from_millis(600),
            first_timers_ppm: 750_000,
            membership: raft::Settings::default().membership,
            catch_up_first: raft::Settings::default().catch_up_first,
            step_down_on_removal: raft::Settings::default().step_down_on_removal,
            pre_vote: raft::Settings::default().pre_vote,
            check_quorum: raft::Settings::default().check_quorum,
            lease_reads: raft::Settings::default().lease_reads,
            max_drift_ppm: raft::Settings::default().max_drift_ppm,
            rules: raft::Rules::default(),
            service_rules: zookeeper::Rules::default(),
            reconfig: false,
            protocol: Protocol::default(),
            observers: 0,
            zab: zab::Settings::default(),
            zab_rules: zab::Rules::default(),
        }
    }
}

impl Settings {
    /// Whether servers can run with these settings at all.
    pub fn validate(&self) -> Result<(), SettingsError> {
        match self.replica() {
            ByProtocol::Raft(replica) => replica.validate()?,
            ByProtocol::Zab(replica) => {
                replica.validate()?;
                self.founders()?;
            }
        }
        Ok(())
    }

    /// Under Zab: the ensemble that the run begins with.
    pub(super) fn founders(&self) -> Result<zab::Configuration, zab::ConfigurationError> {
        let voters = self.servers.saturating_sub(self.observers);
        let ids = |numbers: RangeInclusive<u16>| numbers.map(ServerId::new);
        zab::Configuration::new(ids(1..=voters), ids(voters + 1..=self.servers))
    }

    /// What the service begins with that every server knows of the ensemble.
    pub(super) fn ensemble(&self) -> Ensemble {
        let observers = match self.protocol {
            Protocol::Raft => 0,
            Protocol::Zab => self.observers.min(self.servers),
        };
        let voters = self.servers - observers;
        let ids = |numbers: RangeInclusive<u16>| numbers.map(ServerId::new);
        let members = Members::new(ids(1..=voters), ids(voters + 1..=self.servers));
        Ensemble::founded(members, self.reconfig)
    }

    /// The disk of a new machine. Under Zab it knows the ensemble, which its server either belongs to
    /// or watches until it does, and the state that the service begins with.
    pub(super) fn blank_disk(&self, id: ServerId) -> Durable {
        match self.protocol {
            Protocol::Raft => Durable::Raft(raft::Durable::default()),
            Protocol::Zab => {
                let founders = self.founders().expect("settings were checked before a run");
                let configuration = if id.number() <= self.servers {
                    founders
                } else {
                    founders.watched_by(id)
                };
                let state = Service::of(self.ensemble(), self.service_rules);
                Durable::Zab(zab::Durable::with_state(configuration, state))
            }
        }
    }

    /// What each server is told.
    pub(super) fn server(&self) -> server::Settings {
        server::Settings {
            replica: self.replica(),
            tick: self.tick,
            sweep: self.sweep,
            superuser: self.superuser,
            service_rules: self.service_rules,
        }
    }

    fn replica(&self) -> ByProtocol<raft::Settings, zab::Settings> {
        match self.protocol {
            Protocol::Raft => ByProtocol::Raft(self.raft()),
            Protocol::Zab => ByProtocol::Zab(zab::Settings {
                tick: self.tick,
                ..self.zab
            }),
        }
    }

    fn raft(&self) -> raft::Settings {
        raft::Settings {
            election_timeout: self.election_timeout,
            heartbeat: self.heartbeat,
            max_entries_per_message: self.batch,
            max_inflight_messages: self.inflight,
            max_inflight_bytes: self.inflight_bytes,
            max_uncommitted_bytes: self.uncommitted,
            snapshot_every: self.snapshot_every,
            snapshot_keep: self.snapshot_keep,
            snapshot_chunk: self.snapshot_chunk,
            membership: self.membership,
            catch_up_first: self.catch_up_first,
            step_down_on_removal: self.step_down_on_removal,
            pre_vote: self.pre_vote,
            check_quorum: self.check_quorum,
            lease_reads: self.lease_reads,
            max_drift_ppm: self.max_drift_ppm,
            ..raft::Settings::default()
        }
    }

    /// When an election timer that was set to `deadline` at the beginning of the run rings.
    pub(super) fn hastened(&self, deadline: Time) -> Time {
        let left = 1_000_000 - u64::from(self.first_timers_ppm.min(1_000_000));
        Time::ZERO + deadline.since(Time::ZERO).fraction(left, 1_000_000)
    }
}
