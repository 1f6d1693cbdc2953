//! A run being watched and made.

mod telling;

use thiserror::Error;

use super::branch::{Branch, BranchView, Moved};
use super::cursor::Cursor;
use super::program::{Failure, Note, Program, Waiting, refusal};
use super::tape::Tape;
use crate::explain::{Explain, Weight};
use crate::ids::EventId;
use crate::script::{
    self, Command, Errors, Names, Refused, Step, holds, parse_line_with, parse_with, rules_of,
};
use crate::server::Protocol;
use crate::sim::{self, Record, World};
use crate::time::{Duration, Time};

/// The most commands of a recording.
pub const MAX_COMMANDS: usize = script::limits::MAX_STEPS - 1;

/// The most branches of a run.
const MAX_BRANCHES: usize = 64;

/// Why a script cannot be run.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OpenError {
    /// It is not well formed.
    #[error(transparent)]
    Script(#[from] Errors),
    /// No cluster can run with its settings.
    #[error("these settings cannot work: {0}")]
    Settings(#[from] sim::SettingsError),
}

/// Why a line was not carried out. Nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum RunError {
    /// It is not well formed.
    #[error(transparent)]
    Line(#[from] script::Error),
    /// The cluster cannot do it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// What it claims is not so.
    #[error("it is not so: {0}")]
    NotSo(String),
    /// What it waits for did not come about.
    #[error("{0} did not come about in {1}")]
    NotYet(String, Duration),
    /// It belongs in a script.
    #[error("`{0}` belongs in a script")]
    OnlyInScripts(&'static str),
    /// There is no such branch.
    #[error("there is no branch {0}")]
    NoBranch(u32),
    /// The recording is as long as it may be.
    #[error("a recording holds at most {MAX_COMMANDS} commands, and a run {MAX_BRANCHES} branches")]
    Full,
}

impl RunError {
    /// The first wrong column of the line, from 1, and how many are wrong, where that is known.
    pub fn place(&self) -> Option<(u32, u32)> {
        match self {
            Self::Line(error) => Some((error.column, error.width)),
            _ => None,
        }
    }
}

/// Why a run stopped before it got where it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The script waits for the reader.
    Waits,
    /// An invariant was violated.
    Violation,
    /// The script has come to its end.
    End,
}

/// How far a run got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advanced {
    /// It is this late now.
    pub now: Time,
    /// Why it stopped early, if it did.
    pub stop: Option<Stop>,
}

/// A run being watched and made. `past` is there exactly while its reader looks at a place before
/// the end of the branch; the world there is a replay.
#[derive(Clone, Debug)]
pub struct Player {
    branches: Vec<Branch>,
    current: usize,
    past: Option<Cursor>,
    revision: u64,
}

impl Player {
    /// Opens a script; an empty text is the default cluster. Nothing has happened yet.
    pub fn open(text: &str) -> Result<Self, OpenError> {
        let rules = rules_of(Protocol::default());
        let names = Names {
            rules: Some(rules),
            ..Names::default()
        };
        let empty = format!("quorumscope {}\n", script::limits::FORMAT_VERSION);
        let script = parse_with(if text.trim().is_empty() { &empty } else { text }, &names)?;
        let settings = script
            .header
            .world()
            .expect("the parser knows the names of all rules");
        settings.validate()?;
        let header = script.header.clone();
        let branch = Branch::new(header, World::new(settings), Program::new(script));
        Ok(Self {
            branches: vec![branch],
            current: 0,
            past: None,
            revision: 0,
        })
    }

    fn branch(&self) -> &Branch {
        &self.branches[self.current]
    }

    fn branch_mut(&mut self) -> &mut Branch {
        self.revision += 1;
        &mut self.branches[self.current]
    }

    fn cursor(&self) -> &Cursor {
        self.past.as_ref().unwrap_or(&self.branch().frontier.cursor)
    }

    /// The world as the reader sees it.
    pub fn world(&self) -> &World {
        &self.cursor().world
    }

    /// The time at which the reader is.
    pub fn now(&self) -> Time {
        self.world().now()
    }

    /// The end of the branch.
    pub fn end(&self) -> Time {
        self.branch().frontier.now()
    }

    /// Whether the reader is at the end of the branch, where new things happen.
    pub fn is_live(&self) -> bool {
        self.past.is_none()
    }

