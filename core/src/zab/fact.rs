//! What a replica tells of what it does, and why. The sentences are in `narrate`.

use serde::Serialize;

use super::epoch::Epoch;
use super::message::MessageKind;
use super::role::{Refused, SyncMode};
use super::vote::{Decider, ServerState, Vote};
use crate::ids::ServerId;
use crate::time::Duration;
use crate::zookeeper::Zxid;

/// Something a replica did. Pings and their answers are not told, unless they change something.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum ZabFact {
    /// It began to look for a leader.
    ElectionStarted {
        /// The new round.
        round: u64,
        /// Whom it proposes; nobody if it has no vote.
        vote: Option<Vote>,
        /// Why.
        reason: LookingReason,
    },
    /// It moved on to a later round and forgot the votes of its own.
    RoundAdopted {
        /// Who is in that round.
        from: ServerId,
        /// The new round.
        round: u64,
        /// The old one.
        previous: u64,
    },
    /// It took over a better vote.
    VoteAdopted {
        /// Who proposed it.
        from: ServerId,
        /// The vote.
        vote: Vote,
        /// Its own, until then.
        previous: Option<Vote>,
        /// What decided.
        decider: Decider,
    },
    /// It compared a vote and kept its own.
    VoteKept {
        /// Who proposed the other.
        from: ServerId,
        /// The other.
        theirs: Option<Vote>,
        /// Its own.
        mine: Option<Vote>,
        /// What decided.
        decider: Decider,
    },
    /// It did not count a notification.
    NotificationIgnored {
        /// The sender.
        from: ServerId,
        /// Why.
        reason: IgnoreReason,
    },
    /// It told a looking server what it knows.
    NotificationAnswered {
        /// The server.
        to: ServerId,
        /// Its own vote.
        vote: Option<Vote>,
        /// What it is doing.
        state: ServerState,
    },
    /// Nothing came: it sent its vote again.
    VoteResent {
        /// How long it waits this time.
        patience: Duration,
    },
    /// A quorum supports its vote. It waits whether a better one comes.
    QuorumForVote {
        /// The vote.
        vote: Vote,
        /// Who supports it.
        supporters: Vec<ServerId>,
        /// How long it waits.
        wait: Duration,
    },
    /// It found its leader, perhaps itself.
    ElectionEnded {
        /// The vote.
        vote: Vote,
        /// The round.
        round: u64,
        /// What it does from now on.
        state: ServerState,
        /// How it found its leader.
        how: ElectionEnd,
    },
    /// It opened a connection to its leader, or tries again.
    Connecting {
        /// The leader.
        leader: ServerId,
        /// The how many-th time.
        attempt: u32,
    },
    /// A leader counts who has told its accepted epoch.
    EpochHeard {
        /// Who.
        from: ServerId,
        /// Its accepted epoch.
        accepted: Epoch,
        /// Who has, by now.
        heard: Vec<ServerId>,
    },
    /// A leader chose its epoch.
    EpochChosen {
        /// The epoch.
        epoch: Epoch,
        /// The highest epoch that a quorum had accepted.
        highest: Epoch,
    },
    /// A learner accepted its leader's epoch.
    EpochAccepted {
        /// The leader.
        leader: ServerId,
        /// The epoch.
        epoch: Epoch,
        /// It had accepted the epoch before.
        again: bool,
    },
    /// A leader counts a promise to follow in its epoch.
    PromiseCounted {
        /// Who gave it.
        from: ServerId,
        /// Who has, by now.
        promised: Vec<ServerId>,
    },
    /// A leader has the promises of a quorum and begins its epoch.
    EpochBegun {
        /// The epoch.
        epoch: Epoch,
    },
    /// A leader decided how to bring a learner up to date.
    SyncChosen {
        /// The learner.
        learner: ServerId,
        /// How.
        plan: SyncPlan,
        /// Why.
        reason: SyncReason,
    },
    /// A learner cut its log.
    Truncated {
        /// The last zxid that it keeps.
        to: Zxid,
        /// The last zxid that it had.
        from: Zxid,
    },
    /// A learner took over its leader's whole state.
    SnapshotInstalled {
        /// Its last zxid.
        zxid: Zxid,
    },
    /// A learner has all that it lacked, and writes it.
    HistorySaved {
        /// The epoch that it belongs to.
        epoch: Epoch,
        /// The last zxid of it.
        last: Zxid,
        /// By what it was brought.
        mode: SyncMode,
    },
    /// A leader counts who has taken over its history.
    HistoryAcked {
        /// Who.
        by: ServerId,
        /// Who has, by now.
        synced: Vec<ServerId>,
    },
    /// A quorum has taken over a leader's history: it is established.
    Established {
        /// Its epoch.
        epoch: Epoch,
        /// The quorum.
        quorum: Vec<ServerId>,
        /// All of its history, up to here, is committed by that.
        through: Zxid,
    },
    /// A learner may serve.
    UpToDate {
        /// Its leader.
        leader: ServerId,
        /// The epoch.
        epoch: Epoch,
    },
    /// A leader proposed a transaction.
    Proposed {
        /// Its zxid.
        zxid: Zxid,
        /// It changes the configuration.
        reconfiguration: bool,
    },
    /// A follower took a proposal for its log.
    ProposalAccepted {
        /// Its zxid.
        zxid: Zxid,
    },
    /// A leader counts who has a transaction on disk.
    AckCounted {
        /// Its zxid.
        zxid: Zxid,
        /// Who says so.
        from: ServerId,
        /// Who does, by now.
        acks: Vec<ServerId>,
    },
    /// A leader committed a transaction.
    Committed {
        /// Its zxid.
        zxid: Zxid,
        /// Who has it on disk.
        acks: Vec<ServerId>,
        /// It needed a quorum of the members before a reconfiguration and one of those after.
        joint: bool,
    },
    /// A learner learned that a transaction is committed, and applied it.
    CommitLearned {
        /// Its zxid.
        zxid: Zxid,
        /// The leader who said so.
        leader: ServerId,
    },
    /// A new configuration is in force.
    Reconfigured {
        /// Its version.
        version: Zxid,
        /// Its voters.
        voters: Vec<ServerId>,
        /// Its observers.
        observers: Vec<ServerId>,
        /// Who is to lead it.
        designated: ServerId,
    },
    /// It learned of a newer configuration from another server.
    ConfigurationAdopted {
        /// The server.
        from: ServerId,
        /// Its version.
        version: Zxid,
    },
    /// It closed the connection of a learner.
    LearnerDropped {
        /// The learner.
        learner: ServerId,
        /// Why.
        reason: DropReason,
    },
    /// Its state in memory was brought to the end of its log before an election.
    LogReplayed {
        /// How many transactions that were.
        count: usize,
    },
    /// Its state in memory was thrown away and read again from its disk.
    StateDiscarded {
        /// By what it was being brought up to date.
        mode: SyncMode,
    },
    /// It took a snapshot.
    SnapshotTaken {
        /// Everything up to here is in it.
        zxid: Zxid,
        /// Effects up to here may be in it.
        through: Zxid,
    },
    /// It finished what a crash had interrupted: the history of an epoch was written, the epoch
    /// was not.
    EpochFinished {
        /// The epoch.
        epoch: Epoch,
    },
}

