//! What was seen of a run so far, as far as more than one invariant needs it.

use imbl::{OrdMap, Vector};

use super::glance::{Outline, log_of};
use crate::ids::ServerId;
use crate::raft::{Content, Entry, Index, Log, Term};
use crate::sim::World;
use crate::zookeeper::Command;

/// The entries that some server has taken for committed: `committed` holds each as it was first
/// applied anywhere, without a gap, the one after index `unseen` first. What came before was gone
/// from the logs when it could first have been looked at. `through` says how far they were known to reach in
/// each term in which they grew; both terms and indexes rise along it.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    unseen: Index,
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
        let log = log_of(world, by);
        let first = self.last().max(before).next();
        if now.applied < first {
            return;
        }
        if self.last().next() < first.max(log.first_index()) {
            self.unseen = first.max(log.first_index()).prev().min(now.applied);
            self.committed = Vector::new();
        }
        for entry in log.range(first, now.applied) {
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
        Index::new(self.unseen.number() + self.committed.len() as u64)
    }

    /// The committed entry at `index`.
    pub(super) fn committed(&self, index: Index) -> Option<&Committed> {
        let offset = index.number().checked_sub(self.unseen.next().number())?;
        self.committed.get(usize::try_from(offset).ok()?)
    }

    /// Whether what is committed at `index` was gone before it could be looked at.
    pub(super) fn never_saw(&self, index: Index) -> bool {
        index <= self.unseen
    }

    /// Whether a log contains a committed entry, and with it, by Log Matching, all that were
    /// committed before. One that begins later stands on a snapshot: it contains the entry if the
    /// last one that it dropped is the committed one of that index.
    pub(super) fn is_in(&self, committed: &Committed, log: &Log<Command>) -> bool {
        let (index, base) = (committed.entry.index, log.base());
        if index >= base.index {
            return log.term_at(index) == Some(committed.entry.term);
        }
        self.committed(base.index)
            .is_none_or(|dropped| dropped.entry.term == base.term)
    }

    /// The highest term that any server was seen in.
    pub(super) fn highest_term(&self) -> Term {
        self.highest_term
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
