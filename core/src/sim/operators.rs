//! What an operator may ask of a cluster that works.

use super::faults::Impossible;
use super::world::World;
use crate::ids::ServerId;
use crate::server::{Input, Operator, Protocol, Server};

impl World {
    /// `from` hands its leadership to `to`.
    pub fn transfer(&mut self, from: ServerId, to: ServerId) -> Result<(), Impossible> {
        self.check_protocol(Protocol::Raft, "a transfer of leadership")?;
        self.check_awake(from)?;
        self.check_server(to)?;
        let local = self.nodes[from.position()].clock.local(self.now);
        if let Some(replica) = self.server(from).and_then(Server::raft) {
            replica.may_transfer(local, to)?;
        }
        self.check_up(to)?;
        self.begin_deed();
        self.input(from, Input::Operator(Operator::Transfer(to)));
        Ok(())
    }

    /// A follower does not hold on to its leader any longer.
    pub fn forget_leader(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_protocol(Protocol::Raft, "to forget a leader")?;
        self.check_awake(server)?;
        if let Some(replica) = self.server(server).and_then(Server::raft) {
            replica.may_forget_leader()?;
        }
        self.begin_deed();
        self.input(server, Input::Operator(Operator::ForgetLeader));
        Ok(())
    }

    /// A server's priority in elections, now and whenever it boots.
    pub fn set_priority(&mut self, server: ServerId, priority: u8) -> Result<(), Impossible> {
        self.check_protocol(Protocol::Raft, "a priority in elections")?;
        self.check_up(server)?;
        self.begin_deed();
        self.nodes[server.position()].priority = priority;
        self.input(server, Input::Operator(Operator::SetPriority(priority)));
        Ok(())
    }
}
