//! Reads, the watches that they set, and the events that changes trigger.
//!
//! Everything that a client is told of one state comes before anything that it is told of a later
//! one: a change is applied, its events go out, and only then is anybody answered
//! (ZooKeeper §2.3, watch events before the state that they announce).

use super::{Fact, Output, Server, ServerFact};
use crate::ids::ConnectionId;
use crate::zookeeper::frame::ToClient;
use crate::zookeeper::{Change, ErrorCode, Half, Reply, Request, Response, WatchEvent, Zxid};

impl Server {
    /// Answers a read and sets the watch that it asks for; what a set of watches has missed goes
    /// out at once, before the answer.
    pub(super) fn read(
        &mut self,
        id: ConnectionId,
        request: &Request,
        out: &mut Vec<Output>,
    ) -> Reply {
        match request {
            Request::AddWatch { path, mode } => {
                self.watches.watch_always(id, path, *mode);
                Ok(Response::Done)
            }
            Request::CheckWatches { path, kind } => found(self.watches.is_watched(path, *kind)),
            Request::RemoveWatches { path, kind } => found(self.watches.unwatch(id, path, *kind)),
            Request::Sync { path } => Ok(Response::Synced { path: path.clone() }),
            Request::SetWatches(lists) => {
                let missed = self
                    .watches
                    .watch_again(id, lists, self.protocol.service().tree());
                out.extend(missed.into_iter().map(|event| tell(id, event, None)));
                Ok(Response::Done)
            }
            _ => {
                let reply = self.look_up(id, request);
                self.set_watch(id, request, &reply);
                reply
            }
        }
    }

    fn look_up(&self, id: ConnectionId, request: &Request) -> Reply {
        let connection = self.connections.get(&id).ok_or(ErrorCode::ConnectionLoss)?;
        let session = connection.session().ok_or(ErrorCode::UnknownSession)?;
        self.protocol
            .service()
            .read(request, session, connection.identities())
    }

    /// A read that finds its znode sets the watch that it asks for. Only `exists` sets one on a
    /// znode that is not there.
    fn set_watch(&mut self, id: ConnectionId, request: &Request, reply: &Reply) {
        let (path, half) = match request {
            Request::Exists { path, watch: true }
                if matches!(reply, Ok(_) | Err(ErrorCode::NoNode)) =>
            {
                (path, Half::Data)
            }
            Request::Get { path, watch: true } if reply.is_ok() => (path, Half::Data),
            Request::Children { path, watch: true } if reply.is_ok() => (path, Half::Child),
            _ => return,
        };
        self.watches.watch_once(id, path, half);
    }

    /// Tells whoever watches of what a transaction has done, change by change.
    pub(super) fn fire_watches(&mut self, changes: &[Change], zxid: Zxid, out: &mut Vec<Output>) {
        let keep = !self.protocol.service().rules().one_shot_watches;
        for change in changes {
            let told = self.watches.fire(change, keep);
            if let Some((_, first)) = told.first() {
                out.push(Output::Fact(Fact::Server(ServerFact::WatchesFired {
                    event: first.clone(),
                    told: told.len() as u32,
                })));
            }
            out.extend(
                told.into_iter()
                    .map(|(id, event)| tell(id, event, Some(zxid))),
            );
        }
    }
}

fn found(is_there: bool) -> Reply {
    if is_there {
        Ok(Response::Done)
    } else {
        Err(ErrorCode::NoWatcher)
    }
}

fn tell(connection: ConnectionId, event: WatchEvent, zxid: Option<Zxid>) -> Output {
    Output::Frame {
        connection,
        frame: ToClient::Event { event, zxid },
    }
}
