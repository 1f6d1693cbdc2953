//! Choices of a fuzzer, all from one stream of random numbers.

use quorumscope_core::random::{Bits, Random, Stream};
use quorumscope_core::time::Duration;

/// What a fuzzer chooses with.
#[derive(Clone, Debug)]
pub(super) struct Dice(Random);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Random::new(seed, Stream::Workload))
    }

    /// A number from 0 up to and without `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        Bits(self.0.draw()).below(bound)
    }

    /// True so many times of a hundred.
    pub(super) fn percent(&mut self, of_a_hundred: u64) -> bool {
        self.below(100) < of_a_hundred
    }

    /// A span between these, in microseconds; the lower half of the digits as likely as the upper,
    /// so that short spans come as often as long ones.
    pub(super) fn span(&mut self, least_us: u64, most_us: u64) -> Duration {
        let doublings = (most_us / least_us.max(1)).max(1).ilog2();
        let most = most_us >> self.below(u64::from(doublings) + 1);
        let width = most.saturating_sub(least_us) + 1;
        Duration::from_micros(least_us + self.below(width))
    }

    /// One of these.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// One of these, each as often as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, of: &[(u64, T)]) -> T {
        let mut left = self.below(of.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in of {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        of[0].1
    }
}
