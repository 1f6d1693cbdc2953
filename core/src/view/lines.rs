//! Narration: a record as a sentence, with all that it speaks of.

use serde::Serialize;

use crate::client::ClientFact;
use crate::explain::{Explain, Rule, Weight};
use crate::ids::{Endpoint, EventId, MessageId, ServerId};
use crate::raft::{Index, MembershipFact, RaftFact, SnapshotFact};
use crate::server::ServerFact;
use crate::sim::{Fact, Record, WorldFact};
use crate::time::Time;
use crate::zab::ZabFact;
use crate::zookeeper::Request;

/// One line of the narration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LineView {
    /// The event it belongs to; several lines may share one.
    pub event: EventId,
    /// When.
    pub time: Time,
    /// Who: a server, a client, or none for the network and the reader.
    pub who: Option<Endpoint>,
    /// The palette: that of a message family, or `commit`, `fault`.
    pub tone: Tone,
    /// A whole sentence without its full stop: `S5 stands for election in term 4`.
    pub text: String,
    /// Why, without "because".
    pub why: Option<String>,
    /// The rule behind it.
    pub rule: Option<Rule>,
    /// How much it matters.
    pub weight: Weight,
    /// The event that led to it.
    pub cause: Option<EventId>,
    /// Everything it speaks of, to be lit up when a pointer rests on it.
    pub about: About,
}

/// What a line speaks of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct About {
    /// Servers and clients.
    pub endpoints: Vec<Endpoint>,
    /// A message.
    pub message: Option<MessageId>,
    /// Entries, first and last index.
    pub entries: Option<(u64, u64)>,
    /// A znode's path.
    pub znode: Option<String>,
}

/// The colour of a line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Elections.
    Vote,
    /// Replication.
    Append,
    /// Commits.
    Commit,
    /// Clients and their sessions.
    Client,
    /// Faults, and what the reader did.
    Fault,
    /// Everything quieter.
    Quiet,
}

/// The line of the narration that tells a record.
pub fn line_of(record: &Record) -> LineView {
    let what = record.fact.what();
    let text = match record.who {
        Some(who)
            if matches!(
                record.fact,
                Fact::Client(ClientFact::Invoked { .. } | ClientFact::Answered { .. })
            ) =>
        {
            // As on paper: `A: create /app → ok`.
            format!("{who}: {}", what.strip_prefix("asks: ").unwrap_or(&what))
        }
        Some(who) => format!("{who} {what}"),
        None => what,
    };
    LineView {
        event: record.event,
        time: record.time,
        who: record.who,
        tone: tone(&record.fact),
        text,
        why: record.fact.why(),
        rule: record.fact.rule(),
        weight: record.fact.weight(),
        cause: record.cause,
        about: about(record),
    }
}

fn tone(fact: &Fact) -> Tone {
    match fact {
        Fact::Raft(fact) => raft_tone(fact),
        Fact::Zab(fact) => zab_tone(fact),
        Fact::Server(_) | Fact::Client(_) | Fact::World(WorldFact::ClientStarted { .. }) => {
            Tone::Client
        }
        Fact::World(
            WorldFact::Started { .. }
            | WorldFact::ServerAdded { .. }
            | WorldFact::Reconfigured { .. }
            | WorldFact::JointLeft { .. },
        ) => Tone::Quiet,
        Fact::World(_) => Tone::Fault,
    }
}

fn raft_tone(fact: &RaftFact) -> Tone {
    match fact {
        RaftFact::StoodForElection { .. }
        | RaftFact::VoteGranted { .. }
        | RaftFact::VoteDenied { .. }
        | RaftFact::VoteReceived { .. }
        | RaftFact::BecameLeader { .. }
        | RaftFact::SteppedDown { .. }
        | RaftFact::TermAdopted { .. }
        | RaftFact::FollowsLeader { .. }
        | RaftFact::Campaign(_) => Tone::Vote,
        RaftFact::Read(_) => Tone::Client,
        RaftFact::Committed { .. }
        | RaftFact::CommitLearned { .. }
        | RaftFact::Snapshot(SnapshotFact::Installed { .. }) => Tone::Commit,
        RaftFact::IgnoredStaleTerm { .. } => Tone::Quiet,
        _ => Tone::Append,
    }
}

