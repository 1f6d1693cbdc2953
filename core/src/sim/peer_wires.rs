//! Connections between servers: what is sent over one arrives in order, or the connection breaks.
//!
//! One end dials and the other accepts, where the connection is up from then on; the news of that
//! makes it up at the first end, too. Each end is on at most one connection of a kind. An end
//! leaves it by closing it, when the other end's farewell arrives, or when it can no longer carry
//! everything in order; what is addressed to an end that has left is answered with a farewell, as a
//! machine answers for a port that nobody has open.
//!
//! A packet that the link loses is sent again underneath and comes late; one that runs into a cut,
//! or that the reader drops, is gone, and the next that arrives breaks the connection. A dial that
//! is lost, or whose answer is, has failed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::network::{Body, Death, InFlight, Parcel};
use super::node::Waiting;
use super::world::World;
use crate::ids::{ConnectionId, Endpoint, EventId, ServerId};
use crate::server::{Input, PeerMessage};
use crate::zab::Channel;

/// The number before the first connection's: neither clients nor sockets get there.
const BEFORE_PEERS: u64 = 1 << 40;

/// A connection as the sender of a packet sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PeerWire {
    /// Its name.
    pub connection: ConnectionId,
    /// What it is for.
    pub channel: Channel,
}

/// What travels over a connection between servers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Packet {
    /// The first: the sender dials.
    Open,
    /// The answer: the connection is up at the sender.
    Accepted,
    /// What a server has to say.
    Frame(PeerMessage),
    /// The last: the sender is not, or no longer, on this connection.
    Closed,
}

/// One end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeerEnd {
    /// The server at this end.
    pub me: ServerId,
    /// The server at the other end.
    pub peer: ServerId,
    /// What the connection is for, seen from this end.
    pub channel: Channel,
}

/// What an end is on: it dials until the connection is up there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Hold {
    connection: ConnectionId,
    is_up: bool,
}

/// The connections between servers: what each end is on, and which have lost something. Only
/// connections that some end is on are `torn`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct PeerWires {
    ends: BTreeMap<PeerEnd, Hold>,
    torn: BTreeSet<ConnectionId>,
    dialled: u64,
}

impl PeerEnd {
    pub(super) const fn new(me: ServerId, peer: ServerId, channel: Channel) -> Self {
        Self { me, peer, channel }
    }

    fn other(self) -> Self {
        Self {
            me: self.peer,
            peer: self.me,
            channel: self.channel.other_end(),
        }
    }

    /// The end that a message arrives at, and the connection it came over.
    fn reached_by(message: &InFlight) -> Option<(Self, ConnectionId)> {
        let (Endpoint::Server(peer), Endpoint::Server(me)) = (message.from, message.to) else {
            return None;
        };
        let Body::Wire(wire, _) = &message.body else {
            return None;
        };
        let channel = wire.channel.other_end();
        Some((Self { me, peer, channel }, wire.connection))
    }
}

impl PeerWires {
    pub(super) fn is_empty(&self) -> bool {
        self.dialled == 0
    }

    fn is_on(&self, end: PeerEnd, connection: ConnectionId) -> bool {
        let hold = self.ends.get(&end);
        hold.is_some_and(|hold| hold.connection == connection)
    }

    fn is_dialling(&self, end: PeerEnd, connection: ConnectionId) -> bool {
        let hold = self.ends.get(&end);
        hold.is_some_and(|hold| hold.connection == connection && !hold.is_up)
    }

    /// The end leaves what it is on: that, if it was anything.
    fn leave(&mut self, end: PeerEnd) -> Option<Hold> {
        let hold = self.ends.remove(&end)?;
        if !self.is_on(end.other(), hold.connection) {
            self.torn.remove(&hold.connection);
        }
        Some(hold)
    }
}

