//! Randomness that is the same everywhere.
//!
//! The generator is xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number
//! generators", 2021), named and pinned, because the unnamed generators of the `rand` crate differ
//! between platforms and releases. Each concern draws from a stream of its own, a fixed number of
//! times per event, so that turning one dial does not shift what the others do.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::time::Duration;

/// What a stream of random numbers is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Latency, loss, duplication and reordering of messages between servers.
    Network,
    /// Latency of client connections.
    Connections,
    /// One server's timers; the server's number.
    Server(u16),
    /// One client's choices; the client's position.
    Client(u8),
    /// Faults and operations that a fuzzer makes up.
    Workload,
}

impl Stream {
    /// A number that no other stream has.
    const fn tag(self) -> u64 {
        match self {
            Self::Network => 1,
            Self::Connections => 2,
            Self::Workload => 3,
            Self::Server(number) => 0x1_0000 + number as u64,
            Self::Client(position) => 0x2_0000 + position as u64,
        }
    }
}

/// A portable stream of random numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The stream `stream` of the run with this seed.
    pub fn new(seed: u64, stream: Stream) -> Self {
        // An odd multiplier spreads the tags over all bits; seeding then runs SplitMix64 over them.
        let tag = stream.tag().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(Xoshiro256PlusPlus::seed_from_u64(seed ^ tag))
    }

    /// The next 64 random bits.
    pub fn draw(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// Random bits, turned into the choice that is asked for. Each use consumes the bits it is given,
/// so that the number of draws does not depend on what is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bits(pub u64);

impl Bits {
    /// A number from 0 up to and without `bound`; 0 when `bound` is 0.
    pub fn below(self, bound: u64) -> u64 {
        ((u128::from(self.0) * u128::from(bound)) >> 64) as u64
    }

    /// A span from `least` to `most`, both included; `least` when `most` is not above it.
    pub fn between(self, least: Duration, most: Duration) -> Duration {
        let width = most.saturating_sub(least).as_micros();
        least + Duration::from_micros(self.below(width + 1))
    }

    /// True with a probability of `parts` in a million.
    pub fn chance(self, parts_per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(parts_per_million)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_stream_name_one_sequence_forever() {
        let mut network = Random::new(42, Stream::Network);
        let drawn: Vec<u64> = (0..3).map(|_| network.draw()).collect();
        let mut again = Random::new(42, Stream::Network);
        assert_eq!(drawn, (0..3).map(|_| again.draw()).collect::<Vec<_>>());
        assert_ne!(drawn[0], Random::new(42, Stream::Connections).draw());
        assert_ne!(drawn[0], Random::new(43, Stream::Network).draw());
    }

    #[test]
    fn a_span_stays_between_its_ends_and_reaches_both() {
        let (least, most) = (Duration::from_millis(10), Duration::from_millis(15));
        assert_eq!(Bits(0).between(least, most), least);
        assert_eq!(Bits(u64::MAX).between(least, most), most);
        assert_eq!(Bits(u64::MAX).between(most, least), most);
    }

    #[test]
    fn a_chance_of_none_never_comes_and_of_a_million_always() {
        assert!(!Bits(0).chance(0));
        assert!(Bits(u64::MAX).chance(1_000_000));
    }
}
