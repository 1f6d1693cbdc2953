//! What the disk has been given, and what it has confirmed.

use std::collections::VecDeque;

use super::durable::{HardState, Token};
use super::position::Index;

/// A replica's knowledge of its own disk.
///
/// `durable_index` and the indexes in `unsynced` speak of the log as it is in memory *now*: a
/// truncation lowers them all. So the late confirmation of an append whose entries have since been
/// replaced can never pass for a confirmation of what replaced them (etcd's append ABA race).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Storage {
    /// The token of the last write.
    last_token: Token,
    /// Term and vote as they were last handed over.
    saved: HardState,
    /// Writes that the disk has not confirmed, in the order of their tokens.
    unsynced: VecDeque<(Token, Unsynced)>,
    /// Entries of the log in memory up to here are on disk.
    durable_index: Index,
}

/// What an unconfirmed write will have made durable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Unsynced {
    HardState,
    Entries { through: Index },
    Truncation,
    Snapshot,
    Chunk,
}

impl Storage {
    /// The disk of a server that boots: all it has is durable.
    pub(super) const fn booted(hard: HardState, last_index: Index) -> Self {
        Self {
            last_token: Token::new(0),
            saved: hard,
            unsynced: VecDeque::new(),
            durable_index: last_index,
        }
    }

    /// Term and vote as they were last handed over.
    pub(super) const fn saved(&self) -> HardState {
        self.saved
    }

    /// Entries of the log up to here are on disk.
    pub(super) const fn durable_index(&self) -> Index {
        self.durable_index
    }

    /// Term and vote are handed over.
    pub(super) fn save(&mut self, hard: HardState) -> Token {
        self.saved = hard;
        self.hand_over(Unsynced::HardState)
    }

    /// Entries up to `through` are handed over.
    pub(super) fn append(&mut self, through: Index) -> Token {
        self.hand_over(Unsynced::Entries { through })
    }

    /// A truncation is handed over.
    pub(super) fn truncate(&mut self, from: Index) -> Token {
        self.lower(from.prev());
        self.hand_over(Unsynced::Truncation)
    }

    /// A snapshot of the server's own is handed over. The entries that it stands for were, too.
    pub(super) fn snapshot(&mut self) -> Token {
        self.hand_over(Unsynced::Snapshot)
    }

    /// A chunk of a leader's snapshot is handed over.
    pub(super) fn chunk(&mut self) -> Token {
        self.hand_over(Unsynced::Chunk)
    }

    /// A leader's snapshot is handed over, through `through`, in place of a log of which only the
    /// entries through `kept` are known to be the same.
    pub(super) fn install(&mut self, kept: Index, through: Index) -> Token {
        self.lower(kept);
        self.hand_over(Unsynced::Entries { through })
    }

    fn lower(&mut self, kept: Index) {
        self.durable_index = self.durable_index.min(kept);
        for (_, write) in &mut self.unsynced {
            if let Unsynced::Entries { through } = write {
                *through = kept.min(*through);
            }
        }
    }

    fn hand_over(&mut self, write: Unsynced) -> Token {
        self.last_token = self.last_token.next();
        self.unsynced.push_back((self.last_token, write));
        self.last_token
    }

    /// The disk confirms the write `token` and all before it.
    pub(super) fn confirm(&mut self, token: Token) {
        while let Some((_, write)) = self.unsynced.pop_front_if(|(given, _)| *given <= token) {
            if let Unsynced::Entries { through } = write {
                self.durable_index = self.durable_index.max(through);
            }
        }
    }

    /// The write that term and vote wait for; `None` when they are on disk.
    pub(super) fn awaits_hard_state(&self) -> Option<Token> {
        self.last_of(Unsynced::HardState)
    }

    /// The write that term, vote and every chunk wait for; `None` when they are on disk.
    pub(super) fn awaits_chunk(&self) -> Option<Token> {
        self.last_of(Unsynced::Chunk).max(self.awaits_hard_state())
    }

    fn last_of(&self, kind: Unsynced) -> Option<Token> {
        let mut latest_first = self.unsynced.iter().rev();
        let found = latest_first.find(|(_, write)| *write == kind);
        found.map(|(token, _)| *token)
    }

    /// The write that term, vote and the entries up to `through` wait for; `None` when they are
    /// on disk.
    pub(super) fn awaits_entries(&self, through: Index) -> Option<Token> {
        if self.unsynced.is_empty() {
            return None;
        }
        let entries = if self.durable_index >= through {
            None
        } else {
            self.unsynced.iter().find_map(|(token, write)| match write {
                Unsynced::Entries { through: end } if *end >= through => Some(*token),
                _ => None,
            })
        };
        entries.max(self.awaits_hard_state())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(number: u64) -> Index {
        Index::new(number)
    }

    /// Gotcha of asynchronous storage: etcd's `async_storage_writes_append_aba_race`.
    #[test]
    fn gotcha_13_a_late_confirmation_of_replaced_entries_confirms_only_what_is_left_of_them() {
        let mut storage = Storage::booted(HardState::default(), index(2));
        let old = storage.append(index(5));
        let cut = storage.truncate(index(4));
        let new = storage.append(index(5));
        storage.confirm(old);
        assert_eq!(storage.durable_index(), index(3));
        assert_eq!(storage.awaits_entries(index(3)), None);
        assert_eq!(storage.awaits_entries(index(5)), Some(new));
        storage.confirm(cut);
        assert_eq!(storage.durable_index(), index(3));
        storage.confirm(new);
        assert_eq!(storage.durable_index(), index(5));
    }

    #[test]
    fn what_was_durable_is_not_once_it_is_truncated() {
        let mut storage = Storage::booted(HardState::default(), index(5));
        storage.truncate(index(3));
        assert_eq!(storage.durable_index(), index(2));
    }

    #[test]
    fn entries_wait_for_the_term_they_were_accepted_in() {
        let mut storage = Storage::booted(HardState::default(), index(5));
        let term = storage.save(HardState::default());
        assert_eq!(storage.awaits_entries(index(5)), Some(term));
        let six = storage.append(index(6));
        storage.append(index(7));
        assert_eq!(storage.awaits_entries(index(5)), Some(term));
        assert_eq!(storage.awaits_entries(index(6)), Some(six));
        storage.confirm(six);
        assert_eq!(storage.awaits_entries(index(6)), None);
    }
}
