//! Reading the things that lines name: servers, durations, paths, texts.
//!
//! A reader whose name begins with `try_` reads its thing if it stands at the cursor; the others
//! need it.

use super::command::{EndpointRef, ServerRef};
use super::cursor::{Cursor, Parsed, needed};
use super::error::Problem;
use super::expected::Expected;
use super::lexer::Kind;
use super::limits::{MAX_DATA, MAX_SERVERS, MAX_TEXT};
use super::value::{self, Offset, Percent, Span};
use crate::digest::Digest;
use crate::ids::{ClientId, MessageId, ServerId};
use crate::time::{Duration, Time};
use crate::zookeeper::{Acl, ErrorCode, Zxid};

impl Cursor<'_> {
    pub(super) fn try_server(&mut self) -> Parsed<Option<ServerRef>> {
        if let Some(server) = self.try_numbered_server()? {
            return Ok(Some(server.into()));
        }
        Ok(self.word("leader").then_some(ServerRef::Leader))
    }

    /// Reads the name of a server by its number: a client does not know who leads.
    pub(super) fn try_numbered_server(&mut self) -> Parsed<Option<ServerId>> {
        let last = self.names().servers.unwrap_or(MAX_SERVERS);
        self.read_word(Expected::Server, |word| Ok(numbered(word, last)))
    }

    /// Reads the name of a server that may not be there yet.
    pub(super) fn new_server(&mut self) -> Parsed<ServerId> {
        self.try_new_server().and_then(needed)
    }

    pub(super) fn try_new_server(&mut self) -> Parsed<Option<ServerId>> {
        self.read_word(Expected::NewServer, |word| Ok(numbered(word, MAX_SERVERS)))
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
        self.try_path().and_then(needed)
    }

    /// An access control list: `world:anyone:r,digest:bob:HASH:cdrwa`.
    pub(super) fn acl(&mut self) -> Parsed<Acl> {
        self.read(Expected::Acl, |kind| {
            Ok(match kind {
                Kind::Word(list) => Acl::parse(list),
                Kind::Text(list) => Acl::parse(list),
                Kind::Symbol(_) => None,
            })
        })
        .and_then(needed)
    }

    pub(super) fn try_path(&mut self) -> Parsed<Option<String>> {
        let path = |kind: &Kind<'_>| match kind {
            Kind::Word(path) if path.starts_with('/') => Some((*path).to_owned()),
            Kind::Text(path) if path.starts_with('/') => Some(path.clone()),
            _ => None,
        };
        self.read(Expected::Path, |kind| Ok(path(kind)))
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

    /// Reads the version of a configuration as the configuration itself writes it.
    pub(super) fn configuration_version(&mut self) -> Parsed<Zxid> {
        let what = Expected::Count("a version in hexadecimal digits");
        let version = |word: &str| {
            let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let number = u64::from_str_radix(word, 16).ok();
            number.filter(|_| word.bytes().all(is_hex))
        };
        let version = self.read_word(what, |word| Ok(version(word)))?;
        needed(version.map(|number| Zxid::new((number >> 32) as u32, number as u32)))
    }

    pub(super) fn rule(&mut self) -> Parsed<String> {
        let names = self.names();
        let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        self.read_word(Expected::Rule, |word| {
            let is_rule = match &names.rules {
                Some(rules) => rules.iter().any(|rule| rule == word),
                None => word.chars().all(part_of_name),
            };
            Ok(is_rule.then(|| word.to_owned()))
        })
        .and_then(needed)
    }

    /// Reads the name of an error with which an operation can end.
    pub(super) fn answer(&mut self) -> Parsed<ErrorCode> {
        let code = |word: &str| ErrorCode::ALL.iter().find(|code| code.name() == word);
        self.read_word(Expected::Answer, |word| Ok(code(word).copied()))
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

    /// Reads any bare word where `word` should stand; for what is refused in words of its own.
    pub(super) fn any_word(&mut self, word: &'static str) -> Parsed<String> {
        self.read_word(Expected::Word(word), |word| Ok(Some(word.to_owned())))
            .and_then(needed)
    }
}

/// The server of S1 to the `last` that a word names.
fn numbered(word: &str, last: u16) -> Option<ServerId> {
    let digits = word.strip_prefix('S')?;
    let number = digits.parse::<u16>().ok()?;
    // One server has one name: not `S01`, not `S+1`.
    let canonical = digits.starts_with(|c: char| ('1'..='9').contains(&c));
    (canonical && number <= last).then(|| ServerId::new(number))
}

fn at_most(what: &'static str, text: &str, limit: usize) -> Result<(), Problem> {
    if text.len() > limit {
        let unit = "bytes";
        return Err(Problem::TooMuch { what, limit, unit });
    }
    Ok(())
}
