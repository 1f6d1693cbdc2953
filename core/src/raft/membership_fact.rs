//! What a replica tells of changes of membership, with the sentences.

use serde::Serialize;

use super::configuration::Configuration;
use super::fact::RaftFact;
use super::narrate::Servers;
use super::position::Index;
use super::reconfiguration::ReconfigureError;
use super::rules;
use crate::explain::{Explain, Rule, Weight};
use crate::ids::ServerId;

/// Something that concerns who takes part.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum MembershipFact {
    /// A leader appended a configuration.
    Appended {
        /// The entry.
        index: Index,
        /// What it says.
        configuration: Configuration,
        /// Why.
        cause: Cause,
    },
    /// A follower goes by a new configuration.
    TakenUp {
        /// The entry that says so.
        index: Index,
        /// What it says.
        configuration: Configuration,
    },
    /// A server goes by the configuration of a leader's snapshot.
    CameWithSnapshot {
        /// The last entry that the snapshot stands for.
        index: Index,
        /// What it says.
        configuration: Configuration,
    },
    /// A server goes by an earlier configuration again.
    FellBack {
        /// The entry that is gone.
        from: Index,
        /// What it goes by now.
        configuration: Configuration,
    },
    /// A change waits until its new voters have the log.
    WaitsForNewcomers {
        /// Who has to catch up.
        newcomers: Vec<ServerId>,
        /// How far.
        through: Index,
        /// The round, from 1.
        round: u32,
    },
    /// The new voters have the log.
    NewcomersCaughtUp {
        /// Who caught up.
        newcomers: Vec<ServerId>,
        /// The round in which they did.
        round: u32,
    },
    /// The new voters did not catch up; they stay learners.
    NewcomersTooSlow {
        /// Who is too slow.
        newcomers: Vec<ServerId>,
        /// The last round.
        round: u32,
    },
    /// Its election timer ran down, and it has no part in elections.
    StoodAside {
        /// It is a learner; otherwise no member at all.
        learner: bool,
    },
    /// What an operator asked for has become impossible.
    Refused {
        /// Why.
        error: ReconfigureError,
    },
}

/// Why a leader appends a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// An operator asked for a change.
    Asked {
        /// How many voters come or go.
        voters: usize,
    },
    /// New voters get the log first.
    Newcomers,
    /// The joint configuration is committed.
    Left,
    /// An operator ended the joint configuration.
    LeftByOperator,
}

const LATEST: Rule = Rule {
    text: "a server always uses the latest configuration in its log, committed or not",
    source: "Raft §6",
};
const FALL_BACK: Rule = Rule {
    text: "a server whose configuration entry is deleted goes by the one before it",
    source: "dissertation §4.1",
};
const CATCH_UP: Rule = Rule {
    text: "a new server gets the log as a non-voting member before it counts for majorities",
    source: "Raft §6, dissertation §4.2.1",
};
const NO_VOICE: Rule = Rule {
    text: "non-voting members are not counted in majorities and do not stand for election",
    source: "Raft §6",
};
const SINGLE: Rule = Rule {
    text: "if at most one voter comes or goes, any majority of the old voters meets any of the new",
    source: "dissertation §4.1",
};

impl From<MembershipFact> for RaftFact {
    fn from(fact: MembershipFact) -> Self {
        Self::Membership(fact)
    }
}

impl Explain for MembershipFact {
    fn what(&self) -> String {
        match self {
            Self::Appended {
                index,
                configuration,
                ..
            } => {
                let kind = kind(configuration);
                format!("appends the {kind} {configuration} as entry {index}")
            }
            Self::TakenUp {
                index,
                configuration,
            } => {
                let kind = kind(configuration);
                format!("goes by the {kind} {configuration} of entry {index}")
            }
            Self::CameWithSnapshot {
                index,
                configuration,
            } => {
                let kind = kind(configuration);
                format!("goes by the {kind} {configuration} of the snapshot through entry {index}")
            }
            Self::FellBack { configuration, .. } => {
                format!("falls back to the configuration {configuration}")
            }
            Self::WaitsForNewcomers {
                newcomers, through, ..
            } => format!("waits until {} store entry {through}", Servers(newcomers)),
            Self::NewcomersCaughtUp { newcomers, .. } => {
                format!("finds that {} caught up", Servers(newcomers))
            }
            Self::NewcomersTooSlow { newcomers, .. } => {
                format!("gives up on making {} voters", Servers(newcomers))
            }
            Self::StoodAside { .. } => "does not stand for election".into(),
            Self::Refused { .. } => "does not change the configuration".into(),
        }
    }

