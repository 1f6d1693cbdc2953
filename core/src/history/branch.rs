//! One future of a run, and how it grows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cursor::{Cursor, Frontier};
use super::journal::Journal;
use super::keyframes::Keyframes;
use super::program::{Note, Program, Waiting, Want};
use super::recording::{Recording, Timed};
use super::tape::{MarkKind, Tape};
use crate::ids::EventId;
use crate::script::{Command, Header, Refused};
use crate::sim::{Record, World};
use crate::time::Time;

/// A branch, for a list of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BranchView {
    /// Its number, from 0.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The branch it left, and when.
    pub from: Option<(u32, Time)>,
    /// How far it goes.
    pub end: Time,
    /// Whether it is the one being looked at.
    pub current: bool,
}

/// What came of an attempt to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moved {
    /// An event happened or a command was carried out.
    On,
    /// An invariant broke.
    Violation,
    /// Nothing more is due; it is as late as it may become.
    Idle,
    /// The script waits for the reader.
    Waits,
    /// The script has come to its end.
    Ended,
}

/// One future of a run. `frontier` is its end; everything up to there is recorded.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) name: String,
    pub(super) from: Option<(u32, Time)>,
    pub(super) recording: Recording,
    /// Commands by their place in the recording, as they were asked for, where they named the leader.
    pub(super) asked: BTreeMap<usize, Command>,
    /// How many commands of the recording are those of the branch that it left.
    pub(super) inherited: usize,
    /// The last event that had happened when it left.
    pub(super) born: EventId,
    pub(super) frontier: Frontier,
    pub(super) keyframes: Keyframes,
    pub(super) journal: Journal,
    pub(super) tape: Tape,
    pub(super) notes: Vec<Note>,
    pub(super) program: Program,
    /// What the script waits for.
    pub(super) waiting: Option<Waiting>,
}

impl Branch {
    /// The first branch: a cluster that has just started.
    pub(super) fn new(header: Header, world: World, program: Program) -> Self {
        let mut frontier = Frontier::new(world);
        let records = frontier.cursor.world.take_records();
        let mut journal = Journal::default();
        journal.extend(records);
        Self {
            name: "main".into(),
            from: None,
            recording: Recording {
                header,
                commands: Vec::new(),
            },
            asked: BTreeMap::new(),
            inherited: 0,
            born: EventId::new(0),
            keyframes: Keyframes::new(frontier.clone()),
            frontier,
            journal,
            tape: Tape::default(),
            notes: Vec::new(),
            program,
            waiting: None,
        }
    }

    /// A branch that shares this one's past up to `place`, and has no script to follow.
    pub(super) fn fork(&self, own_id: u32, place: &Cursor, name: String) -> Self {
        let moves = place.moves;
        let mut frontier = self.keyframes.before_move(moves).clone();
        frontier.cursor.world.observe(false);
        frontier.replay_to(&self.recording.commands, moves);
        // Nothing more is due by then: the reader was there.
        frontier.event(place.world.now());
        frontier.cursor.world.observe(true);
        let (now, commands) = (frontier.now(), frontier.cursor.commands);
        Self {
            name,
            from: Some((own_id, now)),
            recording: Recording {
                header: self.recording.header.clone(),
                commands: self.recording.commands[..commands].to_vec(),
            },
            asked: self
                .asked
                .range(..commands)
                .map(|(place, asked)| (*place, asked.clone()))
                .collect(),
            inherited: commands,
            born: frontier.cursor.world.event(),
            keyframes: self.keyframes.up_to(moves),
            journal: self.journal.up_to(frontier.cursor.world.event()),
            tape: self.tape.up_to(now),
            notes: self
                .notes
                .iter()
                .filter(|note| note.time <= now)
                .cloned()
                .collect(),
            program: Program::empty(),
            waiting: None,
            frontier,
        }
    }

    /// The next thing happens, if it is due by `until`: an event, or a step of the script.
    pub(super) fn go_on(&mut self, until: Time) -> Moved {
        if self.waiting.is_some() {
            return Moved::Waits;
        }
        loop {
            let now = self.frontier.now();
            match self.program.want(&self.frontier.cursor.world) {
                Want::Time(at) | Want::Event(at) => {
                    if self.frontier.event(until.min(at)) {
                        return self.take_in();
                    }
                    if at > until {
                        return Moved::Idle;
                    }
                }
                Want::Nothing => {
                    let happened = self.frontier.event(until);
                    return if happened {
                        self.take_in()
                    } else {
                        Moved::Idle
                    };
                }
                // What is due at this instant comes before a command or the end.
                Want::Do(_) | Want::End(_) if self.frontier.event(now) => return self.take_in(),
                Want::Do(command) => return self.do_step(now, &command),
                Want::Say(note) => {
                    self.tape.mark(now, MarkKind::Note);
                    self.notes.push(note);
                    self.program.done(now);
                }
                Want::Wait(waiting) => {
                    self.waiting = Some(waiting);
                    return Moved::Waits;
                }
                Want::End(digest) => {
                    let here = self.frontier.cursor.world.digest();
                    if let Some(expected) = digest.filter(|expected| *expected != here) {
                        let what = format!(
                            "the run ends in another state ({here}) than when it was recorded \
                             ({expected}): it was recorded by another release"
                        );
                        self.program.fail(now, what);
                    }
                    self.program.done(now);
                    return self.conclude();
                }
            }
        }
    }

