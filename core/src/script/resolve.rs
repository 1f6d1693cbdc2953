//! Commands as they are recorded: concrete, and possible.
//!
//! A person may say `crash leader`; a recording says `crash S3`, so that it means the same when
//! it runs again. What can be known to be impossible without looking at a cluster is found here,
//! once, for the parser and for the executor.

use super::command::{ClientAction, Command, EndpointRef, ServerRef};
use super::error::Impossible;
use crate::ids::{Endpoint, ServerId};

impl Command {
    /// This command with the leader by its number: what a recording keeps.
    pub fn resolved(&self, leader: Option<ServerId>) -> Result<Self, Impossible> {
        let mut command = self.clone();
        if let Self::Reconfigure { via, .. } | Self::LeaveJoint { via } = &mut command {
            via.get_or_insert(ServerRef::Leader);
        }
        for server in command.servers_mut() {
            *server = server.resolve(leader)?.into();
        }
        command.check()?;
        Ok(command)
    }

    /// Refuses what no cluster can do.
    pub(super) fn check(&self) -> Result<(), Impossible> {
        match self {
            Self::Cut { from, to, .. } | Self::Heal { from, to, .. } => check_link(*from, *to),
            Self::Link { from, to, .. } => {
                check_link(EndpointRef::Server(*from), EndpointRef::Server(*to))
            }
            Self::Partition { groups } => check_groups(groups),
            Self::Reconfigure {
                voters, learners, ..
            } => check_members(voters.iter().chain(learners)),
            _ => Ok(()),
        }
    }

    /// Every place where the command names a server.
    fn servers_mut(&mut self) -> Vec<&mut ServerRef> {
        match self {
            Self::Crash { server, .. }
            | Self::Restart { server }
            | Self::Pause { server }
            | Self::Resume { server }
            | Self::TimeOut { server }
            | Self::Snapshot { server }
            | Self::Wipe { server }
            | Self::ForgetLeader { server }
            | Self::Priority { server, .. }
            | Self::Disk { server, .. }
            | Self::Clock { server, .. } => vec![server],
            Self::Link { from, to, .. } | Self::Transfer { from, to } => vec![from, to],
            Self::Reconfigure {
                voters,
                learners,
                via,
                ..
            } => voters.iter_mut().chain(learners).chain(via).collect(),
            Self::LeaveJoint { via } => via.iter_mut().collect(),
            Self::Isolate { endpoint } | Self::HealEndpoint { endpoint } => {
                endpoint.server_mut().into_iter().collect()
            }
            Self::Cut { from, to, .. } | Self::Heal { from, to, .. } => {
                let ends = [from.server_mut(), to.server_mut()];
                ends.into_iter().flatten().collect()
            }
            Self::Partition { groups } => {
                let members = groups.iter_mut().flatten();
                members.filter_map(EndpointRef::server_mut).collect()
            }
            Self::Client { action, .. } => match action {
                ClientAction::Open { server, .. } => server.iter_mut().collect(),
                ClientAction::Connect { server } => vec![server],
                ClientAction::Close
                | ClientAction::Kill
                | ClientAction::Request(_)
                | ClientAction::Recipe(_)
                | ClientAction::Release { .. } => vec![],
            },
            Self::OfRun { command, .. } => command.servers_mut(),
            Self::RestartAll
            | Self::Add { .. }
            | Self::HealAll
            | Self::Network { .. }
            | Self::Drop { .. }
            | Self::Hold { .. }
            | Self::Release { .. }
            | Self::Delay { .. }
            | Self::Duplicate { .. }
            | Self::Deliver { .. }
            | Self::Timers(_) => vec![],
        }
    }
}

impl EndpointRef {
    fn server_mut(&mut self) -> Option<&mut ServerRef> {
        match self {
            Self::Server(server) => Some(server),
            Self::Client(_) => None,
        }
    }

    /// The endpoint, when it is known without asking who leads.
    fn known(self) -> Option<Endpoint> {
        self.resolve(None).ok()
    }
}

/// A link joins two servers, or a server and a client.
fn check_link(from: EndpointRef, to: EndpointRef) -> Result<(), Impossible> {
    match (from, to) {
        (EndpointRef::Client(_), EndpointRef::Client(_)) => Err(Impossible::LinkBetweenClients),
        _ if from.known().is_some() && from.known() == to.known() => Err(Impossible::LinkToItself(
            from.known().expect("checked by the guard"),
        )),
        _ => Ok(()),
    }
}

/// Nobody is in a configuration twice.
fn check_members<'a>(members: impl Iterator<Item = &'a ServerRef>) -> Result<(), Impossible> {
    let mut known = Vec::new();
    for server in members.filter_map(|member| member.resolve(None).ok()) {
        if known.contains(&server) {
            return Err(Impossible::NamedTwice(server));
        }
        known.push(server);
    }
    Ok(())
}

/// Nobody is in a partition twice.
fn check_groups(groups: &[Vec<EndpointRef>]) -> Result<(), Impossible> {
    let members: Vec<Endpoint> = groups.iter().flatten().filter_map(|m| m.known()).collect();
    for (position, member) in members.iter().enumerate() {
        if members[..position].contains(member) {
            return Err(Impossible::InTwoGroups(*member));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::parse_command;
    use super::*;

    fn resolved(text: &str, leader: Option<u16>) -> Result<String, Impossible> {
        let command = parse_command(text).unwrap();
        let resolved = command.resolved(leader.map(ServerId::new));
        resolved.map(|command| command.to_string())
    }

    #[test]
    fn whoever_leads_is_recorded_by_number() {
        for (typed, recorded) in [
            ("crash leader", "crash S3"),
            ("cut leader S1", "cut S3 S1"),
            ("cut A -> leader", "cut A -> S3"),
            ("heal leader", "heal S3"),
            ("link S1 leader loss 5%", "link S1 S3 loss 5%"),
            ("partition S1 leader | S2", "partition S1 S3 | S2"),
            ("client A open leader", "client A open S3"),
            ("client A connect leader", "client A connect S3"),
            ("clock leader +20ms", "clock S3 +20ms"),
            ("crash S1", "crash S1"),
            ("read A /app linearizable", "client A get /app linearizable"),
            ("read A /app watch", "client A get /app watch"),
            ("reconfigure S1 leader", "reconfigure S1 S3 via S3"),
            ("leave joint", "leave joint via S3"),
        ] {
            assert_eq!(resolved(typed, Some(3)), Ok(recorded.to_owned()));
        }
    }

    #[test]
    fn without_a_leader_only_what_names_it_fails() {
        assert_eq!(resolved("crash leader", None), Err(Impossible::NoLeader));
        assert_eq!(resolved("crash S1", None), Ok("crash S1".to_owned()));
    }

    #[test]
    fn what_the_leader_makes_impossible_is_refused() {
        let third = Endpoint::Server(ServerId::new(3));
        let itself = Err(Impossible::LinkToItself(third));
        assert_eq!(resolved("cut leader S3", Some(3)), itself);
        assert_eq!(resolved("cut leader leader", Some(3)), itself);
        let twice = Err(Impossible::InTwoGroups(third));
        assert_eq!(resolved("partition leader | S3", Some(3)), twice);
    }
}
