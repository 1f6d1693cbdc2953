//! What is wrong with a script, where, and what would be right.

use std::fmt;

use super::limits::FORMAT_VERSION;
use crate::ids::{Endpoint, ServerId};
use crate::server::Protocol;
use crate::time::Time;

/// Something wrong in one place of a script.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct Error {
    /// The line, from 1.
    pub line: u32,
    /// The column of the first wrong character, from 1, counted in characters.
    pub column: u32,
    /// How many characters are wrong; 0 where something is missing.
    pub width: u32,
    /// What is wrong there.
    pub problem: Problem,
}

/// Everything wrong in a script, in the order of its lines; at least one error.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Errors {
    /// The errors, at most [`MAX_ERRORS`](super::limits::MAX_ERRORS).
    pub errors: Vec<Error>,
    /// How many more there are.
    pub left_out: usize,
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.errors.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        match self.left_out {
            0 => Ok(()),
            1 => f.write_str("\nand 1 more error"),
            more => write!(f, "\nand {more} more errors"),
        }
    }
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// Something else should stand here.
    #[error("{0}")]
    Unexpected(Unexpected),
    /// A quoted text does not end on its line.
    #[error("the text that begins here has no closing quote")]
    OpenText,
    /// A backslash is followed by something that has no meaning.
    #[error("{found} is no escape; there are \\\" \\\\ \\n \\t and \\u{{…}}")]
    BadEscape {
        /// What was found, backslash included.
        found: String,
    },
    /// A quantity outside its bounds.
    #[error("{what} must be from {least} to {most}, found {found}")]
    OutOfRange {
        /// The quantity, with its article.
        what: &'static str,
        /// What was found.
        found: String,
        /// The least that is allowed.
        least: String,
        /// The most that is allowed.
        most: String,
    },
    /// A quantity with too many decimals.
    #[error("{what} cannot be finer than {finest}")]
    TooFine {
        /// The quantity, with its article.
        what: &'static str,
        /// The smallest step.
        finest: &'static str,
    },
    /// A span whose first end is above its second.
    #[error("the shorter duration comes first, found {found}")]
    Backwards {
        /// What was found.
        found: String,
    },
    /// More than a limit allows.
    #[error("{what} has at most {limit} {unit}")]
    TooMuch {
        /// What is limited, with its article.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// The first line does not say that this is a script.
    #[error("a script begins with the line \"quorumscope {FORMAT_VERSION}\"")]
    NoFormat,
    /// A script of another release.
    #[error("this script has format {found}; this release reads format {FORMAT_VERSION}")]
    UnknownFormat {
        /// The version that the script claims.
        found: String,
    },
    /// A protocol that this release cannot run.
    #[error("protocol {found} is not in this release; there is: {available}")]
    NoProtocol {
        /// The protocol that was asked for.
        found: String,
        /// The protocols that there are.
        available: String,
    },
    /// Something that only another protocol knows.
    #[error("\"{what}\" is of protocol {protocol}, and these servers run another")]
    OtherProtocol {
        /// What was found.
        what: &'static str,
        /// The protocol that knows it.
        protocol: Protocol,
    },
    /// The protocol is chosen after something that depends on it.
    #[error("the protocol comes before every \"set\" and \"off\"")]
    LateProtocol,
    /// A header line that was there before.
    #[error("\"{what}\" is given a second time; the first is on line {first}")]
    Repeated {
        /// The words that may stand once.
        what: String,
        /// The line of the first.
        first: u32,
    },
    /// A header line where a step belongs.
    #[error("\"{word}\" belongs in the header of a script, before its first step")]
    HeaderLine {
        /// The word it begins with.
        word: String,
    },
    /// A timed step earlier than one before it.
    #[error("time does not go back: {at} after {before}")]
    BackInTime {
        /// The time of this step.
        at: Time,
        /// The latest time before it.
        before: Time,
    },
    /// A step after the end.
    #[error("the script ended on line {end}")]
    AfterEnd {
        /// The line of `end`.
        end: u32,
    },
    /// A command that can be written but not done.
    #[error("{0}")]
    Impossible(#[from] Impossible),
}

/// Why a well-formed command cannot be done by any cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Impossible {
    /// A link from an endpoint to itself.
    #[error("a link has two different ends; {0} is named twice")]
    LinkToItself(Endpoint),
    /// A link between clients.
    #[error("clients have links to servers only, not to each other")]
    LinkBetweenClients,
    /// A member of two groups, or twice of one.
    #[error("{0} is in the partition twice")]
    InTwoGroups(Endpoint),
    /// A configuration that names a server twice.
    #[error("{0} is named twice; a server is a voter, a learner or neither")]
    NamedTwice(ServerId),
    /// The command names the leader, and there is none.
    #[error("there is no leader now")]
    NoLeader,
}

/// Something stands where something else is expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unexpected {
    /// Everything that could stand there: `a server (S1 to S5)`, `"keep"`.
    pub expected: Vec<String>,
    /// What stands there; `None` at the end of the line.
    pub found: Option<Found>,
    /// An expected word that is nearly what was found.
    pub suggestion: Option<String>,
}

/// What stands in a place of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// A word or a symbol.
    Word(String),
    /// A quoted text.
    Text(String),
}

/// Beyond this many alternatives a list says less than a name for all of them.
const LISTED: usize = 20;

/// Beyond this many characters what was found is cut off.
const SHOWN: usize = 40;

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected ")?;
        match self.expected.as_slice() {
            many if many.len() > LISTED && many.iter().any(|word| word == "\"crash\"") => {
                f.write_str("a command")?;
            }
            [] => f.write_str("nothing more")?,
            [only] => f.write_str(only)?,
            [first @ .., last] => write!(f, "{} or {last}", first.join(", "))?,
        }
        match &self.found {
            None => f.write_str(", found the end of the line")?,
            Some(Found::Word(word)) => write!(f, ", found \"{}\"", shown(word))?,
            Some(Found::Text(text)) => write!(f, ", found the text \"{}\"", shown(text))?,
        }
        match &self.suggestion {
            Some(word) => write!(f, "; did you mean \"{word}\"?"),
            None => Ok(()),
        }
    }
}

/// `text` on one line, cut off where it gets long.
fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
