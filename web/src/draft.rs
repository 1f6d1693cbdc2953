//! The settings of a cluster that is to begin, while they are being put together.

use quorumscope_core::history::{OpenError, Player};
use quorumscope_core::script::limits::FORMAT_VERSION;
use quorumscope_core::script::{
    self, Errors, Header, Names, Protocol, Setting, Settings, complete,
};

use crate::crossing;

/// Settings as they stand in the fields of a form.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// What the servers run; only its settings and rules are asked for.
    pub protocol: Protocol,
    /// How many servers, the seed, every setting of the language, every rule.
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// What stands before the value in a header: `servers`, `set heartbeat`; of a rule the whole
    /// line that switches it off.
    pub line: String,
    /// What it sets, in a few words.
    pub text: &'static str,
    /// What it is unless it is said.
    pub usual: String,
    /// The words that it may be; none where it is a quantity.
    pub words: Vec<String>,
    /// What stands in it.
    pub value: String,
}

/// What stands before the name of a rule that is switched off.
const RULE: &str = "off ";

impl Field {
    /// Whether it is a rule of the protocol, which is on or off.
    pub fn is_rule(&self) -> bool {
        self.line.starts_with(RULE)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        let line = self.line.strip_prefix(RULE).unwrap_or(&self.line);
        line.strip_prefix("set ").unwrap_or(line)
    }
}

impl Draft {
    /// The settings that a script begins with.
    pub fn of(text: &str) -> Self {
        let header = script::parse(text).map_or_else(|_| Header::default(), |script| script.header);
        let mut fields = vec![
            field(
                "servers",
                "How many servers there are",
                "5",
                header.servers.to_string(),
            ),
            field(
                "seed",
                "What every random choice follows from",
                "1",
                header.seed.to_string(),
            ),
        ];
        let mut now = Settings::default();
        let usual = now.list();
        for setting in &header.settings {
            now.set(*setting);
        }
        let protocol = header.protocol;
        let is_asked = |it: &Setting| it.protocol().is_none_or(|own| own == protocol);
        let both = usual.iter().zip(now.list());
        let both = both.filter(|(usual, _)| is_asked(usual));
        fields.extend(both.map(|(usual, now)| Field {
            words: words(usual),
            ..field(
                &format!("set {}", usual.name()),
                usual.text(),
                &usual.value(),
                now.value(),
            )
        }));
        let rules = crossing::rules(protocol).into_iter();
        fields.extend(rules.map(|(name, text)| {
            let is_off = header.rules_off.iter().any(|off| off == name);
            let value = if is_off { "off" } else { "on" };
            Field {
                words: vec!["on".to_owned(), "off".to_owned()],
                ..field(&format!("{RULE}{name}"), text, "on", value.to_owned())
            }
        }));
        Self { protocol, fields }
    }

    /// The same with another value in a field.
    #[must_use]
    pub fn with(&self, place: usize, value: String) -> Self {
        let mut changed = self.clone();
        changed.fields[place].value = value;
        changed
    }

    /// The same for servers that run another protocol: what only this one has is as usual there.
    #[must_use]
    pub fn under(&self, protocol: Protocol) -> Self {
        Self::of(&crossing::under(protocol, &self.script()).script)
    }

    /// The script of a cluster with these settings to which nothing is done.
    pub fn script(&self) -> String {
        let mut text = format!("quorumscope {FORMAT_VERSION}\n");
        if self.protocol != Protocol::default() {
            text.extend(["protocol ", &self.protocol.to_string(), "\n"]);
        }
        for field in &self.fields {
            let value = field.value.trim();
            if value == field.usual {
                continue;
            }
            text += &field.line;
            if !field.is_rule() {
                text.extend([" ", value]);
            }
            text += "\n";
        }
        text
    }

    /// Why no cluster can have these settings.
    pub fn objection(&self) -> Option<String> {
        let said = |errors: &Errors| {
            let first = errors.errors.first();
            first.map_or_else(String::new, |error| error.problem.to_string())
        };
        match crate::settings::apply(&self.script(), &[]) {
            Err(notice) => notice.errors.into_iter().next(),
            Ok(script) => Player::open(&script).err().map(|error| match &error {
                OpenError::Script(errors) => said(errors),
                OpenError::Settings(_) => error.to_string(),
            }),
        }
    }
}

fn field(line: &str, text: &'static str, usual: &str, value: String) -> Field {
    Field {
        line: line.to_owned(),
        text,
        usual: usual.to_owned(),
        words: Vec::new(),
        value,
    }
}

/// The words that a setting may be.
fn words(setting: &Setting) -> Vec<String> {
    let line = format!("set {} ", setting.name());
    let names = Names {
        header: true,
        ..Names::default()
    };
    let found = complete(&line, line.len(), &names);
    found.into_iter().map(|word| word.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_as_usual_is_written() {
        let draft = Draft::of("quorumscope 1\nservers 3\nset heartbeat 40ms\noff persist_vote\n");
        assert_eq!(
            draft.script(),
            "quorumscope 1\nservers 3\nset heartbeat 40ms\noff persist_vote\n"
        );
        assert_eq!(draft.objection(), None);
    }

    #[test]
    fn a_switch_has_its_words_and_a_quantity_none() {
        let draft = Draft::of("");
        let named = |line: &str| {
            draft
                .fields
                .iter()
                .find(|field| field.line == line)
                .unwrap()
        };
        assert_eq!(named("set pre-vote").words, ["on", "off"]);
        assert_eq!(named("set membership").words.len(), 3);
        assert!(named("set heartbeat").words.is_empty());
    }

    #[test]
    fn another_protocol_has_its_own_settings_and_the_same_servers() {
        let draft = Draft::of("quorumscope 1\nservers 3\nset heartbeat 40ms\n");
        let zab = draft.under(Protocol::Zab);
        assert_eq!(zab.script(), "quorumscope 1\nprotocol zab\nservers 3\n");
        let has = |draft: &Draft, line: &str| draft.fields.iter().any(|field| field.line == line);
        assert!(has(&zab, "set init-limit") && !has(&zab, "set heartbeat"));
        assert_eq!(
            zab.under(Protocol::Raft).script(),
            "quorumscope 1\nservers 3\n"
        );
        assert_eq!(zab.objection(), None);
    }

    #[test]
    fn what_cannot_be_is_objected_to() {
        let draft = Draft::of("");
        let place = |line: &str| {
            let mut fields = draft.fields.iter();
            fields.position(|field| field.line == line).unwrap()
        };
        let many = draft.with(place("servers"), "many".to_owned());
        assert!(many.objection().unwrap().contains("found \"many\""));
        let lease = draft.with(place("set lease-reads"), "on".to_owned());
        assert!(lease.objection().unwrap().contains("check-quorum"));
    }
}
