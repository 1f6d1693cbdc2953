//! The kinds of znodes.

use std::fmt;

use super::{ErrorCode, Owner, SessionId};
use crate::time::Duration;

/// The longest life that a znode can be given, in milliseconds: what fits beside the mark that
/// tells a life from a session (ZooKeeper, `EphemeralType`).
pub const MAX_TTL_MS: i64 = (1 << 40) - 1;

/// The kind of znode that a create makes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CreateMode {
    /// Stays until it is deleted.
    Persistent,
    /// Goes with the session that created it.
    Ephemeral,
    /// Persistent, its name completed by the parent's counter.
    PersistentSequential,
    /// Ephemeral, its name completed by the parent's counter.
    EphemeralSequential,
    /// Goes some time after its last child went.
    Container,
    /// Goes when its data were not set for so many milliseconds and it has no children.
    PersistentWithTtl(i64),
    /// The same, its name completed by the parent's counter.
    PersistentSequentialWithTtl(i64),
    /// A number that names no mode: only a faulty client sends it.
    Unknown(i32),
}

impl CreateMode {
    /// All modes but those with a life of their own, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Persistent,
        Self::Ephemeral,
        Self::PersistentSequential,
        Self::EphemeralSequential,
        Self::Container,
    ];

    /// Whether the znode goes with its session.
    pub const fn is_ephemeral(self) -> bool {
        matches!(self, Self::Ephemeral | Self::EphemeralSequential)
    }

    /// Whether the parent's counter completes the name.
    pub const fn is_sequential(self) -> bool {
        matches!(
            self,
            Self::PersistentSequential
                | Self::EphemeralSequential
                | Self::PersistentSequentialWithTtl(_)
        )
    }

    /// How long the znode lives without being set, in milliseconds, if that is limited.
    pub const fn ttl(self) -> Option<i64> {
        match self {
            Self::PersistentWithTtl(ttl) | Self::PersistentSequentialWithTtl(ttl) => Some(ttl),
            _ => None,
        }
    }

    /// Whether a create of this mode inside a multi is answered with the stat, too. ZooKeeper has
    /// operations of their own for containers and for lives.
    pub const fn has_own_operation(self) -> bool {
        matches!(self, Self::Container) || self.ttl().is_some()
    }

    /// The number that ZooKeeper sends.
    pub const fn flag(self) -> i32 {
        match self {
            Self::Persistent => 0,
            Self::Ephemeral => 1,
            Self::PersistentSequential => 2,
            Self::EphemeralSequential => 3,
            Self::Container => 4,
            Self::PersistentWithTtl(_) => 5,
            Self::PersistentSequentialWithTtl(_) => 6,
            Self::Unknown(flag) => flag,
        }
    }

    /// What the life of a znode of this mode depends on when `session` creates it.
    pub(super) fn owner(self, session: SessionId) -> Result<Owner, ErrorCode> {
        match self {
            Self::Persistent | Self::PersistentSequential => Ok(Owner::None),
            Self::Ephemeral | Self::EphemeralSequential => Ok(Owner::Session(session)),
            Self::Container => Ok(Owner::Container),
            Self::PersistentWithTtl(ttl) | Self::PersistentSequentialWithTtl(ttl) => {
                if (1..=MAX_TTL_MS).contains(&ttl) {
                    Ok(Owner::Ttl(Duration::from_millis(ttl as u64)))
                } else {
                    Err(ErrorCode::BadArguments)
                }
            }
            Self::Unknown(_) => Err(ErrorCode::BadArguments),
        }
    }
}

/// In plain words: `persistent`, `ephemeral sequential`.
impl fmt::Display for CreateMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Persistent => "persistent",
            Self::Ephemeral => "ephemeral",
            Self::PersistentSequential => "persistent sequential",
            Self::EphemeralSequential => "ephemeral sequential",
            Self::Container => "container",
            Self::PersistentWithTtl(ttl) => return write!(f, "ttl {ttl}ms"),
            Self::PersistentSequentialWithTtl(ttl) => return write!(f, "ttl {ttl}ms sequential"),
            Self::Unknown(flag) => return write!(f, "mode {flag}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_between_one_millisecond_and_what_forty_bits_hold() {
        let owner = |ttl| CreateMode::PersistentWithTtl(ttl).owner(SessionId::new(1));
        assert_eq!(owner(1), Ok(Owner::Ttl(Duration::from_millis(1))));
        assert!(owner(MAX_TTL_MS).is_ok());
        for bad in [0, -1, MAX_TTL_MS + 1, i64::MIN] {
            assert_eq!(owner(bad), Err(ErrorCode::BadArguments), "{bad}");
        }
    }

    #[test]
    fn a_number_that_names_no_mode_is_a_bad_argument() {
        let owner = CreateMode::Unknown(7).owner(SessionId::new(1));
        assert_eq!(owner, Err(ErrorCode::BadArguments));
    }
}
