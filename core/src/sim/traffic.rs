//! How many messages were sent, by what they are for.

use super::network::Body;
use super::peer_wires::Packet;
use crate::raft::MessageKind;
use crate::server::{PeerMessage, ZabTxn};
use crate::zab::{self, ToLeader};

/// How many messages were sent since the beginning, whatever became of them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Traffic {
    /// Between servers, until a leader is found; under Zab, until its epoch is agreed on, too.
    pub elections: u64,
    /// Between servers: entries and their acknowledgements; under Zab, word of a commit, too, which
    /// Raft sends along with something else.
    pub replication: u64,
    /// Between servers: what brings a server up to date otherwise than by entries.
    pub recovery: u64,
    /// Between servers: what says "still here".
    pub upkeep: u64,
    /// Between servers: requests passed on to the leader, and questions to it.
    pub forwarding: u64,
    /// The opening and closing of connections between servers.
    pub connections: u64,
    /// Between clients and servers.
    pub clients: u64,
}

impl Traffic {
    /// What servers have said to each other.
    pub const fn between_servers(&self) -> u64 {
        self.elections + self.replication + self.recovery + self.upkeep + self.forwarding
    }

    /// One more was sent.
    pub(super) fn note(&mut self, body: &Body) {
        let count = match body {
            Body::Peer(message) | Body::Wire(_, Packet::Frame(message)) => self.between(message),
            Body::Wire(..) => &mut self.connections,
            Body::ToServer(..) | Body::ToClient(..) | Body::Closed(_) => &mut self.clients,
        };
        *count += 1;
    }

    fn between(&mut self, message: &PeerMessage) -> &mut u64 {
        match message {
            PeerMessage::Raft(message) => self.of_raft(message.kind()),
            PeerMessage::Zab(message) => self.of_zab(message),
            PeerMessage::Forward(_) => &mut self.forwarding,
            PeerMessage::Touch(_) => &mut self.upkeep,
        }
    }

    fn of_raft(&mut self, kind: MessageKind) -> &mut u64 {
        match kind {
            MessageKind::RequestVote
            | MessageKind::RequestVoteReply
            | MessageKind::PreVote
            | MessageKind::PreVoteReply
            | MessageKind::TimeoutNow => &mut self.elections,
            MessageKind::AppendEntries | MessageKind::AppendEntriesReply => &mut self.replication,
            MessageKind::InstallSnapshot | MessageKind::InstallSnapshotReply => &mut self.recovery,
            MessageKind::Heartbeat | MessageKind::HeartbeatReply => &mut self.upkeep,
            MessageKind::ReadIndex | MessageKind::ReadIndexReply => &mut self.forwarding,
        }
    }

    fn of_zab(&mut self, message: &zab::Message<ZabTxn>) -> &mut u64 {
        // The start of an epoch is acknowledged with its history.
        if matches!(message, zab::Message::ToLeader(ToLeader::Ack { zxid }) if zxid.counter() == 0)
        {
            return &mut self.recovery;
        }
        match message.kind().0 {
            "NOTIFICATION" | "FOLLOWERINFO" | "OBSERVERINFO" | "LEADERINFO" | "ACKEPOCH" => {
                &mut self.elections
            }
            "DIFF" | "TRUNC" | "SNAP" | "SNAP body" | "NEWLEADER" | "UPTODATE" => {
                &mut self.recovery
            }
            "PING" => &mut self.upkeep,
            "REQUEST" | "REVALIDATE" | "SYNC" => &mut self.forwarding,
            _ => &mut self.replication,
        }
    }
}
