//! The command line.

use std::ops::Range;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, value_parser};
use quorumscope_core::script::limits::MAX_SERVERS;
use quorumscope_core::script::parse_duration;
use quorumscope_core::server::Protocol;
use quorumscope_core::time::{Duration, Time};

/// Runs, checks, fuzzes and measures clusters of coordination servers without a screen.
///
/// Exit codes: 0 when everything held, 1 when an expectation failed or a property was violated, 2
/// on wrong usage or a script that cannot be read.
#[derive(Parser, Debug)]
#[command(name = "quorumscope", version, about)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Task {
    /// Runs a script to its end and tells what happened.
    Run(Run),
    /// Runs scripts and says of each whether everything in it held.
    Check(Check),
    /// Runs a script under both protocols and says in what they differ.
    Compare(Compare),
    /// Prints a link that opens the page with a script.
    Link(Link),
    /// Prints the script that a link holds.
    Unlink(Unlink),
    /// Runs random clusters with random faults and clients, and looks for violations.
    Fuzz(Fuzz),
    /// Lists the rules that can be switched off.
    Rules(Rules),
    /// Measures how fast this machine simulates, beside the budgets.
    Bench(Bench),
    /// Replays traces recorded from ZooKeeper and says what differs.
    Conform(Conform),
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Run {
    /// The script; - is the standard input.
    pub(crate) file: String,
    /// Run until this simulated time, such as 2s or 350ms, whether the script ends before or after.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Time>,
    /// Print the cluster at the end as JSON, instead of what happened.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Check {
    /// The scripts; - is the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Compare {
    /// The script; - is the standard input.
    pub(crate) file: String,
    /// Run until this simulated time, such as 2s or 350ms, whether the script ends before or after.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Time>,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Link {
    /// The script; - is the standard input.
    pub(crate) file: String,
    /// The address of the page.
    #[arg(long, value_name = "URL", default_value = "index.html")]
    pub(crate) page: String,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Unlink {
    /// The whole link, or what follows `#run=` in it.
    pub(crate) url: String,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Fuzz {
    /// The seeds, half open: 0..1000 is a thousand seeds.
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    pub(crate) seeds: Range<u64>,
    /// What the servers run.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) protocol: ProtocolName,
    /// Switch this rule off; may be given more than once.
    #[arg(long, value_name = "RULE")]
    pub(crate) off: Vec<String>,
    /// How many servers there are, instead of what each seed says.
    #[arg(long, value_parser = value_parser!(u16).range(1..=i64::from(MAX_SERVERS)))]
    pub(crate) servers: Option<u16>,
    /// How long the faults of one run go on, in simulated time.
    #[arg(long, value_parser = duration, default_value = "8s")]
    pub(crate) duration: Duration,
    /// Run all seeds, instead of ending with the lowest that goes wrong.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// The address of the page, for links.
    #[arg(long, value_name = "URL", default_value = "index.html")]
    pub(crate) page: String,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Rules {
    /// Whose: those of a protocol with those of the service that runs on it, or the service's alone.
    #[arg(value_enum)]
    pub(crate) of: RulesOf,
    /// Only the names, one a line.
    #[arg(long)]
    pub(crate) names: bool,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Bench {
    /// Print the figures as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Conform {
    /// The traces, an object a line.
    pub(crate) file: String,
    /// What the servers run.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) protocol: ProtocolName,
    /// How many servers the scenarios of one server run on; those of three run on at least three.
    #[arg(long, value_parser = value_parser!(u16).range(1..=i64::from(MAX_SERVERS)))]
    pub(crate) servers: Option<u16>,
    /// Replay the scenario of this name only.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// Print every scenario and all that was seen.
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Write what was seen to this file, in the form of the traces.
    #[arg(long, value_name = "OUT")]
    pub(crate) trace: Option<String>,
}

/// A protocol, as it is named on the command line.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum ProtocolName {
    /// Raft.
    #[default]
    Raft,
    /// Zab.
    Zab,
}

impl From<ProtocolName> for Protocol {
    fn from(name: ProtocolName) -> Self {
        match name {
            ProtocolName::Raft => Self::Raft,
            ProtocolName::Zab => Self::Zab,
        }
    }
}

/// Whose rules there are to list.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum RulesOf {
    /// Raft's and the service's.
    Raft,
    /// Zab's and the service's.
    Zab,
    /// The service's.
    Service,
}

/// `0..1000`.
fn seeds(text: &str) -> Result<Range<u64>, String> {
    let ends = text
        .split_once("..")
        .and_then(|(first, end)| Some((first.parse().ok()?, end.parse().ok()?)));
    match ends {
        Some((first, end)) if first < end => Ok(first..end),
        Some(_) => Err("a range of seeds is half open, so its end is above its beginning".into()),
        None => Err("expected a range such as 0..1000".into()),
    }
}

/// `2s`, `350ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.problem.to_string())
}

fn time(text: &str) -> Result<Time, String> {
    duration(text).map(|since_start| Time::ZERO + since_start)
}
