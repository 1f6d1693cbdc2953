//! What a screen may know of a cluster at one instant.
//!
//! A [`View`] is plain data, made anew from a world whenever a screen wants to draw. It carries no
//! protocol rule: what it says of a server is in the protocol's own words, and what a reader may
//! know that no server does (which vote is on its way) is worked out here. Its JSON is a stable
//! interface: `version` is raised when a field changes its meaning or goes away.
//!
//! In JSON every time is in milliseconds, ids are the words of the command language (`"S1"`,
//! `"A"`, `"m42"`), and a field that does not apply is `null`.

mod build;
mod fields;
mod lines;
#[cfg(test)]
mod tests;
mod tree;
mod trip;
mod verdict;
mod zab;

use serde::Serialize;

use crate::explain::{Rule, Weight};
use crate::ids::{ClientId, Endpoint, EventId, MessageId, ServerId};
use crate::time::{Duration, Time};
use crate::zookeeper::Zxid;

pub use build::Scope;
pub use fields::details_of_message;
pub use lines::line_of;
pub use tree::{leader_of, tree_of};
pub use trip::{sessions_of, told_since, watches_of};

/// Raised when a field of the JSON changes its meaning or goes away.
pub const VIEW_VERSION: u32 = 1;

/// A cluster at one instant.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct View {
    /// [`VIEW_VERSION`].
    pub version: u32,
    /// The instant.
    pub time: Time,
    /// `raft` or `zab`.
    pub protocol: &'static str,
    /// The seed of the run.
    pub seed: u64,
    /// The last event that has happened.
    pub event: Option<EventId>,
    /// The servers, S1 first.
    pub servers: Vec<ServerView>,
    /// The client processes, A first.
    pub clients: Vec<ClientView>,
    /// Messages in flight, oldest first; between servers and between clients and servers alike.
    pub messages: Vec<MessageView>,
    /// Messages that died a short while ago, oldest first.
    pub deaths: Vec<DeathView>,
    /// Links between servers, each pair once, and those client links that are cut or in use.
    pub links: Vec<LinkView>,
    /// Every znode that some running server holds, in path order.
    pub znodes: Vec<ZnodeView>,
    /// The invariants that watch the run.
    pub invariants: Vec<InvariantView>,
    /// What was violated so far; a run halts at the first.
    pub violations: Vec<ViolationView>,
}

/// A server at one instant.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ServerView {
    /// Its name.
    pub id: ServerId,
    /// Whether it runs; a paused server does.
    pub up: bool,
    /// Whether it stands still (a long garbage collection) though it runs.
    pub paused: bool,
    /// `follower`, `precandidate`, `candidate` or `leader`; a crashed server's last role does not count: `crashed`.
    pub role: &'static str,
    /// Its term; of a crashed server, the one on its disk.
    pub term: u64,
    /// Whom it voted for in this term.
    pub voted_for: Option<ServerId>,
    /// Whom it believes to lead.
    pub leader: Option<ServerId>,
    /// The highest index it knows to be committed.
    pub commit: u64,
    /// The highest index its service has applied.
    pub applied: u64,
    /// The highest index that its disk has confirmed.
    pub durable: u64,
    /// The index of its last entry.
    pub last: u64,
    /// Its snapshot, and what it has of the next.
    pub snapshot: SnapshotView,
    /// The election timer, while it runs.
    pub timer: Option<TimerView>,
    /// As candidate or leader of this term: what each peer made of its request for a vote.
    pub ballots: Vec<BallotView>,
    /// As leader: what it believes of each peer's log.
    pub peers: Vec<PeerView>,
    /// Who takes part, as this server knows it.
    pub configuration: ConfigurationView,
    /// Entries of its log, those inside the scope that was asked for.
    pub log: Vec<EntryView>,
    /// As leader: its lease, while it has one.
    pub lease: Option<TimerView>,
    /// As leader: to whom it is handing over.
    pub transfer: Option<ServerId>,
    /// Linearizable reads of its clients that wait.
    pub pending_reads: usize,
    /// Its priority in elections.
    pub priority: u8,
    /// Clients that hold a connection with it.
    pub clients: Vec<ClientId>,
    /// Its disk.
    pub disk: DiskView,
    /// Its clock.
    pub clock: ClockView,
    /// How many znodes its tree holds, the reserved ones under `/zookeeper` left out.
    pub znodes: usize,
    /// What only Zab has. Under Zab, `term` is the current epoch, `index` everywhere a place in the
    /// log, counted over all epochs, and a learner's `timer` how long it waits for its leader.
    pub zab: Option<ZabView>,
}

