//! A write that is in the log twice is carried out once.

use imbl::OrdMap;

use super::past::describe;
use super::zab::ZabGlance;
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::{Content, Entry, Index};
use crate::server::ZabTxn;
use crate::sim::World;
use crate::zab::{self, Pair};
use crate::zookeeper::{Command, Password, Request, SessionId, Txn, Update, Xid, Zxid, path};

/// Where each write stands in the log for the first time. One that came by way of a server which
/// its client had left does not count: it was refused, and may come again; hence who may write for
/// which `session`, and the password by which that moves. `through` says how far the log was
/// looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct ExactlyOnce {
    first: OrdMap<(SessionId, Xid), Index>,
    session: OrdMap<SessionId, (ServerId, Password)>,
    through: Index,
    /// Where servers run Zab: the transaction that each write first became.
    delivered: OrdMap<(SessionId, Xid), Zxid>,
}

impl Invariant for ExactlyOnce {
    const PROPERTY: Property = Property {
        name: "exactly_once",
        title: "Exactly once",
        rule: Rule {
            text: "a write takes effect once, also if it was asked for twice and reached the log twice",
            source: "Raft §8, dissertation §6.3",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        for entry in glance.applied() {
            let Content::Command(command) = &entry.content else {
                continue;
            };
            if self.through < entry.index {
                self.through = entry.index;
                self.note(entry.index, command);
            }
            let Update::Write(request) = &command.update else {
                continue;
            };
            match self.first.get(&(command.session, command.xid)) {
                Some(first) if *first < entry.index => {
                    had_no_effect(glance.world, glance.server, *first, entry, request)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        for entry in glance.delivered_first() {
            self.take_in(glance.server, entry)?;
        }
        Ok(())
    }
}

impl ExactlyOnce {
    /// Takes in a transaction that nobody had delivered before. What the leader does by itself has
    /// no ticket, and no number within its session.
    pub(super) fn take_in(
        &mut self,
        server: ServerId,
        entry: &zab::Entry<ZabTxn>,
    ) -> Result<(), Clash> {
        let (zxid, txn) = (entry.zxid, &entry.txn);
        if txn.ticket.is_none() || !is_write(&txn.txn) {
            return Ok(());
        }
        let write = (txn.session, txn.xid);
        let first = *self.delivered.entry(write).or_insert(zxid);
        if first == zxid {
            return Ok(());
        }
        let (first, again) = (Pair(first), Pair(zxid));
        Err(Clash {
            what: format!("the write of {first} takes effect again as {again}"),
            facts: [first, again].map(|zxid| {
                let number = txn.xid.number();
                let whose = format!("request {number} of session {}", txn.session);
                (server, format!("delivers {whose} as {zxid}"))
            }),
        })
    }

    fn note(&mut self, index: Index, command: &Command) {
        let Command {
            session,
            xid,
            origin,
            ..
        } = *command;
        let known = self.session.get(&session).copied();
        match &command.update {
            Update::CreateSession { password, .. } => {
                self.session.entry(session).or_insert((origin, *password));
            }
            Update::AttachSession { password, .. } => {
                if known.is_some_and(|(_, known)| known == *password) {
                    self.session.insert(session, (origin, *password));
                }
            }
            Update::Write(_) => {
                if known.is_some_and(|(owner, _)| owner == origin) {
                    self.first.entry((session, xid)).or_insert(index);
                }
            }
            Update::CloseSession { .. } | Update::Sweep { .. } => {}
        }
    }
}

/// Whether a transaction is a write of a client that has an effect.
fn is_write(txn: &Txn) -> bool {
    !matches!(
        txn,
        Txn::Error(_)
            | Txn::MultiFailed(_)
            | Txn::CreateSession { .. }
            | Txn::AttachSession { .. }
            | Txn::CloseSession { .. }
    )
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
