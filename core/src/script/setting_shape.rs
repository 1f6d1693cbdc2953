//! How each setting is read: how its value is written, and what bounds it.

use std::str::FromStr;

use super::cursor::{Cursor, Parsed};
use super::error::Error;
use super::names::Names;
use super::setting::{Setting, protocol_of};
use super::value::{self, Percent, Span};
use crate::raft::Membership;
use crate::time::Duration;

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
    ("catch-up-first", Shape::Switch(Setting::CatchUpFirst)),
    (
        "step-down-on-removal",
        Shape::Switch(Setting::StepDownOnRemoval),
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

impl Setting {
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

/// Reads what `Display` writes.
impl FromStr for Setting {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Cursor::read_line(text, 1, &Names::default(), Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Settings;
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
