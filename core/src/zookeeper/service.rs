//! The replicated state of the service and the two steps that change it.

use super::digested::DigestedMap;
use super::{
    Change, Command, DataTree, ErrorCode, Pending, Reply, Request, Response, Session, SessionId,
    Stat, Txn, TxnHeader, Update, Zxid,
};
use crate::time::Duration;

/// Bytes that a znode takes besides its path and data: its stat.
const ZNODE_HEADER: usize = 68;

/// Bytes that a session takes: id, timeout, password, the number of its last write.
const SESSION_RECORD: usize = 8 + 8 + 16 + 4;

/// Everything that the servers of an ensemble agree on. An ephemeral's owner is always an open
/// session; a server opens its sessions in the order of their ids, so that one at or below its
/// last has been opened before, open or not; `last_zxid` is the newest transaction applied, failed ones included.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Service {
    tree: DataTree,
    sessions: DigestedMap<SessionId, Session>,
    /// The last session that each server opened, under the number that its sessions share.
    opened: DigestedMap<u8, SessionId>,
    last_zxid: Zxid,
}

impl Default for Service {
    fn default() -> Self {
        Self::new()
    }
}

impl Service {
    /// The state of a new ensemble: no session, and the znodes that are always there.
    pub fn new() -> Self {
        Self {
            tree: DataTree::new(),
            sessions: DigestedMap::new(),
            opened: DigestedMap::new(),
            last_zxid: Zxid::ZERO,
        }
    }

    /// The znodes.
    pub fn tree(&self) -> &DataTree {
        &self.tree
    }

