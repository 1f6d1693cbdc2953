//! The same script under both protocols, in numbers and in sentences.

use quorumscope_core::compare::{Comparison, Gait, ROWS};
use quorumscope_core::script::Protocol;

use crate::args::Compare;
use crate::run::run_to_end;
use crate::source::Source;
use crate::{Verdict, print_line};

pub(crate) fn compare(task: &Compare) -> Verdict {
    let opened = Source::read(&task.file).and_then(|source| {
        let player = source.open()?;
        let comparison = Comparison::beside(&player);
        let comparison = comparison.map_err(|error| format!("{}: {error}", source.name))?;
        Ok((player, comparison))
    });
    let (mut player, mut comparison) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            eprintln!("{error}");
            return Verdict::Unusable;
        }
    };
    let mut violated = false;
    run_to_end(&mut player, task.until, |player| {
        violated |= comparison.meet(player) == Gait::Violated;
    });
    let Some(figures) = comparison.figures(&player) else {
        return Verdict::Unusable;
    };
    print_line(&format!("{:<18}{:>14}{:>14}", "", "Raft", "Zab"));
    for row in &ROWS {
        let [raft, zab] = figures.each_ref().map(|one| (row.write)(one));
        print_line(&format!("{:<18}{raft:>14}{zab:>14}", row.name));
    }
    print_line("");
    for one in comparison.story(&player).iter().rev() {
        let name = match one.protocol {
            Protocol::Raft => "Raft",
            Protocol::Zab => "Zab",
        };
        print_line(&format!(
            "{}  {name}: {}. {}",
            one.time, one.title, one.text
        ));
    }
    for left in comparison.left(&player) {
        let at = left.at.map(|at| format!("at {at} ")).unwrap_or_default();
        eprintln!("not done to the other: {at}{}: {}", left.line, left.why);
    }
    if violated {
        Verdict::Violated
    } else {
        Verdict::Held
    }
}
