//! What is lost without each rule.

/// The invariants that show what each rule is for: without the rule, and with nothing else wrong,
/// each of them is the first to be violated in some run.
const LOST: [(&str, &[&str]); 43] = [
    ("up_to_date_vote", &["leader_completeness"]),
    ("commit_only_own_term", &["committed_stays_committed"]),
    (
        "sync_before_reply",
        &["one_vote_per_term", "quorum_commits"],
    ),
    (
        "truncate_only_on_conflict",
        &["quorum_commits", "committed_stays_committed"],
    ),
    ("commit_bound_by_new_entries", &["state_machine_safety"]),
    ("persist_vote", &["one_vote_per_term"]),
    ("term_and_vote_together", &["one_vote_per_term"]),
    (
        "count_own_entries_when_durable",
        &["committed_stays_committed"],
    ),
    ("snapshot_only_applied", &["replicas_agree"]),
    ("deduplicate", &["exactly_once"]),
    (
        "snapshot_carries_configuration",
        &["quorum_commits", "quorums_overlap"],
    ),
    ("own_term_commit_before_change", &["quorums_overlap"]),
    ("joint_majorities", &["quorum_commits", "quorums_overlap"]),
    ("one_change_at_a_time", &["one_uncommitted_configuration"]),
    (
        "configuration_at_append",
        &["quorum_commits", "quorums_overlap"],
    ),
    ("read_after_own_term_commit", &["linearizable_reads"]),
    ("read_fresh_acks", &["linearizable_reads"]),
    ("read_waits_for_apply", &["linearizable_reads"]),
    ("lease_bounds_drift", &["linearizable_reads"]),
    ("sticky_voters_under_lease", &["linearizable_reads"]),
    ("accepted_epoch_first", &["leadership"]),
    ("sync_before_ack", &["committed_log_durability"]),
    ("replay_log_before_election", &["committed_log_durability"]),
    ("newleader_after_payload", &["prefix_consistency"]),
    ("log_before_newleader_ack", &["committed_log_durability"]),
    ("fsync_before_newleader_ack", &["committed_log_durability"]),
    ("keep_uncommitted_staged", &["legal_messages"]),
    ("abort_when_behind", &["leader_log_completeness"]),
    ("contiguous_committed_log", &["total_order"]),
    ("full_stop_on_step_down", &["committed_log_durability"]),
    ("discard_interrupted_snapshot", &["log_order"]),
    ("epoch_after_transactions", &["leader_log_completeness"]),
    ("retract_lost_acks", &["committed_log_durability"]),
    ("cut_only_uncommitted", &["committed_log_durability"]),
    ("old_and_new_quorum", &["leadership"]),
    ("event_before_reply", &["watch_before_state"]),
    ("one_shot_watches", &["expected_events"]),
    ("close_deletes_ephemerals", &["ephemeral_owners"]),
    ("check_before_apply", &["failed_writes"]),
    ("count_every_create", &["sequential_names"]),
    ("refuse_moved_session", &["moved_sessions"]),
    ("all_or_nothing", &["failed_writes"]),
    ("refuse_client_ahead", &["monotonic_reads"]),
];

/// The invariants that are violated without the rule of this name; none for a name that is no
/// rule's.
pub fn lost_without(rule: &str) -> &'static [&'static str] {
    let row = LOST.iter().find(|(name, _)| *name == rule);
    row.map_or(&[], |(_, lost)| lost)
}

#[cfg(test)]
mod tests {
    use super::super::Monitor;
    use super::*;
    use crate::server::Protocol;
    use crate::sim;

    /// Rules of which no state of a run of servers shows that they are missed: `docs/zab.md` says
    /// what does.
    const UNMISSED: [&str; 3] = [
        "accept_epoch_once",
        "yield_to_higher_epoch",
        "discard_interrupted_truncation",
    ];

    #[test]
    fn every_rule_guards_an_invariant_and_every_row_is_about_a_rule() {
        let never_missed = |rule: &str| UNMISSED.contains(&rule);
        for (_, protocol) in Protocol::NAMES {
            for rule in sim::rules(protocol) {
                let is_missed = !lost_without(rule.name).is_empty();
                assert_ne!(is_missed, never_missed(rule.name), "{}", rule.name);
            }
        }
        for (rule, lost) in LOST {
            let is_rule = |protocol| sim::rules(protocol).any(|it| it.name == rule);
            let known = |name: &str| {
                let mut under = Protocol::NAMES.into_iter().map(|(_, protocol)| protocol);
                under.any(|protocol| {
                    is_rule(protocol) && Monitor::properties(protocol).any(|it| it.name == name)
                })
            };
            assert!(lost.iter().all(|name| known(name)), "{rule}: {lost:?}");
        }
        assert!(lost_without("be_nice").is_empty());
    }
}
