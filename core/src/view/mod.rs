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
mod client;
mod fields;
mod lines;
mod message;
mod server;
#[cfg(test)]
mod tests;
mod tree;
mod trip;
mod verdict;
mod zab;
mod zab_server;
mod znode;

use serde::Serialize;

use crate::explain::Rule;
use crate::ids::{Endpoint, EventId, ServerId};
use crate::time::{Duration, Time};

pub use build::Scope;
pub use client::{ClientView, OperationView, RecipeView, VerdictView};
pub use fields::details_of_message;
pub use lines::{About, LineView, Tone, line_of};
pub use message::{DeathView, Family, MessageView};
pub use server::{
    BallotView, ClockView, ConfigurationView, DiskView, EntryView, PeerView, ServerView,
    SnapshotView, TimerView, TransferView, Vote,
};
pub use tree::{leader_of, tree_of};
pub use trip::{sessions_of, told_since, watches_of};
pub use zab_server::{LearnerView, ProposalView, ZabView, ZabVoteView};
pub use znode::{Difference, SessionView, ToldView, WatchView, ZnodeView};

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
