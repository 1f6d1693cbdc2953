//! What an operator may ask of a cluster that works.

use super::faults::Impossible;
use super::world::World;
use crate::ids::ServerId;
use crate::server::Input;

impl World {
    /// `from` hands its leadership to `to`.
    pub fn transfer(&mut self, from: ServerId, to: ServerId) -> Result<(), Impossible> {
        self.check_awake(from)?;
        self.check_server(to)?;
        let local = self.nodes[from.position()].clock.local(self.now);
        if let Some(server) = self.server(from) {
            server.replica().may_transfer(local, to)?;
        }
        self.check_up(to)?;
        self.begin_deed();
        self.input(from, Input::Transfer(to));
        Ok(())
    }

    /// A follower does not hold on to its leader any longer.
    pub fn forget_leader(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_awake(server)?;
        if let Some(running) = self.server(server) {
            running.replica().may_forget_leader()?;
        }
        self.begin_deed();
        self.input(server, Input::ForgetLeader);
        Ok(())
    }

    /// A server's priority in elections, now and whenever it boots.
    pub fn set_priority(&mut self, server: ServerId, priority: u8) -> Result<(), Impossible> {
        self.check_up(server)?;
        self.begin_deed();
        self.nodes[server.position()].priority = priority;
        self.input(server, Input::SetPriority(priority));
        Ok(())
    }
}
