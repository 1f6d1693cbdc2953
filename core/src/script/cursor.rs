//! Reading one line, token by token.
//!
//! Every attempt to read something that is not there is remembered as expected at that place;
//! going on forgets it. So when no attempt succeeds the cursor knows all that could have stood
//! there, and errors and completion say the same from the same parser.

use super::error::{Error, Found, Problem, Unexpected};
use super::expected::{Expected, nearest};
use super::lexer::{self, Broken, Kind, Token};
use super::names::Names;
use super::value::Reading;
use crate::server::Protocol;

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
        let mut expected: Vec<String> = Vec::new();
        for description in self.expected.iter().map(|e| e.describe(self.names)) {
            if !expected.contains(&description) {
                expected.push(description);
            }
        }
        Problem::Unexpected(Unexpected {
            expected,
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

    /// What names mean something here.
    pub(super) fn names(&self) -> &'a Names {
        self.names
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
        self.expected.push(expected);
    }

    fn advance(&mut self) {
        self.at += 1;
        self.expected.clear();
    }

    /// Reads a token if `read` makes something of it.
    pub(super) fn read<T>(
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
    pub(super) fn read_word<T>(
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

    /// The same with a table of which some is known to one protocol only, as `of` says: what the
    /// servers do not run is refused by its name, and not expected.
    pub(super) fn one_known<T: Copy>(
        &mut self,
        table: &[(&'static str, T)],
        of: impl Fn(&(&'static str, T)) -> Option<Protocol>,
    ) -> Parsed<Option<T>> {
        for row @ (word, value) in table {
            if let Some(protocol) = of(row).filter(|protocol| self.names.bars(*protocol)) {
                if self.first_word() == Some(word) {
                    let what = word;
                    return self.refuse_here(Problem::OtherProtocol { what, protocol });
                }
            } else if self.word(word) {
                return Ok(Some(*value));
            }
        }
        Ok(None)
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
}

/// Stops where something necessary is missing.
pub(super) fn needed<T>(found: Option<T>) -> Parsed<T> {
    found.ok_or(Stop::Unexpected)
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
