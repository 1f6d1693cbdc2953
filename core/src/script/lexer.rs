//! Lines into tokens.
//!
//! Spaces separate tokens. A `#` where a token could begin starts a comment. A word that begins
//! with `/` is a path and runs to the next space; any other word ends at a symbol too, so that
//! `S1->S2` and `term>=3` need no spaces.

use std::fmt;

use super::error::Problem;

/// A piece of a line, with where it stands: bytes `start..end` of the line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind<'a> {
    /// A bare word: a keyword, a name, a quantity, a path.
    Word(&'a str),
    /// One of [`SYMBOLS`].
    Symbol(&'static str),
    /// A quoted text, its escapes resolved.
    Text(String),
}

/// Longer ones first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 8] = ["->", "<=", ">=", "!=", "=", "<", ">", "|"];

/// A line that cannot be cut into tokens: where it went wrong.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) problem: Problem,
}

/// The tokens of one line.
pub(super) fn tokens(line: &str) -> Result<Vec<Token<'_>>, Broken> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(next) = line[start..].find(|c: char| !c.is_whitespace()) {
        start += next;
        let rest = &line[start..];
        let (kind, length) = if rest.starts_with('#') {
            break;
        } else if rest.starts_with('"') {
            match text(rest) {
                Ok((text, length)) => (Kind::Text(text), length),
                Err((from, to, problem)) => {
                    return Err(Broken {
                        start: start + from,
                        end: start + to,
                        problem,
                    });
                }
            }
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|&s| rest.starts_with(s)) {
            (Kind::Symbol(symbol), symbol.len())
        } else {
            let length = word_length(rest);
            (Kind::Word(&rest[..length]), length)
        };
        tokens.push(Token {
            kind,
            start,
            end: start + length,
        });
        start += length;
    }
    Ok(tokens)
}

/// How many bytes the word at the beginning of `rest` has; at least one character.
fn word_length(rest: &str) -> usize {
    let is_path = rest.starts_with('/');
    rest.char_indices()
        .skip(1)
        .find(|&(at, c)| {
            c.is_whitespace()
                || c == '"'
                || !is_path && SYMBOLS.iter().any(|symbol| rest[at..].starts_with(symbol))
        })
        .map_or(rest.len(), |(at, _)| at)
}

/// The quoted text at the beginning of `rest` and its length in bytes, or what is wrong with it
/// and where.
fn text(rest: &str) -> Result<(String, usize), (usize, usize, Problem)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((text, at + 1)),
            '\\' => {
                let (character, length) = escape(&rest[at..]).map_err(|length| {
                    let end = at + length;
                    let found = rest[at..end].to_owned();
                    (at, end, Problem::BadEscape { found })
                })?;
                text.push(character);
                let more = rest[at..at + length].chars().count() - 1;
                chars.by_ref().take(more).for_each(drop);
            }
            c => text.push(c),
        }
    }
    Err((0, rest.len(), Problem::OpenText))
}

/// The escape at the beginning of `rest` and its length in bytes; or the length of the wrong one.
fn escape(rest: &str) -> Result<(char, usize), usize> {
    let Some(letter) = rest.chars().nth(1) else {
        return Err(1);
    };
    match letter {
        '"' | '\\' => Ok((letter, 2)),
        'n' => Ok(('\n', 2)),
        't' => Ok(('\t', 2)),
        'u' => {
            let digits = rest[2..].strip_prefix('{').and_then(|rest| {
                let (digits, _) = rest.split_once('}')?;
                let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                (hex && (1..=6).contains(&digits.len())).then_some(digits)
            });
            let digits = digits.ok_or(2usize)?;
            let length = digits.len() + 4;
            let code = u32::from_str_radix(digits, 16).map_err(|_| length)?;
            let character = char::from_u32(code).ok_or(length)?;
            Ok((character, length))
        }
        other => Err(1 + other.len_utf8()),
    }
}

