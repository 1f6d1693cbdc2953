//! Scripts that run without a screen.

use quorumscope_core::history::{Player, Stop};
use quorumscope_core::time::{Duration, Time};
use quorumscope_core::view::{Scope, ViolationView};

use crate::args::{Check, Run};
use crate::narration::Narration;
use crate::source::Source;
use crate::{Verdict, print_line};

/// How much simulated time passes between two looks at what happened.
const STRIDE: Duration = Duration::from_millis(100);

/// How a run came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finished {
    /// All steps were done, and what time was asked for has passed.
    Done,
    /// The time came before all steps were done.
    Early,
    /// A property was violated, and the run halted.
    Violated,
}

/// Runs an opened script to its end, passing over what waits for a reader; and until `until`, if
/// that is said, whether the script ends before or after. `look` sees the run as it goes on.
pub fn run_to_end(
    player: &mut Player,
    until: Option<Time>,
    mut look: impl FnMut(&Player),
) -> Finished {
    loop {
        let left = until.map_or(STRIDE, |until| until.since(player.now()).min(STRIDE));
        let stop = player.advance(left).stop;
        look(player);
        let (done, steps) = player.progress();
        let at_last = done == steps || (player.waiting().is_some() && done + 1 == steps);
        let over = until.is_some_and(|until| player.now() >= until);
        match stop {
            Some(Stop::Violation) => return Finished::Violated,
            _ if at_last && (over || until.is_none()) => return Finished::Done,
            _ if over && stop != Some(Stop::Waits) => return Finished::Early,
            Some(Stop::Waits) => {
                player.go_on();
            }
            Some(Stop::End) | None => {}
        }
    }
}

pub(crate) fn run(task: &Run) -> Verdict {
    let opened = Source::read(&task.file).and_then(|source| Ok((source.open()?, source)));
    let (mut player, source) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            eprintln!("{error}");
            return Verdict::Unusable;
        }
    };
    let mut narration = Narration::new();
    let finished = run_to_end(&mut player, task.until, |player| {
        if !task.json {
            for line in narration.go_on(player) {
                print_line(&line);
            }
        }
    });
    if task.json {
        let view = serde_json::to_string_pretty(&player.view(&Scope::default()));
        print_line(&view.expect("a view has no map whose keys are not text"));
    }
    if finished == Finished::Early {
        let (done, steps) = steps_of(&source, &player);
        eprintln!(
            "{}: stopped at {} after {done} of {steps} steps",
            source.name,
            player.now()
        );
    }
    let complaints = complaints(&source, &player);
    for line in &complaints {
        eprintln!("{line}");
    }
    verdict(&complaints)
}

pub(crate) fn check(task: &Check) -> Verdict {
    let mut worst = Verdict::Held;
    for file in &task.files {
        let opened = Source::read(file).and_then(|source| Ok((source.open()?, source)));
        let (found, reasons) = match opened {
            Ok((mut player, source)) => {
                run_to_end(&mut player, None, |_| {});
                let complaints = complaints(&source, &player);
                (verdict(&complaints), complaints)
            }
            Err(error) => (
                Verdict::Unusable,
                error.lines().map(str::to_owned).collect(),
            ),
        };
        let word = if found == Verdict::Held {
            "ok"
        } else {
            "failed"
        };
        print_line(&format!("{word:<6}  {file}"));
        for reason in reasons {
            print_line(&format!("        {reason}"));
        }
        worst = worst.max(found);
    }
    worst
}

/// What did not come out as it should, each with its place in the script.
fn complaints(source: &Source, player: &Player) -> Vec<String> {
    let failures = player.failures().iter().map(|failure| {
        let at = format!("at {}: {}", failure.time, failure.what);
        source.at(failure.line, at)
    });
    let violations = player
        .view(&Scope {
            log: (1, 0),
            znodes: false,
        })
        .violations;
    failures
        .chain(
            violations
                .iter()
                .map(|violation| format!("{}: {}", source.name, told(violation))),
        )
        .collect()
}

/// A violation in one sentence.
fn told(violation: &ViolationView) -> String {
    let ViolationView {
        invariant,
        time,
        event,
        what,
        ..
    } = violation;
    format!("at {time}, event {event}: {invariant} is violated: {what}")
}

fn verdict(complaints: &[String]) -> Verdict {
    if complaints.is_empty() {
        Verdict::Held
    } else {
        Verdict::Violated
    }
}

/// How many steps are done and how many there are, without the stop that [`Source::open`] adds.
fn steps_of(source: &Source, player: &Player) -> (usize, usize) {
    let (done, steps) = player.progress();
    (done, steps - usize::from(!source.ends_itself()))
}
