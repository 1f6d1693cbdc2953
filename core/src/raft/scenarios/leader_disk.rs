//! The leader's own disk, which counts as one of those that store an entry.

use super::*;

#[test]
fn a_leader_commits_on_its_followers_disks_while_its_own_is_slow() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.instant_disks = false;
    bench.propose(s(1), 1).unwrap();
    let appends: Vec<_> = bench.mail.drain(..).collect();
    for letter in appends {
        bench.deliver(letter);
    }
    bench.write_one(s(2));
    bench.settle();
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(1), "S2 alone");
    bench.write_one(s(3));
    bench.settle();
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(2));
    assert_eq!(bench.at(s(1)).durable_index(), Index::new(1));
}

#[test]
fn gotcha_17_a_leader_counts_itself_once_its_own_disk_has_written() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.isolate(s(3));
    bench.instant_disks = false;
    bench.propose(s(1), 1).unwrap();
    bench.settle();
    bench.write_one(s(2));
    bench.settle();
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(1));
    bench.write_one(s(1));
    assert_eq!(bench.at(s(1)).commit_index(), Index::new(2));
}

/// The append ABA race, as a leader sees it: its disk confirms entries of an earlier
/// leadership, which have been replaced since.
#[test]
fn gotcha_13_a_leader_does_not_count_a_late_confirmation_of_entries_it_no_longer_has() {
    let mut solo = Solo::boot(2, disk(1, &[1]), Rules::default());
    solo.input(Input::Timer(Timer::Election));
    solo.store_all();
    let grant = |term| Message::RequestVoteReply {
        term: Term::new(term),
        granted: true,
    };
    solo.receive(s(2), grant(2));
    let (old, _) = solo.writes()[0];
    solo.receive(s(2), append(3, (1, 1), &[3], 0));
    solo.input(Input::Timer(Timer::Election));
    solo.input(Input::Stored(old));
    assert_eq!(solo.replica.durable_index(), Index::new(1));
    assert_eq!(solo.replica.log().last_index(), Index::new(2));
}

#[test]
fn a_restart_boots_from_what_was_written_and_nothing_else() {
    let mut bench = Bench::new(3);
    bench.elect(s(1));
    bench.instant_disks = false;
    for command in 0..3 {
        bench.propose(s(1), command).unwrap();
    }
    bench.crash(s(1), 2);
    bench.restart(s(1));
    let replica = bench.at(s(1));
    assert_eq!(replica.log().last_index(), Index::new(3));
    assert_eq!(replica.durable_index(), Index::new(3));
    assert_eq!(replica.term(), Term::new(1));
    assert_eq!(replica.voted_for(), Some(s(1)));
    assert_eq!(replica.commit_index(), Index::ZERO);
    assert_eq!(replica.role(), Role::Follower);
    assert_eq!(replica.leader(), None);
}
