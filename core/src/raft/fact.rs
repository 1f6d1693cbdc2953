//! What a replica tells of what it does, and why. The sentences are in `narrate`.

use serde::Serialize;

use super::campaign_fact::CampaignFact;
use super::membership_fact::MembershipFact;
use super::message::MessageKind;
use super::position::{Index, LogPosition, Term};
use super::read_fact::ReadFact;
use super::role::Role;
use super::shares::Shares;
use super::snapshot_fact::SnapshotFact;
use crate::ids::ServerId;
use crate::time::Duration;

/// Something a replica did. Heartbeats and their answers are not told, unless they change
/// something.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum RaftFact {
    /// Its election timer ran down, and it became a candidate.
    StoodForElection {
        /// The new term.
        term: Term,
        /// Why the timer ran down.
        reason: ElectionReason,
    },
    /// It gave its vote.
    VoteGranted {
        /// The candidate.
        to: ServerId,
        /// The term of the vote.
        term: Term,
        /// It had done so before: the candidate asked again.
        again: bool,
        /// The candidate's log is at least as up-to-date as its own.
        up_to_date: bool,
    },
    /// It kept its vote from a candidate.
    VoteDenied {
        /// The candidate.
        to: ServerId,
        /// The candidate's term.
        term: Term,
        /// Why.
        reason: VoteRefusal,
    },
    /// A candidate counts an answer.
    VoteReceived {
        /// The voter.
        from: ServerId,
        /// The vote is the candidate's own.
        own: bool,
        /// Whether it got the vote.
        granted: bool,
        /// The votes that it has now.
        votes: Shares,
    },
    /// It won an election.
    BecameLeader {
        /// The term it leads.
        term: Term,
        /// Who voted for it.
        votes: Vec<ServerId>,
        /// How many they are of those who decide.
        shares: Shares,
    },
    /// A new leader began its term with an empty entry.
    NoopAppended {
        /// Its term.
        term: Term,
        /// Its index.
        index: Index,
    },
    /// It stopped being candidate or leader.
    SteppedDown {
        /// What it was.
        role: Role,
        /// Why.
        reason: StepDownReason,
    },
    /// A follower moved on to a later term.
    TermAdopted {
        /// Who told it of the term.
        from: ServerId,
        /// The new term.
        term: Term,
        /// The old one.
        previous: Term,
    },
    /// It heard from a term's leader for the first time.
    FollowsLeader {
        /// The leader.
        leader: ServerId,
        /// The term.
        term: Term,
    },
    /// It added entries to its log.
    Appended {
        /// The first of them.
        first: Index,
        /// The last of them.
        last: Index,
        /// The term of the last.
        term: Term,
        /// The leader they came from; `None` for a leader's own.
        from: Option<ServerId>,
    },
    /// It deleted entries from its log.
    Truncated {
        /// The first of them.
        from: Index,
        /// The last of them.
        through: Index,
        /// The first entry in conflict, if one was.
        conflict: Option<Conflict>,
        /// The leader whose entries they made way for.
        leader: ServerId,
    },
    /// It refused a leader's entries or heartbeat.
    AppendRejected {
        /// The leader.
        from: ServerId,
        /// Why.
        refusal: AppendRefusal,
    },
    /// A leader learned that a follower stores more.
    AppendAccepted {
        /// The follower.
        by: ServerId,
        /// The last entry it is known to store.
        through: Index,
    },
    /// A leader will send from an earlier entry.
    BackedUp {
        /// The follower.
        follower: ServerId,
        /// The next entry to send it.
        next: Index,
    },
    /// A leader found that a follower no longer has what it acknowledged.
    MatchLost {
        /// The follower.
        follower: ServerId,
        /// The last entry that it had acknowledged.
        had: Index,
        /// The next entry to send it.
        next: Index,
    },
    /// A leader committed entries.
    Committed {
        /// The first of them.
        first: Index,
        /// The last of them.
        through: Index,
        /// The servers that have all of them on disk.
        holders: Vec<ServerId>,
        /// How many they are of those who decide.
        shares: Shares,
        /// The last is of the leader's own term.
        of_own_term: bool,
    },
    /// A follower learned that entries are committed.
    CommitLearned {
        /// The first of them.
        first: Index,
        /// The last of them.
        through: Index,
        /// The leader who said so.
        from: ServerId,
        /// The logs are known to match that far.
        matches: bool,
    },
    /// It dropped the answer to a question of an earlier term.
    IgnoredStaleTerm {
        /// The sender.
        from: ServerId,
        /// What it answers.
        kind: MessageKind,
        /// The term of the answer.
        theirs: Term,
        /// The term it is now.
        mine: Term,
    },
    /// It did something with a snapshot.
    Snapshot(SnapshotFact),
    /// Something that concerns who takes part.
    Membership(MembershipFact),
    /// A step towards a change of leader, or one that prevents it.
    Campaign(CampaignFact),
    /// A linearizable read went on by a step.
    Read(ReadFact),
}

