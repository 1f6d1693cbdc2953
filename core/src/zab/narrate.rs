//! The sentences in which a replica's facts are told: what happened, and how much it matters.
//! Why, and by which rule, is in `reasons`.

use std::fmt;

use super::epoch::Pair;
use super::fact::{DropReason, LookingReason, SyncPlan, ZabFact};
use super::reasons;
use super::role::SyncMode;
use super::vote::{ServerState, Vote};
use crate::explain::{Explain, Rule, Weight};
use crate::ids::ServerId;

impl Explain for ZabFact {
    fn what(&self) -> String {
        match self {
            Self::ElectionStarted { .. }
            | Self::RoundAdopted { .. }
            | Self::VoteAdopted { .. }
            | Self::VoteKept { .. }
            | Self::NotificationIgnored { .. }
            | Self::NotificationAnswered { .. }
            | Self::VoteResent { .. }
            | Self::QuorumForVote { .. }
            | Self::ElectionEnded { .. }
            | Self::ConfigurationAdopted { .. } => election(self),
            Self::Connecting { .. }
            | Self::EpochHeard { .. }
            | Self::EpochChosen { .. }
            | Self::EpochAccepted { .. }
            | Self::PromiseCounted { .. }
            | Self::EpochBegun { .. }
            | Self::EpochFinished { .. } => discovery(self),
            Self::SyncChosen { .. }
            | Self::Truncated { .. }
            | Self::SnapshotInstalled { .. }
            | Self::HistorySaved { .. }
            | Self::HistoryAcked { .. }
            | Self::Established { .. }
            | Self::UpToDate { .. }
            | Self::LogReplayed { .. }
            | Self::StateDiscarded { .. } => synchronisation(self),
            _ => broadcast(self),
        }
    }

    fn why(&self) -> Option<String> {
        reasons::why(self)
    }

    fn rule(&self) -> Option<Rule> {
        Some(reasons::rule(self))
    }

    fn weight(&self) -> Weight {
        match self {
            Self::NotificationIgnored { .. }
            | Self::NotificationAnswered { .. }
            | Self::VoteKept { .. }
            | Self::VoteResent { .. }
            | Self::Connecting { .. }
            | Self::LearnerDropped {
                reason: DropReason::NotLeading,
                ..
            } => Weight::Quiet,
            Self::ElectionStarted { .. }
            | Self::ElectionEnded { .. }
            | Self::EpochBegun { .. }
            | Self::SyncChosen { .. }
            | Self::Truncated { .. }
            | Self::SnapshotInstalled { .. }
            | Self::Established { .. }
            | Self::Committed { .. }
            | Self::Reconfigured { .. }
            | Self::StateDiscarded { .. } => Weight::Turn,
            _ => Weight::Step,
        }
    }
}

fn election(fact: &ZabFact) -> String {
    match fact {
        ZabFact::ElectionStarted { round, vote, .. } => match vote {
            Some(vote) => format!("looks for a leader in round {round} and votes for {vote}"),
            None => format!("looks for a leader in round {round}, without a vote"),
        },
        ZabFact::RoundAdopted { round, .. } => format!("moves on to round {round}"),
        ZabFact::VoteAdopted { vote, .. } => format!("changes its vote to {vote}"),
        ZabFact::VoteKept { mine, .. } => match mine {
            Some(mine) => format!("keeps its vote for {mine}"),
            None => "keeps to no vote".into(),
        },
        ZabFact::NotificationIgnored { from, .. } => format!("does not count the vote of {from}"),
        ZabFact::NotificationAnswered { to, vote, state } => match (state, vote) {
            (ServerState::Looking, Some(vote)) => format!("tells {to} its vote for {vote}"),
            (_, Some(Vote { leader, .. })) => format!("tells {to} that {leader} leads"),
            (_, None) => format!("tells {to} that it has no vote"),
        },
        ZabFact::VoteResent { patience } => {
            format!("sends its vote again and waits {patience} this time")
        }
        ZabFact::QuorumForVote {
            supporters, wait, ..
        } => format!(
            "has a quorum for its vote, {}, and waits {wait} for a better one",
            Servers(supporters)
        ),
        ZabFact::ElectionEnded { vote, state, .. } => match state {
            ServerState::Leading => "takes the lead".into(),
            ServerState::Observing => format!("observes under {}", vote.leader),
            _ => format!("follows {}", vote.leader),
        },
        ZabFact::ConfigurationAdopted { from, version } => {
            format!("takes over configuration {} from {from}", Pair(*version))
        }
        _ => String::new(),
    }
}

