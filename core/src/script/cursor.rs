//! Reading one line, token by token.
//!
//! Every attempt to read something that is not there is remembered as expected at that place;
//! going on forgets it. So when no attempt succeeds the cursor knows all that could have stood
//! there, and errors and completion say the same from the same parser.

use super::error::{Error, Found, Problem, Unexpected};
use super::expected::{Expected, nearest};
use super::lexer::{self, Broken, Kind, Token};
use super::limits::{MAX_DATA, MAX_SERVERS, MAX_TEXT};
use super::names::Names;
use super::value::{self, Offset, Percent, Reading, Span};
use super::{EndpointRef, ServerRef};
use crate::digest::Digest;
use crate::ids::{ClientId, MessageId, ServerId};
use crate::time::{Duration, Time};

/// Why a line cannot be read further.
pub(super) enum Stop {
    /// Nothing of what is expected stands at the cursor.
    Unexpected,
    /// What stands at this token cannot be accepted.
    Refused(usize, Problem),
}

/// What a part of the parser gives.
pub(super) type Parsed<T> = Result<T, Stop>;

/// A place in a line, and what could stand there.
pub(super) struct Cursor<'a> {
    names: &'a Names,
    tokens: &'a [Token<'a>],
    at: usize,
    /// What was looked for at `at` and not found.
    expected: Vec<Expected>,
}

