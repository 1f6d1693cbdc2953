//! A client is told of what it watches, and once for a watch that a read has set.

use super::notices::Heard;
use super::{Clash, Invariant, Property};
use crate::explain::Rule;

/// The client knows which of its watches wait: nothing to remember.
#[derive(Clone, Debug, Default)]
pub(super) struct ExpectedEvents;

impl Invariant for ExpectedEvents {
    const PROPERTY: Property = Property {
        name: "expected_events",
        title: "Expected events",
        rule: Rule {
            text: "an event answers a watch that its client has set, and a watch that a read has \
                   set is answered once",
            source: "ZooKeeper, Programmer's Guide, Watches",
        },
    };

    fn notice(&mut self, heard: &Heard) -> Result<(), Clash> {
        let (client, notice) = (heard.client, &heard.notice);
        // Two watches of one znode that is gone are told of it one by one after a reconnection.
        if notice.expected || notice.zxid.is_none() {
            return Ok(());
        }
        let (event, path) = (&notice.event, &notice.event.path);
        Err(Clash {
            what: format!("client {client} is told of {event} and has no watch for it"),
            facts: [
                heard.told(),
                (
                    heard.server,
                    format!("had answered every watch of client {client} on {path}"),
                ),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Tale, told};

    #[test]
    fn an_event_that_no_watch_waits_for_is_found() {
        let mut tale = Tale::new();
        assert!(tale.notice('A', told("/a", Some(7), 6, true)).is_empty());
        assert!(tale.notice('A', told("/a", None, 6, false)).is_empty());
        let objections = tale.notice('A', told("/a", Some(8), 7, false));
        assert_eq!(objections, ["expected_events"]);
    }
}
