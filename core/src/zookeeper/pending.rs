//! What has been decided but not yet applied.
//!
//! A leader that replicates transactions decides the next while earlier ones are still on their
//! way to a quorum. It must decide against the state as it will be when they have arrived
//! (ZooKeeper, outstanding changes; Zab §2.1 on multiple outstanding transactions).

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};

use super::digested::DigestedMap;
use super::reconfig::CONFIGURED;
use super::service::Service;
use super::tree::Znode;
use super::{
    Acl, ErrorCode, Owner, Password, Rules, Session, SessionId, Txn, TxnHeader, Version, Zxid, path,
};
use crate::ids::ServerId;
use crate::time::Time;

/// The outstanding changes: an overlay on the applied state. `nodes` and `sessions` hold the
/// newest change of each path and session; `queue` lists every change, in zxid order, so that what
/// has been applied can be dropped from the front. `owners` is there with a leader that keeps to
/// itself at which server each session's client is; otherwise the sessions say it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Pending {
    nodes: OrdMap<Arc<str>, ChangeRecord>,
    sessions: OrdMap<SessionId, SessionRecord>,
    queue: Vector<(Zxid, Subject)>,
    owners: Option<DigestedMap<SessionId, ServerId>>,
}

/// What a path will be after an outstanding transaction.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ChangeRecord {
    /// The transaction.
    pub zxid: Zxid,
    /// The znode afterwards; none if it will be gone.
    pub node: Option<Outline>,
}

/// As much of a znode as is needed to decide what a request does to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Outline {
    /// How often its data were set.
    pub version: Version,
    /// How often a child was created: the sequential counter.
    pub creates: Version,
    /// How many children it has.
    pub children: u32,
    /// Whose life it depends on.
    pub owner: Owner,
    /// Who may do what with it.
    pub acl: Acl,
    /// How often its access control list was set.
    pub aversion: Version,
    /// When its data were last set.
    pub mtime: Time,
}

/// What a session will be: open under a password, or gone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct SessionRecord {
    zxid: Zxid,
    open: Option<SessionOutline>,
}

/// As much of an open session as is needed to decide about its requests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct SessionOutline {
    pub(super) password: Password,
    /// The server that its client is connected with, if that is known.
    pub(super) owner: Option<ServerId>,
}

/// What a change is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Subject {
    Path(Arc<str>),
    Session(SessionId),
}

impl From<&Znode> for Outline {
    fn from(node: &Znode) -> Self {
        Self {
            version: node.version(),
            creates: node.creates(),
            children: node.num_children(),
            owner: node.owner(),
            acl: node.acl().clone(),
            aversion: node.aversion(),
            mtime: node.mtime(),
        }
    }
}

impl From<&Session> for SessionOutline {
    fn from(session: &Session) -> Self {
        Self {
            password: session.password(),
            owner: Some(session.owner()),
        }
    }
}

impl Outline {
    /// Whether, without children, nothing keeps the znode at `now` any more. A container that
    /// never had a child is kept for the first one.
    pub fn is_over(&self, now: Time) -> bool {
        match self.owner {
            Owner::Container => self.creates > 0,
            Owner::Ttl(ttl) => now.since(self.mtime) > ttl,
            Owner::None | Owner::Session(_) => false,
        }
    }
}

impl Pending {
    /// Nothing is outstanding, and at which server each session's client is will stand in no
    /// transaction: whoever leads knows it by itself, and the next leader not at all
    /// (`SessionTrackerImpl.SessionImpl`).
    pub fn with_owners() -> Self {
        Self {
            owners: Some(DigestedMap::new()),
            ..Self::default()
        }
    }

    /// The session's client is connected with `server` from here on.
    pub fn move_session(&mut self, id: SessionId, server: ServerId) {
        if let Some(owners) = &mut self.owners {
            owners.insert(id, server);
        }
    }

    /// The server that a session's client is connected with, as the leader has it by itself.
    pub fn owner(&self, id: SessionId) -> Option<ServerId> {
        self.owners.as_ref()?.get(&id).copied()
    }

