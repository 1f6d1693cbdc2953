//! The log: what the servers agree on.

use std::hash::Hash;

use imbl::Vector;

use super::configuration::Configuration;
use super::position::{Index, LogPosition, Term};

/// What is replicated. Raft never looks inside.
pub trait Payload: Clone + Eq + Hash + std::fmt::Debug {
    /// The state machine's whole state at one place of the log: what a snapshot holds.
    type Image: Clone + Eq + Hash + std::fmt::Debug;

    /// Bytes that a state takes, on a disk or in messages.
    fn image_size(image: &Self::Image) -> u64;

    /// Bytes it takes in a message, for batching.
    fn size(&self) -> usize;
}

/// One entry of the log.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entry<P> {
    /// The term of the leader that created it.
    pub term: Term,
    /// Its place, the same in every log that holds it.
    pub index: Index,
    /// What it says.
    pub content: Content<P>,
}

/// What an entry says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Content<P> {
    /// Nothing: a new leader's first entry, whose commitment commits all that precedes it
    /// (Raft §8).
    Noop,
    /// Something for the state machine.
    Command(P),
    /// Who takes part from here on (Raft §6).
    Configuration(Configuration),
}

/// The entries of one server without a gap, terms never falling. The log begins after `base`, the
/// last entry that a snapshot took the place of, or index zero.
///
/// Clones share structure.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Log<P: Clone> {
    base: LogPosition,
    entries: Vector<Entry<P>>,
    /// Where the entries are that hold a configuration, in ascending order.
    configurations: Vector<Index>,
}

impl<P: Payload> Entry<P> {
    /// Bytes it takes in a message: its payload, its term and its index.
    pub fn size(&self) -> usize {
        let payload = match &self.content {
            Content::Noop => 0,
            Content::Command(payload) => payload.size(),
            Content::Configuration(configuration) => configuration.size(),
        };
        payload + 16
    }
}

impl<P> Entry<P> {
    /// Its term and index.
    pub const fn position(&self) -> LogPosition {
        LogPosition {
            term: self.term,
            index: self.index,
        }
    }
}

impl<P: Clone> Default for Log<P> {
    fn default() -> Self {
        Self::after(LogPosition::default())
    }
}

impl<P: Clone> Log<P> {
    /// A log without entries that begins after `base`.
    pub fn after(base: LogPosition) -> Self {
        Self {
            base,
            entries: Vector::new(),
            configurations: Vector::new(),
        }
    }

    /// The last entry that is no longer in the log; index and term zero if none ever left it.
    pub const fn base(&self) -> LogPosition {
        self.base
    }

    /// The index of the first entry the log holds, or would hold.
    pub const fn first_index(&self) -> Index {
        self.base.index.next()
    }

    /// The index of the last entry; the base's when there is none.
    pub fn last_index(&self) -> Index {
        Index::new(self.base.index.number() + self.entries.len() as u64)
    }

    /// The term of the last entry; the base's when there is none.
    pub fn last_term(&self) -> Term {
        self.entries
            .last()
            .map_or(self.base.term, |entry| entry.term)
    }

    /// Term and index of the last entry, which is all that elections compare (Raft §5.4.1).
    pub fn last_position(&self) -> LogPosition {
        LogPosition {
            term: self.last_term(),
            index: self.last_index(),
        }
    }

    /// The entry at `index`.
    pub fn get(&self, index: Index) -> Option<&Entry<P>> {
        let offset = index.number().checked_sub(self.first_index().number())?;
        self.entries.get(offset as usize)
    }

    /// The term of the entry at `index`, which may be the base; `None` before it and past the
    /// last.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.base.index {
            Some(self.base.term)
        } else if index == self.last_index() {
            Some(self.last_term())
        } else {
            self.get(index).map(|entry| entry.term)
        }
    }

    /// The entries from `first` through `last`, both included; those that are not there are left
    /// out.
    pub fn range(&self, first: Index, last: Index) -> impl Iterator<Item = &Entry<P>> {
        let last = last.min(self.last_index());
        let first = first.max(self.first_index());
        (first.number()..=last.number()).filter_map(|number| self.get(Index::new(number)))
    }

    /// The last configuration at or before `through`, and its entry; `None` if the log holds none
    /// there.
    pub fn last_configuration(&self, through: Index) -> Option<(Index, &Configuration)> {
        let at = *self
            .configurations
            .iter()
            .rev()
            .find(|at| **at <= through)?;
        match &self.get(at)?.content {
            Content::Configuration(configuration) => Some((at, configuration)),
            _ => None,
        }
    }

    /// Where the log holds configurations, the latest first.
    pub fn configurations(&self) -> impl Iterator<Item = Index> + '_ {
        self.configurations.iter().rev().copied()
    }

    /// Adds entries that continue the log.
    pub fn append(&mut self, entries: impl IntoIterator<Item = Entry<P>>) {
        for entry in entries {
            debug_assert_eq!(entry.index, self.last_index().next(), "a gap in the log");
            if let Content::Configuration(_) = entry.content {
                self.configurations.push_back(entry.index);
            }
            self.entries.push_back(entry);
        }
    }

    /// Removes the entry at `from` and all that follow it.
    pub fn truncate(&mut self, from: Index) {
        let kept = from.number().saturating_sub(self.first_index().number()) as usize;
        if kept < self.entries.len() {
            self.entries.truncate(kept);
        }
        while self.configurations.last().is_some_and(|at| *at >= from) {
            self.configurations.pop_back();
        }
    }

    /// Removes the entries up to and including `through`, which becomes the base. Nothing happens
    /// if the log has no entry there.
    pub fn compact(&mut self, through: Index) {
        let Some(term) = self.term_at(through) else {
            return;
        };
        let gone = (through.number() - self.base.index.number()) as usize;
        self.entries = self.entries.skip(gone);
        while self.configurations.front().is_some_and(|at| *at <= through) {
            self.configurations.pop_front();
        }
        self.base = LogPosition {
            term,
            index: through,
        };
    }

    /// How many of `entries`, from the first, the log holds already. What comes after them is
    /// new, or in conflict with what the log holds at its index.
    pub fn agreeing(&self, entries: &[Entry<P>]) -> usize {
        entries
            .iter()
            .position(|entry| self.term_at(entry.index) != Some(entry.term))
            .unwrap_or(entries.len())
    }

    /// The last place at or before `index` whose term is not above `term`: where this log and one
    /// that has an entry of `term` at `index` may still agree. Terms never fall along a log, so
    /// everything in between is known to differ. Of what is no longer in the log nothing is known:
    /// an index before the base is returned as it is, under the base's term at most.
    pub fn last_place_to_agree(&self, index: Index, term: Term) -> LogPosition {
        if index < self.base.index {
            let term = term.min(self.base.term);
            return LogPosition { term, index };
        }
        // Binary search: `agreeing` is always a place that may agree, `differing` never one.
        let mut agreeing = self.base.index.number();
        let mut differing = index.min(self.last_index()).number() + 1;
        while differing - agreeing > 1 {
            let middle = agreeing.midpoint(differing);
            if self
                .term_at(Index::new(middle))
                .is_some_and(|at| at <= term)
            {
                agreeing = middle;
            } else {
                differing = middle;
            }
        }
        let index = Index::new(agreeing);
        LogPosition {
            term: self.term_at(index).unwrap_or_default(),
            index,
        }
    }
}

