//! Servers that come, and changes of who takes part.

use super::fact::WorldFact;
use super::faults::Impossible;
use super::node::Node;
use super::settings::MAX_SERVERS;
use super::world::World;
use crate::ids::ServerId;
use crate::raft::Reconfiguration;
use crate::server::{Input, Operator, Protocol, Server};
use crate::zab;

impl World {
    /// Starts one more server, with an empty disk. It knows of no cluster until a leader whose
    /// configuration names it sends it the log.
    pub fn add_server(&mut self, server: ServerId) -> Result<(), Impossible> {
        if self.servers() == MAX_SERVERS {
            return Err(Impossible::NoMoreServers);
        }
        let next = ServerId::new(self.servers() + 1);
        if server < next {
            return Err(Impossible::ServerExists(server, next));
        }
        if server > next {
            return Err(Impossible::NotTheNext(server, next));
        }
        self.begin_deed();
        let blank = self.settings.blank_disk(server);
        self.nodes.push(Node::new(server, blank, &self.settings));
        self.network.add_server(self.settings.link);
        self.tell(None, WorldFact::ServerAdded { server });
        self.boot(server);
        Ok(())
    }

    /// Asks `server`, which has to lead, for another configuration.
    pub fn reconfigure(
        &mut self,
        server: ServerId,
        change: Reconfiguration,
    ) -> Result<(), Impossible> {
        for named in change.voters.iter().chain(&change.learners) {
            self.check_server(*named)?;
        }
        self.check_awake(server)?;
        if let Some(leader) = self.server(server).and_then(Server::raft) {
            let checked = leader.check_reconfiguration(&change);
            checked.map_err(|error| Impossible::Reconfigure { server, error })?;
        }
        if let Some(leader) = self.server(server).and_then(Server::zab) {
            let (voters, observers) = (change.voters.iter(), change.learners.iter());
            let ensemble = zab::Configuration::new(voters.copied(), observers.copied())?;
            let checked = leader.may_reconfigure(&ensemble);
            checked.map_err(|error| Impossible::ReconfigureEnsemble { server, error })?;
        }
        self.begin_deed();
        let to = change.target();
        self.tell(None, WorldFact::Reconfigured { server, to });
        self.input(server, Input::Operator(Operator::Reconfigure(change)));
        Ok(())
    }

    /// Asks `server`, which has to lead, to end a joint configuration.
    pub fn leave_joint(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_protocol(Protocol::Raft, "a joint configuration")?;
        self.check_awake(server)?;
        if let Some(leader) = self.server(server).and_then(Server::raft) {
            let checked = leader.check_leave_joint();
            checked.map_err(|error| Impossible::Reconfigure { server, error })?;
        }
        self.begin_deed();
        self.tell(None, WorldFact::JointLeft { server });
        self.input(server, Input::Operator(Operator::LeaveJoint));
        Ok(())
    }

    /// A server that can answer at once.
    pub(super) fn check_awake(&self, server: ServerId) -> Result<(), Impossible> {
        self.check_up(server)?;
        if self.nodes[server.position()].is_busy() {
            return Err(Impossible::Paused(server));
        }
        Ok(())
    }
}
