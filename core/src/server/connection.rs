//! One client connection at its server: the handshake, and requests answered in their order.

use std::collections::VecDeque;

use super::{CloseReason, Fact, Output, PeerMessage, Server, ServerFact};
use crate::ids::ConnectionId;
use crate::random::Bits;
use crate::time::{Duration, Time};
use crate::zookeeper::frame::{Credentials, ToClient, ToServer};
use crate::zookeeper::{
    Command, Password, Reply, Request, Response, SessionId, Update, Xid, Zxid, negotiate,
};

/// A request that was not answered yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Waiting {
    /// On its way through the log.
    Write(Xid),
    /// Answered from the tree when its turn comes.
    Read(Xid, Request),
    /// Answered from the tree when its turn comes and the replica has let the read through.
    Linearizable {
        xid: Xid,
        request: Request,
        read: u64,
        ready: bool,
    },
    /// To be handed to the leader when its turn comes: it must not take effect before the
    /// linearizable reads in front of it.
    Held(Xid, Update),
}

/// A client connection. It has a session once the handshake is through the log.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Connection {
    session: Option<SessionId>,
    /// Unanswered requests, oldest first: the answer to a read waits for earlier writes of the same
    /// session, and for nobody else's.
    waiting: VecDeque<Waiting>,
    /// Whether the client was heard from since the leader was last told.
    touched: bool,
}

impl Connection {
    pub(super) fn session(&self) -> Option<SessionId> {
        self.session
    }
}

