//! The rules that make Raft safe, each of which can be switched off to see what it is for.

use serde::Serialize;
use thiserror::Error;

use crate::explain::RuleInfo;

/// Which rules hold. Each is asked in exactly one place.
// A switch is a bool, and there is one for each rule.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Rules {
    /// See [`UP_TO_DATE_VOTE`].
    pub up_to_date_vote: bool,
    /// See [`COMMIT_ONLY_OWN_TERM`].
    pub commit_only_own_term: bool,
    /// See [`SYNC_BEFORE_REPLY`].
    pub sync_before_reply: bool,
    /// See [`TRUNCATE_ONLY_ON_CONFLICT`].
    pub truncate_only_on_conflict: bool,
    /// See [`COMMIT_BOUND_BY_NEW_ENTRIES`].
    pub commit_bound_by_new_entries: bool,
    /// See [`PERSIST_VOTE`].
    pub persist_vote: bool,
    /// See [`TERM_AND_VOTE_TOGETHER`].
    pub term_and_vote_together: bool,
    /// See [`COUNT_OWN_ENTRIES_WHEN_DURABLE`].
    pub count_own_entries_when_durable: bool,
    /// See [`SNAPSHOT_ONLY_APPLIED`].
    pub snapshot_only_applied: bool,
    /// See [`DEDUPLICATE`].
    pub deduplicate: bool,
    /// See [`SNAPSHOT_CARRIES_CONFIGURATION`].
    pub snapshot_carries_configuration: bool,
    /// See [`OWN_TERM_COMMIT_BEFORE_CHANGE`].
    pub own_term_commit_before_change: bool,
    /// See [`JOINT_MAJORITIES`].
    pub joint_majorities: bool,
    /// See [`ONE_CHANGE_AT_A_TIME`].
    pub one_change_at_a_time: bool,
    /// See [`CONFIGURATION_AT_APPEND`].
    pub configuration_at_append: bool,
    /// See [`READ_AFTER_OWN_TERM_COMMIT`].
    pub read_after_own_term_commit: bool,
    /// See [`READ_FRESH_ACKS`].
    pub read_fresh_acks: bool,
    /// See [`READ_WAITS_FOR_APPLY`].
    pub read_waits_for_apply: bool,
    /// See [`LEASE_BOUNDS_DRIFT`].
    pub lease_bounds_drift: bool,
    /// See [`STICKY_VOTERS_UNDER_LEASE`].
    pub sticky_voters_under_lease: bool,
}

/// Only a candidate whose log holds every committed entry can win.
pub const UP_TO_DATE_VOTE: RuleInfo = RuleInfo {
    name: "up_to_date_vote",
    text: "a voter denies its vote if its own log is more up-to-date than the candidate's",
    source: "Raft §5.4.1",
};

/// An entry of an earlier term on a majority may still be overwritten (Figure 8).
pub const COMMIT_ONLY_OWN_TERM: RuleInfo = RuleInfo {
    name: "commit_only_own_term",
    text: "a leader commits by counting replicas only entries of its own term",
    source: "Raft §5.4.2, Figure 8",
};

/// A promise must outlive the crash of the one who gave it.
pub const SYNC_BEFORE_REPLY: RuleInfo = RuleInfo {
    name: "sync_before_reply",
    text: "term, vote and entries are on stable storage before a server answers for them",
    source: "Raft §5.1, Figure 2",
};

/// A late message describes an earlier, shorter log.
pub const TRUNCATE_ONLY_ON_CONFLICT: RuleInfo = RuleInfo {
    name: "truncate_only_on_conflict",
    text: "a follower deletes entries only if one conflicts with the leader's",
    source: "Raft §5.3, Figure 2",
};

/// What follows the last new entry may be another leader's leftovers.
pub const COMMIT_BOUND_BY_NEW_ENTRIES: RuleInfo = RuleInfo {
    name: "commit_bound_by_new_entries",
    text: "a follower's commit index stays at or below the last entry that the leader has vouched for",
    source: "Raft §5.3, Figure 2",
};

/// One vote a term, across crashes too.
pub const PERSIST_VOTE: RuleInfo = RuleInfo {
    name: "persist_vote",
    text: "a vote is written to stable storage together with its term",
    source: "Raft §5.2, Figure 2",
};

