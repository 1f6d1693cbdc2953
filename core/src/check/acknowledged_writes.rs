//! What a client was told is done stays done.

use super::glance::{Answer, leaders, log_of};
use super::past::{Committed, Past, describe};
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::{ClientId, ServerId};
use crate::raft::{Content, Entry, Index};
use crate::sim::World;
use crate::zookeeper::{Command, Request, Update};

/// The acknowledged write with the highest index. Whoever has it has, by Log Matching, those that
/// were acknowledged before it; those acknowledged later are looked for then.
#[derive(Clone, Debug, Default)]
pub(super) struct AcknowledgedWrites {
    latest: Option<Acknowledged>,
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

    fn hear(&mut self, answer: &Answer<'_>) -> Result<(), Clash> {
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
