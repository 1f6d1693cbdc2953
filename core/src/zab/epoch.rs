//! Epochs, and zxids as the protocol reads them: ⟨epoch, counter⟩.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::zookeeper::Zxid;

/// An epoch: the time of one leader. 0 is the epoch of a server that has never heard of one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Epoch(u32);

/// A zxid as the literature writes it: `⟨1, 2⟩` is the second transaction of epoch 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair(pub Zxid);

impl Epoch {
    /// Before the first.
    pub const ZERO: Self = Self(0);

    /// The epoch with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The epoch of a transaction.
    pub const fn of(zxid: Zxid) -> Self {
        Self(zxid.epoch())
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The one that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Where the epoch begins: no transaction has this zxid, `NEWLEADER` does.
    pub const fn start(self) -> Zxid {
        Zxid::new(self.0, 0)
    }
}

/// Whether `next` may be the transaction right after `last`: the next of its epoch, or the first
/// of a later one.
pub(super) const fn follows(last: Zxid, next: Zxid) -> bool {
    if next.epoch() == last.epoch() {
        next.counter() == last.counter().wrapping_add(1)
    } else {
        next.epoch() > last.epoch() && next.counter() == 1
    }
}

/// The bare number.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "⟨{}, {}⟩", self.0.epoch(), self.0.counter())
    }
}

/// `[epoch, counter]`.
impl Serialize for Zxid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.epoch(), self.counter()].serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_follows_its_predecessor_or_begins_a_later_epoch() {
        let z = Zxid::new;
        assert!(follows(z(1, 2), z(1, 3)));
        assert!(follows(z(1, 2), z(3, 1)));
        assert!(follows(z(3, 0), z(3, 1)));
        assert!(!follows(z(1, 2), z(1, 4)));
        assert!(!follows(z(1, 2), z(1, 2)));
        assert!(!follows(z(1, 2), z(2, 2)));
        assert!(!follows(z(2, 1), z(1, 1)));
    }

    #[test]
    fn a_zxid_is_written_as_a_pair() {
        assert_eq!(Pair(Zxid::new(3, 7)).to_string(), "⟨3, 7⟩");
        assert_eq!(Epoch::of(Zxid::new(3, 7)), Epoch::new(3));
        assert_eq!(Epoch::new(3).start(), Zxid::new(3, 0));
    }
}
