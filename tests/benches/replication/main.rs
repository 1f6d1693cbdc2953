//! Committed writes per second through five replicas in memory, on one thread: our Raft, the `raft`
//! crate (tikv's port of etcd/raft) and our Zab, doing the same work in the same run.
//!
//! One round: a fresh cluster elects a leader; then a batch of writes goes to the leader, messages
//! and disks move until all five servers have applied it, and the next follows. Rounds of the three
//! alternate, so that what else the machine does slows all, and each turn of rounds gives one
//! ratio. None encodes messages, compacts its log or lets time pass. Benchmark libraries
//! measure one thing at a time, so the turns are taken here.

use std::time::Instant;

use bytes::Bytes;

mod ours;
mod theirs;
mod zab;

/// Servers of each cluster.
const SERVERS: u64 = 5;

/// Bytes of one write.
const PAYLOAD: usize = 100;

/// Writes of one round.
const WRITES: u64 = 16_384;

/// Turns of rounds for each batch.
const ROUNDS: usize = 21;

/// Entries that are on their way to one follower, in messages, at most; and bytes of one message.
const MAX_INFLIGHT: usize = 256;
const MAX_MESSAGE: u64 = 1 << 20;

/// A cluster with a leader.
trait Cluster {
    fn elect() -> Self;

    /// Gives the leader `batch` writes, the first with this number, and lets messages and disks
    /// move until nothing moves any more.
    fn write(&mut self, first: u64, batch: u64);

    /// Messages that were sent so far.
    fn messages(&self) -> u64;

    /// What each server applied.
    fn applied(&self) -> [Applied; SERVERS as usize];
}

/// The writes that a server applied.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Debug)]
struct Applied {
    writes: u64,
    /// Changes with every write and with their order.
    digest: u64,
}

impl Applied {
    fn apply(&mut self, payload: &[u8]) {
        self.writes += 1;
        let number = payload.first_chunk().map_or(0, |c| u64::from_le_bytes(*c));
        self.digest = self.digest.wrapping_mul(31).wrapping_add(number);
    }
}

/// The write with this number.
fn payload(number: u64) -> Vec<u8> {
    let mut payload = vec![0; PAYLOAD];
    payload[..8].copy_from_slice(&number.to_le_bytes());
    payload
}

/// A write of our replicas, cheap to clone as theirs is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Value(Bytes);

/// What one round took.
struct Round {
    writes_per_second: f64,
    messages_per_write: f64,
    applied: Applied,
}

// Counts of a round are far below 2^52.
#[allow(clippy::cast_precision_loss)]
fn round<C: Cluster>(batch: u64) -> Round {
    let mut cluster = C::elect();
    let before = cluster.messages();
    let start = Instant::now();
    for first in (0..WRITES).step_by(batch as usize) {
        cluster.write(first, batch);
    }
    let took = start.elapsed();
    let applied = cluster.applied();
    assert!(
        applied.iter().all(|other| *other == applied[0]),
        "{applied:?}"
    );
    assert_eq!(applied[0].writes, WRITES);
    Round {
        writes_per_second: WRITES as f64 / took.as_secs_f64(),
        messages_per_write: (cluster.messages() - before) as f64 / WRITES as f64,
        applied: applied[0],
    }
}

/// The middle value, with the quarters below and above it left out.
struct Spread {
    lower: f64,
    median: f64,
    upper: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |quarter: usize| values[(values.len() - 1) * quarter / 4];
        Self {
            lower: at(1),
            median: at(2),
            upper: at(3),
        }
    }

    fn thousands(&self) -> String {
        let Self {
            lower,
            median,
            upper,
        } = self;
        let [median, lower, upper] = [median, lower, upper].map(|value| value / 1e3);
        format!("{median:.0}k ({lower:.0}k to {upper:.0}k)")
    }

    fn ratio(&self) -> String {
        let Self {
            lower,
            median,
            upper,
        } = self;
        format!("{median:.2} ({lower:.2} to {upper:.2})")
    }
}

/// A round of each.
struct Turn {
    ours: Round,
    theirs: Round,
    zab: Round,
}

/// A turn; who comes first changes with its number.
fn turn(number: usize, batch: u64) -> Turn {
    let mut rounds = [None, None, None];
    for step in 0..rounds.len() {
        let who = (number + step) % rounds.len();
        rounds[who] = Some(match who {
            0 => round::<ours::Ours>(batch),
            1 => round::<theirs::Theirs>(batch),
            _ => round::<zab::Zab>(batch),
        });
    }
    let [ours, theirs, zab] = rounds.map(|round| round.expect("everyone had a turn"));
    assert_eq!(ours.applied, theirs.applied, "not the same work");
    assert_eq!(ours.applied, zab.applied, "not the same work");
    Turn { ours, theirs, zab }
}

fn main() {
    println!(
        "committed writes a second, {SERVERS} replicas in memory, one thread, {PAYLOAD} bytes a \
         write\nmedian of {ROUNDS} turns of rounds of {WRITES} writes (middle half of them)\n"
    );
    println!(
        "| batch | our Raft | raft 0.7 | our Raft / raft 0.7 | our Zab | our Zab / our Raft \
         | messages a write, our Raft | raft 0.7 | our Zab |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for batch in [1, 16, 256] {
        let turns: Vec<_> = (0..ROUNDS).map(|number| turn(number, batch)).collect();
        let column = |value: fn(&Turn) -> f64| Spread::of(turns.iter().map(value).collect());
        println!(
            "| {batch} | {} | {} | {} | {} | {} | {:.2} | {:.2} | {:.2} |",
            column(|turn| turn.ours.writes_per_second).thousands(),
            column(|turn| turn.theirs.writes_per_second).thousands(),
            column(|turn| turn.ours.writes_per_second / turn.theirs.writes_per_second).ratio(),
            column(|turn| turn.zab.writes_per_second).thousands(),
            column(|turn| turn.zab.writes_per_second / turn.ours.writes_per_second).ratio(),
            column(|turn| turn.ours.messages_per_write).median,
            column(|turn| turn.theirs.messages_per_write).median,
            column(|turn| turn.zab.messages_per_write).median,
        );
    }
}
