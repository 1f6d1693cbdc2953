//! What a client was told is done stays done.

use super::glance::{Answer, leaders, log_of};
use super::past::{Committed, Past, describe};
use super::zab::{ZabGlance, holds, log_of as zab_log_of};
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::{ClientId, ServerId};
use crate::raft::{Content, Entry, Index};
use crate::server::{Protocol, ZabTxn};
use crate::sim::World;
use crate::zab::{self, Epoch, Pair};
use crate::zookeeper::{Command, Request, Txn, Update, Zxid};

/// The acknowledged write with the highest index. Whoever has it has, by Log Matching, those that
/// were acknowledged before it; those acknowledged later are looked for then.
#[derive(Clone, Debug, Default)]
pub(super) struct AcknowledgedWrites {
    latest: Option<Acknowledged>,
    /// The same, where servers run Zab.
    latest_zab: Option<Done>,
}

/// A write that a client was told is done, by its zxid.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Done {
    zxid: Zxid,
    request: Request,
    client: ClientId,
    /// Who told it.
    server: ServerId,
}

/// A write that a client was told is done.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Acknowledged {
    write: Committed,
    client: ClientId,
    /// Who told it.
    server: ServerId,
}

impl Invariant for AcknowledgedWrites {
    const PROPERTY: Property = Property {
        name: "acknowledged_writes",
        title: "Acknowledged writes",
        rule: Rule {
            text: "a write that a client was told is done stays done, whichever servers crash",
            source: "ZooKeeper, Consistency Guarantees: Reliability",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let is_latest = glance.now.term == glance.past.highest_term();
        match &self.latest {
            // A leader of an earlier term may have been elected by late messages.
            Some(latest) if glance.was_elected() && is_latest => {
                latest.is_in_log_of(glance.world, glance.past, glance.server)
            }
            _ => Ok(()),
        }
    }

    /// A leader is asked about what was done in epochs before its own.
    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        let epoch = glance.now.epoch;
        let is_over = |done: &&Done| Epoch::of(done.zxid) < epoch;
        match (self.latest_zab.as_ref().filter(is_over), glance.log()) {
            (Some(done), Some(log)) if glance.was_elected() && !holds(log, done.zxid) => {
                Err(done.is_missing_at(glance.server, epoch))
            }
            _ => Ok(()),
        }
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<(), Clash> {
        if answer.world.settings().protocol == Protocol::Zab {
            return self.hear_zab(answer);
        }
        // Where commands are replicated as such, a write's zxid is its place in the log.
        let index = Index::new(answer.zxid.counter().into());
        let committed = answer.past.committed(index);
        if answer.past.never_saw(index) {
            return Ok(());
        }
        let Some(write) = committed.filter(|first| asks_for(&first.entry, answer)) else {
            return Err(not_done(answer, index, committed));
        };
        let acknowledged = Acknowledged {
            write: write.clone(),
            client: answer.client,
            server: answer.server,
        };
        for (leader, term) in leaders(answer.world) {
            if term == answer.past.highest_term() {
                acknowledged.is_in_log_of(answer.world, answer.past, leader)?;
            }
        }
        let known = self.latest.as_ref();
        if known.is_none_or(|latest| latest.write.entry.index < index) {
            self.latest = Some(acknowledged);
        }
        Ok(())
    }
}

impl AcknowledgedWrites {
    fn hear_zab(&mut self, answer: &Answer<'_>) -> Result<(), Clash> {
        let Answer {
            zxid,
            request,
            client,
            server,
            ..
        } = *answer;
        if answer.zab_past.never_saw(zxid) {
            return Ok(());
        }
        let delivered = answer.zab_past.delivered(zxid);
        let is_done = match delivered {
            Some(seen) => is_answered(&seen.entry.txn, answer),
            None => is_in_some_log(answer),
        };
        if !is_done {
            let place = Pair(zxid);
            let (who, found) = match delivered {
                Some(seen) => (seen.by, format!("delivered something else under {place}")),
                None => (server, format!("has not delivered {place}")),
            };
            return Err(Clash {
                what: format!(
                    "client {client} was told that `{request}` is done as {place}, and it is not"
                ),
                facts: [(server, told(client, request)), (who, found)],
            });
        }
        let known = self.latest_zab.as_ref();
        if known.is_none_or(|latest| latest.zxid < zxid) {
            self.latest_zab = Some(Done {
                zxid,
                request: request.clone(),
                client,
                server,
            });
        }
        Ok(())
    }
}

/// Whether some log has the write that was answered, or stands on a snapshot of it: a leader whose
/// epoch has no zxid left delivers and gives up at one event, and is not seen to deliver.
fn is_in_some_log(answer: &Answer<'_>) -> bool {
    let world = answer.world;
    let logs = world.nodes().iter();
    let mut logs = logs.filter_map(|node| zab_log_of(world, node.id()));
    logs.any(|log| {
        let entry = log.iter_from(|zxid| zxid >= answer.zxid).next();
        let is_it = |entry: &zab::Entry<ZabTxn>| is_answered(&entry.txn, answer);
        let at_place = entry.filter(|entry| entry.zxid == answer.zxid);
        answer.zxid <= log.begin() || at_place.is_some_and(is_it)
    })
}

/// Whether a transaction is the write that was answered.
fn is_answered(txn: &ZabTxn, answer: &Answer<'_>) -> bool {
    let is_it = (txn.session, txn.xid) == (answer.session, answer.xid);
    is_it && !matches!(txn.txn, Txn::Error(_))
}

impl Done {
    fn is_missing_at(&self, leader: ServerId, epoch: Epoch) -> Clash {
        let Self { client, server, .. } = self;
        let zxid = Pair(self.zxid);
        Clash {
            what: format!(
                "client {client} was told that {zxid} is done, and {leader} leads without it"
            ),
            facts: [
                (*server, told(*client, &self.request)),
                (leader, format!("leads epoch {epoch} without {zxid}")),
            ],
        }
    }
}

/// Whether an entry is the write that was answered. A change of the ensemble is done with the
/// entry that brings it, and not with the command that asks for it.
fn asks_for(entry: &Entry<Command>, answer: &Answer<'_>) -> bool {
    match &entry.content {
        Content::Command(Command {
            session,
            update: Update::Write(request),
            ..
        }) => *session == answer.session && request == answer.request,
        Content::Configuration(_) => matches!(answer.request, Request::Reconfig(_)),
        _ => false,
    }
}

fn not_done(answer: &Answer<'_>, index: Index, instead: Option<&Committed>) -> Clash {
    let Answer {
        client,
        server,
        request,
        ..
    } = answer;
    let (who, found) = match instead {
        Some(first) => (first.by, format!("applied {}", describe(&first.entry))),
        None => (*server, format!("has not applied entry {index}")),
    };
    Clash {
        what: format!(
            "client {client} was told that `{request}` is done as entry {index}, and it is not"
        ),
        facts: [(*server, told(*client, request)), (who, found)],
    }
}

fn told(client: ClientId, request: &Request) -> String {
    format!("told client {client} that `{request}` is done")
}

impl Acknowledged {
    fn is_in_log_of(&self, world: &World, past: &Past, leader: ServerId) -> Result<(), Clash> {
        let log = log_of(world, leader);
        if past.is_in(&self.write, log) {
            return Ok(());
        }
        let entry = &self.write.entry;
        let index = entry.index;
        let instead = log.get(index).map_or("nothing".into(), describe);
        let Self { client, server, .. } = self;
        let what = format!(
            "client {client} was told that entry {index} is done, and {leader} leads without it"
        );
        let told = format!("told client {client} that `{}` is done", describe(entry));
        Err(Clash {
            what,
            facts: [
                (*server, told),
                (leader, format!("leads and has {instead} at index {index}")),
            ],
        })
    }
}
