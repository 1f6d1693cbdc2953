//! Whole scripts: every line is read, whatever is wrong with those before it.

use std::collections::BTreeMap;

use super::ast::{Header, Located, Script, Step};
use super::command::Command;
use super::cursor::{Cursor, Parsed};
use super::error::{Error, Errors, Problem};
use super::limits::{MAX_ERRORS, MAX_LINE, MAX_SCRIPT_BYTES, MAX_STEPS, MAX_TIME};
use super::names::Names;
use super::parse_command::command;
use super::parse_step::{HEADER, HeaderLine, header_line, step};
use crate::server::Protocol;
use crate::sim;
use crate::time::{Duration, Time};

/// Reads a script, or says everything that is wrong with it.
pub fn parse(text: &str) -> Result<Script, Errors> {
    parse_with(text, &Names::default())
}

/// Reads a script and refuses rules that `names` does not know. How many servers there are is
/// for the script to say.
pub fn parse_with(text: &str, names: &Names) -> Result<Script, Errors> {
    let mut reader = Reader::new(names);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > MAX_SCRIPT_BYTES {
        reader.too_much(1, "a script", MAX_SCRIPT_BYTES, "bytes");
        return reader.finish();
    }
    for (line, text) in (1..).zip(text.lines()) {
        if !reader.line(line, text) {
            break;
        }
    }
    reader.finish()
}

/// Reads one line of a script that is not of its header; `None` if there is nothing on it.
pub fn parse_line(text: &str, line: u32) -> Result<Option<Step>, Error> {
    parse_line_with(text, line, &Names::default())
}

/// Reads one line as [`parse_line`] does, and refuses servers that `names` does not know.
pub fn parse_line_with(text: &str, line: u32, names: &Names) -> Result<Option<Step>, Error> {
    if let Some(error) = too_long(text, line) {
        return Err(error);
    }
    Cursor::read_line(text, line, names, |c| {
        if c.is_at_end() {
            return Ok(None);
        }
        refuse_header_line(c)?;
        step(c, Time::ZERO).map(Some)
    })
}

/// Reads one command.
pub fn parse_command(text: &str) -> Result<Command, Error> {
    parse_command_with(text, &Names::default())
}

/// Reads one command and refuses servers that `names` does not know.
pub fn parse_command_with(text: &str, names: &Names) -> Result<Command, Error> {
    if let Some(error) = too_long(text, 1) {
        return Err(error);
    }
    Cursor::read_line(text, 1, names, command)
}

/// Reads a duration on its own: `12ms`.
pub fn parse_duration(text: &str) -> Result<Duration, Error> {
    Cursor::read_line(text, 1, &Names::default(), |c| {
        c.duration("a duration", Duration::ZERO, MAX_TIME)
    })
}

fn too_long(text: &str, line: u32) -> Option<Error> {
    let problem = Problem::TooMuch {
        what: "a line",
        limit: MAX_LINE,
        unit: "bytes",
    };
    (text.len() > MAX_LINE).then_some(Error {
        line,
        column: 1,
        width: 0,
        problem,
    })
}

/// Header lines and steps are told apart by their first word.
fn refuse_header_line(c: &mut Cursor<'_>) -> Parsed<()> {
    match c.first_word() {
        Some(word) if HEADER.contains(&word) => {
            let word = word.to_owned();
            c.refuse_here(Problem::HeaderLine { word })
        }
        _ => Ok(()),
    }
}

/// The names of the rules that can be switched off.
pub(crate) fn rules_of(protocol: Protocol) -> Vec<String> {
    let rules = sim::rules(protocol);
    rules.map(|rule| rule.name.to_owned()).collect()
}

/// What has been read so far.
struct Reader {
    names: Names,
    header: Header,
    /// The line on which each header line stands, by its subject.
    given: BTreeMap<String, u32>,
    /// The first line that says something has been read.
    begun: bool,
    steps: Vec<Located<Step>>,
    /// A line with a step has been read, well formed or not.
    in_steps: bool,
    /// The time of the latest timed step.
    now: Time,
    /// The line of `end`.
    ended: Option<u32>,
    errors: Errors,
}

/// One line, read.
enum Line {
    Header(HeaderLine),
    Step(Step),
}

impl Reader {
    fn new(names: &Names) -> Self {
        let header = Header::default();
        Self {
            names: Names {
                servers: Some(header.servers),
                protocol: Some(header.protocol),
                ..names.clone()
            },
            header,
            given: BTreeMap::new(),
            begun: false,
            steps: Vec::new(),
            in_steps: false,
            now: Time::ZERO,
            ended: None,
            errors: Errors {
                errors: Vec::new(),
                left_out: 0,
            },
        }
    }

