//! Term and index name an entry and all that precedes it.

use super::glance::log_of;
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::raft::{Entry, Index, Log};
use crate::zookeeper::Command;

/// Two logs that matched before an event can only fail to match after it where one of them was
/// written: at such an entry, or between it and the one before. So nothing needs to be
/// remembered, and only what was written is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct LogMatching;

impl Invariant for LogMatching {
    const PROPERTY: Property = Property {
        name: "log_matching",
        title: "Log matching",
        rule: Rule {
            text: "if two logs contain an entry with the same index and term, then the logs are identical in all entries up through that index",
            source: "Raft §5.3, Figure 3",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let log = glance.log();
        let from = if glance.before.up == glance.now.up || glance.log_from.is_some() {
            glance.log_from
        } else {
            // What is on the disk may be an earlier log than the one in memory was.
            Some(log.last_index())
        };
        let Some(from) = from else {
            return Ok(());
        };
        for other in glance.world.nodes() {
            if other.id() == glance.server {
                continue;
            }
            let theirs = log_of(glance.world, other.id());
            if let Some(index) = first_mismatch(log, theirs, from) {
                return Err(clash((other.id(), theirs), (glance.server, log), index));
            }
        }
        Ok(())
    }
}

/// The first entry at or after `from` that both logs name alike and that differs, or follows on
/// entries that differ.
fn first_mismatch(mine: &Log<Command>, theirs: &Log<Command>, from: Index) -> Option<Index> {
    if from > theirs.last_index() {
        return None;
    }
    // Before a log's base there is nothing to compare, and the base itself is known by its term.
    let both_hold = mine.first_index().max(theirs.first_index());
    let named_alike = |entry: &&Entry<Command>| theirs.term_at(entry.index) == Some(entry.term);
    mine.range(from.max(both_hold), theirs.last_index())
        .filter(named_alike)
        .map(|entry| entry.index)
        .find(|index| {
            let before = index.prev();
            mine.get(*index) != theirs.get(*index) || mine.term_at(before) != theirs.term_at(before)
        })
}

fn clash(
    (other, theirs): (ServerId, &Log<Command>),
    (server, mine): (ServerId, &Log<Command>),
    index: Index,
) -> Clash {
    let holds = |log: &Log<Command>| {
        let own = log.get(index).map(super::past::describe);
        let before = log.term_at(index.prev()).unwrap_or_default();
        format!("{} after one of term {before}", own.unwrap_or_default())
    };
    Clash {
        what: format!(
            "the logs of {other} and {server} have the same term at entry {index} and are not the same up to it"
        ),
        facts: [(other, holds(theirs)), (server, holds(mine))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::{Content, Term};
    use crate::time::Time;
    use crate::zookeeper::{Identities, SessionId, Update, Xid};

    /// Entries of these terms, each with what it says; 0 is a no-op.
    fn log(entries: &[(u64, i64)]) -> Log<Command> {
        let command = |session| Command {
            session: SessionId::new(session),
            xid: Xid::ZERO,
            time: Time::ZERO,
            origin: ServerId::new(1),
            in_step: Vec::new(),
            identities: Identities::default(),
            update: Update::CloseSession { expired: true },
        };
        let mut log = Log::default();
        log.append((1..).zip(entries).map(|(index, (term, says))| Entry {
            term: Term::new(*term),
            index: Index::new(index),
            content: match says {
                0 => Content::Noop,
                _ => Content::Command(command(*says)),
            },
        }));
        log
    }

    fn mismatch(mine: &[(u64, i64)], theirs: &[(u64, i64)], from: u64) -> Option<u64> {
        first_mismatch(&log(mine), &log(theirs), Index::new(from)).map(Index::number)
    }

    #[test]
    fn logs_may_differ_where_their_terms_do_and_after_that() {
        let mine = [(1, 0), (1, 5), (2, 0), (2, 7)];
        assert_eq!(mismatch(&mine, &mine, 1), None);
        assert_eq!(mismatch(&mine, &mine[..2], 1), None);
        assert_eq!(mismatch(&mine, &[(1, 0), (1, 5), (3, 0)], 1), None);
        assert_eq!(mismatch(&mine, &[], 1), None);
    }

    #[test]
    fn two_entries_of_one_name_that_differ_clash() {
        let (mine, theirs) = ([(1, 0), (1, 5), (1, 6)], [(1, 0), (1, 9)]);
        assert_eq!(mismatch(&mine, &theirs, 1), Some(2));
        assert_eq!(mismatch(&mine, &theirs, 3), None);
    }

    #[test]
    fn a_compacted_log_is_compared_from_its_base_on() {
        let (mut mine, theirs) = (
            log(&[(1, 0), (1, 5), (2, 6)]),
            log(&[(1, 0), (1, 7), (2, 6)]),
        );
        let from = Index::new(1);
        assert_eq!(first_mismatch(&mine, &theirs, from), Some(Index::new(2)));
        mine.compact(Index::new(2));
        assert_eq!(first_mismatch(&mine, &theirs, from), None);
        assert_eq!(first_mismatch(&theirs, &mine, from), None);
        let other = log(&[(1, 0), (2, 5), (2, 6)]);
        assert_eq!(first_mismatch(&other, &mine, from), Some(Index::new(3)));
    }

    #[test]
    fn one_entry_after_two_different_ones_clashes() {
        let (mine, theirs) = ([(1, 0), (1, 5), (4, 0)], [(1, 0), (2, 0), (4, 0)]);
        assert_eq!(mismatch(&mine, &theirs, 3), Some(3));
    }
}
