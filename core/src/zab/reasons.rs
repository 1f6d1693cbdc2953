//! Why a replica did what it tells, and the rule behind it.

use super::epoch::Pair;
use super::fact::{DropReason, ElectionEnd, IgnoreReason, LookingReason, SyncReason, ZabFact};
use super::narrate::{Servers, why_looking};
use super::role::SyncMode;
use super::rules;
use super::vote::{Decider, Vote};
use crate::explain::Rule;

/// Names a rule and where it stands.
macro_rules! rule {
    ($($name:ident $text:literal, $source:literal;)*) => {
        $(const $name: Rule = Rule { text: $text, source: $source };)*
    };
}

rule! {
    LOOK "whoever has no leader votes for itself in a new round", "FastLeaderElection.lookForLeader";
    VOTE_ORDER "the vote with the later epoch wins, then the one with the higher zxid, then the one with the higher id", "FastLeaderElection.totalOrderPredicate";
    ROUNDS "only votes of one round count together; whoever is behind moves on and forgets what it has", "FastLeaderElection.lookForLeader";
    TALK_TO_LOOKERS "whoever looks for a leader is told what others have found", "FastLeaderElection.WorkerReceiver";
    ONLY_VOTERS "only voters count, and only votes for voters", "FastLeaderElection.validVoter";
    RESEND "in silence a vote is sent again, after a wait that doubles", "FastLeaderElection.lookForLeader";
    FINALIZE "a quorum for a vote ends the election when nobody betters it for finalizeWait", "FastLeaderElection.lookForLeader";
    JOIN "an ensemble that has a leader is joined if a quorum follows that leader and the leader says so itself", "FastLeaderElection.checkLeader";
    NEWER_CONFIGURATION "a looking server takes over a newer configuration and begins again", "FastLeaderElection.WorkerReceiver";
    NEW_EPOCH "a leader's epoch is above every epoch that a quorum has accepted", "Zab §4.1, Phase 1; Leader.getEpochToPropose";
    PROMISE "a server follows no leader of an earlier epoch than the one it has accepted", "Zab §4.1, Phase 1; Learner.registerWithLeader";
    RETRY "a learner tries a few times: its leader may still be finding out that it is one", "Learner.connectToLeader";
    SYNC_CHOICE "a learner that has the leader's last zxid gets an empty DIFF; one within reach of the committed log gets what it lacks, after cutting what it has too much; any other gets everything", "LearnerHandler.syncFollower";
    ESTABLISH "a leader is established when a quorum has taken over its history", "Zab §4.1, Phase 2; Leader.waitForNewLeaderAck";
    PROPOSE "a leader gives each transaction the next zxid of its epoch and sends it to all followers, in order", "Zab §4.1, Phase 3; Leader.propose";
    COMMIT "a leader commits a transaction when a quorum has it on disk, and everything before it is committed", "Zab §4.1, Phase 3; Leader.tryToCommit";
    DELIVER "a follower applies transactions as they are committed, in the order in which they were proposed", "Zab §4.1, Phase 3; Follower.processPacket";
    LIMITS "leader and learner give each other up after a silence of syncLimit ticks, while they begin of initLimit", "Leader.lead; LearnerHandler.ping";
    STEP_DOWN "a leader that hears from no quorum stops leading", "Leader.lead";
    OVERFLOW "an epoch ends before its counter overflows", "ZOOKEEPER-1277";
    DESIGNATED "after a reconfiguration a leader that votes no more hands over to a member that has acknowledged most", "Leader.getDesignatedLeader";
    SNAPSHOT "a snapshot is written while transactions go on; to apply them again from its label does no harm", "ZooKeeperServer.takeSnapshot";
    FINISH_EPOCH "a history that was written whole belongs to its epoch, even if a crash came before the epoch was", "QuorumPeer.loadDataBase";
    NOT_LEADING "only a leader listens to learners", "Leader.LearnerCnxAcceptor";
    CONFIGURATION_VERSION "a leader refuses a learner that knows a newer configuration in force", "LearnerHandler.run";
}