/// What a server that runs Zab knows of the protocol.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ZabView {
    /// What it is doing; none while it is down.
    pub state: Option<crate::zab::ServerState>,
    /// How far it has come; none while it is down.
    pub phase: Option<crate::zab::Phase>,
    /// Its round of elections.
    pub round: u64,
    /// Its vote, or the one by which it found its leader.
    pub vote: Option<crate::zab::Vote>,
    /// It has a quorum for its vote, and waits for a better one.
    pub finalizing: bool,
    /// While it looks for a leader: the votes of its round that it has heard of.
    pub votes: Vec<ZabVoteView>,
    /// The last epoch whose leader it has accepted.
    pub accepted_epoch: crate::zab::Epoch,
    /// The last epoch whose history it has.
    pub current_epoch: crate::zab::Epoch,
    /// The last transaction in its state, or the start of its epoch.
    pub last_zxid: Zxid,
    /// The last transaction of its log,
    pub logged: Zxid,
    /// the last that its disk has confirmed,
    pub durable: Zxid,
    /// and the last that it knows to be committed.
    pub committed: Zxid,
    /// As leader that does not broadcast yet: from whom it has what it waits for, which is first the
    /// accepted epochs, then the promises, then the acknowledgements of its history.
    pub gathered: Vec<ServerId>,
    /// As leader: what is proposed and not committed, in order.
    pub outstanding: Vec<ProposalView>,
    /// As learner: what waits for its commit, in order.
    pub pending: Vec<Zxid>,
    /// As leader: who learns from it.
    pub learners: Vec<LearnerView>,
}

/// A vote that a looking server has heard of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ZabVoteView {
    /// Whose.
    pub from: ServerId,
    /// It, with its round and what its sender was doing.
    pub ballot: crate::zab::Ballot,
    /// What decides between it and the server's own.
    pub decider: crate::zab::Decider,
}

/// A proposal that is not committed yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ProposalView {
    /// Its zxid.
    pub zxid: Zxid,
    /// Who has acknowledged it.
    pub acks: Vec<ServerId>,
}

/// Who learns from a leader.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct LearnerView {
    /// Who.
    pub server: ServerId,
    /// How it is being brought up to date, while it is.
    pub mode: Option<crate::zab::SyncMode>,
    /// Whether it has been told that it is up to date.
    pub up_to_date: bool,
}

/// The configuration that a server goes by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConfigurationView {
    /// The entry that it comes from; 0 for that of the beginning.
    pub index: u64,
    /// Whether the server knows that entry to be committed.
    pub committed: bool,
    /// The voters; in a joint configuration, those of the new half.
    pub voters: Vec<ServerId>,
    /// The voters of the old half of a joint configuration.
    pub outgoing: Option<Vec<ServerId>>,
    /// Who gets the log and has no voice.
    pub learners: Vec<ServerId>,
    /// What this server is in it: `voter`, `learner` or `outsider`.
    pub part: &'static str,
    /// As leader: the servers that a change waits for until they have caught up.
    pub newcomers: Vec<ServerId>,
}

/// A timer that runs down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct TimerView {
    /// What is left.
    pub remaining: Duration,
    /// What it was set to.
    pub total: Duration,
}

/// A peer's vote, as an onlooker who sees every message knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct BallotView {
    /// The peer.
    pub peer: ServerId,
    /// Where its vote stands.
    pub vote: Vote,
}

/// Where a vote stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vote {
    /// The candidate has it.
    Have,
    /// It was granted; the reply is on its way.
    Coming,
    /// It was refused, or went to another.
    No,
    /// The peer has not decided.
    Open,
}

/// What a leader believes of a peer's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct PeerView {
    /// The peer.
    pub peer: ServerId,
    /// The highest index known to be stored there.
    #[serde(rename = "match")]
    pub match_index: u64,
    /// The next index to send.
    #[serde(rename = "next")]
    pub next_index: u64,
    /// Messages with entries that are sent and not yet answered.
    pub inflight: usize,
    /// The snapshot that it is being sent.
    pub snapshot: Option<TransferView>,
    /// `probe`, `replicate` or `snapshot`.
    pub state: &'static str,
}

/// A server's snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct SnapshotView {
    /// The last index that its log no longer holds; 0 while it holds all.
    pub base: u64,
    /// The last entry that the snapshot stands for; 0 without one.
    pub index: u64,
    /// The term of that entry.
    pub term: u64,
    /// Its size.
    pub bytes: u64,
    /// What it has of a later snapshot that a leader is sending it.
    pub partial: Option<TransferView>,
}

