//! Who takes part in the cluster, and a change of that which is being put together.

use quorumscope_core::ids::ServerId;
use quorumscope_core::view::{ConfigurationView, ServerView, View};

use crate::offers;

/// What a server is to the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// It has a voice.
    Voter,
    /// It gets the log and has no voice.
    Learner,
    /// It is in no configuration.
    Out,
}

/// How the cluster is to get from one configuration to the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// As the setting `membership` says.
    AsNeeded,
    /// Through a joint configuration.
    Joint,
    /// Through a joint configuration that lasts until an operator ends it.
    Explicit,
}

/// A change of the members that is being put together: a part for each server, S1 first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Members {
    /// What each server shall be; out, where nothing is said.
    parts: Vec<Part>,
    /// How to get there.
    pub way: Way,
}

impl Part {
    /// All, with their words.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Voter, "voter"),
        (Self::Learner, "learner"),
        (Self::Out, "out"),
    ];
}

impl Way {
    /// All, with the words of a command and a few for people.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::AsNeeded, "", "as the setting membership says"),
        (Self::Joint, " joint", "through a joint configuration"),
        (
            Self::Explicit,
            " explicit",
            "and stay in it until told to leave",
        ),
    ];
}

impl Members {
    /// The members as they are: by the leader's configuration; while nobody leads, by the latest
    /// that any server goes by.
    pub fn of(view: &View) -> Self {
        let known = configuration(view).or_else(|| latest(view));
        let part = |server: &ServerView| match known {
            Some(known) if known.voters.contains(&server.id) => Part::Voter,
            Some(known) if known.learners.contains(&server.id) => Part::Learner,
            _ => Part::Out,
        };
        Self {
            parts: view.servers.iter().map(part).collect(),
            way: Way::AsNeeded,
        }
    }

    /// What a server shall be.
    pub fn part(&self, server: ServerId) -> Part {
        let part = self.parts.get(server.position());
        part.copied().unwrap_or(Part::Out)
    }

    /// The same members but for one.
    #[must_use]
    pub fn with(&self, server: ServerId, part: Part) -> Self {
        let mut changed = self.clone();
        let least = changed.parts.len().max(server.position() + 1);
        changed.parts.resize(least, Part::Out);
        changed.parts[server.position()] = part;
        changed
    }

    /// The line that asks for it.
    pub fn line(&self) -> String {
        let mut line = "reconfigure".to_owned();
        for (part, word) in [(Part::Voter, ""), (Part::Learner, " learner")] {
            let mut before = word;
            for (position, _) in self.parts.iter().enumerate().filter(|(_, is)| **is == part) {
                line += before;
                line += " ";
                line += &ServerId::from_position(position).to_string();
                before = "";
            }
        }
        let way = Way::ALL.iter().find(|(way, ..)| *way == self.way);
        line + way.map_or("", |(_, words, _)| words)
    }
}

/// The configuration that the leader goes by.
pub fn configuration(view: &View) -> Option<&ConfigurationView> {
    offers::leader(view).map(|leader| &leader.configuration)
}

/// The latest configuration that any server goes by.
fn latest(view: &View) -> Option<&ConfigurationView> {
    let all = view.servers.iter().map(|server| &server.configuration);
    let named = all.filter(|known| !known.voters.is_empty());
    named.max_by_key(|known| known.index)
}

/// A configuration as a person would write it: `S1 S2 S3 learner S4`, the old half first while
/// it is joint; under Zab, `observer S4`.
pub fn written(configuration: &ConfigurationView, is_zab: bool) -> String {
    let list = |servers: &[ServerId]| {
        let names: Vec<_> = servers.iter().map(ToString::to_string).collect();
        names.join(" ")
    };
    let mut text = match &configuration.outgoing {
        Some(outgoing) => list(outgoing) + " → ",
        None => String::new(),
    };
    text += &list(&configuration.voters);
    if !configuration.learners.is_empty() {
        text += " ";
        text += word("learner", is_zab);
        text += " ";
        text += &list(&configuration.learners);
    }
    if text.is_empty() {
        text += "none";
    }
    text
}

/// What a server is by the configuration that the leader goes by, while nobody leads by its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// `voter`, `learner`, `removed`, or `spare` if it never knew a configuration.
    pub word: &'static str,
    /// While joint: whether it votes in the old half, and in the new one.
    pub halves: Option<(bool, bool)>,
}

/// A word for what a server is, in the protocol's own terms: who learns without a voice is an
/// observer under Zab, where followers learn, too.
pub fn word(word: &'static str, is_zab: bool) -> &'static str {
    match word {
        "learner" if is_zab => "observer",
        _ => word,
    }
}

/// How `server` stands.
pub fn standing(view: &View, server: &ServerView) -> Standing {
    let own = &server.configuration;
    let known = configuration(view).unwrap_or(own);
    let is_new = known.voters.contains(&server.id);
    let is_old = known.outgoing.iter().flatten().any(|id| *id == server.id);
    let learns = known.learners.contains(&server.id) || known.newcomers.contains(&server.id);
    let word = if is_new || is_old {
        "voter"
    } else if learns {
        "learner"
    } else if own.voters.is_empty() {
        "spare"
    } else {
        "removed"
    };
    Standing {
        word,
        halves: (known.outgoing.is_some() && word == "voter").then_some((is_old, is_new)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorumscope_core::history::Player;
    use quorumscope_core::view::Scope;

    #[test]
    fn who_has_no_voice_is_called_as_the_protocol_calls_it() {
        let [s1, s2] = [1, 2].map(ServerId::new);
        let known = ConfigurationView {
            index: 0,
            committed: true,
            voters: vec![s1],
            outgoing: None,
            learners: vec![s2],
            part: "voter",
            newcomers: Vec::new(),
        };
        assert_eq!(written(&known, false), "S1 learner S2");
        assert_eq!(written(&known, true), "S1 observer S2");
    }

    #[test]
    fn who_votes_is_a_voter_while_nobody_leads_too() {
        let mut player = Player::open("quorumscope 1\nservers 3\n").unwrap();
        player.run("add S4").unwrap();
        let view = player.view(&Scope::default());
        assert!(offers::leader(&view).is_none());
        let members = Members::of(&view);
        assert_eq!(members.line(), "reconfigure S1 S2 S3");
    }

    #[test]
    fn a_change_is_written_as_a_command() {
        let [s1, s2, s4] = [1, 2, 4].map(ServerId::new);
        let none = Members {
            parts: Vec::new(),
            way: Way::AsNeeded,
        };
        let two = none.with(s1, Part::Voter).with(s4, Part::Voter);
        assert_eq!(two.line(), "reconfigure S1 S4");
        let mut three = two.with(s2, Part::Learner);
        three.way = Way::Explicit;
        assert_eq!(three.line(), "reconfigure S1 S4 learner S2 explicit");
        assert_eq!(three.part(ServerId::new(9)), Part::Out);
    }
}
