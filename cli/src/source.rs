//! Scripts from files, and what is wrong with them, each with its place.

use std::fmt::Display;
use std::io::Read;

use quorumscope_core::history::{OpenError, Player};
use quorumscope_core::script::limits::MAX_SCRIPT_BYTES;
use quorumscope_core::script::{Errors, Script, Step, parse};

/// A script that was read, with the name under which errors speak of it.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
    script: Result<Script, Errors>,
}

impl Source {
    /// Reads a file, or the standard input for `-`.
    pub(crate) fn read(file: &str) -> Result<Self, String> {
        let (name, bytes) = if file == "-" {
            let mut bytes = Vec::new();
            // One byte more than the longest script is enough to see that it is too long.
            let limit = MAX_SCRIPT_BYTES as u64 + 1;
            let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes);
            ("<stdin>", read.map(|_| bytes))
        } else {
            (file, std::fs::read(file))
        };
        let bytes = bytes.map_err(|error| format!("{name}: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes()[..valid].split(|byte| *byte == b'\n');
            let line = before.count();
            format!("{name}:{line}: this is not text in UTF-8")
        })?;
        Ok(Self::new(name, text))
    }

    /// A script that is at hand already.
    pub(crate) fn new(name: &str, text: String) -> Self {
        Self {
            name: name.to_owned(),
            script: parse(&text),
            text,
        }
    }

    /// Whether the script says when it ends.
    pub(crate) fn ends_itself(&self) -> bool {
        let last = self
            .script
            .as_ref()
            .ok()
            .and_then(|script| script.steps.last());
        last.is_some_and(|step| matches!(step.value, Step::End { .. }))
    }

    /// Opens the script for a run without a reader. One that does not end itself gets a last stop,
    /// so that its run is over exactly when its steps are done.
    pub(crate) fn open(&self) -> Result<Player, String> {
        self.script.as_ref().map_err(|errors| self.place(errors))?;
        let stop = if self.ends_itself() { "" } else { "\npause\n" };
        Player::open(&format!("{}{stop}", self.text)).map_err(|error| match error {
            OpenError::Script(errors) => self.place(&errors),
            OpenError::Settings(_) => format!("{}: {error}", self.name),
        })
    }

    /// Every error on a line of its own, after its place.
    fn place(&self, errors: &Errors) -> String {
        let mut lines: Vec<String> = errors
            .errors
            .iter()
            .map(|error| {
                let place = format!("{}:{}", error.line, error.column);
                format!("{}:{place}: {}", self.name, error.problem)
            })
            .collect();
        if errors.left_out > 0 {
            lines.push(format!(
                "{}: and {} more errors",
                self.name, errors.left_out
            ));
        }
        lines.join("\n")
    }

    /// A message about a line of the script.
    pub(crate) fn at(&self, line: u32, what: impl Display) -> String {
        format!("{}:{line}: {what}", self.name)
    }
}
