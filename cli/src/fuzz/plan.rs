//! The cluster that a seed says.

use quorumscope_core::raft::Membership;
use quorumscope_core::script::{Header, Percent, Setting, Span};
use quorumscope_core::server::Protocol;
use quorumscope_core::time::Duration;

use super::Options;
use super::dice::Dice;

/// Ensembles, and how often each is tried. Small ones break soonest.
const SIZES: [(u64, u16); 9] = [
    (42, 3),
    (25, 5),
    (10, 4),
    (6, 2),
    (4, 7),
    (4, 1),
    (3, 6),
    (3, 8),
    (3, 9),
];

/// How many entries a message holds: one at a time, entries of different terms travel apart.
const BATCHES: [(u64, u32); 3] = [(50, 1), (20, 2), (30, 64)];

/// How long messages take, in milliseconds; as the settings say if nothing is said. What a lease
/// allows shows only where an election is short beside an election timeout.
const LATENCIES: [(u64, Option<(u64, u64)>); 3] =
    [(60, None), (25, Some((1, 3))), (15, Some((2, 40)))];

/// By how many parts of a hundred clocks may be wrong where leases count on it.
const DRIFTS: [u32; 4] = [1, 5, 20, 30];

/// How wrong the clocks of a run are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Clocks {
    /// They run this much faster or slower than true time at most, in parts per million.
    pub(super) drift_ppm: u32,
    /// Whether they jump.
    pub(super) jump: bool,
}

impl Clocks {
    /// A lease is worth what the clocks are: where leases are read under, clocks drift as far as the
    /// settings say and no further, and none jumps, which is drift without a bound. Whoever needs no
    /// clock for safety gets bad ones. A server that is paused keeps its time: its clock goes on.
    pub(super) fn of(header: &Header) -> Self {
        let settings = header.all_settings();
        if settings.lease_reads {
            Self {
                drift_ppm: settings.max_drift.ppm(),
                jump: false,
            }
        } else {
            Self {
                drift_ppm: 300_000,
                jump: true,
            }
        }
    }

    /// How fast a clock runs from now on: as wrong as it may be, or anything in between.
    pub(super) fn drift(self, dice: &mut Dice) -> i32 {
        let most = i64::from(self.drift_ppm);
        let ppm = match dice.below(4) {
            0 => -most,
            1 => most,
            _ => dice.below(2 * most as u64 + 1) as i64 - most,
        };
        ppm as i32
    }
}

/// Draws a cluster.
pub(super) fn header(seed: u64, options: &Options, dice: &mut Dice) -> Header {
    let size = dice.weighted(&SIZES);
    let mut settings = Vec::new();
    network(&mut settings, dice);
    timing(&mut settings, dice);
    membership(&mut settings, dice);
    elections(&mut settings, dice);
    logs(&mut settings, dice);
    if options.protocol == Protocol::Zab {
        histories(&mut settings, dice);
    }
    settings.retain(|setting| setting.protocol().is_none_or(|of| of == options.protocol));
    Header {
        protocol: options.protocol,
        servers: options.servers.unwrap_or(size),
        seed,
        settings,
        rules_off: options.off.clone(),
        ..Header::default()
    }
}

/// Three runs of four have a network that is more or less unreliable.
fn network(settings: &mut Vec<Setting>, dice: &mut Dice) {
    let unreliable = dice.percent(75);
    let mut up_to = |most_ppm: u64| {
        let share = Percent::from_ppm(dice.below(most_ppm + 1) as u32);
        (dice.percent(70) && unreliable).then_some(share)
    };
    settings.extend(up_to(100_000).map(Setting::Loss));
    settings.extend(up_to(150_000).map(Setting::Duplicate));
    settings.extend(up_to(200_000).map(Setting::Reorder));
    let latency = dice.weighted(&LATENCIES);
    settings.extend(latency.map(|(least, most)| {
        let ends = [least, most].map(Duration::from_millis);
        Setting::Latency(Span::new(ends[0], ends[1]))
    }));
    // Where most messages overtake others, a leader gets on by little more than a message a round
    // trip: with one entry in each, a backlog outlasts any patience.
    let overtaking = latency.is_some_and(|(least, most)| most > 2 * least + 1);
    let batch = dice.weighted(&BATCHES);
    settings.push(Setting::Batch(if overtaking { 64 } else { batch }));
}

