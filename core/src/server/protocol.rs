//! Raft or Zab: what a server is made of depends on it, and what it offers clients does not.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::ZabTxn;
use super::raft_side::RaftSide;
use super::zab_side::ZabSide;
use crate::ids::ServerId;
use crate::time::{Duration, Time};
use crate::zookeeper::{Command, Request, Service, Session, SessionId};
use crate::{raft, zab};

/// How the servers of an ensemble agree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Protocol {
    /// They replicate commands by Raft.
    #[default]
    Raft,
    /// They replicate transactions by Zab.
    Zab,
}

/// What is one thing under Raft and another under Zab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByProtocol<R, Z> {
    /// Under Raft.
    Raft(R),
    /// Under Zab.
    Zab(Z),
}

/// Everything of a run is of one protocol: which one tells no two states apart.
impl<R: Hash, Z: Hash> Hash for ByProtocol<R, Z> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Raft(raft) => raft.hash(state),
            Self::Zab(zab) => zab.hash(state),
        }
    }
}

/// What a disk holds.
pub type Durable = ByProtocol<raft::Durable<Command>, zab::Durable<ZabTxn>>;

/// A record for a disk.
pub type Write = ByProtocol<raft::Write<Command>, Box<zab::Write<ZabTxn>>>;

/// Names a write. Tokens rise with each write of one boot; confirming one confirms all below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token(pub u64);

impl Protocol {
    /// Both, by their names in the command language.
    pub const NAMES: [(&'static str, Self); 2] = [("raft", Self::Raft), ("zab", Self::Zab)];

    /// The protocol of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, protocol)| *protocol)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raft => "raft",
            Self::Zab => "zab",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Durable {
    /// The image after `write`.
    ///
    /// # Panics
    /// If the record is of the other protocol.
    pub fn apply(&mut self, write: &Write) {
        match (self, write) {
            (Self::Raft(image), Write::Raft(write)) => image.apply(write),
            (Self::Zab(image), Write::Zab(write)) => image.apply(write),
            _ => unreachable!("a machine's disk is written by servers of one protocol"),
        }
    }

    /// What it holds, if it is a disk of Raft's.
    pub const fn raft(&self) -> Option<&raft::Durable<Command>> {
        match self {
            Self::Raft(image) => Some(image),
            Self::Zab(_) => None,
        }
    }

    /// What it holds, if it is a disk of Zab's.
    pub const fn zab(&self) -> Option<&zab::Durable<ZabTxn>> {
        match self {
            Self::Raft(_) => None,
            Self::Zab(image) => Some(image),
        }
    }
}

impl Write {
    /// Bytes of a snapshot that it writes.
    pub fn snapshot_bytes(&self) -> u64 {
        match self {
            Self::Raft(write) => write.snapshot_bytes(),
            Self::Zab(write) => match &**write {
                zab::Write::Snapshot { snapshot, .. } => snapshot.state.size(),
                _ => 0,
            },
        }
    }
}

/// The questions that a server asks whichever replica it has.
impl ByProtocol<RaftSide, ZabSide> {
    pub(super) const fn id(&self) -> ServerId {
        match self {
            Self::Raft(side) => side.id(),
            Self::Zab(side) => side.id(),
        }
    }

    pub(super) const fn service(&self) -> &Service {
        match self {
            Self::Raft(side) => side.service(),
            Self::Zab(side) => side.service(),
        }
    }

    /// The leader under whom clients can be served here.
    pub(super) fn leader(&self) -> Option<ServerId> {
        match self {
            Self::Raft(side) => side.leader(),
            Self::Zab(side) => side.leader(),
        }
    }

    /// Whether it leads, and may propose.
    pub(super) fn leads(&self) -> bool {
        match self {
            Self::Raft(side) => side.leads(),
            Self::Zab(side) => side.leads(),
        }
    }

    /// Whether it has no leader, not even one that it is only getting to know.
    pub(super) fn is_looking(&self) -> bool {
        match self {
            Self::Raft(side) => side.leader().is_none(),
            Self::Zab(side) => side.is_looking(),
        }
    }

    /// Its term, or the last epoch that it took part in.
    pub(super) fn reign(&self) -> u64 {
        match self {
            Self::Raft(side) => side.replica().term().number(),
            Self::Zab(side) => side.replica().current_epoch().number().into(),
        }
    }

    /// Whether nothing can be proposed though it leads, because it is handing over.
    pub(super) fn hands_over(&self) -> bool {
        match self {
            Self::Raft(side) => side.hands_over(),
            Self::Zab(_) => false,
        }
    }

    /// As leader: proposes what nobody has asked for; whether that is under way.
    pub(super) fn propose_own(&mut self, now: Time, command: Command) -> bool {
        match self {
            Self::Raft(side) => side.propose(now, command),
            Self::Zab(side) => side.request(None, command),
        }
    }

    /// The read that is answered once enough is known of what others have done: a linearizable one
    /// under Raft; under Zab, which has none, a sync.
    pub(super) fn waits_for_others(&self, request: &Request) -> Option<Request> {
        match (self, request) {
            (Self::Raft(_), Request::Linearizable(read)) => Some(Request::clone(read)),
            (Self::Zab(_), Request::Sync { .. }) => Some(request.clone()),
            _ => None,
        }
    }

    /// Whether a request is done by more than the transaction that it asks for: a change of the
    /// ensemble under Raft, which is decided first and then brought about.
    pub(super) const fn takes_several_steps(&self, request: &Request) -> bool {
        matches!((self, request), (Self::Raft(_), Request::Reconfig(_)))
    }

    /// How long a session's client may be silent, where it is connected with this server.
    pub(super) fn session_timeout(&self, session: SessionId) -> Option<Duration> {
        let granted = match self {
            Self::Raft(_) => None,
            Self::Zab(side) => side.arrivals.timeout(session),
        };
        let opened_with = || self.service().session(session).map(Session::timeout);
        granted.or_else(opened_with)
    }

    /// Whether the replica wants nothing more done for now.
    pub(super) fn is_settled(&self) -> bool {
        match self {
            Self::Raft(side) => side.is_settled(),
            Self::Zab(side) => side.is_settled(),
        }
    }
}
