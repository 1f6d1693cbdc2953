//! What can be set. The defaults scale `ZooKeeper`'s own to the tempo of the simulated network.

use thiserror::Error;

use crate::time::Duration;

/// A replica's settings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Settings {
    /// The unit of the leader's time: it pings each half of it (`tickTime`).
    pub tick: Duration,
    /// Ticks that finding an epoch, and then bringing a quorum up to date, may take
    /// (`initLimit`).
    pub init_limit: u32,
    /// Ticks that leader and learner may be silent to each other (`syncLimit`).
    pub sync_limit: u32,
    /// How long a server with a quorum for its vote waits for a better one (`finalizeWait`).
    pub finalize_wait: Duration,
    /// How long a looking server waits before it sends its vote again: at first and at most
    /// (`minNotificationInterval`, `maxNotificationInterval`).
    pub resend: (Duration, Duration),
    /// How long a learner waits before it tries again to reach its leader
    /// (`leaderConnectDelayDuringRetryMs`).
    pub connect_retry: Duration,
    /// How often it tries, in all.
    pub connect_attempts: u32,
    /// How long a new leader waits for an epoch while too many voters look for another leader
    /// (`maxTimeToWaitForEpoch`); for `initLimit` if not set.
    pub max_time_to_wait_for_epoch: Option<Duration>,
    /// Transactions kept in memory to bring learners up to date (`commitLogCount`).
    pub committed_log: u32,
    /// Bytes of transactions that a leader sends from its disk rather than a snapshot; 0: none
    /// (`snapshotSizeFactor`).
    pub log_sync_limit: u64,
    /// Transactions after which a server takes a snapshot: between half of this and all of it, by
    /// chance, so that not all do it at once (`snapCount`).
    pub snap_count: u32,
    /// Snapshots kept by a purge (`autopurge.snapRetainCount`).
    pub snapshots_kept: u32,
    /// A leader steps down rather than use this counter.
    pub counter_limit: u32,
}

/// Settings that cannot work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SettingsError {
    /// Something must be more than zero.
    #[error("{setting} is zero")]
    Zero {
        /// What.
        setting: &'static str,
    },
    /// A leader would give up before anyone has finished electing it.
    #[error("finalizeWait is {finalize_wait}, beyond initLimit of {init_limit}")]
    FinalizeWaitBeyondInitLimit {
        /// The wait.
        finalize_wait: Duration,
        /// The limit, as a duration.
        init_limit: Duration,
    },
    /// The span of resend intervals ends before it begins.
    #[error("the interval for sending a vote again begins at {least} and ends at {most}")]
    ResendReversed {
        /// Its beginning.
        least: Duration,
        /// Its end.
        most: Duration,
    },
    /// An epoch has room for no transaction.
    #[error("the counter's limit {limit} leaves no room for a transaction: it must be above 1")]
    NoRoomInEpoch {
        /// The limit.
        limit: u32,
    },
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(100),
            init_limit: 10,
            sync_limit: 3,
            finalize_wait: Duration::from_millis(40),
            resend: (Duration::from_millis(60), Duration::from_millis(2_000)),
            connect_retry: Duration::from_millis(30),
            connect_attempts: 5,
            max_time_to_wait_for_epoch: None,
            committed_log: 500,
            log_sync_limit: 1 << 20,
            snap_count: 10_000,
            snapshots_kept: 3,
            counter_limit: u32::MAX,
        }
    }
}

impl Settings {
    /// Checks that an ensemble with these settings can work.
    pub fn validate(&self) -> Result<(), SettingsError> {
        for (setting, value) in [
            ("tickTime", self.tick.as_micros()),
            ("initLimit", self.init_limit.into()),
            ("syncLimit", self.sync_limit.into()),
            ("minNotificationInterval", self.resend.0.as_micros()),
            ("connectAttempts", self.connect_attempts.into()),
            ("snapCount", self.snap_count.into()),
            ("snapRetainCount", self.snapshots_kept.into()),
        ] {
            if value == 0 {
                return Err(SettingsError::Zero { setting });
            }
        }
        let (finalize_wait, init_limit) = (self.finalize_wait, self.init_time());
        if finalize_wait >= init_limit {
            return Err(SettingsError::FinalizeWaitBeyondInitLimit {
                finalize_wait,
                init_limit,
            });
        }
        let (least, most) = self.resend;
        if most < least {
            return Err(SettingsError::ResendReversed { least, most });
        }
        if self.counter_limit < 2 {
            let limit = self.counter_limit;
            return Err(SettingsError::NoRoomInEpoch { limit });
        }
        Ok(())
    }

    /// `initLimit` ticks.
    pub const fn init_time(&self) -> Duration {
        self.tick.fraction(self.init_limit as u64, 1)
    }

    /// `syncLimit` ticks.
    pub const fn sync_time(&self) -> Duration {
        self.tick.fraction(self.sync_limit as u64, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_work_and_what_cannot_says_why() {
        let good = Settings::default();
        assert_eq!(good.validate(), Ok(()));
        let error = |settings: Settings| settings.validate().unwrap_err().to_string();
        let ms = Duration::from_millis;
        let bad = Settings {
            finalize_wait: ms(1_000),
            ..good
        };
        assert_eq!(error(bad), "finalizeWait is 1s, beyond initLimit of 1s");
        let bad = Settings {
            resend: (ms(60), ms(50)),
            ..good
        };
        assert!(error(bad).ends_with("begins at 60ms and ends at 50ms"));
        let bad = Settings {
            sync_limit: 0,
            ..good
        };
        assert_eq!(error(bad), "syncLimit is zero");
        let bad = Settings {
            counter_limit: 1,
            ..good
        };
        assert!(error(bad).starts_with("the counter's limit 1 leaves no room"));
    }
}