    /// The session, if it is open.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// The open sessions, in the order of their ids.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter().map(|(_, session)| session)
    }

    /// The newest transaction that was applied.
    pub fn last_zxid(&self) -> Zxid {
        self.last_zxid
    }

    /// The last session that was opened by the server that `session` is of.
    pub fn last_opened_like(&self, session: SessionId) -> Option<SessionId> {
        self.opened.get(&session.server_number()).copied()
    }

    /// Whether a session was opened before, though it may be closed by now.
    pub(super) fn was_opened(&self, session: SessionId) -> bool {
        self.last_opened_like(session)
            .is_some_and(|last| session <= last)
    }

    /// Bytes that the whole state takes, on a disk or in messages.
    pub fn size(&self) -> u64 {
        let znodes = self.tree.iter().map(|(path, node)| {
            let data = node.data().map_or(0, super::Data::len);
            (path.len() + data + ZNODE_HEADER) as u64
        });
        let sessions = self.sessions.len() + self.opened.len();
        znodes.sum::<u64>() + (sessions * SESSION_RECORD + 8) as u64
    }

    /// Turns a command into a transaction against the state as it will be once `pending` has been
    /// applied. The outcome, be it an error, is frozen in the transaction; the caller gives it its
    /// zxid either way and [adds](Pending::add) it to what is pending.
    pub fn prepare(&self, pending: &Pending, command: &Command) -> Txn {
        pending.ahead_of(self).prepare(command)
    }

    /// Installs a transaction, appends to `changes` what it did to the tree, and answers the one
    /// who asked for it. To install again what the state already holds changes nothing.
    pub fn apply(&mut self, header: &TxnHeader, txn: &Txn, changes: &mut Vec<Change>) -> Reply {
        let reply = self.install(header, txn, changes);
        self.last_zxid = self.last_zxid.max(header.zxid);
        reply
    }

    /// Carries out a command that was replicated as such: prepares and applies it in one go. A
    /// write that was carried out before, and is met again because somebody asked twice, changes
    /// nothing and gets the same reply (dissertation §6.3).
    pub fn execute(&mut self, command: &Command, zxid: Zxid, changes: &mut Vec<Change>) -> Reply {
        if let Some(reply) = self.remembered(command) {
            self.last_zxid = self.last_zxid.max(zxid);
            return reply;
        }
        self.carry_out(command, zxid, changes)
    }

    /// The same, without asking whether it was carried out before.
    pub fn carry_out(&mut self, command: &Command, zxid: Zxid, changes: &mut Vec<Change>) -> Reply {
        let txn = self.prepare(&Pending::default(), command);
        let header = TxnHeader {
            session: command.session,
            xid: command.xid,
            zxid,
            time: command.time,
        };
        let reply = self.apply(&header, &txn, changes);
        if let Update::Write(_) = command.update {
            self.sessions.update(&command.session, |session| {
                session.remember(command.xid, &reply);
            });
        }
        reply
    }

    /// The reply to a write that this state has already seen, if it has.
    pub fn remembered(&self, command: &Command) -> Option<Reply> {
        match command.update {
            Update::Write(_) => self.session(command.session)?.remembered(command.xid),
            Update::CreateSession { .. }
            | Update::AttachSession { .. }
            | Update::CloseSession { .. } => None,
        }
    }

    /// Answers a read from the state as it is here and now.
    pub fn read(&self, request: &Request) -> Reply {
        let node = |path: &str| self.tree.get(path).ok_or(ErrorCode::NoNode);
        match request {
            Request::Exists { path } => Ok(Response::Stat(node(path)?.stat())),
            Request::Get { path } => {
                let node = node(path)?;
                Ok(Response::Data {
                    data: node.data().cloned(),
                    stat: node.stat(),
                })
            }
            Request::Children { path } => {
                let node = node(path)?;
                Ok(Response::Children {
                    names: node.children().cloned().collect(),
                    stat: node.stat(),
                })
            }
            Request::Create { .. }
            | Request::Delete { .. }
            | Request::Set { .. }
            | Request::Sync { .. } => Err(ErrorCode::Unimplemented),
        }
    }

    fn install(&mut self, header: &TxnHeader, txn: &Txn, changes: &mut Vec<Change>) -> Reply {
        let moment = (header.zxid, header.time);
        match txn {
            Txn::Create {
                path,
                data,
                owner,
                parent_creates,
            } => {
                let is_new = self
                    .tree
                    .create(path, data.as_ref(), *owner, *parent_creates, moment);
                if is_new.ok_or(ErrorCode::NoNode)? {
                    changes.push(Change::Created { path: path.clone() });
                }
                Ok(Response::Created {
                    path: path.clone(),
                    stat: self.stat(path)?,
                })
            }
            Txn::Delete { path } => {
                if self.tree.delete(path, header.zxid) {
                    changes.push(Change::Deleted { path: path.clone() });
                }
                Ok(Response::Deleted)
            }
            Txn::SetData {
                path,
                data,
                version,
            } => {
                if self.tree.set_data(path, data.as_ref(), *version, moment) {
                    changes.push(Change::DataChanged { path: path.clone() });
                }
                Ok(Response::Stat(self.stat(path)?))
            }
            Txn::CreateSession { timeout, password } => {
                let session = Session::new(header.session, *timeout, *password, header.xid);
                Ok(Response::SessionCreated {
                    timeout: self.open(session),
                })
            }
            Txn::AttachSession { timeout } => {
                self.sessions
                    .update(&header.session, |session| session.attach(*timeout));
                Ok(Response::SessionCreated { timeout: *timeout })
            }
            Txn::Sync { path } => Ok(Response::Synced { path: path.clone() }),
            Txn::CloseSession { ephemerals } => {
                for path in ephemerals {
                    if self.tree.delete(path, header.zxid) {
                        changes.push(Change::Deleted { path: path.clone() });
                    }
                }
                self.sessions.remove(&header.session);
                Ok(Response::SessionClosed)
            }
            Txn::Error(code) => Err(*code),
        }
    }

    /// Enters a session unless it is open already; answers the timeout that it has.
    fn open(&mut self, session: Session) -> Duration {
        if let Some(open) = self.session(session.id()) {
            return open.timeout();
        }
        let timeout = session.timeout();
        if !self.was_opened(session.id()) {
            let server = session.id().server_number();
            self.opened.insert(server, session.id());
        }
        self.sessions.insert(session.id(), session);
        timeout
    }

    fn stat(&self, path: &str) -> Result<Stat, ErrorCode> {
        let node = self.tree.get(path).ok_or(ErrorCode::NoNode)?;
        Ok(node.stat())
    }
}

