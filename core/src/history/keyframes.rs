//! Places kept along a run, so that no seek has far to go.

use super::cursor::Frontier;
use crate::ids::EventId;
use crate::time::Time;

/// How many moves lie between two keyframes while they are young.
const INTERVAL: u64 = 4_096;

/// The most keyframes of a branch.
const MOST: usize = 160;

/// Keyframes, oldest first; the first is the beginning. Clones share what they have in common.
#[derive(Clone, Debug)]
pub(super) struct Keyframes {
    frames: Vec<Frontier>,
}

impl Keyframes {
    pub(super) fn new(beginning: Frontier) -> Self {
        Self {
            frames: vec![beginning],
        }
    }

    /// Keeps this place if it is far enough from the last one.
    pub(super) fn offer(&mut self, place: &Frontier) {
        let last = self.frames.last().map_or(0, |frame| frame.cursor.moves);
        if place.cursor.moves < last + INTERVAL {
            return;
        }
        if self.frames.len() == MOST {
            self.thin();
        }
        self.frames.push(place.clone());
    }

    /// Drops every second of the older half: old times are sought less often.
    fn thin(&mut self) {
        let mut position = 0;
        self.frames.retain(|_| {
            position += 1;
            position > MOST / 2 || position % 2 == 1
        });
    }

    /// The last keyframe at or before the `moves`th move.
    pub(super) fn before_move(&self, moves: u64) -> &Frontier {
        let after = self
            .frames
            .partition_point(|frame| frame.cursor.moves <= moves);
        &self.frames[after.max(1) - 1]
    }

    /// The last keyframe at or before an event.
    pub(super) fn before_event(&self, event: EventId) -> &Frontier {
        let after = self
            .frames
            .partition_point(|frame| frame.cursor.world.event() <= event);
        &self.frames[after.max(1) - 1]
    }

    /// The last keyframe before `time`.
    pub(super) fn before(&self, time: Time) -> &Frontier {
        let after = self.frames.partition_point(|frame| frame.now() < time);
        &self.frames[after.max(1) - 1]
    }

    /// The keyframes up to the `moves`th move.
    pub(super) fn up_to(&self, moves: u64) -> Self {
        let kept = self
            .frames
            .partition_point(|frame| frame.cursor.moves <= moves)
            .max(1);
        Self {
            frames: self.frames[..kept].to_vec(),
        }
    }
}