/// Why a server looks for a leader.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum LookingReason {
    /// It started.
    Started,
    /// Its connection to the leader broke.
    LeaderLost {
        /// The leader.
        leader: ServerId,
    },
    /// It could not connect to the leader.
    LeaderUnreachable {
        /// The leader.
        leader: ServerId,
    },
    /// It heard nothing from the leader for too long.
    LeaderSilent {
        /// The leader.
        leader: ServerId,
    },
    /// The leader's epoch is over.
    LeaderInPast {
        /// The leader.
        leader: ServerId,
        /// The leader's epoch.
        epoch: Epoch,
        /// The epoch that it has accepted.
        accepted: Epoch,
    },
    /// The leader said something that makes no sense here: a fault in the leader, or in itself.
    IllegalMessage {
        /// The leader.
        leader: ServerId,
        /// What.
        kind: MessageKind,
        /// Of which transaction.
        zxid: Zxid,
        /// The transaction that it expected, or has last.
        expected: Zxid,
    },
    /// It led, and no quorum came in time.
    NoQuorumInTime {
        /// In which phase.
        phase: super::role::Phase,
    },
    /// It led, and too many voters were looking for another leader.
    VotersLeft {
        /// Who.
        looking: Vec<ServerId>,
    },
    /// It led, and no longer hears from a quorum.
    QuorumLost {
        /// From whom it hears.
        synced: Vec<ServerId>,
    },
    /// It was to lead, and someone has a longer history.
    FollowerAhead {
        /// Who.
        follower: ServerId,
        /// That one's current epoch.
        epoch: Epoch,
        /// That one's last zxid.
        zxid: Zxid,
    },
    /// It led, and a voter or an observer has accepted a higher epoch.
    HigherEpochAccepted {
        /// Who.
        by: ServerId,
        /// That epoch.
        accepted: Epoch,
    },
    /// It led, and its epoch has no counter left.
    CounterExhausted {
        /// The epoch.
        epoch: Epoch,
    },
    /// A reconfiguration changed its part or its leader.
    Reconfigured {
        /// The new configuration's version.
        version: Zxid,
    },
    /// It looks already, and learned of a newer configuration.
    ConfigurationAdopted {
        /// Its version.
        version: Zxid,
    },
}

