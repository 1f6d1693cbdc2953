//! Random runs: clusters, faults and clients made up from a seed, with every invariant watching.
//!
//! A run has two phases. In the first the `adversary` does its worst and the clients work. Then
//! all faults end, and the cluster must come back to life: `calm`. Whatever goes wrong is a
//! [`Finding`], with the run as a script that shows it again.

mod adversary;
mod calm;
mod dice;
mod learners;
mod membership;
mod operations;
mod operators;
mod plan;
mod recipes;
mod report;
mod trial;
mod usurper;
mod workload;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use quorumscope_core::server::Protocol;
use quorumscope_core::time::{Duration, Time};

pub(crate) use report::fuzz;
pub use trial::run_seed;

/// What a fuzzer varies, besides what the seed says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// What the servers run.
    pub protocol: Protocol,
    /// How many servers there are; the seed says when it is not said.
    pub servers: Option<u16>,
    /// How long the faults go on, in simulated time.
    pub duration: Duration,
    /// The rules that are switched off.
    pub off: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocol: Protocol::default(),
            servers: None,
            duration: Duration::from_secs(8),
            off: Vec::new(),
        }
    }
}

/// Something that went wrong in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The seed of the run.
    pub seed: u64,
    /// The property that was violated.
    pub property: String,
    /// When.
    pub time: Time,
    /// What happened, in one sentence without its full stop.
    pub what: String,
    /// The run as a script that shows it again.
    pub script: String,
}

/// What one run came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// How much happened.
    pub tally: Tally,
    /// What went wrong.
    pub finding: Option<Finding>,
}

/// How much happened in runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many runs there were.
    pub runs: u64,
    /// How many events.
    pub events: u64,
    /// How much simulated time passed.
    pub simulated: Duration,
    /// How many faults and deeds of clients.
    pub commands: u64,
    /// How many leaders were elected.
    pub leaders: u64,
    /// How many entries or transactions were committed, at the server of each run that knew of most.
    pub entries: u64,
    /// How many operations of clients were answered.
    pub answers: u64,
    /// How many of them were linearizable reads.
    pub reads: u64,
    /// How many recipes came to have what they are for, or to their end.
    pub recipes: u64,
}

impl Tally {
    /// Adds what happened in other runs.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.events += other.events;
        self.simulated = self.simulated + other.simulated;
        self.commands += other.commands;
        self.leaders += other.leaders;
        self.entries += other.entries;
        self.answers += other.answers;
        self.reads += other.reads;
        self.recipes += other.recipes;
    }
}

/// What a whole range of seeds came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How much happened.
    pub tally: Tally,
    /// How long it took.
    pub took: std::time::Duration,
    /// What went wrong, by seed.
    pub findings: BTreeMap<u64, Finding>,
}

/// Runs every seed of a half-open range, on as many threads as there are cores. Unless
/// `keep_going`, ends with the lowest seed that goes wrong; a range gives the same findings
/// whatever the number of threads. `after_each` is told of every run as it ends.
pub fn run_seeds(
    seeds: Range<u64>,
    options: &Options,
    keep_going: bool,
    after_each: impl Fn(&Outcome) + Sync,
) -> Summary {
    let start = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let stop_at = AtomicU64::new(seeds.end);
    let summary = Mutex::new(Summary::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            // A seed below the lowest finding may yet go wrong itself.
            if seed >= stop_at.load(Ordering::Relaxed) {
                return;
            }
            let outcome = run_seed(seed, options);
            if outcome.finding.is_some() && !keep_going {
                stop_at.fetch_min(seed, Ordering::Relaxed);
            }
            after_each(&outcome);
            let mut summary = summary
                .lock()
                .expect("no thread panics while it holds the summary");
            summary.tally.add(&outcome.tally);
            summary
                .findings
                .extend(outcome.finding.map(|finding| (seed, finding)));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut summary = summary
        .into_inner()
        .expect("no thread panics while it holds the summary");
    if !keep_going {
        let lowest = summary.findings.pop_first();
        summary.findings = lowest.into_iter().collect();
    }
    summary.took = start.elapsed();
    summary
}
