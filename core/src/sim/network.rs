//! The network: links that can be cut either way, and messages on their way.
//!
//! Under Raft, servers send each other datagrams, which may be lost, doubled and reordered. Under
//! Zab they talk over connections, as clients do with servers: these carry frames in order or
//! break, as TCP does. Both kinds fly along links, and a cut link stops both at its middle, where
//! the wall stands.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};

use slab::Slab;

use super::peer_wires::{Packet, PeerWire};
use super::queue::{Due, Queue};
use super::settings::{LinkSettings, Settings};
use super::traffic::Traffic;
use crate::ids::{ConnectionId, Endpoint, EventId, MessageId};
use crate::random::{Bits, Random, Stream};
use crate::server::PeerMessage;
use crate::time::{Duration, Time};
use crate::zookeeper::frame::{ToClient, ToServer};

/// How many dead messages are remembered for whoever draws them.
const REMEMBERED_DEATHS: usize = 64;

/// What a message carries. What few messages carry is boxed: a simulation's time goes by moving them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Body {
    /// From server to server.
    Peer(PeerMessage),
    /// From a client, over its connection.
    ToServer(ConnectionId, Box<ToServer>),
    /// To a client, over its connection.
    ToClient(ConnectionId, Box<ToClient>),
    /// The other end has closed the connection, or it broke.
    Closed(ConnectionId),
    /// From server to server, over a connection.
    Wire(PeerWire, Packet),
}

/// Why a message died.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Death {
    /// The network lost it.
    Lost,
    /// It ran into a cut.
    Cut,
    /// The reader dropped it.
    Dropped,
    /// It reached a server that was down.
    DeadServer,
    /// It came with a term that was over, and was ignored.
    StaleTerm,
    /// It reached a connection that was closed.
    ConnectionClosed,
}

/// A message on its way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct InFlight {
    /// Its name.
    pub id: MessageId,
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
    /// What it carries.
    pub body: Body,
    /// When it was sent.
    pub sent: Time,
    /// When it arrives, if it does.
    pub arrives: Time,
    /// Whether it is held back.
    pub held: bool,
    /// The event that sent it.
    pub cause: Option<EventId>,
    /// Where it will die, if it will.
    doom: Option<Doom>,
    plan: u32,
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub(super) from: Endpoint,
    pub(super) to: Endpoint,
    pub(super) body: Body,
    /// The event that sends it.
    pub(super) cause: Option<EventId>,
}

/// A death to come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Doom {
    at: Time,
    why: Death,
}

impl InFlight {
    /// What it is called.
    pub fn tag(&self) -> Tag {
        Tag {
            id: self.id,
            from: self.from,
            to: self.to,
            kind: self.body.kind(),
        }
    }

    /// When something happens to it next.
    fn due(&self) -> Time {
        self.doom
            .map_or(self.arrives, |doom| doom.at.min(self.arrives))
    }

    /// When it is half-way.
    fn middle(&self) -> Time {
        self.sent + self.arrives.since(self.sent).fraction(1, 2)
    }

    /// How far it has come at `now`, in thousandths.
    pub(super) fn place(&self, now: Time) -> u16 {
        let whole = self.arrives.since(self.sent).as_micros().max(1);
        (now.since(self.sent).as_micros() * 1_000 / whole).min(1_000) as u16
    }

    /// Where it travels.
    pub(super) fn lane(&self) -> Lane {
        Lane {
            connection: self.connection(),
            from: self.from,
        }
    }

    /// The connection it travels over, in order, if it does.
    fn connection(&self) -> Option<ConnectionId> {
        match self.body {
            Body::Peer(_) => None,
            Body::ToServer(connection, _)
            | Body::ToClient(connection, _)
            | Body::Closed(connection)
            | Body::Wire(PeerWire { connection, .. }, _) => Some(connection),
        }
    }
}

/// One direction of a connection; a datagram travels by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Lane {
    connection: Option<ConnectionId>,
    from: Endpoint,
}

/// What a message is called once what it carried is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag {
    /// Its name.
    pub id: MessageId,
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
    /// What it was, in the protocol's words.
    pub kind: &'static str,
}

/// A message that died, kept for a while to be seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Corpse {
    /// The message.
    pub message: Tag,
    /// When it died.
    pub at: Time,
    /// How far it had come, in thousandths of its way.
    pub place: u16,
    /// Why.
    pub why: Death,
}

/// What comes of a message that was due.
pub(super) enum Fate {
    /// It arrives.
    Arrives(InFlight),
    /// It dies.
    Dies(InFlight, Death),
}