impl World {
    /// The ends that are on a connection, or dial one, and whether it is up there.
    pub fn peer_ends(&self) -> impl Iterator<Item = (PeerEnd, bool)> + '_ {
        let ends = self.peer_wires.ends.iter();
        ends.map(|(end, hold)| (*end, hold.is_up))
    }

    /// A server wants a connection: nothing happens if it has one, or dials already.
    #[inline(never)] // Apart: who runs Raft need not fetch it.
    pub(super) fn dial(&mut self, end: PeerEnd) {
        if self.peer_wires.ends.contains_key(&end) {
            return;
        }
        self.peer_wires.dialled += 1;
        let connection = ConnectionId::new(BEFORE_PEERS + self.peer_wires.dialled);
        let hold = Hold {
            connection,
            is_up: false,
        };
        self.peer_wires.ends.insert(end, hold);
        self.send_packet(end, connection, Packet::Open);
    }

    /// A server closes its end. What it has sent before arrives.
    #[inline(never)] // Apart: who runs Raft need not fetch it.
    pub(super) fn hang_up(&mut self, end: PeerEnd) {
        if let Some(hold) = self.peer_wires.leave(end) {
            self.send_packet(end, hold.connection, Packet::Closed);
            self.forget_lanes(end, hold.connection);
        }
    }

    /// A server says something over a connection that is up at its end.
    #[inline(never)] // Apart: who runs Raft need not fetch it.
    pub(super) fn send_over(&mut self, end: PeerEnd, message: PeerMessage) {
        let hold = self.peer_wires.ends.get(&end).filter(|hold| hold.is_up);
        debug_assert!(hold.is_some(), "{end:?} sends over nothing");
        if let Some(connection) = hold.map(|hold| hold.connection) {
            self.send_packet(end, connection, Packet::Frame(message));
        }
    }

    fn send_packet(&mut self, end: PeerEnd, connection: ConnectionId, packet: Packet) {
        let wire = PeerWire {
            connection,
            channel: end.channel,
        };
        let parcel = Parcel {
            from: end.me.into(),
            to: end.peer.into(),
            body: Body::Wire(wire, packet),
            cause: self.origin(),
        };
        self.network
            .send_in_order(self.now, connection, parcel, &mut self.queue);
    }

    /// Once both ends have left, only farewells are sent.
    fn forget_lanes(&mut self, end: PeerEnd, connection: ConnectionId) {
        if !self.peer_wires.is_on(end.other(), connection) {
            self.network.clear_connection(connection, end.me.into());
            self.network.clear_connection(connection, end.peer.into());
        }
    }

    /// A packet arrives at a machine: it is taken in at once, or when the server can.
    pub(super) fn arrive_between_servers(&mut self, message: InFlight) {
        let Some((end, _)) = PeerEnd::reached_by(&message) else {
            return;
        };
        let lane = message.lane();
        let node = &mut self.nodes[end.me.position()];
        if node.is_busy() {
            let waiting = Waiting::Packet(Box::new(message));
            node.backlog.push_back((waiting, self.cause));
        } else {
            self.take_packet(message);
        }
        self.network.advance_lane(self.now, lane, &mut self.queue);
    }

    /// A packet is taken in.
    pub(super) fn take_packet(&mut self, message: InFlight) {
        let Some((end, connection)) = PeerEnd::reached_by(&message) else {
            return;
        };
        let is_up = self.nodes[end.me.position()].server.is_some();
        let is_on = self.peer_wires.is_on(end, connection);
        let is_torn = self.peer_wires.torn.contains(&connection);
        let tag = message.tag();
        let Body::Wire(_, packet) = message.body else {
            return;
        };
        match packet {
            Packet::Open if is_up => self.accept(end, connection),
            Packet::Closed if is_on => {
                self.peer_wires.leave(end);
                self.forget_lanes(end, connection);
                self.step_connection(end, false);
            }
            Packet::Closed => {}
            Packet::Accepted | Packet::Frame(_) if is_on && is_torn => {
                self.note_death(tag, 1_000, Death::ConnectionClosed);
                self.hang_up(end);
                self.step_connection(end, false);
            }
            Packet::Accepted if is_on => {
                let hold = Hold {
                    connection,
                    is_up: true,
                };
                self.peer_wires.ends.insert(end, hold);
                self.step_connection(end, true);
            }
            Packet::Frame(message) if is_on => {
                let from = end.peer;
                self.step_server(end.me, Input::Peer { from, message });
            }
            Packet::Open | Packet::Accepted | Packet::Frame(_) => {
                let why = if is_up {
                    Death::ConnectionClosed
                } else {
                    Death::DeadServer
                };
                self.note_death(tag, 1_000, why);
                self.send_farewell(end, connection);
            }
        }
    }

    fn step_connection(&mut self, end: PeerEnd, up: bool) {
        let PeerEnd { me, peer, channel } = end;
        let input = if up {
            Input::ConnectionUp { peer, channel }
        } else {
            Input::ConnectionDown { peer, channel }
        };
        self.step_server(me, input);
    }

    /// The other end dials. If this end is still on an earlier connection, it learns now that the
    /// other is not. Of two that dial each other, the higher number prevails
    /// (`QuorumCnxManager.receiveConnection`).
    fn accept(&mut self, end: PeerEnd, connection: ConnectionId) {
        let hold = self.peer_wires.ends.get(&end);
        if let Some(Hold { is_up: true, .. }) = hold {
            self.peer_wires.leave(end);
            self.step_connection(end, false);
        }
        let dials = self.peer_wires.ends.contains_key(&end);
        if dials && end.me > end.peer {
            return self.send_packet(end, connection, Packet::Closed);
        }
        self.peer_wires.leave(end);
        let hold = Hold {
            connection,
            is_up: true,
        };
        self.peer_wires.ends.insert(end, hold);
        self.send_packet(end, connection, Packet::Accepted);
        self.step_connection(end, true);
    }

    /// Tells the other end, if it does not know it, that this one is not on the connection.
    fn send_farewell(&mut self, end: PeerEnd, connection: ConnectionId) {
        let under_way = self.network.flying().any(|message| {
            let farewell = matches!(message.body, Body::Wire(_, Packet::Closed));
            farewell && PeerEnd::reached_by(message) == Some((end.other(), connection))
        });
        if self.peer_wires.is_on(end.other(), connection) && !under_way {
            self.send_packet(end, connection, Packet::Closed);
        }
    }

    /// A packet was lost: its connection can carry nothing in order any more, or was never made.
    pub(super) fn break_wire_of(&mut self, lost: &InFlight) {
        let (Some((end, connection)), Body::Wire(_, packet)) =
            (PeerEnd::reached_by(lost), &lost.body)
        else {
            return;
        };
        let dialler = match packet {
            // Nobody speaks to who only dials, and so nobody would tell it again.
            Packet::Closed if self.peer_wires.is_dialling(end, connection) => end,
            Packet::Closed => return,
            Packet::Frame(_) => {
                let ends = [end, end.other()];
                if ends
                    .iter()
                    .any(|end| self.peer_wires.is_on(*end, connection))
                {
                    self.peer_wires.torn.insert(connection);
                }
                return;
            }
            Packet::Open => end.other(),
            Packet::Accepted => end,
        };
        let wire = PeerWire {
            connection,
            channel: dialler.channel.other_end(),
        };
        let mut news = lost.clone();
        (news.from, news.to) = (dialler.peer.into(), dialler.me.into());
        news.body = Body::Wire(wire, Packet::Closed);
        self.arrive_between_servers(news);
    }

    /// A server went down with what it had not taken in: its machine closes its connections.
    pub(super) fn end_wires_of(
        &mut self,
        server: ServerId,
        backlog: VecDeque<(Waiting, Option<EventId>)>,
    ) {
        let ends = self.peer_wires.ends.keys().copied();
        let ends: Vec<_> = ends.filter(|end| end.me == server).collect();
        for end in ends {
            self.hang_up(end);
        }
        for (waiting, _) in backlog {
            if let Waiting::Packet(message) = waiting
                && matches!(message.body, Body::Wire(_, Packet::Open))
                && let Some((end, connection)) = PeerEnd::reached_by(&message)
            {
                self.send_farewell(end, connection);
            }
        }
    }
}
