//! What `until`, `expect` and `choice … if` ask about a cluster.
//!
//! A condition is a list of claims that all hold. What each fact means is said here; whether it
//! holds is for whoever sees the cluster.

use super::command::ServerRef;
use crate::ids::ClientId;
use crate::server::Protocol;
use crate::zookeeper::ErrorCode;

/// Claims joined by `and`: all of them hold.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Condition {
    /// The claims; never empty.
    claims: Vec<Claim>,
}

/// A fact, or with `not` before it that it is not so.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Claim {
    /// The fact is claimed to hold; otherwise not to.
    pub holds: bool,
    /// The fact.
    pub fact: Fact,
}

/// Something that is so, or not, of a cluster at one instant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// `leader`: a server that is up leads, and it and the servers that are up and follow it in
    /// its term are a majority of all.
    Leader,
    /// `no leader`: no server that is up leads.
    NoLeader,
    /// `caught up`: all servers that are up have applied the same index.
    CaughtUp,
    /// `S2 follower`.
    Server {
        /// Whose state. The word `leader` makes the fact false while there is none.
        server: ServerRef,
        /// The state.
        state: ServerState,
    },
    /// `S2 term 3`.
    Count {
        /// Whose number. The word `leader` makes the fact false while there is none.
        server: ServerRef,
        /// Which number.
        counter: Counter,
        /// How it compares with `value`.
        comparison: Comparison,
        /// With what it is compared.
        value: u64,
    },
    /// `client A connected`.
    Client {
        /// Whose state. False for a client that was never opened.
        client: ClientId,
        /// The state.
        state: ClientState,
    },
    /// `client A holds /locks/printer`: a recipe of the client about this znode holds what it is
    /// for.
    Holds {
        /// The client.
        client: ClientId,
        /// The znode.
        path: String,
    },
    /// `client A answered NONODE`: how the last operation of the client that was answered ended.
    Answered {
        /// Whose operation.
        client: ClientId,
        /// `None` for `ok`, else the error.
        error: Option<ErrorCode>,
    },
    /// `znode /app = "x" on S2`: the server (the leader, if it is not said) holds this znode, and
    /// its data are these if that is said.
    Znode {
        /// The path.
        path: String,
        /// Its data, if they matter.
        data: Option<String>,
        /// Whose tree.
        server: Option<ServerRef>,
    },
    /// `message RequestVote S1 -> S2`: such a message is on its way.
    Message {
        /// Its kind.
        kind: MessageKind,
        /// Its sender and its receiver, if they matter.
        ends: Option<(ServerRef, ServerRef)>,
    },
}

/// A state of a server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ServerState {
    /// Up, and leads.
    Leader,
    /// Up, and follows.
    Follower,
    /// Up, and asks who would vote for it.
    PreCandidate,
    /// Up, and stands for election.
    Candidate,
    /// Not crashed; it may be paused.
    Up,
    /// Crashed.
    Crashed,
    /// Paused.
    Paused,
    /// Up, and a voter of the configuration that it goes by.
    Voter,
    /// Up, and a learner of the configuration that it goes by.
    Learner,
    /// Up, and going by a joint configuration.
    Joint,
    /// Up, and looks for a leader.
    Looking,
    /// Up, and observes.
    Observer,
}

/// A number that a server keeps. None of a crashed server's numbers compares in any way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Counter {
    /// Its current term.
    Term,
    /// Its commit index.
    Committed,
    /// The last index that it applied.
    Applied,
    /// The last index of its log.
    Log,
    /// The last entry that its snapshot stands for; 0 without one.
    Snapshot,
    /// The epoch that it last took part in.
    Epoch,
    /// The last epoch whose leader it has accepted.
    AcceptedEpoch,
}

/// How two numbers compare.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Comparison {
    /// `>=`, and also what is meant without a sign.
    AtLeast,
    /// `=`
    Equal,
    /// `<`
    Below,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `!=`
    Different,
}

/// A state of a client, as the client itself sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClientState {
    /// It has a session and a connection.
    Connected,
    /// Connected, and every operation has been answered.
    Idle,
    /// It has no connection; its session may live.
    Disconnected,
    /// It has been told that its session expired.
    Expired,
    /// It closed its session, or was killed.
    Closed,
}

