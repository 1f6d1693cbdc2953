//! A client learns of a change before it sees it.

use super::notices::Heard;
use super::{Clash, Invariant, Property};
use crate::explain::Rule;

/// An event carries the transaction that it tells of: nothing to remember.
#[derive(Clone, Debug, Default)]
pub(super) struct WatchBeforeState;

impl Invariant for WatchBeforeState {
    const PROPERTY: Property = Property {
        name: "watch_before_state",
        title: "Watch before state",
        rule: Rule {
            text: "a client that watches is told of a change before it is answered from a state \
                   that has it",
            source: "Hunt et al., ZooKeeper, 2010, §2.3",
        },
    };

    fn notice(&mut self, heard: &Heard) -> Result<(), Clash> {
        let (client, notice) = (heard.client, &heard.notice);
        let Some(zxid) = notice.zxid.filter(|zxid| *zxid <= notice.seen) else {
            return Ok(());
        };
        let (event, seen) = (&notice.event, notice.seen);
        Err(Clash {
            what: format!(
                "client {client} is told of {event} at {zxid} after an answer as of {seen}"
            ),
            facts: [
                (
                    heard.server,
                    format!("answered client {client} as of {seen}"),
                ),
                heard.told(),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Tale, told};

    #[test]
    fn an_event_after_an_answer_that_has_its_change_is_found() {
        let mut tale = Tale::new();
        assert!(tale.notice('A', told("/a", Some(7), 6, true)).is_empty());
        // What was missed while the client was away is told when it comes back.
        assert!(tale.notice('A', told("/a", None, 9, true)).is_empty());
        let objections = tale.notice('A', told("/a", Some(9), 9, true));
        assert_eq!(objections, ["watch_before_state"]);
    }
}
