//! What a screen may know of a server that runs Zab, beside what every server has.

use serde::Serialize;

use crate::ids::ServerId;
use crate::zab::{Ballot, Decider, Epoch, Phase, ServerState, SyncMode, Vote};
use crate::zookeeper::Zxid;

/// What a server that runs Zab knows of the protocol.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ZabView {
    /// What it is doing; none while it is down.
    pub state: Option<ServerState>,
    /// How far it has come; none while it is down.
    pub phase: Option<Phase>,
    /// Its round of elections.
    pub round: u64,
    /// Its vote, or the one by which it found its leader.
    pub vote: Option<Vote>,
    /// It has a quorum for its vote, and waits for a better one.
    pub finalizing: bool,
    /// While it looks for a leader: the votes of its round that it has heard of.
    pub votes: Vec<ZabVoteView>,
    /// The last epoch whose leader it has accepted.
    pub accepted_epoch: Epoch,
    /// The last epoch whose history it has.
    pub current_epoch: Epoch,
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
    pub ballot: Ballot,
    /// What decides between it and the server's own.
    pub decider: Decider,
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
    pub mode: Option<SyncMode>,
    /// Whether it has been told that it is up to date.
    pub up_to_date: bool,
}