    /// Changes whenever something that a screen shows may have changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Carries out a line of the language, now. Answers what was done, every server by its number.
    /// Whoever acts in the past, or while a script has more to do, opens a branch.
    pub fn run(&mut self, line: &str) -> Result<String, RunError> {
        let names = Names {
            servers: Some(self.world().servers()),
            protocol: Some(self.world().settings().protocol),
            ..Names::default()
        };
        let Some(step) = parse_line_with(line, 1, &names)? else {
            return Ok(String::new());
        };
        match step {
            Step::Command { command, .. } => self.act(&command),
            Step::Wait(span) => {
                self.advance(span);
                Ok(step.to_string())
            }
            Step::Until {
                ref condition,
                within,
            } => {
                let limit = within.unwrap_or(script::limits::UNTIL_LIMIT);
                let deadline = self.now() + limit;
                while !holds(condition, self.world()) {
                    if !self.move_on(deadline) {
                        return Err(RunError::NotYet(condition.to_string(), limit));
                    }
                }
                Ok(step.to_string())
            }
            Step::Expect(ref condition) if holds(condition, self.world()) => Ok(step.to_string()),
            Step::Expect(condition) => Err(RunError::NotSo(condition.to_string())),
            Step::ExpectRefused(ref command) => match refusal(command, self.world()) {
                Some(refusal) => Ok(refusal),
                None => Err(RunError::NotSo(step.to_string())),
            },
            Step::Title(text) => Ok(self.say(true, text)),
            Step::Say(text) => Ok(self.say(false, text)),
            Step::Pause(_) => Err(RunError::OnlyInScripts("pause")),
            Step::Ask { .. } => Err(RunError::OnlyInScripts("ask")),
            Step::End { .. } => Err(RunError::OnlyInScripts("end")),
        }
    }

    fn say(&mut self, is_title: bool, text: String) -> String {
        let time = self.end();
        self.branch_mut().notes.push(Note {
            time,
            is_title,
            text: text.clone(),
        });
        text
    }

    fn act(&mut self, command: &Command) -> Result<String, RunError> {
        // A deed that is refused must not leave a branch behind.
        script::execute(&mut self.world().clone(), command)?;
        if self.branch().recording.commands.len() >= MAX_COMMANDS {
            return Err(RunError::Full);
        }
        if self.past.is_some() || !self.branch().program.is_finished() {
            self.fork(command.to_string())?;
        }
        let done = self.branch_mut().act(command)?;
        Ok(done.to_string())
    }

    /// Opens a branch here, and goes to it.
    pub fn fork(&mut self, name: String) -> Result<(), RunError> {
        if self.branches.len() == MAX_BRANCHES {
            return Err(RunError::Full);
        }
        let branch = self.branch().fork(self.current as u32, self.cursor(), name);
        self.branches.push(branch);
        self.current = self.branches.len() - 1;
        self.past = None;
        self.revision += 1;
        Ok(())
    }

    /// Lets simulated time pass: replays what is recorded, then goes on. Stops early where a script
    /// waits or ends and where an invariant breaks.
    pub fn advance(&mut self, by: Duration) -> Advanced {
        let until = self.now() + by;
        self.revision += 1;
        self.replay_until(until);
        let mut stop = None;
        while self.past.is_none() && stop.is_none() {
            stop = match self.branch_mut().go_on(until) {
                Moved::On => None,
                Moved::Idle => break,
                Moved::Violation => Some(Stop::Violation),
                Moved::Waits => Some(Stop::Waits),
                Moved::Ended => Some(Stop::End),
            };
        }
        Advanced {
            now: self.now(),
            stop,
        }
    }

    /// Replays up to `until`, or to the end of the branch, where the reader is live again.
    fn replay_until(&mut self, until: Time) {
        while let Some(moved) = self.replay_move(until) {
            if !moved {
                return;
            }
        }
    }

    /// One recorded move, if it is due by `until`; whether it was made. `None` when live.
    fn replay_move(&mut self, until: Time) -> Option<bool> {
        let branch = &self.branches[self.current];
        let past = self.past.as_mut()?;
        let end = &branch.frontier.cursor;
        if past.moves < end.moves {
            return Some(past.replay(&branch.recording.commands, until));
        }
        if until < end.world.now() {
            past.replay(&branch.recording.commands, until);
            return Some(false);
        }
        self.past = None;
        None
    }

    /// One move, recorded or new, if it is due by `until`.
    fn move_on(&mut self, until: Time) -> bool {
        self.revision += 1;
        match self.replay_move(until) {
            Some(moved) => moved,
            None => matches!(self.branch_mut().go_on(until), Moved::On | Moved::Violation),
        }
    }

    /// Goes to any instant of the branch: everything due by then has happened. Later than the end
    /// is the end.
    pub fn seek(&mut self, to: Time) {
        self.revision += 1;
        if to >= self.end() {
            return self.go_live();
        }
        let branch = &self.branches[self.current];
        let keyframe = &branch.keyframes.before(to).cursor;
        let near = |past: &Cursor| past.moves >= keyframe.moves && past.world.now() < to;
        if !self.past.as_ref().is_some_and(near) {
            let keyframe = keyframe.clone();
            self.enter(keyframe);
        }
        self.replay_until(to);
    }

