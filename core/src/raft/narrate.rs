//! The sentences in which a replica's facts are told.

use std::fmt;

use super::campaign_fact::PRIORITY;
use super::fact::{AppendRefusal, Conflict, ElectionReason, RaftFact, StepDownReason, VoteRefusal};
use super::position::{Index, Term};
use super::role::Role;
use super::rules;
use crate::explain::{Explain, Rule, Weight};
use crate::ids::ServerId;

const ELECTION_TIMEOUT: Rule = Rule {
    text: "a follower that hears nothing for an election timeout begins an election",
    source: "Raft §5.2",
};
const FIRST_COME: Rule = Rule {
    text: "each server votes for at most one candidate in a term, the first to come",
    source: "Raft §5.2",
};
const VOTES_WIN: Rule = Rule {
    text: "the votes of a majority, all of one term, make a leader; there can be only one",
    source: "Raft §5.2",
};
const LATER_TERM: Rule = Rule {
    text: "whoever sees a later term takes it over and becomes a follower",
    source: "Raft §5.1",
};
const STALE_TERM: Rule = Rule {
    text: "what carries a term that is over is refused",
    source: "Raft §5.1",
};
const LEGITIMATE_LEADER: Rule = Rule {
    text: "a candidate that hears from the leader of its term follows it",
    source: "Raft §5.2",
};
const LEADER_LEAVES: Rule = Rule {
    text: "a leader that is not part of the new configuration steps down once it is committed",
    source: "Raft §6",
};
const CHECK_QUORUM: Rule = Rule {
    text: "a leader steps down if no majority answers it for an election timeout",
    source: "dissertation §6.2",
};
const NOOP: Rule = Rule {
    text: "a leader begins its term by committing an empty entry",
    source: "Raft §8",
};
const LEADER_APPENDS: Rule = Rule {
    text: "a leader appends each command to its log and never deletes or overwrites there",
    source: "Raft §5.3",
};
const CONSISTENCY_CHECK: Rule = Rule {
    text: "a follower takes new entries only if it has the entry before them",
    source: "Raft §5.3",
};
const BACK_UP: Rule = Rule {
    text: "a leader whose entries are refused tries again from an earlier one",
    source: "Raft §5.3",
};
const COUNT_REPLICAS: Rule = Rule {
    text: "a leader counts the servers that store an entry",
    source: "Raft §5.3",
};

impl Explain for RaftFact {
    fn what(&self) -> String {
        match self {
            Self::StoodForElection { term, .. } => format!("stands for election in term {term}"),
            Self::VoteGranted {
                to, term, again, ..
            } => {
                let again = if *again { " again" } else { "" };
                format!("grants {to} its vote of term {term}{again}")
            }
            Self::VoteDenied { to, term, .. } => format!("denies {to} its vote of term {term}"),
            Self::VoteReceived {
                own: true, votes, ..
            } => format!("counts its own vote: {}", votes.progress()),
            Self::VoteReceived {
                from,
                granted,
                votes,
                ..
            } => {
                let verb = if *granted { "has" } else { "does not get" };
                format!("{verb} the vote of {from}: {}", votes.progress())
            }
            Self::BecameLeader { term, .. } => format!("becomes leader of term {term}"),
            Self::NoopAppended { index, term } => {
                format!("appends a no-op of term {term} as entry {index}")
            }
            Self::SteppedDown { role, .. } => format!("steps down as {role}"),
            Self::TermAdopted { term, .. } => format!("moves on to term {term}"),
            Self::FollowsLeader { leader, term } => {
                format!("follows {leader}, leader of term {term}")
            }
            Self::Appended {
                first, last, term, ..
            } => format!("appends {} of term {term}", Entries(*first, *last)),
            Self::Truncated { from, through, .. } => {
                format!("deletes {}", Entries(*from, *through))
            }
            Self::AppendRejected { from, .. } => format!("refuses what {from} sent"),
            Self::AppendAccepted { by, through } => {
                format!("learns that {by} stores its log through entry {through}")
            }
            Self::BackedUp { follower, next } => {
                format!("will send {follower} entries from {next} on")
            }
            Self::MatchLost { follower, next, .. } => {
                format!("begins anew with {follower}, from entry {next} on")
            }
            Self::Committed { first, through, .. } => {
                format!("commits {}", Entries(*first, *through))
            }
            Self::CommitLearned { first, through, .. } => {
                let are = if first == through { "is" } else { "are" };
                format!("learns that {} {are} committed", Entries(*first, *through))
            }
            Self::IgnoredStaleTerm { from, kind, .. } => format!("ignores a {kind} from {from}"),
            Self::Snapshot(fact) => fact.what(),
            Self::Membership(fact) => fact.what(),
            Self::Campaign(fact) => fact.what(),
            Self::Read(fact) => fact.what(),
        }
    }

