//! A log has no holes.

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zab::{Epoch, Pair};

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
        let mut last = known;
        for entry in log.after(known) {
            let next = entry.zxid;
            let fits = if Epoch::of(next) == Epoch::of(last) {
                next.counter() == last.counter().wrapping_add(1)
            } else {
                next > last && next.counter() == 1
            };
            if !fits {
                let (last, next) = (Pair(last), Pair(next));
                return Err(Clash {
                    what: format!("the log of {server} has {next} right after {last}"),
                    facts: [last, next].map(|zxid| (server, format!("has logged {zxid}"))),
                });
            }
            last = next;
        }
        Ok(())
    }
}
