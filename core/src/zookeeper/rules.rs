//! The rules of the service, each of which can be switched off to see what it is for.
//!
//! They hold whatever the servers run: those of the protocol are the protocol's.

use serde::Serialize;

use crate::explain::RuleInfo;
use crate::ids::ServerId;

/// Which rules hold. Each is asked in exactly one place.
// A switch is a bool, and there is one for each rule.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Rules {
    /// See [`EVENT_BEFORE_REPLY`].
    pub event_before_reply: bool,
    /// See [`ONE_SHOT_WATCHES`].
    pub one_shot_watches: bool,
    /// See [`CLOSE_DELETES_EPHEMERALS`].
    pub close_deletes_ephemerals: bool,
    /// See [`CHECK_BEFORE_APPLY`].
    pub check_before_apply: bool,
    /// See [`COUNT_EVERY_CREATE`].
    pub count_every_create: bool,
    /// See [`REFUSE_MOVED_SESSION`].
    pub refuse_moved_session: bool,
    /// See [`ALL_OR_NOTHING`].
    pub all_or_nothing: bool,
    /// See [`REFUSE_CLIENT_AHEAD`].
    pub refuse_client_ahead: bool,
}

/// What a client knows of a znode must not be older than what it is told next.
pub const EVENT_BEFORE_REPLY: RuleInfo = RuleInfo {
    name: "event_before_reply",
    text: "a client is told that what it watches has changed before it is answered anything that \
           shows the change",
    source: "Hunt et al., ZooKeeper, 2010, §2.3; Programmer's Guide, Watches",
};

/// A client that was told once has to ask again.
pub const ONE_SHOT_WATCHES: RuleInfo = RuleInfo {
    name: "one_shot_watches",
    text: "a watch that a read has set is gone once it was triggered",
    source: "ZooKeeper, Programmer's Guide, Watches",
};

/// What a dead client holds would be held for ever.
pub const CLOSE_DELETES_EPHEMERALS: RuleInfo = RuleInfo {
    name: "close_deletes_ephemerals",
    text: "the end of a session deletes its ephemeral znodes in the same transaction",
    source: "ZooKeeper, Programmer's Guide, Ephemeral Nodes",
};

/// Who is refused must have changed nothing.
pub const CHECK_BEFORE_APPLY: RuleInfo = RuleInfo {
    name: "check_before_apply",
    text: "the version that a write demands is compared before anything of the write is applied",
    source: "Hunt et al., ZooKeeper, 2010, §2.2, §4.1",
};

/// A number that comes twice makes two holders of one place in a queue.
pub const COUNT_EVERY_CREATE: RuleInfo = RuleInfo {
    name: "count_every_create",
    text: "a sequential znode's number counts the children that its parent ever had, not those \
           that it has",
    source: "Hunt et al., ZooKeeper, 2010, §2.1; Programmer's Guide, Sequence Nodes",
};

/// What was sent before a client moved must not take effect after what it has seen since.
pub const REFUSE_MOVED_SESSION: RuleInfo = RuleInfo {
    name: "refuse_moved_session",
    text: "a write is refused that comes by way of a server which the session has left",
    source: "ZooKeeper, SessionMovedException",
};

/// Half a multi is a state that nobody asked for.
pub const ALL_OR_NOTHING: RuleInfo = RuleInfo {
    name: "all_or_nothing",
    text: "a multi of which one operation fails changes nothing",
    source: "ZooKeeper, Programmer's Guide, multi",
};

/// A client would see time run backwards.
pub const REFUSE_CLIENT_AHEAD: RuleInfo = RuleInfo {
    name: "refuse_client_ahead",
    text: "a server that has seen less than a client does not serve it",
    source: "ZooKeeper, Consistency Guarantees: Single System Image",
};

const ALL: [RuleInfo; 8] = [
    EVENT_BEFORE_REPLY,
    ONE_SHOT_WATCHES,
    CLOSE_DELETES_EPHEMERALS,
    CHECK_BEFORE_APPLY,
    COUNT_EVERY_CREATE,
    REFUSE_MOVED_SESSION,
    ALL_OR_NOTHING,
    REFUSE_CLIENT_AHEAD,
];

impl Default for Rules {
    fn default() -> Self {
        Self {
            event_before_reply: true,
            one_shot_watches: true,
            close_deletes_ephemerals: true,
            check_before_apply: true,
            count_every_create: true,
            refuse_moved_session: true,
            all_or_nothing: true,
            refuse_client_ahead: true,
        }
    }
}

impl Rules {
    /// All rules.
    pub const fn list() -> &'static [RuleInfo] {
        &ALL
    }

    /// Whether what a session asks by way of `origin` is refused while its client is connected
    /// with `owner`.
    pub(crate) fn bars(self, owner: ServerId, origin: ServerId) -> bool {
        self.refuse_moved_session && owner != origin
    }

    /// Switches the rule called `name` on or off; whether there is one.
    pub fn switch(&mut self, name: &str, on: bool) -> bool {
        let switch = match name {
            "event_before_reply" => &mut self.event_before_reply,
            "one_shot_watches" => &mut self.one_shot_watches,
            "close_deletes_ephemerals" => &mut self.close_deletes_ephemerals,
            "check_before_apply" => &mut self.check_before_apply,
            "count_every_create" => &mut self.count_every_create,
            "refuse_moved_session" => &mut self.refuse_moved_session,
            "all_or_nothing" => &mut self.all_or_nothing,
            "refuse_client_ahead" => &mut self.refuse_client_ahead,
            _ => return false,
        };
        *switch = on;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_on_until_it_is_switched_off_by_its_name() {
        for rule in Rules::list() {
            let mut rules = Rules::default();
            assert!(rules.switch(rule.name, true));
            assert_eq!(rules, Rules::default(), "{} was off", rule.name);
            assert!(rules.switch(rule.name, false));
            assert_ne!(rules, Rules::default(), "{} has no effect", rule.name);
        }
        assert!(!Rules::default().switch("be_nice", false));
    }
}
