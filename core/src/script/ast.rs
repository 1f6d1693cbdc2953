//! What a script says, as data.
//!
//! A [`Script`] is a [`Header`] and its [`Step`]s; most steps are a [`Command`]. `Display` writes
//! every type here as lines that parse to the same value.

use super::command::Command;
use super::condition::Condition;
use super::limits::FORMAT_VERSION;
use super::setting::Setting;
use super::settings::Settings;
use crate::digest::Digest;
use crate::server::Protocol;
use crate::time::{Duration, Time};

/// A whole script: a recording, a lesson, a test.
///
/// The times of timed steps do not decrease, and nothing follows an [`Step::End`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// The cluster that it runs on.
    pub header: Header,
    /// What happens, in order.
    pub steps: Vec<Located<Step>>,
}

/// Something with the line that it stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located<T> {
    /// The line, from 1.
    pub line: u32,
    /// What stands there.
    pub value: T,
}

/// The cluster that a script runs on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The version of the language.
    pub format: u32,
    /// What the servers run.
    pub protocol: Protocol,
    /// How many servers there are.
    pub servers: u16,
    /// What every random choice follows from.
    pub seed: u64,
    /// The behaviour that the script was recorded with.
    pub behaviour: Option<u32>,
    /// The settings that differ from the defaults, each at most once.
    pub settings: Vec<Setting>,
    /// The names of the rules that are switched off, each at most once.
    pub rules_off: Vec<String>,
}

/// One line after the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Something is done to the cluster: at that time, after every event at or before it, or,
    /// without a time, as soon as the step before is finished.
    Command {
        /// When.
        at: Option<Time>,
        /// What.
        command: Command,
    },
    /// Simulated time passes.
    Wait(Duration),
    /// Simulated time passes until the condition holds.
    Until {
        /// What is waited for.
        condition: Condition,
        /// How long at most; [`UNTIL_LIMIT`](super::limits::UNTIL_LIMIT) when the script does not
        /// say. Then the step has failed.
        within: Option<Duration>,
    },
    /// The condition holds now, or the step has failed.
    Expect(Condition),
    /// The cluster refuses the command now, or the step has failed. Nothing is done to it.
    ExpectRefused(Command),
    /// The title of what follows.
    Title(String),
    /// A sentence for the reader.
    Say(String),
    /// The run stops until the reader goes on; with a text, a card shows it.
    Pause(Option<String>),
    /// The reader predicts. Choices whose condition comes true are right.
    Ask {
        /// The question.
        question: String,
        /// What the reader chooses from.
        choices: Vec<Choice>,
    },
    /// The run ends.
    End {
        /// When.
        at: Time,
        /// The digest of the state then.
        digest: Option<Digest>,
    },
}

/// An answer to a question of a lesson.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// What it says.
    pub text: String,
    /// When it is right.
    pub right: Condition,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            format: FORMAT_VERSION,
            protocol: Protocol::Raft,
            servers: 5,
            seed: 1,
            behaviour: None,
            settings: Vec::new(),
            rules_off: Vec::new(),
        }
    }
}

impl Header {
    /// All settings: the defaults, with those of this header on top.
    pub fn all_settings(&self) -> Settings {
        let mut all = Settings::default();
        self.settings.iter().for_each(|&setting| all.set(setting));
        all
    }
}

impl Script {
    /// A script whose steps stand on the lines where `Display` writes them.
    pub fn new(header: Header, steps: Vec<Step>) -> Self {
        let first = header.line_count() + 2;
        let steps = (first..)
            .zip(steps)
            .map(|(line, value)| Located { line, value })
            .collect();
        Self { header, steps }
    }
}
