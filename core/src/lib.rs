//! Coordination servers one can hold in one's hand.
//!
//! This crate holds complete servers of a coordination service, the clients that talk to
//! them, and the simulated world they live in: clock, network, disks and faults. Everything in
//! it is a deterministic value. There is no clock, no thread, no I/O, no hash order and no
//! floating point in any state, so one seed and one list of commands give one run, to the bit,
//! natively and in a web page.
//!
//! The rooms, from the inside out; each knows only those above it:
//!
//! | module | what it is |
//! |---|---|
//! | [`time`], [`ids`], [`random`], [`digest`], [`explain`], [`rules`] | the vocabulary everyone shares |
//! | [`quorum`] | majorities, pure |
//! | [`raft`] | the Raft replica, a pure state machine |
//! | [`zab`] | the Zab replica, a pure state machine |
//! | [`zookeeper`] | the coordination service: znodes, sessions, transactions |
//! | [`server`] | one coordination server: a replica, the service, its client connections |
//! | [`client`] | the client library as a state machine |
//! | [`sim`] | the world: clock, network, disks, faults, event queue |
//! | [`check`] | invariants, evaluated after every event |
//! | [`script`] | the command language |
//! | [`history`] | recordings, seeking, stepping, branches |
//! | [`view`] | what a screen may know of a cluster at one instant |
//! | [`compare`] | the same work under Raft and under Zab, and what comes of it |
#![forbid(unsafe_code)]

pub mod check;
pub mod client;
pub mod compare;
pub mod digest;
pub mod explain;
pub mod history;
pub mod ids;
pub mod quorum;
pub mod raft;
pub mod random;
pub mod rules;
pub mod script;
pub mod server;
pub mod sim;
pub mod time;
pub mod view;
pub mod zab;
pub mod zookeeper;
