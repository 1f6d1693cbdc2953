//! What a screen may know of a client, and of what it has asked for.

use serde::Serialize;

use super::TimerView;
use crate::ids::{ClientId, ServerId};
use crate::time::{Duration, Time};

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
