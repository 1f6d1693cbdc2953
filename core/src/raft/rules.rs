//! The rules that make Raft safe, each of which can be switched off to see what it is for.

use serde::Serialize;
use thiserror::Error;

use crate::explain::Rule;

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
}

/// A rule that can be switched off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct RuleInfo {
    /// The name by which it is switched.
    pub name: &'static str,
    /// The rule in one sentence, without a full stop at its end.
    pub text: &'static str,
    /// Where it is written.
    pub source: &'static str,
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

const ALL: [RuleInfo; 10] = [
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
];

/// A name that is no rule's.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule is called `{name}`; there are {}", Rules::NAMES.join(", "))]
pub struct UnknownRule {
    /// The name.
    pub name: String,
}

impl RuleInfo {
    /// The rule as facts cite it.
    pub const fn rule(&self) -> Rule {
        Rule {
            text: self.text,
            source: self.source,
        }
    }
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