    /// Adds what `txn`, just prepared on top of `applied` and everything added before, will do.
    pub fn add(&mut self, applied: &Service, header: &TxnHeader, txn: &Txn) {
        let zxid = header.zxid;
        match txn {
            Txn::Create {
                path,
                acl,
                owner,
                parent_creates,
                ..
            } => {
                let born = Outline {
                    version: 0,
                    creates: 0,
                    children: 0,
                    owner: *owner,
                    acl: acl.clone(),
                    aversion: 0,
                    mtime: header.time,
                };
                self.change_parent(applied, path, zxid, |parent| {
                    parent.creates = *parent_creates;
                    parent.children += 1;
                });
                self.record(path.clone(), zxid, Some(born));
            }
            Txn::Delete { path } => self.add_delete(applied, path, zxid),
            Txn::SetData { path, version, .. } => {
                if let Some(node) = self.ahead_of(applied).node(path) {
                    let set = Outline {
                        version: *version,
                        mtime: header.time,
                        ..node
                    };
                    self.record(path.clone(), zxid, Some(set));
                }
            }
            Txn::Configure { .. } => {
                if let Some(node) = self.ahead_of(applied).node(path::CONFIG) {
                    let set = Outline {
                        version: CONFIGURED,
                        mtime: header.time,
                        ..node
                    };
                    self.record(path::CONFIG.into(), zxid, Some(set));
                }
            }
            Txn::SetAcl { path, acl, version } => {
                if let Some(node) = self.ahead_of(applied).node(path) {
                    let set = Outline {
                        acl: acl.clone(),
                        aversion: *version,
                        ..node
                    };
                    self.record(path.clone(), zxid, Some(set));
                }
            }
            Txn::Multi(txns) => {
                for txn in txns {
                    self.add(applied, header, txn);
                }
            }
            Txn::CreateSession {
                password, owner, ..
            } => {
                let open = SessionOutline {
                    password: *password,
                    owner: Some(*owner),
                };
                self.record_session(header.session, zxid, Some(open));
                self.move_session(header.session, *owner);
            }
            Txn::AttachSession { owner, .. } => {
                if let Some(open) = self.ahead_of(applied).session(header.session) {
                    let owner = Some(*owner);
                    let open = SessionOutline { owner, ..open };
                    self.record_session(header.session, zxid, Some(open));
                }
            }
            Txn::CloseSession { ephemerals } => {
                for path in ephemerals {
                    self.add_delete(applied, path, zxid);
                }
                self.record_session(header.session, zxid, None);
                if let Some(owners) = &mut self.owners {
                    owners.remove(&header.session);
                }
            }
            Txn::Check { .. } | Txn::MultiFailed(_) | Txn::Sync { .. } | Txn::Error(_) => {}
        }
    }

    /// Drops every change up to and including `zxid`: the applied state has them now.
    pub fn applied(&mut self, zxid: Zxid) {
        while let Some((of, subject)) = self.queue.front()
            && *of <= zxid
        {
            match subject {
                Subject::Path(path) if is_done(self.nodes.get(path).map(|it| it.zxid), zxid) => {
                    self.nodes.remove(path);
                }
                Subject::Session(id) if is_done(self.sessions.get(id).map(|it| it.zxid), zxid) => {
                    self.sessions.remove(id);
                }
                // A later change of the same path or session has taken its place.
                Subject::Path(_) | Subject::Session(_) => {}
            }
            self.queue.pop_front();
        }
    }

    /// Whether nothing is outstanding.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The outstanding change of `path`, if there is one.
    pub fn change(&self, path: &str) -> Option<&ChangeRecord> {
        self.nodes.get(path)
    }

    /// The state as it will be.
    pub(super) fn ahead_of<'a>(&'a self, applied: &'a Service) -> Ahead<'a> {
        Ahead {
            applied,
            pending: self,
        }
    }

    fn add_delete(&mut self, applied: &Service, path: &Arc<str>, zxid: Zxid) {
        self.change_parent(applied, path, zxid, |parent| parent.children -= 1);
        self.record(path.clone(), zxid, None);
    }

    fn change_parent(
        &mut self,
        applied: &Service,
        path: &str,
        zxid: Zxid,
        change: impl FnOnce(&mut Outline),
    ) {
        let Some(parent_path) = path::parent(path) else {
            return;
        };
        if let Some(mut parent) = self.ahead_of(applied).node(parent_path) {
            change(&mut parent);
            self.record(parent_path.into(), zxid, Some(parent));
        }
    }

    fn record(&mut self, path: Arc<str>, zxid: Zxid, node: Option<Outline>) {
        self.nodes.insert(path.clone(), ChangeRecord { zxid, node });
        self.queue.push_back((zxid, Subject::Path(path)));
    }

    fn record_session(&mut self, id: SessionId, zxid: Zxid, open: Option<SessionOutline>) {
        self.sessions.insert(id, SessionRecord { zxid, open });
        self.queue.push_back((zxid, Subject::Session(id)));
    }
}

fn is_done(newest: Option<Zxid>, applied: Zxid) -> bool {
    newest.is_some_and(|newest| newest <= applied)
}

/// The state as it will be once all outstanding changes are applied.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'a> {
    applied: &'a Service,
    pending: &'a Pending,
}