    fn why(&self) -> Option<String> {
        Some(match self {
            Self::Appended {
                configuration,
                cause,
                ..
            } => match cause {
                Cause::Asked { .. } if configuration.is_joint() => {
                    "it was asked to, and until both halves agree neither may decide alone".into()
                }
                Cause::Asked { voters: 0 } => "it was asked to, and no voter comes or goes".into(),
                Cause::Asked { .. } => "it was asked to, and one voter comes or goes".into(),
                Cause::Newcomers => {
                    "the new servers lack what is committed, so they get the log before they have \
                     a voice"
                        .into()
                }
                Cause::Left => "the joint configuration is committed".into(),
                Cause::LeftByOperator => {
                    "it was asked to, and the joint configuration is committed".into()
                }
            },
            Self::TakenUp { .. } => "it is the latest in its log".into(),
            Self::CameWithSnapshot { .. } => {
                "the entries that said so are in its log no more".into()
            }
            Self::FellBack { from, .. } => format!("entry {from} is gone from its log"),
            Self::WaitsForNewcomers { round: 1, .. } => {
                "as voters without the log they could keep the cluster from committing".into()
            }
            Self::WaitsForNewcomers { round, .. } => {
                format!("the last round took longer than an election; this is round {round}")
            }
            Self::NewcomersCaughtUp { round, .. } => {
                format!("round {round} took less than an election timeout")
            }
            Self::NewcomersTooSlow { round, .. } => {
                format!("after {round} rounds they are still too slow")
            }
            Self::StoodAside { learner: true } => "it is a learner".into(),
            Self::StoodAside { learner: false } => "it is no member of a cluster".into(),
            Self::Refused { error } => error.to_string(),
        })
    }

    fn rule(&self) -> Option<Rule> {
        Some(match self {
            Self::Appended { configuration, .. } if configuration.is_joint() => {
                rules::JOINT_MAJORITIES.rule()
            }
            Self::Appended { cause, .. } => match cause {
                Cause::Asked { .. } => SINGLE,
                Cause::Newcomers => CATCH_UP,
                Cause::Left | Cause::LeftByOperator => rules::ONE_CHANGE_AT_A_TIME.rule(),
            },
            Self::TakenUp { .. } => LATEST,
            Self::CameWithSnapshot { .. } => rules::SNAPSHOT_CARRIES_CONFIGURATION.rule(),
            Self::FellBack { .. } => FALL_BACK,
            Self::WaitsForNewcomers { .. }
            | Self::NewcomersCaughtUp { .. }
            | Self::NewcomersTooSlow { .. } => CATCH_UP,
            Self::StoodAside { .. } => NO_VOICE,
            Self::Refused { error } => match error {
                ReconfigureError::TermNotSettled => rules::OWN_TERM_COMMIT_BEFORE_CHANGE.rule(),
                ReconfigureError::NotCommittedYet { .. } | ReconfigureError::StillJoint { .. } => {
                    rules::ONE_CHANGE_AT_A_TIME.rule()
                }
                _ => return None,
            },
        })
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Appended { .. } | Self::FellBack { .. } | Self::Refused { .. } => Weight::Turn,
            Self::TakenUp { .. }
            | Self::CameWithSnapshot { .. }
            | Self::WaitsForNewcomers { .. }
            | Self::NewcomersCaughtUp { .. }
            | Self::NewcomersTooSlow { .. } => Weight::Step,
            Self::StoodAside { .. } => Weight::Quiet,
        }
    }
}

fn kind(configuration: &Configuration) -> &'static str {
    if configuration.is_joint() {
        "joint configuration"
    } else {
        "configuration"
    }
}
