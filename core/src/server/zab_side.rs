//! What of a server speaks Zab: the replica, which holds the state, and the transactions that
//! travel.

use std::sync::Arc;

use super::outbox::Ticket;
use super::revalidation::Arrivals;
use super::scratch::Scratch;
use super::{Fact, Input, Output, PeerMessage, Timer, Token, Write};
use crate::ids::ServerId;
use crate::random::Bits;
use crate::time::{Duration, Time};
use crate::zab::{
    self, Configuration, Durable, Message, Payload, Phase, Replica, RestartError, ServerState,
    ToLeader,
};
use crate::zookeeper::{Change, Command, Reply, Service, SessionId, Txn, TxnHeader, Xid, Zxid};

/// Session, xid, time, origin and ticket, in front of every transaction.
const TXN_HEADER: usize = 8 + 4 + 8 + 2 + 16;

/// A transaction as Zab replicates it: prepared by the leader, and the same for everybody.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ZabTxn {
    /// The session that asked, or that is opened or closed.
    pub session: SessionId,
    /// The request's number within the session.
    pub xid: Xid,
    /// The leader's clock when it prepared the transaction.
    pub time: Time,
    /// The server that took the request in.
    pub origin: ServerId,
    /// By which the origin knows its request again; none for what the leader wants by itself.
    pub ticket: Option<Ticket>,
    /// What changes.
    pub txn: Txn,
}

/// A client's wish on its way to the leader.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Asked {
    /// By which the origin knows its request again.
    pub ticket: Option<Ticket>,
    /// The wish.
    pub command: Command,
}

/// What a transaction has done.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Effect {
    /// The answer to the one who asked.
    pub reply: Reply,
    /// What has changed, in order.
    pub changes: Arc<[Change]>,
}

impl Payload for ZabTxn {
    type State = Service;
    type Effect = Effect;
    type Request = Asked;

    fn size(&self) -> usize {
        TXN_HEADER + self.txn.size()
    }

    fn apply(&self, zxid: Zxid, state: &mut Service) -> Effect {
        let mut changes = Vec::new();
        let reply = state.apply(&self.header(zxid), &self.txn, &mut changes);
        Effect {
            reply,
            changes: changes.into(),
        }
    }
}

impl ZabTxn {
    /// Who asked for it, and its place and time.
    pub(super) const fn header(&self, zxid: Zxid) -> TxnHeader {
        TxnHeader {
            session: self.session,
            xid: self.xid,
            zxid,
            time: self.time,
        }
    }
}

/// What a server that runs Zab starts from.
#[derive(Clone, Debug)]
pub struct ZabStart {
    /// The rules that are in force.
    pub rules: zab::Rules,
    /// What its disk holds.
    pub durable: Durable<ZabTxn>,
}

/// A replica of the state, and the sessions that came here from elsewhere.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ZabSide {
    replica: Replica<ZabTxn>,
    pub(super) arrivals: Arrivals,
    scratch: Scratch<zab::Output<ZabTxn>>,
}

/// Whether a leader applies what it has committed on this input: its timer says so, or a learner
/// comes that is to be brought up to date.
pub(super) fn lets_apply(rules: &zab::Rules, input: &Input) -> bool {
    match input {
        Input::Timer(Timer::Zab(zab::Timer::Apply)) => true,
        Input::Peer {
            message: PeerMessage::Zab(message),
            ..
        } => {
            let comes = matches!(**message, Message::ToLeader(ToLeader::AckEpoch { .. }));
            comes && rules.cut_only_uncommitted
        }
        _ => false,
    }
}

/// What the replica says to the server that it belongs to, in order.
#[derive(Debug)]
pub(super) enum Told {
    /// A transaction was applied to the state.
    Delivered {
        zxid: Zxid,
        txn: ZabTxn,
        effect: Effect,
    },
    /// As leader: a transaction is to be made of a request that `origin` took in.
    Prepare { origin: ServerId, asked: Asked },
    /// As leader: clients of these sessions were heard from elsewhere; each has a timeout there.
    Touched(Vec<(SessionId, Duration)>),
    /// As leader: a client has come to `server` with a session.
    Revalidate {
        server: ServerId,
        session: SessionId,
        timeout: Duration,
    },
    /// The leader says of a session that a client has come with whether it is alive.
    Revalidated { session: SessionId, is_alive: bool },
    /// All that a sync waited for has been delivered.
    Synced(u64),
}

impl ZabSide {
    pub(super) fn boot(
        id: ServerId,
        settings: zab::Settings,
        start: ZabStart,
        now: Time,
        random: Bits,
    ) -> Result<Self, RestartError> {
        let mut scratch = Scratch::default();
        let ZabStart { rules, durable } = start;
        let replica = Replica::boot(id, settings, rules, durable, now, random, &mut scratch.0)?;
        Ok(Self {
            replica,
            arrivals: Arrivals::default(),
            scratch,
        })
    }

    /// Takes what is meant for the replica. There is nothing here that a hand could set.
    #[inline(never)] // Apart: who runs Raft need not fetch it.
    pub(super) fn take(&mut self, now: Time, random: Bits, input: Input) {
        let input = match input {
            Input::Peer {
                from,
                message: PeerMessage::Zab(message),
            } => zab::Input::Message {
                from,
                message: *message,
            },
            Input::Timer(Timer::Zab(timer)) => zab::Input::Timer(timer),
            Input::Stored(Token(token)) => zab::Input::Stored(zab::Token::new(token)),
            Input::ConnectionUp { peer, channel } => zab::Input::ConnectionUp { peer, channel },
            Input::ConnectionDown { peer, channel } => zab::Input::ConnectionDown { peer, channel },
            _ => return,
        };
        self.replica.step(now, random, input, &mut self.scratch.0);
    }

