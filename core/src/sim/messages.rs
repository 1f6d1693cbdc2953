//! What a message is called, and what a reader's hand can do to one on its way.

use super::fact::WorldFact;
use super::faults::Impossible;
use super::network::{Body, Death, InFlight};
use super::peer_wires::Packet;
use super::world::World;
use crate::ids::MessageId;
use crate::raft::RaftFact;
use crate::server::{self, PeerMessage};
use crate::time::Duration;
use crate::zookeeper::frame::{ToClient, ToServer};

impl Body {
    /// What it is, in the protocol's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Peer(message) | Self::Wire(_, Packet::Frame(message)) => peer_kind(message),
            Self::Wire(_, Packet::Open) => "Open",
            Self::Wire(_, Packet::Accepted) => "Accepted",
            Self::ToServer(_, frame) => match **frame {
                ToServer::Connect { .. } => "Connect",
                ToServer::Request { .. } => "Request",
                ToServer::Ping => "Ping",
                ToServer::Close { .. } => "CloseSession",
            },
            Self::ToClient(_, frame) => match **frame {
                ToClient::Connected { .. } => "Connected",
                ToClient::Expired => "Expired",
                ToClient::Reply { .. } => "Reply",
                ToClient::Event { .. } => "Event",
                ToClient::Pong => "Pong",
            },
            Self::Closed(_) | Self::Wire(_, Packet::Closed) => "Closed",
        }
    }
}

fn peer_kind(message: &PeerMessage) -> &'static str {
    match message {
        PeerMessage::Raft(message) => message.kind().name(),
        PeerMessage::Forward(_) => "Forward",
        PeerMessage::Touch(_) => "Touch",
        PeerMessage::Zab(message) => message.kind().0,
    }
}

impl World {
    fn flying(&self, id: MessageId) -> Result<&InFlight, Impossible> {
        self.network
            .message(id)
            .ok_or(Impossible::NoSuchMessage(id))
    }

    /// The network loses a message. A frame takes its connection along: a connection that cannot
    /// carry everything in order breaks.
    pub fn drop_message(&mut self, id: MessageId) -> Result<(), Impossible> {
        self.flying(id)?;
        self.begin_deed();
        let Some(message) = self.network.remove(id) else {
            return Ok(());
        };
        let (kind, from, to) = (message.body.kind(), message.from, message.to);
        self.tell(
            None,
            WorldFact::MessageDropped {
                message: id,
                kind,
                from,
                to,
            },
        );
        self.break_connection_of(&message);
        self.network
            .advance_lane(self.now, message.lane(), &mut self.queue);
        self.network.bury(
            self.now,
            message.tag(),
            message.place(self.now),
            Death::Dropped,
        );
        Ok(())
    }

    /// Holds a message back until it is released; frames behind it wait with it.
    pub fn hold_message(&mut self, id: MessageId) -> Result<(), Impossible> {
        let message = self.flying(id)?;
        if message.held {
            return Err(Impossible::AlreadyHeld(id));
        }
        let (kind, from, to) = (message.body.kind(), message.from, message.to);
        self.begin_deed();
        self.tell(
            None,
            WorldFact::MessageHeld {
                message: id,
                kind,
                from,
                to,
            },
        );
        self.network.set_held(self.now, id, true, &mut self.queue);
        Ok(())
    }

    /// Lets a held message go on.
    pub fn release_message(&mut self, id: MessageId) -> Result<(), Impossible> {
        let message = self.flying(id)?;
        if !message.held {
            return Err(Impossible::NotHeld(id));
        }
        let (kind, from, to) = (message.body.kind(), message.from, message.to);
        self.begin_deed();
        self.tell(
            None,
            WorldFact::MessageReleased {
                message: id,
                kind,
                from,
                to,
            },
        );
        self.network.set_held(self.now, id, false, &mut self.queue);
        Ok(())
    }

    /// A message arrives later than it would.
    pub fn delay_message(&mut self, id: MessageId, by: Duration) -> Result<(), Impossible> {
        let message = self.flying(id)?;
        let (kind, arrives) = (message.body.kind(), message.arrives.max(self.now) + by);
        self.begin_deed();
        self.tell(
            None,
            WorldFact::MessageDelayed {
                message: id,
                kind,
                by,
            },
        );
        self.network.set_arrival(id, arrives, &mut self.queue);
        Ok(())
    }

    /// A message arrives at once.
    pub fn deliver_message(&mut self, id: MessageId) -> Result<(), Impossible> {
        let kind = self.flying(id)?.body.kind();
        self.begin_deed();
        self.tell(None, WorldFact::MessageHurried { message: id, kind });
        self.network.set_arrival(id, self.now, &mut self.queue);
        Ok(())
    }

    /// A second copy of a datagram goes along.
    pub fn duplicate_message(&mut self, id: MessageId) -> Result<(), Impossible> {
        let message = self.flying(id)?;
        let kind = message.body.kind();
        if !matches!(message.body, Body::Peer(_)) {
            return Err(Impossible::ConnectionsDoNotDuplicate(id));
        }
        self.begin_deed();
        self.tell(None, WorldFact::MessageDoubled { message: id, kind });
        self.network.duplicate(self.now, id, &mut self.queue);
        Ok(())
    }

    /// A message that was ignored because its term is over is seen to die where it arrived.
    pub(super) fn note_stale(&mut self, fact: &server::Fact) {
        let server::Fact::Raft(RaftFact::IgnoredStaleTerm { .. }) = fact else {
            return;
        };
        if let Some(message) = self.arrived {
            self.network
                .bury(self.now, message, 1_000, Death::StaleTerm);
        }
    }
}