    /// The run is over: what can only be judged as a whole is judged now.
    fn conclude(&mut self) -> Moved {
        let Frontier { cursor, monitor } = &mut self.frontier;
        if monitor.at_end(&cursor.world) {
            self.tape.mark(self.frontier.now(), MarkKind::Violation);
            return Moved::Violation;
        }
        Moved::Ended
    }

    fn do_step(&mut self, now: Time, command: &Command) -> Moved {
        let done = self.act(command);
        if let Err(refused) = &done {
            self.program.fail(now, refused.to_string());
        }
        self.program.done(now);
        if done.is_ok() && self.has_news() {
            Moved::Violation
        } else {
            Moved::On
        }
    }

    /// Carries out a command now, after everything that is due at this instant.
    pub(super) fn act(&mut self, command: &Command) -> Result<Command, Refused> {
        self.settle();
        let at = self.frontier.now();
        let done = self.frontier.command(command)?;
        if done != *command {
            let place = self.recording.commands.len();
            self.asked.insert(place, command.clone());
        }
        self.recording.commands.push(Timed {
            at,
            command: done.clone(),
        });
        self.take_in();
        Ok(done)
    }

    /// Lets everything happen that is due at this instant.
    pub(super) fn settle(&mut self) {
        while self.frontier.event(self.frontier.now()) {
            self.take_in();
        }
    }

    /// Keeps what has just happened.
    fn take_in(&mut self) -> Moved {
        let records = self.frontier.cursor.world.take_records();
        for record in &records {
            self.tape.note(record);
        }
        self.journal.extend(records);
        self.keyframes.offer(&self.frontier);
        if self.has_news() {
            self.tape.mark(self.frontier.now(), MarkKind::Violation);
            return Moved::Violation;
        }
        Moved::On
    }

    /// What was done, as it was asked for.
    pub(super) fn asked(&self, place: usize) -> Option<&Command> {
        let recorded = self.recording.commands.get(place)?;
        Some(self.asked.get(&place).unwrap_or(&recorded.command))
    }

    /// Tells again what was told after the event `after`, or all.
    pub(super) fn retell(&self, after: Option<EventId>, mut hear: impl FnMut(Vec<Record>)) {
        let known = after.unwrap_or(EventId::new(0));
        let mut place = self.keyframes.before_event(known).cursor.clone();
        place.world.observe(true);
        if after.is_none() {
            // What the beginning told is told by a world that begins.
            let settings = place.world.settings().clone();
            hear(World::new(settings).take_records());
        }
        let (commands, end) = (&self.recording.commands, self.frontier.cursor.moves);
        while place.moves < end && place.replay(commands, Time::MAX) {
            let told = place.world.take_records();
            if place.world.event() > known {
                hear(told);
            }
        }
    }

    /// The world when nothing after `event` had happened.
    pub(super) fn world_after(&self, event: EventId) -> World {
        let mut place = self.keyframes.before_event(event).cursor.clone();
        place.world.observe(false);
        let commands = &self.recording.commands;
        let end = &self.frontier.cursor;
        // A command may be several events: the place is before all of them, or after.
        let mut scout = place.clone();
        while scout.moves < end.moves
            && scout.world.event() <= event
            && scout.replay(commands, Time::MAX)
        {}
        let moves = scout.moves - u64::from(scout.world.event() > event);
        while place.moves < moves && place.replay(commands, Time::MAX) {}
        place.world
    }

    /// Whether the last event broke an invariant.
    fn has_news(&self) -> bool {
        let event = self.frontier.cursor.world.event();
        self.frontier
            .monitor
            .violations()
            .last()
            .is_some_and(|last| last.event == event)
    }

    /// The reader has seen what the script waited with.
    pub(super) fn end_wait(&mut self) -> bool {
        let waited = self.waiting.take().is_some();
        if waited {
            self.program.done(self.frontier.now());
        }
        waited
    }
}