/// Writes `text` between quotes, so that [`tokens`] reads it back.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut plain = 0;
        for (at, c) in self.0.char_indices() {
            if c != '"' && c != '\\' && !c.is_control() {
                continue;
            }
            f.write_str(&self.0[plain..at])?;
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                control => write!(f, "\\u{{{:x}}}", u32::from(control))?,
            }
            plain = at + c.len_utf8();
        }
        f.write_str(&self.0[plain..])?;
        f.write_str("\"")
    }
}

/// Writes a path bare where that reads back as the same path, and quoted otherwise.
pub(super) struct Path<'a>(pub(super) &'a str);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let special = |c: char| c.is_whitespace() || c.is_control() || c == '"';
        if self.0.contains(special) {
            Quoted(self.0).fmt(f)
        } else {
            f.write_str(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(line: &str) -> Vec<Kind<'_>> {
        let tokens = tokens(line).expect("the line is well formed");
        tokens.into_iter().map(|token| token.kind).collect()
    }

    fn broken(line: &str) -> (usize, usize, Problem) {
        let broken = tokens(line).expect_err("the line is malformed");
        (broken.start, broken.end, broken.problem)
    }

    #[test]
    fn symbols_need_no_spaces_round_them() {
        use Kind::{Symbol, Word};
        let expected = vec![Word("S1"), Symbol("->"), Word("S2")];
        assert_eq!(kinds("S1->S2"), expected);
        assert_eq!(kinds(" S1 -> S2 "), expected);
        assert_eq!(kinds("a>=3"), [Word("a"), Symbol(">="), Word("3")]);
        assert_eq!(kinds("-500ppm"), [Word("-500ppm")]);
        assert_eq!(kinds("10ms..15ms"), [Word("10ms..15ms")]);
    }

    #[test]
    fn a_path_runs_to_the_next_space() {
        assert_eq!(kinds("/a#b=c->d|e f")[0], Kind::Word("/a#b=c->d|e"));
    }

    #[test]
    fn a_comment_begins_between_tokens_only() {
        assert_eq!(kinds("a # b"), [Kind::Word("a")]);
        assert_eq!(kinds("a#b"), [Kind::Word("a#b")]);
        assert_eq!(kinds("\"a # b\""), [Kind::Text("a # b".into())]);
        assert_eq!(kinds("# all of it"), []);
    }

    #[test]
    fn escapes_are_resolved() {
        let text = kinds(r#""\"\\\n\tä\u{e4}\u{1F600}""#);
        assert_eq!(text, [Kind::Text("\"\\\n\tää😀".into())]);
    }

    #[test]
    fn a_wrong_escape_is_pointed_at() {
        for (line, start, found) in [
            (r#"say "a\qb""#, 6, r"\q"),
            (r#""\u{}""#, 1, r"\u"),
            (r#""\u{d800}""#, 1, r"\u{d800}"),
            (r#""\u{1234567}""#, 1, r"\u"),
            (r#""\u12""#, 1, r"\u"),
        ] {
            let found = found.to_owned();
            let end = start + found.len();
            assert_eq!(broken(line), (start, end, Problem::BadEscape { found }));
        }
    }

    #[test]
    fn a_text_without_its_end_is_pointed_at() {
        assert_eq!(broken("say \"abc"), (4, 8, Problem::OpenText));
        assert_eq!(broken("say \"abc\\\""), (4, 10, Problem::OpenText));
        assert_eq!(
            broken("\"\\").2.to_string(),
            r#"\ is no escape; there are \" \\ \n \t and \u{…}"#
        );
    }

    #[test]
    fn what_is_written_quoted_reads_back() {
        for text in ["", "a b", "\"", "\\", "\n\r\t\0\u{7f}\u{85}", "ä😀", "#"] {
            let line = Quoted(text).to_string();
            assert_eq!(kinds(&line), [Kind::Text(text.into())]);
        }
    }
}
