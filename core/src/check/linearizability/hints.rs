//! Where a search begins.
//!
//! There are as many orders as there are ways to shuffle the operations, and the order in which the
//! servers have carried them out is the likeliest. It is tried first, and nothing more: a history
//! passes with an order that explains every answer, whoever suggested it, and fails only when
//! there is none.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::Pasts;
use crate::check::history::{Call, History};
use crate::check::past::Past;
use crate::check::zab::ZabPast;
use crate::raft::{Content, Index};
use crate::server::ZabTxn;
use crate::zookeeper::{Command, Request, Response, Service, SessionId, Txn, Update, Xid, Zxid};

/// Where an operation has its place if the servers are right: the later, the higher; none if it
/// was not carried out.
pub(super) type Hint = Option<u64>;

/// Where a write has its place, and the znodes that it created.
struct Place {
    at: u64,
    created: Vec<Arc<str>>,
}

/// The places of what was carried out.
pub(super) struct Hints<'a> {
    history: &'a History,
    writes: BTreeMap<(SessionId, Xid), Place>,
    ends: BTreeMap<SessionId, u64>,
    sweeps: BTreeMap<Arc<str>, Vec<u64>>,
}

impl<'a> Hints<'a> {
    /// What servers have carried out suggests.
    pub(super) fn new(history: &'a History, pasts: Pasts<'_>) -> Self {
        let mut hints = Self {
            history,
            writes: BTreeMap::new(),
            ends: BTreeMap::new(),
            sweeps: BTreeMap::new(),
        };
        hints.follow_commands(pasts.raft);
        hints.follow_transactions(pasts.zab);
        hints
    }

    /// Under Raft the log holds commands, which do what they do when their turn comes.
    fn follow_commands(&mut self, past: &Past) {
        let mut service = Service::new();
        for index in 1..=past.last().number() {
            let entry = past.committed(Index::new(index));
            if let Some(Content::Command(command)) = entry.map(|first| &first.entry.content) {
                self.carry_out(command, index, &mut service);
            }
        }
    }

    /// Under Zab a transaction says what it does.
    fn follow_transactions(&mut self, past: &ZabPast) {
        for seen in past.deliveries() {
            let (zxid, txn) = (seen.entry.zxid, &seen.entry.txn);
            self.take_in(zxid, txn);
        }
    }

    fn take_in(&mut self, zxid: Zxid, txn: &ZabTxn) {
        let (session, place) = (txn.session, write_at(zxid));
        match &txn.txn {
            Txn::Error(_)
            | Txn::MultiFailed(_)
            | Txn::CreateSession { .. }
            | Txn::AttachSession { .. } => {}
            Txn::CloseSession { .. } => {
                self.ends.entry(session).or_insert(place);
            }
            // Whoever asked has a ticket; what the leader deletes by itself, it sweeps.
            Txn::Delete { path } if txn.ticket.is_none() => {
                self.sweeps.entry(path.clone()).or_default().push(place);
            }
            other => {
                let created = created_in(other);
                let write = Place { at: place, created };
                self.writes.entry((session, txn.xid)).or_insert(write);
            }
        }
    }

    /// Only what has changed something needs a place. What is met again does nothing the second
    /// time.
    fn carry_out(&mut self, command: &Command, index: u64, service: &mut Service) {
        let zxid = Zxid::new(0, index as u32);
        let Some(reply) = service.execute(command, zxid, &mut Vec::new()) else {
            return;
        };
        let (session, place) = (command.session, write_at(zxid));
        match &command.update {
            Update::Write(_) => {
                let created = match &reply {
                    // A multi that failed has changed nothing.
                    Err(_) | Ok(Response::MultiFailed(_)) => return,
                    Ok(response) => created_by(response),
                };
                let write = (session, command.xid);
                let place = Place { at: place, created };
                self.writes.entry(write).or_insert(place);
            }
            Update::CloseSession { .. } if reply.is_ok() => {
                self.ends.entry(session).or_insert(place);
            }
            Update::Sweep { path } if reply.is_ok() => {
                self.sweeps.entry(path.clone()).or_default().push(place);
            }
            _ => {}
        }
    }

    /// The place of an operation: that of its answer, or where it was committed.
    pub(super) fn of(&self, call: &Call) -> Hint {
        if let Some(zxid) = call.zxid() {
            let is_write = call.request.as_ref().is_some_and(Request::is_write);
            let place = write_at(zxid);
            return Some(if is_write { place } else { place + 1 });
        }
        self.place_of(call).map(|place| place.at)
    }

    /// The place of an operation without an answer, if it has created the znode at a path.
    pub(super) fn of_creation(&self, call: &Call, path: &str) -> Hint {
        let place = self.place_of(call)?;
        let is_it = place.created.iter().any(|created| **created == *path);
        is_it.then_some(place.at)
    }

    fn place_of(&self, call: &Call) -> Option<&Place> {
        let session = self.history.session_of(call.id)?;
        let xid = Xid::new(i32::try_from(call.id.number).ok()?);
        self.writes.get(&(session, xid))
    }

    /// The place of a znode's sweep, of those in their order.
    pub(super) fn of_sweep(&self, path: &str, number: usize) -> Hint {
        self.sweeps.get(path)?.get(number).copied()
    }

    /// The place of a session's end.
    pub(super) fn of_end(&self, session: Option<SessionId>) -> Hint {
        self.ends.get(&session?).copied()
    }
}

fn created_by(response: &Response) -> Vec<Arc<str>> {
    match response {
        Response::Created { path, .. } => vec![path.clone()],
        Response::Multi(responses) => responses.iter().flat_map(created_by).collect(),
        _ => Vec::new(),
    }
}

fn created_in(txn: &Txn) -> Vec<Arc<str>> {
    match txn {
        Txn::Create { path, .. } => vec![path.clone()],
        Txn::Multi(txns) => txns.iter().flat_map(created_in).collect(),
        _ => Vec::new(),
    }
}

/// Between two writes there is room for what is read there.
const fn write_at(zxid: Zxid) -> u64 {
    2 * zxid.number()
}
