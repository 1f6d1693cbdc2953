//! What a client can be asked for, made from the language's own table: each form of a line says
//! which values it takes and which of them may be left out.

use std::collections::BTreeMap;

use quorumscope_core::client::recipes::Kind;
use quorumscope_core::script::{FORMS, Group};

/// Something that a client can be asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// The words that it begins with: `create`, `recipe lock`.
    pub verb: String,
    /// What it does.
    pub text: &'static str,
    /// What follows, in order.
    pub slots: Vec<Slot>,
    /// The operations that it is a list of, if it is one.
    pub parts: &'static [&'static str],
}

/// A place in a line: one of the alternatives, or nothing if it may be left out. An alternative is
/// a word, a value, or a word before a value: `watch`, `DATA`, `version VERSION`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slot {
    /// What can stand here.
    pub alternatives: Vec<&'static str>,
    /// Whether something must.
    pub needed: bool,
}

/// What was filled in, by the name of the slot.
pub type Values = BTreeMap<String, String>;

/// What can be asked for, by what it is about.
pub const GROUPS: [(&str, &[&str]); 6] = [
    (
        "Write",
        &["create", "set", "delete", "check", "setacl", "multi"],
    ),
    (
        "Read",
        &[
            "get",
            "exists",
            "children",
            "descendants",
            "ephemerals",
            "getacl",
            "multiread",
            "sync",
        ],
    ),
    ("Watch", &["addwatch", "checkwatch", "removewatch"]),
    (
        "Session",
        &["open", "connect", "addauth", "whoami", "close", "kill"],
    ),
    ("Ensemble", &["config", "reconfig"]),
    ("Recipe", &["release"]),
];

/// A line of alternatives in a client's menu: each with what it says and the recipe.
type Row = (&'static str, &'static [(&'static str, &'static str)]);

/// The recipes as a menu offers them; CLIENT stands for the client's name.
#[rustfmt::skip]
pub const RECIPES: [Row; 5] = [
    ("Lock", &[("plain", "lock /locks/printer"), ("simple", "simplelock /locks/door"), ("revocable", "revocablelock /locks/loan"), ("read", "readlock /locks/table"), ("write", "writelock /locks/table")]),
    ("Together", &[("election", "election /election"), ("group", "group /group"), ("barrier", "barrier /barrier"), ("of two", "doublebarrier /game size 2")]),
    ("Queue", &[("put", "produce /jobs \"of CLIENT\""), ("take", "consume /jobs"), ("take urgent", "consumeurgent /jobs")]),
    ("Agree", &[("propose", "consensus /decision \"CLIENT\""), ("ask sites", "coordinate /tx sites 2"), ("vote 1", "vote /tx \"commit\" site 1"), ("vote 2", "vote /tx \"commit\" site 2")]),
    ("Settings", &[("go by", "configuration /config"), ("publish", "publish /settings \"by CLIENT\""), ("follow", "follow /settings")]),
];

impl Slot {
    /// What it is called: its word, or else its value.
    pub fn name(&self) -> String {
        match self.alternatives[..] {
            [one] => one.split(' ').next().unwrap_or(one).to_ascii_lowercase(),
            _ => "kind".to_owned(),
        }
    }

    /// What is filled in, or would be if nothing is said.
    pub fn value(&self, ask: &Ask, values: &Values) -> String {
        let name = self.name();
        match values.get(&name) {
            Some(value) => value.clone(),
            None => ask.usual(&name, self.needed).to_owned(),
        }
    }

