//! What a snapshot and who takes part, who leads, and what is read have to do with each other.

use super::*;

/// S1 leads the voters S1, S2 and S3, with S4 at hand; what is committed leaves every log at once.
fn with_a_spare() -> Bench {
    let mut bench = Bench::with_spares(vec![disk(0, &[]); 4], 3, Rules::default());
    bench.settings.snapshot_keep = 0;
    bench.settings.snapshot_chunk = 16;
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    bench.elect(s(1));
    bench
}

fn change(bench: &mut Bench, voters: &[u16]) {
    let asked = bench.reconfigure(s(1), voters, &[], Transition::AsNeeded);
    asked.unwrap();
    bench.settle();
    beat(bench, 2);
}

/// Gotcha 21: async-raft lost its members with the second compaction (dba24036).
#[test]
fn gotcha_21_the_configuration_survives_two_compactions_a_crash_and_an_install() {
    let mut bench = with_a_spare();
    change(&mut bench, &[1, 2]);
    for command in 0..2 {
        bench.propose(s(1), command).unwrap();
        bench.settle();
        bench.compact(s(1)).unwrap();
    }
    assert_eq!(bench.at(s(1)).log().configurations().count(), 0);
    bench.crash(s(1), 9);
    bench.restart(s(1));
    assert_eq!(bench.goes_by(s(1)), "S1 S2");
    bench.elect(s(1));
    assert_eq!(bench.at(s(1)).term(), Term::new(2));
    bench.propose(s(1), 2).unwrap();
    bench.settle();
    bench.compact(s(1)).unwrap();
    // S4 has never seen an entry that says who takes part.
    change(&mut bench, &[1, 2, 4]);
    assert_eq!(installed(&bench, s(4)), 1);
    assert_eq!(bench.goes_by(s(4)), "S1 S2 S4");
    assert_eq!(bench.violation, None);
}

/// Gotcha 21: "load snapshot's cluster configuration" (Raft, Figure 13), and fall back to it
/// when an entry that came after it is deleted.
#[test]
fn gotcha_21_a_server_falls_back_to_the_configuration_that_came_with_a_snapshot() {
    let mut bench = with_a_spare();
    change(&mut bench, &[1, 2, 3, 4]);
    bench.crash(s(4), 9);
    change(&mut bench, &[1, 2, 4]);
    bench.propose(s(1), 1).unwrap();
    bench.settle();
    bench.compact(s(1)).unwrap();
    bench.restart(s(4));
    assert_eq!(bench.goes_by(s(4)), "S1 S2 S3 S4");
    beat(&mut bench, 3);
    assert_eq!(bench.goes_by(s(4)), "S1 S2 S4");
    let through = bench.at(s(4)).log().last_index();
    assert_eq!(bench.at(s(4)).configured_at(), through);
    // S4 alone hears of the next configuration, and its entry is replaced.
    bench.cut.insert((s(1), s(2)));
    bench
        .reconfigure(s(1), &[1, 4], &[], Transition::AsNeeded)
        .unwrap();
    bench.settle_where(|letter| letter.to == s(4));
    bench.mail.clear();
    assert_eq!(bench.goes_by(s(4)), "S1 S4");
    let term = Term::new(9);
    let message = Message::AppendEntries {
        term,
        prev_index: through,
        prev_term: Term::new(1),
        entries: vec![entry(9, through.next().number(), 7)],
        commit: Index::ZERO,
        round: 0,
    };
    bench.input(
        s(4),
        Input::Message {
            from: s(2),
            message,
        },
    );
    assert_eq!(bench.goes_by(s(4)), "S1 S2 S4");
}

#[test]
fn a_follower_that_leaves_is_sent_no_more_of_a_snapshot() {
    let mut bench = lagging(10, 0);
    bench.heal();
    bench.beat(s(1));
    bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
    assert_eq!(state_of(&bench, s(3)), ProgressState::Snapshot);
    bench.mail.clear();
    bench.isolate(s(3));
    change(&mut bench, &[1, 2]);
    assert_eq!(bench.at(s(1)).progress(s(3)), None);
    assert_eq!(bench.at(s(1)).transfers.len(), 0);
    change(&mut bench, &[1, 2, 3]);
    bench.heal();
    beat(&mut bench, 3);
    assert_caught_up(&bench);
}

#[test]
fn a_read_waits_for_the_snapshot_that_brings_what_it_must_see() {
    let mut bench = lagging(10, 0);
    bench.heal();
    bench.beat(s(1));
    let is_chunk = |letter: &Letter| letter.message.kind() == MessageKind::InstallSnapshot;
    bench.settle_where(|letter| !is_chunk(letter));
    let read = bench.read(s(3));
    bench.settle_where(|letter| !is_chunk(letter));
    assert_eq!(bench.at(s(3)).pending_reads(), 1);
    assert!(!bench.served_reads.contains_key(&read));
    beat(&mut bench, 2);
    assert_eq!(installed(&bench, s(3)), 1);
    assert_eq!(bench.served_reads.get(&read), Some(&s(3)));
    assert_eq!(bench.violation, None);
}

#[test]
fn a_transfer_waits_for_the_snapshot_and_ends_with_an_election_timeout() {
    let mut bench = lagging(10, 0);
    bench.heal();
    bench.input(s(1), Input::Transfer { to: s(3) });
    assert_eq!(bench.at(s(1)).transfer_target(), Some(s(3)));
    bench.beat(s(1));
    bench.settle_where(|letter| letter.message.kind() != MessageKind::InstallSnapshot);
    assert_eq!(state_of(&bench, s(3)), ProgressState::Snapshot);
    let refused = bench.propose(s(1), 99);
    assert_eq!(refused, Err(ProposeError::Transferring { to: s(3) }));
    beat(&mut bench, 2);
    assert_eq!(installed(&bench, s(3)), 1);
    assert_eq!(bench.at(s(3)).role(), Role::Leader);

    let mut bench = lagging(10, 0);
    bench.input(s(1), Input::Transfer { to: s(3) });
    bench.now += bench.settings.election_timeout.0;
    beat(&mut bench, 1);
    assert_eq!(bench.at(s(1)).transfer_target(), None);
    bench.propose(s(1), 99).unwrap();
}