impl<P: Payload> Log<P> {
    /// The entries from `first` on that one message takes: at most `max_entries` and `max_bytes`,
    /// but always one if there is one, however large.
    pub fn batch(&self, first: Index, max_entries: usize, max_bytes: usize) -> Vec<Entry<P>> {
        let waiting = (self.last_index().next().number()).saturating_sub(first.number());
        let mut batch = Vec::with_capacity(max_entries.min(waiting as usize));
        let mut bytes = 0;
        for entry in self.range(first, self.last_index()).take(max_entries) {
            bytes += entry.size();
            if bytes > max_bytes && !batch.is_empty() {
                break;
            }
            batch.push(entry.clone());
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{log_of_terms, terms_of};
    use super::*;

    #[test]
    fn every_log_agrees_before_its_first_entry_and_knows_nothing_past_its_last() {
        let log = log_of_terms(&[1, 1, 2]);
        assert_eq!(log.term_at(Index::ZERO), Some(Term::ZERO));
        assert_eq!(log.term_at(Index::new(2)), Some(Term::new(1)));
        assert_eq!(log.term_at(Index::new(3)), Some(Term::new(2)));
        assert_eq!(log.term_at(Index::new(4)), None);
        assert_eq!(log.last_position().to_string(), "entry 3 of term 2");
    }

    #[test]
    fn truncation_removes_the_named_entry_and_what_follows() {
        let mut log = log_of_terms(&[1, 1, 2, 2]);
        log.truncate(Index::new(3));
        assert_eq!(terms_of(&log), [1, 1]);
        log.truncate(Index::new(3));
        assert_eq!(terms_of(&log), [1, 1]);
        log.truncate(Index::new(1));
        assert_eq!(log, Log::default());
    }

    #[test]
    fn compaction_keeps_the_indexes_and_the_term_before_the_first() {
        let mut log = log_of_terms(&[1, 1, 2, 2, 3]);
        log.compact(Index::new(3));
        assert_eq!(
            (log.first_index().number(), log.last_index().number()),
            (4, 5)
        );
        assert_eq!(log.term_at(Index::new(2)), None);
        assert_eq!(log.term_at(Index::new(3)), Some(Term::new(2)));
        assert_eq!(log.get(Index::new(3)), None);
        assert_eq!(log.get(Index::new(5)).map(|e| e.term), Some(Term::new(3)));
        log.truncate(Index::new(4));
        assert_eq!(log.last_position().to_string(), "entry 3 of term 2");
        log.compact(Index::new(9));
        assert_eq!(log.base().index, Index::new(3));
    }

    #[test]
    fn the_place_to_agree_skips_every_later_term() {
        let log = log_of_terms(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6]);
        for index in 0..=12_u64 {
            for term in 0..=7 {
                let expected = (0..=index.min(10))
                    .rev()
                    .find(|i| log.term_at(Index::new(*i)).unwrap() <= Term::new(term))
                    .unwrap();
                let found = log.last_place_to_agree(Index::new(index), Term::new(term));
                assert_eq!(found.index.number(), expected, "index {index}, term {term}");
                assert_eq!(log.term_at(found.index), Some(found.term));
            }
        }
    }

    #[test]
    fn a_batch_keeps_its_bounds_but_always_carries_one_entry() {
        let log = log_of_terms(&[1; 10]);
        let size = log.get(Index::new(1)).unwrap().size();
        let count = |first, entries, bytes| log.batch(Index::new(first), entries, bytes).len();
        assert_eq!(count(1, 4, usize::MAX), 4);
        assert_eq!(count(8, 64, usize::MAX), 3);
        assert_eq!(count(1, 64, 3 * size), 3);
        assert_eq!(count(1, 64, 1), 1);
        assert_eq!(count(11, 64, usize::MAX), 0);
    }
}