impl Ahead<'_> {
    /// The znode that will be at `path`.
    pub(super) fn node(self, path: &str) -> Option<Outline> {
        match self.pending.nodes.get(path) {
            Some(change) => change.node.clone(),
            None => self.applied.tree().get(path).map(Outline::from),
        }
    }

    /// The rules that the service follows.
    pub(super) fn rules(&self) -> &Rules {
        self.applied.rules()
    }

    /// The session `id`, if it will be open.
    pub(super) fn session(self, id: SessionId) -> Option<SessionOutline> {
        let open = match self.pending.sessions.get(&id) {
            Some(change) => change.open?,
            None => SessionOutline::from(self.applied.session(id)?),
        };
        let owner = match &self.pending.owners {
            Some(owners) => owners.get(&id).copied(),
            None => open.owner,
        };
        Some(SessionOutline { owner, ..open })
    }

    /// Whether session `id` was opened before, though it may be closed by now, or will be.
    pub(super) fn was_opened(self, id: SessionId) -> bool {
        self.applied.was_opened(id) || self.pending.sessions.contains_key(&id)
    }

    /// Decides several changes that are one, each on top of those before it. `decide` is asked for
    /// one after the other; where it refuses, everything before is forgotten and the position of
    /// the refusal is answered with it.
    pub(super) fn one_by_one<T>(
        self,
        header: &TxnHeader,
        items: &[T],
        decide: impl Fn(Ahead<'_>, &T) -> Result<Txn, ErrorCode>,
    ) -> Result<Vec<Txn>, (usize, ErrorCode)> {
        let mut draft = self.pending.clone();
        let mut txns = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            let txn =
                decide(draft.ahead_of(self.applied), item).map_err(|code| (position, code))?;
            draft.add(self.applied, header, &txn);
            txns.push(txn);
        }
        Ok(txns)
    }

    /// The znodes that session `id` will own, in order.
    pub(super) fn ephemerals(self, id: SessionId) -> Vec<Arc<str>> {
        let mut paths: OrdSet<Arc<str>> = self.applied.tree().ephemerals(id).cloned().collect();
        for (path, change) in &self.pending.nodes {
            let owner = change.node.as_ref().map(|it| it.owner);
            if owner == Some(Owner::Session(id)) {
                paths.insert(path.clone());
            } else {
                paths.remove(path);
            }
        }
        paths.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{A, B, PASSWORD, Rig, TIMEOUT, create, create_as, delete, set};
    use super::*;
    use crate::zookeeper::{Command, CreateMode, ErrorCode, Response, Update};

    /// A leader: it prepares ahead of what is applied.
    struct Leader {
        rig: Rig,
        pending: Pending,
        proposed: Vec<(TxnHeader, Txn)>,
    }

    impl Leader {
        fn new() -> Self {
            Self {
                rig: Rig::new(),
                pending: Pending::default(),
                proposed: Vec::new(),
            }
        }

        fn propose(&mut self, session: SessionId, update: Update) -> Txn {
            let command: Command = self.rig.command(session, update);
            let txn = self.rig.service.prepare(&self.pending, &command);
            let header = Rig::header(&command);
            self.pending.add(&self.rig.service, &header, &txn);
            self.proposed.push((header, txn.clone()));
            txn
        }

        fn write(&mut self, session: SessionId, request: super::super::Request) -> Txn {
            self.propose(session, Update::Write(request))
        }

        /// Applies the oldest transaction that is still outstanding.
        fn commit(&mut self) {
            let (header, txn) = self.proposed.remove(0);
            let reply = self.rig.service.apply(&header, &txn, &mut Vec::new());
            assert_eq!(
                reply.err(),
                match txn {
                    Txn::Error(code) => Some(code),
                    _ => None,
                }
            );
            self.pending.applied(header.zxid);
        }
    }

    const EXISTS: Txn = Txn::Error(ErrorCode::NodeExists);
    const NO_NODE: Txn = Txn::Error(ErrorCode::NoNode);
    const NOT_EMPTY: Txn = Txn::Error(ErrorCode::NotEmpty);
    const BAD_VERSION: Txn = Txn::Error(ErrorCode::BadVersion);
    const EXPIRED: Txn = Txn::Error(ErrorCode::SessionExpired);

    #[test]
    fn of_two_creates_before_either_is_applied_the_second_finds_the_name_taken() {
        let mut leader = Leader::new();
        assert_ne!(leader.write(A, create("/t/a")), EXISTS);
        assert_eq!(leader.write(B, create("/t/a")), EXISTS);
    }

    #[test]
    fn sequential_creates_that_are_outstanding_count_each_other() {
        let mut leader = Leader::new();
        for count in 0..3 {
            let request = create_as("/t/s-", CreateMode::PersistentSequential);
            let Txn::Create {
                path,
                parent_creates,
                ..
            } = leader.write(A, request)
            else {
                panic!("refused");
            };
            assert_eq!(*path, *format!("/t/s-{count:010}"));
            assert_eq!(parent_creates, count + 1);
        }
    }

    #[test]
    fn a_parent_with_an_outstanding_child_is_not_empty_and_one_losing_its_last_is() {
        let mut leader = Leader::new();
        leader.write(A, create("/t/a"));
        assert_eq!(leader.write(A, delete("/t", -1)), NOT_EMPTY);
        leader.write(A, delete("/t/a", -1));
        assert_eq!(
            leader.write(A, delete("/t", -1)),
            Txn::Delete { path: "/t".into() }
        );
        assert_eq!(leader.write(A, create("/t/b")), NO_NODE);
        assert_eq!(leader.write(A, set("/t/a", "x", -1)), NO_NODE);
    }

    #[test]
    fn an_outstanding_set_moves_the_version_that_the_next_must_name() {
        let mut leader = Leader::new();
        leader.write(A, set("/t", "1", 0));
        assert_eq!(leader.write(B, set("/t", "2", 0)), BAD_VERSION);
        let Txn::SetData { version, .. } = leader.write(B, set("/t", "2", 1)) else {
            panic!("refused");
        };
        assert_eq!(version, 2);
    }

    #[test]
    fn an_outstanding_ephemeral_has_no_children_and_goes_with_an_outstanding_close() {
        let mut leader = Leader::new();
        leader.write(A, create_as("/t/old", CreateMode::Ephemeral));
        leader.write(A, create_as("/t/taken", CreateMode::Ephemeral));
        leader.commit();
        leader.commit();
        leader.write(A, create_as("/t/new", CreateMode::Ephemeral));
        leader.write(B, delete("/t/taken", -1));
        leader.write(B, create_as("/t/taken", CreateMode::Ephemeral));
        assert_eq!(
            leader.write(B, create("/t/new/x")),
            Txn::Error(ErrorCode::NoChildrenForEphemerals)
        );
        let close = leader.propose(A, Update::CloseSession { expired: true });
        let ephemerals = vec!["/t/new".into(), "/t/old".into()];
        assert_eq!(close, Txn::CloseSession { ephemerals });
        assert_eq!(leader.write(B, delete("/t/old", -1)), NO_NODE);
        assert_eq!(leader.write(A, create("/t/late")), EXPIRED);
    }

    #[test]
    fn a_session_whose_opening_is_outstanding_can_write() {
        let mut leader = Leader::new();
        let session = SessionId::new(0xc);
        assert_eq!(leader.write(session, create("/t/a")), EXPIRED);
        let open = |password| Update::CreateSession {
            timeout: TIMEOUT,
            password,
        };
        leader.propose(session, open(PASSWORD));
        assert_ne!(leader.write(session, create("/t/a")), EXPIRED);
        let clash = leader.propose(session, open(Password::new([9; 16])));
        assert_eq!(clash, Txn::Error(ErrorCode::SystemError));
    }

    #[test]
    fn a_change_is_dropped_when_it_is_applied_unless_a_later_one_took_its_place() {
        let mut leader = Leader::new();
        leader.write(A, set("/t", "1", 0));
        leader.write(A, create("/missing/x"));
        leader.write(A, set("/t", "2", 1));
        leader.commit();
        let change = leader.pending.change("/t").unwrap();
        assert_eq!(change.node.as_ref().unwrap().version, 2);
        leader.commit();
        leader.commit();
        assert!(leader.pending.is_empty());
        assert_eq!(leader.pending, Pending::default());
        assert_eq!(leader.rig.stat("/t").version, 2);
    }

    /// The same requests, prepared as far ahead as can be or one by one, decide the same.
    #[test]
    fn what_is_decided_does_not_depend_on_how_much_is_outstanding() {
        let requests = || {
            [
                (A, create("/t/a")),
                (B, create_as("/t/a/s-", CreateMode::PersistentSequential)),
                (A, create_as("/t/a/s-", CreateMode::EphemeralSequential)),
                (A, delete("/t/a", -1)),
                (A, delete("/t/a/s-0000000000", 0)),
                (B, set("/t/a/s-0000000001", "x", 0)),
                (B, delete("/t/a/s-0000000001", 1)),
                (B, delete("/t/a", 0)),
                (A, create("/t/a")),
                (A, set("/t/a", "y", 1)),
            ]
        };
        let mut ahead = Leader::new();
        let mut behind = Leader::new();
        for (session, request) in requests() {
            let early = ahead.write(session, request.clone());
            assert_eq!(early, behind.write(session, request));
            behind.commit();
        }
        while !ahead.proposed.is_empty() {
            ahead.commit();
        }
        assert_eq!(ahead.rig.service, behind.rig.service);
        let read = ahead.rig.service.read(
            &super::super::Request::children("/t"),
            A,
            &super::super::Identities::default(),
        );
        assert!(matches!(read, Ok(Response::Children { names, .. }) if names == ["a".into()]));
    }
}