pub(super) fn why(fact: &ZabFact) -> Option<String> {
    Some(match fact {
        ZabFact::ElectionStarted { reason, .. } => why_looking(reason),
        ZabFact::RoundAdopted { from, previous, .. } => {
            format!("{from} is in that round, and it was in round {previous}")
        }
        ZabFact::VoteAdopted {
            from,
            vote,
            previous,
            decider,
        } => format!(
            "{from} proposes it: {}",
            decided(*vote, *previous, *decider)
        ),
        ZabFact::VoteKept {
            from,
            theirs: Some(theirs),
            mine,
            decider,
        } => match mine {
            Some(mine) if decider != &Decider::Nothing => format!(
                "{from} proposes {}: {}",
                theirs.leader,
                decided(*mine, Some(*theirs), *decider)
            ),
            _ => format!("{from} proposes the same"),
        },
        ZabFact::NotificationIgnored { reason, .. } => match reason {
            IgnoreReason::RoundOver { theirs, mine } => {
                format!("it is of round {theirs}, and it is in round {mine}")
            }
            IgnoreReason::NotVoter { server } => format!("{server} is no voter"),
            IgnoreReason::Observing => "it observes".into(),
            IgnoreReason::NoVote => "it has none".into(),
            IgnoreReason::NotBetterThanDecided => {
                "a quorum has decided, and it is not better".into()
            }
        },
        ZabFact::VoteResent { .. } => "it heard nothing".into(),
        ZabFact::ElectionEnded { vote, how, .. } => match how {
            ElectionEnd::Agreement => "a quorum voted for it, and nobody contradicted".into(),
            ElectionEnd::JoinedRound => {
                format!("a quorum of its round follows {}", vote.leader)
            }
            ElectionEnd::JoinedEnsemble => {
                format!("a quorum follows {} already", vote.leader)
            }
            ElectionEnd::Designated => "a reconfiguration says so".into(),
        },
        ZabFact::EpochChosen { highest, .. } => {
            format!("epoch {highest} is the highest that a quorum has accepted")
        }
        ZabFact::EpochAccepted { again: true, .. } => {
            "it had accepted that epoch before, so this is no new promise".into()
        }
        ZabFact::EpochBegun { .. } => "a quorum has promised to follow it".into(),
        ZabFact::EpochFinished { .. } => {
            "its log holds transactions of it: a crash came just before".into()
        }
        ZabFact::SyncChosen { reason, .. } => why_sync(*reason),
        ZabFact::Truncated { .. } => "the leader does not have what follows".into(),
        ZabFact::Established {
            quorum, through, ..
        } => format!(
            "a quorum has its history: {}; everything through {} is committed by that",
            Servers(quorum),
            Pair(*through)
        ),
        ZabFact::StateDiscarded { mode } => {
            format!("the connection broke while it was being brought up to date by {mode}")
        }
        ZabFact::LogReplayed { .. } => "it will be judged by its log".into(),
        ZabFact::Committed { acks, joint, .. } => {
            let joint = if *joint {
                ", a quorum of the old members and one of the new"
            } else {
                ", a quorum"
            };
            format!("{} have it on disk{joint}", Servers(acks))
        }
        ZabFact::CommitLearned { leader, .. } => format!("{leader} says that it is committed"),
        ZabFact::Reconfigured { designated, .. } => {
            format!("it is committed; {designated} is to lead")
        }
        ZabFact::LearnerDropped { learner, reason } => match reason {
            DropReason::NewerConfiguration { theirs, mine } => format!(
                "{learner} knows configuration {}, newer than {}",
                Pair(*theirs),
                Pair(*mine)
            ),
            DropReason::TransactionTimeout { zxid } => {
                format!("{learner} has not acknowledged {} in time", Pair(*zxid))
            }
            DropReason::Silent => format!("it heard nothing from {learner}"),
            DropReason::NotLeading => "it does not lead".into(),
        },
        _ => return None,
    })
}

/// Why `better` beats `other`.
fn decided(better: Vote, other: Option<Vote>, decider: Decider) -> String {
    let other = other.unwrap_or(better);
    match decider {
        Decider::Epoch => format!("epoch {} is later than {}", better.epoch, other.epoch),
        Decider::Zxid => {
            format!("zxid {} is above {}", Pair(better.zxid), Pair(other.zxid))
        }
        Decider::Id => format!(
            "the histories end alike, and {} is above {}",
            better.leader, other.leader
        ),
        Decider::Nothing | Decider::NoVote => "it had no vote of this round".into(),
    }
}

fn why_sync(reason: SyncReason) -> String {
    match reason {
        SyncReason::SameZxid { zxid } => format!("both end at {}", Pair(zxid)),
        SyncReason::LearnerAhead { last, max } => format!(
            "the learner ends at {}, after the last committed {}",
            Pair(last),
            Pair(max)
        ),
        SyncReason::InCommittedLog { last, min, max } => format!(
            "the learner ends at {}, and the committed log reaches from {} to {}",
            Pair(last),
            Pair(min),
            Pair(max)
        ),
        SyncReason::InLogOnDisk { last, min } => format!(
            "the learner ends at {}, before the committed log begins at {}, and the log on disk \
             reaches back to it",
            Pair(last),
            Pair(min)
        ),
        SyncReason::TooFarBehind { last, min } => format!(
            "the learner ends at {}, before the committed log begins at {}, and the log on disk \
             does not bridge that",
            Pair(last),
            Pair(min)
        ),
        SyncReason::TooMuch { bytes, limit } => {
            format!("the learner lacks {bytes} bytes of transactions, more than {limit}")
        }
        SyncReason::TruncationAcrossEpochs { last, next } => format!(
            "the learner ends at {} and lacks {}, of another epoch: its log cannot be cut across \
             that",
            Pair(last),
            Pair(next)
        ),
        SyncReason::TruncationBelowSnapshot { to, base } => format!(
            "the learner should go back to {}, and its snapshot holds everything up to {}",
            Pair(to),
            Pair(base)
        ),
        SyncReason::NothingInCommon { last } => format!(
            "the learner ends at {}, which the committed log does not show",
            Pair(last)
        ),
    }
}

