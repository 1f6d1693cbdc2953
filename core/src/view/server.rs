//! What a screen may know of a server.

use serde::Serialize;

use super::ZabView;
use crate::ids::{ClientId, ServerId};
use crate::time::Duration;
use crate::zookeeper::Zxid;

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
