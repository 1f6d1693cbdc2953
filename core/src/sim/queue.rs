//! What is due, in order of time; among equals, in the order in which it was asked for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::{ClientId, EventId, ServerId};
use crate::time::Time;

/// Something that is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Due {
    /// The message in this slot arrives, or dies on its way.
    Message {
        /// The slot.
        slot: u32,
        /// Told apart from an earlier or later plan for the same slot.
        plan: u32,
    },
    /// A timer of a server.
    ServerTimer {
        /// The server.
        server: ServerId,
        /// The timer's place in the node's array.
        timer: u8,
    },
    /// A write of a server's disk is durable.
    Stored(ServerId),
    /// A timer of a client.
    ClientTimer {
        /// The client.
        client: ClientId,
        /// The timer's place in the client's array.
        timer: u8,
    },
    /// A server that was paused takes in what came meanwhile.
    Backlog(ServerId),
}

/// The queue. Entries are never removed before their time: whoever set one checks, when it comes
/// up, whether it still means anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<(Time, u64, Due)>>,
    asked: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at: Time, due: Due) {
        self.heap.push(Reverse((at, self.asked, due)));
        self.asked += 1;
    }

    /// When the next entry is due.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub(super) fn pop(&mut self) -> Option<(Time, Due)> {
        self.heap.pop().map(|Reverse((at, _, due))| (at, due))
    }
}

/// A timer that can be set again before it runs down without a new entry in the queue each time:
/// an election timer is set again by every heartbeat, and nearly never runs down.
///
/// `queued` is the time of the entry that stands for it, if there is one; it is never later than
/// the deadline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Alarm {
    deadline: Time,
    queued: Time,
    /// When it runs down on the owner's own clock.
    local: Time,
    cause: Option<EventId>,
}

impl Default for Alarm {
    fn default() -> Self {
        Self {
            deadline: Time::MAX,
            queued: Time::MAX,
            local: Time::MAX,
            cause: None,
        }
    }
}

impl Alarm {
    /// Sets the alarm; `cause` is the event that set it.
    pub(super) fn set(
        &mut self,
        local: Time,
        deadline: Time,
        cause: Option<EventId>,
        due: Due,
        queue: &mut Queue,
    ) {
        (self.local, self.deadline, self.cause) = (local, deadline, cause);
        if deadline < self.queued {
            self.queued = deadline;
            queue.push(deadline, due);
        }
    }

    pub(super) fn cancel(&mut self) {
        self.deadline = Time::MAX;
        self.local = Time::MAX;
    }

    /// An entry for this alarm came up at `at`: whether the alarm rings. If it was set to a later
    /// time meanwhile, an entry for that time is made.
    pub(super) fn rings(&mut self, at: Time, due: Due, queue: &mut Queue) -> bool {
        if at != self.queued {
            return false;
        }
        self.queued = Time::MAX;
        if self.deadline > at {
            if self.deadline < Time::MAX {
                self.queued = self.deadline;
                queue.push(self.deadline, due);
            }
            return false;
        }
        self.cancel();
        true
    }

    /// When it rings on the owner's clock; `Time::MAX` when it is not set.
    pub(super) fn local(&self) -> Time {
        self.local
    }

    pub(super) fn is_set(&self) -> bool {
        self.deadline < Time::MAX
    }

    pub(super) fn cause(&self) -> Option<EventId> {
        self.cause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUE: Due = Due::ServerTimer {
        server: ServerId::new(1),
        timer: 0,
    };

    /// The times at which an alarm rings that is set to each of `deadlines` at once.
    fn rings_at(deadlines: &[u64]) -> Vec<u64> {
        let (mut queue, mut alarm) = (Queue::default(), Alarm::default());
        for deadline in deadlines {
            let at = Time::from_micros(*deadline);
            alarm.set(at, at, None, DUE, &mut queue);
        }
        let mut rung = Vec::new();
        while let Some((at, due)) = queue.pop() {
            if alarm.rings(at, due, &mut queue) {
                rung.push(at.as_micros());
            }
        }
        rung
    }

    #[test]
    fn an_alarm_rings_once_at_the_time_it_was_last_set_to() {
        assert_eq!(rings_at(&[10]), [10]);
        assert_eq!(rings_at(&[10, 20, 30]), [30]);
        assert_eq!(rings_at(&[30, 20, 10]), [10]);
        assert_eq!(rings_at(&[30, 10, 20]), [20]);
    }

    #[test]
    fn a_cancelled_alarm_stays_silent_and_can_be_set_again() {
        let (mut queue, mut alarm) = (Queue::default(), Alarm::default());
        let at = Time::from_micros;
        alarm.set(at(10), at(10), None, DUE, &mut queue);
        alarm.cancel();
        let (first, due) = queue.pop().unwrap();
        assert!(!alarm.rings(first, due, &mut queue));
        alarm.set(at(20), at(20), None, DUE, &mut queue);
        let (second, due) = queue.pop().unwrap();
        assert!(alarm.rings(second, due, &mut queue));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn equal_times_come_up_in_the_order_in_which_they_were_asked_for() {
        let mut queue = Queue::default();
        let stored = |n| Due::Stored(ServerId::new(n));
        for n in [3, 1, 2] {
            queue.push(Time::ZERO, stored(n));
        }
        let order: Vec<Due> = std::iter::from_fn(|| queue.pop())
            .map(|(_, due)| due)
            .collect();
        assert_eq!(order, [stored(3), stored(1), stored(2)]);
    }
}