fn discovery(fact: &ZabFact) -> String {
    match fact {
        ZabFact::Connecting { leader, attempt: 1 } => format!("connects to {leader}"),
        ZabFact::Connecting { leader, attempt } => {
            format!("tries for the {attempt}th time to connect to {leader}")
        }
        ZabFact::EpochHeard {
            from,
            accepted,
            heard,
        } => format!(
            "hears that {from} has accepted epoch {accepted}; it has heard from {}",
            Servers(heard)
        ),
        ZabFact::EpochChosen { epoch, .. } => format!("proposes epoch {epoch}"),
        ZabFact::EpochAccepted {
            leader,
            epoch,
            again,
        } => {
            let again = if *again { " again" } else { "" };
            format!("accepts epoch {epoch} of {leader}{again}")
        }
        ZabFact::PromiseCounted { from, promised } => format!(
            "has the promise of {from}; promised have {}",
            Servers(promised)
        ),
        ZabFact::EpochBegun { epoch } => format!("begins epoch {epoch}"),
        ZabFact::EpochFinished { epoch } => format!("makes epoch {epoch} its current one"),
        _ => String::new(),
    }
}

fn synchronisation(fact: &ZabFact) -> String {
    match fact {
        ZabFact::SyncChosen { learner, plan, .. } => {
            let plan = match plan {
                SyncPlan::EmptyDiff => "an empty DIFF".into(),
                SyncPlan::Diff { count } => format!("a DIFF of {}", Transactions(*count)),
                SyncPlan::Trunc { to, count: 0 } => format!("TRUNC to {}", Pair(*to)),
                SyncPlan::Trunc { to, count } => {
                    format!("TRUNC to {} and {}", Pair(*to), Transactions(*count))
                }
                SyncPlan::Snap { zxid } => format!("a SNAP of its state at {}", Pair(*zxid)),
            };
            format!("brings {learner} up to date by {plan}")
        }
        ZabFact::Truncated { to, from } => {
            format!(
                "cuts its history from {} back to {}",
                Pair(*from),
                Pair(*to)
            )
        }
        ZabFact::SnapshotInstalled { zxid } => {
            format!("replaces its state by the leader's at {}", Pair(*zxid))
        }
        ZabFact::HistorySaved { epoch, last, mode } => format!(
            "saves the history of epoch {epoch}, which it got by {mode}, through {}",
            Pair(*last)
        ),
        ZabFact::HistoryAcked { by, synced } => format!(
            "counts {by} among those who have its history: {}",
            Servers(synced)
        ),
        ZabFact::Established { epoch, .. } => format!("is established as leader of epoch {epoch}"),
        ZabFact::UpToDate { leader, epoch } => {
            format!("is up to date with {leader} in epoch {epoch}")
        }
        ZabFact::LogReplayed { count } => {
            format!(
                "applies {} that its log holds and its state does not",
                Transactions(*count)
            )
        }
        ZabFact::StateDiscarded { .. } => "throws its state away and reads its disk again".into(),
        _ => String::new(),
    }
}

