//! From a request to a transaction: every check, in ZooKeeper's order.
//!
//! When several things are wrong, the order decides which error a client sees
//! (`PrepRequestProcessor`). Access rights, where a request needs any, are looked at right after
//! the znode that grants them was found.

use std::sync::Arc;

use super::pending::{Ahead, Outline};
use super::request::Request;
use super::{
    ANY_VERSION, Acl, Command, CreateMode, Data, ErrorCode, Identities, MultiFailure, Password,
    Perms, SessionId, Txn, TxnHeader, Update, Version, Xid, Zxid, path,
};
use crate::ids::ServerId;
use crate::time::{Duration, Time};

/// Who asks, and when.
#[derive(Clone, Copy)]
struct Caller<'a> {
    session: SessionId,
    identities: &'a Identities,
    time: Time,
}

impl Ahead<'_> {
    /// What `command` will have done.
    pub(super) fn prepare(self, command: &Command) -> Txn {
        let Command {
            session,
            origin,
            time,
            ..
        } = *command;
        let outcome = match &command.update {
            Update::CreateSession { timeout, password } => {
                self.prepare_open(session, *timeout, *password, origin)
            }
            Update::AttachSession { timeout, password } => {
                self.prepare_attach(session, *timeout, *password, origin)
            }
            Update::CloseSession { .. } => self.prepare_close(session),
            Update::Sweep { path } => self.prepare_sweep(path, time),
            Update::Write(request) => {
                let caller = Caller {
                    session,
                    identities: &command.identities,
                    time,
                };
                self.prepare_write(caller, origin, request)
            }
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
        owner: ServerId,
    ) -> Result<Txn, ErrorCode> {
        match self.session(session) {
            Some(other) if other.password != password => Err(ErrorCode::SystemError),
            None if self.was_opened(session) => Err(ErrorCode::SessionExpired),
            _ => Ok(Txn::CreateSession {
                timeout,
                password,
                owner,
            }),
        }
    }

    /// A wrong password is answered exactly like a session that has ended: who does not know it
    /// learns nothing about it.
    fn prepare_attach(
        self,
        session: SessionId,
        timeout: Duration,
        password: Password,
        owner: ServerId,
    ) -> Result<Txn, ErrorCode> {
        match self.session(session) {
            Some(known) if known.password == password => Ok(Txn::AttachSession { timeout, owner }),
            _ => Err(ErrorCode::SessionExpired),
        }
    }

    /// A session is closed wherever its client was last: nothing that it asks can come after, so
    /// it need not have asked there (`PrepRequestProcessor`, `closeSession`).
    fn prepare_close(self, session: SessionId) -> Result<Txn, ErrorCode> {
        self.session(session).ok_or(ErrorCode::SessionExpired)?;
        let ephemerals = if self.rules().close_deletes_ephemerals {
            self.ephemerals(session)
        } else {
            Vec::new()
        };
        Ok(Txn::CloseSession { ephemerals })
    }

    /// The leader has seen that nothing keeps a znode; whether that is still so is decided here.
    fn prepare_sweep(self, path: &Arc<str>, now: Time) -> Result<Txn, ErrorCode> {
        let node = self.node(path).ok_or(ErrorCode::NoNode)?;
        if node.children > 0 {
            return Err(ErrorCode::NotEmpty);
        }
        if !node.is_over(now) {
            return Err(ErrorCode::BadVersion);
        }
        Ok(Txn::Delete { path: path.clone() })
    }

    /// A sync changes nothing, so that a server may pass one on for a client that has moved away.
    fn prepare_write(
        self,
        caller: Caller<'_>,
        origin: ServerId,
        request: &Request,
    ) -> Result<Txn, ErrorCode> {
        if let Request::Sync { path } = request {
            self.session(caller.session)
                .ok_or(ErrorCode::SessionExpired)?;
            return Ok(Txn::Sync { path: path.clone() });
        }
        self.check_session(caller.session, origin)?;
        match request {
            // A frame that holds anything else cannot be read (`MultiOperationRecord.deserialize`).
            Request::Multi(requests) if !requests.iter().all(Request::is_part_of_multi) => {
                Err(ErrorCode::MarshallingError)
            }
            Request::Multi(requests) => Ok(self.prepare_multi(caller, requests)),
            // As ZooKeeper is delivered (`reconfigEnabled`).
            Request::Reconfig(_) => Err(ErrorCode::ReconfigDisabled),
            _ => match self.prepare_one(caller, request, true) {
                Err(ErrorCode::BadVersion) if !self.rules().check_before_apply => {
                    let done = self.prepare_one(caller, &request.at_any_version(), true)?;
                    Ok(done_and_refused(vec![done], ErrorCode::BadVersion))
                }
                decided => decided,
            },
        }
    }

    /// All or nothing: each operation is decided on top of those before it, and one that fails
    /// undoes them.
    fn prepare_multi(self, caller: Caller<'_>, requests: &[Request]) -> Txn {
        // What is drafted here is seen by nobody else, so its place in the order does not matter.
        let header = TxnHeader {
            session: caller.session,
            xid: Xid::ZERO,
            zxid: Zxid::ZERO,
            time: caller.time,
        };
        let decided = self.one_by_one(&header, requests, |ahead, request| {
            ahead.prepare_one(caller, request, false)
        });
        match decided {
            Ok(txns) => Txn::Multi(txns),
            Err((failed, code)) if !self.rules().all_or_nothing => {
                let half = self.one_by_one(&header, &requests[..failed], |ahead, request| {
                    ahead.prepare_one(caller, request, false)
                });
                done_and_refused(half.unwrap_or_default(), code)
            }
            Err((failed, code)) => Txn::MultiFailed(MultiFailure {
                operations: requests.len() as u32,
                failed: failed as u32,
                code,
            }),
        }
    }

    /// One operation, by itself or as part of a multi.
    fn prepare_one(
        self,
        caller: Caller<'_>,
        request: &Request,
        alone: bool,
    ) -> Result<Txn, ErrorCode> {
        match request {
            Request::Create {
                path,
                data,
                acl,
                mode,
            } => self.prepare_create(caller, path, (data.as_ref(), acl), *mode, alone),
            Request::Delete { path, version } => self.prepare_delete(caller, path, *version),
            Request::Set {
                path,
                data,
                version,
            } => self.prepare_set(caller, path, data.as_ref(), *version),
            Request::SetAcl { path, acl, version } => {
                self.prepare_set_acl(caller, path, acl, *version)
            }
            Request::Check { path, version } => self.prepare_check(caller, path, *version),
            _ => Err(ErrorCode::Unimplemented),
        }
    }

    /// Mode, parent's path, list, parent, the right to create in it, sequential digits, whole path,
    /// name not taken, parent not ephemeral (then the quota).
    fn prepare_create(
        self,
        caller: Caller<'_>,
        path: &Arc<str>,
        (data, acl): (Option<&Data>, &Acl),
        mode: CreateMode,
        alone: bool,
    ) -> Result<Txn, ErrorCode> {
        let owner = mode.owner(caller.session)?;
        let parent_path = path::parent(path).ok_or(ErrorCode::BadArguments)?;
        let acl = acl.settled(caller.identities)?;
        let parent = self.node(parent_path).ok_or(ErrorCode::NoNode)?;
        parent.acl.check(Perms::CREATE, caller.identities)?;
        let path = if mode.is_sequential() {
            path::sequential(path, self.counter(&parent)).into()
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
            acl,
            owner,
            parent_creates: parent.creates.wrapping_add(1),
            answers_stat: alone || mode.has_own_operation(),
        })
    }

    fn counter(self, parent: &Outline) -> Version {
        if self.rules().count_every_create {
            parent.creates
        } else {
            parent.children as Version
        }
    }

    /// Parent's path, not reserved, parent, the right to delete from it, znode, version, children.
    fn prepare_delete(
        self,
        caller: Caller<'_>,
        path: &Arc<str>,
        version: Version,
    ) -> Result<Txn, ErrorCode> {
        let parent_path = path::parent(path)
            .filter(|_| !path::is_reserved(path))
            .ok_or(ErrorCode::BadArguments)?;
        let parent = self.node(parent_path).ok_or(ErrorCode::NoNode)?;
        parent.acl.check(Perms::DELETE, caller.identities)?;
        let node = self.node(path).ok_or(ErrorCode::NoNode)?;
        check_version(node.version, version)?;
        if node.children > 0 {
            return Err(ErrorCode::NotEmpty);
        }
        Ok(Txn::Delete { path: path.clone() })
    }

    /// Whole path, znode, the right to write it (then the quota), version.
    fn prepare_set(
        self,
        caller: Caller<'_>,
        path: &Arc<str>,
        data: Option<&Data>,
        version: Version,
    ) -> Result<Txn, ErrorCode> {
        let node = self.valid_node(path)?;
        node.acl.check(Perms::WRITE, caller.identities)?;
        check_version(node.version, version)?;
        Ok(Txn::SetData {
            path: path.clone(),
            data: data.cloned(),
            version: node.version.wrapping_add(1),
        })
    }

    /// Whole path, list, znode, the right to administer it, version of its list.
    fn prepare_set_acl(
        self,
        caller: Caller<'_>,
        path: &Arc<str>,
        acl: &Acl,
        version: Version,
    ) -> Result<Txn, ErrorCode> {
        path::validate(path).map_err(|_| ErrorCode::BadArguments)?;
        let acl = acl.settled(caller.identities)?;
        let node = self.node(path).ok_or(ErrorCode::NoNode)?;
        node.acl.check(Perms::ADMIN, caller.identities)?;
        check_version(node.aversion, version)?;
        Ok(Txn::SetAcl {
            path: path.clone(),
            acl,
            version: node.aversion.wrapping_add(1),
        })
    }

    /// Whole path, znode, the right to read it, version.
    fn prepare_check(
        self,
        caller: Caller<'_>,
        path: &Arc<str>,
        version: Version,
    ) -> Result<Txn, ErrorCode> {
        let node = self.valid_node(path)?;
        node.acl.check(Perms::READ, caller.identities)?;
        check_version(node.version, version)?;
        Ok(Txn::Check { path: path.clone() })
    }

    fn valid_node(self, path: &str) -> Result<Outline, ErrorCode> {
        path::validate(path).map_err(|_| ErrorCode::BadArguments)?;
        self.node(path).ok_or(ErrorCode::NoNode)
    }

    /// The session must be open, and its client connected with the server that asks: what was sent
    /// over an earlier connection, before the client moved, must not overtake what it sent since.
    pub(super) fn check_session(
        self,
        session: SessionId,
        origin: ServerId,
    ) -> Result<(), ErrorCode> {
        let session = self.session(session).ok_or(ErrorCode::SessionExpired)?;
        let bars = |owner| self.rules().bars(owner, origin);
        if session.owner.is_some_and(bars) {
            Err(ErrorCode::SessionMoved)
        } else {
            Ok(())
        }
    }
}