    /// Reads one line; false if what follows cannot be read.
    fn line(&mut self, line: u32, text: &str) -> bool {
        if let Some(error) = too_long(text, line) {
            self.error(error);
            return true;
        }
        let text_or_comment = text.trim_start();
        if text_or_comment.is_empty() || text_or_comment.starts_with('#') {
            return true;
        }
        let first_word = text_or_comment
            .split_whitespace()
            .next()
            .unwrap_or_default();
        if !self.begun && first_word != "quorumscope" {
            self.error_at(line, Problem::NoFormat);
        }
        self.begun = true;
        let in_header = HEADER.contains(&first_word);
        self.in_steps |= !in_header;
        match self.read(line, text) {
            Ok(Line::Header(read)) => self.header_line(line, read),
            Ok(Line::Step(read)) => return self.step(line, read),
            Err(error) => {
                let unreadable = matches!(error.problem, Problem::UnknownFormat { .. });
                if first_word == "servers" && !self.in_steps {
                    self.names.servers = None;
                }
                self.error(error);
                return !unreadable;
            }
        }
        true
    }

    fn read(&self, line: u32, text: &str) -> Result<Line, Error> {
        Cursor::read_line(text, line, &self.names, |c| {
            if self.in_steps {
                refuse_header_line(c)?;
            }
            if let Some(end) = self.ended {
                return c.refuse_here(Problem::AfterEnd { end });
            }
            if !self.in_steps
                && let Some(read) = header_line(c)?
            {
                return Ok(Line::Header(read));
            }
            step(c, self.now).map(Line::Step)
        })
    }

    fn header_line(&mut self, line: u32, read: HeaderLine) {
        let what = read.subject();
        if let Some(&first) = self.given.get(&what) {
            self.error_at(line, Problem::Repeated { what, first });
            return;
        }
        self.given.insert(what, line);
        match read {
            HeaderLine::Format => {}
            HeaderLine::Protocol(_)
                if !(self.header.settings.is_empty() && self.header.rules_off.is_empty()) =>
            {
                self.error_at(line, Problem::LateProtocol);
            }
            HeaderLine::Protocol(protocol) => {
                self.header.protocol = protocol;
                self.names.protocol = Some(protocol);
                if self.names.rules.is_some() {
                    self.names.rules = Some(rules_of(protocol));
                }
            }
            HeaderLine::Servers(servers) => {
                self.header.servers = servers;
                self.names.servers = Some(servers);
            }
            HeaderLine::Seed(seed) => self.header.seed = seed,
            HeaderLine::Behaviour(behaviour) => self.header.behaviour = Some(behaviour),
            HeaderLine::Set(setting) => self.header.settings.push(setting),
            HeaderLine::Off(rule) => self.header.rules_off.push(rule),
        }
    }

    fn step(&mut self, line: u32, step: Step) -> bool {
        if self.steps.len() == MAX_STEPS {
            self.too_much(line, "a script", MAX_STEPS, "steps");
            return false;
        }
        match &step {
            Step::Command { at: Some(at), .. } => self.now = *at,
            Step::End { .. } => self.ended = Some(line),
            _ => {}
        }
        if let Step::Command {
            command: Command::Add { server },
            ..
        } = &step
        {
            self.names.servers = self.names.servers.max(Some(server.number()));
        }
        self.steps.push(Located { line, value: step });
        true
    }

    fn too_much(&mut self, line: u32, what: &'static str, limit: usize, unit: &'static str) {
        self.error_at(line, Problem::TooMuch { what, limit, unit });
    }

    /// A problem with a line as a whole.
    fn error_at(&mut self, line: u32, problem: Problem) {
        self.error(Error {
            line,
            column: 1,
            width: 0,
            problem,
        });
    }

    fn error(&mut self, error: Error) {
        if self.errors.errors.len() == MAX_ERRORS {
            self.errors.left_out += 1;
        } else {
            self.errors.errors.push(error);
        }
    }

    fn finish(mut self) -> Result<Script, Errors> {
        if !self.begun && self.errors.errors.is_empty() {
            self.error_at(1, Problem::NoFormat);
        }
        if !self.errors.errors.is_empty() {
            return Err(self.errors);
        }
        Ok(Script {
            header: self.header,
            steps: self.steps,
        })
    }
}
