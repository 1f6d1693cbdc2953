//! The command line.

use clap::{Args as ClapArgs, Parser, Subcommand};
use quorumscope_core::script::parse_duration;
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
    /// Prints a link that opens the page with a script.
    Link(Link),
    /// Prints the script that a link holds.
    Unlink(Unlink),
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

/// `2s`, `350ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.problem.to_string())
}

fn time(text: &str) -> Result<Time, String> {
    duration(text).map(|since_start| Time::ZERO + since_start)
}
