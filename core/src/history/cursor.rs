//! A place in a run, and the way from one place to the next.

use super::recording::Timed;
use crate::check::Monitor;
use crate::script::{Command, Refused, execute};
use crate::sim::World;
use crate::time::Time;

/// A place in a run: the world there, and how one gets there from the beginning. A *move* is one
/// event that came about by itself, or one command; they are counted because several may share an
/// instant.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    pub(super) world: World,
    pub(super) moves: u64,
    /// How many commands were carried out.
    pub(super) commands: usize,
}

impl Cursor {
    pub(super) fn new(world: World) -> Self {
        Self {
            world,
            moves: 0,
            commands: 0,
        }
    }

    /// Makes the next recorded move, if it is due by `until`; else it is `until`.
    pub(super) fn replay(&mut self, recorded: &[Timed], until: Time) -> bool {
        let next = recorded
            .get(self.commands)
            .filter(|timed| timed.at <= until);
        if self.event(next.map_or(until, |timed| timed.at)) {
            return true;
        }
        let Some(Timed { command, .. }) = next else {
            return false;
        };
        let replayed = self.command(command);
        debug_assert!(
            replayed.is_ok(),
            "what was done once can be done again: {replayed:?}"
        );
        true
    }

    /// Lets the next event happen if it is due by `until`; else it is `until`.
    fn event(&mut self, until: Time) -> bool {
        let happened = self.world.step_until(until).is_some();
        self.moves += u64::from(happened);
        happened
    }

    fn command(&mut self, command: &Command) -> Result<Command, Refused> {
        let done = execute(&mut self.world, command)?;
        self.moves += 1;
        self.commands += 1;
        Ok(done)
    }
}

/// The end of a branch, where new things happen and are watched.
#[derive(Clone, Debug)]
pub(super) struct Frontier {
    pub(super) cursor: Cursor,
    pub(super) monitor: Monitor,
}

impl Frontier {
    pub(super) fn new(world: World) -> Self {
        let monitor = Monitor::new(&world);
        Self {
            cursor: Cursor::new(world),
            monitor,
        }
    }

    pub(super) fn now(&self) -> Time {
        self.cursor.world.now()
    }

    /// Lets the next event happen if it is due by `until`; else it is `until`.
    pub(super) fn event(&mut self, until: Time) -> bool {
        let happened = self.cursor.event(until);
        if happened {
            self.monitor.after_event(&self.cursor.world);
        }
        happened
    }

    /// Carries out a command. What is due at this instant must have happened.
    pub(super) fn command(&mut self, command: &Command) -> Result<Command, Refused> {
        let done = self.cursor.command(command)?;
        self.monitor.after_command(&self.cursor.world);
        Ok(done)
    }

    /// Goes through recorded moves up to the `moves`th, with the monitor watching.
    pub(super) fn replay_to(&mut self, recorded: &[Timed], moves: u64) {
        while self.cursor.moves < moves {
            let commands = self.cursor.commands;
            if !self.cursor.replay(recorded, Time::MAX) {
                return;
            }
            if self.cursor.commands > commands {
                self.monitor.after_command(&self.cursor.world);
            } else {
                self.monitor.after_event(&self.cursor.world);
            }
        }
    }
}
