//! A linearizable read sees what was committed before it was asked for.
//!
//! This looks at servers and not at clients: a server that lets a read go has broken its word even
//! if nobody hears of it, because the client was told nothing yet, or is gone.

use imbl::OrdMap;

use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::Index;

/// Of each server that is up: the reads that wait there, and how far anyone had committed when each
/// was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct LinearizableReads {
    waiting: OrdMap<(ServerId, u64), Index>,
}

impl Invariant for LinearizableReads {
    const PROPERTY: Property = Property {
        name: "linearizable_reads",
        title: "Linearizable reads",
        rule: Rule {
            text: "a server lets a linearizable read go only when it has applied all that anyone had committed before the read was asked for",
            source: "dissertation §6.4",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let (id, before, now) = (glance.server, glance.before, glance.now);
        if before.reads == now.reads && before.up == now.up {
            return Ok(());
        }
        let of_server = self.waiting.range((id, 0)..=(id, u64::MAX));
        let known: Vec<(u64, Index)> = of_server.map(|((_, read), must)| (*read, *must)).collect();
        let server = glance.world.server(id).filter(|_| before.up);
        let Some(server) = server else {
            // Reads do not outlive a crash; and those asked for before anyone looked are not judged.
            for (read, _) in known {
                self.waiting.remove(&(id, read));
            }
            return Ok(());
        };
        let must_see = glance.past.last();
        let new = (before.reads.begun..now.reads.begun).map(|read| (read, must_see));
        for (read, must_see) in known.into_iter().chain(new) {
            if server.read_waits(read) {
                self.waiting.insert((id, read), must_see);
                continue;
            }
            self.waiting.remove(&(id, read));
            if now.applied < must_see {
                return Err(too_early(glance, must_see));
            }
        }
        Ok(())
    }
}

fn too_early(glance: &Glance<'_>, must_see: Index) -> Clash {
    let (id, applied) = (glance.server, glance.now.applied);
    let first = glance.past.committed(must_see);
    Clash {
        what: format!(
            "{id} lets a read see its log through entry {applied}, and entry {must_see} was \
             committed before the read was asked for"
        ),
        facts: [
            (
                first.map_or(id, |first| first.by),
                format!("committed entry {must_see}"),
            ),
            (id, format!("has applied entry {applied} and no further")),
        ],
    }
}
