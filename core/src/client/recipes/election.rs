//! One of several leads; when it is gone, the next does.

/// What stands in the names of the candidates.
pub(super) const WORD: &str = "-n_";

/// The recipe (ZooKeeper, Recipes, Leader Election).
pub(super) const STEPS: [&str; 6] = [
    "volunteer: create an ephemeral sequential znode below the election",
    "list the children of the election",
    "with the lowest number, lead",
    "else watch the znode with the next lower number, and no other",
    "if it is there, wait until it is gone; then list again",
    "resign: delete the own znode",
];
