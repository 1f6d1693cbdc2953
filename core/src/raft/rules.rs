//! The rules that make Raft safe, each of which can be switched off to see what it is for. Each is
//! asked in exactly one place.

use crate::rules::rules;

rules! {
    /// Only a candidate whose log holds every committed entry can win.
    up_to_date_vote UP_TO_DATE_VOTE
    "a voter denies its vote if its own log is more up-to-date than the candidate's",
    "Raft §5.4.1";

    /// An entry of an earlier term on a majority may still be overwritten (Figure 8).
    commit_only_own_term COMMIT_ONLY_OWN_TERM
    "a leader commits by counting replicas only entries of its own term",
    "Raft §5.4.2, Figure 8";

    /// A promise must outlive the crash of the one who gave it.
    sync_before_reply SYNC_BEFORE_REPLY
    "term, vote and entries are on stable storage before a server answers for them",
    "Raft §5.1, Figure 2";

    /// A late message describes an earlier, shorter log.
    truncate_only_on_conflict TRUNCATE_ONLY_ON_CONFLICT
    "a follower deletes entries only if one conflicts with the leader's",
    "Raft §5.3, Figure 2";

    /// What follows the last new entry may be another leader's leftovers.
    commit_bound_by_new_entries COMMIT_BOUND_BY_NEW_ENTRIES
    "a follower's commit index stays at or below the last entry that the leader has vouched for",
    "Raft §5.3, Figure 2";

    /// One vote a term, across crashes too.
    persist_vote PERSIST_VOTE
    "a vote is written to stable storage together with its term",
    "Raft §5.2, Figure 2";

    /// A crash between two records leaves one of them.
    term_and_vote_together TERM_AND_VOTE_TOGETHER
    "term and vote are one record, so that no crash leaves one of a term and one of another",
    "Raft Figure 2; hashicorp/raft issue 661";

    /// A leader is one of those who may crash.
    count_own_entries_when_durable COUNT_OWN_ENTRIES_WHEN_DURABLE
    "a leader counts itself among those who store an entry only once its own disk has confirmed it",
    "dissertation §10.2.1";

    /// A snapshot is final.
    snapshot_only_applied SNAPSHOT_ONLY_APPLIED
    "a snapshot stands for entries that are committed and applied, and for no others",
    "Raft §7";

    /// A client whose answer was lost asks again.
    deduplicate DEDUPLICATE
    "a command that was carried out before, and is in the log again, is not carried out again",
    "Raft §8, dissertation §6.3";

    /// The entries that said who takes part are gone with the rest.
    snapshot_carries_configuration SNAPSHOT_CARRIES_CONFIGURATION
    "a snapshot carries the configuration as of its last entry",
    "Raft §7";

    /// Two leaders may each have left a change of the same configuration by one server.
    own_term_commit_before_change OWN_TERM_COMMIT_BEFORE_CHANGE
    "a leader changes the configuration only after it has committed an entry of its own term",
    "dissertation §4.1, as corrected in 2015";

    /// Neither half of a joint configuration may decide alone.
    joint_majorities JOINT_MAJORITIES
    "in a joint configuration, agreement needs separate majorities of the old and of the new voters",
    "Raft §6";

    /// Two steps may lead to a configuration that does not overlap with the first.
    one_change_at_a_time ONE_CHANGE_AT_A_TIME
    "a configuration is changed only when the one before it is committed",
    "dissertation §4.1, Raft §6";

    /// Whoever waits for the commit goes by a configuration that others have left behind.
    configuration_at_append CONFIGURATION_AT_APPEND
    "a server goes by a configuration from the moment at which its log holds it",
    "Raft §6";

    /// A new leader has all that is committed, but does not know yet how far that goes.
    read_after_own_term_commit READ_AFTER_OWN_TERM_COMMIT
    "a leader takes up a read only after it has committed an entry of its own term",
    "dissertation §6.4, step 1";

    /// An earlier answer says nothing of who leads now.
    read_fresh_acks READ_FRESH_ACKS
    "a leader serves a read only after a majority has answered to a round of heartbeats that \
     began after the read arrived",
    "dissertation §6.4, step 3";

    /// What is committed is not yet seen where it is not yet applied.
    read_waits_for_apply READ_WAITS_FOR_APPLY
    "a server serves a read only after it has applied its log as far as the leader said",
    "dissertation §6.4, step 4";

    /// A slow leader must not believe in its lease when a fast voter's loyalty is over.
    lease_bounds_drift LEASE_BOUNDS_DRIFT
    "a leader's lease is shorter than the least election timeout by what clocks may drift",
    "dissertation §6.4.1";

    /// A lease rests on voters who do not listen to others.
    sticky_voters_under_lease STICKY_VOTERS_UNDER_LEASE
    "under leases, a voter neither votes nor stands within the least election timeout of \
     hearing from a leader, or of its own restart",
    "dissertation §4.2.3, §6.4.1";
}