/// How far a snapshot has come on its way to a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct TransferView {
    /// The last entry that it stands for.
    pub index: u64,
    /// Bytes that are known to be stored.
    pub stored: u64,
    /// All its bytes.
    pub bytes: u64,
}

/// An entry of a log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct EntryView {
    /// Its index.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// Under Zab: its zxid.
    pub zxid: Option<Zxid>,
    /// `no-op`, `command` or `configuration`.
    pub kind: &'static str,
    /// What it holds, in a few words: `create /app`.
    pub label: String,
    /// Whether this server knows it to be committed.
    pub committed: bool,
    /// Whether this server has applied it.
    pub applied: bool,
    /// Whether this server's disk has confirmed it.
    pub durable: bool,
}

/// A disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct DiskView {
    /// What a write takes to become durable.
    pub latency: Duration,
    /// Whether it takes no write.
    pub full: bool,
    /// Writes that are not durable yet.
    pub pending: usize,
}

/// A server's clock against true time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ClockView {
    /// How many microseconds it is ahead; negative when behind.
    pub offset_us: i64,
    /// How much faster than true time it runs, in parts per million; negative when slower.
    pub drift_ppm: i32,
}

/// A client process at one instant, as it sees itself.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ClientView {
    /// Its name.
    pub id: ClientId,
    /// `connecting`, `connected`, `disconnected`, `expired`, `closed` or `killed`.
    pub state: &'static str,
    /// The server it is connected with, or is trying.
    pub server: Option<ServerId>,
    /// Its session, `0x…`.
    pub session: Option<String>,
    /// The session timeout it was granted.
    pub timeout: Duration,
    /// How long until it gives up on a silent server.
    pub timer: Option<TimerView>,
    /// The highest zxid it has seen.
    pub last_zxid: String,
    /// How many events of watches it was told of.
    pub told: u64,
    /// Its operations, oldest first, the most recent fifty.
    pub operations: Vec<OperationView>,
    /// Its recipes, oldest first; of those that have ended, the latest.
    pub recipes: Vec<RecipeView>,
}

/// A recipe that a client follows.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RecipeView {
    /// As the command language writes it: `lock /locks/printer`.
    pub text: String,
    /// Which: `lock`.
    pub kind: &'static str,
    /// The znode that it is about.
    pub path: String,
    /// `running`, `holds`, `unsure`, `done` or `failed`.
    pub state: &'static str,
    /// The error that it failed with, as ZooKeeper names it.
    pub error: Option<&'static str>,
    /// What it has when it has what it is for: `holds the lock`.
    pub held: &'static str,
    /// The recipe in its steps.
    pub steps: &'static [&'static str],
    /// The place of the one that it is at among them, from 0.
    pub step: usize,
    /// The znode that it has created for itself.
    pub own: Option<String>,
    /// The transaction that gave it its place, `0x…`: what a lock protects can refuse a lower one.
    pub token: Option<String>,
    /// What it has found out so far, in order: members, elements, a decision.
    pub found: Vec<String>,
    /// Elements that it may have taken or not: the answer was lost.
    pub doubtful: Vec<String>,
}

/// An operation of a client, from invocation to response.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OperationView {
    /// Its number within the client.
    pub number: u64,
    /// As the command language writes it: `create /app "hello"`.
    pub text: String,
    /// When the client issued it.
    pub invoked: Time,
    /// When the answer came; none while it waits.
    pub answered: Option<Time>,
    /// Whether it succeeded.
    pub ok: Option<bool>,
    /// The answer in a few words: `ok`, `NONODE`, `"hello" version 3`.
    pub outcome: Option<String>,
    /// What is to be thought of it; none of one that nobody watched.
    pub verdict: Option<VerdictView>,
}

/// What is to be thought of an operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VerdictView {
    /// `pending`, `unknown`, `linearizable`, `stale` or `violation`.
    pub word: &'static str,
    /// The same as a sentence with its reason, without its full stop.
    pub text: String,
}

/// A message in flight.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MessageView {
    /// Its name.
    pub id: MessageId,
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
    /// What it is, in the protocol's words: `RequestVote`, `AppendEntries`, `Heartbeat`, …
    pub kind: &'static str,
    /// The palette it is drawn in.
    pub family: Family,
    /// Whether it answers another.
    pub reply: bool,
    /// Of a reply: whether it says yes.
    pub positive: Option<bool>,
    /// The sender's term, where it carries one.
    pub term: Option<u64>,
    /// When it was sent.
    pub sent: Time,
    /// When it arrives, if nothing happens to it.
    pub arrives: Time,
    /// Whether it is held back on its way.
    pub held: bool,
}

