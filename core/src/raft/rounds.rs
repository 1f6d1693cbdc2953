//! Rounds of heartbeats: what the acknowledgements of a leader's messages prove, and since when.
//!
//! Every `AppendEntries` carries the number of the round that the leader is in, and its answer
//! brings the number back. An answer to round *n* comes from a server that knew no later term
//! after round *n* began; so once a majority has answered to round *n* or a later one, nobody else
//! can have led when it began. Answers to earlier rounds prove nothing of the kind, whatever they
//! are taken for (etcd #20418).

use std::collections::VecDeque;

use crate::time::Time;

/// A leader's rounds, numbered from 1 in each term of office.
///
/// `confirmed` is at or below `last`; `unconfirmed` holds rounds after `confirmed`, oldest first,
/// and only where their times are wanted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Rounds {
    last: u64,
    confirmed: u64,
    unconfirmed: VecDeque<(u64, Time)>,
    confirmed_began: Option<Time>,
    confirmed_at: Time,
    timed: bool,
}

impl Rounds {
    /// Those of a leader that is elected now. `timed` says whether it matters when rounds are.
    pub(super) const fn new(now: Time, timed: bool) -> Self {
        Self {
            last: 0,
            confirmed: 0,
            unconfirmed: VecDeque::new(),
            confirmed_began: None,
            confirmed_at: now,
            timed,
        }
    }

    /// The round that is on: that of every message sent now.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// The latest round that a majority has answered to.
    pub(super) const fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// When the latest confirmed round began: every server of some majority has heard of this
    /// leader since.
    pub(super) const fn confirmed_began(&self) -> Option<Time> {
        self.confirmed_began
    }

    /// When the answers of a majority last came together; at first, when the term of office began.
    pub(super) const fn confirmed_at(&self) -> Time {
        self.confirmed_at
    }

    /// Another round begins.
    pub(super) fn begin(&mut self, now: Time) {
        self.last += 1;
        if self.timed {
            self.unconfirmed.push_back((self.last, now));
        }
    }

    /// A majority has answered to `round`, or to later ones.
    pub(super) fn confirm(&mut self, round: u64, now: Time) {
        if round <= self.confirmed {
            return;
        }
        self.confirmed = round;
        if !self.timed {
            return;
        }
        self.confirmed_at = now;
        while let Some((_, began)) = self
            .unconfirmed
            .pop_front_if(|(number, _)| *number <= round)
        {
            self.confirmed_began = Some(began);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmed_round_counts_from_when_it_began_and_confirms_all_before_it() {
        let at = Time::from_millis;
        let mut rounds = Rounds::new(at(0), true);
        for now in [10, 20, 30] {
            rounds.begin(at(now));
        }
        rounds.confirm(2, at(35));
        assert_eq!(rounds.confirmed_began(), Some(at(20)));
        assert_eq!(rounds.confirmed_at(), at(35));
        rounds.confirm(1, at(40));
        assert_eq!((rounds.confirmed(), rounds.confirmed_at()), (2, at(35)));
        rounds.confirm(3, at(50));
        assert_eq!(rounds.confirmed_began(), Some(at(30)));
    }

    #[test]
    fn untimed_rounds_keep_nothing() {
        let mut rounds = Rounds::new(Time::ZERO, false);
        for _ in 0..1_000 {
            rounds.begin(Time::ZERO);
        }
        assert_eq!(rounds.last(), 1_000);
        assert!(rounds.unconfirmed.is_empty());
    }
}
