//! No ephemeral outlives its session.

use super::{Clash, Glance, Invariant, Property, ZabGlance};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::Content;
use crate::zookeeper::{Service, SessionId};

/// Only a command of a session can open or close it, or give it an ephemeral, so it is enough to
/// look at the sessions whose commands were applied.
#[derive(Clone, Debug, Default)]
pub(super) struct EphemeralOwners;

impl Invariant for EphemeralOwners {
    const PROPERTY: Property = Property {
        name: "ephemeral_owners",
        title: "Ephemeral owners",
        rule: Rule {
            text: "an ephemeral znode exists as long as the session that created it is open",
            source: "ZooKeeper, Ephemeral Nodes",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let Some(server) = glance.world.server(glance.server) else {
            return Ok(());
        };
        for entry in glance.applied() {
            if let Content::Command(command) = &entry.content {
                owns_rightly(glance.server, server.service(), command.session)?;
            }
        }
        Ok(())
    }

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        let Some(server) = glance.world.server(glance.server) else {
            return Ok(());
        };
        for (_, entry) in glance.delivered() {
            owns_rightly(glance.server, server.service(), entry.txn.session)?;
        }
        Ok(())
    }
}

/// Nothing is an ephemeral of a session that is not open.
fn owns_rightly(server: ServerId, service: &Service, session: SessionId) -> Result<(), Clash> {
    if service.session(session).is_some() {
        return Ok(());
    }
    let Some(path) = service.tree().ephemerals(session).next() else {
        return Ok(());
    };
    Err(Clash {
        what: format!("{path} at {server} belongs to session {session}, which is not open"),
        facts: [
            (
                server,
                format!("has the ephemeral {path} of session {session}"),
            ),
            (server, format!("has no session {session}")),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Duration, Time};
    use crate::zookeeper::{Acl, Owner, Password, Txn, TxnHeader, Xid, Zxid};

    #[test]
    fn an_ephemeral_without_an_open_session_is_found() {
        let session = SessionId::new(7);
        let mut service = Service::new();
        let mut apply = |zxid, txn| {
            let header = TxnHeader {
                session,
                xid: Xid::ZERO,
                zxid: Zxid::new(0, zxid),
                time: Time::ZERO,
            };
            service.apply(&header, &txn, &mut Vec::new()).unwrap();
            owns_rightly(ServerId::new(2), &service, session)
        };
        let open = Txn::CreateSession {
            timeout: Duration::ZERO,
            password: Password::new([0; 16]),
            owner: ServerId::new(2),
        };
        let create = Txn::Create {
            path: "/e".into(),
            data: None,
            acl: Acl::open(),
            owner: Owner::Session(session),
            answers_stat: true,
            parent_creates: 1,
        };
        let close = |ephemerals| Txn::CloseSession { ephemerals };
        assert_eq!(apply(1, open), Ok(()));
        assert_eq!(apply(2, create), Ok(()));
        let clash = apply(3, close(Vec::new())).unwrap_err();
        assert_eq!(
            clash.what,
            "/e at S2 belongs to session 0x7, which is not open"
        );
        assert_eq!(apply(4, close(vec!["/e".into()])), Ok(()));
    }
}
