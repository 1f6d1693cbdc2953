//! One client connection at its server: requests taken in and answered in their order.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use imbl::{OrdMap, OrdSet};

use super::{ByProtocol, CloseReason, Fact, Output, PeerMessage, Server, ServerFact};
use crate::ids::ConnectionId;
use crate::random::Bits;
use crate::time::Time;
use crate::zookeeper::frame::{ToClient, ToServer};
use crate::zookeeper::{
    Command, ErrorCode, Identities, MAX_FRAME, Reply, Request, Response, SessionId, Update, Xid,
    Zxid,
};

/// A request that was not answered yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Waiting {
    /// On its way through the log; or, if it `holds` the line, through more than one entry of it:
    /// what is written behind it must not be applied before it is done.
    Write { xid: Xid, holds: bool },
    /// Answered from the tree when its turn comes.
    Read(Xid, Request),
    /// Decided already; its answer goes out when its turn comes.
    Decided(Xid, Reply),
    /// Answered from the tree when its turn comes and the replica has let the read through.
    Linearizable {
        xid: Xid,
        request: Request,
        read: u64,
        ready: bool,
    },
    /// To be handed to the leader when its turn comes: it must not take effect before what holds
    /// the line in front of it.
    Held(Xid, Update),
}

impl Waiting {
    /// A linearizable read does not see the writes behind it. Under Raft a change of the ensemble
    /// is done long after the command that asks for it was applied.
    const fn holds(&self) -> bool {
        matches!(
            self,
            Self::Linearizable { .. } | Self::Write { holds: true, .. }
        )
    }
}

/// A client connection. It has a session once the handshake is done.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Connection {
    session: Option<SessionId>,
    /// Who its client has proved to be.
    identities: Identities,
    /// What this server may do for it while it knows no leader.
    access: Access,
    /// Unanswered requests, oldest first: the answer to a read waits for earlier writes of the same
    /// session, and for nobody else's.
    waiting: VecDeque<Waiting>,
    /// Whether the client was heard from since the leader was last told.
    touched: bool,
}

/// Whether a connection is served by the ensemble or by a server that stands alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Access {
    /// Everything can be asked.
    Full,
    /// Nothing can be changed; the session is one that the ensemble knows.
    ReadOnly,
    /// Nothing can be changed, and no other server knows the session.
    ReadOnlyLocal,
}

/// The connections that serve each session: what they say themselves, the other way round, so that
/// the end of a session costs the same whatever the number of clients.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Serving(OrdMap<SessionId, OrdSet<ConnectionId>>);

/// The connections say it already.
impl Hash for Serving {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Serving {
    pub(super) fn enter(&mut self, session: SessionId, connection: ConnectionId) {
        self.0.entry(session).or_default().insert(connection);
    }

    fn leave(&mut self, session: SessionId, connection: ConnectionId) {
        if let Some(connections) = self.0.get_mut(&session) {
            connections.remove(&connection);
            if connections.is_empty() {
                self.0.remove(&session);
            }
        }
    }

    pub(super) fn of(&self, session: SessionId) -> impl Iterator<Item = ConnectionId> + use<'_> {
        self.0.get(&session).into_iter().flatten().copied()
    }
}

impl Connection {
    pub(super) fn new(id: ConnectionId) -> Self {
        Self {
            session: None,
            identities: Identities::of_address(address_of(id)),
            access: Access::Full,
            waiting: VecDeque::new(),
            touched: true,
        }
    }

    pub(super) fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// Whether a write must wait here for what was asked for before it.
    fn is_held(&self) -> bool {
        self.waiting.iter().any(Waiting::holds)
    }

    pub(super) fn identities(&self) -> &Identities {
        &self.identities
    }

    /// The handshake is done.
    pub(super) fn serve(&mut self, session: SessionId, access: Access) {
        self.session = Some(session);
        self.access = access;
    }
}

/// All clients run on one machine: the first at 127.0.0.1, the next at 127.0.0.2. A client names
/// its connections after itself.
const fn address_of(id: ConnectionId) -> [u8; 4] {
    [127, 0, 0, (id.number() >> 32) as u8 + 1]
}

