//! Terms, indexes, and places in a log.

use std::fmt;

use serde::Serialize;

/// A term: Raft's logical clock. Each begins with an election and has at most one leader
/// (Raft §5.1). 0 is the term of a server that has never heard of one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Term(u64);

/// The place of an entry in the log, counted from 1; 0 stands before the first entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Index(u64);

/// An entry named by its term and index, which is enough: two entries that agree in both are the
/// same, and so is all that precedes them (Log Matching, Raft §5.3).
///
/// Ordered as §5.4.1 orders logs by their last entries: the later term first, then the length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct LogPosition {
    /// The entry's term.
    pub term: Term,
    /// The entry's index.
    pub index: Index,
}

/// Gives a counting newtype its constructor, its neighbours and its written form.
macro_rules! counted {
    ($($name:ident),*) => {$(
        impl $name {
            /// Before the first.
            pub const ZERO: Self = Self(0);

            /// The one with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn number(self) -> u64 {
                self.0
            }

            /// The one that follows.
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }

            /// The one before; [`Self::ZERO`] has none and stays.
            pub const fn prev(self) -> Self {
                Self(self.0.saturating_sub(1))
            }
        }

        /// The bare number.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}
counted!(Term, Index);

impl LogPosition {
    /// Before the first entry: every log agrees on it.
    pub const ZERO: Self = Self {
        term: Term::ZERO,
        index: Index::ZERO,
    };
}

/// `entry 7 of term 3`, or what stands for it in an empty log.
impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.index == Index::ZERO {
            f.write_str("an empty log")
        } else {
            write!(f, "entry {} of term {}", self.index, self.term)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_term_outweighs_a_longer_log() {
        let at = |term, index| LogPosition {
            term: Term::new(term),
            index: Index::new(index),
        };
        assert!(at(3, 1) > at(2, 9));
        assert!(at(2, 9) > at(2, 8));
        assert!(at(1, 1) > LogPosition::ZERO);
    }
}