fn broadcast(fact: &ZabFact) -> String {
    match fact {
        ZabFact::Proposed {
            zxid,
            reconfiguration,
        } => {
            let what = if *reconfiguration {
                "the reconfiguration "
            } else {
                ""
            };
            format!("proposes {what}{}", Pair(*zxid))
        }
        ZabFact::ProposalAccepted { zxid } => format!("takes {} for its log", Pair(*zxid)),
        ZabFact::AckCounted { zxid, from, acks } => format!(
            "counts the acknowledgement of {} by {from}: {}",
            Pair(*zxid),
            Servers(acks)
        ),
        ZabFact::Committed { zxid, .. } => format!("commits {}", Pair(*zxid)),
        ZabFact::CommitLearned { zxid, .. } => format!("applies {}", Pair(*zxid)),
        ZabFact::Reconfigured {
            version,
            voters,
            observers,
            ..
        } => {
            let observers = if observers.is_empty() {
                String::new()
            } else {
                format!(", observers {}", Servers(observers))
            };
            let version = Pair(*version);
            format!(
                "puts configuration {version} in force: voters {}{observers}",
                Servers(voters)
            )
        }
        ZabFact::LearnerDropped {
            learner,
            reason: DropReason::NotLeading,
        } => format!("refuses {learner}"),
        ZabFact::LearnerDropped { learner, .. } => format!("drops {learner}"),
        ZabFact::SnapshotTaken { zxid, through } if zxid == through => {
            format!("takes a snapshot at {}", Pair(*zxid))
        }
        ZabFact::SnapshotTaken { zxid, through } => format!(
            "takes a fuzzy snapshot from {}, with effects through {}",
            Pair(*zxid),
            Pair(*through)
        ),
        _ => String::new(),
    }
}

/// Why a server looks for a leader.
pub(super) fn why_looking(reason: &LookingReason) -> String {
    match reason {
        LookingReason::Started => "it has just started".into(),
        LookingReason::LeaderLost { leader } => format!("its connection to {leader} is gone"),
        LookingReason::LeaderUnreachable { leader } => format!("it cannot reach {leader}"),
        LookingReason::LeaderSilent { leader } => format!("it heard nothing from {leader}"),
        LookingReason::LeaderInPast {
            leader,
            epoch,
            accepted,
        } => format!("{leader} leads epoch {epoch}, and it has accepted epoch {accepted}"),
        LookingReason::IllegalMessage {
            leader,
            kind,
            zxid,
            expected,
        } => format!(
            "{leader} sent it {kind} {}, which does not fit {}",
            Pair(*zxid),
            Pair(*expected)
        ),
        LookingReason::NoQuorumInTime { phase } => {
            let phase = match phase {
                super::role::Phase::Synchronisation => "take over its history",
                _ => "accept its epoch",
            };
            format!("no quorum came to {phase} in time")
        }
        LookingReason::VotersLeft { looking } => {
            format!("{} look for another leader", Servers(looking))
        }
        LookingReason::QuorumLost { synced } => {
            format!("it hears from no quorum, only from {}", Servers(synced))
        }
        LookingReason::FollowerAhead {
            follower,
            epoch,
            zxid,
        } => format!(
            "{follower} is ahead of it, in epoch {epoch} at {}",
            Pair(*zxid)
        ),
        LookingReason::HigherEpochAccepted { by, accepted } => {
            format!("{by} has accepted epoch {accepted}, which is higher than its own")
        }
        LookingReason::CounterExhausted { epoch } => {
            format!("epoch {epoch} has no zxid left")
        }
        LookingReason::Reconfigured { version } => {
            format!("configuration {} changes its part", Pair(*version))
        }
        LookingReason::ConfigurationAdopted { version } => {
            format!(
                "configuration {} is newer than the one it knew",
                Pair(*version)
            )
        }
    }
}

/// `S1, S2 and S3`.
pub(super) struct Servers<'a>(pub(super) &'a [ServerId]);

struct Transactions(usize);

impl fmt::Display for Servers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, others)) = self.0.split_last() else {
            return f.write_str("nobody");
        };
        for (i, server) in others.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{server}")?;
        }
        let and = if others.is_empty() { "" } else { " and " };
        write!(f, "{and}{last}")
    }
}

impl fmt::Display for Transactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} transaction{plural}", self.0)
    }
}

impl fmt::Display for SyncMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Diff => "DIFF",
            Self::Trunc => "TRUNC",
            Self::Snap => "SNAP",
        })
    }
}
