//! What was seen of a run so far, as far as more than one invariant needs it.

use imbl::{OrdMap, Vector};

use super::glance::{Outline, log_of};
use crate::ids::ServerId;
use crate::raft::{Content, Entry, Index, Log, Term};
use crate::sim::World;
use crate::zookeeper::Command;

/// The entries that some server has taken for committed: `committed` holds each as it was first
/// applied anywhere, the one of index 1 first. `through` says how far they were known to reach in
/// each term in which they grew; both terms and indexes rise along it.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    committed: Vector<Committed>,
    through: OrdMap<Term, Index>,
    highest_term: Term,
}

/// An entry that a server has applied before any other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Committed {
    /// The entry.
    pub(super) entry: Entry<Command>,
    /// The server.
    pub(super) by: ServerId,
}

impl Past {
    /// Remembers what a server has applied that nobody had before.
    pub(super) fn take_in(&mut self, world: &World, by: ServerId, before: Index, now: &Outline) {
        self.highest_term = self.highest_term.max(now.term);
        let first = self.last().max(before).next();
        if now.applied < first {
            return;
        }
        for entry in log_of(world, by).range(first, now.applied) {
            self.commit(by, entry.clone());
        }
        self.reaches(now.term, now.applied);
    }

    /// Appends a committed entry.
    pub(super) fn commit(&mut self, by: ServerId, entry: Entry<Command>) {
        debug_assert_eq!(entry.index, self.last().next());
        self.committed.push_back(Committed { entry, by });
    }

    /// Commitment has reached `index` in `term`. A leader of an earlier term may commit late.
    pub(super) fn reaches(&mut self, term: Term, index: Index) {
        if self.through_before(term.next()) >= index {
            return;
        }
        while let Some((&later, _)) = self.through.range(term.next()..).next()
            && self.through[&later] <= index
        {
            self.through.remove(&later);
        }
        self.through.insert(term, index);
    }

    /// How far commitment had reached in the terms before `term`.
    pub(super) fn through_before(&self, term: Term) -> Index {
        self.through
            .range(..term)
            .next_back()
            .map_or(Index::ZERO, |(_, index)| *index)
    }

    /// The last committed index.
    pub(super) fn last(&self) -> Index {
        Index::new(self.committed.len() as u64)
    }

    /// The committed entry at `index`.
    pub(super) fn committed(&self, index: Index) -> Option<&Committed> {
        self.committed
            .get(usize::try_from(index.number().checked_sub(1)?).ok()?)
    }

    /// The highest term that any server was seen in.
    pub(super) fn highest_term(&self) -> Term {
        self.highest_term
    }
}

impl Committed {
    /// Whether a log contains it, and with it, by Log Matching, all that were committed before.
    pub(super) fn is_in(&self, log: &Log<Command>) -> bool {
        log.term_at(self.entry.index) == Some(self.entry.term)
    }
}

/// An entry in words.
pub(super) fn describe(entry: &Entry<Command>) -> String {
    let position = entry.position();
    match &entry.content {
        Content::Noop => format!("{position} (a no-op)"),
        Content::Command(command) => format!("{position} ({command})"),
        Content::Configuration(configuration) => {
            format!("{position} (configuration {configuration})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_commit_of_an_earlier_term_counts_for_every_later_one() {
        let mut past = Past::default();
        let (term, index) = (Term::new, Index::new);
        past.reaches(term(2), index(3));
        past.reaches(term(5), index(6));
        past.reaches(term(6), index(9));
        assert_eq!(past.through_before(term(2)), Index::ZERO);
        assert_eq!(past.through_before(term(5)), index(3));
        assert_eq!(past.through_before(term(6)), index(6));
        past.reaches(term(3), index(7));
        assert_eq!(past.through_before(term(3)), index(3));
        assert_eq!(past.through_before(term(5)), index(7));
        assert_eq!(past.through_before(term(6)), index(7));
        assert_eq!(past.through_before(term(7)), index(9));
    }
}