impl Server {
    pub(super) fn on_frame(
        &mut self,
        now: Time,
        random: Bits,
        id: ConnectionId,
        frame: ToServer,
        out: &mut Vec<Output>,
    ) {
        if let ToServer::Connect {
            session,
            timeout,
            last_zxid,
        } = frame
        {
            return self.on_connect(now, random, id, session, timeout, last_zxid, out);
        }
        let Some(connection) = self.connections.get_mut(&id) else {
            // Closed by this server while the frame was on its way.
            return;
        };
        let Some(session) = connection.session else {
            return;
        };
        connection.touched = true;
        match frame {
            ToServer::Connect { .. } => {}
            ToServer::Ping => out.push(Output::Frame {
                connection: id,
                frame: ToClient::Pong,
            }),
            ToServer::Close { xid } => {
                let update = Update::CloseSession { expired: false };
                self.take_write(now, id, xid, update, out);
            }
            ToServer::Request { xid, request } if request.is_replicated() => {
                self.take_write(now, id, xid, Update::Write(request), out);
            }
            ToServer::Request {
                xid,
                request: Request::Linearizable(request),
            } => {
                let read = self.ask_for_read(now, id);
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.waiting.push_back(Waiting::Linearizable {
                        xid,
                        request: Request::clone(&request),
                        read,
                        ready: false,
                    });
                }
            }
            ToServer::Request { xid, request } => {
                connection.waiting.push_back(Waiting::Read(xid, request));
                self.answer_line(now, id, out);
            }
        }
        self.touch_all(now, &[session]);
    }

    /// A write joins the line; it is on its way at once unless a linearizable read waits in front
    /// of it.
    fn take_write(
        &mut self,
        now: Time,
        id: ConnectionId,
        xid: Xid,
        update: Update,
        out: &mut Vec<Output>,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let is_linearizable = |waiting: &Waiting| matches!(waiting, Waiting::Linearizable { .. });
        if connection.waiting.iter().any(is_linearizable) {
            connection.waiting.push_back(Waiting::Held(xid, update));
        } else {
            connection.waiting.push_back(Waiting::Write(xid));
            self.submit_write(now, id, xid, update, out);
        }
    }

    fn submit_write(
        &mut self,
        now: Time,
        id: ConnectionId,
        xid: Xid,
        update: Update,
        out: &mut Vec<Output>,
    ) {
        let session = self.connections.get(&id).and_then(Connection::session);
        if let Some(session) = session {
            let command = Command {
                session,
                xid,
                time: now,
                update,
            };
            self.submit(now, command, Some(id), out);
        }
    }

    /// The handshake. A session is opened, or moved here, through the log: so no server that is
    /// behind can mistake a living session for an expired one.
    #[allow(clippy::too_many_arguments)]
    fn on_connect(
        &mut self,
        now: Time,
        random: Bits,
        id: ConnectionId,
        session: Option<Credentials>,
        timeout: Duration,
        last_zxid: Zxid,
        out: &mut Vec<Output>,
    ) {
        if self.replica.leader().is_none() {
            return refuse(id, CloseReason::NoLeader, out);
        }
        if last_zxid > self.service.last_zxid() {
            return refuse(id, CloseReason::ClientIsAhead, out);
        }
        let timeout = negotiate(timeout, self.tick);
        let (session, xid, update) = match session {
            None => (
                self.new_session_id(),
                Xid::ZERO,
                Update::CreateSession {
                    timeout,
                    password: Password::from_bits(random.0),
                },
            ),
            // Two connections of one session may wait at two servers: each has its own number.
            Some(Credentials { session, password }) => (
                session,
                Xid::new(id.number() as i32),
                Update::AttachSession { timeout, password },
            ),
        };
        self.connections.insert(
            id,
            Connection {
                touched: true,
                ..Connection::default()
            },
        );
        let command = Command {
            session,
            xid,
            time: now,
            update,
        };
        self.submit(now, command, Some(id), out);
    }

    /// Unique without asking anyone: see [`SessionId::first_of`].
    fn new_session_id(&mut self) -> SessionId {
        let id = self.next_session;
        self.next_session = id.next();
        id
    }

    /// What a command's application means for the connections of this server.
    pub(super) fn after_apply(
        &mut self,
        now: Time,
        command: &Command,
        zxid: Zxid,
        reply: Reply,
        out: &mut Vec<Output>,
    ) {
        let origin = self.outbox.settle(command);
        match &command.update {
            Update::Write(_) => {}
            Update::CloseSession { expired } => {
                self.track_session(now, command.session);
                if *expired && reply.is_ok() {
                    let session = command.session;
                    out.push(Output::Fact(Fact::Server(ServerFact::SessionExpired {
                        session,
                    })));
                    self.close_session_connections(session, None, CloseReason::Expired, out);
                }
            }
            Update::CreateSession { timeout, password }
            | Update::AttachSession {
                timeout, password, ..
            } => {
                self.track_session(now, command.session);
                self.close_session_connections(
                    command.session,
                    origin,
                    CloseReason::SessionMoved,
                    out,
                );
                if let Some(id) = origin {
                    let session = Credentials {
                        session: command.session,
                        password: *password,
                    };
                    self.finish_handshake(id, session, *timeout, &reply, out);
                }
                return;
            }
        }
        if let Some(id) = origin {
            self.answer_write(now, id, command, zxid, reply, out);
        }
    }

    fn finish_handshake(
        &mut self,
        id: ConnectionId,
        session: Credentials,
        timeout: Duration,
        reply: &Reply,
        out: &mut Vec<Output>,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if reply.is_ok() {
            connection.session = Some(session.session);
            let frame = ToClient::Connected { session, timeout };
            out.push(Output::Frame {
                connection: id,
                frame,
            });
        } else {
            self.connections.remove(&id);
            out.push(Output::Frame {
                connection: id,
                frame: ToClient::Expired,
            });
            refuse(id, CloseReason::Expired, out);
        }
    }

    fn answer_write(
        &mut self,
        now: Time,
        id: ConnectionId,
        command: &Command,
        zxid: Zxid,
        reply: Reply,
        out: &mut Vec<Output>,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let closes = matches!(reply, Ok(Response::SessionClosed));
        // Writes of one session are applied in the order in which they were taken in, so this one
        // is at the front, behind nothing but reads that were already answered.
        if let Some(Waiting::Write(xid)) = connection.waiting.front() {
            debug_assert_eq!(
                *xid, command.xid,
                "a session's writes are answered in order"
            );
            connection.waiting.pop_front();
        }
        out.push(Output::Frame {
            connection: id,
            frame: ToClient::Reply {
                xid: command.xid,
                zxid,
                reply,
            },
        });
        if closes {
            self.connections.remove(&id);
            out.push(Output::Close(id));
        } else {
            self.answer_line(now, id, out);
        }
    }

    /// The replica lets a linearizable read through.
    pub(super) fn let_read(&mut self, id: ConnectionId, through: u64) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        for waiting in &mut connection.waiting {
            if let Waiting::Linearizable { read, ready, .. } = waiting
                && *read == through
            {
                *ready = true;
            }
        }
    }

    /// Answers the reads that are next in line, and hands the writes on that stood behind them.
    pub(super) fn answer_line(&mut self, now: Time, id: ConnectionId, out: &mut Vec<Output>) {
        let zxid = self.service.last_zxid();
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let is_next = |waiting: &mut Waiting| {
            matches!(
                waiting,
                Waiting::Read(..) | Waiting::Linearizable { ready: true, .. }
            )
        };
        while let Some(waiting) = connection.waiting.pop_front_if(is_next) {
            let (Waiting::Read(xid, request) | Waiting::Linearizable { xid, request, .. }) =
                waiting
            else {
                continue;
            };
            let reply = self.service.read(&request);
            out.push(Output::Frame {
                connection: id,
                frame: ToClient::Reply { xid, zxid, reply },
            });
        }
        let mut freed = Vec::new();
        for waiting in &mut connection.waiting {
            match waiting {
                Waiting::Linearizable { .. } => break,
                Waiting::Held(xid, update) => {
                    freed.push((*xid, update.clone()));
                    *waiting = Waiting::Write(*xid);
                }
                Waiting::Write(_) | Waiting::Read(..) => {}
            }
        }
        for (xid, update) in freed {
            self.submit_write(now, id, xid, update, out);
        }
    }

    /// Closes the connections that serve a session, all but one.
    fn close_session_connections(
        &mut self,
        session: SessionId,
        except: Option<ConnectionId>,
        reason: CloseReason,
        out: &mut Vec<Output>,
    ) {
        let closing = |id: &ConnectionId, connection: &Connection| {
            connection.session == Some(session) && Some(*id) != except
        };
        for (id, _) in self
            .connections
            .extract_if(.., |id, connection| closing(id, connection))
        {
            refuse(id, reason, out);
        }
    }

    /// A server that has lost its leader serves nobody: what it would answer may be long overtaken.
    pub(super) fn close_all(&mut self, reason: CloseReason, out: &mut Vec<Output>) {
        for (id, _) in std::mem::take(&mut self.connections) {
            refuse(id, reason, out);
        }
    }

    /// As follower: tells the leader whose clients were heard from since the last time.
    pub(super) fn report_touched(&mut self, out: &mut Vec<Output>) {
        let mut touched = Vec::new();
        for connection in self.connections.values_mut() {
            if std::mem::take(&mut connection.touched) {
                touched.extend(connection.session);
            }
        }
        match self.replica.leader() {
            Some(leader) if leader != self.replica.id() && !touched.is_empty() => {
                out.push(Output::Send {
                    to: leader,
                    message: PeerMessage::Touch(touched),
                });
            }
            _ => {}
        }
    }
}

/// Closes a connection and says why.
fn refuse(connection: ConnectionId, reason: CloseReason, out: &mut Vec<Output>) {
    out.push(Output::Close(connection));
    out.push(Output::Fact(Fact::Server(ServerFact::ClosedConnection {
        connection,
        reason,
    })));
}
