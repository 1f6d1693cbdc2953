//! A place in a line: an ephemeral sequential znode below the one that the recipe is about. Whoever
//! stands in line watches the one that it has to wait for, and nobody else, so that one who leaves
//! wakes one (Hunt et al., "ZooKeeper", 2010, §2.4, locks without herd effect).

use std::sync::Arc;

use super::{Automaton, Move, Role, election, lock, revocable_lock, shared_lock};
use crate::zookeeper::{
    ANY_VERSION, CreateMode, Data, ErrorCode, EventKind, Reply, Request, Response, WatchEvent,
    Zxid, path,
};

/// How many digits a sequential znode's name ends with.
const DIGITS: usize = 10;

/// What the line is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Policy {
    Lock,
    Revocable,
    Read,
    Write,
    Election,
    RevocableRead,
    RevocableWrite,
}

/// Where a place in the line has got to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Creating,
    Listing,
    Watching(Arc<str>),
    Waiting(Arc<str>),
    /// At the front, and about to watch the own znode for a wish to have the place.
    Guarding,
    Front,
    Leaving,
}

/// A place in a line. `own` is the name of its znode, once that is known to exist.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Line {
    policy: Policy,
    stage: Stage,
    own: Option<Arc<str>>,
    token: Option<Zxid>,
    /// Whether the znode may exist.
    asked: bool,
    /// Whether it is to give its place up.
    leaving: bool,
}

impl Policy {
    /// What stands between the own mark and the number in the names that it gives.
    const fn word(self) -> &'static str {
        match self {
            Self::Lock | Self::Revocable => lock::WORD,
            Self::Read | Self::RevocableRead => shared_lock::READ,
            Self::Write | Self::RevocableWrite => shared_lock::WRITE,
            Self::Election => election::WORD,
        }
    }

    /// Whether it has to wait for one of that name in front of it.
    fn waits_for(self, name: &str) -> bool {
        !matches!(self, Self::Read | Self::RevocableRead) || shared_lock::writes(name)
    }

    /// Whether its place is given up when somebody wants it.
    const fn is_revocable(self) -> bool {
        matches!(
            self,
            Self::Revocable | Self::RevocableRead | Self::RevocableWrite
        )
    }

    const fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Lock => &lock::STEPS,
            Self::Revocable => &revocable_lock::STEPS,
            Self::Read => &shared_lock::READ_STEPS,
            Self::Write => &shared_lock::WRITE_STEPS,
            Self::RevocableRead => &revocable_lock::READ_STEPS,
            Self::RevocableWrite => &revocable_lock::WRITE_STEPS,
            Self::Election => &election::STEPS,
        }
    }
}

impl Line {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            stage: Stage::Creating,
            own: None,
            token: None,
            asked: false,
            leaving: false,
        }
    }

    fn create(&mut self, role: &Role) -> Move {
        self.stage = Stage::Creating;
        self.asked = true;
        let prefix = role.child(&format!("{}{}", role.guid, self.policy.word()));
        Move::Ask(Request::create(
            &prefix,
            None,
            CreateMode::EphemeralSequential,
        ))
    }

    fn list(&mut self, role: &Role) -> Move {
        self.stage = Stage::Listing;
        Move::Ask(Request::children(&role.path))
    }

    /// The list is there: the own place, and who has to leave first.
    fn listed(&mut self, role: &Role, names: &[Arc<str>]) -> Move {
        // The mark to its end: `A1x1` is not `A1x10`.
        let mark = format!("{}-", role.guid);
        let found = names.iter().find(|name| name.starts_with(&mark));
        let (own, known) = match (found, &self.own) {
            (Some(own), known) => (own.clone(), known.is_some()),
            (None, _) if self.leaving => return Move::Done,
            // The znode was there and is not: somebody has deleted it.
            (None, Some(_)) => return Move::Fail(ErrorCode::NoNode),
            (None, None) => return self.create(role),
        };
        self.own = Some(own.clone());
        let ahead = names
            .iter()
            .filter(|name| number(name) < number(&own) && self.policy.waits_for(name))
            .max_by_key(|name| number(name));
        if let Some(ahead) = ahead {
            let path = role.child(ahead);
            self.stage = Stage::Watching(path.clone());
            return Move::Ask(Request::Exists { path, watch: true });
        }
        if self.policy.is_revocable() || !known || self.token.is_none() {
            self.stage = Stage::Guarding;
            return self.guard(role);
        }
        self.stage = Stage::Front;
        Move::Wait
    }

    /// Reads the own znode: when it was created, and whether somebody wants it gone.
    fn guard(&mut self, role: &Role) -> Move {
        let Some(own) = &self.own else {
            return Move::Fail(ErrorCode::NoNode);
        };
        Move::Ask(Request::Get {
            path: role.child(own),
            watch: self.policy.is_revocable(),
        })
    }
}

