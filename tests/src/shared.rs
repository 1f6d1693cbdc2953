//! Parts of a state that many states have in common.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use quorumscope_core::digest::Digest;

/// A value that states share, with its digest worked out once: a state of the cluster is hashed
/// for each way that leads to it, its parts only when they change.
///
/// The digest comes first in every comparison, so that values without an order of their own can
/// be kept in sorted sets.
#[derive(Clone, Debug)]
pub struct Shared<T> {
    digest: Digest,
    value: Arc<T>,
}

impl<T: Hash> Shared<T> {
    /// Shares a value, and works out its digest.
    pub fn new(value: T) -> Self {
        Self {
            digest: Digest::of(&value),
            value: Arc::new(value),
        }
    }
}

impl<T> Shared<T> {
    /// Of the value.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

impl<T: Eq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
            && (Arc::ptr_eq(&self.value, &other.value) || self.value == other.value)
    }
}

impl<T: Eq> Eq for Shared<T> {}
