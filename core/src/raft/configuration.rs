//! Who takes part: voters, learners, and the two halves of a joint configuration.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::ids::ServerId;
use crate::quorum::{is_majority, majorities_meet, reached_by_majority};

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
    /// While joint: the leader ends that without being told.
    leaves_by_itself: bool,
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
        Self::of(ascending(voters), None, learners, false)
    }

    /// The joint configuration that leads from `current` to `target`. `leaves_by_itself` says
    /// whether a leader ends it as soon as it is committed.
    pub fn joint(current: &Self, target: &Self, leaves_by_itself: bool) -> Self {
        Self::of(
            target.voters.clone(),
            Some(current.voters.clone()),
            target.learners.iter().copied(),
            leaves_by_itself,
        )
    }

    /// What is left of a joint configuration when it ends: the new half.
    pub fn left(&self) -> Self {
        let learners = self.learners.iter().copied();
        Self::of(self.voters.clone(), None, learners, false)
    }

    fn of(
        voters: Arc<[ServerId]>,
        outgoing: Option<Arc<[ServerId]>>,
        learners: impl IntoIterator<Item = ServerId>,
        leaves_by_itself: bool,
    ) -> Self {
        let learners = ascending(learners.into_iter().filter(|id| !voters.contains(id)));
        let named = voters.iter().chain(outgoing.iter().flat_map(|o| o.iter()));
        let members = ascending(named.chain(learners.iter()).copied());
        Self {
            voters,
            outgoing,
            learners,
            leaves_by_itself,
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

    /// Whether a leader ends the joint phase as soon as it is committed; never without one.
    pub const fn leaves_by_itself(&self) -> bool {
        self.leaves_by_itself
    }

    /// How many voters come or go between this configuration and `target`, neither being joint.
    pub fn voters_that_differ(&self, target: &Self) -> usize {
        let go = self.voters.iter().filter(|id| !target.voters.contains(id));
        let come = target.voters.iter().filter(|id| !self.voters.contains(id));
        go.count() + come.count()
    }

    /// Whether every quorum of this configuration meets every quorum of `other` for certain: some
    /// half of one and some half of the other have majorities that always meet.
    pub fn overlaps(&self, other: &Self) -> bool {
        let meet = |one: &[ServerId], two: &[ServerId]| {
            let both = one.iter().filter(|id| two.contains(id)).count();
            majorities_meet(one.len() - both, two.len() - both, both)
        };
        self.halves()
            .any(|one| other.halves().any(|two| meet(one, two)))
    }

    /// Bytes it takes in a message.
    pub(super) fn size(&self) -> usize {
        let outgoing = self.outgoing.as_ref().map_or(0, |outgoing| outgoing.len());
        2 * (self.voters.len() + outgoing + self.learners.len()) + 1
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
    }

    #[test]
    fn what_a_majority_reached_ignores_learners() {
        let configuration = Configuration::new(servers(&[1, 2, 3]), servers(&[4, 5]));
        let reached = configuration.reached(|server| u64::from(server.number()));
        assert_eq!(reached, Some(2));
        assert!(!configuration.is_quorum(|server| server.number() >= 3));
        assert!(configuration.is_quorum(|server| server.number() <= 2));
    }

    /// Every configuration of up to five servers, joint or not, by the bits of its halves.
    fn every_configuration() -> impl Iterator<Item = Configuration> {
        let voters = |bits: u16| (0..5).filter(move |bit| bits >> bit & 1 == 1);
        let named = move |bits| voters(bits).map(|bit| s(bit + 1));
        (0..32_u16 * 32).filter_map(move |bits| {
            let (new, old) = (bits & 31, bits >> 5);
            let target = Configuration::new(named(new), []);
            let current = Configuration::new(named(old), []);
            match (new, old) {
                (0, _) => None,
                (_, 0) => Some(target),
                _ => Some(Configuration::joint(&current, &target, true)),
            }
        })
    }

    /// Straight from the paper's words, by sets: more than half of each half.
    fn agrees(configuration: &Configuration, set: u16) -> bool {
        let in_set = |server: &&ServerId| set >> (server.number() - 1) & 1 == 1;
        configuration
            .halves()
            .all(|half| 2 * half.iter().filter(in_set).count() > half.len())
    }

    #[test]
    fn quorums_are_those_that_counting_over_all_subsets_finds() {
        for configuration in every_configuration() {
            for set in 0..32_u16 {
                let in_set = |server: ServerId| set >> (server.number() - 1) & 1 == 1;
                let expected = agrees(&configuration, set);
                assert_eq!(configuration.is_quorum(in_set), expected, "{configuration}");
            }
        }
    }

    #[test]
    fn the_value_reached_is_the_largest_that_a_quorum_holds() {
        for configuration in every_configuration() {
            for pattern in 0..3_usize.pow(5) {
                let value = |server: ServerId| pattern / 3_usize.pow(server.position() as u32) % 3;
                let holders = |least: usize| {
                    let holding = (0..5).filter(|bit| value(s(bit + 1)) >= least);
                    holding.fold(0, |set, bit| set | 1 << bit)
                };
                let expected = (0..3).rev().find(|v| agrees(&configuration, holders(*v)));
                assert_eq!(configuration.reached(value), expected, "{configuration}");
            }
        }
    }

    #[test]
    fn what_is_said_to_overlap_has_no_two_quorums_apart() {
        let apart = |one: &Configuration, other: &Configuration| {
            (0..32_u16).any(|set| agrees(one, set) && agrees(other, !set & 31))
        };
        for one in every_configuration() {
            for other in every_configuration() {
                if one.overlaps(&other) {
                    assert!(!apart(&one, &other), "{one} and {other}");
                } else if !one.is_joint() && !other.is_joint() {
                    assert!(apart(&one, &other), "{one} and {other}");
                }
            }
        }
    }
}
