//! What could stand next on a line that is being typed.

use super::cursor::{Cursor, Parsed};
use super::expected::Expected;
use super::forms::FORMS;
use super::lexer::{self, Kind};
use super::names::Names;
use super::parse_step::{header_line, step};
use crate::time::Time;

/// A word that could stand at the cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// The byte of the line where the word begins; it replaces what stands from there up to the
    /// cursor.
    pub start: usize,
    /// The word.
    pub text: String,
    /// What it is, in a few words.
    pub hint: String,
}

/// What could stand at the byte `cursor` of `line`, given what stands before it; in the order of
/// the documentation.
pub fn complete(line: &str, cursor: usize, names: &Names) -> Vec<Completion> {
    let before = &line[..line.floor_char_boundary(cursor)];
    let Ok(mut tokens) = lexer::tokens(before) else {
        return Vec::new();
    };
    // A word that touches the cursor is still being typed; a symbol or a quoted text is whole.
    let typed = match tokens.last() {
        Some(token) if token.end == before.len() => match token.kind {
            Kind::Word(word) => word,
            Kind::Symbol(_) => "",
            Kind::Text(_) => return Vec::new(),
        },
        // Behind the last token there is a space, or a comment, where nothing is completed.
        last if before[last.map_or(0, |token| token.end)..].contains('#') => return Vec::new(),
        _ => "",
    };
    if !typed.is_empty() {
        tokens.pop();
    }
    let start = before.len() - typed.len();
    let is_first = tokens.is_empty();
    let mut completions: Vec<Completion> = Vec::new();
    for expected in Cursor::after(&tokens, names, |c| any_line(c, names.header)) {
        for (plain, text) in expected.candidates(names) {
            let is_new = completions.iter().all(|known| known.text != text);
            if plain.starts_with(typed) && is_new {
                let hint = hint(expected, is_first, names);
                completions.push(Completion { start, text, hint });
            }
        }
    }
    completions
}

/// Any line that can be completed.
fn any_line(c: &mut Cursor<'_>, header: bool) -> Parsed<()> {
    if header && header_line(c)?.is_some() {
        return Ok(());
    }
    step(c, Time::ZERO).map(drop)
}

/// The first word of a line is explained by what the line does, another by what it names.
fn hint(expected: Expected, is_first: bool, names: &Names) -> String {
    match expected {
        Expected::Word(word) if is_first => FORMS
            .iter()
            .find(|form| form.word() == word)
            .map_or_else(String::new, |form| form.text.to_owned()),
        Expected::Word(_) => String::new(),
        other => other.describe(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ClientId, MessageId};
    use crate::server::Protocol;

    fn names() -> Names {
        Names {
            servers: Some(3),
            protocol: Some(Protocol::Raft),
            rules: Some(vec!["up_to_date_vote".into(), "sync_before_reply".into()]),
            clients: ClientId::from_letter('A').into_iter().collect(),
            messages: vec![MessageId::new(7), MessageId::new(42)],
            paths: vec!["/app".into(), "/app/a b".into(), "/zoo".into()],
            header: true,
        }
    }

    fn completed(line: &str) -> Vec<String> {
        let completions = complete(line, line.len(), &names());
        completions.into_iter().map(|c| c.text).collect()
    }

    #[test]
    fn every_kind_of_name_is_completed() {
        for (line, expected) in [
            ("cr", &["crash"][..]),
            ("crash ", &["S1", "S2", "S3", "leader"]),
            ("crash S", &["S1", "S2", "S3"]),
            ("crash S1 ", &["keep"]),
            ("cut S1 ", &["->", "S1", "S2", "S3", "leader", "A"]),
            ("cut S1->", &["S1", "S2", "S3", "leader", "A"]),
            ("partition S1 | S2 S", &["S1", "S2", "S3"]),
            ("add ", &["S4"]),
            ("reconfigure S1 S2 l", &["leader", "learner"]),
            ("leave ", &["joint"]),
            ("hold ", &["m7", "m42"]),
            ("hold m4", &["m42"]),
            (
                "client A c",
                &[
                    "close",
                    "connect",
                    "create",
                    "check",
                    "children",
                    "config",
                    "checkwatch",
                ],
            ),
            ("client A get /a", &["/app", "\"/app/a b\""]),
            (
                "client A create /app ",
                &[
                    "ephemeral",
                    "persistent",
                    "container",
                    "ttl",
                    "sequential",
                    "acl",
                ],
            ),
            ("client A create /app \"x\" e", &["ephemeral"]),
            ("until S1 t", &["term"]),
            (
                "until leader ",
                &[
                    "leader",
                    "follower",
                    "precandidate",
                    "candidate",
                    "up",
                    "crashed",
                    "paused",
                    "voter",
                    "learner",
                    "joint",
                    "term",
                    "committed",
                    "applied",
                    "log",
                    "snapshot",
                    "and",
                    "within",
                ],
            ),
            ("expect refused wi", &["wipe"]),
            ("rea", &["read"]),
            ("read A /app li", &["linearizable"]),
            ("read A /app w", &["watch"]),
            ("expect client A answered NON", &["NONODE"]),
            ("expect message H", &["Heartbeat", "HeartbeatReply"]),
            ("at 10ms pau", &["pause"]),
            ("set el", &["election-timeout"]),
            ("off s", &["sync_before_reply"]),
            ("protocol ", &["raft", "zab"]),
        ] {
            assert_eq!(completed(line), expected, "{line}");
        }
    }

    #[test]
    fn nothing_is_completed_where_no_word_is_known_to_fit() {
        for line in [
            "wait ",
            "wait 1",
            "crash S1 # ",
            "# cr",
            "say \"cr",
            "say \"cr\"",
            "explode ",
            "crash S9 ",
            "crash S1 S2 ",
            "cut A A ",
            "restart all ",
        ] {
            assert_eq!(completed(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn what_stands_behind_the_cursor_does_not_matter() {
        let completions = complete("crash S1 keep 2", 7, &names());
        assert_eq!(completions.len(), 3);
        assert_eq!((completions[0].start, &*completions[0].text), (6, "S1"));
        assert_eq!(completions[0].hint, "a server (S1 to S3)");
    }

    #[test]
    fn a_cursor_inside_a_character_or_behind_the_line_is_taken_back() {
        assert_eq!(complete("crash ä", 7, &names())[0].start, 6);
        assert_eq!(complete("cra", 99, &names()).len(), 1);
    }

    #[test]
    fn a_first_word_is_explained_by_what_it_does() {
        let crash = complete("cra", 3, &names());
        assert!(crash[0].hint.starts_with("Crashes a server"));
        assert!(complete("", 0, &names()).iter().all(|c| !c.hint.is_empty()));
    }

    #[test]
    fn a_console_is_not_offered_header_lines() {
        let console = Names {
            header: false,
            ..names()
        };
        assert!(complete("see", 3, &console).is_empty());
        assert_eq!(completed("see"), ["seed"]);
    }
}
