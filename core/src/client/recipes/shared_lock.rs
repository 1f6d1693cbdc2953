//! A lock that many can hold to read, and one to write.

/// What stands in the names of those who read.
pub(super) const READ: &str = "-read-";

/// What stands in the names of those who write.
pub(super) const WRITE: &str = "-write-";

/// Whether a name is of one who writes.
pub(super) fn writes(name: &str) -> bool {
    name.contains(WRITE)
}

/// The recipe for who reads (ZooKeeper, Recipes, Shared Locks).
pub(super) const READ_STEPS: [&str; 6] = [
    "create an ephemeral sequential znode with `read-` in its name below the lock",
    "list the children of the lock, without a watch",
    "with no `write-` of a lower number, hold the lock with others who read",
    "else ask whether the `write-` with the next lower number exists, with a watch",
    "if it does, wait until it is gone; then list again",
    "unlock: delete the own znode",
];

/// The recipe for who writes.
pub(super) const WRITE_STEPS: [&str; 6] = [
    "create an ephemeral sequential znode with `write-` in its name below the lock",
    "list the children of the lock, without a watch",
    "with the lowest number of all, hold the lock alone",
    "else ask whether the znode with the next lower number exists, with a watch",
    "if it does, wait until it is gone; then list again",
    "unlock: delete the own znode",
];