    /// Takes up a place in the past, telling what follows again if it is forgotten.
    fn enter(&mut self, mut place: Cursor) {
        let forgotten = !self.branch().journal.covers(place.world.event());
        place.world.observe(forgotten);
        self.past = Some(place);
    }

    /// Goes to the place after the `moves`th move of the branch.
    fn seek_move(&mut self, moves: u64) {
        self.revision += 1;
        let branch = &self.branches[self.current];
        if moves >= branch.frontier.cursor.moves {
            return self.go_live();
        }
        let keyframe = branch.keyframes.before_move(moves).cursor.clone();
        self.enter(keyframe);
        let branch = &self.branches[self.current];
        if let Some(past) = &mut self.past {
            while past.moves < moves && past.replay(&branch.recording.commands, Time::MAX) {}
        }
    }

    /// Goes to the end of the branch.
    pub fn go_live(&mut self) {
        self.revision += 1;
        self.past = None;
    }

    /// One event onwards.
    pub fn step(&mut self) -> bool {
        self.move_on(Time::MAX)
    }

    /// One event back.
    pub fn step_back(&mut self) -> bool {
        let moves = self.cursor().moves;
        if moves == 0 {
            return false;
        }
        self.seek_move(moves - 1);
        true
    }

    /// Onwards to the next event that matters to the story.
    pub fn next_turn(&mut self) -> bool {
        /// As many quiet events as a cluster at rest has in half an hour.
        const PATIENCE: u32 = 400_000;
        for _ in 0..PATIENCE {
            let before = self.world().event();
            if !self.move_on(Time::MAX) {
                return false;
            }
            if self.has_turn_since(before) {
                return true;
            }
        }
        false
    }

    /// Back to the last event before this one that matters to the story, or to the beginning.
    pub fn previous_turn(&mut self) -> bool {
        if !self.step_back() {
            return false;
        }
        let here = self.world().event();
        let is_turn = |record: &&Record| record.fact.weight() == Weight::Turn;
        let Some(turn) = self.branch().journal.until(here).find(is_turn) else {
            self.seek_move(0);
            return true;
        };
        let (event, time) = (turn.event, turn.time);
        self.seek(time);
        // A command may be several events; the place is after all of them.
        while self.world().event() >= event && self.step_back() {}
        self.step()
    }

    /// Whether anything that matters to the story happened after `before`, up to now.
    fn has_turn_since(&self, before: EventId) -> bool {
        let event = self.world().event();
        let replayed = self.world().records().iter().rev();
        self.branch()
            .journal
            .until(event)
            .chain(replayed)
            .take_while(|record| record.event > before)
            .any(|record| record.fact.weight() == Weight::Turn)
    }

    /// The branch at a glance.
    pub fn tape(&self) -> &Tape {
        &self.branch().tape
    }

    /// All branches, in the order in which they were opened.
    pub fn branches(&self) -> Vec<BranchView> {
        let view = |(id, branch): (usize, &Branch)| BranchView {
            id: id as u32,
            name: branch.name.clone(),
            from: branch.from,
            end: branch.frontier.now(),
            current: id == self.current,
        };
        self.branches.iter().enumerate().map(view).collect()
    }

    fn check_branch(&self, id: u32) -> Result<usize, RunError> {
        let id = id as usize;
        if id < self.branches.len() {
            Ok(id)
        } else {
            Err(RunError::NoBranch(id as u32))
        }
    }

    /// Goes to another branch: to the time at which the reader is, or to its end.
    pub fn switch(&mut self, id: u32) -> Result<(), RunError> {
        let id = self.check_branch(id)?;
        let now = self.now();
        let was_live = self.is_live();
        self.current = id;
        self.go_live();
        if !was_live {
            self.seek(now);
        }
        Ok(())
    }

    /// Gives a branch another name.
    pub fn rename(&mut self, id: u32, name: String) -> Result<(), RunError> {
        let id = self.check_branch(id)?;
        self.branches[id].name = name;
        self.revision += 1;
        Ok(())
    }

    /// When the script that was opened ends, if it says.
    pub fn script_end(&self) -> Option<Time> {
        self.branches[0].program.end()
    }

    /// How many steps of the branch's script are done, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        self.branch().program.progress()
    }

    /// What a lesson has said up to now, oldest first.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        let now = self.now();
        self.branch()
            .notes
            .iter()
            .filter(move |note| note.time <= now)
    }

    /// What the script waits for, at the end of the branch.
    pub fn waiting(&self) -> Option<&Waiting> {
        self.branch().waiting.as_ref().filter(|_| self.is_live())
    }

    /// The reader has seen what the script waited with. Whether it had waited.
    pub fn go_on(&mut self) -> bool {
        self.branch_mut().end_wait()
    }

    /// The lines of the branch's script that did not come out as they say.
    pub fn failures(&self) -> &[Failure] {
        &self.branch().program.failures
    }
}
