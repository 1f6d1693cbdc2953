//! Taking a snapshot, and starting from one.

use super::*;

#[test]
fn a_snapshot_keeps_the_last_entries_in_the_log_and_survives_a_crash() {
    let mut bench = lagging(9, 3);
    let replica = bench.at(s(1));
    assert_eq!(replica.snapshot().unwrap().last.index, index(10));
    assert_eq!(replica.log().first_index(), index(8));
    bench.crash(s(1), 0);
    bench.restart(s(1));
    let replica = bench.at(s(1));
    assert_eq!(replica.commit_index(), index(10));
    assert_eq!(replica.log().first_index(), index(8));
    assert_eq!(bench.machines[0].state, (1..=9).collect::<Vec<_>>());
}

#[test]
fn a_crash_before_the_snapshot_is_written_leaves_the_whole_log() {
    let mut bench = lagging(4, 0);
    bench.instant_disks = false;
    bench.propose(s(1), 5).unwrap();
    while bench.write_one(s(1)) {}
    bench.settle();
    let before = bench.machines[1].disk.log.clone();
    bench.compact(s(2)).unwrap();
    assert_eq!(bench.at(s(2)).log().base().index, index(5));
    bench.crash(s(2), 0);
    bench.restart(s(2));
    assert_eq!(*bench.at(s(2)).log(), before);
}

#[test]
fn there_is_nothing_to_take_a_snapshot_of_twice() {
    let mut bench = Bench::new(1);
    assert_eq!(bench.compact(s(1)), Err(CompactError::NothingApplied));
    bench.elect(s(1));
    assert_eq!(bench.compact(s(1)), Ok(()));
    let error = bench.compact(s(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing was applied since the snapshot at entry 1"
    );
}

#[test]
fn a_snapshot_is_due_as_many_entries_after_the_last_as_the_setting_says() {
    let mut bench = lagging(4, 0);
    bench.settings.snapshot_every = 3;
    bench.restart(s(1));
    let due = |through| bench.at(s(1)).is_snapshot_due(index(through));
    assert_eq!([due(5), due(7), due(8)], [false, false, true]);
}

/// Gotcha 21.
#[test]
fn a_snapshot_carries_the_configuration_and_a_server_that_boots_from_it_goes_by_it() {
    let mut bench = lagging(3, 0);
    let expected = bench.at(s(1)).configuration().clone();
    let snapshot = bench.machines[0].disk.snapshot.clone().unwrap();
    assert_eq!(snapshot.configuration, expected);
    bench.heal();
    beat(&mut bench, 2);
    let disk = bench.machines[2].disk.clone();
    let mut out = Vec::new();
    let nobody = Configuration::new([], []);
    let (settings, rules) = (bench.settings, bench.rules);
    let replica = Replica::boot(
        s(3),
        nobody,
        settings,
        rules,
        disk,
        Time::ZERO,
        Bits(0),
        &mut out,
    );
    assert_eq!(*replica.configuration(), expected);
}
