//! One order of all operations explains every answer that a client was given.
//!
//! | file | what it is |
//! |---|---|
//! | `search` | Wing and Gong's search with Lowe's memory, for any object |
//! | `znode` | the object: a single znode |
//! | `projection` | a history, taken apart by znode |
//! | `effects` | what one operation says of each znode |
//! | `hints` | which order is tried first |
//!
//! This takes no zxid for granted, and so cannot be judged as the run goes on: which of the
//! operations without an answer have happened may only show much later. It is judged at the end.

mod effects;
mod hints;
mod projection;
mod search;
#[cfg(test)]
mod tests;
mod znode;

use std::sync::Arc;

use super::history::{CallId, History};
use super::linearizable_writes::told_of;
use super::{Clash, Invariant, Pasts, Property};
use crate::explain::Rule;

use hints::Hints;
use projection::{Part, Parts, at_first};
use search::{Outcome, search};

/// How many states are looked at for one znode before the search gives up. A history that needs
/// more is not called a violation.
const BUDGET: usize = 20_000;

/// Nothing to remember: the history does.
#[derive(Clone, Debug, Default)]
pub(super) struct Linearizability;

impl Invariant for Linearizability {
    const PROPERTY: Property = Property {
        name: "linearizability",
        title: "Linearizability",
        rule: Rule {
            text: "one order of the writes, which agrees with real time, explains every answer",
            source: "Herlihy and Wing, 1990; checked as Wing and Gong, 1993, and Lowe, 2017, do",
        },
    };

    fn conclude(&mut self, history: &History, pasts: Pasts<'_>) -> Result<(), Clash> {
        // Of a history without its beginning nobody knows what the znodes were like.
        if !history.is_complete() {
            return Ok(());
        }
        for (path, part) in &Parts::of(history, &Hints::new(history, pasts)).0 {
            let outcome = search(&at_first(path), &part.intervals, BUDGET);
            if let Outcome::None { placed, stuck } = outcome {
                return clash(history, path, part, &placed, stuck);
            }
        }
        Ok(())
    }
}

/// The operation that no order can place, and what comes before it in the longest that was found.
fn clash(
    history: &History,
    path: &Arc<str>,
    part: &Part,
    placed: &[usize],
    stuck: usize,
) -> Result<(), Clash> {
    let call = |place: usize| part.calls[place].and_then(|id: CallId| history.call(id));
    let Some(refused) = call(stuck) else {
        return Ok(());
    };
    let before = placed.iter().rev().find_map(|place| call(*place));
    Err(Clash {
        what: format!(
            "no order of the operations on {path} explains what client {} was answered to `{}`",
            refused.id.client,
            refused.label(),
        ),
        facts: [told_of(before, refused), told_of(Some(refused), refused)],
    })
}
