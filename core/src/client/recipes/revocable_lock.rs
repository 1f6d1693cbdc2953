//! A lock that its holder gives up when it is asked to.

/// What somebody writes into the holder's znode who wants the lock.
pub(super) const WISH: &str = "unlock";

/// The recipe (ZooKeeper, Recipes, Revocable Shared Locks): its holder need not consent; this one
/// does.
pub(super) const STEPS: [&str; 6] = [
    "create an ephemeral sequential znode below the lock",
    "list the children of the lock, without a watch",
    "with the lowest number, hold the lock, and read the own znode with a watch",
    "else ask whether the znode with the next lower number exists, with a watch",
    "if it does, wait until it is gone; then list again",
    "unlock, or \"unlock\" is written into the own znode: delete it",
];

/// The recipe for who reads.
pub(super) const READ_STEPS: [&str; 6] = [
    "create an ephemeral sequential znode with `read-` in its name below the lock",
    "list the children of the lock, without a watch",
    "with no `write-` of a lower number, hold the lock, and read the own znode with a watch",
    "else ask whether the `write-` with the next lower number exists, with a watch",
    "if it does, wait until it is gone; then list again",
    "unlock, or \"unlock\" is written into the own znode: delete it",
];

/// The recipe for who writes.
pub(super) const WRITE_STEPS: [&str; 6] = [
    "create an ephemeral sequential znode with `write-` in its name below the lock",
    "list the children of the lock, without a watch",
    "with the lowest number of all, hold the lock, and read the own znode with a watch",
    "else ask whether the znode with the next lower number exists, with a watch",
    "if it does, wait until it is gone; then list again",
    "unlock, or \"unlock\" is written into the own znode: delete it",
];
