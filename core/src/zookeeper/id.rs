//! Names and numbers of the service: sessions, requests, transactions.

use std::fmt;

use crate::ids::ServerId;
use crate::time::Time;

/// A session, unique in the life of an ensemble.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(i64);

/// A client's number for one of its requests, counted up within the session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Xid(i32);

/// A transaction's place in the total order: the epoch of the leader that proposed it in the high
/// half, that leader's counter in the low half.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Zxid(u64);

/// What a client shows, besides the session's id, to resume its session.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Password([u8; 16]);

impl SessionId {
    /// The session with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The first session that `server` hands out after it started at `now`: the server's number in
    /// the high byte, below it forty bits of milliseconds, then sixteen bits to count in. Two
    /// of the first 255 servers never collide, nor do two starts of one server in different
    /// milliseconds.
    pub const fn first_of(server: ServerId, now: Time) -> Self {
        let millis = (now.as_micros() / 1_000) & 0xff_ffff_ffff;
        let server = (server.number() as u64 & 0xff) << 56;
        Self((server | (millis << 16)) as i64)
    }

    /// The number.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The number that it shares with all sessions of the server that opened it.
    pub const fn server_number(self) -> u8 {
        (self.0 >> 56) as u8
    }

    /// The one handed out next.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl Xid {
    /// Before a session's first request; also the number of a request that no client made, such as
    /// an expiry.
    pub const ZERO: Self = Self(0);

    /// The request with this number.
    pub const fn new(number: i32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The request after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl Zxid {
    /// Before the first transaction.
    pub const ZERO: Self = Self(0);

    /// The transaction `counter` of `epoch`.
    pub const fn new(epoch: u32, counter: u32) -> Self {
        Self((epoch as u64) << 32 | counter as u64)
    }

    /// The epoch.
    pub const fn epoch(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The place within the epoch.
    pub const fn counter(self) -> u32 {
        self.0 as u32
    }

    /// Both halves as one number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl Password {
    /// A password made of random bits.
    pub const fn from_bits(bits: u64) -> Self {
        let mixed = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        Self(((bits as u128) << 64 | mixed as u128).to_be_bytes())
    }

    /// The password made of these bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Xid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As ZooKeeper prints it: `0x100000002` is the second transaction of epoch 1.
impl fmt::Display for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zxid_is_the_epoch_above_the_counter_and_orders_by_epoch_first() {
        let zxid = Zxid::new(3, u32::MAX);
        assert_eq!(zxid.number(), 0x3_ffff_ffff);
        assert_eq!((zxid.epoch(), zxid.counter()), (3, u32::MAX));
        assert!(zxid < Zxid::new(4, 0));
        assert_eq!(Zxid::new(1, 2).to_string(), "0x100000002");
    }

    #[test]
    fn session_ids_of_two_servers_or_two_starts_never_meet() {
        let first = SessionId::first_of(ServerId::new(1), Time::from_millis(5));
        assert_eq!(first.to_string(), "0x100000000050000");
        assert_eq!(first.next().to_string(), "0x100000000050001");
        let other = SessionId::first_of(ServerId::new(2), Time::from_millis(5));
        assert_eq!(other.to_string(), "0x200000000050000");
        let later = SessionId::first_of(ServerId::new(1), Time::from_millis(6));
        assert_eq!(later.number() - first.number(), 0x1_0000);
    }

    #[test]
    fn a_session_id_with_its_top_bit_set_prints_all_its_digits() {
        let high = SessionId::first_of(ServerId::new(128), Time::ZERO);
        assert_eq!(high.to_string(), "0x8000000000000000");
    }
}
