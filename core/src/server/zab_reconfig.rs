//! What a leader that runs Zab makes of a client's wish for another ensemble.

use super::zab_side::ZabSide;
use super::{ByProtocol, Settings};
use crate::zab::{Configuration, ProposeError};
use crate::zookeeper::{Command, ErrorCode, Members, Pending, Reconfig, Request, Update};

/// The fewest voters that a client can leave: with one, the server would stand alone, which is
/// another program (`standaloneEnabled`).
const FEWEST_VOTERS: usize = 2;

impl ZabSide {
    /// What comes of a command that asks for another ensemble. Not where clients may not ask for
    /// one: then the service refuses it.
    pub(super) fn decide_ensemble(
        &self,
        settings: &Settings,
        pending: &Pending,
        command: &Command,
    ) -> Option<Result<(Members, Configuration), ErrorCode>> {
        match (&settings.replica, &command.update) {
            (ByProtocol::Zab(zab), Update::Write(Request::Reconfig(change))) if zab.reconfig => {
                Some(self.decide_change(pending, command, change))
            }
            _ => None,
        }
    }

    /// Session, standing alone, a change under way, version, members, quorum of the new members,
    /// and the right to write last of all (`PrepRequestProcessor`, `reconfig`).
    fn decide_change(
        &self,
        pending: &Pending,
        command: &Command,
        change: &Reconfig,
    ) -> Result<(Members, Configuration), ErrorCode> {
        self.service().check_caller(pending, command)?;
        let membership = self.replica().membership();
        if membership.active.voters().count() < FEWEST_VOTERS {
            return Err(ErrorCode::Unimplemented);
        }
        if membership.pending().is_some() {
            return Err(ErrorCode::ReconfigInProgress);
        }
        let current = &membership.active;
        if change.from.is_some_and(|from| from != current.version()) {
            return Err(ErrorCode::BadVersion);
        }
        let voters = current.voters().map(|(id, _)| id);
        let members = Members::new(voters, current.observers()).after(change);
        if members.voters().count() < FEWEST_VOTERS {
            return Err(ErrorCode::BadArguments);
        }
        let configuration = Configuration::new(members.voters(), members.observers())
            .map_err(|_| ErrorCode::BadArguments)?;
        let may = self.replica().may_reconfigure(&configuration);
        if may == Err(ProposeError::NoQuorumOfNewConfiguration) {
            return Err(ErrorCode::NewConfigNoQuorum);
        }
        self.service().may_configure(pending, command)?;
        Ok((members, configuration))
    }
}
