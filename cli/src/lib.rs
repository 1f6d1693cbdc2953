//! The command-line tool `quorumscope`, as a library so that tests use the same code.
//!
//! It holds no rule of any protocol: it opens scripts, lets the core run them, and prints what the
//! core says. What a command finds is its [`Verdict`], which is also the exit code.

mod args;
mod bench;
mod compare;
pub mod conform;
pub mod fuzz;
mod link;
mod narration;
mod rules;
mod run;
mod source;

use std::io::Write;
use std::process::ExitCode;

use args::{Args, Task};
use clap::Parser;
use quorumscope_core::time::Duration;

pub use narration::Narration;
pub use run::{Finished, run_to_end};

/// What a command found out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Everything held: exit code 0.
    Held,
    /// An expectation failed or a property was violated: exit code 1.
    Violated,
    /// Wrong usage, or a script that cannot be read: exit code 2.
    Unusable,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        Self::from(verdict as u8)
    }
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let verdict = match Args::parse().task {
        Task::Run(task) => run::run(&task),
        Task::Check(task) => run::check(&task),
        Task::Compare(task) => compare::compare(&task),
        Task::Link(task) => link::link(&task),
        Task::Unlink(task) => link::unlink(&task),
        Task::Fuzz(task) => fuzz::fuzz(&task),
        Task::Rules(task) => rules::rules(&task),
        Task::Bench(task) => bench::bench(&task),
        Task::Conform(task) => conform::conform(&task),
    };
    verdict.into()
}

/// Prints a line on the standard output. Whoever reads it may have seen enough and gone.
fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A span of simulated time in seconds, to be shown or divided.
#[expect(
    clippy::cast_precision_loss,
    reason = "centuries of microseconds fit exactly"
)]
fn seconds(span: Duration) -> f64 {
    span.as_micros() as f64 / 1e6
}
