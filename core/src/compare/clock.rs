//! Steps of both runs on one clock: whichever has something next.

use std::cmp::Ordering;

use super::twin::{Comparison, Gait};
use crate::history::Player;
use crate::time::Time;

/// Where a player would be after a step, and after the step before.
struct Back {
    /// When the last move was made.
    last: Time,
    /// Where the reader is before it.
    before: Time,
}

impl Back {
    fn of(player: &Player) -> Option<Self> {
        let mut probe = player.clone();
        if !probe.step_back() {
            return None;
        }
        let before = probe.now();
        probe.step();
        Some(Self {
            last: probe.now(),
            before,
        })
    }
}

impl Comparison {
    /// Takes both to where the first run is, however far that is.
    pub fn meet(&mut self, first: &Player) -> Gait {
        self.follow(first, Time::MAX.since(Time::ZERO))
    }

    /// Takes both to the next event of either.
    pub fn step(&mut self, first: &mut Player) -> bool {
        let next = |player: &Player| {
            let mut probe = player.clone();
            probe.step().then(|| probe.now())
        };
        let (own, twins) = (next(first), next(self.twin()));
        self.go(first, own, twins, Player::step)
    }

    /// Takes both to the next turn of the story of either.
    pub fn next_turn(&mut self, first: &mut Player) -> bool {
        let next = |player: &Player| {
            let mut probe = player.clone();
            probe.next_turn().then(|| probe.now())
        };
        let (own, twins) = (next(first), next(self.twin()));
        self.go(first, own, twins, Player::next_turn)
    }

    fn go(
        &mut self,
        first: &mut Player,
        own: Option<Time>,
        twins: Option<Time>,
        go: fn(&mut Player) -> bool,
    ) -> bool {
        let twin_is_next = twins.is_some_and(|at| own.is_none_or(|own| at < own));
        let to = if twin_is_next { twins } else { own };
        let Some(to) = to else {
            return false;
        };
        if twin_is_next {
            // The first run has nothing that soon: it only waits.
            first.advance(to.since(first.now()));
            if self.twin().now() < to {
                go(self.twin_mut());
            }
        } else {
            go(first);
        }
        self.meet(first);
        true
    }

    /// Takes both back by the last event of either.
    pub fn step_back(&mut self, first: &mut Player) -> bool {
        let (own, twins) = (Back::of(first), Back::of(self.twin()));
        let to = match (&own, &twins) {
            (Some(own), Some(twins)) => match own.last.cmp(&twins.last) {
                Ordering::Greater => own.before.max(twins.last),
                Ordering::Less => twins.before.max(own.last),
                // A command is the last move of both.
                Ordering::Equal => own.before.max(twins.before),
            },
            (Some(only), None) | (None, Some(only)) => only.before,
            (None, None) => return false,
        };
        let last = own.map(|own| own.last);
        if last.is_some_and(|last| twins.is_none_or(|twins| last >= twins.last)) {
            first.step_back();
            // Not as far as what was undone: it would be done again.
            if last.is_some_and(|last| to < last) {
                first.advance(to.since(first.now()));
            }
        } else {
            first.seek(to);
        }
        self.meet(first);
        true
    }

    /// Takes both back to the last turn of the story of either.
    pub fn previous_turn(&mut self, first: &mut Player) -> bool {
        let previous = |player: &Player| {
            let mut probe = player.clone();
            probe.previous_turn().then(|| probe.now())
        };
        let (own, twins) = (previous(first), previous(self.twin()));
        let Some(to) = own.max(twins) else {
            return false;
        };
        first.seek(to);
        self.meet(first);
        true
    }
}
