//! Snapshots taken, sent and installed; windows full of what was lost.

mod ending;
mod flow;
mod sending;
mod taking;
mod with_the_rest;

use super::testing::{Bench, Letter, disk, entry, s, terms_of};
use super::*;

fn index(number: u64) -> Index {
    Index::new(number)
}

/// S1 leads, S3 has missed everything, `commands` commands among it, and S1's log begins after them
/// but `keep`.
fn lagging(commands: u64, keep: u64) -> Bench {
    let mut bench = Bench::new(3);
    bench.settings.snapshot_keep = keep;
    bench.settings.snapshot_chunk = 16;
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    bench.isolate(s(3));
    bench.elect(s(1));
    for command in 1..=commands {
        bench.propose(s(1), command).unwrap();
        bench.settle();
    }
    bench.compact(s(1)).unwrap();
    bench
}

/// The first chunk is lost, and the next leaves for a disk that writes when it is told to.
fn first_chunk_again(bench: &mut Bench) {
    bench.heal();
    bench.beat(s(1));
    bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
    bench.instant_disks = false;
    beat(bench, 2);
}

/// The bytes at which chunks in the mail begin.
fn chunks(bench: &Bench) -> Vec<u64> {
    let offset = |letter: &Letter| match letter.message {
        Message::InstallSnapshot { offset, .. } => Some(offset),
        _ => None,
    };
    bench.mail.iter().filter_map(offset).collect()
}

fn installed(bench: &Bench, id: ServerId) -> usize {
    let facts = bench.told(id, |fact| match fact {
        RaftFact::Snapshot(SnapshotFact::Installed { .. }) => Some(()),
        _ => None,
    });
    facts.len()
}

fn state_of(bench: &Bench, follower: ServerId) -> ProgressState {
    bench.at(s(1)).progress(follower).unwrap().state()
}

/// Heartbeats, and all that follows from them.
fn beat(bench: &mut Bench, times: usize) {
    for _ in 0..times {
        bench.beat(s(1));
        bench.settle();
    }
}

fn assert_caught_up(bench: &Bench) {
    assert_eq!(bench.violation, None);
    for id in bench.members() {
        let (own, first) = (&bench.machines[id.position()], &bench.machines[0]);
        assert_eq!(own.state, first.state, "{id}");
        assert_eq!(bench.at(*id).commit_index(), bench.at(s(1)).commit_index());
    }
    assert_eq!(state_of(bench, s(3)), ProgressState::Replicate);
}