/// A crash between two records leaves one of them.
pub const TERM_AND_VOTE_TOGETHER: RuleInfo = RuleInfo {
    name: "term_and_vote_together",
    text: "term and vote are one record, so that no crash leaves one of a term and one of another",
    source: "Raft Figure 2; hashicorp/raft issue 661",
};

/// A leader is one of those who may crash.
pub const COUNT_OWN_ENTRIES_WHEN_DURABLE: RuleInfo = RuleInfo {
    name: "count_own_entries_when_durable",
    text: "a leader counts itself among those who store an entry only once its own disk has confirmed it",
    source: "dissertation §10.2.1",
};

/// A snapshot is final.
pub const SNAPSHOT_ONLY_APPLIED: RuleInfo = RuleInfo {
    name: "snapshot_only_applied",
    text: "a snapshot stands for entries that are committed and applied, and for no others",
    source: "Raft §7",
};

/// A client whose answer was lost asks again.
pub const DEDUPLICATE: RuleInfo = RuleInfo {
    name: "deduplicate",
    text: "a command that was carried out before, and is in the log again, is not carried out again",
    source: "Raft §8, dissertation §6.3",
};

/// The entries that said who takes part are gone with the rest.
pub const SNAPSHOT_CARRIES_CONFIGURATION: RuleInfo = RuleInfo {
    name: "snapshot_carries_configuration",
    text: "a snapshot carries the configuration as of its last entry",
    source: "Raft §7",
};

/// Two leaders may each have left a change of the same configuration by one server.
pub const OWN_TERM_COMMIT_BEFORE_CHANGE: RuleInfo = RuleInfo {
    name: "own_term_commit_before_change",
    text: "a leader changes the configuration only after it has committed an entry of its own term",
    source: "dissertation §4.1, as corrected in 2015",
};

/// Neither half of a joint configuration may decide alone.
pub const JOINT_MAJORITIES: RuleInfo = RuleInfo {
    name: "joint_majorities",
    text: "in a joint configuration, agreement needs separate majorities of the old and of the new voters",
    source: "Raft §6",
};

/// Two steps may lead to a configuration that does not overlap with the first.
pub const ONE_CHANGE_AT_A_TIME: RuleInfo = RuleInfo {
    name: "one_change_at_a_time",
    text: "a configuration is changed only when the one before it is committed",
    source: "dissertation §4.1, Raft §6",
};

/// Whoever waits for the commit goes by a configuration that others have left behind.
pub const CONFIGURATION_AT_APPEND: RuleInfo = RuleInfo {
    name: "configuration_at_append",
    text: "a server goes by a configuration from the moment at which its log holds it",
    source: "Raft §6",
};

/// A new leader has all that is committed, but does not know yet how far that goes.
pub const READ_AFTER_OWN_TERM_COMMIT: RuleInfo = RuleInfo {
    name: "read_after_own_term_commit",
    text: "a leader takes up a read only after it has committed an entry of its own term",
    source: "dissertation §6.4, step 1",
};

/// An earlier answer says nothing of who leads now.
pub const READ_FRESH_ACKS: RuleInfo = RuleInfo {
    name: "read_fresh_acks",
    text: "a leader serves a read only after a majority has answered to a round of heartbeats that \
           began after the read arrived",
    source: "dissertation §6.4, step 3",
};

/// What is committed is not yet seen where it is not yet applied.
pub const READ_WAITS_FOR_APPLY: RuleInfo = RuleInfo {
    name: "read_waits_for_apply",
    text: "a server serves a read only after it has applied its log as far as the leader said",
    source: "dissertation §6.4, step 4",
};

/// A slow leader must not believe in its lease when a fast voter's loyalty is over.
pub const LEASE_BOUNDS_DRIFT: RuleInfo = RuleInfo {
    name: "lease_bounds_drift",
    text: "a leader's lease is shorter than the least election timeout by what clocks may drift",
    source: "dissertation §6.4.1",
};

/// A lease rests on voters who do not listen to others.
pub const STICKY_VOTERS_UNDER_LEASE: RuleInfo = RuleInfo {
    name: "sticky_voters_under_lease",
    text: "under leases, a voter neither votes nor stands within the least election timeout of \
           hearing from a leader, or of its own restart",
    source: "dissertation §4.2.3, §6.4.1",
};

