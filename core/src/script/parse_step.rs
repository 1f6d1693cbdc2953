//! The grammar of steps and of header lines.

use super::ast::{Choice, Step};
use super::command::Command;
use super::cursor::{Cursor, Parsed};
use super::error::Problem;
use super::limits::{FORMAT_VERSION, MAX_CHOICES, MAX_SERVERS, MAX_TIME};
use super::parse_command::command;
use super::parse_condition::condition;
use super::setting::Setting;
use crate::server::Protocol;
use crate::time::{Duration, Time};

/// A line of the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum HeaderLine {
    Format,
    Protocol(Protocol),
    Servers(u16),
    Seed(u64),
    Behaviour(u32),
    Set(Setting),
    Off(String),
}

/// The first words of header lines.
pub(super) const HEADER: [&str; 7] = [
    "quorumscope",
    "protocol",
    "servers",
    "seed",
    "behaviour",
    "set",
    "off",
];

impl HeaderLine {
    /// The words that may stand once in a header.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::Format => "quorumscope".to_owned(),
            Self::Protocol(_) => "protocol".to_owned(),
            Self::Servers(_) => "servers".to_owned(),
            Self::Seed(_) => "seed".to_owned(),
            Self::Behaviour(_) => "behaviour".to_owned(),
            Self::Set(setting) => format!("set {}", setting.name()),
            Self::Off(rule) => format!("off {rule}"),
        }
    }
}

/// A header line, if one begins here.
pub(super) fn header_line(c: &mut Cursor<'_>) -> Parsed<Option<HeaderLine>> {
    let line = if c.word("quorumscope") {
        format(c)?
    } else if c.word("protocol") {
        HeaderLine::Protocol(protocol(c)?)
    } else if c.word("servers") {
        let servers = c.count("the number of servers", 1, MAX_SERVERS.into())?;
        HeaderLine::Servers(servers as u16)
    } else if c.word("seed") {
        HeaderLine::Seed(c.count("a seed", 0, u64::MAX)?)
    } else if c.word("behaviour") {
        let behaviour = c.count("a behaviour number", 0, u32::MAX.into())?;
        HeaderLine::Behaviour(behaviour as u32)
    } else if c.word("set") {
        HeaderLine::Set(Setting::parse(c)?)
    } else if c.word("off") {
        HeaderLine::Off(c.rule()?)
    } else {
        return Ok(None);
    };
    Ok(Some(line))
}

fn format(c: &mut Cursor<'_>) -> Parsed<HeaderLine> {
    let found = c.any_word("1")?;
    if found != FORMAT_VERSION.to_string() {
        return c.refuse_last(Problem::UnknownFormat { found });
    }
    Ok(HeaderLine::Format)
}

fn protocol(c: &mut Cursor<'_>) -> Parsed<Protocol> {
    if let Some(protocol) = c.one_of(&Protocol::NAMES) {
        return Ok(protocol);
    }
    let found = c.any_word("raft")?;
    let available = Protocol::NAMES.map(|(name, _)| name).join(", ");
    c.refuse_last(Problem::NoProtocol { found, available })
}

/// A step whose time, if it has one, is not before `earliest`.
pub(super) fn step(c: &mut Cursor<'_>, earliest: Time) -> Parsed<Step> {
    if c.word("at") {
        let at = Some(time_from(c, earliest)?);
        let command = command(c)?;
        return Ok(Step::Command { at, command });
    }
    if c.word("wait") {
        return Ok(Step::Wait(c.duration(
            "a wait",
            Duration::ZERO,
            MAX_TIME,
        )?));
    }
    if c.word("until") {
        return until(c);
    }
    if c.word("expect") {
        if c.word("refused") {
            return command(c).map(Step::ExpectRefused);
        }
        return condition(c).map(Step::Expect);
    }
    if c.word("title") {
        return c.text().map(Step::Title);
    }
    if c.word("say") {
        return c.text().map(Step::Say);
    }
    if c.word("pause") {
        return pause(c);
    }
    if c.word("ask") {
        return ask(c);
    }
    if c.word("end") {
        return end(c, earliest);
    }
    let command = command(c)?;
    Ok(Step::Command { at: None, command })
}

fn time_from(c: &mut Cursor<'_>, earliest: Time) -> Parsed<Time> {
    let at = c.time()?;
    if at < earliest {
        let before = earliest;
        return c.refuse_last(Problem::BackInTime { at, before });
    }
    Ok(at)
}

fn until(c: &mut Cursor<'_>) -> Parsed<Step> {
    let condition = condition(c)?;
    let within = if c.word("within") {
        Some(c.duration("a limit", Duration::ZERO, MAX_TIME)?)
    } else {
        None
    };
    Ok(Step::Until { condition, within })
}

/// The word is a step and a command: what follows decides.
fn pause(c: &mut Cursor<'_>) -> Parsed<Step> {
    if let Some(server) = c.try_server()? {
        let command = Command::Pause { server };
        return Ok(Step::Command { at: None, command });
    }
    c.try_text().map(Step::Pause)
}

fn ask(c: &mut Cursor<'_>) -> Parsed<Step> {
    let question = c.text()?;
    c.need_word("choice")?;
    let first = choice(c)?;
    // A question with one choice is none.
    c.need_word("choice")?;
    let mut choices = vec![first, choice(c)?];
    while c.word("choice") {
        if choices.len() == MAX_CHOICES {
            return c.refuse_last(Problem::TooMuch {
                what: "a question",
                limit: MAX_CHOICES,
                unit: "choices",
            });
        }
        choices.push(choice(c)?);
    }
    Ok(Step::Ask { question, choices })
}

fn choice(c: &mut Cursor<'_>) -> Parsed<Choice> {
    let text = c.text()?;
    c.need_word("if")?;
    let right = condition(c)?;
    Ok(Choice { text, right })
}

fn end(c: &mut Cursor<'_>, earliest: Time) -> Parsed<Step> {
    let at = time_from(c, earliest)?;
    let digest = if c.word("digest") {
        Some(c.digest()?)
    } else {
        None
    };
    Ok(Step::End { at, digest })
}
