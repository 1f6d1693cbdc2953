//! Sessions as every server knows them: replicated, opened and closed through the log.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use super::{ErrorCode, Password, Reply, SessionId, Xid};
use crate::digest::Digest;
use crate::ids::ServerId;
use crate::time::Duration;

/// How many of its latest writes' replies a session keeps. A client that loses its connection may
/// ask again for as many unanswered writes and learn the outcome of each.
pub const REMEMBERED_REPLIES: usize = 16;

/// A client's session. While it is in the table it is open.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Session {
    id: SessionId,
    timeout: Duration,
    password: Password,
    owner: ServerId,
    answered: Answered,
}

/// The last write that was carried out and the latest replies, oldest first, in rising order of
/// their xids. `digest` chains all replies ever given, so that hashing it covers `replies`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Answered {
    last: Xid,
    replies: VecDeque<(Xid, Reply)>,
    digest: Digest,
}

impl Hash for Answered {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.last.hash(state);
        self.digest.hash(state);
    }
}

impl Session {
    /// A session opened by request `xid`; its own requests count up from there.
    pub(super) fn new(
        id: SessionId,
        timeout: Duration,
        password: Password,
        owner: ServerId,
        xid: Xid,
    ) -> Self {
        let answered = Answered {
            last: xid,
            replies: VecDeque::new(),
            digest: Digest::default(),
        };
        Self {
            id,
            timeout,
            password,
            owner,
            answered,
        }
    }

    /// Its client goes on over another connection, with a timeout negotiated anew.
    pub(super) fn attach(&mut self, timeout: Duration, owner: ServerId) {
        self.timeout = timeout;
        self.owner = owner;
    }

    /// Which session it is.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// How long its client may stay silent, as negotiated when it was opened.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What its client must show to resume it.
    pub fn password(&self) -> Password {
        self.password
    }

    /// The server that its client is connected with, if moves go through the log. Writes that
    /// come by way of another are refused: they were sent before the client moved. Otherwise the
    /// server that opened it; where it is since then, the leader knows by itself.
    pub fn owner(&self) -> ServerId {
        self.owner
    }

    /// The number of the last of its writes that was carried out.
    pub fn last_xid(&self) -> Xid {
        self.answered.last
    }

    /// The reply to write `xid` if it was carried out before, else nothing. A reply too old to be
    /// remembered is a [`ConnectionLoss`](ErrorCode::ConnectionLoss): the write will not be
    /// carried out again, and how it ended is no longer known (dissertation §6.3).
    pub fn remembered(&self, xid: Xid) -> Option<Reply> {
        if xid > self.answered.last {
            return None;
        }
        let known = self.answered.replies.iter().find(|(of, _)| *of == xid);
        Some(known.map_or(Err(ErrorCode::ConnectionLoss), |(_, reply)| reply.clone()))
    }

    /// Keeps the reply to write `xid`, unless that was carried out before.
    pub(super) fn remember(&mut self, xid: Xid, reply: &Reply) {
        let answered = &mut self.answered;
        if xid <= answered.last {
            return;
        }
        answered.last = xid;
        answered.digest = Digest::of(&(answered.digest, xid, reply));
        if answered.replies.len() == REMEMBERED_REPLIES {
            answered.replies.pop_front();
        }
        answered.replies.push_back((xid, reply.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zookeeper::Response;

    fn session() -> Session {
        Session::new(
            SessionId::new(1),
            Duration::ZERO,
            Password::new([0; 16]),
            ServerId::new(1),
            Xid::ZERO,
        )
    }

    #[test]
    fn the_latest_replies_are_remembered_and_older_ones_are_unknown() {
        let mut session = session();
        assert_eq!(session.remembered(Xid::new(1)), None);
        let count = REMEMBERED_REPLIES as i32 + 1;
        for xid in 1..=count {
            let reply = match xid % 2 {
                0 => Ok(Response::Deleted),
                _ => Err(ErrorCode::NoNode),
            };
            session.remember(Xid::new(xid), &reply);
        }
        let unknown = Some(Err(ErrorCode::ConnectionLoss));
        assert_eq!(session.remembered(Xid::new(1)), unknown);
        let deleted = Some(Ok(Response::Deleted));
        assert_eq!(session.remembered(Xid::new(2)), deleted);
        let missed = Some(Err(ErrorCode::NoNode));
        assert_eq!(session.remembered(Xid::new(count)), missed);
        assert_eq!(session.remembered(Xid::new(count + 1)), None);
    }

    #[test]
    fn the_digest_of_a_session_covers_every_reply_that_it_gave() {
        let session = session();
        let digest_after = |replies: [Reply; 2]| {
            let mut session = session.clone();
            for (xid, reply) in (1..).zip(replies) {
                session.remember(Xid::new(xid), &reply);
            }
            Digest::of(&session)
        };
        let deleted = || Ok(Response::Deleted);
        let both = digest_after([deleted(), deleted()]);
        assert_eq!(both, digest_after([deleted(), deleted()]));
        assert_ne!(both, digest_after([Err(ErrorCode::NoNode), deleted()]));
    }

    #[test]
    fn a_write_carried_out_before_does_not_change_what_is_remembered() {
        let mut session = session();
        session.remember(Xid::new(3), &Ok(Response::Deleted));
        let before = session.clone();
        session.remember(Xid::new(3), &Err(ErrorCode::NoNode));
        session.remember(Xid::new(2), &Err(ErrorCode::NoNode));
        assert_eq!(session, before);
    }
}