impl Server {
    #[inline(never)] // Apart: it is needed later, and fetched then.
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
            read_only,
        } = frame
        {
            let hello = super::session::Hello {
                session,
                timeout,
                last_zxid,
                read_only,
            };
            return self.on_connect(now, random, id, hello, out);
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
            ToServer::Close { xid } => self.on_close(now, id, session, xid, out),
            ToServer::Request { xid, request } => {
                self.on_request(now, id, session, (xid, request), out);
            }
        }
        self.touch_all(now, &[session]);
    }

    fn on_request(
        &mut self,
        now: Time,
        id: ConnectionId,
        session: SessionId,
        (xid, request): (Xid, Request),
        out: &mut Vec<Output>,
    ) {
        if request.frame_size() > MAX_FRAME {
            return self.refuse(id, CloseReason::FrameTooLarge, out);
        }
        if self.leads_without(session) {
            return self.refuse(id, CloseReason::SessionMoved, out);
        }
        let superuser = self.settings.superuser;
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.access == Access::Full
            && let Some(read) = self.protocol.waits_for_others(&request)
        {
            return self.line_up_read(now, id, xid, read);
        }
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let is_replicated = request.is_replicated();
        let behind = connection.is_held();
        let holds = self.protocol.takes_several_steps(&request);
        connection.waiting.push_back(match &request {
            // Proved at once: it counts for every request behind it.
            Request::AddAuth { scheme, credential } => {
                let proved = connection.identities.prove(scheme, credential, superuser);
                Waiting::Decided(xid, proved.map(|()| Response::Done))
            }
            _ if !is_replicated && !matches!(request, Request::Linearizable(_)) => {
                Waiting::Read(xid, request.clone())
            }
            _ if connection.access != Access::Full => {
                Waiting::Decided(xid, Err(ErrorCode::NotReadOnly))
            }
            Request::Linearizable(_) => Waiting::Decided(xid, Err(ErrorCode::Unimplemented)),
            _ if behind => Waiting::Held(xid, Update::Write(request.clone())),
            _ => Waiting::Write { xid, holds },
        });
        if connection.waiting.back() == Some(&Waiting::Write { xid, holds }) {
            self.submit_for(now, id, session, xid, Update::Write(request), out);
        } else {
            self.answer_ready(now, id, out);
        }
    }

    /// A linearizable read joins the line, and the replica is asked for it.
    fn line_up_read(&mut self, now: Time, id: ConnectionId, xid: Xid, request: Request) {
        let read = self.ask_for_read(now, id);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.waiting.push_back(Waiting::Linearizable {
                xid,
                request,
                read,
                ready: false,
            });
        }
    }

    fn on_close(
        &mut self,
        now: Time,
        id: ConnectionId,
        session: SessionId,
        xid: Xid,
        out: &mut Vec<Output>,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        match connection.access {
            Access::Full if connection.is_held() => {
                let update = Update::CloseSession { expired: false };
                connection.waiting.push_back(Waiting::Held(xid, update));
            }
            Access::Full => {
                let holds = false;
                connection.waiting.push_back(Waiting::Write { xid, holds });
                let update = Update::CloseSession { expired: false };
                self.submit_for(now, id, session, xid, update, out);
            }
            Access::ReadOnly => {
                let refused = Waiting::Decided(xid, Err(ErrorCode::NotReadOnly));
                connection.waiting.push_back(refused);
                self.answer_ready(now, id, out);
            }
            Access::ReadOnlyLocal => {
                let closed = Waiting::Decided(xid, Ok(Response::SessionClosed));
                connection.waiting.push_back(closed);
                self.answer_ready(now, id, out);
            }
        }
    }

    /// A client's command sets out for the leader.
    pub(super) fn submit_for(
        &mut self,
        now: Time,
        id: ConnectionId,
        session: SessionId,
        xid: Xid,
        update: Update,
        out: &mut Vec<Output>,
    ) {
        let connection = self.connections.get(&id);
        let identities = connection.map(|it| it.identities().clone());
        let command = Command {
            session,
            xid,
            time: now,
            origin: self.protocol.id(),
            identities: identities.unwrap_or_default(),
            in_step: Vec::new(),
            update,
        };
        self.submit(now, command, Some(id), out);
    }

    /// The leader knows at once that a session has moved on to another server; the others learn
    /// it when a write of the old connection comes through the log.
    fn leads_without(&self, session: SessionId) -> bool {
        let service = self.protocol.service();
        let leading = self.leading.as_ref();
        let owner = leading.and_then(|leading| leading.owner(service, session));
        owner.is_some_and(|owner| service.rules().bars(owner, self.protocol.id()))
    }

    pub(super) fn answer_write(
        &mut self,
        now: Time,
        id: ConnectionId,
        xid: Xid,
        zxid: Zxid,
        reply: Reply,
        out: &mut Vec<Output>,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        // What is behind this connection goes on elsewhere: it gets no answer that could be
        // mistaken for one of the new connection's.
        if reply == Err(ErrorCode::SessionMoved) {
            return self.refuse(id, CloseReason::SessionMoved, out);
        }
        // Writes of one session are applied in the order in which they were taken in, so this one
        // is at the front, behind nothing but what was already answered.
        if let Some(Waiting::Write { xid: first, .. }) = connection.waiting.front() {
            debug_assert_eq!(*first, xid, "a session's writes are answered in order");
            connection.waiting.pop_front();
        }
        self.reply(id, xid, zxid, reply, out);
        self.answer_ready(now, id, out);
    }

    /// Answers what is next in line and waits for nothing, and hands on the writes that nothing
    /// holds any more.
    pub(super) fn answer_ready(&mut self, now: Time, id: ConnectionId, out: &mut Vec<Output>) {
        let zxid = self.protocol.service().last_zxid();
        let is_next = |waiting: &mut Waiting| match waiting {
            Waiting::Decided(..) | Waiting::Read(..) => true,
            Waiting::Linearizable { ready, .. } => *ready,
            Waiting::Write { .. } | Waiting::Held(..) => false,
        };
        while let Some(connection) = self.connections.get_mut(&id)
            && let Some(next) = connection.waiting.pop_front_if(is_next)
        {
            let (xid, reply) = match next {
                Waiting::Decided(xid, reply) => (xid, reply),
                Waiting::Read(xid, request) | Waiting::Linearizable { xid, request, .. } => {
                    (xid, self.read(id, &request, out))
                }
                Waiting::Write { .. } | Waiting::Held(..) => continue,
            };
            self.reply(id, xid, zxid, reply, out);
        }
        self.hand_on_held(now, id, out);
    }

    fn hand_on_held(&mut self, now: Time, id: ConnectionId, out: &mut Vec<Output>) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let Some(session) = connection.session else {
            return;
        };
        let mut freed = Vec::new();
        for waiting in &mut connection.waiting {
            if let Waiting::Held(xid, update) = waiting {
                let (xid, update) = (*xid, update.clone());
                let holds = match &update {
                    Update::Write(request) => self.protocol.takes_several_steps(request),
                    _ => false,
                };
                *waiting = Waiting::Write { xid, holds };
                freed.push((xid, update));
            }
            if waiting.holds() {
                break;
            }
        }
        for (xid, update) in freed {
            self.submit_for(now, id, session, xid, update, out);
        }
    }

    fn reply(
        &mut self,
        id: ConnectionId,
        xid: Xid,
        zxid: Zxid,
        reply: Reply,
        out: &mut Vec<Output>,
    ) {
        let closes = matches!(reply, Ok(Response::SessionClosed));
        let denied = reply == Err(ErrorCode::AuthFailed);
        out.push(Output::Frame {
            connection: id,
            frame: ToClient::Reply { xid, zxid, reply },
        });
        if closes {
            self.forget_connection(id);
            out.push(Output::Close(id));
        } else if denied {
            self.refuse(id, CloseReason::AuthFailed, out);
        }
    }

    /// The connection is gone, and with it what was kept for it.
    #[inline(never)] // Apart: it is needed later, and fetched then.
    pub(super) fn forget_connection(&mut self, id: ConnectionId) {
        let connection = self.connections.remove(&id);
        if let Some(session) = connection.and_then(|it| it.session) {
            self.serving.leave(session, id);
            if let ByProtocol::Zab(side) = &mut self.protocol
                && self.serving.of(session).next().is_none()
            {
                side.arrivals.leave(session);
            }
        }
        self.watches.forget(id);
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

    /// Closes a connection and says why.
    pub(super) fn refuse(
        &mut self,
        connection: ConnectionId,
        reason: CloseReason,
        out: &mut Vec<Output>,
    ) {
        self.forget_connection(connection);
        out.push(Output::Close(connection));
        out.push(Output::Fact(Fact::Server(ServerFact::ClosedConnection {
            connection,
            reason,
        })));
    }

    /// Closes every connection that `is_meant`.
    pub(super) fn refuse_all(
        &mut self,
        reason: CloseReason,
        out: &mut Vec<Output>,
        is_meant: impl Fn(ConnectionId, &Connection) -> bool,
    ) {
        let meant: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(id, connection)| is_meant(**id, connection))
            .map(|(id, _)| *id)
            .collect();
        for id in meant {
            self.refuse(id, reason, out);
        }
    }

    /// As follower under Raft: tells the leader whose clients were heard from since the last time.
    pub(super) fn report_touched(&mut self, out: &mut Vec<Output>) {
        let mut touched = Vec::new();
        for connection in self.connections.values_mut() {
            if std::mem::take(&mut connection.touched) {
                touched.extend(connection.session);
            }
        }
        if self.zab().is_some() {
            return;
        }
        match self.protocol.leader() {
            Some(leader) if leader != self.protocol.id() && !touched.is_empty() => {
                out.push(Output::Send {
                    to: leader,
                    message: PeerMessage::Touch(touched),
                });
            }
            _ => {}
        }
    }
}
