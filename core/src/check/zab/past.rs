//! What was seen of a run of Zab so far, as far as invariants need it.

use imbl::OrdMap;

use super::glance::ZabGlance;
use crate::ids::ServerId;
use crate::server::ZabTxn;
use crate::zab::{Entry, Epoch, TxnLog};
use crate::zookeeper::Zxid;

/// How far back the history of a server is looked at that begins to serve, in transactions.
const RECENT: usize = 64;

/// What was proposed and what was delivered, each as it was seen first. What was in some log when
/// it was first looked at counts as proposed. `unseen` are the stretches of history that someone
/// has delivered by a snapshot before anyone did out of a log: each from after its value up to its
/// key.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct ZabPast {
    proposed: OrdMap<Zxid, Seen>,
    delivered: OrdMap<Zxid, Seen>,
    unseen: OrdMap<Zxid, Zxid>,
}

/// A transaction, and the server that proposed it or delivered it first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::check) struct Seen {
    pub(in crate::check) entry: Entry<ZabTxn>,
    pub(in crate::check) by: ServerId,
}

/// What an event has shown.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct News {
    proposed: Vec<Seen>,
    delivered: Vec<Seen>,
    unseen: Option<(Zxid, Zxid)>,
}

impl ZabPast {
    /// What an event has shown that was not known.
    pub(in crate::check) fn seen_in(&self, glance: &ZabGlance<'_>) -> News {
        let by = glance.server;
        let seen = |entry: &Entry<ZabTxn>| Seen {
            entry: entry.clone(),
            by,
        };
        let first = glance.log().filter(|_| !glance.before.seen);
        let logged = first.into_iter().flat_map(|log| log.after(Zxid::ZERO));
        let proposed = logged.chain(glance.proposed());
        let delivered = glance.delivered().into_iter().map(|(_, entry)| entry);
        let last = self.last().map_or(Zxid::ZERO, |(zxid, _)| zxid);
        let begin = glance.log().map_or(Zxid::ZERO, TxnLog::begin);
        let hidden = glance.was_opened() && begin > last;
        News {
            unseen: hidden.then_some((begin, last)),
            proposed: proposed.map(seen).collect(),
            delivered: delivered
                .filter(|entry| self.delivered(entry.zxid).is_none())
                .map(seen)
                .collect(),
        }
    }

    /// Remembers what an event has shown.
    pub(in crate::check) fn take_in(&mut self, news: News) {
        for seen in news.proposed {
            self.proposed.entry(seen.entry.zxid).or_insert(seen);
        }
        for seen in news.delivered {
            self.delivered.entry(seen.entry.zxid).or_insert(seen);
        }
        self.unseen.extend(news.unseen);
    }

    /// Whether a transaction may have been delivered without being looked at.
    pub(in crate::check) fn never_saw(&self, zxid: Zxid) -> bool {
        let next = self.unseen.range(zxid..).next();
        next.is_some_and(|(_, after)| *after < zxid)
    }

    /// The proposal of a zxid.
    pub(in crate::check) fn proposed(&self, zxid: Zxid) -> Option<&Seen> {
        self.proposed.get(&zxid)
    }

    /// The first delivery of a zxid.
    pub(in crate::check) fn delivered(&self, zxid: Zxid) -> Option<&Seen> {
        self.delivered.get(&zxid)
    }

    /// The first delivery of every transaction, in the order of zxids.
    pub(in crate::check) fn deliveries(&self) -> impl Iterator<Item = &Seen> {
        self.delivered.values()
    }

    /// The last zxid that anyone has delivered.
    pub(in crate::check) fn last(&self) -> Option<(Zxid, &Seen)> {
        self.delivered.get_max().map(|(zxid, seen)| (*zxid, seen))
    }

    /// The last zxid of the epochs before `epoch` that anyone has delivered.
    pub(in crate::check) fn last_before(&self, epoch: Epoch) -> Option<(Zxid, &Seen)> {
        let mut earlier = self.delivered.range(..epoch.start());
        earlier.next_back().map(|(zxid, seen)| (*zxid, seen))
    }

    /// What was delivered between two zxids, if anything was.
    pub(in crate::check) fn between(&self, before: Zxid, after: Zxid) -> Option<(Zxid, &Seen)> {
        let mut between = self.delivered.range(before..after);
        let found = between.find(|(zxid, _)| **zxid > before)?;
        Some((*found.0, found.1))
    }

    /// The zxid from which on histories are looked at.
    pub(in crate::check) fn recent(&self) -> Zxid {
        let nth = self.delivered.keys().rev().nth(RECENT);
        nth.copied().unwrap_or(Zxid::ZERO)
    }
}

#[cfg(test)]
impl ZabPast {
    /// A run in which these were proposed, and those delivered.
    pub(in crate::check) fn of(proposed: Vec<Seen>, delivered: Vec<Seen>) -> Self {
        let mut past = Self::default();
        past.take_in(News {
            proposed,
            delivered,
            unseen: None,
        });
        past
    }
}
