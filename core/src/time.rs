//! Simulated time: whole microseconds, never a float.
//!
//! A [`Time`] is a point on one clock (the world's, or one server's own, which may be off and may
//! drift); a [`Duration`] is a span. Arithmetic saturates: a run of 584,000 years ends at its last
//! microsecond instead of wrapping round.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

use serde::{Serialize, Serializer};

/// A point in time, in microseconds since the clock it belongs to began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time(u64);

/// A span of time in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Duration(u64);

impl Time {
    /// The beginning of the clock.
    pub const ZERO: Self = Self(0);
    /// The end of time; no event is ever due then.
    pub const MAX: Self = Self(u64::MAX);

    /// The point `micros` microseconds after the beginning.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The point `millis` milliseconds after the beginning.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Microseconds since the beginning.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The span from `earlier` to this point; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// A span of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// A span of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }

    /// This span, shortened by `other`; never below zero.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `numerator / denominator` of this span, rounded down.
    pub const fn fraction(self, numerator: u64, denominator: u64) -> Self {
        Self((self.0 as u128 * numerator as u128 / denominator as u128) as u64)
    }
}

impl Add<Duration> for Time {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for Time {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Mul<u64> for Duration {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

/// Milliseconds, with the microseconds as decimals: the unit of every time in the view's JSON.
impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1_000) {
            serializer.serialize_u64(self.0 / 1_000)
        } else {
            // Exact up to 285 years.
            #[allow(clippy::cast_precision_loss)]
            serializer.serialize_f64(self.0 as f64 / 1_000.0)
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Duration(self.0).serialize(serializer)
    }
}

/// As the command language writes it: the largest of `s`, `ms`, `us` that keeps at most three
/// decimals (`1.5s`, `12.25ms`, `700us`); parsing it back gives the same value.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            0 => return f.write_str("0ms"),
            micros if micros >= 1_000_000 && micros % 1_000 == 0 => (1_000_000, "s"),
            micros if micros >= 1_000 => (1_000, "ms"),
            _ => (1, "us"),
        };
        write_decimal(f, self.0, unit)?;
        f.write_str(name)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration(self.0).fmt(f)
    }
}

/// `value / unit` with as many decimals as it needs; `unit` is a power of ten.
fn write_decimal(f: &mut fmt::Formatter<'_>, value: u64, unit: u64) -> fmt::Result {
    write!(f, "{}", value / unit)?;
    let mut rest = value % unit;
    if rest == 0 {
        return Ok(());
    }
    f.write_str(".")?;
    let mut place = unit / 10;
    while rest > 0 {
        write!(f, "{}", rest / place)?;
        rest %= place;
        place /= 10;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_the_unit_a_person_would_choose() {
        for (micros, text) in [
            (0, "0ms"),
            (1, "1us"),
            (700, "700us"),
            (1_000, "1ms"),
            (12_250, "12.25ms"),
            (999_999, "999.999ms"),
            (1_000_000, "1s"),
            (1_500_000, "1.5s"),
            (1_500_001, "1500.001ms"),
            (60_000_000, "60s"),
        ] {
            assert_eq!(Duration::from_micros(micros).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        assert_eq!(Time::MAX + Duration::from_secs(1), Time::MAX);
        assert_eq!(Time::ZERO - Duration::from_secs(1), Time::ZERO);
        assert_eq!(Time::ZERO.since(Time::MAX), Duration::ZERO);
    }
}
