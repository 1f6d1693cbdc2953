//! A session that has moved is served where it is.

use imbl::OrdMap;

use super::{Clash, Glance, Invariant, Property, ZabGlance};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::{Content, Index};
use crate::server::ZabTxn;
use crate::zookeeper::{Command, Password, Request, SessionId, Txn, Update, Xid, Zxid};

/// What the committed commands, through `through`, have made of each session, if only those count
/// that came by way of the server that its client was connected with.
#[derive(Clone, Debug, Default)]
pub(super) struct MovedSessions {
    through: Index,
    open: OrdMap<SessionId, Open>,
    in_order: InOrder,
}

/// Under Zab no transaction says where a session goes on, but a client numbers what it asks: what
/// it sent before it moved has a lower number than what it has sent since. The last write of each
/// session that has taken effect, and the server that it came by way of; through the last
/// transaction that anyone has delivered.
#[derive(Clone, Debug, Default)]
struct InOrder {
    through: Zxid,
    last: OrdMap<SessionId, (Xid, ServerId)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Open {
    password: Password,
    owner: ServerId,
    last: Xid,
}

impl Invariant for MovedSessions {
    const PROPERTY: Property = Property {
        name: "moved_sessions",
        title: "Moved sessions",
        rule: Rule {
            text: "what a session has sent by way of a server that it has left takes no effect",
            source: "ZooKeeper, SessionMovedException",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        if glance.now.applied <= self.through {
            return Ok(());
        }
        let mut stray = None;
        while self.through < glance.now.applied {
            self.through = self.through.next();
            let committed = glance.past.committed(self.through);
            if let Some(Content::Command(command)) = committed.map(|it| &it.entry.content)
                && !self.take_in(command)
            {
                stray = Some(command);
            }
        }
        match (stray, glance.world.server(glance.server)) {
            (Some(stray), Some(server)) => {
                let session = server.service().session(stray.session);
                let last = session.map(crate::zookeeper::Session::last_xid);
                self.has_no_effect(glance.server, stray, last)
            }
            _ => Ok(()),
        }
    }

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        for (_, entry) in glance.delivered() {
            if entry.zxid > self.in_order.through {
                self.in_order.through = entry.zxid;
                self.in_order.take_in(glance.server, &entry.txn)?;
            }
        }
        Ok(())
    }
}

impl InOrder {
    fn take_in(&mut self, server: ServerId, txn: &ZabTxn) -> Result<(), Clash> {
        let (id, xid, origin) = (txn.session, txn.xid, txn.origin);
        match &txn.txn {
            Txn::CloseSession { .. } => {
                self.last.remove(&id);
            }
            change if txn.ticket.is_some() && changes_something(change) => {
                let previous = self.last.insert(id, (xid, origin));
                if let Some((later, by)) = previous.filter(|(later, _)| *later > xid) {
                    let what = format!("request {xid} of session {id}");
                    return Err(Clash {
                        what: format!(
                            "{what} takes effect by way of {origin} after request {later}, which came by way of {by}"
                        ),
                        facts: [
                            (by, format!("passed on request {later} of session {id}")),
                            (server, format!("carried out `{change}`, {what}")),
                        ],
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

const fn changes_something(txn: &Txn) -> bool {
    match txn {
        Txn::Create { .. }
        | Txn::Delete { .. }
        | Txn::SetData { .. }
        | Txn::SetAcl { .. }
        | Txn::Configure { .. }
        | Txn::Multi(_) => true,
        Txn::Check { .. }
        | Txn::MultiFailed(_)
        | Txn::CreateSession { .. }
        | Txn::AttachSession { .. }
        | Txn::Sync { .. }
        | Txn::CloseSession { .. }
        | Txn::Error(_) => false,
    }
}

impl MovedSessions {
    /// Takes in what a command does; whether it comes from where the session is.
    fn take_in(&mut self, command: &Command) -> bool {
        let (id, origin, xid) = (command.session, command.origin, command.xid);
        if let Update::CreateSession { password, .. } = command.update {
            self.open.entry(id).or_insert(Open {
                password,
                owner: origin,
                last: xid,
            });
            return true;
        }
        let Some(open) = self.open.get_mut(&id) else {
            return true;
        };
        match &command.update {
            Update::AttachSession { password, .. } if *password == open.password => {
                open.owner = origin;
            }
            // The end of a session may be asked for anywhere: nothing comes after it.
            Update::CloseSession { .. } => {
                self.open.remove(&id);
            }
            // A sync changes nothing, so that it does not matter who passes it on.
            Update::Write(request)
                if open.owner == origin || matches!(request, Request::Sync { .. }) =>
            {
                open.last = open.last.max(xid);
            }
            Update::Write(_) => return false,
            _ => {}
        }
        true
    }

    /// The session is as if a stray command had not been there.
    fn has_no_effect(
        &self,
        server: ServerId,
        stray: &Command,
        last: Option<Xid>,
    ) -> Result<(), Clash> {
        let Some(open) = self.open.get(&stray.session) else {
            return Ok(());
        };
        if last.is_some_and(|last| last <= open.last) {
            return Ok(());
        }
        let (id, origin, owner) = (stray.session, stray.origin, open.owner);
        let what = format!("`{stray}`");
        Err(Clash {
            what: format!(
                "{what} of session {id} takes effect by way of {origin}, and the session is at {owner}"
            ),
            facts: [
                (owner, format!("serves session {id}")),
                (
                    server,
                    format!("carried out {what} that {origin} passed on"),
                ),
            ],
        })
    }
}