impl Automaton for Line {
    fn steps(&self) -> &'static [&'static str] {
        self.policy.steps()
    }

    fn begin(&mut self, role: &Role) -> Move {
        if self.asked {
            self.list(role)
        } else {
            self.create(role)
        }
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (&self.stage, reply) {
            (Stage::Creating, Ok(Response::Created { path, stat })) => {
                self.own = Some(path::name(path).into());
                self.token = stat.map(|stat| stat.czxid);
                self.list(role)
            }
            (Stage::Listing, Ok(Response::Children { names, .. })) => self.listed(role, names),
            (Stage::Watching(ahead), Ok(_)) => {
                self.stage = Stage::Waiting(ahead.clone());
                Move::Wait
            }
            (Stage::Watching(_), Err(ErrorCode::NoNode)) => self.list(role),
            (Stage::Guarding, Ok(Response::Data { data, stat })) => {
                self.token = Some(stat.czxid);
                self.stage = Stage::Front;
                let wanted = data.as_ref().and_then(Data::text) == Some(revocable_lock::WISH);
                if wanted && self.policy.is_revocable() {
                    return self.release(role);
                }
                Move::Wait
            }
            (Stage::Leaving, Ok(_) | Err(ErrorCode::NoNode)) => Move::Done,
            (_, Err(code)) => Move::Fail(*code),
            (_, Ok(_)) => Move::Fail(ErrorCode::SystemError),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        match &self.stage {
            Stage::Waiting(ahead) if *ahead == event.path => {
                if event.kind == EventKind::NodeDeleted {
                    return self.list(role);
                }
                // The watch is used up, and who is in front is still there.
                let path = ahead.clone();
                self.stage = Stage::Watching(path.clone());
                Move::Ask(Request::Exists { path, watch: true })
            }
            Stage::Front if self.own.as_deref() == Some(path::name(&event.path)) => {
                if event.kind == EventKind::NodeDeleted {
                    return Move::Fail(ErrorCode::NoNode);
                }
                self.stage = Stage::Guarding;
                self.guard(role)
            }
            _ => Move::Wait,
        }
    }

    fn wish_to_leave(&mut self) {
        self.leaving = true;
    }

    fn release(&mut self, role: &Role) -> Move {
        self.leaving = true;
        let Some(own) = &self.own else {
            return Move::Done;
        };
        self.stage = Stage::Leaving;
        Move::Ask(Request::Delete {
            path: role.child(own),
            version: ANY_VERSION,
        })
    }

    fn step(&self) -> usize {
        match self.stage {
            Stage::Creating => 0,
            Stage::Listing => 1,
            Stage::Guarding | Stage::Front => 2,
            Stage::Watching(_) => 3,
            Stage::Waiting(_) => 4,
            Stage::Leaving => 5,
        }
    }

    fn holds(&self) -> bool {
        self.stage == Stage::Front
    }

    fn own(&self) -> Option<Arc<str>> {
        self.own.clone()
    }

    fn token(&self) -> Option<Zxid> {
        self.token
    }
}

/// The number that the service has given, as text: all have as many digits.
pub(super) fn number(name: &str) -> &str {
    name.get(name.len().saturating_sub(DIGITS)..)
        .unwrap_or(name)
}