fn zab_tone(fact: &ZabFact) -> Tone {
    match fact {
        ZabFact::ElectionStarted { .. }
        | ZabFact::RoundAdopted { .. }
        | ZabFact::VoteAdopted { .. }
        | ZabFact::VoteKept { .. }
        | ZabFact::QuorumForVote { .. }
        | ZabFact::ElectionEnded { .. }
        | ZabFact::EpochHeard { .. }
        | ZabFact::EpochChosen { .. }
        | ZabFact::EpochAccepted { .. }
        | ZabFact::PromiseCounted { .. }
        | ZabFact::EpochBegun { .. } => Tone::Vote,
        ZabFact::Established { .. }
        | ZabFact::UpToDate { .. }
        | ZabFact::Committed { .. }
        | ZabFact::CommitLearned { .. }
        | ZabFact::SnapshotInstalled { .. } => Tone::Commit,
        ZabFact::NotificationIgnored { .. }
        | ZabFact::NotificationAnswered { .. }
        | ZabFact::VoteResent { .. }
        | ZabFact::Connecting { .. } => Tone::Quiet,
        _ => Tone::Append,
    }
}

/// The other server that a fact of Zab speaks of.
fn other_of(fact: &ZabFact) -> Option<ServerId> {
    match fact {
        ZabFact::RoundAdopted { from, .. }
        | ZabFact::VoteAdopted { from, .. }
        | ZabFact::VoteKept { from, .. }
        | ZabFact::NotificationIgnored { from, .. }
        | ZabFact::EpochHeard { from, .. }
        | ZabFact::PromiseCounted { from, .. }
        | ZabFact::AckCounted { from, .. } => Some(*from),
        ZabFact::NotificationAnswered { to, .. } => Some(*to),
        ZabFact::Connecting { leader, .. }
        | ZabFact::EpochAccepted { leader, .. }
        | ZabFact::UpToDate { leader, .. }
        | ZabFact::CommitLearned { leader, .. } => Some(*leader),
        ZabFact::ElectionEnded { vote, .. } => Some(vote.leader),
        ZabFact::SyncChosen { learner, .. } | ZabFact::LearnerDropped { learner, .. } => {
            Some(*learner)
        }
        _ => None,
    }
}

fn about(record: &Record) -> About {
    let mut about = About {
        endpoints: record.who.into_iter().collect(),
        ..About::default()
    };
    match &record.fact {
        Fact::Raft(fact) => about_raft(fact, &mut about),
        Fact::Zab(fact) => about.endpoints.extend(other_of(fact).map(Endpoint::from)),
        Fact::Server(fact) => {
            about.znode = match fact {
                ServerFact::Sweeps { path } => Some(path.to_string()),
                ServerFact::WatchesFired { event, .. } => Some(event.path.to_string()),
                _ => None,
            };
        }
        Fact::Client(fact) => about_client(fact, &mut about),
        Fact::World(fact) => about_world(fact, &mut about),
    }
    about
}

