//! Quantities as the language writes them: spans of time, shares, offsets of a clock.
//!
//! Each is an integer with one written form; reading what was written gives the same value. A
//! reader here answers `Ok(None)` for a word that is something else, and an error for one that is
//! the right thing out of bounds.

use std::fmt;

use super::error::Problem;
use super::limits::{MAX_CLOCK_OFFSET, MAX_DRIFT_PPM, MAX_TIME};
use crate::time::Duration;

/// A duration drawn at random between two ends, both included.
///
/// `least` is never above `most`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    least: Duration,
    most: Duration,
}

impl Span {
    /// The span between two durations, in whichever order they come.
    pub fn new(one: Duration, other: Duration) -> Self {
        Self {
            least: one.min(other),
            most: one.max(other),
        }
    }

    /// The shortest duration.
    pub const fn least(self) -> Duration {
        self.least
    }

    /// The longest duration.
    pub const fn most(self) -> Duration {
        self.most
    }
}

/// `10ms..15ms`, or `10ms` when both ends are the same.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.most {
            return self.least.fmt(f);
        }
        write!(f, "{}..{}", self.least, self.most)
    }
}

/// A share or a probability from 0 % to 100 %, in parts per million.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Percent(u32);

impl Percent {
    /// Nothing, never.
    pub const NONE: Self = Self(0);
    /// All of it, always.
    pub const ALL: Self = Self(1_000_000);
    /// Parts per million in one per cent.
    const ONE: u32 = 10_000;

    /// A share of `ppm` parts per million; more than a million is all.
    pub const fn from_ppm(ppm: u32) -> Self {
        if ppm > Self::ALL.0 {
            Self::ALL
        } else {
            Self(ppm)
        }
    }

    /// Parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

/// `5%`, `0.25%`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Self::ONE, self.0 % Self::ONE);
        if rest == 0 {
            return write!(f, "{whole}%");
        }
        let decimals = format!("{rest:04}");
        write!(f, "{whole}.{}%", decimals.trim_end_matches('0'))
    }
}

/// How far a clock is ahead of the world's (or behind it, when negative), in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Offset(i64);

impl Offset {
    /// `micros` microseconds ahead.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds ahead.
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

/// `+20ms`, `-1.5s`.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(f, "{sign}{}", Duration::from_micros(self.0.unsigned_abs()))
    }
}

/// What a word turned out to be: `None` when it is something else altogether.
pub(super) type Reading<T> = Result<Option<T>, Problem>;

/// `12ms`, `1.5s`, `700us`.
pub(super) fn duration(word: &str) -> Reading<Duration> {
    let units = [("us", 1), ("ms", 1_000), ("s", 1_000_000)];
    let Some((number, micros)) = units
        .iter()
        .find_map(|&(unit, micros)| Some((word.strip_suffix(unit)?, micros)))
    else {
        return Ok(None);
    };
    let Some(value) = decimal(number, micros, "a duration", "a microsecond")? else {
        return Ok(None);
    };
    let value = Duration::from_micros(value);
    within("a duration", word, value, Duration::ZERO, MAX_TIME)?;
    Ok(Some(value))
}

/// `10ms..15ms` or `10ms`.
pub(super) fn span(word: &str) -> Reading<Span> {
    let Some((least, most)) = word.split_once("..") else {
        return Ok(duration(word)?.map(|both| Span::new(both, both)));
    };
    let (Some(least), Some(most)) = (duration(least)?, duration(most)?) else {
        return Ok(None);
    };
    if least > most {
        return Err(Problem::Backwards {
            found: word.to_owned(),
        });
    }
    Ok(Some(Span::new(least, most)))
}

/// `5%`.
pub(super) fn percent(word: &str) -> Reading<Percent> {
    let Some(number) = word.strip_suffix('%') else {
        return Ok(None);
    };
    let one = u64::from(Percent::ONE);
    let Some(ppm) = decimal(number, one, "a share", "one part in a million")? else {
        return Ok(None);
    };
    if ppm > Percent::ALL.0.into() {
        return Err(out_of_range("a share", word, Percent::NONE, Percent::ALL));
    }
    Ok(Some(Percent(ppm as u32)))
}

/// `+20ms`, `-1.5s`: the sign is what tells an offset from a duration.
pub(super) fn offset(word: &str) -> Reading<Offset> {
    let (sign, size) = match word.split_at_checked(1) {
        Some(("+", size)) => (1, size),
        Some(("-", size)) => (-1, size),
        _ => return Ok(None),
    };
    let Some(size) = duration(size)? else {
        return Ok(None);
    };
    let most = MAX_CLOCK_OFFSET;
    if size > most {
        let (least, most) = (format!("-{most}"), format!("+{most}"));
        return Err(out_of_range("an offset", word, least, most));
    }
    Ok(Some(Offset(sign * size.as_micros() as i64)))
}