    /// As leader: applies the next of what is committed, if there is anything.
    #[inline(never)] // Apart: who runs Raft need not fetch it.
    pub(super) fn apply_one(&mut self, now: Time, random: Bits) -> bool {
        self.replica.apply_one(now, random, &mut self.scratch.0)
    }

    /// Writes a snapshot of its state.
    pub(super) fn take_snapshot(&mut self, now: Time, random: Bits) {
        self.replica.snapshot_now(now, random, &mut self.scratch.0);
    }

    /// Sends a wish on its way to the leader, which may be this server; whether it is on its way.
    pub(super) fn request(&mut self, ticket: Option<Ticket>, command: Command) -> bool {
        let asked = Asked { ticket, command };
        self.replica.request(asked, &mut self.scratch.0).is_ok()
    }

    /// As leader: broadcasts a transaction; the place that it gets, if it gets one.
    pub(super) fn propose(
        &mut self,
        now: Time,
        random: Bits,
        txn: ZabTxn,
        reconfiguration: Option<&Configuration>,
    ) -> Option<Zxid> {
        let out = &mut self.scratch.0;
        let proposed = self.replica.propose(now, random, txn, reconfiguration, out);
        proposed.ok()
    }

    /// Asks the leader when everything that is outstanding now has been delivered here.
    pub(super) fn sync(&mut self, tag: u64) -> bool {
        self.replica.sync(tag, &mut self.scratch.0).is_ok()
    }

    /// A session's client was heard from: the leader will be told with the next answer to a ping.
    pub(super) fn touch(&mut self, session: SessionId, timeout: Duration) {
        self.replica.touch(session, timeout);
    }

    /// Asks the leader, which may be this server, whether a session may go on here; whether the
    /// question is on its way.
    pub(super) fn revalidate(&mut self, session: SessionId, timeout: Duration) -> bool {
        let out = &mut self.scratch.0;
        self.replica.revalidate(session, timeout, out).is_ok()
    }

    /// As leader: answers that question.
    pub(super) fn answer_revalidation(
        &mut self,
        server: ServerId,
        session: SessionId,
        is_alive: bool,
    ) {
        let out = &mut self.scratch.0;
        self.replica.revalidated(server, session, is_alive, out);
    }

    /// Hands on what the replica wants done; what it says besides.
    #[inline(never)] // Apart: who runs Raft need not fetch it.
    pub(super) fn pass_on_outputs(&mut self, out: &mut Vec<Output>) -> Vec<Told> {
        let mut told = Vec::new();
        for output in self.scratch.0.drain(..) {
            use zab::Output as From;
            match output {
                From::Send { to, message } => out.push(Output::SendOver {
                    to,
                    channel: message.channel(),
                    message: PeerMessage::Zab(Box::new(message)),
                }),
                From::Connect { to, channel } => out.push(Output::Connect { to, channel }),
                From::Close { peer, channel } => out.push(Output::Disconnect { peer, channel }),
                From::SetTimer { timer, at } => out.push(Output::SetTimer {
                    timer: Timer::Zab(timer),
                    at,
                }),
                From::CancelTimer { timer } => out.push(Output::CancelTimer(Timer::Zab(timer))),
                From::Persist { token, write } => out.push(Output::Persist {
                    token: Token(token.number()),
                    write: Write::Zab(Box::new(write)),
                }),
                From::Fact(fact) => out.push(Output::Fact(Fact::Zab(fact))),
                From::Deliver { entry, effect } => told.push(Told::Delivered {
                    zxid: entry.zxid,
                    txn: entry.txn,
                    effect,
                }),
                From::Prepare { origin, request } => told.push(Told::Prepare {
                    origin,
                    asked: request,
                }),
                From::Touched { sessions } => told.push(Told::Touched(sessions)),
                From::Revalidate {
                    learner: server,
                    session,
                    timeout,
                } => told.push(Told::Revalidate {
                    server,
                    session,
                    timeout,
                }),
                From::Revalidated {
                    session,
                    valid: is_alive,
                } => told.push(Told::Revalidated { session, is_alive }),
                From::Synced { tag } => told.push(Told::Synced(tag)),
                // No client is served by a server whose state is replaced, but those who only read.
                From::Restored => {}
            }
        }
        told
    }

    pub(super) fn is_settled(&self) -> bool {
        self.scratch.0.is_empty()
    }

    pub(super) const fn replica(&self) -> &Replica<ZabTxn> {
        &self.replica
    }

    pub(super) const fn id(&self) -> ServerId {
        self.replica.id()
    }

    pub(super) const fn service(&self) -> &Service {
        self.replica.database()
    }

    /// The leader, once this server is up to date with it.
    pub(super) fn leader(&self) -> Option<ServerId> {
        self.replica
            .leader()
            .filter(|_| self.replica.phase() == Phase::Broadcast)
    }

    pub(super) fn leads(&self) -> bool {
        self.leader() == Some(self.id())
    }

    pub(super) fn is_looking(&self) -> bool {
        self.replica.state() == ServerState::Looking
    }
}