    /// What stands here in a line.
    fn write(&self, ask: &Ask, values: &Values) -> Option<String> {
        let value = self.value(ask, values);
        if value.is_empty() && !self.needed {
            return None;
        }
        let chosen = match self.alternatives[..] {
            [one] => one,
            // One that is left over from another operation is none of these.
            _ => *self.alternatives.iter().find(|one| **one == value)?,
        };
        let words: Vec<_> = chosen
            .split(' ')
            // What is filled in is the whole list.
            .filter(|word| *word != "…")
            .map(|word| match takes(word) {
                false => word.to_owned(),
                true if matches!(word, "DATA" | "CREDENTIAL") => quoted(&value),
                true if self.alternatives.len() > 1 => {
                    let inner = values.get(inner_name(chosen)).map_or("10s", String::as_str);
                    inner.trim().to_owned()
                }
                true => value.trim().to_owned(),
            })
            .collect();
        Some(words.join(" "))
    }
}

/// The name of the value behind the word of an alternative: `ttl` of `ttl DURATION`.
pub fn inner_name(alternative: &str) -> &str {
    alternative.split(' ').next().unwrap_or(alternative)
}

/// Whether a word of a form stands for a value.
pub fn takes(word: &str) -> bool {
    word.bytes().any(|letter| letter.is_ascii_uppercase())
}

impl Ask {
    fn new(verb: String, usage: &'static str, text: &'static str) -> Self {
        let parts: &[&str] = match &*verb {
            "multi" => &["create", "set", "delete", "check"],
            "multiread" => &["get", "children"],
            _ => &[],
        };
        let slots = if parts.is_empty() {
            slots(usage)
        } else {
            Vec::new()
        };
        Self {
            verb,
            text,
            slots,
            parts,
        }
    }

    /// All there are, by group.
    pub fn all() -> Vec<(&'static str, Vec<Self>)> {
        GROUPS
            .iter()
            .map(|(title, verbs)| {
                let mut asks: Vec<_> = verbs.iter().filter_map(|verb| Self::of(verb)).collect();
                if *title == "Recipe" {
                    asks.splice(0..0, Kind::ALL.into_iter().map(Self::recipe));
                }
                (*title, asks)
            })
            .collect()
    }

    /// The one that begins so.
    pub fn of(verb: &str) -> Option<Self> {
        if let Some(name) = verb.strip_prefix("recipe ") {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
            return kind.map(Self::recipe);
        }
        let forms = FORMS.iter().filter(|form| form.group == Group::Clients);
        let mut usages = forms.filter_map(|form| {
            let usage = form.usage.strip_prefix("client CLIENT ")?;
            Some((usage, form.text))
        });
        let (usage, text) = usages.find(|(usage, _)| usage.split(' ').next() == Some(verb))?;
        let rest = usage.strip_prefix(verb).unwrap_or_default();
        Some(Self::new(verb.to_owned(), rest, text))
    }

    fn recipe(kind: Kind) -> Self {
        let (usage, text) = kind.usage();
        let rest = usage.strip_prefix(kind.name()).unwrap_or_default();
        Self::new(format!("recipe {}", kind.name()), rest, text)
    }

    /// What stands in a slot before anything is filled in.
    fn usual(&self, name: &str, needed: bool) -> &'static str {
        let mut recipes = RECIPES.iter().flat_map(|(_, row)| row.iter());
        match name {
            "path" if !needed => "",
            "path" => {
                let kind = self.verb.strip_prefix("recipe ");
                let known = recipes.find(|(_, recipe)| recipe.split(' ').next() == kind);
                match known {
                    Some((_, recipe)) => recipe.split(' ').nth(1).unwrap_or("/app"),
                    None if self.verb == "release" => "/locks/printer",
                    None => "/app",
                }
            }
            "data" if self.verb == "recipe vote" => "commit",
            "data" => "hello",
            _ if !needed => "",
            "size" | "sites" => "2",
            "site" => "1",
            "server" => "S1",
            "scheme" => "digest",
            "credential" => "bob:secret",
            "acl" => "world:anyone:r",
            _ => "",
        }
    }

    /// The words that ask for it.
    pub fn line(&self, values: &Values, parts: &[String]) -> String {
        let mut line = self.verb.clone();
        for slot in &self.slots {
            if let Some(words) = slot.write(self, values) {
                line.push(' ');
                line.push_str(&words);
            }
        }
        if !self.parts.is_empty() {
            line.push_str(" [ ");
            line.push_str(&parts.join(" | "));
            line.push_str(if parts.is_empty() { "]" } else { " ]" });
        }
        line
    }
}

