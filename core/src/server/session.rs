//! Sessions at their server: the handshake, the move from another server, the end.

use super::connection::{Access, Connection};
use super::{CloseReason, Fact, Output, Server, ServerFact};
use crate::ids::ConnectionId;
use crate::random::Bits;
use crate::time::{Duration, Time};
use crate::zookeeper::frame::{Credentials, ToClient};
use crate::zookeeper::{Change, Password, Reply, Session, SessionId, Update, Xid, Zxid, negotiate};

/// What a client says first.
#[derive(Clone, Copy)]
pub(super) struct Hello {
    pub(super) session: Option<Credentials>,
    pub(super) timeout: Duration,
    pub(super) last_zxid: Zxid,
    pub(super) read_only: bool,
}

/// A client that came with a session, while it waits to hear whether it may go on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Arrival {
    pub(super) connection: ConnectionId,
    pub(super) password: Password,
    pub(super) timeout: Duration,
}

/// A transaction that was applied, as the connections of a server are to hear of it.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) session: SessionId,
    pub(super) xid: Xid,
    pub(super) zxid: Zxid,
    pub(super) kind: Kind,
    pub(super) reply: Reply,
    pub(super) changes: Vec<Change>,
    /// Whether this server took it in.
    pub(super) is_own: bool,
    /// The connection of this server that asked for it, if it waits for the answer.
    pub(super) connection: Option<ConnectionId>,
}

/// What a transaction does to its session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It begins, or goes on over another connection.
    Opens,
    /// It ends.
    Closes { expired: bool },
    /// It only asks.
    Writes,
}

impl Server {
    /// The handshake. A session is opened through the log, and moved here through the log as well,
    /// or with the leader's consent: so no server that is behind can mistake a living session for
    /// an expired one.
    pub(super) fn on_connect(
        &mut self,
        now: Time,
        random: Bits,
        id: ConnectionId,
        hello: Hello,
        out: &mut Vec<Output>,
    ) {
        let stands_alone = self.protocol.leader().is_none();
        if stands_alone && !(hello.read_only && self.is_read_only(now)) {
            return self.refuse(id, CloseReason::NoLeader, out);
        }
        let is_behind = self.protocol.service().last_zxid() < hello.last_zxid;
        if is_behind && self.protocol.service().rules().refuse_client_ahead {
            return self.refuse(id, CloseReason::ClientIsAhead, out);
        }
        if let Some(Credentials { session, .. }) = hello.session {
            // Whoever knows the session's name takes its connection away, password or not
            // (ZooKeeper, `processConnectRequest`).
            self.close_session_connections(session, None, CloseReason::SessionMoved, out);
        }
        self.connections.insert(id, Connection::new(id));
        let timeout = negotiate(hello.timeout, self.settings.tick);
        if stands_alone {
            return self.serve_read_only(id, hello.session, timeout, random, out);
        }
        let (session, xid, update) = match hello.session {
            None => (
                self.new_session_id(),
                Xid::ZERO,
                Update::CreateSession {
                    timeout,
                    password: Password::from_bits(random.0),
                },
            ),
            Some(session) if self.zab().is_some() => {
                return self.ask_for_session(session, timeout, id, out);
            }
            // Two connections of one session may wait at two servers: each has its own number.
            Some(Credentials { session, password }) => (
                session,
                Xid::new(id.number() as i32),
                Update::AttachSession { timeout, password },
            ),
        };
        self.submit_for(now, id, session, xid, update, out);
    }

    /// Unique without asking anyone: see [`SessionId::first_of`].
    fn new_session_id(&mut self) -> SessionId {
        let own = self.next_session;
        // A clock that was set back would hand out ids anew.
        let id = match self.protocol.service().last_opened_like(own) {
            Some(last) => own.max(last.next()),
            None => own,
        };
        self.next_session = id.next();
        id
    }

    /// Whether this server has known no leader for so long that it lets itself be read from by
    /// those who are content with what it last saw (ZooKeeper, `ReadOnlyZooKeeperServer`).
    pub fn is_read_only(&self, now: Time) -> bool {
        let looking = self.looking_since.map(|since| now.since(since));
        looking.is_some_and(|looking| looking >= self.settings.tick)
    }

