//! The same work under Raft and under Zab: same seed, same faults, same requests of clients.
//!
//! A [`Comparison`] stands beside a run that is being watched. Its *twin* is a run of the other
//! protocol to which everything is done that is done to the first, at the same time and in the
//! words in which it was asked for: `crash S3` is the same server in both, `crash leader` whoever
//! leads there. Of both runs a [`Ledger`] is kept, from what they tell; all figures and sentences
//! come from there and from the two worlds, and are those of the instant that is watched.
//!
//! | file | what it is |
//! |---|---|
//! | `crossing` | what of a script means something under the other protocol |
//! | `twin` | the other run, which follows the first: ahead, back, and on other branches |
//! | `clock` | steps of both runs on one clock |
//! | `ledger` | what is written down of a run as it is told |
//! | `tail` | what a new leader made of the entries that were not committed |
//! | `figures`, `story` | the ledger as numbers and as sentences |

mod clock;
mod crossing;
mod figures;
mod ledger;
mod story;
mod tail;
#[cfg(test)]
mod tests;
mod twin;

pub use crossing::{Crossing, under};
pub use figures::{Figures, ROWS, Row};
pub use ledger::Ledger;
pub use story::Difference;
pub use twin::{Comparison, Gait, Left};