/// Links and what flies along them.
#[derive(Clone, Debug)]
pub struct Network {
    links: Vec<LinkSettings>,
    servers: usize,
    client_latency: (Duration, Duration),
    cuts: BTreeSet<(Endpoint, Endpoint)>,
    flying: Slab<InFlight>,
    /// When the last frame of a connection arrives, each way: a later one does not overtake it.
    lanes: BTreeMap<(ConnectionId, Endpoint), Time>,
    next_id: MessageId,
    next_plan: u32,
    random: Random,
    connection_random: Random,
    deaths: VecDeque<Corpse>,
    traffic: Traffic,
}

impl Hash for Network {
    /// What decides the future; the dead and the count of what was sent are only looked at, and the
    /// generators show in what they draw.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.cuts.hash(state);
        self.next_id.hash(state);
        for (_, message) in &self.flying {
            message.hash(state);
        }
    }
}

impl Network {
    pub(super) fn new(settings: &Settings) -> Self {
        let servers = usize::from(settings.servers);
        Self {
            links: vec![settings.link; servers * servers],
            servers,
            client_latency: settings.client_latency,
            cuts: BTreeSet::new(),
            flying: Slab::new(),
            lanes: BTreeMap::new(),
            next_id: MessageId::new(1),
            next_plan: 0,
            random: Random::new(settings.seed, Stream::Network),
            connection_random: Random::new(settings.seed, Stream::Connections),
            deaths: VecDeque::new(),
            traffic: Traffic::default(),
        }
    }

    /// One more server, with links like the others' at the beginning.
    pub(super) fn add_server(&mut self, link: LinkSettings) {
        let (before, now) = (self.servers, self.servers + 1);
        let mut links = vec![link; now * now];
        for (from, row) in self.links.chunks(before).enumerate() {
            links[from * now..][..before].copy_from_slice(row);
        }
        (self.links, self.servers) = (links, now);
    }

    /// Sends a datagram. Four draws each time, whatever comes of it.
    pub(super) fn send(&mut self, now: Time, parcel: Parcel, queue: &mut Queue) {
        let link = *self.link(parcel.from, parcel.to);
        let latency = Bits(self.random.draw());
        let (loss, duplicate) = split(self.random.draw());
        let (reorder, where_lost) = split(self.random.draw());
        let second_latency = Bits(self.random.draw());
        let mut flight = latency.between(link.latency.0, link.latency.1);
        if reorder.chance(link.reorder_ppm) {
            flight = flight + link.latency.1;
        }
        if duplicate.chance(link.duplicate_ppm) {
            let arrives = now + second_latency.between(link.latency.0, link.latency.1);
            self.launch(now, parcel.clone(), arrives, None, queue);
        }
        let doom = loss.chance(link.loss_ppm).then(|| Doom {
            at: now + flight.fraction(200 + where_lost.below(600), 1_000),
            why: Death::Lost,
        });
        self.launch(now, parcel, now + flight, doom, queue);
    }

    /// Sends a frame over a connection: it arrives after all that were sent before it.
    pub(super) fn send_frame(
        &mut self,
        now: Time,
        connection: ConnectionId,
        parcel: Parcel,
        queue: &mut Queue,
    ) {
        let latency = Bits(self.connection_random.draw());
        let flight = latency.between(self.client_latency.0, self.client_latency.1);
        let lane = self.lanes.entry((connection, parcel.from)).or_default();
        *lane = (*lane).max(now + flight);
        let arrives = *lane;
        self.launch(now, parcel, arrives, None, queue);
    }

    /// Sends a packet over a connection between servers: it arrives after all that were sent
    /// before it. One that the link loses is sent again and comes by so much later. Three draws
    /// each time, whatever comes of it.
    pub(super) fn send_in_order(
        &mut self,
        now: Time,
        connection: ConnectionId,
        parcel: Parcel,
        queue: &mut Queue,
    ) {
        let link = *self.link(parcel.from, parcel.to);
        let mut latency = || Bits(self.random.draw()).between(link.latency.0, link.latency.1);
        let (first, second) = (latency(), latency());
        let loss = Bits(self.random.draw());
        let flight = if loss.chance(link.loss_ppm) {
            first + second
        } else {
            first
        };
        let lane = self.lanes.entry((connection, parcel.from)).or_default();
        *lane = (*lane).max(now + flight);
        let arrives = *lane;
        self.launch(now, parcel, arrives, None, queue);
    }

