//! A server's own clock, which may be off and may drift.

use crate::time::{Duration, Time};

/// Parts in a million.
const MILLION: i128 = 1_000_000;

/// A clock that shows `anchor_local` at true time `anchor`, and from there runs `drift_ppm` parts
/// per million faster than true time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Clock {
    anchor: Time,
    anchor_local: Time,
    drift_ppm: i32,
}

impl Clock {
    /// What the clock shows at true time `now`.
    pub fn local(&self, now: Time) -> Time {
        if self.drift_ppm == 0 {
            return self.anchor_local + now.since(self.anchor);
        }
        let elapsed = i128::from(now.since(self.anchor).as_micros());
        let shown = elapsed * (MILLION + i128::from(self.drift_ppm)) / MILLION;
        self.anchor_local + Duration::from_micros(shown as u64)
    }

    /// The earliest true time at which the clock shows `local` or later.
    pub fn true_time(&self, local: Time) -> Time {
        let ahead = local.since(self.anchor_local);
        if self.drift_ppm == 0 {
            return self.anchor + ahead;
        }
        let rate = MILLION + i128::from(self.drift_ppm);
        let elapsed = (i128::from(ahead.as_micros()) * MILLION + rate - 1) / rate;
        self.anchor + Duration::from_micros(elapsed as u64)
    }

    /// From `now` on, the clock runs this much faster than true time; it does not jump.
    pub fn set_drift(&mut self, now: Time, drift_ppm: i32) {
        *self = Self {
            anchor: now,
            anchor_local: self.local(now),
            drift_ppm,
        };
    }

    /// The clock jumps by so many microseconds. It does not jump below zero.
    pub fn jump(&mut self, now: Time, by_us: i64) {
        let local = self.local(now);
        let by = Duration::from_micros(by_us.unsigned_abs());
        let anchor_local = if by_us < 0 { local - by } else { local + by };
        *self = Self {
            anchor: now,
            anchor_local,
            ..*self
        };
    }

    /// How many microseconds the clock is ahead of true time; negative when behind.
    pub fn offset_us(&self, now: Time) -> i64 {
        self.local(now).as_micros() as i64 - now.as_micros() as i64
    }

    /// How much faster than true time it runs, in parts per million.
    pub fn drift_ppm(&self) -> i32 {
        self.drift_ppm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_rings_no_earlier_than_it_shows_the_time() {
        for drift in [-200_000, -37, 0, 37, 200_000] {
            let mut clock = Clock::default();
            clock.set_drift(Time::from_micros(1_234), drift);
            for micros in (0..5_000_000).step_by(99_991) {
                let local = Time::from_micros(2_000 + micros);
                let rings = clock.true_time(local);
                assert!(clock.local(rings) >= local, "drift {drift}");
                assert!(
                    clock.local(rings - Duration::from_micros(1)) < local,
                    "drift {drift}"
                );
            }
        }
    }

    #[test]
    fn a_change_of_drift_does_not_make_the_clock_jump() {
        let mut clock = Clock::default();
        let now = Time::from_millis(500);
        clock.set_drift(now, 100_000);
        assert_eq!(clock.local(now), now);
        assert_eq!(clock.local(Time::from_millis(600)), Time::from_millis(610));
    }

    #[test]
    fn a_jump_moves_the_clock_and_keeps_its_drift() {
        let mut clock = Clock::default();
        clock.set_drift(Time::ZERO, 1_000);
        clock.jump(Time::from_millis(100), -20_000);
        assert_eq!(clock.offset_us(Time::from_millis(100)), 100 - 20_000);
        assert_eq!(clock.drift_ppm(), 1_000);
    }
}