/// Why an election timer ran down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum ElectionReason {
    /// The leader it followed did not reach it.
    SilentLeader {
        /// That leader.
        leader: ServerId,
    },
    /// It knew of no leader.
    NoLeader,
    /// It was a candidate already and won no majority, perhaps because the vote was split.
    NoMajority {
        /// The term of that election.
        term: Term,
    },
    /// It asked who would vote for it, and too few said that they would.
    NoPreVotes {
        /// The term that it would have stood in.
        term: Term,
    },
    /// A majority would vote for it.
    PreVotes,
    /// The leader hands over to it.
    Transfer {
        /// That leader.
        leader: ServerId,
    },
}

/// Why a candidate does not get a vote.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum VoteRefusal {
    /// The candidate's term is over.
    StaleTerm {
        /// The voter's term.
        mine: Term,
    },
    /// The voter has given its vote of this term.
    AlreadyVoted {
        /// Who has it.
        for_: ServerId,
        /// It voted for itself.
        itself: bool,
    },
    /// The candidate may lack committed entries.
    LogNotUpToDate {
        /// The end of the voter's log.
        mine: LogPosition,
        /// The end of the candidate's log.
        theirs: LogPosition,
    },
    /// The voter would be the better leader, and the candidate's log is no more up-to-date.
    LowerPriority {
        /// The voter's priority.
        mine: u8,
        /// The candidate's priority.
        theirs: u8,
    },
}

/// Why a candidate or leader became a follower.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum StepDownReason {
    /// Someone is in a later term.
    HigherTerm {
        /// Who.
        from: ServerId,
        /// That term.
        term: Term,
    },
    /// Another candidate won its term.
    LeaderElected {
        /// The winner.
        leader: ServerId,
        /// The term.
        term: Term,
    },
    /// It is no voter of the configuration that it has committed.
    Removed {
        /// The entry that left it out.
        index: Index,
    },
    /// Check-quorum: too few followers answer.
    NoQuorum {
        /// For how long they have not.
        silence: Duration,
    },
}

/// Two logs that differ at an index.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Conflict {
    /// The index.
    pub index: Index,
    /// The term of the follower's entry.
    pub mine: Term,
    /// The term of the leader's entry.
    pub theirs: Term,
}

/// Why a follower refuses an `AppendEntries`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum AppendRefusal {
    /// The sender's term is over.
    StaleTerm {
        /// The sender's term.
        theirs: Term,
        /// The receiver's term.
        mine: Term,
    },
    /// The receiver's log is too short.
    Missing {
        /// The entry that should precede the new ones.
        prev: LogPosition,
        /// The last entry that the receiver has.
        last: Index,
    },
    /// The receiver's log has another entry there.
    Differs {
        /// The entry that should precede the new ones.
        prev: LogPosition,
        /// The term of what the receiver has there.
        mine: Term,
    },
}
