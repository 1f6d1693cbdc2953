//! What was told of a run, the most recent part of it.

use std::collections::VecDeque;

use crate::ids::EventId;
use crate::sim::Record;

/// The most records kept; what is older is told again by replay.
const MOST: usize = 20_000;

/// Records in the order of their events.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    records: VecDeque<Record>,
    /// Whether older records were dropped.
    cut: bool,
}

impl Journal {
    pub(super) fn extend(&mut self, records: impl IntoIterator<Item = Record>) {
        self.records.extend(records);
        while self.records.len() > MOST {
            self.records.pop_front();
            self.cut = true;
        }
    }

    /// Whether every record since `event` is here.
    pub(super) fn covers(&self, event: EventId) -> bool {
        !self.cut
            || self
                .records
                .front()
                .is_some_and(|record| record.event <= event)
    }

    /// The records up to and with those of `event`, newest first.
    pub(super) fn until(&self, event: EventId) -> impl Iterator<Item = &Record> {
        let end = self.records.partition_point(|record| record.event <= event);
        self.records.range(..end).rev()
    }

    /// The records of the events after `event`, or all, oldest first.
    pub(super) fn after(&self, event: Option<EventId>) -> impl Iterator<Item = &Record> {
        let known = |record: &Record| event.is_some_and(|event| record.event <= event);
        let first = self.records.partition_point(known);
        self.records.range(first..)
    }

    /// The records of one event.
    pub(super) fn of(&self, event: EventId) -> impl Iterator<Item = &Record> {
        let first = self.records.partition_point(|record| record.event < event);
        let end = self.records.partition_point(|record| record.event <= event);
        self.records.range(first..end)
    }

    /// The journal as it was when `event` had happened.
    pub(super) fn up_to(&self, event: EventId) -> Self {
        let end = self.records.partition_point(|record| record.event <= event);
        Self {
            records: self.records.range(..end).cloned().collect(),
            cut: self.cut,
        }
    }
}
