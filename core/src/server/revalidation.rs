//! Sessions that move, under Zab: whoever a client comes to with a session asks the leader whether
//! it may go on there (`LearnerZooKeeperServer.revalidateSession`, `LearnerHandler`,
//! `SessionTrackerImpl`).
//!
//! A move is no transaction. At which server a session is, the leader alone knows, and the next
//! leader does not: every client has to come again to a server that begins to serve under it.

use std::collections::BTreeMap;

use super::session::Arrival;
use super::{ByProtocol, CloseReason, Fact, Output, Server, ServerFact};
use crate::ids::{ConnectionId, ServerId};
use crate::time::{Duration, Time};
use crate::zookeeper::frame::Credentials;
use crate::zookeeper::{Session, SessionId};

/// Sessions that came here from another connection. One that the leader is asked about has one
/// connection that waits for the answer: the last that came with it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Arrivals {
    asked: BTreeMap<SessionId, Arrival>,
    /// The timeout that each was granted with its connection, which need not be the one that the
    /// session was opened with.
    timeouts: BTreeMap<SessionId, Duration>,
}

impl Arrivals {
    /// Nothing is served here any more, and nothing will be answered.
    pub(super) fn clear(&mut self) {
        self.asked.clear();
        self.timeouts.clear();
    }

    /// No connection serves the session any more.
    pub(super) fn leave(&mut self, session: SessionId) {
        self.timeouts.remove(&session);
    }

    pub(super) fn timeout(&self, session: SessionId) -> Option<Duration> {
        self.timeouts.get(&session).copied()
    }
}

impl Server {
    /// A client came with a session. A wrong password is answered at once, if this server is not so
    /// far behind that it does not know the session; else when the leader has answered, behind
    /// everything that it had committed before.
    pub(super) fn ask_for_session(
        &mut self,
        session: Credentials,
        timeout: Duration,
        connection: ConnectionId,
        out: &mut Vec<Output>,
    ) {
        let Credentials { session, password } = session;
        let known = self.protocol.service().session(session);
        if known.is_some_and(|known| known.password() != password) {
            return self.tell_expired(connection, out);
        }
        let ByProtocol::Zab(side) = &mut self.protocol else {
            return;
        };
        if !side.revalidate(session, timeout) {
            return self.refuse(connection, CloseReason::NoLeader, out);
        }
        let arrival = Arrival {
            connection,
            password,
            timeout,
        };
        if let Some(earlier) = side.arrivals.asked.insert(session, arrival)
            && self.connections.contains_key(&earlier.connection)
        {
            self.refuse(earlier.connection, CloseReason::SessionMoved, out);
        }
    }

    /// As leader: whether a session may go on at `server`. If it may, it has its full timeout from
    /// here on, and nothing that comes by way of another server counts any more.
    pub(super) fn validate_session(
        &mut self,
        now: Time,
        server: ServerId,
        (session, timeout): (SessionId, Duration),
        out: &mut Vec<Output>,
    ) {
        let (ByProtocol::Zab(side), Some(leading)) = (&mut self.protocol, &mut self.leading) else {
            return;
        };
        let is_alive = leading.revalidate(now, side.service(), (session, timeout), server);
        side.answer_revalidation(server, session, is_alive);
        out.push(Output::Fact(Fact::Server(ServerFact::Revalidated {
            session,
            server,
            is_alive,
        })));
    }

    /// The leader has answered: the client that waits for it is welcome, or has come too late.
    pub(super) fn session_validated(
        &mut self,
        session: SessionId,
        is_alive: bool,
        out: &mut Vec<Output>,
    ) {
        let ByProtocol::Zab(side) = &mut self.protocol else {
            return;
        };
        let Some(arrival) = side.arrivals.asked.remove(&session) else {
            return;
        };
        let Arrival {
            connection,
            password,
            timeout,
        } = arrival;
        if !self.connections.contains_key(&connection) {
            return;
        }
        let known = self.protocol.service().session(session);
        let known = known.map(Session::password).filter(|_| is_alive);
        if known != Some(password) {
            return self.tell_expired(connection, out);
        }
        if let ByProtocol::Zab(side) = &mut self.protocol {
            side.arrivals.timeouts.insert(session, timeout);
        }
        let credentials = Credentials { session, password };
        self.welcome_fully(connection, credentials, timeout, out);
    }
}