    /// Opens a session that nobody else knows of, or goes on with one that this server knows.
    fn serve_read_only(
        &mut self,
        id: ConnectionId,
        session: Option<Credentials>,
        timeout: Duration,
        random: Bits,
        out: &mut Vec<Output>,
    ) {
        let (session, access) = match session {
            None => (
                Credentials {
                    session: self.new_session_id(),
                    password: Password::from_bits(random.0),
                },
                Access::ReadOnlyLocal,
            ),
            Some(known) => (known, Access::ReadOnly),
        };
        let password = self
            .protocol
            .service()
            .session(session.session)
            .map(Session::password);
        if access == Access::ReadOnly && password != Some(session.password) {
            return self.tell_expired(id, out);
        }
        self.welcome(id, session, timeout, access, out);
    }

    /// The ensemble serves the client.
    pub(super) fn welcome_fully(
        &mut self,
        id: ConnectionId,
        session: Credentials,
        timeout: Duration,
        out: &mut Vec<Output>,
    ) {
        self.welcome(id, session, timeout, Access::Full, out);
    }

    fn welcome(
        &mut self,
        id: ConnectionId,
        session: Credentials,
        timeout: Duration,
        access: Access,
        out: &mut Vec<Output>,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.serve(session.session, access);
        self.serving.enter(session.session, id);
        let frame = ToClient::Connected {
            session,
            timeout,
            read_only: access != Access::Full,
        };
        out.push(Output::Frame {
            connection: id,
            frame,
        });
    }

    pub(super) fn tell_expired(&mut self, id: ConnectionId, out: &mut Vec<Output>) {
        out.push(Output::Frame {
            connection: id,
            frame: ToClient::Expired,
        });
        self.refuse(id, CloseReason::Expired, out);
    }

    /// What a transaction means for the connections of this server, now that it is applied.
    pub(super) fn after_apply(&mut self, now: Time, applied: Applied, out: &mut Vec<Output>) {
        let Applied {
            session,
            connection,
            ..
        } = applied;
        match applied.kind {
            Kind::Writes => {}
            Kind::Closes { expired } => {
                self.track_session(now, session);
                if applied.reply.is_ok() {
                    self.after_close(session, connection, expired, out);
                }
            }
            Kind::Opens => {
                self.track_session(now, session);
                return self.after_open(&applied, out);
            }
        }
        if let Some(id) = connection {
            self.answer_write(now, id, applied.xid, applied.zxid, applied.reply, out);
        }
    }

    /// A session was opened or goes on: whoever served it here before stops, and the one who asked
    /// is welcome.
    fn after_open(&mut self, applied: &Applied, out: &mut Vec<Output>) {
        let Applied {
            session,
            connection,
            ..
        } = *applied;
        let is_open = applied.reply.is_ok();
        if applied.is_own && is_open {
            let reason = CloseReason::SessionMoved;
            self.close_session_connections(session, connection, reason, out);
        }
        let Some(id) = connection.filter(|id| self.connections.contains_key(id)) else {
            return;
        };
        let known = self.protocol.service().session(session);
        let known = known.map(|known| (known.password(), known.timeout()));
        match known.filter(|_| is_open) {
            Some((password, timeout)) => {
                let credentials = Credentials { session, password };
                self.welcome(id, credentials, timeout, Access::Full, out);
            }
            None => self.tell_expired(id, out),
        }
    }

    /// A session is over: whoever still serves it stops; the one who asked is answered first.
    fn after_close(
        &mut self,
        session: SessionId,
        origin: Option<ConnectionId>,
        expired: bool,
        out: &mut Vec<Output>,
    ) {
        if expired {
            let fact = ServerFact::SessionExpired { session };
            out.push(Output::Fact(Fact::Server(fact)));
        }
        self.close_session_connections(session, origin, CloseReason::Expired, out);
    }

    /// Closes the connections that serve a session, all but one.
    fn close_session_connections(
        &mut self,
        session: SessionId,
        except: Option<ConnectionId>,
        reason: CloseReason,
        out: &mut Vec<Output>,
    ) {
        let serving: Vec<ConnectionId> = self.serving.of(session).collect();
        for id in serving.into_iter().filter(|id| Some(*id) != except) {
            self.refuse(id, reason, out);
        }
    }
}
