//! What an operator may choose.

use serde::Serialize;
use thiserror::Error;

use crate::time::Duration;

/// The dials of a replica. The defaults are those of a cluster that a person watches: messages
/// take 10 to 15 ms there.
// Each switch is one of its own: no two exclude each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Settings {
    /// An election timeout is drawn from this span, both ends included, each time the timer
    /// starts (Raft §5.2).
    pub election_timeout: (Duration, Duration),
    /// From one heartbeat of a leader to the next, and from one request for a vote to its
    /// repetition.
    pub heartbeat: Duration,
    /// Entries in one message, at most.
    pub max_entries_per_message: usize,
    /// Bytes of entries in one message, at most; one entry goes whatever its size.
    pub max_bytes_per_message: usize,
    /// Messages with entries on their way to one follower, at most, before the first is
    /// acknowledged.
    pub max_inflight_messages: usize,
    /// Whether a leader tells its followers of a new commit index at once, rather than with the
    /// next entry or heartbeat.
    pub announce_commit: bool,
    /// Bytes of entries on their way to one follower, at most, before the first is acknowledged;
    /// one message goes whatever its size.
    pub max_inflight_bytes: u64,
    /// Bytes of commands that a leader takes on before the first of them is committed; one goes
    /// whatever its size. 0 is no bound.
    pub max_uncommitted_bytes: u64,
    /// Entries from one snapshot to the next; 0 for none by itself.
    pub snapshot_every: u64,
    /// Entries that stay in the log though the snapshot stands for them, so that a follower that
    /// is a little behind needs no snapshot.
    pub snapshot_keep: u64,
    /// Bytes of a snapshot in one message.
    pub snapshot_chunk: u64,
    /// How the cluster's membership may change.
    pub membership: Membership,
    /// Whether new voters get the log as learners first (dissertation §4.2.1).
    pub catch_up_first: bool,
    /// Whether a leader steps down when it has committed a configuration in which it has no voice
    /// (Raft §6); otherwise it goes on leading.
    pub step_down_on_removal: bool,
    /// Whether a server asks who would vote for it before it raises its term (dissertation §9.6).
    pub pre_vote: bool,
    /// Whether a leader steps down that no majority answers, and voters that hear a leader ignore
    /// candidates (dissertation §6.2, §4.2.3).
    pub check_quorum: bool,
    /// Whether a leader reads under a lease while it has one (dissertation §6.4.1).
    pub lease_reads: bool,
    /// How much faster or slower than true time a server's clock may run, in parts per million: a
    /// lease is shorter for it.
    pub max_drift_ppm: u32,
}

/// How the cluster's membership may change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Membership {
    /// One entry when at most one voter comes or goes, a joint configuration otherwise.
    #[default]
    JointWhenNeeded,
    /// A joint configuration for every change (Raft §6).
    AlwaysJoint,
    /// One voter at a time and no joint configuration (dissertation §4.1).
    SingleServer,
}

/// Settings that cannot work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SettingsError {
    /// The span of election timeouts ends before it begins.
    #[error("the election timeout's span ends at {most}, before it begins at {least}")]
    ElectionTimeoutReversed {
        /// Its beginning.
        least: Duration,
        /// Its end.
        most: Duration,
    },
    /// Followers would stand for election between two heartbeats of a healthy leader.
    #[error(
        "the heartbeat interval {heartbeat} is not shorter than the least election timeout {least}"
    )]
    HeartbeatTooLong {
        /// The heartbeat interval.
        heartbeat: Duration,
        /// The least election timeout.
        least: Duration,
    },
    /// A leader would do nothing but send heartbeats.
    #[error("the heartbeat interval is zero")]
    NoHeartbeatInterval,
    /// Nothing could ever be replicated.
    #[error("{setting} is zero: nothing could be replicated")]
    NoRoom {
        /// The setting.
        setting: &'static str,
    },
    /// A lease rests on voters that are loyal.
    #[error(
        "a leader cannot read under a lease without check-quorum: others could be elected meanwhile"
    )]
    LeaseWithoutCheckQuorum,
    /// Clocks that may stand still bound nothing.
    #[error("no lease is short enough where clocks may drift by {ppm} parts per million")]
    UnboundedDrift {
        /// The bound.
        ppm: u32,
    },
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            election_timeout: (Duration::from_millis(150), Duration::from_millis(300)),
            heartbeat: Duration::from_millis(50),
            max_entries_per_message: 64,
            max_bytes_per_message: 1 << 20,
            max_inflight_messages: 16,
            announce_commit: true,
            max_inflight_bytes: 1 << 24,
            max_uncommitted_bytes: 0,
            snapshot_every: 0,
            snapshot_keep: 4,
            snapshot_chunk: 1024,
            membership: Membership::JointWhenNeeded,
            catch_up_first: true,
            step_down_on_removal: true,
            pre_vote: false,
            check_quorum: false,
            lease_reads: false,
            max_drift_ppm: 10_000,
        }
    }
}

impl Settings {
    /// Checks that a cluster with these settings can work.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let (least, most) = self.election_timeout;
        if most < least {
            return Err(SettingsError::ElectionTimeoutReversed { least, most });
        }
        if self.heartbeat == Duration::ZERO {
            return Err(SettingsError::NoHeartbeatInterval);
        }
        if self.heartbeat >= least {
            return Err(SettingsError::HeartbeatTooLong {
                heartbeat: self.heartbeat,
                least,
            });
        }
        if self.lease_reads && !self.check_quorum {
            return Err(SettingsError::LeaseWithoutCheckQuorum);
        }
        if self.lease_reads && self.max_drift_ppm >= 1_000_000 {
            let ppm = self.max_drift_ppm;
            return Err(SettingsError::UnboundedDrift { ppm });
        }
        for (setting, value) in [
            ("max_entries_per_message", self.max_entries_per_message),
            ("max_bytes_per_message", self.max_bytes_per_message),
            ("max_inflight_messages", self.max_inflight_messages),
            (
                "max_inflight_bytes",
                self.max_inflight_bytes.min(1) as usize,
            ),
            ("snapshot_chunk", self.snapshot_chunk.min(1) as usize),
        ] {
            if value == 0 {
                return Err(SettingsError::NoRoom { setting });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_work_and_what_cannot_says_why() {
        let good = Settings::default();
        assert_eq!(good.validate(), Ok(()));
        let ms = Duration::from_millis;
        let error = |settings: Settings| settings.validate().unwrap_err().to_string();
        assert_eq!(
            error(Settings {
                election_timeout: (ms(300), ms(150)),
                ..good
            }),
            "the election timeout's span ends at 150ms, before it begins at 300ms"
        );
        assert_eq!(
            error(Settings {
                heartbeat: ms(150),
                ..good
            }),
            "the heartbeat interval 150ms is not shorter than the least election timeout 150ms"
        );
        assert_eq!(
            error(Settings {
                heartbeat: Duration::ZERO,
                ..good
            }),
            "the heartbeat interval is zero"
        );
        assert_eq!(
            error(Settings {
                max_inflight_messages: 0,
                ..good
            }),
            "max_inflight_messages is zero: nothing could be replicated"
        );
    }
}
