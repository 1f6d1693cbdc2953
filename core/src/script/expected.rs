//! What a line could go on with: as part of an error, and as completions.

use super::lexer::Path;
use super::limits::MAX_SERVERS;
use super::names::Names;
use crate::ids::ServerId;
use crate::zookeeper::ErrorCode;

/// Something that could stand in a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expected {
    /// This word or symbol.
    Word(&'static str),
    Server,
    /// A server that may not be there yet.
    NewServer,
    Client,
    Message,
    Path,
    Duration,
    Time,
    Span,
    Percent,
    Offset,
    Drift,
    /// A whole number that counts this.
    Count(&'static str),
    Data,
    Acl,
    Text,
    Rule,
    Answer,
    Digest,
    End,
}

impl Expected {
    /// As it is named in an error.
    pub(super) fn describe(self, names: &Names) -> String {
        match self {
            Self::Word(word) => format!("\"{word}\""),
            Self::Server => match names.servers {
                Some(1) => "a server (there is S1)".to_owned(),
                Some(last) => format!("a server (S1 to S{last})"),
                None => format!("a server (S1 to S{MAX_SERVERS})"),
            },
            Self::NewServer => match names.servers {
                Some(last) => format!("a new server (S{})", last + 1),
                None => "a new server".to_owned(),
            },
            Self::Client => "a client (A to Z)".to_owned(),
            Self::Message => "a message such as m42".to_owned(),
            Self::Path => "a path such as /app".to_owned(),
            Self::Duration => "a duration such as 10ms, 1.5s or 700us".to_owned(),
            Self::Time => "a time such as 120ms or 1.5s".to_owned(),
            Self::Span => "a span such as 10ms..15ms".to_owned(),
            Self::Percent => "a share such as 5% or 0.25%".to_owned(),
            Self::Offset => "an offset such as +20ms or -20ms".to_owned(),
            Self::Drift => "a drift such as 500ppm or -500ppm".to_owned(),
            Self::Count(what) => what.to_owned(),
            Self::Data => "data such as \"hello\"".to_owned(),
            Self::Acl => "an access control list such as world:anyone:r".to_owned(),
            Self::Text => "a text in double quotes".to_owned(),
            Self::Rule => match &names.rules {
                None => "a rule".to_owned(),
                Some(rules) => format!("a rule ({})", rules.join(", ")),
            },
            Self::Answer => "the name of an error such as NONODE".to_owned(),
            Self::Digest => "a digest of 16 hexadecimal digits".to_owned(),
            Self::End => "the end of the line".to_owned(),
        }
    }

    /// Everything that it could be, where that can be listed: what is compared with what a person
    /// typed, and what is written in its place.
    pub(super) fn candidates(self, names: &Names) -> Vec<(String, String)> {
        let plain = |text: String| (text.clone(), text);
        match self {
            Self::Word(word) => vec![plain(word.to_owned())],
            Self::Server => (1..=names.servers.unwrap_or(0))
                .map(|number| plain(ServerId::new(number).to_string()))
                .collect(),
            Self::NewServer => (names.servers.iter())
                .map(|last| plain(ServerId::new(last + 1).to_string()))
                .collect(),
            Self::Client => names.clients.iter().map(|c| plain(c.to_string())).collect(),
            Self::Message => names
                .messages
                .iter()
                .map(|m| plain(m.to_string()))
                .collect(),
            Self::Path => names
                .paths
                .iter()
                .map(|path| (path.clone(), Path(path).to_string()))
                .collect(),
            Self::Rule => names.rules.iter().flatten().cloned().map(plain).collect(),
            Self::Answer => ErrorCode::ALL
                .iter()
                .map(|code| plain(code.to_string()))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The candidate that was probably meant by `word`.
///
/// Names that differ in a number, or are very short, mean different things however near they
/// are: only their case can be mistaken.
pub(super) fn nearest(word: &str, candidates: impl IntoIterator<Item = String>) -> Option<String> {
    let typed = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let meant = candidate.to_ascii_lowercase();
            let exact = candidate.len() <= 2 || candidate.contains(|c: char| c.is_ascii_digit());
            let allowed = if exact {
                0
            } else {
                1 + usize::from(candidate.len() > 4)
            };
            let distance = distance(&typed, &meant);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be inserted, deleted, replaced or swapped with their neighbour to turn
/// one word into the other (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // Words of very different length are never near, and a pasted megabyte must not cost a table.
    if one.len().abs_diff(other.len()) > 2 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            let swapped =
                i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
            if swapped {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(word: &str, candidates: &[&str]) -> Option<String> {
        nearest(word, candidates.iter().map(|&c| c.to_owned()))
    }

    #[test]
    fn a_slip_of_the_hand_is_understood() {
        for (word, meant) in [
            ("carsh", Some("crash")),
            ("crsh", Some("crash")),
            ("Crash", Some("crash")),
            ("partiton", Some("partition")),
            ("explode", None),
            ("", None),
        ] {
            let found = near(word, &["crash", "cut", "partition"]);
            assert_eq!(found.as_deref(), meant, "{word}");
        }
    }

    #[test]
    fn names_that_differ_in_a_number_are_not_near_each_other() {
        assert_eq!(near("S9", &["S1", "S2"]), None);
        assert_eq!(near("s1", &["S1", "S2"]).as_deref(), Some("S1"));
        assert_eq!(near("m42", &["m41", "m43"]), None);
    }
}