    fn why(&self) -> Option<String> {
        Some(match self {
            Self::StoodForElection { reason, .. } => why_stood(*reason),
            Self::VoteGranted { again: true, .. } => "it has voted for it in this term".into(),
            Self::VoteGranted {
                up_to_date: false, ..
            } => "it has not voted in this term, though its own log is more up-to-date".into(),
            Self::VoteGranted { .. } => {
                "it has not voted in this term, and the candidate's log is at least as up-to-date \
                 as its own"
                    .into()
            }
            Self::VoteDenied { to, term, reason } => why_denied(*to, *term, *reason),
            Self::BecameLeader { votes, shares, .. } => {
                format!("{} voted for it: {}", Servers(votes), shares.extent())
            }
            Self::NoopAppended { .. } => {
                "it can commit what earlier leaders left only together with an entry of its own \
                 term"
                    .into()
            }
            Self::SteppedDown { reason, .. } => match reason {
                StepDownReason::HigherTerm { from, term } => format!("{from} is in term {term}"),
                StepDownReason::LeaderElected { leader, term } => {
                    format!("{leader} leads term {term}")
                }
                StepDownReason::Removed { index } => {
                    format!(
                        "the configuration of entry {index} is committed, and it is no voter of it"
                    )
                }
                StepDownReason::NoQuorum { silence } => {
                    format!("no majority has answered for {silence}")
                }
            },
            Self::TermAdopted { from, previous, .. } => {
                format!("{from} is there, and it was in term {previous}")
            }
            Self::Appended { from, .. } => match from {
                Some(leader) => format!("its log matches that of {leader} up to there"),
                None => "a client asked it to".into(),
            },
            Self::Truncated {
                conflict, leader, ..
            } => why_truncated(*conflict, *leader),
            Self::AppendRejected { refusal, .. } => why_refused(*refusal),
            Self::BackedUp { follower, .. } => {
                format!("{follower} lacks the entry before those it sent")
            }
            Self::MatchLost { follower, had, .. } => {
                format!("{follower} had acknowledged entry {had}, and no longer has it")
            }
            Self::Committed {
                holders,
                shares,
                of_own_term,
                ..
            } => {
                let have = if holders.len() == 1 { "has" } else { "have" };
                let own_term = if *of_own_term {
                    ", and it is of the current term"
                } else {
                    ""
                };
                format!(
                    "{} {have} it: {}{own_term}",
                    Servers(holders),
                    shares.extent()
                )
            }
            Self::CommitLearned { from, matches, .. } => {
                let matches = if *matches {
                    "and the logs match that far"
                } else {
                    "though the logs are not known to match that far"
                };
                format!("{from} says so, {matches}")
            }
            Self::IgnoredStaleTerm { theirs, mine, .. } => {
                format!("it is of term {theirs}, and it is in term {mine} now")
            }
            Self::Snapshot(fact) => return fact.why(),
            Self::Membership(fact) => return fact.why(),
            Self::Campaign(fact) => return fact.why(),
            Self::Read(fact) => return fact.why(),
            Self::VoteReceived { .. }
            | Self::FollowsLeader { .. }
            | Self::AppendAccepted { .. } => return None,
        })
    }

