//! What a screen may know of a message, on its way or dead.

use serde::Serialize;

use crate::ids::{Endpoint, MessageId};
use crate::time::Time;

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
