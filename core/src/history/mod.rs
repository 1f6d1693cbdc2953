//! A run as something to look at: recorded, replayed, rewound, branched.
//!
//! History is replay. A [`Recording`] is a script: header and timed commands. Clones of the world,
//! kept at intervals and thinned as they age, make any instant of a run a short replay away,
//! however long it ran. Whoever acts in the past opens a branch; the other future stays.

mod branch;
mod cursor;
mod journal;
mod keyframes;
mod player;
mod program;
mod recording;
mod tape;
#[cfg(test)]
mod tests;

pub use branch::BranchView;
pub use player::{Advanced, MAX_COMMANDS, OpenError, Player, RunError, Stop};
pub use program::{Failure, Note, Waiting};
pub use recording::{BEHAVIOUR, Recording, Timed};
pub use tape::{Band, Mark, MarkKind, Tape};
