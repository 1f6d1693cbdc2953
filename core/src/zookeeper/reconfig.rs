//! What a client can ask of the ensemble itself: who belongs to it.

use std::collections::BTreeMap;
use std::fmt;

use super::{Data, Version, Zxid};
use crate::ids::ServerId;

/// The version of `/zookeeper/config`, which counts nothing: the text says its own.
pub(super) const CONFIGURED: Version = -1;

/// The length in front of a text.
const INT: usize = 4;
const LONG: usize = 8;

/// A change of the ensemble, as a client asks for it (ZooKeeper, `ZooKeeperAdmin.reconfigure`).
///
/// It says who comes and who goes, or else who is to be there afterwards. When it says both, the
/// members alone count.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Reconfig {
    /// Who is to vote, whether it takes part already or not.
    pub joining: Vec<ServerId>,
    /// Who is to observe, whether it takes part already or not.
    pub observing: Vec<ServerId>,
    /// Who is to go.
    pub leaving: Vec<ServerId>,
    /// All who are to vote afterwards; with `observing`, the whole ensemble.
    pub members: Vec<ServerId>,
    /// The version that the configuration must be at, if it must be at one.
    pub from: Option<Zxid>,
}

impl Reconfig {
    /// Every server that is to be there; who leaves need not be.
    pub fn coming(&self) -> impl Iterator<Item = ServerId> + '_ {
        let come = self.joining.iter().chain(&self.observing);
        come.chain(&self.members).copied()
    }

    /// Bytes that it takes in a message: three texts and a version.
    pub(super) fn encoded_size(&self) -> usize {
        let (voters, leaving) = if self.members.is_empty() {
            (&self.joining, &self.leaving[..])
        } else {
            (&self.members, &[][..])
        };
        let voters = voters.iter().map(|server| line(*server, Part::Votes));
        let observers = self
            .observing
            .iter()
            .map(|server| line(*server, Part::Observes));
        let lines = voters.chain(observers).map(|line| line.len() + 1);
        let names = leaving.iter().map(|server| server.number().to_string());
        let names = names.map(|name| name.len() + 1);
        // The last of a list has no comma behind it, and a list of none is not sent.
        let text = |bytes: usize| INT + bytes.saturating_sub(1);
        text(lines.sum()) + text(names.sum()) + INT + LONG
    }
}

/// Who belongs to an ensemble, and how.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Members(BTreeMap<ServerId, Part>);

/// What a member of an ensemble does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Part {
    Votes,
    Observes,
}

impl Members {
    /// These voters and these observers; who is named as both observes.
    pub fn new(
        voters: impl IntoIterator<Item = ServerId>,
        observers: impl IntoIterator<Item = ServerId>,
    ) -> Self {
        let voters = voters.into_iter().map(|id| (id, Part::Votes));
        let observers = observers.into_iter().map(|id| (id, Part::Observes));
        Self(voters.chain(observers).collect())
    }

    fn with_part(&self, part: Part) -> impl Iterator<Item = ServerId> + '_ {
        let of_part = self.0.iter().filter(move |(_, its)| **its == part);
        of_part.map(|(id, _)| *id)
    }

    /// Who votes, in ascending order.
    pub fn voters(&self) -> impl Iterator<Item = ServerId> + '_ {
        self.with_part(Part::Votes)
    }

    /// Who observes, in ascending order.
    pub fn observers(&self) -> impl Iterator<Item = ServerId> + '_ {
        self.with_part(Part::Observes)
    }

    /// Whether a server takes part.
    pub fn contains(&self, server: ServerId) -> bool {
        self.0.contains_key(&server)
    }

    /// What these members become by a change: who leaves goes first, so that a server can leave and
    /// join at once; to leave without being there is nothing (`PrepRequestProcessor`).
    #[must_use]
    pub fn after(&self, change: &Reconfig) -> Self {
        let Reconfig {
            joining,
            observing,
            leaving,
            members,
            ..
        } = change;
        if !members.is_empty() {
            return Self::new(members.iter().copied(), observing.iter().copied());
        }
        let stays = |id: &ServerId| !leaving.contains(id);
        let voters = self.voters().filter(stays);
        let observers = self.observers().filter(stays);
        let mut after = Self::new(voters, observers);
        after.0.extend(joining.iter().map(|id| (*id, Part::Votes)));
        let observing = observing.iter().map(|id| (*id, Part::Observes));
        after.0.extend(observing);
        after
    }

    /// The text that `/zookeeper/config` holds: a line for each member, then the version.
    pub(super) fn text(&self, version: Zxid) -> Data {
        let lines = self.0.iter().map(|(id, part)| line(*id, *part));
        let version = format!("version={:x}", version.number());
        let text = lines.chain([version]).collect::<Vec<_>>().join("\n");
        Data::from(text.as_str())
    }

    /// Bytes that they take in a transaction.
    pub(super) fn size(&self) -> usize {
        self.text(Zxid::ZERO).len()
    }
}

