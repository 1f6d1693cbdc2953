//! A service to try requests on, for the tests of this room.

use std::sync::Arc;

use super::{
    Change, Command, CreateMode, Data, Identities, Password, Reply, Request, Response, Service,
    SessionId, Stat, TxnHeader, Update, Version, Xid, Zxid,
};
use crate::ids::ServerId;
use crate::time::{Duration, Time};

pub(super) const A: SessionId = SessionId::new(0xa);
pub(super) const B: SessionId = SessionId::new(0xb);
pub(super) const TIMEOUT: Duration = Duration::from_millis(4_000);
/// The server that the clients are connected with.
pub(super) const HOME: ServerId = ServerId::new(1);
pub(super) const PASSWORD: Password = Password::new([7; 16]);

pub(super) fn create_as(path: &str, mode: CreateMode) -> Request {
    Request::create(path, Some(Data::from("")), mode)
}

pub(super) fn create(path: &str) -> Request {
    create_as(path, CreateMode::Persistent)
}

pub(super) fn delete(path: &str, version: Version) -> Request {
    let path = path.into();
    Request::Delete { path, version }
}

pub(super) fn set(path: &str, data: &str, version: Version) -> Request {
    Request::Set {
        path: path.into(),
        data: Some(Data::from(data)),
        version,
    }
}

/// A service, and the count of transactions that makes the next zxid and the next xid. The clock
/// shows as many milliseconds as there were transactions.
pub(super) struct Rig {
    pub(super) service: Service,
    pub(super) changes: Vec<Change>,
    count: u32,
}

impl Rig {
    /// A service with sessions A and B open and an empty znode `/t`.
    pub(super) fn new() -> Self {
        Self::on(Service::new())
    }

    /// The same on top of a state in which nothing has happened.
    pub(super) fn on(service: Service) -> Self {
        let mut rig = Self {
            service,
            changes: Vec::new(),
            count: 0,
        };
        rig.open(A).unwrap();
        rig.open(B).unwrap();
        rig.run(A, create("/t")).unwrap();
        rig.changes.clear();
        rig
    }

    /// A command of the next number.
    pub(super) fn command(&mut self, session: SessionId, update: Update) -> Command {
        self.count += 1;
        Command {
            session,
            xid: Xid::new(self.count as i32),
            time: Time::from_millis(self.count.into()),
            origin: HOME,
            identities: Identities::default(),
            in_step: Vec::new(),
            update,
        }
    }

    /// The zxid that a command has here.
    pub(super) fn zxid(command: &Command) -> Zxid {
        Zxid::new(1, command.xid.number() as u32)
    }

    pub(super) fn header(command: &Command) -> TxnHeader {
        TxnHeader {
            session: command.session,
            xid: command.xid,
            zxid: Self::zxid(command),
            time: command.time,
        }
    }

    pub(super) fn execute(&mut self, session: SessionId, update: Update) -> Reply {
        let command = self.command(session, update);
        self.carry_out(&command, Self::zxid(&command))
    }

    /// What comes of a command at once.
    pub(super) fn carry_out(&mut self, command: &Command, zxid: Zxid) -> Reply {
        let reply = self.service.execute(command, zxid, &mut self.changes);
        reply.expect("answered at once")
    }

    pub(super) fn open(&mut self, session: SessionId) -> Reply {
        let update = Update::CreateSession {
            timeout: TIMEOUT,
            password: PASSWORD,
        };
        self.execute(session, update)
    }

    pub(super) fn close(&mut self, session: SessionId) -> Reply {
        self.execute(session, Update::CloseSession { expired: false })
    }

    pub(super) fn run(&mut self, session: SessionId, request: Request) -> Reply {
        self.execute(session, Update::Write(request))
    }

    pub(super) fn multi<const N: usize>(
        &mut self,
        session: SessionId,
        requests: [Request; N],
    ) -> Reply {
        self.run(session, Request::Multi(requests.into()))
    }

    /// What comes of the leader's wish to sweep a znode.
    pub(super) fn sweep(&mut self, path: &str) -> Reply {
        let path = path.into();
        self.execute(SessionId::new(0), Update::Sweep { path })
    }

    /// What session A reads that has proved nothing.
    pub(super) fn read(&self, request: &Request) -> Reply {
        self.service.read(request, A, &Identities::default())
    }

    /// Creates and answers the actual path.
    pub(super) fn created(&mut self, session: SessionId, request: Request) -> Arc<str> {
        match self.run(session, request) {
            Ok(Response::Created { path, .. }) => path,
            other => panic!("not created: {other:?}"),
        }
    }

    pub(super) fn stat(&self, path: &str) -> Stat {
        self.service.tree().get(path).unwrap().stat()
    }

    pub(super) fn last_zxid(&self) -> Zxid {
        Zxid::new(1, self.count)
    }
}
