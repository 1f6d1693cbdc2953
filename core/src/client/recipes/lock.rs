//! A lock without a herd: fair, and whoever lets go wakes one.

/// What stands in the names of those who want the lock.
pub(super) const WORD: &str = "-lock-";

/// The recipe (ZooKeeper, Recipes, Locks).
pub(super) const STEPS: [&str; 6] = [
    "create an ephemeral sequential znode below the lock",
    "list the children of the lock, without a watch",
    "with the lowest number, hold the lock",
    "else ask whether the znode with the next lower number exists, with a watch",
    "if it does, wait until it is gone; then list again",
    "unlock: delete the own znode",
];
