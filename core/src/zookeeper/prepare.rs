//! From a request to a transaction: every check, in ZooKeeper's order.
//!
//! When several things are wrong, the order decides which error a client sees
//! (`PrepRequestProcessor`). Access rights, where a request needs any, are looked at right after
//! the znode that grants them was found.

use std::sync::Arc;

use super::pending::{Ahead, Outline};
use super::request::Request;
use super::{
    ANY_VERSION, Command, CreateMode, Data, ErrorCode, Owner, Password, SessionId, Txn, Update,
    Version, path,
};
use crate::time::Duration;

impl Ahead<'_> {
    /// What `command` will have done.
    pub(super) fn prepare(self, command: &Command) -> Txn {
        let session = command.session;
        let outcome = match &command.update {
            Update::CreateSession { timeout, password } => {
                self.prepare_open(session, *timeout, *password)
            }
            Update::AttachSession { timeout, password } => {
                self.prepare_attach(session, *timeout, *password)
            }
            Update::CloseSession { .. } => self.prepare_close(session),
            Update::Write(request) => self.prepare_write(session, request),
        };
        outcome.unwrap_or_else(Txn::Error)
    }

    /// Opening a session again is harmless: its server may have asked twice. But one that is
    /// closed stays closed, however late the server's second message comes. Two clients that were
    /// given one id would be a fault of the servers.
    fn prepare_open(
        self,
        session: SessionId,
        timeout: Duration,
        password: Password,
    ) -> Result<Txn, ErrorCode> {
        match self.password(session) {
            Some(other) if other != password => Err(ErrorCode::SystemError),
            None if self.was_opened(session) => Err(ErrorCode::SessionExpired),
            _ => Ok(Txn::CreateSession { timeout, password }),
        }
    }

    /// A wrong password is answered exactly like a session that has ended: who does not know it
    /// learns nothing about it.
    fn prepare_attach(
        self,
        session: SessionId,
        timeout: Duration,
        password: Password,
    ) -> Result<Txn, ErrorCode> {
        match self.password(session) {
            Some(known) if known == password => Ok(Txn::AttachSession { timeout }),
            _ => Err(ErrorCode::SessionExpired),
        }
    }

    fn prepare_close(self, session: SessionId) -> Result<Txn, ErrorCode> {
        self.check_session(session)?;
        let ephemerals = self.ephemerals(session);
        Ok(Txn::CloseSession { ephemerals })
    }

    fn prepare_write(self, session: SessionId, request: &Request) -> Result<Txn, ErrorCode> {
        self.check_session(session)?;
        match request {
            Request::Create { path, data, mode } => {
                self.prepare_create(session, path, data.as_ref(), *mode)
            }
            Request::Delete { path, version } => self.prepare_delete(path, *version),
            Request::Set {
                path,
                data,
                version,
            } => self.prepare_set(path, data.as_ref(), *version),
            Request::Sync { path } => Ok(Txn::Sync { path: path.clone() }),
            Request::Exists { .. } | Request::Get { .. } | Request::Children { .. } => {
                Err(ErrorCode::Unimplemented)
            }
        }
    }

    /// Session, parent's path, parent (then the right to create in it), sequential digits, whole
    /// path, name not taken, parent not ephemeral (then the quota).
    fn prepare_create(
        self,
        session: SessionId,
        path: &Arc<str>,
        data: Option<&Data>,
        mode: CreateMode,
    ) -> Result<Txn, ErrorCode> {
        let parent_path = path::parent(path).ok_or(ErrorCode::BadArguments)?;
        let parent = self.node(parent_path).ok_or(ErrorCode::NoNode)?;
        let path = if mode.is_sequential() {
            path::sequential(path, parent.creates).into()
        } else {
            path.clone()
        };
        path::validate(&path).map_err(|_| ErrorCode::BadArguments)?;
        if self.node(&path).is_some() {
            return Err(ErrorCode::NodeExists);
        }
        if parent.owner.is_ephemeral() {
            return Err(ErrorCode::NoChildrenForEphemerals);
        }
        Ok(Txn::Create {
            path,
            data: data.cloned(),
            owner: if mode.is_ephemeral() {
                Owner::Session(session)
            } else {
                Owner::None
            },
            parent_creates: parent.creates.wrapping_add(1),
        })
    }

    /// Parent's path, not reserved, parent (then the right to delete from it), znode, version,
    /// children.
    fn prepare_delete(self, path: &Arc<str>, version: Version) -> Result<Txn, ErrorCode> {
        let parent_path = path::parent(path)
            .filter(|_| !path::is_reserved(path))
            .ok_or(ErrorCode::BadArguments)?;
        self.node(parent_path).ok_or(ErrorCode::NoNode)?;
        let node = self.node(path).ok_or(ErrorCode::NoNode)?;
        check_version(&node, version)?;
        if node.children > 0 {
            return Err(ErrorCode::NotEmpty);
        }
        Ok(Txn::Delete { path: path.clone() })
    }

    /// Whole path, znode (then the right to write it and the quota), version.
    fn prepare_set(
        self,
        path: &Arc<str>,
        data: Option<&Data>,
        version: Version,
    ) -> Result<Txn, ErrorCode> {
        path::validate(path).map_err(|_| ErrorCode::BadArguments)?;
        let node = self.node(path).ok_or(ErrorCode::NoNode)?;
        check_version(&node, version)?;
        Ok(Txn::SetData {
            path: path.clone(),
            data: data.cloned(),
            version: node.version.wrapping_add(1),
        })
    }

    fn check_session(self, session: SessionId) -> Result<(), ErrorCode> {
        self.password(session)
            .map(|_| ())
            .ok_or(ErrorCode::SessionExpired)
    }
}

