//! What a znode holds.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::digest::Digest;

/// The bytes of a znode: shared, never changed in place, so that a clone is a pointer.
///
/// A digest is taken once, when the bytes come in, and stands for them wherever they are hashed:
/// a megabyte in the tree, in five logs and in a message costs nothing at the next event.
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    digest: Digest,
    bytes: Arc<[u8]>,
}

impl Data {
    /// These bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            digest: Digest::of(&bytes),
            bytes,
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none. Empty data is not the same as no data.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes as text, if they are UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl Hash for Data {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

/// Text as it is, anything else as hexadecimal digits.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.write_str(text),
            None => self
                .bytes
                .iter()
                .try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => write!(f, "{text:?}"),
            None => write!(f, "0x{self}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_hash_alike_and_others_do_not() {
        assert_eq!(
            Digest::of(&Data::from("ab")),
            Digest::of(&Data::new(*b"ab"))
        );
        assert_ne!(
            Digest::of(&Data::from("ab")),
            Digest::of(&Data::from("ab\0"))
        );
    }

    #[test]
    fn text_shows_as_text_and_other_bytes_as_digits() {
        assert_eq!(Data::from("hé").to_string(), "hé");
        assert_eq!(Data::new([0xff, 0x01]).to_string(), "ff01");
    }
}