/// The slots of a form.
fn slots(usage: &'static str) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut rest = usage.trim();
    while !rest.is_empty() {
        let optional = rest
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'));
        let (alternatives, after) = if let Some((inner, after)) = optional {
            (inner.split('|').collect(), after)
        } else {
            let (one, after) = rest.split_at(length(rest));
            (vec![one], after)
        };
        slots.push(Slot {
            alternatives,
            needed: optional.is_none(),
        });
        rest = after.trim_start();
    }
    slots
}

/// How long the first word of a form is; a word belongs to the value behind it.
fn length(usage: &str) -> usize {
    let mut ends = usage
        .match_indices(' ')
        .map(|(at, _)| at)
        .chain([usage.len()]);
    let word = ends.next().unwrap_or(0);
    match ends.next() {
        Some(end) if !takes(&usage[..word]) => end,
        _ => word,
    }
}

/// A text as the command language writes it.
fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use quorumscope_core::script::parse_command;

    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn line(verb: &str, pairs: &[(&str, &str)]) -> String {
        Ask::of(verb).unwrap().line(&values(pairs), &[])
    }

    #[test]
    fn every_form_of_a_client_stands_in_one_group() {
        let mut listed: Vec<_> = GROUPS
            .iter()
            .flat_map(|(_, verbs)| verbs.to_vec())
            .collect();
        let forms = FORMS.iter().filter(|form| form.group == Group::Clients);
        let mut known: Vec<_> = forms
            .filter_map(|form| form.usage.strip_prefix("client CLIENT ")?.split(' ').next())
            .filter(|verb| *verb != "recipe")
            .collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }

    #[test]
    fn what_is_asked_for_as_it_stands_is_a_command() {
        for (_, asks) in Ask::all() {
            for ask in asks {
                let line = format!("client A {}", ask.line(&Values::new(), &[]));
                assert!(parse_command(&line).is_ok(), "{line}");
            }
        }
        for (_, row) in RECIPES {
            for (_, recipe) in row {
                let line = format!("client A recipe {}", recipe.replace("CLIENT", "A"));
                assert!(parse_command(&line).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn flags_and_modes_stand_where_the_form_has_them() {
        assert_eq!(
            line(
                "create",
                &[
                    ("kind", "ttl DURATION"),
                    ("ttl", "3s"),
                    ("sequential", "on")
                ]
            ),
            r#"create /app "hello" ttl 3s sequential"#
        );
        assert_eq!(
            line(
                "create",
                &[
                    ("data", ""),
                    ("acl", "world:anyone:r"),
                    ("kind", "container")
                ]
            ),
            "create /app container acl world:anyone:r"
        );
        assert_eq!(line("get", &[("watch", "on")]), "get /app watch");
        assert_eq!(
            line("set", &[("path", "/a"), ("version", "3")]),
            r#"set /a "hello" version 3"#
        );
        assert_eq!(
            line("removewatch", &[("kind", "data")]),
            "removewatch /app data"
        );
        assert_eq!(line("get", &[("kind", "data")]), "get /app");
        assert_eq!(
            line("recipe doublebarrier", &[]),
            "recipe doublebarrier /game size 2"
        );
    }

    #[test]
    fn a_multi_lists_its_operations() {
        let multi = Ask::of("multi").unwrap();
        let parts = ["check /a".to_owned(), r#"set /a "x""#.to_owned()];
        assert_eq!(
            multi.line(&Values::new(), &parts),
            r#"multi [ check /a | set /a "x" ]"#
        );
    }

    #[test]
    fn data_with_quotes_stay_one_word_of_the_language() {
        assert_eq!(
            line("create", &[("data", "say \"hi\"\\")]),
            r#"create /app "say \"hi\"\\""#
        );
    }
}
