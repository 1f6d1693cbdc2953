//! The command `fuzz`: seeds in, findings out.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use quorumscope_core::sim::Settings;

use super::trial::shows;
use super::{Finding, Options, Summary, run_seeds};
use crate::args::Fuzz;
use crate::{Verdict, link, print_line};

pub(crate) fn fuzz(task: &Fuzz) -> Verdict {
    let mut settings = Settings {
        protocol: task.protocol.into(),
        ..Settings::default()
    };
    for name in &task.off {
        if let Err(error) = settings.switch_rule(name, false) {
            eprintln!("{error}");
            return Verdict::Unusable;
        }
    }
    let options = Options {
        protocol: task.protocol.into(),
        servers: task.servers,
        duration: task.duration,
        off: task.off.clone(),
    };
    let seeds = task.seeds.clone();
    // Draws on a terminal only.
    let bar =
        ProgressBar::with_draw_target(Some(seeds.end - seeds.start), ProgressDrawTarget::stderr());
    let template = "{bar:40} {pos} of {len} seeds, {msg} violated, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message("0");
    let violated = AtomicU64::new(0);
    let summary = run_seeds(seeds, &options, task.keep_going, |outcome| {
        if outcome.finding.is_some() {
            let before = violated.fetch_add(1, Ordering::Relaxed);
            bar.set_message((before + 1).to_string());
        }
        bar.inc(1);
    });
    bar.finish_and_clear();
    for finding in summary.findings.values() {
        print_finding(finding, &task.page);
    }
    print_summary(&summary);
    if summary.findings.is_empty() {
        Verdict::Held
    } else {
        Verdict::Violated
    }
}

fn print_finding(finding: &Finding, page: &str) {
    let Finding {
        seed,
        property,
        time,
        what,
        script,
    } = finding;
    print_line(&format!(
        "seed {seed}: {property} is violated at {time}: {what}"
    ));
    if !shows(finding) {
        print_line("the script below does not show it again: this is a fault of the fuzzer");
    }
    print_line(&format!("\n{}\n", script.trim_end()));
    print_line(&format!("{}\n", link::url(page, script)));
}

fn print_summary(summary: &Summary) {
    let tally = &summary.tally;
    let took = summary.took.as_micros().max(1);
    let a_second = |count: u64| (u128::from(count) * 1_000_000 / took) as u64;
    let simulated = tally.simulated.as_micros();
    let count = |number: u64| HumanCount(number).to_string();
    print_line(&format!(
        "{} seeds in {:.1} s: {} events ({} a second), {} s of simulated time ({} × real time)",
        count(tally.runs),
        summary.took.as_secs_f64(),
        count(tally.events),
        count(a_second(tally.events)),
        count(simulated / 1_000_000),
        count(a_second(simulated) / 1_000_000),
    ));
    print_line(&format!(
        "{} faults and deeds of clients, {} leaders elected, {} entries committed",
        count(tally.commands),
        count(tally.leaders),
        count(tally.entries),
    ));
    print_line(&format!(
        "{} operations of clients answered, {} of them linearizable reads",
        count(tally.answers),
        count(tally.reads),
    ));
    print_line(&format!(
        "{} recipes at their goal at the end of a run",
        count(tally.recipes)
    ));
    match summary.findings.len() {
        0 => print_line("no violation"),
        1 => print_line("1 seed with a violation"),
        many => print_line(&format!("{many} seeds with a violation")),
    }
}
