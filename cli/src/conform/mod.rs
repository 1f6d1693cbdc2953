//! Traces recorded from ZooKeeper, replayed against these servers.
//!
//! A trace says step by step what its clients did and all that they saw. Here the same is done to a
//! real replicated cluster in the simulated world, on its clock, and what is seen is written down
//! in the same form and compared.

mod cluster;
mod compare;
mod driver;
mod operation;
mod outcome;
mod shape;
mod trace;

use std::fs;

use serde_json::Value;

use crate::args::Conform;
use crate::{Verdict, print_line};
use compare::Difference;
pub use driver::replay;
pub use trace::{Cluster, Scenario, TraceError, parse};

pub use compare::difference;

/// How scenarios came out.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    /// Those that may differ and do not.
    alike: usize,
    differing: usize,
    /// Those that do not say all that is needed to replay them.
    damaged: usize,
}

pub(crate) fn conform(task: &Conform) -> Verdict {
    let scenarios = match read(&task.file, task.only.as_deref()) {
        Ok(scenarios) => scenarios,
        Err(error) => {
            eprintln!("{error}");
            return Verdict::Unusable;
        }
    };
    let mut tally = Tally::default();
    let mut seen = Vec::new();
    for scenario in &scenarios {
        if let Some(damage) = &scenario.damage {
            eprintln!("{}:{damage}", task.file);
            tally.damaged += 1;
            continue;
        }
        let actual = replay(scenario, task.servers, task.protocol.into());
        report(task, scenario, &actual, &mut tally);
        seen.push((scenario, actual));
    }
    let Tally {
        passed,
        failed,
        alike,
        differing,
        damaged,
    } = tally;
    print_line(&format!(
        "strict: {passed} passed, {failed} failed; not strict: {alike} alike, {differing} differing{}",
        match damaged {
            0 => String::new(),
            _ => format!("; not replayed: {damaged}"),
        }
    ));
    if let Some(file) = &task.trace
        && let Err(error) = write_trace(file, &seen)
    {
        eprintln!("{file}: {error}");
        return Verdict::Unusable;
    }
    match (failed, damaged) {
        (0, 0) => Verdict::Held,
        (0, _) => Verdict::Unusable,
        _ => Verdict::Violated,
    }
}

fn read(file: &str, only: Option<&str>) -> Result<Vec<Scenario>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let mut scenarios = parse(&text).map_err(|error| format!("{file}:{error}"))?;
    if let Some(only) = only {
        scenarios.retain(|scenario| scenario.name == only);
    }
    if scenarios.is_empty() {
        return Err(match only {
            Some(only) => format!("{file}: no scenario is called `{only}`"),
            None => format!("{file}: there is no scenario in it"),
        });
    }
    Ok(scenarios)
}

fn report(task: &Conform, scenario: &Scenario, actual: &[Value], tally: &mut Tally) {
    let name = &scenario.name;
    let difference = difference(scenario, actual);
    let (count, word) = match (&difference, scenario.strict) {
        (None, true) => (&mut tally.passed, "passed"),
        (None, false) => (&mut tally.alike, "alike"),
        (Some(_), true) => (&mut tally.failed, "failed"),
        (Some(_), false) => (&mut tally.differing, "differing"),
    };
    *count += 1;
    if task.verbose || difference.is_some() {
        print_line(&format!("{word:<9}  {name}"));
    }
    if task.verbose {
        for step in actual {
            print_line(&format!("           {step}"));
        }
    }
    if let Some(Difference { step, want, got }) = difference {
        print_line(&format!("           step {step}"));
        print_line(&format!("           want {want}"));
        print_line(&format!("           got  {got}"));
    }
}

/// Writes what was seen in the form of the traces.
fn write_trace(file: &str, seen: &[(&Scenario, Vec<Value>)]) -> std::io::Result<()> {
    let mut text = String::new();
    for (scenario, actual) in seen {
        for line in std::iter::once(&scenario.header).chain(actual) {
            text.push_str(&line.to_string());
            text.push('\n');
        }
    }
    fs::write(file, text)
}
