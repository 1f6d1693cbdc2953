//! A log has no holes.

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zab::{Epoch, Pair};
use crate::zookeeper::Zxid;

/// Nothing to remember: it is a property of each log.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct LogOrder;

impl Invariant for LogOrder {
    const PROPERTY: Property = Property {
        name: "log_order",
        title: "Log order",
        rule: Rule {
            text: "in a log each transaction is the next of its epoch, or the first of a later one",
            source: "ZOOKEEPER-4925; Zab §4.1: a follower accepts proposals in the order of zxids",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        let (server, before, now) = (glance.server, glance.before, glance.now);
        let changed = (before.logged, before.length) != (now.logged, now.length);
        let Some(log) = glance.log().filter(|_| changed) else {
            return Ok(());
        };
        // What was there before was looked at before.
        let known = before.logged.min(now.logged).max(log.begin());
        let Some((last, next)) = hole(known, log.after(known).map(|entry| entry.zxid)) else {
            return Ok(());
        };
        let (last, next) = (Pair(last), Pair(next));
        Err(Clash {
            what: format!("the log of {server} has {next} right after {last}"),
            facts: [last, next].map(|zxid| (server, format!("has logged {zxid}"))),
        })
    }
}

/// The first two neighbours of which the second is not the next.
fn hole(mut last: Zxid, log: impl Iterator<Item = Zxid>) -> Option<(Zxid, Zxid)> {
    for next in log {
        let fits = if Epoch::of(next) == Epoch::of(last) {
            next.counter() == last.counter().wrapping_add(1)
        } else {
            next > last && next.counter() == 1
        };
        if !fits {
            return Some((last, next));
        }
        last = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_a_repetition_and_an_epoch_without_its_beginning_are_found() {
        let z = |epoch, counter| Zxid::new(epoch, counter);
        let of = |log: &[Zxid]| hole(Zxid::ZERO, log.iter().copied());
        assert_eq!(of(&[z(1, 1), z(1, 2), z(3, 1), z(3, 2)]), None);
        assert_eq!(of(&[z(1, 1), z(1, 3)]), Some((z(1, 1), z(1, 3))));
        assert_eq!(of(&[z(1, 1), z(1, 1)]), Some((z(1, 1), z(1, 1))));
        assert_eq!(of(&[z(1, 1), z(2, 2)]), Some((z(1, 1), z(2, 2))));
        assert_eq!(of(&[z(2, 1), z(1, 1)]), Some((z(2, 1), z(1, 1))));
    }
}