/// The state that a recovering server starts from: the parts of a snapshot that was taken while
/// transactions went on.
#[cfg(test)]
pub(super) fn fuzzy(sessions: Service, tree: DataTree, last_zxid: Zxid) -> Service {
    Service {
        tree,
        last_zxid,
        ..sessions
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{A, B, PASSWORD, Rig, TIMEOUT, create, create_as, delete, set};
    use super::*;
    use crate::time::{Duration, Time};
    use crate::zookeeper::{CreateMode, Data, Owner, Password, Xid};

    use CreateMode::{Ephemeral, EphemeralSequential, PersistentSequential};

    fn get(rig: &Rig, path: &str) -> Reply {
        rig.service.read(&Request::Get { path: path.into() })
    }

    fn children(rig: &Rig, path: &str) -> Vec<String> {
        match rig.service.read(&Request::Children { path: path.into() }) {
            Ok(Response::Children { names, .. }) => names.iter().map(ToString::to_string).collect(),
            other => panic!("no children: {other:?}"),
        }
    }

    #[test]
    fn a_new_znode_carries_its_transaction_and_touches_only_its_parent() {
        let mut rig = Rig::new();
        let root = rig.stat("/");
        let parent = rig.stat("/t");
        let reply = rig.run(A, create_as("/t/e", Ephemeral));
        let now = rig.last_zxid();
        let stat = rig.stat("/t/e");
        assert_eq!(
            reply,
            Ok(Response::Created {
                path: "/t/e".into(),
                stat
            })
        );
        assert_eq!([stat.czxid, stat.mzxid, stat.pzxid], [now; 3]);
        assert_eq!([stat.version, stat.cversion, stat.aversion], [0; 3]);
        assert_eq!(stat.owner, Owner::Session(A));
        assert_eq!(stat.ctime, Time::from_millis(now.counter().into()));
        assert_eq!(stat.mtime, stat.ctime);
        let expected = Stat {
            pzxid: now,
            cversion: 1,
            num_children: 1,
            ..parent
        };
        assert_eq!(rig.stat("/t"), expected);
        assert_eq!(rig.stat("/"), root);
    }

    #[test]
    fn a_delete_touches_only_the_parent_and_leaves_its_data_stamp_alone() {
        let mut rig = Rig::new();
        rig.run(A, create("/t/a")).unwrap();
        let before = rig.stat("/t");
        assert_eq!(rig.run(B, delete("/t/a", 0)), Ok(Response::Deleted));
        let expected = Stat {
            pzxid: rig.last_zxid(),
            cversion: 2,
            num_children: 0,
            ..before
        };
        assert_eq!(rig.stat("/t"), expected);
        assert_eq!(get(&rig, "/t/a"), Err(ErrorCode::NoNode));
    }

    #[test]
    fn a_set_moves_the_data_stamp_and_version_even_when_the_bytes_are_the_same() {
        let mut rig = Rig::new();
        let before = rig.stat("/t");
        for version in 0..2 {
            let reply = rig.run(A, set("/t", "same", version));
            let stat = rig.stat("/t");
            assert_eq!(reply, Ok(Response::Stat(stat)));
            let expected = Stat {
                mzxid: rig.last_zxid(),
                mtime: Time::from_millis(rig.last_zxid().counter().into()),
                version: version + 1,
                data_length: 4,
                ..before
            };
            assert_eq!(stat, expected);
        }
    }

    #[test]
    fn a_failed_write_takes_a_zxid_and_changes_nothing_else() {
        let mut rig = Rig::new();
        let tree = rig.service.tree().clone();
        let before = rig.service.last_zxid();
        assert_eq!(rig.run(A, create("/t")), Err(ErrorCode::NodeExists));
        assert_eq!(rig.service.tree(), &tree);
        assert!(rig.service.last_zxid() > before);
        assert_eq!(rig.changes, []);
    }

    #[test]
    fn no_data_and_empty_data_are_told_apart() {
        let mut rig = Rig::new();
        let path: std::sync::Arc<str> = "/t/null".into();
        let request = Request::Create {
            path: path.clone(),
            data: None,
            mode: CreateMode::Persistent,
        };
        rig.run(A, request).unwrap();
        rig.run(A, create("/t/empty")).unwrap();
        let data = |path| match get(&rig, path) {
            Ok(Response::Data { data, stat }) => (data, stat.data_length),
            other => panic!("no data: {other:?}"),
        };
        assert_eq!(data("/t/null"), (None, 0));
        assert_eq!(data("/t/empty"), (Some(Data::from("")), 0));
    }

    #[test]
    fn a_znode_that_is_deleted_and_created_again_starts_from_version_zero() {
        let mut rig = Rig::new();
        rig.run(A, create("/t/a")).unwrap();
        rig.run(A, create("/t/a/b")).unwrap();
        rig.run(A, delete("/t/a/b", 0)).unwrap();
        rig.run(A, set("/t/a", "x", 0)).unwrap();
        rig.run(A, delete("/t/a", 1)).unwrap();
        rig.run(A, create("/t/a")).unwrap();
        let stat = rig.stat("/t/a");
        assert_eq!(
            (stat.version, stat.cversion, stat.czxid),
            (0, 0, rig.last_zxid())
        );
        assert!(rig.run(B, set("/t/a", "y", 0)).is_ok());
    }

    #[test]
    fn the_counter_starts_at_zero_and_every_create_advances_it_whatever_its_name() {
        let mut rig = Rig::new();
        assert_eq!(
            &*rig.created(A, create_as("/t/s-", PersistentSequential)),
            "/t/s-0000000000"
        );
        rig.created(A, create("/t/plain"));
        assert_eq!(
            &*rig.created(B, create_as("/t/", EphemeralSequential)),
            "/t/0000000002"
        );
        rig.run(A, delete("/t/plain", -1)).unwrap();
        assert_eq!(
            rig.run(A, create("/t/s-0000000000")),
            Err(ErrorCode::NodeExists)
        );
        rig.run(A, create("/t/missing/x")).unwrap_err();
        assert_eq!(
            &*rig.created(A, create_as("/t/..", PersistentSequential)),
            "/t/..0000000003"
        );
    }

    #[test]
    fn a_taken_sequential_name_is_refused_until_some_other_create_moves_the_counter() {
        let mut rig = Rig::new();
        rig.created(A, create("/t/s-0000000001"));
        for _ in 0..3 {
            let reply = rig.run(A, create_as("/t/s-", PersistentSequential));
            assert_eq!(reply, Err(ErrorCode::NodeExists));
        }
        rig.created(A, create("/t/other"));
        let path = rig.created(A, create_as("/t/s-", PersistentSequential));
        assert_eq!(&*path, "/t/s-0000000002");
    }

    #[test]
    fn the_counter_overflows_to_negative_numbers() {
        let mut rig = Rig::new();
        rig.service.tree.set_creates("/t", i32::MAX);
        for name in ["2147483647", "-2147483648", "-2147483647"] {
            let path = rig.created(A, create_as("/t/", PersistentSequential));
            assert_eq!(*path, *format!("/t/{name}"));
        }
    }

    #[test]
    fn a_session_takes_its_ephemerals_along_in_one_transaction() {
        let mut rig = Rig::new();
        for name in ["/t/a", "/t/b"] {
            rig.run(A, create_as(name, Ephemeral)).unwrap();
        }
        rig.run(A, create("/t/stays")).unwrap();
        rig.run(B, create_as("/t/other", Ephemeral)).unwrap();
        rig.changes.clear();
        let expiry = Update::CloseSession { expired: true };
        assert_eq!(rig.execute(A, expiry), Ok(Response::SessionClosed));
        assert_eq!(children(&rig, "/t"), ["other", "stays"]);
        let parent = rig.stat("/t");
        assert_eq!((parent.pzxid, parent.cversion), (rig.last_zxid(), 6));
        let deleted = |path: &str| Change::Deleted { path: path.into() };
        assert_eq!(rig.changes, [deleted("/t/a"), deleted("/t/b")]);
        assert_eq!(rig.service.session(A), None);
        assert_eq!(rig.service.tree().ephemerals(A).count(), 0);
    }

    #[test]
    fn an_ephemeral_created_again_by_another_session_survives_the_close_of_the_first() {
        let mut rig = Rig::new();
        rig.run(A, create_as("/t/m", Ephemeral)).unwrap();
        let taken = rig.run(B, create_as("/t/m", Ephemeral));
        assert_eq!(taken, Err(ErrorCode::NodeExists));
        rig.run(B, delete("/t/m", -1)).unwrap();
        rig.run(B, create_as("/t/m", Ephemeral)).unwrap();
        rig.close(A).unwrap();
        assert_eq!(rig.stat("/t/m").owner, Owner::Session(B));
    }

    #[test]
    fn only_the_password_resumes_a_session_and_a_wrong_one_tells_nothing() {
        let mut rig = Rig::new();
        let attach = |rig: &mut Rig, password| {
            let timeout = Duration::from_secs(2);
            rig.execute(A, Update::AttachSession { timeout, password })
        };
        let wrong = Password::new([0; 16]);
        assert_eq!(attach(&mut rig, wrong), Err(ErrorCode::SessionExpired));
        assert_eq!(rig.service.session(A).unwrap().timeout(), TIMEOUT);
        attach(&mut rig, PASSWORD).unwrap();
        assert_eq!(
            rig.service.session(A).unwrap().timeout(),
            Duration::from_secs(2)
        );
        rig.close(A).unwrap();
        assert_eq!(attach(&mut rig, PASSWORD), Err(ErrorCode::SessionExpired));
    }

    #[test]
    fn opening_a_session_twice_answers_twice_and_opens_it_once() {
        let mut rig = Rig::new();
        rig.run(A, create("/t/a")).unwrap();
        let before = rig.service.session(A).cloned();
        let again = Ok(Response::SessionCreated { timeout: TIMEOUT });
        assert_eq!(rig.open(A), again);
        assert_eq!(rig.service.session(A).cloned(), before);
    }

    #[test]
    fn a_write_that_arrives_twice_is_carried_out_once_and_answered_alike() {
        let mut rig = Rig::new();
        for request in [
            create_as("/t/s-", PersistentSequential),
            set("/t", "x", 0),
            delete("/t/missing", -1),
        ] {
            let first = rig.command(A, Update::Write(request));
            let reply = rig
                .service
                .execute(&first, Rig::zxid(&first), &mut rig.changes);
            let tree = rig.service.tree().clone();
            rig.changes.clear();
            let later = Zxid::new(2, first.xid.number() as u32);
            assert_eq!(rig.service.remembered(&first), Some(reply.clone()));
            let again = rig.service.execute(&first, later, &mut rig.changes);
            assert_eq!(again, reply);
            assert_eq!(rig.service.tree(), &tree);
            assert_eq!(rig.changes, []);
            assert_eq!(rig.service.last_zxid(), later);
        }
    }

    #[test]
    fn the_same_xid_of_another_session_is_another_write() {
        let mut rig = Rig::new();
        let mine = rig.command(A, Update::Write(create("/t/a")));
        let theirs = Command {
            session: B,
            ..mine.clone()
        };
        rig.service
            .execute(&mine, Rig::zxid(&mine), &mut rig.changes)
            .unwrap();
        let reply = rig
            .service
            .execute(&theirs, Rig::zxid(&mine), &mut rig.changes);
        assert_eq!(reply, Err(ErrorCode::NodeExists));
    }

    #[test]
    fn a_write_overtaken_by_a_later_one_is_not_carried_out_any_more() {
        let mut rig = Rig::new();
        let early = rig.command(A, Update::Write(create("/t/early")));
        rig.run(A, create("/t/late")).unwrap();
        let reply = rig
            .service
            .execute(&early, rig.last_zxid(), &mut rig.changes);
        assert_eq!(reply, Err(ErrorCode::ConnectionLoss));
        assert_eq!(children(&rig, "/t"), ["late"]);
    }

    #[test]
    fn reads_look_the_string_up_and_change_nothing() {
        let mut rig = Rig::new();
        rig.run(A, create_as("/t/b", Ephemeral)).unwrap();
        rig.run(A, create("/t/a")).unwrap();
        let before = rig.service.clone();
        let read = |request| rig.service.read(&request);
        let path: std::sync::Arc<str> = "/t".into();
        let stat = rig.stat("/t");
        assert_eq!(
            read(Request::Exists { path: path.clone() }),
            Ok(Response::Stat(stat))
        );
        let names = vec!["a".into(), "b".into()];
        assert_eq!(
            read(Request::Children { path: path.clone() }),
            Ok(Response::Children { names, stat })
        );
        for bad in ["/t/x", "/t/x/y", "t", "", "/t/", "/t/."] {
            let path: std::sync::Arc<str> = bad.into();
            let missing = Err(ErrorCode::NoNode);
            assert_eq!(read(Request::Exists { path: path.clone() }), missing);
            assert_eq!(read(Request::Get { path: path.clone() }), missing);
            assert_eq!(read(Request::Children { path }), missing);
        }
        let sync = Request::Sync { path };
        for not_a_read in [create("/t/c"), delete("/t/a", -1), set("/t", "x", -1), sync] {
            assert_eq!(read(not_a_read), Err(ErrorCode::Unimplemented));
        }
        assert_eq!(rig.service, before);
    }

    #[test]
    fn a_sync_goes_through_the_log_looks_at_no_path_and_changes_no_znode() {
        let mut rig = Rig::new();
        let tree = rig.service.tree().clone();
        for path in ["/t", "/missing", "/t/.", ""] {
            let path: std::sync::Arc<str> = path.into();
            let reply = rig.run(A, Request::Sync { path: path.clone() });
            assert_eq!(reply, Ok(Response::Synced { path }));
        }
        assert_eq!(rig.service.tree(), &tree);
        assert_eq!(rig.changes, []);
        rig.close(A).unwrap();
        let path = "/t".into();
        let reply = rig.run(A, Request::Sync { path });
        assert_eq!(reply, Err(ErrorCode::SessionExpired));
    }

    #[test]
    fn changes_are_told_in_the_order_in_which_they_happened() {
        let mut rig = Rig::new();
        rig.run(A, create("/t/a")).unwrap();
        rig.run(A, set("/t/a", "x", 0)).unwrap();
        rig.run(A, delete("/t/a", 1)).unwrap();
        let path: std::sync::Arc<str> = "/t/a".into();
        assert_eq!(
            rig.changes,
            [
                Change::Created { path: path.clone() },
                Change::DataChanged { path: path.clone() },
                Change::Deleted { path },
            ]
        );
    }

    #[test]
    fn an_expiry_is_no_duplicate_though_no_client_numbered_it() {
        let mut rig = Rig::new();
        let mut expiry = rig.command(A, Update::CloseSession { expired: true });
        expiry.xid = Xid::ZERO;
        let reply = rig
            .service
            .execute(&expiry, rig.last_zxid(), &mut rig.changes);
        assert_eq!(reply, Ok(Response::SessionClosed));
    }

    #[test]
    fn a_closed_session_is_not_revived_by_a_late_double_of_what_opened_it() {
        let mut rig = Rig::new();
        let (first, second) = (SessionId::new(7 << 56), SessionId::new((7 << 56) + 1));
        rig.open(first).unwrap();
        rig.open(second).unwrap();
        rig.open(first).unwrap();
        rig.close(first).unwrap();
        assert_eq!(rig.open(first), Err(ErrorCode::SessionExpired));
        assert!(rig.service.session(first).is_none());
        rig.open(SessionId::new(6 << 56)).unwrap();
        rig.open(second.next()).unwrap();
    }
}
