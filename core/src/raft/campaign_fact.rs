//! What a replica tells of pre-votes, loyalty, transfers and priorities, and the sentences for it.

use serde::Serialize;

use super::fact::{ElectionReason, VoteRefusal};
use super::narrate::{why_denied, why_stood};
use super::position::Term;
use super::rules;
use super::shares::Shares;
use crate::explain::{Explain, Rule, Weight};
use crate::ids::ServerId;

/// A step towards a change of leader, or one that prevents it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum CampaignFact {
    /// It asks who would vote for it.
    AsksForPreVotes {
        /// The term that it would stand in.
        term: Term,
        /// Why.
        reason: ElectionReason,
    },
    /// It would vote for a candidate.
    PreVoteGranted {
        /// The candidate.
        to: ServerId,
        /// The term that the candidate would stand in.
        term: Term,
    },
    /// It would not.
    PreVoteDenied {
        /// The candidate.
        to: ServerId,
        /// The term that the candidate would stand in.
        term: Term,
        /// Why.
        reason: VoteRefusal,
    },
    /// It counts an answer to that question.
    PreVoteReceived {
        /// Who answers.
        from: ServerId,
        /// The answer is its own.
        own: bool,
        /// Whether it would get the vote.
        granted: bool,
        /// The promises that it has now.
        votes: Shares,
    },
    /// A loyal voter takes no notice of a candidate.
    Ignored {
        /// The candidate.
        candidate: ServerId,
        /// Whom the voter is loyal to; it may have forgotten by a restart.
        leader: Option<ServerId>,
    },
    /// A loyal voter whose timer ran down too early does not stand for election.
    PutOff {
        /// Whom it is loyal to.
        leader: Option<ServerId>,
    },
    /// A leader shall hand over.
    TransferBegun {
        /// To whom.
        to: ServerId,
        /// That server lacks entries.
        behind: bool,
    },
    /// A leader tells another server to stand for election at once.
    TransferAnnounced {
        /// The server.
        to: ServerId,
    },
    /// A leader goes on after all.
    TransferAborted {
        /// Who did not take over.
        to: ServerId,
    },
    /// A follower no longer holds on to its leader.
    ForgotLeader {
        /// The leader.
        leader: ServerId,
    },
    /// It got a priority in elections.
    PrioritySet {
        /// The priority.
        priority: u8,
    },
}

const PRE_VOTE: Rule = Rule {
    text: "before a server raises its term it asks whether a majority would vote for it",
    source: "dissertation §9.6",
};
const LOYALTY: Rule = Rule {
    text: "a server that has heard from a leader within the least election timeout ignores \
           candidates",
    source: "dissertation §4.2.3",
};
const TRANSFER: Rule = Rule {
    text: "a leader hands over by bringing another server up to date and telling it to stand for \
           election at once",
    source: "dissertation §3.10",
};
const TRANSFER_TIMEOUT: Rule = Rule {
    text: "a transfer that is not done after an election timeout is given up",
    source: "dissertation §3.10",
};
/// Of two equally long logs, the better server's wins.
pub(super) const PRIORITY: Rule = Rule {
    text: "a voter denies its vote to a candidate of lower priority whose log is no more \
           up-to-date",
    source: "raft-rs, priority election",
};
const FORGET: Rule = Rule {
    text: "a follower that forgets its leader may vote at once, still by term and log",
    source: "etcd/raft, ForgetLeader",
};

impl CampaignFact {
    /// The other server that it speaks of.
    pub const fn about(&self) -> Option<ServerId> {
        match self {
            Self::PreVoteGranted { to, .. }
            | Self::PreVoteDenied { to, .. }
            | Self::TransferBegun { to, .. }
            | Self::TransferAnnounced { to }
            | Self::TransferAborted { to } => Some(*to),
            Self::PreVoteReceived { from, .. } => Some(*from),
            Self::Ignored { candidate, .. } => Some(*candidate),
            Self::PutOff { leader } => *leader,
            Self::ForgotLeader { leader } => Some(*leader),
            Self::AsksForPreVotes { .. } | Self::PrioritySet { .. } => None,
        }
    }
}

