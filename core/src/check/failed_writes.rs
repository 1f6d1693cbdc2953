//! A write that fails changes nothing.

use super::history::Call;
use super::linearizable_writes::told_at;
use super::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::sim::World;
use crate::zookeeper::{DataTree, ErrorCode, Request, Response, Zxid, path};

/// Every transaction leaves its zxid in what it changes, also one that fails: nothing to remember.
#[derive(Clone, Debug, Default)]
pub(super) struct FailedWrites;

impl Invariant for FailedWrites {
    const PROPERTY: Property = Property {
        name: "failed_writes",
        title: "Failed writes",
        rule: Rule {
            text: "a write that fails changes nothing, and a multi fails as a whole",
            source: "ZooKeeper, Programmer's Guide; Hunt et al., 2010, §2.2",
        },
    };

    fn witness(&mut self, world: &World, call: &Call) -> Result<(), Clash> {
        let (Some(request), Some(zxid)) = (&call.request, call.zxid()) else {
            return Ok(());
        };
        let Some(server) = world
            .server(call.server)
            .filter(|_| request.is_write() && has_failed(call))
        else {
            return Ok(());
        };
        let tree = server.service().tree();
        let Some(path) = paths(request).find(|path| bears(tree, path, zxid)) else {
            return Ok(());
        };
        Err(Clash {
            what: format!(
                "`{}` of client {} failed at {zxid}, and {path} was changed by it",
                call.label(),
                call.id.client
            ),
            facts: [
                told_at(call, zxid),
                (call.server, format!("has {path} as {zxid} left it")),
            ],
        })
    }
}

/// Whether a write was refused by the transaction that it became. A server that can only be read
/// from refuses at once.
fn has_failed(call: &Call) -> bool {
    match call.reply() {
        Some(Ok(Response::MultiFailed(_))) => true,
        Some(Err(code)) => !matches!(code, ErrorCode::NotReadOnly | ErrorCode::SessionExpired),
        _ => false,
    }
}

/// The paths that a write would have changed, and those above them.
fn paths(request: &Request) -> impl Iterator<Item = &str> {
    let parts = match request {
        Request::Multi(requests) => requests,
        one => std::slice::from_ref(one),
    };
    parts.iter().filter_map(Request::path).flat_map(|own| {
        let own: &str = own;
        path::parent(own).into_iter().chain([own])
    })
}

/// Whether a znode is as a transaction left it.
fn bears(tree: &DataTree, path: &str, zxid: Zxid) -> bool {
    tree.get(path).is_some_and(|node| {
        let stat = node.stat();
        [stat.czxid, stat.mzxid, stat.pzxid].contains(&zxid)
    })
}
