//! Windows and limits: what a leader takes on and has on its way.

use super::*;

#[test]
fn bytes_in_flight_are_bounded_as_messages_are() {
    let mut bench = Bench::new(3);
    bench.settings.max_inflight_bytes = 50;
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    bench.elect(s(1));
    for command in 0..9 {
        bench.propose(s(1), command).unwrap();
    }
    // An entry takes 24 bytes: the third begins below the bound, and no fourth.
    assert_eq!(bench.at(s(1)).progress(s(2)).unwrap().inflight(), 3);
    bench.settle();
    assert_eq!(bench.at(s(2)).commit_index(), index(10));
}

/// etcd #14633 (`replicate_pause`): gotcha 18.
#[test]
fn gotcha_18_a_window_full_of_lost_messages_opens_again() {
    let mut bench = Bench::new(3);
    bench.settings.max_inflight_messages = 3;
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    bench.elect(s(1));
    bench.isolate(s(3));
    for command in 0..9 {
        bench.propose(s(1), command).unwrap();
    }
    bench.settle();
    assert_eq!(bench.at(s(1)).progress(s(3)).unwrap().inflight(), 3);
    bench.heal();
    beat(&mut bench, 2);
    assert_caught_up(&bench);
}

#[test]
fn a_leader_takes_on_only_so_much_that_is_not_committed_but_always_one_command() {
    let mut bench = Bench::new(3);
    bench.settings.max_uncommitted_bytes = 20;
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    bench.elect(s(1));
    bench.isolate(s(1));
    bench.propose(s(1), 1).unwrap();
    bench.propose(s(1), 2).unwrap();
    let refused = Err(ProposeError::TooMuchUncommitted {
        bytes: 16,
        limit: 20,
    });
    assert_eq!(bench.propose(s(1), 3), refused);
    bench.heal();
    beat(&mut bench, 3);
    bench.propose(s(1), 3).unwrap();
    bench.settings.max_uncommitted_bytes = 1;
    bench.restart(s(1));
    bench.elect(s(1));
    bench.propose(s(1), 4).unwrap();
}
