//! An ordered map that always knows its own digest.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use imbl::OrdMap;

use crate::digest::Digest;

/// An ordered map whose hash costs the same however much it holds: the digests of its entries,
/// each kept beside its entry, are summed as entries come, change and go. The sum does not depend
/// on the order of history, so equal maps have equal sums.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DigestedMap<K: Ord, V> {
    entries: OrdMap<K, Arc<Entry<V>>>,
    sum: u64,
}

/// A value and the digest of it with its key. Shared, so that a leaf of the map that is copied on
/// write copies pointers.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry<V> {
    digest: u64,
    value: V,
}

impl<K: Ord + Clone + Hash, V: Clone + Hash> DigestedMap<K, V> {
    pub(super) fn new() -> Self {
        Self {
            entries: OrdMap::new(),
            sum: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.entries.get(key).map(|entry| &entry.value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, entry)| (key, &entry.value))
    }

    /// The entries from `key` on, in order.
    pub(super) fn range_from<'a, Q>(&'a self, key: &Q) -> impl Iterator<Item = (&'a K, &'a V)>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let range = (std::ops::Bound::Included(key), std::ops::Bound::Unbounded);
        let entries = self.entries.range::<_, Q>(range);
        entries.map(|(key, entry)| (key, &entry.value))
    }

    /// Puts `value` at `key`, in place of any other.
    pub(super) fn insert(&mut self, key: K, value: V) {
        let digest = digest(&key, &value);
        self.sum = self.sum.wrapping_add(digest);
        if let Some(old) = self.entries.insert(key, Arc::new(Entry { digest, value })) {
            self.sum = self.sum.wrapping_sub(old.digest);
        }
    }

    /// Takes the entry out.
    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let entry = self.entries.remove(key)?;
        self.sum = self.sum.wrapping_sub(entry.digest);
        Some(Arc::unwrap_or_clone(entry).value)
    }

    /// Changes the value at `key`, if there is one, and answers what `change` answers.
    pub(super) fn update<Q, T>(&mut self, key: &Q, change: impl FnOnce(&mut V) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let (key, entry) = self.entries.get_key_value_mut(key)?;
        let entry = Arc::make_mut(entry);
        let answer = change(&mut entry.value);
        self.sum = self.sum.wrapping_sub(entry.digest);
        entry.digest = digest(key, &entry.value);
        self.sum = self.sum.wrapping_add(entry.digest);
        Some(answer)
    }
}

fn digest(key: &impl Hash, value: &impl Hash) -> u64 {
    Digest::of(&(key, value)).0
}

impl<K: Ord, V> Hash for DigestedMap<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(u8, u8)]) -> DigestedMap<u8, u8> {
        let mut map = DigestedMap::new();
        for &(key, value) in pairs {
            map.insert(key, value);
        }
        map
    }

    #[test]
    fn the_digest_depends_on_what_is_held_and_not_on_how_it_came_about() {
        let mut roundabout = map(&[(2, 9), (1, 7), (3, 3), (2, 5)]);
        roundabout.remove(&3);
        roundabout.update(&1, |value| *value = 4);
        let straight = map(&[(1, 4), (2, 5)]);
        assert_eq!(roundabout, straight);
        assert_eq!(Digest::of(&roundabout), Digest::of(&straight));
        assert_ne!(Digest::of(&straight), Digest::of(&map(&[(1, 5), (2, 4)])));
    }

    #[test]
    fn a_clone_is_not_touched_by_what_happens_to_the_original() {
        let mut original = map(&[(1, 1)]);
        let kept = original.clone();
        original.update(&1, |value| *value = 2);
        assert_eq!(kept, map(&[(1, 1)]));
        assert_eq!(original.update(&9, |_| ()), None);
    }
}
