//! Who takes part: voters, learners, and the two halves of a joint configuration.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::ids::ServerId;
use crate::quorum::{is_majority, majority, reached_by_majority};

/// The servers of a cluster and what each may do (dissertation §4).
///
/// Every list ascends and names nobody twice. While `outgoing` is there the configuration is
/// *joint*: a decision needs a majority of the voters and a majority of the outgoing voters
/// (dissertation §4.3). An outgoing voter may be named a learner: it is one once the joint phase
/// is over.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Configuration {
    voters: Arc<[ServerId]>,
    outgoing: Option<Arc<[ServerId]>>,
    learners: Arc<[ServerId]>,
    /// Everybody named above.
    members: Arc<[ServerId]>,
}

/// The lists of a configuration ascend and name nobody twice.
fn ascending(servers: impl IntoIterator<Item = ServerId>) -> Arc<[ServerId]> {
    let mut servers: Vec<ServerId> = servers.into_iter().collect();
    servers.sort_unstable();
    servers.dedup();
    servers.into()
}

impl Configuration {
    /// A configuration that is not joint. Who is named both a voter and a learner is a voter.
    pub fn new(
        voters: impl IntoIterator<Item = ServerId>,
        learners: impl IntoIterator<Item = ServerId>,
    ) -> Self {
        Self::of(ascending(voters), None, learners)
    }

    fn of(
        voters: Arc<[ServerId]>,
        outgoing: Option<Arc<[ServerId]>>,
        learners: impl IntoIterator<Item = ServerId>,
    ) -> Self {
        let learners = ascending(learners.into_iter().filter(|id| !voters.contains(id)));
        let named = voters.iter().chain(outgoing.iter().flat_map(|o| o.iter()));
        let members = ascending(named.chain(learners.iter()).copied());
        Self {
            voters,
            outgoing,
            learners,
            members,
        }
    }

    /// The voters; in a joint configuration, those of the new half.
    pub fn voters(&self) -> &[ServerId] {
        &self.voters
    }

    /// The voters of the old half of a joint configuration.
    pub fn outgoing(&self) -> Option<&[ServerId]> {
        self.outgoing.as_deref()
    }

    /// Who gets the log and has no voice.
    pub fn learners(&self) -> &[ServerId] {
        &self.learners
    }

    /// Everybody who gets the log, in ascending order.
    pub fn members(&self) -> &[ServerId] {
        &self.members
    }

    /// Whether decisions need two majorities.
    pub const fn is_joint(&self) -> bool {
        self.outgoing.is_some()
    }

    /// Whether `server` gets the log.
    pub fn contains(&self, server: ServerId) -> bool {
        self.members.contains(&server)
    }

    /// Whether `server` has a voice, in either half.
    pub fn is_voter(&self, server: ServerId) -> bool {
        self.halves().any(|half| half.contains(&server))
    }

    /// Everybody who has a voice, in ascending order.
    pub fn electorate(&self) -> impl Iterator<Item = ServerId> + '_ {
        let voters = self.members.iter().copied();
        voters.filter(|server| self.is_voter(*server))
    }

    /// The sets of voters of which each must agree by majority: one, or two while joint.
    pub fn halves(&self) -> impl Iterator<Item = &[ServerId]> {
        std::iter::once(&*self.voters).chain(self.outgoing.as_deref())
    }

    /// Whether those who agree decide: a majority of each half ("Agreement … requires separate
    /// majorities from both the old and new configurations", Raft §6).
    pub fn is_quorum(&self, agrees: impl Fn(ServerId) -> bool) -> bool {
        self.halves().all(|half| {
            let agreeing = half.iter().filter(|server| agrees(**server)).count();
            is_majority(agreeing, half.len())
        })
    }

    /// The largest value that a majority of each half has reached, given each voter's. `None`
    /// without voters.
    pub fn reached<T: Ord + Copy>(&self, value: impl Fn(ServerId) -> T) -> Option<T> {
        let mut least: Option<T> = None;
        for half in self.halves() {
            let mut values: Vec<T> = half.iter().map(|server| value(*server)).collect();
            let reached = reached_by_majority(&mut values)?;
            least = Some(least.map_or(reached, |least| least.min(reached)));
        }
        least
    }

    /// How many voices decide: a majority of the larger half.
    pub fn need(&self) -> usize {
        self.halves()
            .map(|half| majority(half.len()))
            .max()
            .unwrap_or(1)
    }
}

impl fmt::Display for Configuration {
    /// As a person would ask for it: `S1 S2 S3 learner S4`; while joint, the old half first:
    /// `S1 S2 S3 → S1 S2 S4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, servers: &[ServerId]| {
            for (position, server) in servers.iter().enumerate() {
                if position > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{server}")?;
            }
            Ok(())
        };
        if let Some(outgoing) = &self.outgoing {
            list(f, outgoing)?;
            f.write_str(" → ")?;
        }
        list(f, &self.voters)?;
        if !self.learners.is_empty() {
            f.write_str(" learner ")?;
            list(f, &self.learners)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::s;
    use super::*;

    fn servers(numbers: &[u16]) -> impl Iterator<Item = ServerId> {
        numbers.iter().map(|number| s(*number))
    }

    #[test]
    fn lists_ascend_and_a_voter_is_no_learner() {
        let configuration = Configuration::new(servers(&[3, 1, 2, 1]), servers(&[5, 2, 4]));
        assert_eq!(configuration.to_string(), "S1 S2 S3 learner S4 S5");
        assert_eq!(configuration.members().len(), 5);
        assert_eq!(configuration.electorate().count(), 3);
        assert_eq!(configuration.need(), 2);
    }

    #[test]
    fn what_a_majority_reached_ignores_learners() {
        let configuration = Configuration::new(servers(&[1, 2, 3]), servers(&[4, 5]));
        let reached = configuration.reached(|server| u64::from(server.number()));
        assert_eq!(reached, Some(2));
        assert!(!configuration.is_quorum(|server| server.number() >= 3));
        assert!(configuration.is_quorum(|server| server.number() <= 2));
    }
}
