//! The follower: what it takes in, what it refuses, and when it says so.

use super::*;

#[test]
fn entries_are_acknowledged_only_when_they_are_durable() {
    for (rules, at_once) in [(Rules::default(), false), (off("sync_before_reply"), true)] {
        let mut solo = Solo::boot(3, disk(1, &[1]), rules);
        solo.receive(s(2), append(1, (1, 1), &[1, 1], 0));
        assert_eq!(!solo.sent().is_empty(), at_once);
        if !at_once {
            let (token, _) = solo.writes()[0];
            solo.input(Input::Stored(token));
            assert_eq!(accepted(&solo.sent()[0]), Some(3));
        }
    }
}

#[test]
fn gotcha_14_the_term_is_handed_to_the_disk_before_entries_of_it() {
    let mut solo = Solo::boot(3, disk(1, &[1]), Rules::default());
    solo.receive(s(2), append(3, (1, 1), &[3], 0));
    let writes = solo.writes();
    assert!(matches!(writes[0].1, Write::HardState(hard) if hard.term == Term::new(3)));
    assert!(matches!(writes[1].1, Write::Append { .. }));
}

#[test]
fn a_heartbeat_is_answered_while_later_entries_wait_for_the_disk() {
    let mut solo = Solo::boot(3, disk(1, &[1]), Rules::default());
    solo.receive(s(2), append(1, (1, 1), &[1], 0));
    assert_eq!(solo.sent(), []);
    solo.receive(s(2), append(1, (1, 1), &[], 0));
    assert_eq!(accepted(&solo.sent()[0]), Some(1));
}

#[test]
fn a_heartbeat_that_asks_after_entries_which_wait_for_the_disk_is_answered_by_what_is_on_it() {
    for (rules, through) in [(Rules::default(), 1), (off("sync_before_reply"), 3)] {
        let mut solo = Solo::boot(3, disk(1, &[1]), rules);
        solo.receive(s(2), append(1, (1, 1), &[1, 1], 0));
        solo.receive(s(2), append(1, (3, 1), &[], 0));
        assert_eq!(accepted(solo.sent().last().unwrap()), Some(through));
    }
}

/// etcd's `async_storage_writes_append_aba_race`, as a follower sees it.
#[test]
fn gotcha_13_a_late_disk_confirmation_never_acknowledges_what_replaced_the_entries() {
    let mut solo = Solo::boot(3, disk(1, &[1]), Rules::default());
    solo.receive(s(2), append(1, (1, 1), &[1, 1], 0));
    let (old, _) = solo.writes()[0];
    solo.receive(s(3), append(2, (1, 1), &[2, 2], 0));
    let new = solo.writes().last().unwrap().0;
    solo.input(Input::Stored(old));
    assert_eq!(solo.replica.durable_index(), Index::new(1));
    // What goes out is the answer to the leader of term 1, still of that term.
    assert_eq!(solo.sent().len(), 1);
    assert_eq!(solo.sent()[0].term(), Term::new(1));
    solo.input(Input::Stored(new));
    assert_eq!(solo.replica.durable_index(), Index::new(3));
    assert_eq!(accepted(&solo.sent()[0]), Some(3));
    assert_eq!(solo.sent()[0].term(), Term::new(2));
}

/// openraft 9540c904: deleting everything after `prev` lost committed entries.
#[test]
fn gotcha_12_a_late_message_does_not_delete_the_entries_that_came_after_it() {
    for message in [append(1, (1, 1), &[1], 0), append(1, (1, 1), &[], 0)] {
        let mut solo = Solo::boot(3, disk(1, &[1, 1, 1, 1]), Rules::default());
        solo.receive(s(2), message.clone());
        assert_eq!(terms_of(solo.replica.log()), [1, 1, 1, 1]);
        assert_eq!(solo.writes(), []);

        let rules = off("truncate_only_on_conflict");
        let mut solo = Solo::boot(3, disk(1, &[1, 1, 1, 1]), rules);
        solo.receive(s(2), message);
        assert!(solo.replica.log().last_index() < Index::new(4));
    }
}

#[test]
fn a_conflict_deletes_from_the_first_differing_entry_on() {
    let mut solo = Solo::boot(3, disk(2, &[1, 1, 2, 2]), Rules::default());
    solo.receive(s(2), append(3, (1, 1), &[1, 3], 0));
    assert_eq!(terms_of(solo.replica.log()), [1, 1, 3]);
    let writes: Vec<_> = solo.writes().into_iter().map(|(_, write)| write).collect();
    let from = Index::new(3);
    assert_eq!(writes[1], Write::Truncate { from });
    let entries = vec![entry(3, 3, 3)];
    assert_eq!(writes[2], Write::Append { entries });
}

#[test]
fn gotcha_12_a_message_from_below_the_commit_index_is_answered_with_the_commit_index() {
    let mut solo = Solo::boot(3, disk(1, &[1, 1, 1]), Rules::default());
    solo.receive(s(2), append(1, (3, 1), &[], 3));
    assert_eq!(solo.replica.commit_index(), Index::new(3));
    solo.receive(s(2), append(1, (1, 1), &[1], 1));
    assert_eq!(accepted(&solo.sent()[0]), Some(3));
    assert_eq!(solo.replica.commit_index(), Index::new(3));
}

#[test]
fn the_commit_index_stays_within_what_the_leader_vouched_for_unless_the_rule_is_off() {
    let committed = |rules| {
        // Entries 2 and 3 are leftovers; the leader of term 3 has others there.
        let mut solo = Solo::boot(3, disk(2, &[1, 2, 2]), rules);
        solo.receive(s(2), append(3, (1, 1), &[], 3));
        solo.replica.commit_index().number()
    };
    assert_eq!(committed(Rules::default()), 1);
    assert_eq!(committed(off("commit_bound_by_new_entries")), 3);
}

#[test]
fn a_gap_is_refused_with_a_hint_that_skips_later_terms() {
    let mut solo = Solo::boot(3, disk(3, &[1, 1, 2, 3, 3]), Rules::default());
    let mut hint = |prev| {
        solo.receive(s(2), append(9, prev, &[9], 0));
        solo.store_all_if_held();
        match solo.sent()[0] {
            Message::AppendEntriesReply {
                outcome:
                    AppendOutcome::Rejected {
                        prev_index,
                        hint_index,
                        hint_term,
                    },
                ..
            } => (prev_index.number(), hint_index.number(), hint_term.number()),
            ref other => panic!("{other:?}"),
        }
    };
    assert_eq!(hint((9, 9)), (9, 5, 3));
    assert_eq!(hint((9, 2)), (9, 3, 2));
    assert_eq!(hint((4, 1)), (4, 2, 1));
}

#[test]
fn the_same_message_twice_changes_nothing_the_second_time() {
    let mut solo = Solo::boot(3, disk(1, &[1]), Rules::default());
    let message = append(2, (1, 1), &[2, 2], 1);
    solo.receive(s(2), message.clone());
    solo.store_all();
    let before = solo.replica.clone();
    solo.receive(s(2), message);
    assert_eq!(solo.writes(), []);
    assert_eq!(accepted(&solo.sent()[0]), Some(3));
    assert_eq!(solo.replica.log(), before.log());
    assert_eq!(solo.replica.commit_index(), before.commit_index());
}
