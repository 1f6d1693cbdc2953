//! The rules that make Zab safe, each of which can be switched off to see what it is for. Most stand
//! for a published bug: off, `ZooKeeper`'s history repeats itself.

use crate::rules::rules;

rules! {
    /// A leader never fetches history: whoever is ahead of it must lead instead.
    abort_when_behind ABORT_WHEN_BEHIND
    "a leader gives up if anyone whose promise it needs has a later current epoch or a longer history",
    "Leader.waitForEpochAck; Zab §4.1";

    /// A promise must outlive the crash of the one who gave it.
    accepted_epoch_first ACCEPTED_EPOCH_FIRST
    "the accepted epoch is on disk before a server answers for it",
    "Zab §4.1, Phase 1; Learner.registerWithLeader";

    /// Two leaders that propose one epoch must not both count the same server.
    accept_epoch_once ACCEPT_EPOCH_ONCE
    "a server that had accepted the epoch before answers it, but promises nothing anew",
    "Learner.registerWithLeader";

    /// The paper and `ZooKeeper` leave a server out that once accepted a higher epoch than the established one, until something else ends that epoch.
    yield_to_higher_epoch YIELD_TO_HIGHER_EPOCH
    "a leader makes way for a new epoch when a member comes that has accepted a higher one",
    "this implementation; left open by Zab §4";

    /// What a quorum has acknowledged must survive the crash of that quorum.
    sync_before_ack SYNC_BEFORE_ACK
    "a transaction is on disk before it is acknowledged",
    "Zab §4.1, Phase 3; SyncRequestProcessor";

    /// The state in memory may lag behind the log.
    replay_log_before_election REPLAY_LOG_BEFORE_ELECTION
    "a server that looks for a leader first applies what its log holds beyond its state",
    "ZOOKEEPER-2845";

    /// A snapshot in memory that never reached the disk is no base for a diff.
    discard_interrupted_snapshot DISCARD_INTERRUPTED_SNAPSHOT
    "a server whose synchronisation by SNAP broke off starts again from its disk",
    "ZOOKEEPER-3642";

    /// Transactions applied after a truncation were meant for a snapshot that was never taken.
    discard_interrupted_truncation DISCARD_INTERRUPTED_TRUNCATION
    "a server whose synchronisation by TRUNC broke off starts again from its disk",
    "ZOOKEEPER-5094";

    /// Who gets NEWLEADER takes what it has for the whole history.
    newleader_after_payload NEWLEADER_AFTER_PAYLOAD
    "NEWLEADER is sent after all that the learner lacks",
    "ZOOKEEPER-3104";

    /// The acknowledgement of NEWLEADER vouches for the whole initial history.
    log_before_newleader_ack LOG_BEFORE_NEWLEADER_ACK
    "a learner writes the transactions of a DIFF before it acknowledges NEWLEADER",
    "ZOOKEEPER-3911, ZOOKEEPER-3023";

    /// What was handed to the disk is not yet on it.
    fsync_before_newleader_ack FSYNC_BEFORE_NEWLEADER_ACK
    "a learner acknowledges NEWLEADER when its disk has confirmed the history",
    "ZOOKEEPER-4646, ZOOKEEPER-4685, ZOOKEEPER-4785";

    /// A current epoch with a short log would win elections against complete ones.
    epoch_after_transactions EPOCH_AFTER_TRANSACTIONS
    "a learner writes the current epoch after the history that belongs to it",
    "ZOOKEEPER-4643";

    /// A COMMIT may come right after NEWLEADER was acknowledged.
    keep_uncommitted_staged KEEP_UNCOMMITTED_STAGED
    "a learner that acknowledges NEWLEADER applies only what is committed and keeps the rest for its COMMIT",
    "ZOOKEEPER-4394";

    /// A hole in one server's committed log becomes a hole in the history of whoever learns from it.
    contiguous_committed_log CONTIGUOUS_COMMITTED_LOG
    "a committed log has no holes, and no learner takes a transaction that does not follow its last",
    "ZOOKEEPER-4925";

    /// A log writer that outlives its role writes into the history of the next.
    full_stop_on_step_down FULL_STOP_ON_STEP_DOWN
    "a server that leaves its role writes out what it has accepted before anything else",
    "ZOOKEEPER-4712";

    /// A follower that comes back to the same leader is cut back to what is committed, while its
    /// acknowledgements of what it loses by that still count.
    retract_lost_acks RETRACT_LOST_ACKS
    "a leader that has a follower cut its log, or replaces it, takes back what the follower had acknowledged of it",
    "this implementation; ZooKeeper's LearnerHandler keeps the acknowledgements";

    /// What a leader has committed and not yet applied is missing from its committed log.
    cut_only_uncommitted CUT_ONLY_UNCOMMITTED
    "a leader has a learner cut only what is not committed, applied or not",
    "this implementation; ZooKeeper's LearnerHandler cuts back to maxCommittedLog";

    /// The members before and after may have no server in common.
    old_and_new_quorum OLD_AND_NEW_QUORUM
    "a reconfiguration, and all after it, is committed by a quorum of the old members and one of the new",
    "Shraer et al., Dynamic Reconfiguration of Primary/Backup Clusters, §3; Leader.Proposal";
}