    fn launch(
        &mut self,
        now: Time,
        parcel: Parcel,
        arrives: Time,
        doom: Option<Doom>,
        queue: &mut Queue,
    ) {
        let Parcel {
            from,
            to,
            body,
            cause,
        } = parcel;
        self.traffic.note(&body);
        let id = self.next_id;
        self.next_id = id.next();
        let mut message = InFlight {
            id,
            from,
            to,
            body,
            sent: now,
            arrives,
            held: false,
            cause,
            doom,
            plan: 0,
        };
        if !self.cuts.is_empty() && self.is_cut(from, to) {
            run_into_wall(&mut message);
        }
        let slot = self.flying.insert(message);
        self.schedule(slot, queue);
    }

    /// Plans what happens next to the message in a slot; an earlier plan for it is void.
    fn schedule(&mut self, slot: usize, queue: &mut Queue) {
        self.next_plan = self.next_plan.wrapping_add(1);
        let message = &mut self.flying[slot];
        message.plan = self.next_plan;
        let due = Due::Message {
            slot: slot as u32,
            plan: message.plan,
        };
        queue.push(message.due(), due);
    }

    /// A message came up in the queue: what comes of it, unless the plan is void.
    pub(super) fn take_due(&mut self, now: Time, slot: u32, plan: u32) -> Option<Fate> {
        let slot = slot as usize;
        let message = self
            .flying
            .get(slot)
            .filter(|m| m.plan == plan && !m.held)?;
        if self.waits_for_earlier(message) {
            return None;
        }
        let message = self.flying.remove(slot);
        let doom = message.doom.filter(|doom| doom.at <= now);
        Some(match doom {
            Some(doom) => Fate::Dies(message, doom.why),
            None => Fate::Arrives(message),
        })
    }

    /// Whether an earlier frame of the same connection and direction is still under way.
    fn waits_for_earlier(&self, message: &InFlight) -> bool {
        message.connection().is_some() && self.lane_mates(message).any(|m| m.id < message.id)
    }

    fn lane_mates<'a>(&'a self, message: &'a InFlight) -> impl Iterator<Item = &'a InFlight> {
        self.flying.iter().map(|(_, other)| other).filter(|other| {
            other.connection() == message.connection() && other.from == message.from
        })
    }

    /// A frame has left its lane: those behind it that were due wait no longer.
    pub(super) fn advance_lane(&mut self, now: Time, left: Lane, queue: &mut Queue) {
        let Some(connection) = left.connection else {
            return;
        };
        let next = self
            .flying
            .iter()
            .filter(|(_, m)| m.connection() == Some(connection) && m.from == left.from)
            .min_by_key(|(_, m)| m.id)
            .map(|(slot, _)| slot);
        if let Some(slot) = next
            && self.flying[slot].due() <= now
        {
            self.flying[slot].arrives = now;
            self.schedule(slot, queue);
        }
    }

    /// Remembers a death for a while.
    pub(super) fn bury(&mut self, now: Time, message: Tag, place: u16, why: Death) {
        if self.deaths.len() == REMEMBERED_DEATHS {
            self.deaths.pop_front();
        }
        self.deaths.push_back(Corpse {
            message,
            at: now,
            place,
            why,
        });
    }

    fn slot_of(&self, id: MessageId) -> Option<usize> {
        self.flying
            .iter()
            .find(|(_, message)| message.id == id)
            .map(|(slot, _)| slot)
    }

    /// Takes a message out of the network.
    pub(super) fn remove(&mut self, id: MessageId) -> Option<InFlight> {
        self.slot_of(id).map(|slot| self.flying.remove(slot))
    }

    /// Holds a message back where it is, or lets it go on with the way it had left.
    pub(super) fn set_held(&mut self, now: Time, id: MessageId, held: bool, queue: &mut Queue) {
        let Some(slot) = self.slot_of(id) else { return };
        let message = &mut self.flying[slot];
        message.held = held;
        if !held {
            message.arrives = message.arrives.max(now);
            self.schedule(slot, queue);
        }
    }

    /// Plans the arrival of a message anew.
    pub(super) fn set_arrival(&mut self, id: MessageId, arrives: Time, queue: &mut Queue) {
        let Some(slot) = self.slot_of(id) else { return };
        let message = &mut self.flying[slot];
        message.arrives = arrives;
        message.held = false;
        self.schedule(slot, queue);
    }

