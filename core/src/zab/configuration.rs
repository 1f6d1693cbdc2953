//! Who belongs to the ensemble, and what a quorum of it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use crate::ids::ServerId;
use crate::quorum::is_weighted_majority;
use crate::zookeeper::Zxid;

/// The members of an ensemble at one time (`QuorumVerifier`).
///
/// There is at least one voter with a weight, and no server is voter and observer at once.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Configuration {
    version: Zxid,
    voters: BTreeMap<ServerId, u32>,
    observers: BTreeSet<ServerId>,
}

/// What a server knows of its ensemble: the configuration in force, and the last one it has seen
/// proposed. They are the same, or the second is newer and not known to be committed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Membership {
    /// The configuration in force (`zoo.cfg.dynamic`).
    pub active: Arc<Configuration>,
    /// The last one seen (`zoo.cfg.dynamic.next`).
    pub last_seen: Arc<Configuration>,
}

/// A configuration that cannot work.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConfigurationError {
    /// Nobody could ever be elected.
    #[error("no voter carries any weight: nobody could be elected")]
    NoVoter,
    /// A server would have two parts.
    #[error("{server} cannot be both a voter and an observer")]
    VoterAndObserver {
        /// The server.
        server: ServerId,
    },
}

impl Configuration {
    /// An initial configuration of voters of equal weight, and of observers.
    pub fn new(
        voters: impl IntoIterator<Item = ServerId>,
        observers: impl IntoIterator<Item = ServerId>,
    ) -> Result<Self, ConfigurationError> {
        Self::weighted(voters.into_iter().map(|voter| (voter, 1)), observers)
    }

    /// The same with a weight for each voter (`QuorumHierarchical`, with one group).
    pub fn weighted(
        voters: impl IntoIterator<Item = (ServerId, u32)>,
        observers: impl IntoIterator<Item = ServerId>,
    ) -> Result<Self, ConfigurationError> {
        let voters: BTreeMap<_, _> = voters.into_iter().collect();
        let observers: BTreeSet<_> = observers.into_iter().collect();
        if voters.values().all(|weight| *weight == 0) {
            return Err(ConfigurationError::NoVoter);
        }
        if let Some(server) = observers.iter().find(|id| voters.contains_key(id)) {
            return Err(ConfigurationError::VoterAndObserver { server: *server });
        }
        Ok(Self {
            version: Zxid::ZERO,
            voters,
            observers,
        })
    }

    /// The same members, with one more who observes.
    #[must_use]
    pub fn watched_by(mut self, observer: ServerId) -> Self {
        self.observers.insert(observer);
        self
    }

    /// The same members under this version.
    #[must_use]
    pub fn at_version(&self, version: Zxid) -> Self {
        Self {
            version,
            ..self.clone()
        }
    }

    /// The zxid of the transaction that proposed it; [`Zxid::ZERO`] for one that has never been
    /// agreed on.
    pub const fn version(&self) -> Zxid {
        self.version
    }

    /// The voters in ascending order, with their weights.
    pub fn voters(&self) -> impl Iterator<Item = (ServerId, u32)> + '_ {
        self.voters.iter().map(|(id, weight)| (*id, *weight))
    }

    /// The observers in ascending order.
    pub fn observers(&self) -> impl Iterator<Item = ServerId> + '_ {
        self.observers.iter().copied()
    }

    /// Whether `server` votes.
    pub fn is_voter(&self, server: ServerId) -> bool {
        self.voters.contains_key(&server)
    }

    /// Whether `server` observes.
    pub fn is_observer(&self, server: ServerId) -> bool {
        self.observers.contains(&server)
    }

    /// The weight of a server's vote; none for a server that has no vote.
    pub fn weight(&self, server: ServerId) -> u32 {
        self.voters.get(&server).copied().unwrap_or(0)
    }

    /// Whether the voters among `servers` carry more than half of all weight: any two quorums
    /// meet.
    pub fn is_quorum(&self, servers: &BTreeSet<ServerId>) -> bool {
        let weight = |id: &ServerId| u64::from(self.weight(*id));
        let total = self.voters.keys().map(weight).sum();
        is_weighted_majority(servers.iter().map(weight).sum(), total)
    }
}

impl Membership {
    /// One configuration, in force.
    pub fn of(configuration: Configuration) -> Self {
        let active = Arc::new(configuration);
        Self {
            last_seen: active.clone(),
            active,
        }
    }

    /// The newer configuration that is not known to be committed.
    pub fn pending(&self) -> Option<&Arc<Configuration>> {
        Some(&self.last_seen).filter(|seen| seen.version() > self.active.version())
    }

    /// The configurations that must agree: the one in force, and a newer one that was seen.
    pub fn verifiers(&self) -> impl Iterator<Item = &Arc<Configuration>> {
        std::iter::once(&self.active).chain(self.pending())
    }

    /// Whether `servers` are a quorum of the configuration in force and of a newer one that was
    /// seen (`SyncedLearnerTracker.hasAllQuorums`).
    pub fn has_all_quorums(&self, servers: &BTreeSet<ServerId>) -> bool {
        self.verifiers().all(|verifier| verifier.is_quorum(servers))
    }

    /// Whether `server` votes in one of them.
    pub fn is_voter(&self, server: ServerId) -> bool {
        self.verifiers().any(|verifier| verifier.is_voter(server))
    }

    /// Everyone who votes in one of them.
    pub fn voters(&self) -> BTreeSet<ServerId> {
        let voters = |configuration: &Arc<Configuration>| {
            configuration.voters().map(|(id, _)| id).collect::<Vec<_>>()
        };
        self.verifiers().flat_map(voters).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(number: u16) -> ServerId {
        ServerId::new(number)
    }

    fn set(numbers: &[u16]) -> BTreeSet<ServerId> {
        numbers.iter().map(|number| s(*number)).collect()
    }

    #[test]
    fn an_ensemble_without_a_voter_or_with_a_server_in_two_parts_is_refused() {
        let error = Configuration::new([], [s(1)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no voter carries any weight: nobody could be elected"
        );
        assert!(Configuration::weighted([(s(1), 0)], []).is_err());
        let error = Configuration::new([s(1), s(2)], [s(2)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "S2 cannot be both a voter and an observer"
        );
    }

    #[test]
    fn observers_and_strangers_make_no_quorum() {
        let configuration = Configuration::new([s(1), s(2), s(3)], [s(4), s(5)]).unwrap();
        assert!(configuration.is_quorum(&set(&[1, 3])));
        assert!(!configuration.is_quorum(&set(&[1, 4, 5, 6])));
    }

    #[test]
    fn a_quorum_carries_more_than_half_of_the_weight() {
        let weights = [(s(1), 3), (s(2), 1), (s(3), 1), (s(4), 0)];
        let configuration = Configuration::weighted(weights, []).unwrap();
        assert!(configuration.is_quorum(&set(&[1])));
        assert!(!configuration.is_quorum(&set(&[2, 3, 4])));
    }

    #[test]
    fn while_a_newer_configuration_is_pending_both_must_agree() {
        let old = Configuration::new([s(1), s(2), s(3)], []).unwrap();
        let new = Configuration::new([s(3), s(4), s(5)], []).unwrap();
        let mut membership = Membership::of(old);
        assert!(membership.has_all_quorums(&set(&[1, 2])));
        membership.last_seen = Arc::new(new.at_version(Zxid::new(1, 1)));
        assert!(!membership.has_all_quorums(&set(&[1, 2])));
        assert!(!membership.has_all_quorums(&set(&[3, 4, 5])));
        assert!(membership.has_all_quorums(&set(&[2, 3, 4])));
    }
}