/// A kind of message between servers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(
    missing_docs,
    reason = "they are the names of the Raft paper and of ZooKeeper"
)]
pub enum MessageKind {
    RequestVote,
    RequestVoteReply,
    AppendEntries,
    AppendEntriesReply,
    /// `AppendEntries` without entries.
    Heartbeat,
    HeartbeatReply,
    InstallSnapshot,
    InstallSnapshotReply,
    PreVote,
    PreVoteReply,
    TimeoutNow,
    ReadIndex,
    ReadIndexReply,
    Notification,
    FollowerInfo,
    ObserverInfo,
    LeaderInfo,
    AckEpoch,
    Diff,
    Trunc,
    Snap,
    NewLeader,
    UpToDate,
    Proposal,
    Ack,
    Commit,
    CommitAndActivate,
    Inform,
    InformAndActivate,
    Ping,
    Request,
    Revalidate,
    Sync,
}

impl Condition {
    /// The condition that `first` and all of `more` hold.
    pub fn new(first: Claim, more: impl IntoIterator<Item = Claim>) -> Self {
        let claims = std::iter::once(first).chain(more).collect();
        Self { claims }
    }

    /// The claims; at least one.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Whether the condition holds where `is_so` says which facts do.
    pub fn holds(&self, mut is_so: impl FnMut(&Fact) -> bool) -> bool {
        let mut claims = self.claims.iter();
        claims.all(|claim| is_so(&claim.fact) == claim.holds)
    }
}

impl From<Fact> for Condition {
    fn from(fact: Fact) -> Self {
        Self::new(Claim { holds: true, fact }, [])
    }
}

impl Comparison {
    /// Whether `left` compares with `right` in this way.
    pub fn compares(self, left: u64, right: u64) -> bool {
        match self {
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Below => left < right,
            Self::Above => left > right,
            Self::AtMost => left <= right,
            Self::Different => left != right,
        }
    }

    /// Every comparison, by its sign.
    pub const ALL: [(&'static str, Self); 6] = [
        ("=", Self::Equal),
        ("!=", Self::Different),
        ("<", Self::Below),
        ("<=", Self::AtMost),
        (">", Self::Above),
        (">=", Self::AtLeast),
    ];
}

impl ServerState {
    /// Every state, by name.
    pub const ALL: [(&'static str, Self); 12] = [
        ("leader", Self::Leader),
        ("follower", Self::Follower),
        ("precandidate", Self::PreCandidate),
        ("candidate", Self::Candidate),
        ("up", Self::Up),
        ("crashed", Self::Crashed),
        ("paused", Self::Paused),
        ("voter", Self::Voter),
        ("learner", Self::Learner),
        ("joint", Self::Joint),
        ("looking", Self::Looking),
        ("observer", Self::Observer),
    ];
}

impl ServerState {
    /// The protocol that alone knows it, if one does.
    pub const fn protocol(self) -> Option<Protocol> {
        match self {
            Self::PreCandidate | Self::Candidate | Self::Learner | Self::Joint => {
                Some(Protocol::Raft)
            }
            Self::Looking | Self::Observer => Some(Protocol::Zab),
            Self::Leader
            | Self::Follower
            | Self::Up
            | Self::Crashed
            | Self::Paused
            | Self::Voter => None,
        }
    }
}

impl Counter {
    /// The protocol that alone knows it, if one does.
    pub const fn protocol(self) -> Option<Protocol> {
        match self {
            Self::Term | Self::Committed => Some(Protocol::Raft),
            Self::Epoch | Self::AcceptedEpoch => Some(Protocol::Zab),
            Self::Applied | Self::Log | Self::Snapshot => None,
        }
    }
}

impl MessageKind {
    /// The protocol that it is of.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::RequestVote
            | Self::RequestVoteReply
            | Self::AppendEntries
            | Self::AppendEntriesReply
            | Self::Heartbeat
            | Self::HeartbeatReply
            | Self::InstallSnapshot
            | Self::InstallSnapshotReply
            | Self::PreVote
            | Self::PreVoteReply
            | Self::TimeoutNow
            | Self::ReadIndex
            | Self::ReadIndexReply => Protocol::Raft,
            _ => Protocol::Zab,
        }
    }
}

