//! When sessions expire: the leader's watch over who has been heard of.
//!
//! Only the leader expires sessions, and only by proposing that they be closed. What it keeps for
//! that is volatile: a new leader gives every session a full fresh timeout.

use imbl::{OrdMap, OrdSet};

use super::SessionId;
use super::digested::DigestedMap;
use crate::time::{Duration, Time};

/// The shortest session timeout, in ticks.
const LEAST_TICKS: u64 = 2;
/// The longest session timeout, in ticks.
const MOST_TICKS: u64 = 20;

/// The timeout that a session gets when its client asks for `timeout`: between 2 and 20 ticks.
pub fn negotiate(timeout: Duration, tick: Duration) -> Duration {
    timeout.clamp(tick * LEAST_TICKS, tick * MOST_TICKS)
}

/// Sessions by the moment at which they expire. Moments are whole ticks, so that sessions fall
/// into few buckets and all of a bucket expire together: a touch mostly changes nothing, and a
/// session lives between its timeout and one tick more after it was last heard of.
///
/// A session is in `deadlines` and in the bucket of its deadline, or in `closing`, or unknown.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SessionTracker {
    tick: Duration,
    deadlines: DigestedMap<SessionId, Time>,
    buckets: Buckets,
    closing: OrdSet<SessionId>,
}

/// The sessions that expire at each moment, none of them empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Buckets(OrdMap<Time, OrdSet<SessionId>>);

/// The deadlines say it already.
impl std::hash::Hash for Buckets {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl SessionTracker {
    /// A watch over no session yet, with buckets one `tick` apart.
    ///
    /// # Panics
    /// If `tick` is zero: time would be cut into no pieces at all.
    pub fn new(tick: Duration) -> Self {
        assert!(tick > Duration::ZERO, "a tick takes some time");
        Self {
            tick,
            deadlines: DigestedMap::new(),
            buckets: Buckets::default(),
            closing: OrdSet::new(),
        }
    }

    /// The client of session `id` was heard of at `now`, so the session has its full `timeout`
    /// from here. Answers false, and does nothing, if the session is already being closed: its
    /// requests are refused as [expired](super::ErrorCode::SessionExpired).
    pub fn touch(&mut self, id: SessionId, now: Time, timeout: Duration) -> bool {
        if self.is_closing(id) {
            return false;
        }
        let deadline = self.round_up(now + timeout);
        let previous = self.deadlines.get(&id).copied();
        if previous == Some(deadline) {
            return true;
        }
        if let Some(previous) = previous {
            self.leave_bucket(id, previous);
        }
        self.deadlines.insert(id, deadline);
        self.buckets.0.entry(deadline).or_default().insert(id);
        true
    }

    /// The sessions whose deadline is not after `now`, earliest first. They count as closing from
    /// here on, until they are [removed](Self::remove).
    pub fn due(&mut self, now: Time) -> Vec<SessionId> {
        let mut due = Vec::new();
        while let Some((deadline, sessions)) = self.buckets.0.get_min() {
            let deadline = *deadline;
            if deadline > now {
                break;
            }
            due.extend(sessions.iter().copied());
            self.buckets.0.remove(&deadline);
        }
        for &id in &due {
            self.deadlines.remove(&id);
            self.closing.insert(id);
        }
        due
    }

    /// When the next session is due, if any is watched.
    pub fn next_due(&self) -> Option<Time> {
        self.buckets.0.get_min().map(|(deadline, _)| *deadline)
    }

    /// A close of session `id` is on its way: it takes no more requests and cannot expire.
    pub fn mark_closing(&mut self, id: SessionId) {
        self.forget(id);
        self.closing.insert(id);
    }

    /// Whether a close of session `id` is on its way.
    pub fn is_closing(&self, id: SessionId) -> bool {
        self.closing.contains(&id)
    }

    /// Session `id` is closed.
    pub fn remove(&mut self, id: SessionId) {
        self.forget(id);
        self.closing.remove(&id);
    }