impl LookingReason {
    /// The message that could not be, if that is the reason.
    pub(super) const fn refused(&self) -> Option<Refused> {
        match *self {
            Self::IllegalMessage {
                leader,
                kind,
                zxid,
                expected,
            } => Some(Refused {
                leader,
                kind,
                zxid,
                expected,
            }),
            _ => None,
        }
    }
}

/// Why a notification is not counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum IgnoreReason {
    /// It belongs to a round that is over.
    RoundOver {
        /// The round.
        theirs: u64,
        /// The round it is in.
        mine: u64,
    },
    /// The sender or the candidate has no vote.
    NotVoter {
        /// Which.
        server: ServerId,
    },
    /// The sender observes.
    Observing,
    /// It carries no vote.
    NoVote,
    /// A quorum has decided, and this vote is not better.
    NotBetterThanDecided,
}

/// How an election ends for a server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ElectionEnd {
    /// A quorum of this round agreed, and nobody contradicted.
    Agreement,
    /// Servers of this round have the leader already.
    JoinedRound,
    /// An ensemble of another round has it.
    JoinedEnsemble,
    /// A reconfiguration named it.
    Designated,
}

/// How a leader brings a learner up to date.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "plan", rename_all = "snake_case")]
pub enum SyncPlan {
    /// DIFF with nothing in it.
    EmptyDiff,
    /// DIFF.
    Diff {
        /// How many transactions.
        count: usize,
    },
    /// TRUNC.
    Trunc {
        /// The last zxid to keep.
        to: Zxid,
        /// How many transactions follow.
        count: usize,
    },
    /// SNAP.
    Snap {
        /// Its last zxid.
        zxid: Zxid,
    },
}

/// Why a leader brings a learner up to date as it does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum SyncReason {
    /// Both end with the same zxid.
    SameZxid {
        /// It.
        zxid: Zxid,
    },
    /// The learner has transactions after the last committed one.
    LearnerAhead {
        /// The learner's last zxid.
        last: Zxid,
        /// The last of the committed log.
        max: Zxid,
    },
    /// The learner's last zxid lies in the committed log.
    InCommittedLog {
        /// The learner's last zxid.
        last: Zxid,
        /// The first of the committed log.
        min: Zxid,
        /// The last of the committed log.
        max: Zxid,
    },
    /// The learner lies before the committed log, and the log on disk reaches back to it.
    InLogOnDisk {
        /// The learner's last zxid.
        last: Zxid,
        /// The first of the committed log.
        min: Zxid,
    },
    /// The learner lies before everything that the leader can still send.
    TooFarBehind {
        /// The learner's last zxid.
        last: Zxid,
        /// The first of the committed log.
        min: Zxid,
    },
    /// What the learner lacks is more than a leader sends transaction by transaction.
    TooMuch {
        /// Bytes.
        bytes: u64,
        /// Bytes that it would send.
        limit: u64,
    },
    /// The learner would have to cut its log across the border of an epoch.
    TruncationAcrossEpochs {
        /// The learner's last zxid.
        last: Zxid,
        /// The first that the learner lacks.
        next: Zxid,
    },
    /// The learner's snapshot holds what would have to be cut.
    TruncationBelowSnapshot {
        /// The last zxid to keep.
        to: Zxid,
        /// Everything up to here is in the snapshot.
        base: Zxid,
    },
    /// The learner ends at the start of an epoch that the leader's history does not show.
    NothingInCommon {
        /// The learner's last zxid.
        last: Zxid,
    },
}

/// Why a leader closes a learner's connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum DropReason {
    /// Its configuration is newer than the leader's.
    NewerConfiguration {
        /// The version of its configuration.
        theirs: Zxid,
        /// The version of the leader's.
        mine: Zxid,
    },
    /// It acknowledged a proposal too late.
    TransactionTimeout {
        /// The proposal.
        zxid: Zxid,
    },
    /// Nothing came from it for too long.
    Silent,
    /// The server that it takes for its leader does not lead.
    NotLeading,
}