/// Disks and election timers. A narrow span of timeouts makes servers stand at once; with disks so
/// slow that a vote takes as long, they would hardly ever elect anyone.
fn timing(settings: &mut Vec<Setting>, dice: &mut Dice) {
    let slow_disks = dice.percent(40);
    let storage = dice.span(200, 30_000);
    if slow_disks {
        settings.push(Setting::Storage(storage));
    }
    if dice.percent(30) && !slow_disks {
        let least = Duration::from_millis(150);
        let most = least + Duration::from_millis(20);
        settings.push(Setting::ElectionTimeout(Span::new(least, most)));
    }
}

fn membership(settings: &mut Vec<Setting>, dice: &mut Dice) {
    if dice.percent(50) {
        settings.push(Setting::CatchUpFirst(false));
    }
    if dice.percent(20) {
        settings.push(Setting::StepDownOnRemoval(false));
    }
    let memberships = [
        (60, Membership::JointWhenNeeded),
        (15, Membership::AlwaysJoint),
        (25, Membership::SingleServer),
    ];
    settings.push(Setting::Membership(dice.weighted(&memberships)));
    settings.push(Setting::Reconfig(dice.percent(50)));
}

/// How much is on its way to one follower, and how soon a snapshot stands for it. A server that was
/// removed and does not know it deposes every leader within a few election timeouts, unless voters
/// are loyal: only then is there time for a snapshot in many pieces.
fn logs(settings: &mut Vec<Setting>, dice: &mut Dice) {
    settings.push(Setting::Inflight(dice.one(&[4, 16, 16])));
    settings.push(Setting::InflightBytes(dice.one(&[2_000, 1 << 20, 1 << 20])));
    settings.push(Setting::Uncommitted(dice.one(&[0, 0, 2_000])));
    settings.push(Setting::SnapshotEvery(dice.one(&[0, 0, 4, 20, 100])));
    settings.push(Setting::SnapshotKeep(dice.one(&[0, 4, 20])));
    let chunk = dice.one(&[300, 1_000, 4_096]);
    let loyal = settings.contains(&Setting::CheckQuorum(true));
    settings.push(Setting::SnapshotChunk(if loyal { chunk } else { 4_096 }));
}

/// Under Zab: how much of its history a leader hands on transaction by transaction, how soon a
/// snapshot stands for it, and how soon an epoch has no zxid left.
fn histories(settings: &mut Vec<Setting>, dice: &mut Dice) {
    settings.push(Setting::CommittedLog(dice.one(&[2, 10, 500])));
    settings.push(Setting::LogSyncLimit(dice.one(&[0, 500, 1 << 20])));
    settings.push(Setting::SnapCount(dice.one(&[4, 20, 10_000])));
    settings.push(Setting::SnapshotsKept(dice.one(&[1, 3])));
    settings.push(Setting::CounterLimit(dice.one(&[20, u32::MAX, u32::MAX])));
    settings.push(Setting::SyncLimit(dice.one(&[2, 3, 5])));
}

/// Every combination of pre-vote, check-quorum and leases that can work.
fn elections(settings: &mut Vec<Setting>, dice: &mut Dice) {
    settings.push(Setting::PreVote(dice.percent(50)));
    let check_quorum = dice.percent(60);
    settings.push(Setting::CheckQuorum(check_quorum));
    let drift = Percent::from_ppm(dice.one(&DRIFTS) * 10_000);
    if dice.percent(60) && check_quorum {
        settings.push(Setting::LeaseReads(true));
        settings.push(Setting::MaxDrift(drift));
    }
}
