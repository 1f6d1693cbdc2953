//! How an event speaks for itself.
//!
//! Every fact that a protocol, the service or the world reports is a typed value. Its text is
//! written once, beside its type, by implementing [`Explain`]: what happened, why, and the rule
//! that made it so. Narration, "why?", the command-line tool and golden tests all read it here.

use serde::Serialize;

/// A rule that a fact follows, and where it is written down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Rule {
    /// The rule in one sentence, without a full stop at its end.
    pub text: &'static str,
    /// Where it is written: `Raft §5.4.1`, `dissertation §6.4`, `ZooKeeper, Sessions`.
    pub source: &'static str,
}

/// A rule that can be switched off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct RuleInfo {
    /// The name by which it is switched.
    pub name: &'static str,
    /// The rule in one sentence, without a full stop at its end.
    pub text: &'static str,
    /// Where it is written.
    pub source: &'static str,
}

impl RuleInfo {
    /// The rule as facts cite it.
    pub const fn rule(&self) -> Rule {
        Rule {
            text: self.text,
            source: self.source,
        }
    }
}

/// A fact that can be told to a person.
pub trait Explain {
    /// What happened, as the rest of a sentence that begins with who did it:
    /// `stands for election in term 4`.
    fn what(&self) -> String;

    /// Why, as the rest of a sentence that begins with "because": `its election timer ran down`.
    fn why(&self) -> Option<String> {
        None
    }

    /// The rule behind it.
    fn rule(&self) -> Option<Rule> {
        None
    }

    /// How much a reader who steps through a run cares.
    fn weight(&self) -> Weight;
}

/// How much a fact matters to a reader who skims.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Routine: a heartbeat, an acknowledgement of one.
    Quiet,
    /// A step of the protocol: an entry stored, a vote granted.
    Step,
    /// A turn in the story: an election, a commit, a fault, a reply to a client.
    Turn,
}
