//! Numbers as styles and SVG are given them. Hundreds are written each frame, and the general
//! printing of floats is slow and large.

use std::fmt;

/// A number, rounded to some places after the point.
#[derive(Clone, Copy)]
pub(crate) struct Rounded {
    /// In units of the last place.
    units: i64,
    places: u32,
}

impl Rounded {
    fn new(value: f64, places: u32) -> Self {
        let units = (value * f64::from(10_u32.pow(places))).round() as i64;
        Self { units, places }
    }
}

/// `value` to a tenth.
pub(crate) fn num(value: f64) -> Rounded {
    Rounded::new(value, 1)
}

/// `value` to a thousandth.
pub(crate) fn fine(value: f64) -> Rounded {
    Rounded::new(value, 3)
}

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let (units, one) = (self.units.unsigned_abs(), 10_u64.pow(self.places));
        write!(f, "{sign}{}", units / one)?;
        match units % one {
            0 => Ok(()),
            rest => write!(f, ".{rest:0places$}", places = self.places as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_rounded_and_written_without_needless_places() {
        let written = [
            num(-0.04),
            num(2.96),
            num(-12.34),
            fine(33.333_33),
            fine(0.05),
        ];
        let written = written.map(|number| number.to_string());
        assert_eq!(written, ["0", "3", "-12.3", "33.333", "0.050"]);
    }
}
