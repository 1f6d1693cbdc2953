//! What a client was told of the znodes that it watches, remembered for whoever watches it.

use std::collections::VecDeque;

use crate::time::Time;
use crate::zookeeper::{WatchEvent, Zxid};

/// How many events a client remembers for whoever watches it.
pub const REMEMBERED_NOTICES: usize = 50;

/// An event that a client was told of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Notice {
    /// Its number within the client, from 1.
    pub number: u64,
    /// When it came.
    pub time: Time,
    /// What it says.
    pub event: WatchEvent,
    /// The transaction that it tells of, if it was not missed while the client was away.
    pub zxid: Option<Zxid>,
    /// The highest zxid that the client had seen before.
    pub seen: Zxid,
    /// Whether the client waited for it.
    pub expected: bool,
}

/// The latest events, oldest first.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Notices {
    told: u64,
    latest: VecDeque<Notice>,
}

impl Notices {
    /// Remembers an event as the next.
    pub(super) fn add(&mut self, notice: Notice) {
        self.told += 1;
        if self.latest.len() == REMEMBERED_NOTICES {
            self.latest.pop_front();
        }
        self.latest.push_back(Notice {
            number: self.told,
            ..notice
        });
    }

    pub(super) fn latest(&self) -> impl DoubleEndedIterator<Item = &Notice> {
        self.latest.iter()
    }
}
