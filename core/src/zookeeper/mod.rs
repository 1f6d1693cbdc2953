//! The coordination service: a tree of znodes, sessions, and the transactions that change them.
//!
//! A client's write becomes a change in two steps. [`Service::prepare`] turns the request into a
//! [`Txn`] against the state *as it will be*, outstanding changes included, and freezes the
//! outcome in it: absolute versions, the resolved name of a sequential znode, or the error.
//! [`Service::apply`] installs a transaction, and may do so again without harm.
//!
//! Whoever replicates chooses what travels. Under Zab the leader prepares once and everybody
//! applies; under Raft the [`Command`] itself is the log entry and every server runs both steps
//! when it is committed ([`Service::execute`]). Raft replicates computation, ZooKeeper replicates
//! state.
//!
//! What holds everywhere in this room:
//!
//! - The state is a function of the commands applied, in order: no clock, no chance.
//! - An operation costs the same, but for a logarithm, however large the tree has grown; a clone
//!   costs next to nothing.
//! - A write that fails changes no znode, yet it is a transaction like any other and takes a zxid.

mod acl;
mod command;
mod data;
mod digested;
mod ensemble;
mod error;
#[cfg(test)]
mod fixture;
pub mod frame;
mod id;
mod mode;
pub mod path;
mod pending;
mod prepare;
mod read;
mod reconfig;
#[cfg(test)]
mod replay;
mod request;
mod response;
pub mod rules;
mod service;
mod session;
mod sha1;
mod stat;
mod tracker;
mod tree;
mod txn;
mod watch;

pub use acl::{Acl, AclEntry, Identities, Identity, Perms};
pub use command::{Command, Update};
pub use data::Data;
pub use ensemble::{Ensemble, Standing, Wish};
pub use error::ErrorCode;
pub use id::{Password, SessionId, Xid, Zxid};
pub use mode::{CreateMode, MAX_TTL_MS};
pub use path::PathError;
pub use pending::{ChangeRecord, Outline, Pending};
pub use reconfig::{Members, Reconfig};
pub use request::{FrameTooLarge, MAX_FRAME, Request};
pub use response::{MultiFailure, Reply, Response};
pub use rules::Rules;
pub use service::Service;
pub use session::{REMEMBERED_REPLIES, Session};
pub use stat::{ANY_VERSION, Owner, Stat, Version};
pub use tracker::{SessionTracker, negotiate};
pub use tree::{DataTree, Znode};
pub use txn::{Change, Txn, TxnHeader};
pub use watch::{AddWatchMode, EventKind, Half, WatchEvent, WatchKind, WatchLists, WatchTable};