    /// Sends a second copy of a message along.
    pub(super) fn duplicate(&mut self, now: Time, id: MessageId, queue: &mut Queue) {
        let Some(slot) = self.slot_of(id) else { return };
        let InFlight {
            from,
            to,
            body,
            arrives,
            cause,
            ..
        } = self.flying[slot].clone();
        let arrives = arrives + arrives.since(now).fraction(1, 4);
        self.launch(
            now,
            Parcel {
                from,
                to,
                body,
                cause,
            },
            arrives,
            None,
            queue,
        );
    }

    /// Nothing gets from `from` to `to` any more; what has passed the middle arrives.
    pub(super) fn cut(&mut self, now: Time, from: Endpoint, to: Endpoint, queue: &mut Queue) {
        self.cuts.insert((from, to));
        for slot in self.slots_between(from, to) {
            let message = &mut self.flying[slot];
            if message.middle() >= now {
                run_into_wall(message);
                self.schedule(slot, queue);
            }
        }
    }

    /// The way from `from` to `to` is open again, also for what has not reached the wall yet.
    pub(super) fn heal(&mut self, from: Endpoint, to: Endpoint, queue: &mut Queue) -> bool {
        let was_cut = self.cuts.remove(&(from, to));
        for slot in self.slots_between(from, to) {
            let message = &mut self.flying[slot];
            if message.doom.is_some_and(|doom| doom.why == Death::Cut) {
                message.doom = None;
                self.schedule(slot, queue);
            }
        }
        was_cut
    }

    fn slots_between(&self, from: Endpoint, to: Endpoint) -> Vec<usize> {
        let on_the_way = |m: &InFlight| m.from == from && m.to == to;
        self.flying
            .iter()
            .filter(|(_, m)| on_the_way(m))
            .map(|(slot, _)| slot)
            .collect()
    }

    /// A connection is gone: its frames die, and nobody waits behind them.
    pub(super) fn clear_connection(&mut self, connection: ConnectionId, from: Endpoint) {
        self.lanes.remove(&(connection, from));
    }

    /// Takes out every frame of a connection that is still on its way from `from`.
    pub(super) fn take_frames(
        &mut self,
        connection: ConnectionId,
        from: Endpoint,
    ) -> Vec<InFlight> {
        let slots: Vec<usize> = self
            .flying
            .iter()
            .filter(|(_, m)| m.connection() == Some(connection) && m.from == from)
            .map(|(slot, _)| slot)
            .collect();
        slots
            .into_iter()
            .map(|slot| self.flying.remove(slot))
            .collect()
    }

    /// Whether nothing gets from `from` to `to`.
    pub fn is_cut(&self, from: Endpoint, to: Endpoint) -> bool {
        self.cuts.contains(&(from, to))
    }

    /// All cuts, each one way.
    pub fn cuts(&self) -> impl Iterator<Item = (Endpoint, Endpoint)> + '_ {
        self.cuts.iter().copied()
    }

    /// The settings of the link from one server to another; of a client's link, its latency alone.
    pub fn link(&self, from: Endpoint, to: Endpoint) -> &LinkSettings {
        let (Endpoint::Server(from), Endpoint::Server(to)) = (from, to) else {
            unreachable!("only a link between servers has settings of its own")
        };
        &self.links[from.position() * self.servers + to.position()]
    }

    /// Changes the settings of the link from one server to another.
    pub(super) fn link_mut(&mut self, from: usize, to: usize) -> &mut LinkSettings {
        &mut self.links[from * self.servers + to]
    }

    /// The shortest and longest time that a frame takes between client and server.
    pub fn client_latency(&self) -> (Duration, Duration) {
        self.client_latency
    }

    /// Everything on its way, in no order.
    pub fn flying(&self) -> impl Iterator<Item = &InFlight> {
        self.flying.iter().map(|(_, message)| message)
    }

    /// A message on its way.
    pub fn message(&self, id: MessageId) -> Option<&InFlight> {
        self.flying().find(|message| message.id == id)
    }

    /// How many messages were sent so far.
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Messages that died lately, oldest first.
    pub fn deaths(&self) -> impl Iterator<Item = &Corpse> {
        self.deaths.iter()
    }
}

/// A message on a cut link dies half-way, where the wall stands.
fn run_into_wall(message: &mut InFlight) {
    let wall = Doom {
        at: message.middle(),
        why: Death::Cut,
    };
    if message.doom.is_none_or(|doom| doom.at > wall.at) {
        message.doom = Some(wall);
    }
}

/// One draw as two choices of 32 bits each.
fn split(draw: u64) -> (Bits, Bits) {
    (Bits(draw & 0xffff_ffff_0000_0000), Bits(draw << 32))
}
