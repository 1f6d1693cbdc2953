//! How many of the voters agree, half by half, and how that is said.

use std::fmt;

use serde::Serialize;

use super::configuration::Configuration;
use crate::ids::ServerId;
use crate::quorum::{is_majority, majority};

/// How many of a set of voters agree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Share {
    /// Those who agree.
    pub agree: usize,
    /// All of them.
    pub of: usize,
}

/// How many voters agree; while the configuration is joint, of each half.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Shares {
    /// The voters; in a joint configuration, those of the new half.
    pub voters: Share,
    /// The voters of the old half of a joint configuration.
    pub outgoing: Option<Share>,
}

impl Configuration {
    /// How many of those who decide agree.
    pub(super) fn shares(&self, agrees: impl Fn(ServerId) -> bool) -> Shares {
        let share = |half: &[ServerId]| Share {
            agree: half.iter().filter(|server| agrees(**server)).count(),
            of: half.len(),
        };
        Shares {
            voters: share(self.voters()),
            outgoing: self.outgoing().map(share),
        }
    }
}

impl Shares {
    /// What they come to: `a majority of 5`; while joint, of each half.
    pub(super) fn extent(self) -> impl fmt::Display {
        let Self { voters, outgoing } = self;
        fmt::from_fn(move |f| match (outgoing, voters) {
            (Some(old), new) => {
                old.write_extent(" old", f)?;
                f.write_str(" and ")?;
                new.write_extent(" new", f)
            }
            (None, Share { of: 1, .. }) => f.write_str("the only server"),
            (None, Share { agree, of }) if is_majority(agree, of) => {
                write!(f, "a majority of {of}")
            }
            (None, Share { agree, of }) => write!(f, "{agree} of {of}"),
        })
    }

    /// How far they are from what decides: `2 of the 3 it needs`; while joint, of each half.
    pub(super) fn progress(self) -> impl fmt::Display {
        let Self { voters, outgoing } = self;
        fmt::from_fn(move |f| {
            let Some(old) = outgoing else {
                let (have, need) = (voters.agree, majority(voters.of));
                return write!(f, "{have} of the {need} it needs");
            };
            old.write_progress("old", f)?;
            f.write_str(" and ")?;
            voters.write_progress("new", f)
        })
    }
}

impl Share {
    fn write_extent(self, half: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agree, of } = self;
        match of {
            1 if agree == 1 => write!(f, "the only{half} voter"),
            _ if is_majority(agree, of) => write!(f, "a majority of the {of}{half} voters"),
            _ => write!(f, "{agree} of the {of}{half} voters"),
        }
    }

    fn write_progress(self, half: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (have, need) = (self.agree, majority(self.of));
        write!(f, "{have} of the {need} it needs of the {half} voters")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::s;
    use super::*;

    fn joint() -> Configuration {
        let old = Configuration::new([1, 2, 3].map(s), []);
        let new = Configuration::new([3, 4, 5, 6].map(s), []);
        Configuration::joint(&old, &new, true)
    }

    #[test]
    fn of_a_joint_configuration_both_majorities_are_named() {
        let said = |agreeing: &[u16]| {
            let shares = joint().shares(|server| agreeing.contains(&server.number()));
            shares.extent().to_string()
        };
        assert_eq!(
            said(&[2, 3, 4, 5]),
            "a majority of the 3 old voters and a majority of the 4 new voters"
        );
        assert_eq!(
            said(&[3, 4, 5]),
            "1 of the 3 old voters and a majority of the 4 new voters"
        );
    }

    #[test]
    fn a_candidate_in_a_joint_configuration_counts_the_votes_of_both_halves() {
        let shares = joint().shares(|server| [s(1), s(3)].contains(&server));
        assert_eq!(
            shares.progress().to_string(),
            "2 of the 2 it needs of the old voters and 1 of the 3 it needs of the new voters"
        );
    }

    #[test]
    fn of_one_set_of_voters_the_majority_is_named() {
        let said = |voters: u16, agreeing: u16| {
            let all = Configuration::new((1..=voters).map(s), []);
            let shares = all.shares(|server| server.number() <= agreeing);
            (shares.extent().to_string(), shares.progress().to_string())
        };
        let pair = |extent: &str, progress: &str| (extent.to_owned(), progress.to_owned());
        assert_eq!(said(5, 3), pair("a majority of 5", "3 of the 3 it needs"));
        assert_eq!(said(4, 2), pair("2 of 4", "2 of the 3 it needs"));
        assert_eq!(said(1, 1), pair("the only server", "1 of the 1 it needs"));
    }
}
