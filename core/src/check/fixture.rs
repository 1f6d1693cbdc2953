//! Histories made up by hand, judged as they are told.

// Answers are made as servers give them.
#![allow(clippy::unnecessary_wraps)]

use super::history::{Call, CallId, Ending};
use super::notices::Heard;
use super::{Monitor, Verdict};
use crate::client::Notice;
use crate::ids::{ClientId, EventId, ServerId};
use crate::sim::{Settings, World};
use crate::time::Time;
use crate::zookeeper::{
    ANY_VERSION, CreateMode, ErrorCode, EventKind, Reply, Request, Response, Stat, Version,
    WatchEvent, Zxid,
};

/// A history that is being told, event by event.
pub(super) struct Tale {
    world: World,
    pub(super) monitor: Monitor,
    event: u64,
}

impl Tale {
    pub(super) fn new() -> Self {
        let world = World::new(Settings::default());
        let monitor = Monitor::new(&world);
        Self {
            world,
            monitor,
            event: 0,
        }
    }

    /// A client asks for something.
    pub(super) fn ask(&mut self, client: char, request: Request) -> CallId {
        self.ask_as(client, 1, request)
    }

    /// A client's process of this number asks for something.
    pub(super) fn ask_as(&mut self, client: char, process: u32, request: Request) -> CallId {
        self.event += 1;
        let id = CallId {
            client: ClientId::from_letter(client).unwrap(),
            invoked: Time::from_millis(self.event),
            process,
            number: self.event,
        };
        let event = EventId::new(self.event);
        let server = ServerId::new(1);
        self.monitor.history.open(id, Some(request), server, event);
        id
    }

    /// A server answers; the invariants that object.
    pub(super) fn answer(&mut self, id: CallId, zxid: u32, reply: Reply) -> Vec<&'static str> {
        self.event += 1;
        let ending = Ending::Answered {
            event: EventId::new(self.event),
            time: Time::from_millis(self.event),
            zxid: zxid_of(zxid),
            reply,
        };
        let known = self.monitor.violations().len();
        self.monitor.history.close(id, ServerId::new(2), ending);
        let call = self.call(id).clone();
        self.monitor.judge(&self.world, &call);
        let violations = self.monitor.violations()[known..].iter();
        violations.map(|violation| violation.invariant).collect()
    }

    /// A client is told of an event; the invariants that object.
    pub(super) fn notice(&mut self, client: char, notice: Notice) -> Vec<&'static str> {
        let heard = Heard {
            client: ClientId::from_letter(client).unwrap(),
            server: ServerId::new(2),
            notice,
        };
        let known = self.monitor.violations().len();
        self.monitor.notice(&self.world, &heard);
        let violations = self.monitor.violations()[known..].iter();
        violations.map(|violation| violation.invariant).collect()
    }

    /// Both at once.
    pub(super) fn tell(
        &mut self,
        client: char,
        request: Request,
        zxid: u32,
        reply: Reply,
    ) -> Vec<&'static str> {
        let id = self.ask(client, request);
        self.answer(id, zxid, reply)
    }

    /// The connection breaks.
    pub(super) fn lose(&mut self, id: CallId) {
        self.event += 1;
        self.monitor
            .history
            .close(id, ServerId::new(2), Ending::Unknown);
    }

    /// Whether the whole is linearizable.
    pub(super) fn is_linearizable(&mut self) -> bool {
        !self.monitor.at_end(&self.world)
    }

    pub(super) fn call(&self, id: CallId) -> &Call {
        self.monitor.history.call(id).unwrap()
    }

    pub(super) fn verdict(&self, id: CallId) -> Verdict {
        self.call(id).verdict
    }
}

pub(super) fn zxid_of(counter: u32) -> Zxid {
    Zxid::new(0, counter)
}

/// That the data of a znode were set, told to a client that has seen `seen`.
pub(super) fn told(path: &str, zxid: Option<u32>, seen: u32, expected: bool) -> Notice {
    Notice {
        number: 1,
        time: Time::ZERO,
        event: WatchEvent {
            kind: EventKind::NodeDataChanged,
            path: path.into(),
        },
        zxid: zxid.map(zxid_of),
        seen: zxid_of(seen),
        expected,
    }
}

pub(super) fn create(path: &str) -> Request {
    create_as(path, CreateMode::Persistent)
}

pub(super) fn create_as(path: &str, mode: CreateMode) -> Request {
    Request::create(path, None, mode)
}

pub(super) fn set(path: &str, data: &str) -> Request {
    set_at(path, data, ANY_VERSION)
}

pub(super) fn set_at(path: &str, data: &str, version: Version) -> Request {
    Request::Set {
        path: path.into(),
        data: Some(data.into()),
        version,
    }
}

pub(super) fn delete(path: &str) -> Request {
    Request::Delete {
        path: path.into(),
        version: ANY_VERSION,
    }
}

pub(super) fn get(path: &str) -> Request {
    Request::get(path)
}

pub(super) fn children(path: &str) -> Request {
    Request::children(path)
}

pub(super) fn sync(path: &str) -> Request {
    Request::Sync { path: path.into() }
}

/// A znode created at `czxid` and set at `mzxid`.
pub(super) fn stat(czxid: u32, mzxid: u32, version: Version) -> Stat {
    Stat {
        czxid: zxid_of(czxid),
        mzxid: zxid_of(mzxid),
        pzxid: zxid_of(czxid),
        ctime: Time::ZERO,
        mtime: Time::ZERO,
        version,
        cversion: 0,
        aversion: 0,
        owner: None,
        data_length: 0,
        num_children: 0,
    }
}

pub(super) fn created(path: &str, zxid: u32) -> Reply {
    Ok(Response::Created {
        path: path.into(),
        stat: Some(stat(zxid, zxid, 0)),
    })
}

pub(super) fn is_set(zxid: u32, version: Version) -> Reply {
    Ok(Response::Stat(stat(1, zxid, version)))
}

pub(super) fn data(data: Option<&str>, mzxid: u32, version: Version) -> Reply {
    Ok(Response::Data {
        data: data.map(Into::into),
        stat: stat(1, mzxid, version),
    })
}

pub(super) fn names(names: &[&str], pzxid: u32) -> Reply {
    Ok(Response::Children {
        names: names.iter().map(|name| (*name).into()).collect(),
        stat: Stat {
            pzxid: zxid_of(pzxid),
            ..stat(1, 1, 0)
        },
    })
}

pub(super) fn synced() -> Reply {
    Ok(Response::Synced { path: "/".into() })
}

pub(super) const NO_NODE: Reply = Err(ErrorCode::NoNode);
