//! What a screen may know of the service: znodes, and what servers keep for clients besides.

use serde::Serialize;

use crate::ids::{ClientId, ServerId};
use crate::time::{Duration, Time};

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