/// The palettes of messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Election.
    Vote,
    /// Replication that carries entries.
    Append,
    /// Heartbeats, and what else only says "still here".
    Beat,
    /// Requests passed on to the leader.
    Forward,
    /// Between clients and servers.
    Client,
}

/// A message that died.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DeathView {
    /// Its name.
    pub id: MessageId,
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
    /// What it was.
    pub kind: &'static str,
    /// Its palette.
    pub family: Family,
    /// Whether it answered another.
    pub reply: bool,
    /// When it died.
    pub at: Time,
    /// How far it had come, in thousandths of the way.
    pub place: u16,
    /// Why: `lost`, `cut`, `dropped`, `dead server`, `stale term`, `connection closed`.
    pub why: &'static str,
}

/// A link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct LinkView {
    /// One end.
    pub a: Endpoint,
    /// The other.
    pub b: Endpoint,
    /// Whether nothing gets from `a` to `b`.
    pub cut_from_a: bool,
    /// Whether nothing gets from `b` to `a`.
    pub cut_from_b: bool,
    /// The shortest and the longest time a message takes, from `a` to `b`.
    pub latency: (Duration, Duration),
    /// Messages lost from `a` to `b`, in parts per million.
    pub loss_ppm: u32,
}

/// A znode.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ZnodeView {
    /// Its whole path.
    pub path: String,
    /// Its data, as text; bytes that are no UTF-8 are shown as U+FFFD; none when null.
    pub data: Option<String>,
    /// `persistent` or `ephemeral`.
    pub kind: &'static str,
    /// The session that owns an ephemeral znode, `0x…`.
    pub owner: Option<String>,
    /// The client that holds that session, if it still runs.
    pub client: Option<ClientId>,
    /// How often its data was set.
    pub version: i32,
    /// How often its children changed.
    pub cversion: i32,
    /// The transaction that created it, that last set it, that last changed its children.
    pub czxid: String,
    /// The transaction that last set it.
    pub mzxid: String,
    /// The transaction that last changed its children.
    pub pzxid: String,
    /// How many children it has.
    pub children: u32,
    /// The servers that hold it, in any version.
    pub on: Vec<ServerId>,
    /// In one server's tree: how it differs from the leader's.
    pub difference: Option<Difference>,
}

/// A watch that a server keeps for a client: a tripwire on a znode, there or not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WatchView {
    /// What is watched.
    pub path: String,
    /// Who is told; none when that client is not there any more.
    pub client: Option<ClientId>,
    /// `data`, `children`, `persistent` and `recursive`, those that apply.
    pub kinds: Vec<&'static str>,
}

/// An event that a client was told of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ToldView {
    /// Who was told.
    pub client: ClientId,
    /// The number of the event among those that this client was told of.
    pub number: u64,
    /// When.
    pub time: Time,
    /// `NodeDataChanged`.
    pub kind: &'static str,
    /// The znode that it is about.
    pub path: String,
}

/// A session as a server knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SessionView {
    /// `0x…`.
    pub id: String,
    /// The client that holds it, if it still runs.
    pub client: Option<ClientId>,
    /// What was granted.
    pub timeout: Duration,
    /// In the leader's book: how long until it expires if nothing more is heard of its client.
    pub left: Option<Duration>,
}

/// How a znode of one server differs from the leader's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Difference {
    /// The leader has it, this server does not.
    Missing,
    /// Both have it; the leader's data, children or version moved on.
    Stale,
    /// This server has it, the leader does not any more.
    Gone,
}

/// A lamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct InvariantView {
    /// Its name in the command language: `election_safety`.
    pub name: &'static str,
    /// Its name for people: `Election safety`.
    pub title: &'static str,
    /// What it demands.
    pub rule: Rule,
    /// Whether it has held so far.
    pub holds: bool,
}

/// A property that did not hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ViolationView {
    /// The invariant's name.
    pub invariant: &'static str,
    /// When.
    pub time: Time,
    /// At which event.
    pub event: EventId,
    /// The clash in one sentence.
    pub what: String,
    /// The two facts that clash, each with the server it was seen at.
    pub facts: Vec<(ServerId, String)>,
}

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
