//! A snapshot holds what every server has that has applied the same entries.

use imbl::OrdMap;

use super::{Clash, Glance, Invariant, Property};
use crate::digest::Digest;
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::{Index, Replica};

/// The digest of the state after each entry, as the server had it that was seen first to stand
/// there: by what it applied, or by its snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct SnapshotsAgree {
    states: OrdMap<Index, (ServerId, Digest)>,
}

impl Invariant for SnapshotsAgree {
    const PROPERTY: Property = Property {
        name: "snapshots_agree",
        title: "Snapshots agree",
        rule: Rule {
            text: "a snapshot through an entry holds the state that every server has once it has applied that entry, and no other",
            source: "Raft §7",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let Some(server) = glance.world.server(glance.server) else {
            return Ok(());
        };
        if glance.now.snapshot != glance.before.snapshot
            && let Some(snapshot) = server.raft().and_then(Replica::snapshot)
        {
            let state = Digest::of(&snapshot.image);
            self.compare(glance.server, snapshot.last.index, state, "its snapshot")?;
        }
        if glance.now.applied > glance.before.applied {
            let state = Digest::of(server.service());
            self.compare(glance.server, glance.now.applied, state, "its state")?;
        }
        Ok(())
    }
}

impl SnapshotsAgree {
    fn compare(
        &mut self,
        server: ServerId,
        index: Index,
        digest: Digest,
        whose: &str,
    ) -> Result<(), Clash> {
        let Some((first, known)) = self.states.get(&index) else {
            self.states.insert(index, (server, digest));
            return Ok(());
        };
        if *known == digest {
            return Ok(());
        }
        Err(Clash {
            what: format!("{whose} after entry {index} at {server} is not that of {first}"),
            facts: [
                (*first, format!("had digest {known} after entry {index}")),
                (server, format!("has digest {digest} after entry {index}")),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_differs_from_a_state_at_its_index_clashes_whenever_it_is_seen() {
        let mut agree = SnapshotsAgree::default();
        let s = ServerId::new;
        let mut see = |server, index, digest| {
            agree.compare(s(server), Index::new(index), Digest(digest), "its snapshot")
        };
        assert_eq!(see(1, 5, 1), Ok(()));
        assert_eq!(see(2, 5, 1), Ok(()));
        assert_eq!(see(1, 9, 2), Ok(()));
        let clash = see(3, 5, 4).unwrap_err();
        assert_eq!(
            clash.what,
            "its snapshot after entry 5 at S3 is not that of S1"
        );
    }
}
