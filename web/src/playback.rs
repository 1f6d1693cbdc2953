//! How fast the run is watched.
//!
//! Playback turns the time that passes in front of the screen into simulated time. What is left
//! over of a microsecond is carried to the next frame, so that a slow speed loses nothing.

use quorumscope_core::time::Duration;

use crate::maths;
use crate::number::num;

/// Frames further apart than this were not watched: the interval is skipped, not caught up with.
const LONGEST_FRAME_MS: f64 = 500.0;
/// What a frame may spend on simulating when it runs as fast as it goes, or has fallen behind.
pub const FRAME_BUDGET_MS: f64 = 9.0;
/// Simulated at once at first, before the clock is looked at.
pub const FIRST_SLICE: Duration = Duration::from_millis(2);
/// What is simulated at once grows until it takes so long.
pub const SLICE_MS: f64 = 0.5;

/// The slowest and the fastest scaled speed, as powers of ten of real time.
pub const SLOWEST: f64 = -3.0;
/// The fastest scaled speed.
pub const FASTEST: f64 = 1.0;
/// How far one notch of the slider goes.
pub const NOTCH: f64 = 0.1;

/// How fast simulated time runs against real time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Speed {
    /// Real time multiplied by ten to this power.
    Scaled(f64),
    /// As fast as the machine goes.
    Most,
}

impl Speed {
    /// The teaching tempo: a message of 10 ms flies for a second.
    pub const TEACHING: Self = Self::Scaled(-2.0);

    /// The speed at a place of the slider; the last notch is as fast as it goes.
    pub fn from_slider(place: f64) -> Self {
        if place > FASTEST + NOTCH / 2.0 {
            Self::Most
        } else {
            Self::Scaled(place.clamp(SLOWEST, FASTEST))
        }
    }

    /// The place on the slider.
    pub fn slider(self) -> f64 {
        match self {
            Self::Scaled(power) => power,
            Self::Most => FASTEST + NOTCH,
        }
    }

    /// The speed that runs at this multiple of real time.
    pub fn from_factor(factor: f64) -> Option<Self> {
        (factor > 0.0).then(|| Self::Scaled(maths::log10(factor).clamp(SLOWEST, FASTEST)))
    }

    /// As it stands beside the slider: `1/100×`, `2.5×`, `max`.
    pub fn label(self) -> String {
        match self {
            Self::Most => "max".into(),
            Self::Scaled(power) if power < -0.001 => {
                format!("1/{}×", three_digits(maths::pow(10.0, -power)))
            }
            Self::Scaled(power) => format!("{}×", three_digits(maths::pow(10.0, power))),
        }
    }
}

/// Two significant digits, without needless decimals.
fn three_digits(value: f64) -> String {
    if value >= 9.95 {
        let step = if value >= 99.5 { 10.0 } else { 1.0 };
        num((value / step).round() * step).to_string()
    } else {
        num(value).to_string()
    }
}

/// Whether the run is being played, and how fast.
#[derive(Clone, PartialEq, Debug)]
pub struct Playback {
    /// Whether time runs.
    pub playing: bool,
    /// How fast.
    pub speed: Speed,
    /// The last frame, on the window's clock; none while nothing was watched.
    last: Option<f64>,
    /// What the last frame left over, in microseconds.
    carry: f64,
}

/// Standing still at the teaching tempo.
impl Default for Playback {
    fn default() -> Self {
        Self {
            playing: false,
            speed: Speed::TEACHING,
            last: None,
            carry: 0.0,
        }
    }
}

impl Playback {
    /// The simulated time due at a frame that happens at `now` milliseconds on the window's clock.
    /// Under [`Speed::Most`] there is no due time: none.
    pub fn due(&mut self, now: f64) -> Option<Duration> {
        let passed = self.last.replace(now).map_or(0.0, |last| now - last);
        let Speed::Scaled(power) = self.speed else {
            return None;
        };
        if passed <= 0.0 || passed > LONGEST_FRAME_MS {
            return Some(Duration::ZERO);
        }
        let micros = passed * 1_000.0 * maths::pow(10.0, power) + self.carry;
        self.carry = micros.fract();
        Some(Duration::from_micros(micros as u64))
    }

    /// Forgets the last frame: the next one begins anew.
    pub fn forget(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_teaching_tempo_a_second_shows_ten_milliseconds() {
        let mut playback = Playback::default();
        let mut shown = 0;
        for frame in 0..=60 {
            let due = playback.due(f64::from(frame) * 1_000.0 / 60.0);
            shown += due.unwrap().as_micros();
        }
        assert!((9_998..=10_000).contains(&shown), "{shown} us");
    }

    #[test]
    fn an_interval_nobody_watched_is_skipped() {
        let mut playback = Playback::default();
        playback.due(0.0);
        assert_eq!(playback.due(10_000.0), Some(Duration::ZERO));
        assert_eq!(playback.due(10_100.0), Some(Duration::from_millis(1)));
    }

    #[test]
    fn a_speed_is_written_as_a_person_says_it() {
        for (power, label) in [
            (-3.0, "1/1000×"),
            (-2.0, "1/100×"),
            (-1.5, "1/32×"),
            (-0.3, "1/2×"),
            (0.0, "1×"),
            (0.4, "2.5×"),
            (1.0, "10×"),
        ] {
            assert_eq!(Speed::Scaled(power).label(), label);
        }
        assert_eq!(Speed::from_slider(1.1), Speed::Most);
        assert_eq!(Speed::from_slider(1.1).label(), "max");
    }
}
