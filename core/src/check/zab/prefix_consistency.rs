//! Whoever serves is in the state that the history up to its last zxid makes.

use imbl::OrdMap;

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::digest::Digest;
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::zab::Pair;
use crate::zookeeper::Zxid;

/// How many states are remembered.
const REMEMBERED: usize = 1_000;

/// The digest of the state that a server first had with each zxid, of the latest ones.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct PrefixConsistency {
    states: OrdMap<Zxid, (ServerId, Digest)>,
}

impl Invariant for PrefixConsistency {
    const PROPERTY: Property = Property {
        name: "prefix_consistency",
        title: "Prefix consistency",
        rule: Rule {
            text: "of the histories that two processes have delivered, one is a prefix of the other; so those that have come equally far are in the same state",
            source: "Zab.tla, ZkV3_7_0.tla: PrefixConsistency",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        let unchanged = glance.before.last == glance.now.last && !glance.was_opened();
        let server = glance.world.server(glance.server);
        let Some(server) = server.filter(|_| glance.now.serves && !unchanged) else {
            return Ok(());
        };
        let service = server.service();
        self.compare(glance.server, service.last_zxid(), Digest::of(service))
    }
}

impl PrefixConsistency {
    fn compare(&mut self, server: ServerId, zxid: Zxid, digest: Digest) -> Result<(), Clash> {
        let (first, state) = *self.states.entry(zxid).or_insert((server, digest));
        if self.states.len() > REMEMBERED
            && let Some((oldest, _)) = self.states.get_min().cloned()
        {
            self.states.remove(&oldest);
        }
        if state == digest {
            return Ok(());
        }
        let zxid = Pair(zxid);
        let fact = |of: Digest| format!("its state at {zxid} has digest {of}");
        Err(Clash {
            what: format!("{first} and {server} have both come to {zxid} and differ"),
            facts: [(first, fact(state)), (server, fact(digest))],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_states_clash_at_the_same_zxid_only() {
        let mut consistency = PrefixConsistency::default();
        let mut see = |server, counter, digest| {
            consistency.compare(ServerId::new(server), Zxid::new(1, counter), Digest(digest))
        };
        assert_eq!(see(1, 5, 1), Ok(()));
        assert_eq!(see(2, 4, 2), Ok(()));
        assert_eq!(see(3, 5, 1), Ok(()));
        let clash = see(2, 5, 2).unwrap_err();
        assert_eq!(clash.what, "S1 and S2 have both come to ⟨1, 5⟩ and differ");
    }
}