/// A member as ZooKeeper's configuration writes it: where it listens to the others, and to clients.
fn line(server: ServerId, part: Part) -> String {
    let number = server.number();
    let part = match part {
        Part::Votes => "participant",
        Part::Observes => "observer",
    };
    format!("server.{number}=S{number}:2888:3888:{part};2181")
}

/// In the words of the command language: ` joining S4 leaving S1 S2 from 100000003`.
impl fmt::Display for Reconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [
            ("joining", &self.joining),
            ("observing", &self.observing),
            ("leaving", &self.leaving),
            ("members", &self.members),
        ];
        for (word, servers) in lists {
            if !servers.is_empty() {
                write!(f, " {word}")?;
            }
            for server in servers {
                write!(f, " {server}")?;
            }
        }
        match self.from {
            Some(version) => write!(f, " from {:x}", version.number()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(numbers: &[u16]) -> Vec<ServerId> {
        numbers
            .iter()
            .map(|number| ServerId::new(*number))
            .collect()
    }

    #[test]
    fn a_change_is_as_large_as_the_texts_that_name_its_servers() {
        let nothing = Reconfig::default();
        assert_eq!(nothing.encoded_size(), 4 + 4 + 4 + 8);
        let incremental = Reconfig {
            joining: servers(&[4, 5]),
            leaving: servers(&[1, 12]),
            ..Reconfig::default()
        };
        let line = "server.4=S4:2888:3888:participant;2181".len();
        let texts = line + 1 + line + "1,12".len();
        assert_eq!(incremental.encoded_size(), nothing.encoded_size() + texts);
    }

    #[test]
    fn with_members_who_comes_and_goes_is_not_sent() {
        let members = Reconfig {
            members: servers(&[1, 2, 3]),
            observing: servers(&[4]),
            ..Reconfig::default()
        };
        let mixed = Reconfig {
            joining: servers(&[5]),
            leaving: servers(&[6]),
            ..members.clone()
        };
        assert_eq!(mixed.encoded_size(), members.encoded_size());
    }

    fn after(change: &Reconfig) -> (Vec<u16>, Vec<u16>) {
        let before = Members::new(servers(&[1, 2, 3]), servers(&[4]));
        let after = before.after(change);
        let numbers = |ids: Vec<ServerId>| ids.into_iter().map(ServerId::number).collect();
        (
            numbers(after.voters().collect()),
            numbers(after.observers().collect()),
        )
    }

    #[test]
    fn who_leaves_goes_before_who_comes_and_who_is_there_changes_its_part() {
        let change = Reconfig {
            joining: servers(&[2, 4, 5]),
            observing: servers(&[1]),
            leaving: servers(&[2, 3, 9]),
            ..Reconfig::default()
        };
        assert_eq!(after(&change), (vec![2, 4, 5], vec![1]));
        assert_eq!(after(&Reconfig::default()), (vec![1, 2, 3], vec![4]));
    }

    #[test]
    fn members_take_the_place_of_all_that_were_there() {
        let change = Reconfig {
            members: servers(&[1, 5]),
            joining: servers(&[2]),
            leaving: servers(&[5]),
            ..Reconfig::default()
        };
        assert_eq!(after(&change), (vec![1, 5], vec![]));
    }

    #[test]
    fn a_configuration_is_a_line_for_each_member_and_its_version() {
        let members = Members::new(servers(&[2, 1]), servers(&[3]));
        let text = members.text(Zxid::new(1, 10));
        let written = "server.1=S1:2888:3888:participant;2181\n\
                       server.2=S2:2888:3888:participant;2181\n\
                       server.3=S3:2888:3888:observer;2181\n\
                       version=10000000a";
        assert_eq!(text.bytes(), written.as_bytes());
    }

    #[test]
    fn a_change_reads_as_it_is_asked_for() {
        let change = Reconfig {
            joining: servers(&[4]),
            leaving: servers(&[1, 2]),
            from: Some(Zxid::new(1, 3)),
            ..Reconfig::default()
        };
        let written = " joining S4 leaving S1 S2 from 100000003";
        assert_eq!(change.to_string(), written);
        assert_eq!(Reconfig::default().to_string(), "");
    }
}
