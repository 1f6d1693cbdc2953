//! What a client can ask of the ensemble itself: who belongs to it.

use std::fmt;

use super::Zxid;
use crate::ids::ServerId;

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
    /// Bytes that it takes in a message: three texts and a version.
    pub(super) fn encoded_size(&self) -> usize {
        let (voters, leaving) = match self.members.is_empty() {
            true => (&self.joining, &self.leaving[..]),
            false => (&self.members, &[][..]),
        };
        let voters = voters.iter().map(|server| line(*server, "participant"));
        let observers = self
            .observing
            .iter()
            .map(|server| line(*server, "observer"));
        let lines = voters.chain(observers).map(|line| line.len() + 1);
        let names = leaving.iter().map(|server| server.number().to_string());
        let names = names.map(|name| name.len() + 1);
        // The last of a list has no comma behind it, and a list of none is not sent.
        let text = |bytes: usize| INT + bytes.saturating_sub(1);
        text(lines.sum()) + text(names.sum()) + INT + LONG
    }
}

/// A member as ZooKeeper's configuration writes it: where it listens to the others, and to clients.
fn line(server: ServerId, part: &str) -> String {
    let number = server.number();
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