fn check_version(node: &Outline, expected: Version) -> Result<(), ErrorCode> {
    if expected == ANY_VERSION || expected == node.version {
        Ok(())
    } else {
        Err(ErrorCode::BadVersion)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{A, B, Rig, create, create_as, delete, set};
    use super::ErrorCode::*;
    use super::*;
    use crate::zookeeper::Pending;

    use CreateMode::{Ephemeral, EphemeralSequential, Persistent, PersistentSequential};

    /// Below `/t`: `e` ephemeral of A; `p` persistent at version 1 with a child.
    fn rig() -> Rig {
        let mut rig = Rig::new();
        rig.run(A, create_as("/t/e", Ephemeral)).unwrap();
        rig.run(A, create("/t/p")).unwrap();
        rig.run(A, set("/t/p", "x", 0)).unwrap();
        rig.run(A, create("/t/p/child")).unwrap();
        rig
    }

    fn refusal(rig: &mut Rig, session: SessionId, request: Request) -> Option<ErrorCode> {
        let command = rig.command(session, Update::Write(request));
        match rig.service.prepare(&Pending::default(), &command) {
            Txn::Error(code) => Some(code),
            _ => None,
        }
    }

    #[test]
    fn the_first_check_that_fails_names_the_error_of_a_create() {
        let mut rig = rig();
        for (path, mode, outcome) in [
            ("/t/new", Persistent, None),
            ("/t/new", Ephemeral, None),
            // The path must have a parent to look for …
            ("", Persistent, Some(BadArguments)),
            ("t", Persistent, Some(BadArguments)),
            ("/missing/a\0", Persistent, Some(BadArguments)),
            // … before that is looked up, and only then is the rest of the path judged.
            ("/missing/a", Persistent, Some(NoNode)),
            ("/t//x", Persistent, Some(NoNode)),
            ("t/x", Persistent, Some(NoNode)),
            ("/missing/.", Persistent, Some(NoNode)),
            ("/t/.", Persistent, Some(BadArguments)),
            ("/t/..", Persistent, Some(BadArguments)),
            ("/t/", Persistent, Some(BadArguments)),
            ("//", Persistent, Some(BadArguments)),
            ("/t/x\u{1}", Persistent, Some(BadArguments)),
            ("/t/x\u{f8ff}", Persistent, Some(BadArguments)),
            ("/t/x😀", Persistent, Some(BadArguments)),
            ("/t/...", Persistent, None),
            ("/t/a:%20\\", Persistent, None),
            // A bad path beats a bad parent.
            ("/t/e/.", Persistent, Some(BadArguments)),
            // A name that is taken.
            ("/", Persistent, Some(NodeExists)),
            ("/t", Persistent, Some(NodeExists)),
            ("/zookeeper", Persistent, Some(NodeExists)),
            ("/t/p/child", Ephemeral, Some(NodeExists)),
            // No children of any kind for an ephemeral.
            ("/t/e/x", Persistent, Some(NoChildrenForEphemerals)),
            ("/t/e/x", Ephemeral, Some(NoChildrenForEphemerals)),
            (
                "/t/e/x",
                PersistentSequential,
                Some(NoChildrenForEphemerals),
            ),
            ("/t/e/x", EphemeralSequential, Some(NoChildrenForEphemerals)),
            // A sequential path is judged with its digits.
            ("/", PersistentSequential, None),
            ("/t/", PersistentSequential, None),
            ("/t/.", PersistentSequential, None),
            ("/t/..", EphemeralSequential, None),
            ("/t//", PersistentSequential, Some(NoNode)),
            ("/t/x\u{1}", PersistentSequential, Some(BadArguments)),
            ("/missing/s-", PersistentSequential, Some(NoNode)),
        ] {
            let found = refusal(&mut rig, B, create_as(path, mode));
            assert_eq!(found, outcome, "create {path:?} {mode}");
        }
    }

    #[test]
    fn the_first_check_that_fails_names_the_error_of_a_delete() {
        let mut rig = rig();
        for (path, version, outcome) in [
            ("/t/p/child", -1, None),
            ("/t/p/child", 0, None),
            ("/t/e", -1, None),
            ("", -1, Some(BadArguments)),
            ("t", -1, Some(BadArguments)),
            ("/t\0", -1, Some(BadArguments)),
            // Protected before anything else is looked at.
            ("/", -1, Some(BadArguments)),
            ("/zookeeper", 77, Some(BadArguments)),
            ("/zookeeper/quota", -1, Some(BadArguments)),
            ("/zookeeper/config", -1, Some(BadArguments)),
            ("/missing/a", -1, Some(NoNode)),
            ("/t/missing", 5, Some(NoNode)),
            // A malformed path is looked up and not found.
            ("/t/.", -1, Some(NoNode)),
            ("/t//p", -1, Some(NoNode)),
            ("/t/", -1, Some(NoNode)),
            // The version is looked at before the children.
            ("/t/p", 0, Some(BadVersion)),
            ("/t/p", -2, Some(BadVersion)),
            ("/t/p", 1, Some(NotEmpty)),
            ("/t/p", -1, Some(NotEmpty)),
            ("/t/p/child", 1, Some(BadVersion)),
        ] {
            let found = refusal(&mut rig, B, delete(path, version));
            assert_eq!(found, outcome, "delete {path:?} {version}");
        }
    }

    #[test]
    fn the_first_check_that_fails_names_the_error_of_a_set() {
        let mut rig = rig();
        for (path, version, outcome) in [
            ("/t/p", 1, None),
            ("/t/p", -1, None),
            ("/t/e", 0, None),
            ("/", -1, None),
            ("", -1, Some(BadArguments)),
            ("t", -1, Some(BadArguments)),
            ("/t/.", -1, Some(BadArguments)),
            ("/t/", -1, Some(BadArguments)),
            // The whole path is judged before it is looked up.
            ("/missing//x", -1, Some(BadArguments)),
            ("/t/missing", 9, Some(NoNode)),
            ("/t/p", 0, Some(BadVersion)),
            ("/t/p", -2, Some(BadVersion)),
            ("/", 987_654_321, Some(BadVersion)),
        ] {
            let found = refusal(&mut rig, B, set(path, "y", version));
            assert_eq!(found, outcome, "set {path:?} {version}");
        }
    }

    #[test]
    fn a_session_that_is_not_open_is_refused_before_anything_else() {
        let mut rig = rig();
        let unknown = SessionId::new(99);
        rig.close(B).unwrap();
        for session in [unknown, B] {
            for request in [create(""), delete("/", -1), set("/t/.", "", -1)] {
                let found = refusal(&mut rig, session, request);
                assert_eq!(found, Some(SessionExpired));
            }
            assert_eq!(rig.close(session), Err(SessionExpired));
        }
    }

    #[test]
    fn a_version_that_runs_out_of_bits_goes_on_from_the_other_end() {
        let mut rig = rig();
        let command = rig.command(A, Update::Write(set("/t", "x", -1)));
        let last = Txn::SetData {
            path: "/t".into(),
            data: None,
            version: Version::MAX,
        };
        let header = Rig::header(&command);
        rig.service.apply(&header, &last, &mut Vec::new()).unwrap();
        rig.run(A, set("/t", "y", Version::MAX)).unwrap();
        assert_eq!(rig.stat("/t").version, Version::MIN);
        rig.run(A, set("/t", "z", Version::MIN)).unwrap();
    }

    #[test]
    fn a_request_that_only_reads_is_no_transaction() {
        let path: Arc<str> = "/t".into();
        let found = refusal(&mut rig(), A, Request::Get { path });
        assert_eq!(found, Some(Unimplemented));
    }
}
