//! A script that is being run: where it stands and what it waits for.

use crate::digest::Digest;
use crate::script::limits::UNTIL_LIMIT;
use crate::script::{Choice, Command, Condition, Located, Script, Step, execute, holds};
use crate::sim::World;
use crate::time::{Duration, Time};

/// A line of a script that did not come out as it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The line, from 1.
    pub line: u32,
    /// When.
    pub time: Time,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
}

/// Something that a lesson tells its reader.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// When.
    pub time: Time,
    /// Whether it is the title of what follows.
    pub is_title: bool,
    /// What.
    pub text: String,
}

/// What a lesson waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Waiting {
    /// The reader to go on; a card may say something.
    Reader(Option<String>),
    /// The reader to choose an answer.
    Answer {
        /// The question.
        question: String,
        /// The answers.
        choices: Vec<Choice>,
    },
}

/// What a program wants next.
pub(super) enum Want {
    /// Events up to this time, and then to be asked again.
    Time(Time),
    /// Events until something is true, up to this time, and then to be asked again; it must be
    /// asked after every event.
    Event(Time),
    /// A command carried out; then [`Program::done`].
    Do(Command),
    /// Something said; then [`Program::done`].
    Say(Note),
    /// The reader; then [`Program::done`].
    Wait(Waiting),
    /// The state compared with a digest, if there is one; then [`Program::done`].
    End(Option<Digest>),
    /// Nothing more.
    Nothing,
}

/// A script that is being run. `since` is when the present step began.
#[derive(Clone, Debug)]
pub(super) struct Program {
    steps: Vec<Located<Step>>,
    position: usize,
    since: Time,
    pub(super) failures: Vec<Failure>,
}

impl Program {
    pub(super) fn new(script: Script) -> Self {
        Self {
            steps: script.steps,
            position: 0,
            since: Time::ZERO,
            failures: Vec::new(),
        }
    }

    /// A program that has nothing to do.
    pub(super) fn empty() -> Self {
        Self {
            steps: Vec::new(),
            position: 0,
            since: Time::ZERO,
            failures: Vec::new(),
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.position == self.steps.len()
    }

    /// How many steps are done, and how many there are.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.position, self.steps.len())
    }

    /// When the script ends, if it says.
    pub(super) fn end(&self) -> Option<Time> {
        match self.steps.last()?.value {
            Step::End { at, .. } => Some(at),
            _ => None,
        }
    }

    /// The line of the present step.
    fn line(&self) -> u32 {
        self.steps.get(self.position).map_or(0, |step| step.line)
    }

    /// The present step is done.
    pub(super) fn done(&mut self, now: Time) {
        self.position += 1;
        self.since = now;
    }

    /// The present step did not come out as it says.
    pub(super) fn fail(&mut self, time: Time, what: String) {
        self.failures.push(Failure {
            line: self.line(),
            time,
            what,
        });
    }

    /// What is to be done next. Steps that need nothing of the world are done on the way.
    pub(super) fn want(&mut self, world: &World) -> Want {
        let now = world.now();
        while let Some(step) = self.steps.get(self.position) {
            match &step.value {
                Step::Command { at: Some(at), .. } | Step::End { at, .. } if *at > now => {
                    return Want::Time(*at);
                }
                Step::Command { command, .. } => return Want::Do(command.clone()),
                Step::Wait(span) if self.since + *span > now => {
                    return Want::Time(self.since + *span);
                }
                Step::Wait(_) => self.done(now),
                Step::Until { condition, within } => {
                    let deadline = self.since + within.unwrap_or(UNTIL_LIMIT);
                    if !holds(condition, world) {
                        if now < deadline {
                            return Want::Event(deadline);
                        }
                        let what = not_within(condition, within.unwrap_or(UNTIL_LIMIT));
                        self.fail(now, what);
                    }
                    self.done(now);
                }
                Step::Expect(condition) => {
                    if !holds(condition, world) {
                        self.fail(now, format!("expected {condition}, and it is not so"));
                    }
                    self.done(now);
                }
                Step::ExpectRefused(command) => {
                    if let Some(refusal) = refusal(command, world) {
                        return say(now, false, &refusal);
                    }
                    let what = format!("expected `{command}` to be refused, and it is possible");
                    self.fail(now, what);
                    self.done(now);
                }
                Step::Title(text) => return say(now, true, text),
                Step::Say(text) => return say(now, false, text),
                Step::Pause(card) => return Want::Wait(Waiting::Reader(card.clone())),
                Step::Ask { question, choices } => {
                    return Want::Wait(Waiting::Answer {
                        question: question.clone(),
                        choices: choices.clone(),
                    });
                }
                Step::End { digest, .. } => return Want::End(*digest),
            }
        }
        Want::Nothing
    }
}

/// Why a cluster does not carry out a command now, as a sentence; `None` if it would.
pub(super) fn refusal(command: &Command, world: &World) -> Option<String> {
    let refused = execute(&mut world.clone(), command).err()?;
    Some(format!("`{command}` is refused: {refused}."))
}

fn say(time: Time, is_title: bool, text: &str) -> Want {
    Want::Say(Note {
        time,
        is_title,
        text: text.into(),
    })
}

fn not_within(condition: &Condition, limit: Duration) -> String {
    format!("waited {limit} until {condition}, and it did not come about")
}