    fn rule(&self) -> Option<Rule> {
        Some(match self {
            Self::StoodForElection { .. } => ELECTION_TIMEOUT,
            Self::VoteDenied { reason, .. } => match reason {
                VoteRefusal::StaleTerm { .. } => STALE_TERM,
                VoteRefusal::AlreadyVoted { .. } => FIRST_COME,
                VoteRefusal::LogNotUpToDate { .. } => rules::UP_TO_DATE_VOTE.rule(),
                VoteRefusal::LowerPriority { .. } => PRIORITY,
            },
            Self::VoteGranted { .. } => FIRST_COME,
            Self::VoteReceived { .. } | Self::BecameLeader { .. } => VOTES_WIN,
            Self::NoopAppended { .. } => NOOP,
            Self::SteppedDown {
                reason: StepDownReason::LeaderElected { .. },
                ..
            } => LEGITIMATE_LEADER,
            Self::SteppedDown {
                reason: StepDownReason::Removed { .. },
                ..
            } => LEADER_LEAVES,
            Self::SteppedDown {
                reason: StepDownReason::NoQuorum { .. },
                ..
            } => CHECK_QUORUM,
            Self::SteppedDown { .. } | Self::TermAdopted { .. } => LATER_TERM,
            Self::Appended { from: None, .. } => LEADER_APPENDS,
            Self::Truncated { .. } => rules::TRUNCATE_ONLY_ON_CONFLICT.rule(),
            Self::AppendRejected {
                refusal: AppendRefusal::StaleTerm { .. },
                ..
            }
            | Self::IgnoredStaleTerm { .. } => STALE_TERM,
            Self::Appended { .. } | Self::AppendRejected { .. } => CONSISTENCY_CHECK,
            Self::BackedUp { .. } | Self::MatchLost { .. } => BACK_UP,
            Self::Committed {
                of_own_term: true, ..
            } => rules::COMMIT_ONLY_OWN_TERM.rule(),
            Self::Committed { .. } | Self::AppendAccepted { .. } => COUNT_REPLICAS,
            Self::CommitLearned { .. } => rules::COMMIT_BOUND_BY_NEW_ENTRIES.rule(),
            Self::Snapshot(fact) => return fact.rule(),
            Self::Membership(fact) => return fact.rule(),
            Self::Campaign(fact) => return fact.rule(),
            Self::Read(fact) => return fact.rule(),
            Self::FollowsLeader { .. } => return None,
        })
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Snapshot(fact) => fact.weight(),
            Self::Membership(fact) => fact.weight(),
            Self::StoodForElection { .. }
            | Self::BecameLeader { .. }
            | Self::SteppedDown {
                role: Role::Leader, ..
            }
            | Self::Truncated { .. }
            | Self::MatchLost { .. }
            | Self::Committed { .. } => Weight::Turn,
            Self::VoteGranted { .. }
            | Self::VoteDenied { .. }
            | Self::VoteReceived { .. }
            | Self::NoopAppended { .. }
            | Self::SteppedDown { .. }
            | Self::FollowsLeader { .. }
            | Self::Appended { .. }
            | Self::AppendRejected { .. }
            | Self::BackedUp { .. }
            | Self::CommitLearned { .. } => Weight::Step,
            Self::TermAdopted { .. }
            | Self::AppendAccepted { .. }
            | Self::IgnoredStaleTerm { .. } => Weight::Quiet,
            Self::Campaign(fact) => fact.weight(),
            Self::Read(fact) => fact.weight(),
        }
    }
}

/// Why a candidate does not get a vote, or would not.
pub(super) fn why_denied(to: ServerId, term: Term, reason: VoteRefusal) -> String {
    match reason {
        VoteRefusal::StaleTerm { mine } => format!("term {term} is over: it is in term {mine}"),
        VoteRefusal::AlreadyVoted { itself: true, .. } => {
            "it has voted for itself in this term".into()
        }
        VoteRefusal::AlreadyVoted { for_, .. } => format!("it has voted for {for_} in this term"),
        VoteRefusal::LogNotUpToDate { mine, theirs } => {
            format!("its log ends with {mine}, and that of {to} with {theirs}")
        }
        VoteRefusal::LowerPriority { mine, theirs } => format!(
            "its log is as up-to-date, and its priority is {mine}, that of {to} only {theirs}"
        ),
    }
}

pub(super) fn why_stood(reason: ElectionReason) -> String {
    match reason {
        ElectionReason::SilentLeader { leader } => {
            format!("its election timer ran down without a word from {leader}")
        }
        ElectionReason::NoLeader => {
            "its election timer ran down without a word from any leader".into()
        }
        ElectionReason::NoMajority { term } => {
            format!("its election timer ran down before a majority voted for it in term {term}")
        }
        ElectionReason::NoPreVotes { term } => format!(
            "its election timer ran down before a majority would have voted for it in term {term}"
        ),
        ElectionReason::PreVotes => "a majority would vote for it".into(),
        ElectionReason::Transfer { leader } => format!("{leader} hands over to it"),
    }
}

