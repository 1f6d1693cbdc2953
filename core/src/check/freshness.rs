//! What clients have been told of each znode, and whether an answer is older than that.
//!
//! ZooKeeper answers a read from the tree of the server that the client is connected with, so the
//! answer may be *stale*: the znode had changed before the read was asked for, and a client knew
//! (ZooKeeper, Consistency Guarantees). Answers carry the zxids of the znode's last changes, so
//! that it takes one comparison to tell (Gibbons and Korach, "Testing shared memories", 1997: with
//! the order of the writes given, a register is checked in one pass).
//!
//! `get` and `exists` read the znode and its data, `children` the list of its children. Each is
//! judged by what it reads: a `get` does not become stale when a child is created.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;

use super::history::{Call, Told};
use crate::zookeeper::{ErrorCode, Request, Response, Stat, Zxid, path};

/// What clients have been told of a znode: the newest of each kind, with the answer that told it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Floor {
    /// That it was created, or its data set, in this transaction.
    changed: Option<Told>,
    /// That its list of children changed in this transaction.
    children: Option<Told>,
    /// That it was there after this transaction.
    present: Option<Told>,
    /// That it was not there after this transaction.
    absent: Option<Told>,
}

/// The floors of all znodes that anything was told of.
#[derive(Clone, Debug, Default)]
pub(super) struct Freshness {
    floors: OrdMap<Arc<str>, Floor>,
}

impl Freshness {
    /// What was told of the znode that a request names.
    pub(super) fn floor(&self, request: &Request) -> Floor {
        let floor = request.path().and_then(|path| self.floors.get(path));
        floor.copied().unwrap_or_default()
    }

    /// Takes in what an answer tells.
    pub(super) fn learn(&mut self, call: &Call) {
        if let (Some(request), Some(reply), Some(zxid)) = (&call.request, call.reply(), call.zxid())
        {
            let answer = reply.as_ref().map_err(|code| *code);
            self.learn_from(request, answer, Told { zxid, by: call.id });
        }
    }

    fn learn_from(&mut self, request: &Request, answer: Result<&Response, ErrorCode>, told: Told) {
        match (request, answer) {
            (Request::Linearizable(read), _) => self.learn_from(read, answer, told),
            (Request::Multi(requests), Ok(Response::Multi(responses))) => {
                // What a later operation undoes was never to be seen.
                let mut seen = BTreeSet::new();
                for (request, response) in requests.iter().zip(responses).rev() {
                    if request.path().is_none_or(|path| seen.insert(path.clone())) {
                        self.learn_from(request, Ok(response), told);
                    }
                }
            }
            (Request::MultiRead(reads), Ok(Response::MultiRead(replies))) => {
                for (read, reply) in reads.iter().zip(replies) {
                    self.learn_from(read, reply.as_ref().map_err(|code| *code), told);
                }
            }
            _ => self.learn_from_one(request, answer, told),
        }
    }

    fn learn_from_one(
        &mut self,
        request: &Request,
        answer: Result<&Response, ErrorCode>,
        told: Told,
    ) {
        let Some(path) = request.path() else { return };
        match (request, answer) {
            (Request::Create { .. }, Ok(Response::Created { path, stat })) => {
                let born = told.at(stat.map_or(told.zxid, |stat| stat.czxid));
                let floor = self.at(path);
                raise(&mut floor.changed, born);
                raise(&mut floor.children, born);
                raise(&mut floor.present, told);
                raise(&mut self.at(parent_of(path)).children, born);
            }
            (Request::Delete { .. }, Ok(_)) => {
                raise(&mut self.at(path).absent, told);
                raise(&mut self.at(parent_of(path)).children, told);
            }
            (
                _,
                Ok(
                    Response::Stat(stat)
                    | Response::Data { stat, .. }
                    | Response::Children { stat, .. },
                ),
            ) => self.at(path).found(stat, told),
            (Request::Create { .. }, Err(ErrorCode::NoNode)) => {
                raise(&mut self.at(parent_of(path)).absent, told);
            }
            (_, Err(ErrorCode::NoNode)) => raise(&mut self.at(path).absent, told),
            (_, Ok(Response::Checked) | Err(ErrorCode::BadVersion | ErrorCode::NotEmpty)) => {
                raise(&mut self.at(path).present, told);
            }
            (Request::Create { mode, .. }, Err(ErrorCode::NodeExists)) if !mode.is_sequential() => {
                raise(&mut self.at(path).present, told);
            }
            _ => {}
        }
    }

    fn at(&mut self, path: &str) -> &mut Floor {
        self.floors.entry(path.into()).or_default()
    }
}

fn parent_of(path: &str) -> &str {
    path::parent(path).unwrap_or(path)
}

fn raise(known: &mut Option<Told>, told: Told) {
    if known.is_none_or(|known| known.zxid < told.zxid) {
        *known = Some(told);
    }
}

impl Told {
    /// The same answer, of an earlier change.
    fn at(self, zxid: Zxid) -> Self {
        Self { zxid, ..self }
    }
}

impl Floor {
    fn found(&mut self, stat: &Stat, told: Told) {
        raise(&mut self.changed, told.at(stat.mzxid));
        raise(&mut self.children, told.at(stat.pzxid));
        raise(&mut self.present, told);
    }

    /// What the answer to a read misses of what had been told before.
    pub(super) fn missed_by(&self, call: &Call) -> Option<Told> {
        let newer = |told: Option<Told>, than: Zxid| told.filter(|told| told.zxid > than);
        // What was gone after the transaction that the answer shows cannot be what the answer shows.
        let gone = |since: Zxid| self.absent.filter(|told| told.zxid >= since);
        match call.reply()? {
            Ok(Response::Children { stat, .. }) => {
                newer(self.children, stat.pzxid).or(gone(stat.czxid))
            }
            Ok(Response::Stat(stat) | Response::Data { stat, .. }) => {
                newer(self.changed, stat.mzxid).or(gone(stat.mzxid))
            }
            Err(ErrorCode::NoNode) => {
                let zxid = call.zxid()?;
                let signs = [self.present, self.changed, self.children];
                signs.into_iter().find_map(|told| newer(told, zxid))
            }
            _ => None,
        }
    }
}
