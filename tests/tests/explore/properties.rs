//! What must hold in every state: the safety properties of Raft's Figure 3 that a state with a
//! little memory can show.

use quorumscope_core::raft::{Index, Log, Role};

use crate::cluster::{Cluster, Command, Machine};
use quorumscope_tests::shared::Shared;

/// A property, and how a state breaks it.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    /// What clashes, if something does.
    pub(crate) clash: fn(&Cluster) -> Option<String>,
}

pub(crate) const PROPERTIES: [Property; 4] = [
    Property {
        name: "election safety",
        clash: two_leaders_in_a_term,
    },
    Property {
        name: "log matching",
        clash: logs_that_agree_only_later,
    },
    Property {
        name: "leader completeness",
        clash: leader_without_a_committed_entry,
    },
    Property {
        name: "state machine safety",
        clash: different_entries_committed,
    },
];

/// "At most one leader can be elected in a given term" (Raft, Figure 3).
fn two_leaders_in_a_term(cluster: &Cluster) -> Option<String> {
    let mut leaders = cluster.leaders.iter();
    let mut before = leaders.next()?;
    for leader in leaders {
        if leader.0 == before.0 {
            let (term, one) = before;
            return Some(format!("{one} and {} both lead term {term}", leader.1));
        }
        before = leader;
    }
    None
}

/// "If two logs contain an entry with the same index and term, then the logs are identical in all
/// entries up through the given index" (Raft, Figure 3).
fn logs_that_agree_only_later(cluster: &Cluster) -> Option<String> {
    let [one, two, three] = &cluster.machines;
    [(one, two), (one, three), (two, three)]
        .into_iter()
        .find_map(|(a, b)| {
            let index = differ_before_they_agree(a.replica.log(), b.replica.log())?;
            let (a, b) = (a.replica.id(), b.replica.id());
            Some(format!(
                "the logs of {a} and {b} agree in a later entry and differ in entry {index}"
            ))
        })
}

fn differ_before_they_agree(a: &Log<Command>, b: &Log<Command>) -> Option<Index> {
    let last = a.last_index().min(b.last_index()).number();
    (1..=last)
        .rev()
        .map(Index::new)
        .skip_while(|index| a.term_at(*index) != b.term_at(*index))
        .find(|index| a.get(*index) != b.get(*index))
}

/// "If a log entry is committed in a given term, then that entry will be present in the logs of
/// the leaders for all higher-numbered terms" (Raft, Figure 3).
fn leader_without_a_committed_entry(cluster: &Cluster) -> Option<String> {
    cluster.machines.iter().find_map(|machine| {
        let replica = &machine.replica;
        if replica.role() != Role::Leader {
            return None;
        }
        let missing = cluster.committed.values().find(|commitment| {
            commitment.term < replica.term()
                && replica.log().get(commitment.entry.index) != Some(&commitment.entry)
        })?;
        Some(format!(
            "{} leads term {} without {}, which was committed in term {}",
            replica.id(),
            replica.term(),
            missing.entry.position(),
            missing.term
        ))
    })
}

/// "If a server has applied a log entry at a given index to its state machine, no other server
/// will ever apply a different log entry for the same index" (Raft, Figure 3).
fn different_entries_committed(cluster: &Cluster) -> Option<String> {
    let differs = |machine: &Shared<Machine>| {
        let replica = &machine.replica;
        let committed = replica.log().range(Index::ZERO, replica.commit_index());
        committed
            .filter_map(|mine| Some((mine, &cluster.committed.get(&mine.index)?.entry)))
            .find(|(mine, first)| mine != first)
            .map(|(mine, first)| {
                format!(
                    "{} takes {} for committed, and {} was",
                    replica.id(),
                    mine.position(),
                    first.position()
                )
            })
    };
    cluster.machines.iter().find_map(differs)
}
