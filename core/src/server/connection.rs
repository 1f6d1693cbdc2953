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
                connection.waiting.push_back(Waiting::Write(xid));
                let update = Update::CloseSession { expired: false };
                self.submit(
                    now,
                    Command {
                        session,
                        xid,
                        time: now,
                        update,
                    },
                    Some(id),
                    out,
                );
            }
            ToServer::Request { xid, request } if request.is_replicated() => {
                connection.waiting.push_back(Waiting::Write(xid));
                let update = Update::Write(request);
                self.submit(
                    now,
                    Command {
                        session,
                        xid,
                        time: now,
                        update,
                    },
                    Some(id),
                    out,
                );
            }
            ToServer::Request { xid, request } => {
                connection.waiting.push_back(Waiting::Read(xid, request));
                self.answer_reads(id, out);
            }
        }
        self.touch_all(now, &[session]);
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
        let own = self.next_session;
        // A clock that was set back would hand out ids anew.
        let id = match self.service.last_opened_like(own) {
            Some(last) => own.max(last.next()),
            None => own,
        };
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
            self.answer_write(id, command, zxid, reply, out);
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
            self.answer_reads(id, out);
        }
    }

    /// Answers the reads that are next in line.
    fn answer_reads(&mut self, id: ConnectionId, out: &mut Vec<Output>) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let zxid = self.service.last_zxid();
        while let Some(Waiting::Read(..)) = connection.waiting.front() {
            let Some(Waiting::Read(xid, request)) = connection.waiting.pop_front() else {
                return;
            };
            let reply = self.service.read(&request);
            out.push(Output::Frame {
                connection: id,
                frame: ToClient::Reply { xid, zxid, reply },
            });
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
