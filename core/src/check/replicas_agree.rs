//! Replicas that have applied the same entries are in the same state.

use super::{Clash, Glance, Invariant, Property};
use crate::digest::Digest;
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::Index;

/// The digest of each server's service when it was last seen to apply something, in the order of
/// the servers.
#[derive(Clone, Debug, Default)]
pub(super) struct ReplicasAgree {
    states: Vec<(Index, Digest)>,
}

impl Invariant for ReplicasAgree {
    const PROPERTY: Property = Property {
        name: "replicas_agree",
        title: "Replicas agree",
        rule: Rule {
            text: "the state machines are deterministic, so each computes the same state from the same log",
            source: "Raft §2",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let applied = glance.now.applied;
        let server = glance.world.server(glance.server);
        let Some(server) = server.filter(|_| applied > glance.before.applied) else {
            return Ok(());
        };
        self.compare(glance.server, applied, Digest::of(server.service()))
    }
}

impl ReplicasAgree {
    fn compare(&mut self, server: ServerId, applied: Index, digest: Digest) -> Result<(), Clash> {
        let position = server.position();
        if self.states.len() <= position {
            self.states.resize(position + 1, Default::default());
        }
        self.states[position] = (applied, digest);
        let differs = |state: &(Index, Digest)| state.0 == applied && state.1 != digest;
        let Some(other) = self.states.iter().position(differs) else {
            return Ok(());
        };
        let state = |of: Digest| format!("its state after entry {applied} has digest {of}");
        let (other, theirs) = (ServerId::from_position(other), self.states[other].1);
        Err(Clash {
            what: format!("{other} and {server} have applied entries 1 to {applied} and differ"),
            facts: [(other, state(theirs)), (server, state(digest))],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_states_clash_at_the_same_index_only() {
        let mut agree = ReplicasAgree::default();
        let (one, other) = (Digest(1), Digest(2));
        let mut see =
            |server, index, digest| agree.compare(ServerId::new(server), Index::new(index), digest);
        assert_eq!(see(1, 5, one), Ok(()));
        assert_eq!(see(3, 4, other), Ok(()));
        assert_eq!(see(2, 5, one), Ok(()));
        let clash = see(3, 5, other).unwrap_err();
        assert_eq!(
            clash.what,
            "S1 and S3 have applied entries 1 to 5 and differ"
        );
        assert_eq!(clash.facts.map(|(server, _)| server.number()), [1, 3]);
    }
}
