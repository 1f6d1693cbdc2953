//! Tells the story to those who do not see it, no faster than it can be heard.

use quorumscope_core::explain::Weight;
use quorumscope_core::ids::EventId;
use quorumscope_core::view::LineView;

/// The least time between two announcements.
pub const PAUSE_MS: f64 = 1_500.0;

/// Remembers what was told, and when.
#[derive(Default)]
pub struct Narrator {
    told: Option<EventId>,
    told_at: Option<f64>,
    text: String,
}

impl Narrator {
    /// The words of the live region.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Considers the newest `lines` at `now`: takes up the newest turn of the story, unless it was
    /// told or the last one is still being heard. Says how long to wait in the latter case.
    pub fn hear(&mut self, lines: &[LineView], now: f64) -> Option<f64> {
        let turn = lines.iter().find(|line| line.weight == Weight::Turn)?;
        if self.told == Some(turn.event) {
            return None;
        }
        let wait = self.told_at.map_or(0.0, |at| at + PAUSE_MS - now);
        if wait > 0.0 {
            return Some(wait);
        }
        self.told = Some(turn.event);
        self.told_at = Some(now);
        self.text = format!("{}.", turn.text);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorumscope_core::time::Time;
    use quorumscope_core::view::{About, Tone};

    fn turn(event: u64, text: &str) -> LineView {
        LineView {
            event: EventId::new(event),
            time: Time::ZERO,
            who: None,
            tone: Tone::Vote,
            text: text.to_owned(),
            why: None,
            rule: None,
            weight: Weight::Turn,
            cause: None,
            about: About::default(),
        }
    }

    #[test]
    fn the_newest_turn_is_told_once_and_never_within_the_pause() {
        let mut narrator = Narrator::default();
        assert_eq!(narrator.hear(&[turn(1, "S1 leads")], 0.0), None);
        assert_eq!(
            narrator.hear(&[turn(2, "S2 crashes")], 500.0),
            Some(1_000.0)
        );
        assert_eq!(narrator.text(), "S1 leads.");
        assert_eq!(
            narrator.hear(&[turn(3, "S3 leads"), turn(2, "S2 crashes")], 1_500.0),
            None
        );
        assert_eq!(narrator.text(), "S3 leads.");
    }
}