const ALL: [RuleInfo; 20] = [
    UP_TO_DATE_VOTE,
    COMMIT_ONLY_OWN_TERM,
    SYNC_BEFORE_REPLY,
    TRUNCATE_ONLY_ON_CONFLICT,
    COMMIT_BOUND_BY_NEW_ENTRIES,
    PERSIST_VOTE,
    TERM_AND_VOTE_TOGETHER,
    COUNT_OWN_ENTRIES_WHEN_DURABLE,
    SNAPSHOT_ONLY_APPLIED,
    DEDUPLICATE,
    SNAPSHOT_CARRIES_CONFIGURATION,
    OWN_TERM_COMMIT_BEFORE_CHANGE,
    JOINT_MAJORITIES,
    ONE_CHANGE_AT_A_TIME,
    CONFIGURATION_AT_APPEND,
    READ_AFTER_OWN_TERM_COMMIT,
    READ_FRESH_ACKS,
    READ_WAITS_FOR_APPLY,
    LEASE_BOUNDS_DRIFT,
    STICKY_VOTERS_UNDER_LEASE,
];

/// A name that is no rule's.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule is called `{name}`; there are {}", Rules::NAMES.join(", "))]
pub struct UnknownRule {
    /// The name.
    pub name: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            up_to_date_vote: true,
            commit_only_own_term: true,
            sync_before_reply: true,
            truncate_only_on_conflict: true,
            commit_bound_by_new_entries: true,
            persist_vote: true,
            term_and_vote_together: true,
            count_own_entries_when_durable: true,
            snapshot_only_applied: true,
            deduplicate: true,
            snapshot_carries_configuration: true,
            own_term_commit_before_change: true,
            joint_majorities: true,
            one_change_at_a_time: true,
            configuration_at_append: true,
            read_after_own_term_commit: true,
            read_fresh_acks: true,
            read_waits_for_apply: true,
            lease_bounds_drift: true,
            sticky_voters_under_lease: true,
        }
    }
}

impl Rules {
    /// The names of all rules, in the order of [`Rules::list`].
    pub const NAMES: [&'static str; ALL.len()] = {
        let mut names = [""; ALL.len()];
        let mut i = 0;
        while i < ALL.len() {
            names[i] = ALL[i].name;
            i += 1;
        }
        names
    };

    /// All rules.
    pub const fn list() -> &'static [RuleInfo] {
        &ALL
    }

    /// Switches the rule called `name` on or off.
    pub fn switch(&mut self, name: &str, on: bool) -> Result<(), UnknownRule> {
        let switch = match name {
            "up_to_date_vote" => &mut self.up_to_date_vote,
            "commit_only_own_term" => &mut self.commit_only_own_term,
            "sync_before_reply" => &mut self.sync_before_reply,
            "truncate_only_on_conflict" => &mut self.truncate_only_on_conflict,
            "commit_bound_by_new_entries" => &mut self.commit_bound_by_new_entries,
            "persist_vote" => &mut self.persist_vote,
            "term_and_vote_together" => &mut self.term_and_vote_together,
            "count_own_entries_when_durable" => &mut self.count_own_entries_when_durable,
            "snapshot_only_applied" => &mut self.snapshot_only_applied,
            "deduplicate" => &mut self.deduplicate,
            "snapshot_carries_configuration" => &mut self.snapshot_carries_configuration,
            "own_term_commit_before_change" => &mut self.own_term_commit_before_change,
            "joint_majorities" => &mut self.joint_majorities,
            "one_change_at_a_time" => &mut self.one_change_at_a_time,
            "configuration_at_append" => &mut self.configuration_at_append,
            "read_after_own_term_commit" => &mut self.read_after_own_term_commit,
            "read_fresh_acks" => &mut self.read_fresh_acks,
            "read_waits_for_apply" => &mut self.read_waits_for_apply,
            "lease_bounds_drift" => &mut self.lease_bounds_drift,
            "sticky_voters_under_lease" => &mut self.sticky_voters_under_lease,
            _ => return Err(UnknownRule { name: name.into() }),
        };
        *switch = on;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_on_until_it_is_switched_off_by_its_name() {
        for name in Rules::NAMES {
            let mut rules = Rules::default();
            rules.switch(name, true).unwrap();
            assert_eq!(rules, Rules::default(), "{name} was off");
            rules.switch(name, false).unwrap();
            assert_ne!(rules, Rules::default(), "{name} has no effect");
        }
    }

    #[test]
    fn an_unknown_rule_is_refused_with_the_names_that_exist() {
        let error = Rules::default().switch("be_nice", false).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("no rule is called `be_nice`; there are up_to_date_vote, "));
    }
}
