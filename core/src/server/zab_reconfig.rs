//! What a leader that runs Zab makes of a client's wish for another ensemble.

use super::zab_side::ZabSide;
use crate::zab::{Configuration, ProposeError};
use crate::zookeeper::{
    Command, ErrorCode, Members, Pending, Reconfig, Request, Standing, Update, Zxid,
};

impl ZabSide {
    /// What comes of a command that asks for another ensemble. Not where clients may not ask for
    /// one: then the service refuses it.
    pub(super) fn decide_ensemble(
        &self,
        pending: &Pending,
        command: &Command,
    ) -> Option<Result<(Members, Configuration), ErrorCode>> {
        match &command.update {
            Update::Write(Request::Reconfig(change)) if self.service().ensemble().is_open() => {
                Some(self.decide_change(pending, command, change))
            }
            _ => None,
        }
    }

    /// The session first, the right to write last of all (`PrepRequestProcessor`, `reconfig`).
    fn decide_change(
        &self,
        pending: &Pending,
        command: &Command,
        change: &Reconfig,
    ) -> Result<(Members, Configuration), ErrorCode> {
        self.service().check_caller(pending, command)?;
        let membership = self.replica().membership();
        let current = &membership.active;
        let voters = current.voters().map(|(id, _)| id);
        let standing = Standing {
            members: Members::new(voters, current.observers()),
            version: shown(current.version()),
            is_changing: membership.pending().is_some(),
        };
        let members = standing.decide(change, |members| {
            let may = configuration_of(members).map(|it| self.replica().may_reconfigure(&it));
            may != Ok(Err(ProposeError::NoQuorumOfNewConfiguration))
        })?;
        let configuration = configuration_of(&members)?;
        self.service().may_configure(pending, command)?;
        Ok((members, configuration))
    }
}

/// The version of those that the ensemble began with, which is what `/zookeeper/config` says; the
/// servers' own has risen with the first epoch, so that a newcomer's would not count as much.
fn shown(version: Zxid) -> Zxid {
    match version.counter() {
        0 => Zxid::ZERO,
        _ => version,
    }
}

fn configuration_of(members: &Members) -> Result<Configuration, ErrorCode> {
    let configuration = Configuration::new(members.voters(), members.observers());
    configuration.map_err(|_| ErrorCode::BadArguments)
}