fn why_truncated(conflict: Option<Conflict>, leader: ServerId) -> String {
    match conflict {
        Some(Conflict {
            index,
            mine,
            theirs,
        }) => {
            format!("its entry {index} is of term {mine}, and that of {leader} is of term {theirs}")
        }
        None => format!("they follow the last entry that {leader} named, though none conflicts"),
    }
}

fn why_refused(refusal: AppendRefusal) -> String {
    match refusal {
        AppendRefusal::StaleTerm { theirs, mine } => {
            format!("term {theirs} is over: it is in term {mine}")
        }
        AppendRefusal::Missing { prev, last } => {
            let ends = if last == Index::ZERO {
                "its log is empty".into()
            } else {
                format!("its log ends at {last}")
            };
            format!("it should follow {prev}, and {ends}")
        }
        AppendRefusal::Differs { prev, mine } => {
            format!("it should follow {prev}, and its own entry there is of term {mine}")
        }
    }
}

/// `entry 7`, `entries 4 to 6`.
struct Entries(Index, Index);

impl fmt::Display for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(first, last) if first == last => write!(f, "entry {first}"),
            Self(first, last) => write!(f, "entries {first} to {last}"),
        }
    }
}

/// `S1, S2 and S3`.
pub(super) struct Servers<'a>(pub(super) &'a [ServerId]);

impl fmt::Display for Servers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, server) in self.0.iter().enumerate() {
            let separator = match i {
                0 => "",
                _ if i + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{separator}{server}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::position::LogPosition;
    use super::super::shares::{Share, Shares};
    use super::*;

    fn told(fact: &RaftFact) -> String {
        let why = fact.why().map(|why| format!(" because {why}"));
        fact.what() + &why.unwrap_or_default()
    }

    fn shares(agree: usize, of: usize) -> Shares {
        Shares {
            voters: Share { agree, of },
            outgoing: None,
        }
    }

    #[test]
    fn facts_read_as_sentences() {
        let s = ServerId::new;
        let at = |term, index| LogPosition {
            term: Term::new(term),
            index: Index::new(index),
        };
        for (fact, sentence) in [
            (
                RaftFact::StoodForElection {
                    term: Term::new(4),
                    reason: ElectionReason::SilentLeader { leader: s(2) },
                },
                "stands for election in term 4 because its election timer ran down without a word \
                 from S2",
            ),
            (
                RaftFact::VoteDenied {
                    to: s(5),
                    term: Term::new(4),
                    reason: VoteRefusal::LogNotUpToDate {
                        mine: at(3, 7),
                        theirs: at(2, 9),
                    },
                },
                "denies S5 its vote of term 4 because its log ends with entry 7 of term 3, and \
                 that of S5 with entry 9 of term 2",
            ),
            (
                RaftFact::Committed {
                    first: Index::new(6),
                    through: Index::new(6),
                    holders: vec![s(1), s(2), s(3)],
                    shares: shares(3, 5),
                    of_own_term: true,
                },
                "commits entry 6 because S1, S2 and S3 have it: a majority of 5, and it is of the \
                 current term",
            ),
            (
                RaftFact::BecameLeader {
                    term: Term::new(1),
                    votes: vec![s(1)],
                    shares: shares(1, 1),
                },
                "becomes leader of term 1 because S1 voted for it: the only server",
            ),
            (
                RaftFact::Truncated {
                    from: Index::new(4),
                    through: Index::new(6),
                    conflict: Some(Conflict {
                        index: Index::new(4),
                        mine: Term::new(2),
                        theirs: Term::new(3),
                    }),
                    leader: s(1),
                },
                "deletes entries 4 to 6 because its entry 4 is of term 2, and that of S1 is of \
                 term 3",
            ),
            (
                RaftFact::AppendRejected {
                    from: s(1),
                    refusal: AppendRefusal::Missing {
                        prev: at(3, 7),
                        last: Index::ZERO,
                    },
                },
                "refuses what S1 sent because it should follow entry 7 of term 3, and its log is \
                 empty",
            ),
            (
                RaftFact::VoteReceived {
                    from: s(3),
                    own: false,
                    granted: true,
                    votes: shares(2, 5),
                },
                "has the vote of S3: 2 of the 3 it needs",
            ),
        ] {
            assert_eq!(told(&fact), sentence);
        }
    }
}