impl Counter {
    /// Every number, by name.
    pub const ALL: [(&'static str, Self); 7] = [
        ("term", Self::Term),
        ("committed", Self::Committed),
        ("applied", Self::Applied),
        ("log", Self::Log),
        ("snapshot", Self::Snapshot),
        ("epoch", Self::Epoch),
        ("accepted-epoch", Self::AcceptedEpoch),
    ];
}

impl ClientState {
    /// Every state, by name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("connected", Self::Connected),
        ("idle", Self::Idle),
        ("disconnected", Self::Disconnected),
        ("expired", Self::Expired),
        ("closed", Self::Closed),
    ];
}

impl MessageKind {
    /// Every kind, by name.
    pub const ALL: [(&'static str, Self); 33] = [
        ("RequestVote", Self::RequestVote),
        ("RequestVoteReply", Self::RequestVoteReply),
        ("AppendEntries", Self::AppendEntries),
        ("AppendEntriesReply", Self::AppendEntriesReply),
        ("Heartbeat", Self::Heartbeat),
        ("HeartbeatReply", Self::HeartbeatReply),
        ("InstallSnapshot", Self::InstallSnapshot),
        ("InstallSnapshotReply", Self::InstallSnapshotReply),
        ("PreVote", Self::PreVote),
        ("PreVoteReply", Self::PreVoteReply),
        ("TimeoutNow", Self::TimeoutNow),
        ("ReadIndex", Self::ReadIndex),
        ("ReadIndexReply", Self::ReadIndexReply),
        ("NOTIFICATION", Self::Notification),
        ("FOLLOWERINFO", Self::FollowerInfo),
        ("OBSERVERINFO", Self::ObserverInfo),
        ("LEADERINFO", Self::LeaderInfo),
        ("ACKEPOCH", Self::AckEpoch),
        ("DIFF", Self::Diff),
        ("TRUNC", Self::Trunc),
        ("SNAP", Self::Snap),
        ("NEWLEADER", Self::NewLeader),
        ("UPTODATE", Self::UpToDate),
        ("PROPOSAL", Self::Proposal),
        ("ACK", Self::Ack),
        ("COMMIT", Self::Commit),
        ("COMMITANDACTIVATE", Self::CommitAndActivate),
        ("INFORM", Self::Inform),
        ("INFORMANDACTIVATE", Self::InformAndActivate),
        ("PING", Self::Ping),
        ("REQUEST", Self::Request),
        ("REVALIDATE", Self::Revalidate),
        ("SYNC", Self::Sync),
    ];
}

/// Finds the name of a variant in the table of its type.
pub(super) fn name_of<T: PartialEq + Copy>(all: &[(&'static str, T)], value: T) -> &'static str {
    let found = all.iter().find(|(_, other)| *other == value);
    found
        .map(|(name, _)| *name)
        .expect("ALL names every variant")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_holds_when_every_claim_does() {
        let claim = |holds, fact| Claim { holds, fact };
        let both = Condition::new(claim(true, Fact::Leader), [claim(false, Fact::CaughtUp)]);
        assert!(both.holds(|fact| *fact == Fact::Leader));
        assert!(!both.holds(|_| true));
        assert!(!both.holds(|_| false));
    }

    #[test]
    fn a_comparison_compares_as_its_sign_says() {
        for (sign, at_2, at_3, at_4) in [
            ("=", false, true, false),
            ("!=", true, false, true),
            ("<", true, false, false),
            ("<=", true, true, false),
            (">", false, false, true),
            (">=", false, true, true),
        ] {
            let all = Comparison::ALL;
            let (_, comparison) = all.into_iter().find(|(name, _)| *name == sign).unwrap();
            let found = [2, 3, 4].map(|left| comparison.compares(left, 3));
            assert_eq!(found, [at_2, at_3, at_4], "{sign}");
        }
    }
}