impl Explain for CampaignFact {
    fn what(&self) -> String {
        match self {
            Self::AsksForPreVotes { term, .. } => {
                format!("asks who would vote for it in term {term}")
            }
            Self::PreVoteGranted { to, term } => {
                format!("would vote for {to} in term {term}")
            }
            Self::PreVoteDenied { to, term, .. } => {
                format!("would not vote for {to} in term {term}")
            }
            Self::PreVoteReceived {
                own: true, votes, ..
            } => format!("would vote for itself: {}", votes.progress()),
            Self::PreVoteReceived {
                from,
                granted,
                votes,
                ..
            } => {
                let verb = if *granted {
                    "would get"
                } else {
                    "would not get"
                };
                format!("{verb} the vote of {from}: {}", votes.progress())
            }
            Self::Ignored { candidate, .. } => format!("takes no notice of {candidate}"),
            Self::PutOff { .. } => "does not stand for election yet".into(),
            Self::TransferBegun { to, .. } => format!("begins to hand over to {to}"),
            Self::TransferAnnounced { to } => format!("tells {to} to stand for election at once"),
            Self::TransferAborted { to } => format!("gives up handing over to {to}"),
            Self::ForgotLeader { leader } => format!("forgets {leader}, its leader"),
            Self::PrioritySet { priority } => format!("has priority {priority} in elections now"),
        }
    }

    fn why(&self) -> Option<String> {
        let loyal = |leader: &Option<ServerId>| match leader {
            Some(leader) => format!("it has heard from {leader} within an election timeout"),
            None => "it cannot know whom it heard within the last election timeout".into(),
        };
        Some(match self {
            Self::AsksForPreVotes { reason, .. } => why_stood(*reason),
            Self::PreVoteGranted { .. } => "the candidate's log is at least as up-to-date as its \
                                            own, and the term is not over"
                .into(),
            Self::PreVoteDenied { to, term, reason } => why_denied(*to, *term, *reason),
            Self::Ignored { leader, .. } | Self::PutOff { leader } => loyal(leader),
            Self::TransferBegun { to, behind: true } => {
                format!("it was asked to; {to} lacks entries, and nothing new is taken meanwhile")
            }
            Self::TransferBegun { .. } | Self::ForgotLeader { .. } | Self::PrioritySet { .. } => {
                "it was asked to".into()
            }
            Self::TransferAnnounced { to } => format!("{to} has its whole log"),
            Self::TransferAborted { to } => {
                format!("{to} did not take over within an election timeout")
            }
            Self::PreVoteReceived { .. } => return None,
        })
    }

    fn rule(&self) -> Option<Rule> {
        Some(match self {
            Self::PreVoteDenied {
                reason: VoteRefusal::LogNotUpToDate { .. },
                ..
            } => rules::UP_TO_DATE_VOTE.rule(),
            Self::PreVoteDenied {
                reason: VoteRefusal::LowerPriority { .. },
                ..
            }
            | Self::PrioritySet { .. } => PRIORITY,
            Self::AsksForPreVotes { .. }
            | Self::PreVoteGranted { .. }
            | Self::PreVoteDenied { .. }
            | Self::PreVoteReceived { .. } => PRE_VOTE,
            Self::Ignored { .. } => LOYALTY,
            Self::PutOff { .. } => rules::STICKY_VOTERS_UNDER_LEASE.rule(),
            Self::TransferBegun { .. } | Self::TransferAnnounced { .. } => TRANSFER,
            Self::TransferAborted { .. } => TRANSFER_TIMEOUT,
            Self::ForgotLeader { .. } => FORGET,
        })
    }

    fn weight(&self) -> Weight {
        match self {
            Self::AsksForPreVotes { .. }
            | Self::TransferBegun { .. }
            | Self::TransferAborted { .. } => Weight::Turn,
            Self::PreVoteGranted { .. }
            | Self::PreVoteDenied { .. }
            | Self::PreVoteReceived { .. }
            | Self::Ignored { .. }
            | Self::PutOff { .. }
            | Self::TransferAnnounced { .. }
            | Self::ForgotLeader { .. }
            | Self::PrioritySet { .. } => Weight::Step,
        }
    }
}