/// Without a rule that forbids it: what was refused has happened all the same.
fn done_and_refused(mut done: Vec<Txn>, code: ErrorCode) -> Txn {
    done.push(Txn::Error(code));
    Txn::Multi(done)
}

fn check_version(version: Version, expected: Version) -> Result<(), ErrorCode> {
    if expected == ANY_VERSION || expected == version {
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
    use crate::zookeeper::{AclEntry, Identity, Pending, Reconfig, Response};

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
    fn rights_are_asked_for_where_they_are_granted_and_in_their_place_among_the_checks() {
        let mut rig = rig();
        let list = |bits, path: &str| Request::SetAcl {
            path: path.into(),
            acl: Acl::new([AclEntry {
                perms: Perms::from_bits(bits),
                identity: Identity::anyone(),
            }]),
            version: -1,
        };
        let empty = |path: &str| Request::SetAcl {
            path: path.into(),
            acl: Acl::new([]),
            version: 7,
        };
        let check = |path: &str, version| Request::Check {
            path: path.into(),
            version,
        };
        rig.run(A, list(1, "/t/p")).unwrap();
        for (request, outcome) in [
            (create("/t/p/x"), Some(NoAuth)),
            // The list of a create is judged before the parent is looked up …
            (
                Request::Create {
                    path: "/missing/x".into(),
                    data: None,
                    acl: Acl::new([]),
                    mode: Persistent,
                },
                Some(InvalidAcl),
            ),
            // … and the right to create before the rest of the path.
            (create("/t/p/."), Some(NoAuth)),
            (create("/t/p/child"), Some(NoAuth)),
            // The right to delete is the parent's to grant, before the znode is looked up.
            (delete("/t/p/child", 9), Some(NoAuth)),
            (delete("/t/p/missing", -1), Some(NoAuth)),
            (delete("/t/p", 0), Some(BadVersion)),
            (set("/t/p", "y", 9), Some(NoAuth)),
            (set("/t/p/child", "y", 0), None),
            (list(31, "/t/p"), Some(NoAuth)),
            (empty("/missing"), Some(InvalidAcl)),
            (empty("/t/."), Some(BadArguments)),
            (list(31, "/missing"), Some(NoNode)),
            (check("/t/p", 1), None),
            (check("/t/p", 0), Some(BadVersion)),
            (check("/t/missing", 0), Some(NoNode)),
            (check("/t/", 0), Some(BadArguments)),
        ] {
            let label = request.to_string();
            assert_eq!(refusal(&mut rig, B, request), outcome, "{label}");
        }
        rig.run(A, list(0, "/t/e")).unwrap();
        assert_eq!(refusal(&mut rig, A, check("/t/e", 5)), Some(NoAuth));
    }

    #[test]
    fn a_mode_that_is_none_or_a_life_that_is_none_is_a_bad_argument_before_anything_else() {
        let mut rig = rig();
        for mode in [
            CreateMode::Unknown(9),
            CreateMode::PersistentWithTtl(0),
            CreateMode::PersistentSequentialWithTtl(-1),
        ] {
            let found = refusal(&mut rig, A, create_as("/missing/x", mode));
            assert_eq!(found, Some(BadArguments), "{mode}");
        }
    }

    #[test]
    fn a_session_that_is_not_open_is_refused_before_anything_else() {
        let mut rig = rig();
        let unknown = SessionId::new(99);
        rig.close(B).unwrap();
        for session in [unknown, B] {
            let ensemble = Request::Reconfig(Reconfig::default().into());
            let badly = [create(""), delete("/", -1), set("/t/.", "", -1), ensemble];
            for request in badly {
                let found = refusal(&mut rig, session, request);
                assert_eq!(found, Some(SessionExpired));
            }
            assert_eq!(rig.close(session), Err(SessionExpired));
        }
    }

    #[test]
    fn nobody_changes_the_ensemble_where_that_is_not_allowed_and_the_refusal_takes_a_zxid() {
        let mut rig = rig();
        let anyone = Request::Reconfig(Reconfig::default().into());
        let from_nowhere = Reconfig {
            from: Some(Zxid::new(9, 9)),
            ..Reconfig::default()
        };
        let command = rig.command(A, Update::Write(anyone.clone()));
        let reply = rig.carry_out(&command, Rig::zxid(&command));
        assert_eq!(reply, Err(ReconfigDisabled));
        assert_eq!(rig.service.last_zxid(), Rig::zxid(&command));
        // That is said before the version is compared …
        let found = refusal(&mut rig, A, Request::Reconfig(from_nowhere.into()));
        assert_eq!(found, Some(ReconfigDisabled));
        // … and no part of a multi is one.
        assert_eq!(rig.multi(A, [anyone]), Err(MarshallingError));
    }

    #[test]
    fn a_multi_of_anything_but_creates_deletes_sets_and_checks_cannot_be_read_at_all() {
        let mut rig = rig();
        let list = Request::SetAcl {
            path: "/t".into(),
            acl: Acl::open(),
            version: -1,
        };
        for other in [list, Request::get("/t"), Request::WhoAmI] {
            let label = other.to_string();
            // Whatever else is wrong with it.
            let multi = rig.multi(A, [create("/t/x"), delete("/t/missing", -1), other]);
            assert_eq!(multi, Err(MarshallingError), "{label}");
        }
        let check = Request::Check {
            path: "/t".into(),
            version: 0,
        };
        let parts = [
            create("/t/x"),
            set("/t/x", "y", 0),
            delete("/t/x", 1),
            check,
        ];
        assert!(matches!(rig.multi(A, parts), Ok(Response::Multi(done)) if done.len() == 4));
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
        let found = refusal(&mut rig(), A, Request::get("/t"));
        assert_eq!(found, Some(Unimplemented));
    }
}