    /// When session `id` expires if nothing more is heard of its client.
    pub fn deadline(&self, id: SessionId) -> Option<Time> {
        self.deadlines.get(&id).copied()
    }

    fn forget(&mut self, id: SessionId) {
        if let Some(deadline) = self.deadlines.remove(&id) {
            self.leave_bucket(id, deadline);
        }
    }

    fn leave_bucket(&mut self, id: SessionId, deadline: Time) {
        if let Some(bucket) = self.buckets.0.get_mut(&deadline) {
            bucket.remove(&id);
            if bucket.is_empty() {
                self.buckets.0.remove(&deadline);
            }
        }
    }

    /// The first whole tick after `time` (ZooKeeper, `ExpiryQueue.roundToNextInterval`).
    fn round_up(&self, time: Time) -> Time {
        let ticks = time.as_micros() / self.tick.as_micros() + 1;
        Time::ZERO + self.tick * ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(200);

    fn ms(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    fn timeout(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn id(number: i64) -> SessionId {
        SessionId::new(number)
    }

    #[test]
    fn a_timeout_is_clamped_between_two_and_twenty_ticks() {
        for (asked, given) in [
            (0, 400),
            (1, 400),
            (399, 400),
            (400, 400),
            (1_234, 1_234),
            (4_000, 4_000),
            (4_001, 4_000),
            (1_000_000, 4_000),
        ] {
            assert_eq!(negotiate(timeout(asked), TICK), timeout(given));
        }
    }

    #[test]
    fn a_session_expires_after_its_timeout_and_within_one_tick_of_it() {
        for (touched, asked, deadline) in [
            (0, 400, 600),
            (1, 400, 600),
            (199, 400, 600),
            (200, 400, 800),
            (50, 1_234, 1_400),
        ] {
            let mut tracker = SessionTracker::new(TICK);
            tracker.touch(id(1), ms(touched), timeout(asked));
            assert_eq!(tracker.next_due(), Some(ms(deadline)));
            assert!(deadline > touched + asked && deadline <= touched + asked + 200);
            let just_before = Time::from_micros(deadline * 1_000 - 1);
            assert_eq!(tracker.due(just_before), []);
            assert_eq!(tracker.due(ms(deadline)), [id(1)]);
            assert_eq!(tracker.next_due(), None);
        }
    }

    #[test]
    fn a_touch_moves_the_deadline_even_forward_when_the_timeout_was_renegotiated() {
        let mut tracker = SessionTracker::new(TICK);
        tracker.touch(id(1), ms(0), timeout(4_000));
        tracker.touch(id(2), ms(0), timeout(4_000));
        assert_eq!(tracker.deadline(id(1)), Some(ms(4_200)));
        tracker.touch(id(1), ms(10), timeout(400));
        assert_eq!(tracker.deadline(id(1)), Some(ms(600)));
        assert_eq!(tracker.due(ms(4_199)), [id(1)]);
        assert_eq!(tracker.due(ms(4_200)), [id(2)]);
    }

    #[test]
    fn a_session_that_is_being_closed_cannot_be_touched_back_to_life() {
        let mut tracker = SessionTracker::new(TICK);
        tracker.touch(id(1), ms(0), timeout(400));
        tracker.touch(id(2), ms(0), timeout(400));
        tracker.mark_closing(id(2));
        assert_eq!(tracker.due(ms(600)), [id(1)]);
        for session in [id(1), id(2)] {
            assert!(tracker.is_closing(session));
            assert!(!tracker.touch(session, ms(600), timeout(400)));
            tracker.remove(session);
            assert!(tracker.touch(session, ms(600), timeout(400)));
        }
    }

    #[test]
    fn a_removed_session_leaves_nothing_behind() {
        let mut tracker = SessionTracker::new(TICK);
        tracker.touch(id(1), ms(0), timeout(400));
        tracker.touch(id(1), ms(300), timeout(400));
        tracker.remove(id(1));
        assert_eq!(tracker, SessionTracker::new(TICK));
    }
}