pub(super) fn rule(fact: &ZabFact) -> Rule {
    match fact {
        ZabFact::ElectionStarted { reason, .. } => looking_rule(reason),
        ZabFact::RoundAdopted { .. }
        | ZabFact::NotificationIgnored {
            reason: IgnoreReason::RoundOver { .. },
            ..
        } => ROUNDS,
        ZabFact::VoteAdopted { .. } | ZabFact::VoteKept { .. } => VOTE_ORDER,
        ZabFact::NotificationIgnored {
            reason: IgnoreReason::NotBetterThanDecided,
            ..
        }
        | ZabFact::QuorumForVote { .. } => FINALIZE,
        ZabFact::NotificationIgnored { .. } => ONLY_VOTERS,
        ZabFact::NotificationAnswered { .. } => TALK_TO_LOOKERS,
        ZabFact::VoteResent { .. } => RESEND,
        ZabFact::ElectionEnded { how, .. } => match how {
            ElectionEnd::Agreement => FINALIZE,
            ElectionEnd::JoinedRound | ElectionEnd::JoinedEnsemble => JOIN,
            ElectionEnd::Designated => DESIGNATED,
        },
        ZabFact::ConfigurationAdopted { .. } => NEWER_CONFIGURATION,
        ZabFact::Connecting { .. } => RETRY,
        ZabFact::EpochHeard { .. } | ZabFact::EpochChosen { .. } => NEW_EPOCH,
        ZabFact::EpochAccepted { again: true, .. } => rules::ACCEPT_EPOCH_ONCE.rule(),
        ZabFact::EpochAccepted { .. }
        | ZabFact::PromiseCounted { .. }
        | ZabFact::EpochBegun { .. } => PROMISE,
        ZabFact::EpochFinished { .. } => FINISH_EPOCH,
        ZabFact::SyncChosen { .. }
        | ZabFact::Truncated { .. }
        | ZabFact::SnapshotInstalled { .. } => SYNC_CHOICE,
        ZabFact::HistorySaved { .. } => rules::EPOCH_AFTER_TRANSACTIONS.rule(),
        ZabFact::HistoryAcked { .. } | ZabFact::Established { .. } | ZabFact::UpToDate { .. } => {
            ESTABLISH
        }
        ZabFact::LogReplayed { .. } => rules::REPLAY_LOG_BEFORE_ELECTION.rule(),
        ZabFact::StateDiscarded { mode } => match mode {
            SyncMode::Trunc => rules::DISCARD_INTERRUPTED_TRUNCATION.rule(),
            SyncMode::Snap | SyncMode::Diff => rules::DISCARD_INTERRUPTED_SNAPSHOT.rule(),
        },
        ZabFact::Proposed { .. } => PROPOSE,
        ZabFact::ProposalAccepted { .. } => rules::SYNC_BEFORE_ACK.rule(),
        ZabFact::Committed { joint: true, .. } => rules::OLD_AND_NEW_QUORUM.rule(),
        ZabFact::AckCounted { .. } | ZabFact::Committed { .. } => COMMIT,
        ZabFact::CommitLearned { .. } => DELIVER,
        ZabFact::Reconfigured { .. } => DESIGNATED,
        ZabFact::LearnerDropped { reason, .. } => match reason {
            DropReason::NewerConfiguration { .. } => CONFIGURATION_VERSION,
            DropReason::TransactionTimeout { .. } | DropReason::Silent => LIMITS,
            DropReason::NotLeading => NOT_LEADING,
        },
        ZabFact::SnapshotTaken { .. } => SNAPSHOT,
    }
}

fn looking_rule(reason: &LookingReason) -> Rule {
    match reason {
        LookingReason::Started
        | LookingReason::LeaderLost { .. }
        | LookingReason::LeaderUnreachable { .. } => LOOK,
        LookingReason::LeaderSilent { .. } | LookingReason::NoQuorumInTime { .. } => LIMITS,
        LookingReason::LeaderInPast { .. } => PROMISE,
        LookingReason::IllegalMessage { .. } => rules::CONTIGUOUS_COMMITTED_LOG.rule(),
        LookingReason::VotersLeft { .. } | LookingReason::QuorumLost { .. } => STEP_DOWN,
        LookingReason::FollowerAhead { .. } => rules::ABORT_WHEN_BEHIND.rule(),
        LookingReason::HigherEpochAccepted { .. } => rules::YIELD_TO_HIGHER_EPOCH.rule(),
        LookingReason::CounterExhausted { .. } => OVERFLOW,
        LookingReason::Reconfigured { .. } => DESIGNATED,
        LookingReason::ConfigurationAdopted { .. } => NEWER_CONFIGURATION,
    }
}
