//! Stories: phase after phase, on a bench where nothing happens by itself.

use super::testing::{Bench, ledger, s, z};
use super::*;

#[test]
fn three_new_servers_elect_the_highest_id_and_replicate() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    assert_eq!(leader, s(3));
    let zxid = bench.propose(leader, z(1, 1).number()).unwrap();
    assert_eq!(zxid, z(1, 1));
    bench.settle();
    for id in bench.ids() {
        assert!(bench.at(id).is_serving(), "{id}");
        assert_eq!(*bench.at(id).database(), ledger(&[(1, 1)]), "{id}");
        assert_eq!(bench.at(id).current_epoch(), Epoch::new(1));
    }
    assert_eq!(bench.invariants.violation, None);
}
