//! A write that is in the log twice is carried out once.

use imbl::OrdMap;

use super::past::describe;
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::{Content, Entry, Index};
use crate::sim::World;
use crate::zookeeper::{Command, Request, SessionId, Update, Xid, Zxid, path};

/// Where each write stands in the log for the first time. `through` says how far the log was
/// looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct ExactlyOnce {
    first: OrdMap<(SessionId, Xid), Index>,
    through: Index,
}

impl Invariant for ExactlyOnce {
    const PROPERTY: Property = Property {
        name: "exactly_once",
        title: "Exactly once",
        rule: Rule {
            text: "a write that reached the log twice, because it was asked for twice, takes effect once",
            source: "Raft §8, dissertation §6.3",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        for entry in glance.applied() {
            let Some((write, request)) = write_of(entry) else {
                continue;
            };
            if self.through < entry.index {
                self.through = entry.index;
                self.first.entry(write).or_insert(entry.index);
            }
            match self.first.get(&write) {
                Some(first) if *first < entry.index => {
                    had_no_effect(glance.world, glance.server, *first, entry, request)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The write that an entry holds, if it holds one.
fn write_of(entry: &Entry<Command>) -> Option<((SessionId, Xid), &Request)> {
    match &entry.content {
        Content::Command(Command {
            session,
            xid,
            update: Update::Write(request),
            ..
        }) => Some(((*session, *xid), request)),
        _ => None,
    }
}

/// No znode that a write is about, nor its parent, was changed by the write's repetition.
fn had_no_effect(
    world: &World,
    server: ServerId,
    first: Index,
    again: &Entry<Command>,
    request: &Request,
) -> Result<(), Clash> {
    let Some(service) = world.server(server).map(crate::server::Server::service) else {
        return Ok(());
    };
    // Where commands are replicated as such, a write's zxid is its place in the log.
    let zxid = Zxid::new(0, again.index.number() as u32);
    let parts = match request {
        Request::Multi(parts) => &**parts,
        other => std::slice::from_ref(other),
    };
    let named = parts.iter().filter_map(Request::path);
    let changed = named
        .flat_map(|own| [Some(&**own), path::parent(own)])
        .flatten()
        .find(|path| {
            let stat = service.tree().get(path).map(crate::zookeeper::Znode::stat);
            stat.is_some_and(|stat| [stat.czxid, stat.mzxid, stat.pzxid].contains(&zxid))
        });
    let Some(changed) = changed else {
        return Ok(());
    };
    let index = again.index;
    Err(Clash {
        what: format!("{server} carried the write of entry {first} out again as entry {index}"),
        facts: [
            (server, format!("applied entry {first}")),
            (server, format!("changed {changed} by {}", describe(again))),
        ],
    })
}