fn about_raft(fact: &RaftFact, about: &mut About) {
    let mut entries =
        |first: Index, last: Index| about.entries = Some((first.number(), last.number()));
    match fact {
        RaftFact::Appended { first, last, .. } => entries(*first, *last),
        RaftFact::Truncated { from, through, .. } => entries(*from, *through),
        RaftFact::NoopAppended { index, .. }
        | RaftFact::Membership(
            MembershipFact::Appended { index, .. } | MembershipFact::TakenUp { index, .. },
        ) => entries(*index, *index),
        RaftFact::Committed { through, .. }
        | RaftFact::CommitLearned { through, .. }
        | RaftFact::AppendAccepted { through, .. } => entries(*through, *through),
        RaftFact::Snapshot(fact) => {
            if let Some(last) = fact.last() {
                entries(last, last);
            }
        }
        _ => {}
    }
    let other = match fact {
        RaftFact::VoteGranted { to, .. } | RaftFact::VoteDenied { to, .. } => Some(*to),
        RaftFact::VoteReceived { from, .. }
        | RaftFact::TermAdopted { from, .. }
        | RaftFact::AppendRejected { from, .. }
        | RaftFact::CommitLearned { from, .. }
        | RaftFact::IgnoredStaleTerm { from, .. } => Some(*from),
        RaftFact::FollowsLeader { leader, .. } | RaftFact::Truncated { leader, .. } => {
            Some(*leader)
        }
        RaftFact::Appended { from, .. } => *from,
        RaftFact::Snapshot(fact) => fact.other(),
        RaftFact::AppendAccepted { by, .. } => Some(*by),
        RaftFact::Campaign(fact) => fact.about(),
        RaftFact::Read(fact) => fact.about(),
        _ => None,
    };
    about.endpoints.extend(other.map(Endpoint::from));
}

fn about_client(fact: &ClientFact, about: &mut About) {
    match fact {
        ClientFact::Connected { server, .. } | ClientFact::Disconnected { server, .. } => {
            about.endpoints.push((*server).into());
        }
        ClientFact::Moves { from, to } => {
            about
                .endpoints
                .extend([Endpoint::from(*from), Endpoint::from(*to)]);
        }
        ClientFact::Invoked { request, .. } | ClientFact::Answered { request, .. } => {
            let path = request.as_ref().and_then(Request::path);
            about.znode = path.map(ToString::to_string);
        }
        ClientFact::Notified { event } => about.znode = Some(event.path.to_string()),
        ClientFact::Recipe { call, .. } => about.znode = Some(call.path.to_string()),
        ClientFact::Expired => {}
    }
}

fn about_world(fact: &WorldFact, about: &mut About) {
    match fact {
        WorldFact::Crashed { server, .. }
        | WorldFact::Restarted { server }
        | WorldFact::RestartRefused { server, .. }
        | WorldFact::Paused { server }
        | WorldFact::Resumed { server, .. }
        | WorldFact::TimerSet { server, .. }
        | WorldFact::Wiped { server }
        | WorldFact::DiskLatency { server, .. }
        | WorldFact::DiskFull { server, .. }
        | WorldFact::ClockSet { server, .. }
        | WorldFact::ClockDrifts { server, .. }
        | WorldFact::ServerAdded { server }
        | WorldFact::Reconfigured { server, .. }
        | WorldFact::JointLeft { server } => about.endpoints.push((*server).into()),
        WorldFact::Cut { from, to, .. } | WorldFact::Healed { from, to, .. } => {
            about.endpoints.extend([*from, *to]);
        }
        WorldFact::MessageDropped {
            message, from, to, ..
        }
        | WorldFact::MessageHeld {
            message, from, to, ..
        }
        | WorldFact::MessageReleased {
            message, from, to, ..
        }
        | WorldFact::MessageDied {
            message, from, to, ..
        } => {
            about.endpoints.extend([*from, *to]);
            about.message = Some(*message);
        }
        WorldFact::MessageDelayed { message, .. }
        | WorldFact::MessageDoubled { message, .. }
        | WorldFact::MessageHurried { message, .. } => about.message = Some(*message),
        WorldFact::Isolated { end } | WorldFact::Rejoined { end } => about.endpoints.push(*end),
        WorldFact::Partitioned { groups } => {
            about.endpoints.extend(groups.iter().flatten().copied());
        }
        WorldFact::ClientStarted { client } | WorldFact::ClientKilled { client } => {
            about.endpoints.push((*client).into());
        }
        WorldFact::LinkChanged {
            link: Some((from, to)),
        } => {
            about
                .endpoints
                .extend([Endpoint::from(*from), Endpoint::from(*to)]);
        }
        WorldFact::Started { .. }
        | WorldFact::HealedAll
        | WorldFact::LinkChanged { link: None } => {}
    }
}