impl<'a> Cursor<'a> {
    fn new(tokens: &'a [Token<'a>], names: &'a Names) -> Self {
        Self {
            names,
            tokens,
            at: 0,
            expected: Vec::new(),
        }
    }

    /// Reads the whole of `text`, which stands on line `line`, with `parse`.
    pub(super) fn read_line<T>(
        text: &str,
        line: u32,
        names: &Names,
        parse: impl FnOnce(&mut Cursor<'_>) -> Parsed<T>,
    ) -> Result<T, Error> {
        let place = Place { text, line };
        let tokens = lexer::tokens(text).map_err(|broken| place.broken(broken))?;
        let mut cursor = Cursor::new(&tokens, names);
        let parsed = parse(&mut cursor).and_then(|value| cursor.end().map(|()| value));
        parsed.map_err(|stop| match stop {
            Stop::Refused(at, problem) => place.error(&tokens, at, problem),
            Stop::Unexpected => place.error(&tokens, cursor.at, cursor.problem()),
        })
    }

    /// What could follow `tokens`, if `parse` gets through all of them.
    pub(super) fn after<T>(
        tokens: &[Token<'_>],
        names: &Names,
        parse: impl FnOnce(&mut Cursor<'_>) -> Parsed<T>,
    ) -> Vec<Expected> {
        let mut cursor = Cursor::new(tokens, names);
        let stopped = parse(&mut cursor).and_then(|_| cursor.end()).err();
        match stopped {
            Some(Stop::Refused(..)) => Vec::new(),
            _ if cursor.at < tokens.len() => Vec::new(),
            _ => cursor.expected,
        }
    }

    /// The problem that none of what is expected stands here.
    fn problem(&self) -> Problem {
        let found = self.tokens.get(self.at).map(|token| match &token.kind {
            Kind::Word(word) => Found::Word((*word).to_owned()),
            Kind::Symbol(symbol) => Found::Word((*symbol).to_owned()),
            Kind::Text(text) => Found::Text(text.clone()),
        });
        let suggestion = match &found {
            Some(Found::Word(word)) => {
                let known = |expected: &Expected| expected.candidates(self.names);
                let candidates = self.expected.iter().flat_map(known);
                nearest(word, candidates.map(|(plain, _)| plain))
            }
            _ => None,
        };
        let describe = |expected: &Expected| expected.describe(self.names);
        Problem::Unexpected(Unexpected {
            expected: self.expected.iter().map(describe).collect(),
            found,
            suggestion,
        })
    }

    /// Stops here, because nothing of what was tried stands here.
    #[expect(clippy::unused_self, reason = "says where the line stops")]
    pub(super) fn unexpected<T>(&self) -> Parsed<T> {
        Err(Stop::Unexpected)
    }

    /// The bare word that stands here, if one does.
    pub(super) fn first_word(&self) -> Option<&str> {
        match self.tokens.get(self.at)?.kind {
            Kind::Word(word) => Some(word),
            Kind::Symbol(_) | Kind::Text(_) => None,
        }
    }

    /// Stops at what stands here, which cannot be accepted.
    pub(super) fn refuse_here<T>(&self, problem: Problem) -> Parsed<T> {
        Err(Stop::Refused(self.at, problem))
    }

    /// Stops at the token just read, which cannot be accepted.
    pub(super) fn refuse_last<T>(&self, problem: impl Into<Problem>) -> Parsed<T> {
        Err(Stop::Refused(self.at.saturating_sub(1), problem.into()))
    }

    /// Stops at the last token before the cursor that reads `word`, else at the last token.
    pub(super) fn refuse_word<T>(&self, word: &str, problem: impl Into<Problem>) -> Parsed<T> {
        let before = &self.tokens[..self.at];
        let found = before
            .iter()
            .rposition(|token| token.kind == Kind::Word(word));
        let at = found.unwrap_or(self.at.saturating_sub(1));
        Err(Stop::Refused(at, problem.into()))
    }

    fn expect(&mut self, expected: Expected) {
        if !self.expected.contains(&expected) {
            self.expected.push(expected);
        }
    }

    fn advance(&mut self) {
        self.at += 1;
        self.expected.clear();
    }

    /// Reads a token if `read` makes something of it.
    fn read<T>(
        &mut self,
        expected: Expected,
        read: impl FnOnce(&Kind<'_>) -> Reading<T>,
    ) -> Parsed<Option<T>> {
        let Some(token) = self.tokens.get(self.at) else {
            self.expect(expected);
            return Ok(None);
        };
        match read(&token.kind) {
            Ok(Some(value)) => {
                self.advance();
                Ok(Some(value))
            }
            Ok(None) => {
                self.expect(expected);
                Ok(None)
            }
            Err(problem) => Err(Stop::Refused(self.at, problem)),
        }
    }

    /// Reads a bare word if `read` makes something of it.
    fn read_word<T>(
        &mut self,
        expected: Expected,
        read: impl FnOnce(&str) -> Reading<T>,
    ) -> Parsed<Option<T>> {
        self.read(expected, |kind| match kind {
            Kind::Word(word) => read(word),
            Kind::Symbol(_) | Kind::Text(_) => Ok(None),
        })
    }

    /// Reads this word or symbol, if it stands here.
    pub(super) fn word(&mut self, word: &'static str) -> bool {
        let stands_here = self
            .tokens
            .get(self.at)
            .is_some_and(|token| match token.kind {
                Kind::Word(found) | Kind::Symbol(found) => found == word,
                Kind::Text(_) => false,
            });
        if stands_here {
            self.advance();
        } else {
            self.expect(Expected::Word(word));
        }
        stands_here
    }

    /// Reads this word or symbol.
    pub(super) fn need_word(&mut self, word: &'static str) -> Parsed<()> {
        needed(self.word(word).then_some(()))
    }

    /// Reads one of the words or symbols of a table, if one stands here.
    pub(super) fn one_of<T: Copy>(&mut self, table: &[(&'static str, T)]) -> Option<T> {
        let found = table.iter().find(|(word, _)| self.word(word));
        found.map(|(_, value)| *value)
    }

    /// Reads the end of the line.
    pub(super) fn end(&mut self) -> Parsed<()> {
        if self.is_at_end() {
            return Ok(());
        }
        self.unexpected()
    }

    /// Whether the line ends here.
    pub(super) fn is_at_end(&mut self) -> bool {
        let at_end = self.at == self.tokens.len();
        self.expect(Expected::End);
        at_end
    }

    pub(super) fn try_server(&mut self) -> Parsed<Option<ServerRef>> {
        let last = self.names.servers.unwrap_or(MAX_SERVERS);
        let number = |word: &str| {
            let digits = word.strip_prefix('S')?;
            let number = digits.parse::<u16>().ok()?;
            // One server has one name: not `S01`, not `S+1`.
            let canonical = digits.starts_with(|c: char| ('1'..='9').contains(&c));
            (canonical && number <= last).then(|| ServerId::new(number))
        };
        if let Some(server) = self.read_word(Expected::Server, |word| Ok(number(word)))? {
            return Ok(Some(server.into()));
        }
        Ok(self.word("leader").then_some(ServerRef::Leader))
    }

    pub(super) fn server(&mut self) -> Parsed<ServerRef> {
        self.try_server().and_then(needed)
    }

    pub(super) fn try_client(&mut self) -> Parsed<Option<ClientId>> {
        self.read_word(Expected::Client, |word| {
            let mut letters = word.chars();
            let only = letters.next().filter(|_| letters.as_str().is_empty());
            Ok(only.and_then(ClientId::from_letter))
        })
    }

    pub(super) fn client(&mut self) -> Parsed<ClientId> {
        self.try_client().and_then(needed)
    }

    pub(super) fn try_endpoint(&mut self) -> Parsed<Option<EndpointRef>> {
        if let Some(server) = self.try_server()? {
            return Ok(Some(EndpointRef::Server(server)));
        }
        Ok(self.try_client()?.map(EndpointRef::Client))
    }

    pub(super) fn endpoint(&mut self) -> Parsed<EndpointRef> {
        self.try_endpoint().and_then(needed)
    }

    pub(super) fn message(&mut self) -> Parsed<MessageId> {
        let message = |word: &str| {
            let digits = word.strip_prefix('m')?;
            let canonical = digits == "0" || digits.starts_with(|c: char| ('1'..='9').contains(&c));
            let number = digits.parse().ok().filter(|_| canonical)?;
            Some(MessageId::new(number))
        };
        self.read_word(Expected::Message, |word| Ok(message(word)))
            .and_then(needed)
    }

    pub(super) fn path(&mut self) -> Parsed<String> {
        let path = |kind: &Kind<'_>| match kind {
            Kind::Word(path) if path.starts_with('/') => Some((*path).to_owned()),
            Kind::Text(path) if path.starts_with('/') => Some(path.clone()),
            _ => None,
        };
        self.read(Expected::Path, |kind| Ok(path(kind)))
            .and_then(needed)
    }

    /// Data of a znode: a quoted text, or a bare word of letters, digits and `_ - . :`.
    pub(super) fn try_data(&mut self) -> Parsed<Option<String>> {
        let plain = |c: char| c.is_alphanumeric() || "_-.:".contains(c);
        self.read(Expected::Data, |kind| {
            let data = match kind {
                Kind::Text(data) => data.clone(),
                Kind::Word(data) if data.chars().all(plain) => (*data).to_owned(),
                Kind::Word(_) | Kind::Symbol(_) => return Ok(None),
            };
            at_most("the data of a znode", &data, MAX_DATA).map(|()| Some(data))
        })
    }

    pub(super) fn data(&mut self) -> Parsed<String> {
        self.try_data().and_then(needed)
    }

    pub(super) fn try_text(&mut self) -> Parsed<Option<String>> {
        self.read(Expected::Text, |kind| match kind {
            Kind::Text(text) => at_most("a text", text, MAX_TEXT).map(|()| Some(text.clone())),
            Kind::Word(_) | Kind::Symbol(_) => Ok(None),
        })
    }

    pub(super) fn text(&mut self) -> Parsed<String> {
        self.try_text().and_then(needed)
    }

    pub(super) fn try_duration(
        &mut self,
        what: &'static str,
        least: Duration,
        most: Duration,
    ) -> Parsed<Option<Duration>> {
        self.read_word(Expected::Duration, |word| {
            let Some(duration) = value::duration(word)? else {
                return Ok(None);
            };
            value::within(what, word, duration, least, most)?;
            Ok(Some(duration))
        })
    }

    pub(super) fn duration(
        &mut self,
        what: &'static str,
        least: Duration,
        most: Duration,
    ) -> Parsed<Duration> {
        self.try_duration(what, least, most).and_then(needed)
    }

    pub(super) fn time(&mut self) -> Parsed<Time> {
        let time = self.read_word(Expected::Time, value::duration)?;
        needed(time.map(|since| Time::ZERO + since))
    }

    /// Reads a span whose bounds `check` accepts.
    pub(super) fn span(
        &mut self,
        check: impl FnOnce(&str, Span) -> Result<(), Problem>,
    ) -> Parsed<Span> {
        self.read_word(Expected::Span, |word| {
            let Some(span) = value::span(word)? else {
                return Ok(None);
            };
            check(word, span)?;
            Ok(Some(span))
        })
        .and_then(needed)
    }

    pub(super) fn percent(&mut self) -> Parsed<Percent> {
        self.read_word(Expected::Percent, value::percent)
            .and_then(needed)
    }

    pub(super) fn try_offset(&mut self) -> Parsed<Option<Offset>> {
        self.read_word(Expected::Offset, value::offset)
    }

    pub(super) fn drift(&mut self) -> Parsed<i32> {
        self.read_word(Expected::Drift, value::drift)
            .and_then(needed)
    }

    /// Reads a whole number from `least` to `most` that counts `what`, an article before it.
    pub(super) fn count(&mut self, what: &'static str, least: u64, most: u64) -> Parsed<u64> {
        self.read_word(Expected::Count(what), |word| {
            value::count(what, word, least, most)
        })
        .and_then(needed)
    }

    pub(super) fn rule(&mut self) -> Parsed<String> {
        let known = self.names.rules.as_deref();
        let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        self.read_word(Expected::Rule, |word| {
            Ok(name(word, known).filter(|word| word.chars().all(part_of_name)))
        })
        .and_then(needed)
    }

    /// Reads the name of an error with which an operation can end.
    pub(super) fn answer(&mut self) -> Parsed<String> {
        let known = self.names.answers.as_deref();
        self.read_word(Expected::Answer, |word| {
            let shouted = |word: &String| word.chars().all(|c| c.is_ascii_uppercase());
            Ok(name(word, known).filter(shouted))
        })
        .and_then(needed)
    }

    pub(super) fn digest(&mut self) -> Parsed<Digest> {
        let digest = |word: &str| {
            let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u64::from_str_radix(word, 16).ok();
            number.filter(|_| hex && word.len() == 16).map(Digest)
        };
        self.read_word(Expected::Digest, |word| Ok(digest(word)))
            .and_then(needed)
    }

    /// Reads any bare word as one of `words`; for what is answered with its own error.
    pub(super) fn any_word(&mut self, words: &'static str) -> Parsed<String> {
        self.read_word(Expected::Word(words), |word| Ok(Some(word.to_owned())))
            .and_then(needed)
    }
}

/// Stops where something necessary is missing.
pub(super) fn needed<T>(found: Option<T>) -> Parsed<T> {
    found.ok_or(Stop::Unexpected)
}

/// The word, if it is one of those that are known, or if none are.
fn name(word: &str, known: Option<&[String]>) -> Option<String> {
    let is_known = known.is_none_or(|known| known.iter().any(|name| name == word));
    is_known.then(|| word.to_owned())
}

fn at_most(what: &'static str, text: &str, limit: usize) -> Result<(), Problem> {
    if text.len() > limit {
        let unit = "bytes";
        return Err(Problem::TooMuch { what, limit, unit });
    }
    Ok(())
}

/// A line, to say where in it something is wrong.
#[derive(Clone, Copy)]
struct Place<'a> {
    text: &'a str,
    line: u32,
}

impl Place<'_> {
    /// An error at the token `at`, or at the end of the line.
    fn error(self, tokens: &[Token<'_>], at: usize, problem: Problem) -> Error {
        let end = tokens.last().map_or(0, |token| token.end);
        let (start, end) = tokens.get(at).map_or((end, end), |t| (t.start, t.end));
        self.located(start, end, problem)
    }

    fn broken(self, broken: Broken) -> Error {
        self.located(broken.start, broken.end, broken.problem)
    }

    fn located(self, start: usize, end: usize, problem: Problem) -> Error {
        Error {
            line: self.line,
            column: self.text[..start].chars().count() as u32 + 1,
            width: self.text[start..end].chars().count() as u32,
            problem,
        }
    }
}
