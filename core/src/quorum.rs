//! Majorities: pure, recomputed from scratch at every question, shared by every protocol.
//!
//! Incremental quorum counting has broken in the field (openraft #1802); with at most a handful of
//! servers there is nothing to gain by it.

/// The least number of `members` that is a majority of them: any two majorities meet.
pub const fn majority(members: usize) -> usize {
    members / 2 + 1
}

/// Whether `agreeing` of `members` are a majority.
pub const fn is_majority(agreeing: usize, members: usize) -> bool {
    agreeing >= majority(members)
}

/// Whether the `agreeing` part of the `total` weight is more than half of it: any two such parts
/// meet.
pub const fn is_weighted_majority(agreeing: u64, total: u64) -> bool {
    2 * agreeing > total
}

/// The largest value that a majority has reached, given the value of every member: with the
/// members' match indexes it is the index that a majority stores (Raft §5.3). `None` without
/// members.
///
/// Sorts `values` in place, largest first.
pub fn reached_by_majority<T: Ord + Copy>(values: &mut [T]) -> Option<T> {
    values.sort_unstable_by(|a, b| b.cmp(a));
    values.get(majority(values.len()) - 1).copied()
}

/// Whether every majority of one group meets every majority of another, if `first` members are
/// only in the one, `second` only in the other and `both` in both.
pub fn majorities_meet(first: usize, second: usize, both: usize) -> bool {
    // What the two majorities must at least take from those in both, so as not to meet.
    let from_both = majority(first + both).saturating_sub(first)
        + majority(second + both).saturating_sub(second);
    from_both > both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_majorities_always_meet() {
        for members in 1..=9 {
            assert!(2 * majority(members) > members);
            assert!(!is_majority(majority(members) - 1, members));
        }
    }

    #[test]
    fn the_reached_value_is_held_by_a_majority_and_the_next_is_not() {
        for members in 1..=7_usize {
            for pattern in 0..3_usize.pow(members as u32) {
                let values: Vec<usize> = (0..members as u32)
                    .map(|i| pattern / 3_usize.pow(i) % 3)
                    .collect();
                let reached = reached_by_majority(&mut values.clone()).unwrap();
                let holding = |at_least| values.iter().filter(|v| **v >= at_least).count();
                assert!(is_majority(holding(reached), members));
                assert!(!is_majority(holding(reached + 1), members));
            }
        }
    }

    #[test]
    fn no_members_reach_nothing() {
        assert_eq!(reached_by_majority::<u64>(&mut []), None);
    }
}