/// `500ppm`, `-500ppm`.
pub(super) fn drift(word: &str) -> Reading<i32> {
    let Some(number) = word.strip_suffix("ppm") else {
        return Ok(None);
    };
    let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let (least, most) = (-MAX_DRIFT_PPM, MAX_DRIFT_PPM);
    match number.parse::<i32>() {
        Ok(ppm) if (least..=most).contains(&ppm) => Ok(Some(ppm)),
        _ => Err(out_of_range(
            "a drift",
            word,
            format!("{least}ppm"),
            format!("{most}ppm"),
        )),
    }
}

/// A whole number from `least` to `most`.
pub(super) fn count(what: &'static str, word: &str, least: u64, most: u64) -> Reading<u64> {
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let value = word.parse::<u64>().ok();
    match value {
        Some(value) if (least..=most).contains(&value) => Ok(Some(value)),
        _ => Err(out_of_range(what, word, least, most)),
    }
}

/// Refuses a value outside `least` to `most`.
pub(super) fn within<T: PartialOrd + fmt::Display + Copy>(
    what: &'static str,
    found: &str,
    value: T,
    least: T,
    most: T,
) -> Result<(), Problem> {
    if value < least || value > most {
        return Err(out_of_range(what, found, least, most));
    }
    Ok(())
}

fn out_of_range(
    what: &'static str,
    found: &str,
    least: impl fmt::Display,
    most: impl fmt::Display,
) -> Problem {
    Problem::OutOfRange {
        what,
        found: found.to_owned(),
        least: least.to_string(),
        most: most.to_string(),
    }
}

/// A decimal number in units of which `per_unit`, a power of ten, make one. Saturates, so that
/// what is far too large is out of range and not something else.
fn decimal(number: &str, per_unit: u64, what: &'static str, finest: &'static str) -> Reading<u64> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) {
        return Ok(None);
    }
    let mut value = whole
        .parse::<u64>()
        .unwrap_or(u64::MAX)
        .saturating_mul(per_unit);
    let mut place = per_unit;
    for digit in decimals.trim_end_matches('0').bytes() {
        place /= 10;
        if place == 0 {
            return Err(Problem::TooFine { what, finest });
        }
        value = value.saturating_add(u64::from(digit - b'0') * place);
    }
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_in_every_unit_it_is_written_in() {
        for (word, micros) in [
            ("0ms", 0),
            ("700us", 700),
            ("12.25ms", 12_250),
            ("1.5s", 1_500_000),
            ("1.500000s", 1_500_000),
            ("60s", 60_000_000),
        ] {
            assert_eq!(duration(word), Ok(Some(Duration::from_micros(micros))));
        }
        for word in [
            "", "ms", "10", "1.ms", ".5s", "-1ms", "1e3ms", "１ms", "10m",
        ] {
            assert_eq!(duration(word), Ok(None), "{word}");
        }
    }

    #[test]
    fn what_is_too_fine_or_too_large_is_refused_with_the_limit() {
        let error = duration("0.0001ms").unwrap_err().to_string();
        assert_eq!(error, "a duration cannot be finer than a microsecond");
        let error = duration("99999999999999999999s").unwrap_err().to_string();
        assert!(error.contains("from 0ms to 2592000s"), "{error}");
        let error = percent("101%").unwrap_err().to_string();
        assert!(error.contains("from 0% to 100%"), "{error}");
        let error = drift("500001ppm").unwrap_err().to_string();
        assert!(error.contains("from -500000ppm to 500000ppm"), "{error}");
        let error = offset("-3601s").unwrap_err().to_string();
        assert!(error.contains("from -3600s to +3600s"), "{error}");
    }

    #[test]
    fn a_percentage_is_whole_parts_per_million() {
        for (word, ppm) in [("0%", 0), ("5%", 50_000), ("0.25%", 2_500), ("0.0001%", 1)] {
            let value = percent(word).unwrap().unwrap();
            assert_eq!((value.ppm(), value.to_string().as_str()), (ppm, word));
        }
        assert!(percent("0.00001%").is_err());
    }

    #[test]
    fn a_span_has_its_ends_in_order() {
        let read = span("10ms..15ms").unwrap().unwrap();
        assert_eq!(read.least(), Duration::from_millis(10));
        assert_eq!(read.most(), Duration::from_millis(15));
        assert_eq!(span("10ms").unwrap().unwrap().to_string(), "10ms");
        assert!(span("15ms..10ms").is_err());
        assert_eq!(span("10ms.."), Ok(None));
    }

    #[test]
    fn an_offset_has_a_sign() {
        assert_eq!(offset("20ms"), Ok(None));
        assert_eq!(offset("-20ms"), Ok(Some(Offset(-20_000))));
        assert_eq!(Offset(-20_000).to_string(), "-20ms");
        assert_eq!(Offset(0).to_string(), "+0ms");
    }
}
