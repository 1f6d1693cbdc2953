//! Discovery, synchronisation and broadcast as one server sees them, rule by rule.

use super::election_tests::{alone, tell, vote};
use super::testing::{Bench, disk, entry, ledger, s, three, voters, z};
use super::testing_wires::{Wire, WireId};
use super::*;
use crate::time::Duration;
use crate::zookeeper::SessionId;

/// A connection of which only this server's end is on the bench.
fn connect(bench: &mut Bench, learner: u16, leader: u16) {
    let wire = Wire {
        up: [true; 2],
        ..Wire::default()
    };
    let ends = [s(learner), s(leader)];
    let elects = false;
    bench.wires.insert(WireId { elects, ends }, wire);
    let (peer, channel) = if learner == 1 {
        (s(leader), Channel::ToLeader)
    } else {
        (s(learner), Channel::ToLearner)
    };
    bench.input(s(1), Input::ConnectionUp { peer, channel });
}

/// S1 alone, registered with S3, its leader; its disk writes when told to.
fn registered(disk: Durable<u64>) -> Bench {
    let mut bench = alone(disk);
    let led = vote(3, 9, z(9, 9));
    tell(&mut bench, 2, led, 1, ServerState::Following);
    tell(&mut bench, 3, led, 1, ServerState::Leading);
    connect(&mut bench, 1, 3);
    bench.clear_records();
    bench.instant_disks = false;
    bench
}

/// S1 alone, elected by itself and S2, which has registered with it.
fn elected(disk: Durable<u64>) -> Bench {
    let led = vote(1, disk.current_epoch.number(), disk.last_zxid());
    let mut bench = alone(disk);
    bench.instant_disks = false;
    tell(&mut bench, 2, led, 1, ServerState::Looking);
    bench.ring(s(1), Timer::Finalize);
    assert_eq!(bench.at(s(1)).state(), ServerState::Leading);
    connect(&mut bench, 2, 1);
    bench
}

fn hear(bench: &mut Bench, messages: impl IntoIterator<Item = ToLearner<u64>>) {
    for message in messages {
        let (from, message) = (s(3), Message::ToLearner(message));
        bench.input(s(1), Input::Message { from, message });
    }
}

fn learner_says(bench: &mut Bench, from: u16, message: ToLeader<u64>) {
    let (from, message) = (s(from), Message::ToLeader(message));
    bench.input(s(1), Input::Message { from, message });
}

fn info(accepted: u32) -> ToLeader<u64> {
    ToLeader::Info {
        observer: false,
        accepted: Epoch::new(accepted),
        version: Zxid::ZERO,
    }
}

fn ack_epoch(current: Option<u32>, last: Zxid) -> ToLeader<u64> {
    ToLeader::AckEpoch {
        current: current.map(Epoch::new),
        last,
        base: Zxid::ZERO,
    }
}

fn leader_info(epoch: u32) -> ToLearner<u64> {
    let epoch = Epoch::new(epoch);
    ToLearner::LeaderInfo { epoch }
}

fn proposal(zxid: Zxid) -> ToLearner<u64> {
    let entry = entry(zxid);
    ToLearner::Proposal { entry }
}

fn new_leader(epoch: u32) -> ToLearner<u64> {
    ToLearner::NewLeader {
        epoch: Epoch::new(epoch),
        configuration: three().into(),
    }
}

fn up_to_date() -> ToLearner<u64> {
    ToLearner::UpToDate { designated: s(3) }
}

fn write_all(bench: &mut Bench) {
    while bench.write_one(s(1)) {}
}

/// What this server is looking for a leader for, if it is.
fn looks_because(bench: &Bench) -> Option<LookingReason> {
    let facts = bench.facts_of(s(1)).into_iter().rev();
    let mut reasons = facts.filter_map(|fact| match fact {
        ZabFact::ElectionStarted { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    let looks = bench.at(s(1)).state() == ServerState::Looking;
    reasons.next().filter(|_| looks)
}

/// The names of what the disk has yet to write.
fn unwritten(bench: &Bench) -> Vec<&'static str> {
    let writes = bench.machines[0].unwritten.iter();
    let names = writes.filter_map(|(_, write)| match write {
        Write::Snapshot { .. } => Some("snapshot"),
        Write::Append { .. } => Some("transactions"),
        Write::CurrentEpoch(_) => Some("current epoch"),
        _ => None,
    });
    names.collect()
}

#[test]
fn a_learner_acknowledges_an_epoch_when_its_promise_is_on_disk() {
    let mut bench = registered(disk(2, &[(2, 1)]));
    hear(&mut bench, [leader_info(3)]);
    assert_eq!(bench.kinds(s(1), s(3)), [""; 0]);
    write_all(&mut bench);
    let (_, _, sent) = bench.sent.last().unwrap();
    let expected = ToLeader::AckEpoch {
        current: Some(Epoch::new(2)),
        last: z(2, 1),
        base: Zxid::ZERO,
    };
    assert_eq!(*sent, Message::ToLeader(expected));
}

#[test]
fn a_learner_that_had_accepted_the_epoch_before_promises_nothing_anew() {
    let mut disk = disk(2, &[(2, 1)]);
    disk.accepted_epoch = Epoch::new(3);
    let mut bench = registered(disk);
    hear(&mut bench, [leader_info(3)]);
    let (_, _, sent) = bench.sent.last().unwrap();
    let none = matches!(
        sent,
        Message::ToLeader(ToLeader::AckEpoch { current: None, .. })
    );
    assert!(none, "{sent:?}");
}

#[test]
fn a_learner_leaves_a_leader_of_an_earlier_epoch_than_it_has_accepted() {
    let mut bench = registered(disk(2, &[(2, 1)]));
    hear(&mut bench, [leader_info(1)]);
    let reason = looks_because(&bench);
    assert!(
        matches!(reason, Some(LookingReason::LeaderInPast { .. })),
        "{reason:?}"
    );
}

#[test]
fn a_leader_tells_its_epoch_when_it_is_above_a_quorums_and_on_its_disk() {
    let mut bench = elected(disk(2, &[(2, 1)]));
    bench.clear_records();
    learner_says(&mut bench, 2, info(6));
    assert_eq!(bench.kinds(s(1), s(2)), [""; 0]);
    write_all(&mut bench);
    assert_eq!(bench.kinds(s(1), s(2)), ["LEADERINFO"]);
    assert_eq!(bench.at(s(1)).epoch(), Some(Epoch::new(7)));
}

/// S1 leads and has told S2 its epoch; S2 answers so.
fn promised(current: Option<u32>, last: Zxid) -> Bench {
    let mut bench = elected(disk(2, &[(2, 1)]));
    learner_says(&mut bench, 2, info(2));
    write_all(&mut bench);
    bench.clear_records();
    learner_says(&mut bench, 2, ack_epoch(current, last));
    write_all(&mut bench);
    bench
}

#[test]
fn a_leader_gives_up_if_a_follower_is_ahead_of_it() {
    for (current, last) in [(3, z(2, 1)), (2, z(2, 2))] {
        let bench = promised(Some(current), last);
        let reason = looks_because(&bench);
        assert!(
            matches!(reason, Some(LookingReason::FollowerAhead { .. })),
            "{reason:?}"
        );
    }
}

#[test]
fn no_leader_makes_way_for_who_is_ahead_without_a_vote() {
    let mut bench = elected(disk(2, &[(2, 1)]));
    connect(&mut bench, 4, 1);
    for learner in [2, 4] {
        learner_says(&mut bench, learner, info(2));
    }
    write_all(&mut bench);
    learner_says(&mut bench, 4, ack_epoch(Some(2), z(2, 2)));
    write_all(&mut bench);
    assert_eq!(bench.at(s(1)).phase(), Phase::Discovery);
    learner_says(&mut bench, 2, ack_epoch(Some(2), z(2, 1)));
    write_all(&mut bench);
    assert_eq!(bench.at(s(1)).phase(), Phase::Synchronisation);
    let cut = Some(SyncMode::Trunc);
    let learners = bench.at(s(1)).learners();
    let modes: Vec<_> = learners.map(|(id, mode, _)| (id, mode)).collect();
    assert_eq!(modes, [(s(2), Some(SyncMode::Diff)), (s(4), cut)]);
}

#[test]
fn an_old_promise_does_not_count_and_a_new_one_begins_the_epoch() {
    let old = promised(None, z(2, 1));
    assert_eq!(old.at(s(1)).phase(), Phase::Discovery);
    let new = promised(Some(2), z(2, 1));
    assert_eq!(new.at(s(1)).phase(), Phase::Synchronisation);
    assert_eq!(new.at(s(1)).current_epoch(), Epoch::new(3));
}

#[test]
fn a_learner_with_a_newer_configuration_is_refused() {
    let mut bench = elected(disk(2, &[(2, 1)]));
    let newer = ToLeader::Info {
        observer: false,
        accepted: Epoch::new(2),
        version: z(2, 1),
    };
    learner_says(&mut bench, 2, newer);
    assert_eq!(bench.at(s(1)).learners().count(), 0);
}

#[test]
fn a_leader_without_a_quorum_gives_up_after_init_limit() {
    let mut bench = elected(disk(2, &[(2, 1)]));
    bench.ring(s(1), Timer::Quorum);
    let phase = Phase::Discovery;
    let expected = LookingReason::NoQuorumInTime { phase };
    assert_eq!(looks_because(&bench), Some(expected));
}

/// S1 has accepted epoch 3, and is being brought up to date from ⟨2, 1⟩ by a DIFF.
fn syncing() -> Bench {
    let mut bench = registered(disk(2, &[(2, 1)]));
    hear(&mut bench, [leader_info(3)]);
    write_all(&mut bench);
    let last = z(2, 2);
    hear(&mut bench, [ToLearner::Diff { last }]);
    bench.clear_records();
    bench
}

#[test]
fn a_diff_is_on_disk_before_the_epoch_and_the_epoch_before_the_acknowledgement() {
    let mut bench = syncing();
    let zxid = z(2, 2);
    let commit = ToLearner::Commit { zxid };
    hear(&mut bench, [proposal(zxid), commit, new_leader(3)]);
    assert_eq!(unwritten(&bench), ["transactions", "current epoch"]);
    while bench.machines[0].unwritten.len() > 1 {
        bench.write_one(s(1));
        assert_eq!(bench.kinds(s(1), s(3)), [""; 0]);
    }
    bench.write_one(s(1));
    assert_eq!(bench.kinds(s(1), s(3)), ["ACK"]);
}

#[test]
fn a_snapshot_is_on_disk_before_the_epoch_with_all_that_was_committed_after_it() {
    let mut bench = registered(disk(2, &[(2, 1)]));
    hear(&mut bench, [leader_info(3)]);
    write_all(&mut bench);
    let zxid = z(2, 7);
    let state = ledger(&[(2, 7)]);
    let snap = [ToLearner::Snap { zxid }, ToLearner::SnapBody { state }];
    let commit = ToLearner::Commit { zxid: z(2, 8) };
    let rest = [proposal(z(2, 8)), commit, new_leader(3)];
    hear(&mut bench, snap.into_iter().chain(rest));
    assert_eq!(unwritten(&bench), ["snapshot", "current epoch"]);
    write_all(&mut bench);
    let restored = Database::restore(&bench.machines[0].disk, 0);
    assert_eq!(*restored.state(), ledger(&[(2, 7), (2, 8)]));
    assert_eq!(bench.kinds(s(1), s(3)), ["ACKEPOCH", "ACK"]);
}

#[test]
fn a_learner_refuses_a_transaction_that_does_not_follow_its_last() {
    let mut bench = syncing();
    hear(&mut bench, [proposal(z(2, 3))]);
    let reason = looks_because(&bench);
    assert!(
        matches!(reason, Some(LookingReason::IllegalMessage { .. })),
        "{reason:?}"
    );
}

#[test]
fn a_commit_right_after_newleader_finds_the_staged_proposal() {
    let mut bench = syncing();
    let zxid = z(3, 1);
    hear(&mut bench, [proposal(zxid), new_leader(3)]);
    write_all(&mut bench);
    assert_eq!(*bench.at(s(1)).database(), ledger(&[(2, 1)]));
    bench.invariants.overlooks = &["agreement", "prefix consistency"];
    hear(&mut bench, [ToLearner::Commit { zxid }, up_to_date()]);
    write_all(&mut bench);
    assert_eq!(*bench.at(s(1)).database(), ledger(&[(2, 1), (3, 1)]));
    assert_eq!(bench.at(s(1)).log().last(), zxid);
}

/// S1 follows S3 in epoch 3 and is up to date.
fn up_to_date_follower() -> Bench {
    let mut bench = syncing();
    hear(&mut bench, [new_leader(3), up_to_date()]);
    write_all(&mut bench);
    bench.clear_records();
    bench.invariants.overlooks = &["agreement", "prefix consistency"];
    bench
}

#[test]
fn a_follower_acknowledges_a_proposal_from_its_disk() {
    let mut bench = up_to_date_follower();
    hear(&mut bench, [proposal(z(3, 1))]);
    assert_eq!(bench.kinds(s(1), s(3)), [""; 0]);
    write_all(&mut bench);
    assert_eq!(bench.kinds(s(1), s(3)), ["ACK"]);
}

#[test]
fn a_commit_must_match_the_proposal_that_has_waited_longest() {
    let mut bench = up_to_date_follower();
    let zxid = z(3, 2);
    let commit = ToLearner::Commit { zxid };
    hear(&mut bench, [proposal(z(3, 1)), proposal(zxid), commit]);
    let reason = looks_because(&bench);
    assert!(
        matches!(reason, Some(LookingReason::IllegalMessage { .. })),
        "{reason:?}"
    );
}

#[test]
fn a_learner_gives_up_a_leader_that_is_silent() {
    let mut bench = up_to_date_follower();
    let limit = bench.timer(s(1), Timer::Silence).unwrap();
    assert_eq!(limit.since(bench.now), bench.settings.sync_time());
    bench.ring(s(1), Timer::Silence);
    let expected = LookingReason::LeaderSilent { leader: s(3) };
    assert_eq!(looks_because(&bench), Some(expected));
}

#[test]
fn a_leader_commits_in_the_order_of_zxids_and_counts_its_own_disk() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    bench.clear_records();
    bench.propose(leader, 1).unwrap();
    bench.propose(leader, 2).unwrap();
    let from = s(1);
    let ack = |zxid| Input::Message {
        from,
        message: Message::ToLeader(ToLeader::Ack { zxid }),
    };
    let committed = |bench: &Bench| {
        let facts = bench.facts_of(leader).into_iter();
        let zxids = facts.filter_map(|fact| match fact {
            ZabFact::Committed { zxid, .. } => Some(*zxid),
            _ => None,
        });
        zxids.collect::<Vec<_>>()
    };
    bench.input(leader, ack(z(1, 2)));
    assert_eq!(committed(&bench), []);
    bench.input(leader, ack(z(1, 1)));
    assert_eq!(committed(&bench), [z(1, 1), z(1, 2)]);
}

#[test]
fn an_epoch_ends_before_its_counter_overflows() {
    let settings = Settings {
        counter_limit: 3,
        ..Settings::default()
    };
    let disks = vec![Durable::new(voters(3)); 3];
    let mut bench = Bench::with(disks, Rules::default(), settings);
    let leader = bench.elect();
    assert_eq!(bench.propose(leader, 1), Ok(z(1, 1)));
    assert_eq!(bench.propose(leader, 2), Ok(z(1, 2)));
    let error = bench.propose(leader, 3);
    assert_eq!(error, Err(ProposeError::CounterExhausted));
    let leader = bench.elect();
    assert_eq!(bench.propose(leader, 3), Ok(z(2, 1)));
    bench.run_for(Duration::from_millis(1));
    assert_eq!(bench.invariants.violation, None);
    assert_eq!(bench.invariants.committed.len(), 3);
}

#[test]
fn a_sync_is_answered_at_once_or_with_the_commit_of_what_is_outstanding() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    let synced = |bench: &Bench| {
        let tags = bench.owners.iter().filter_map(|(_, output)| match output {
            Output::Synced { tag } => Some(*tag),
            _ => None,
        });
        tags.collect::<Vec<_>>()
    };
    let ask = |bench: &mut Bench, tag| {
        let sync = |replica: &mut Replica<u64>, _, out: &mut Vec<_>| replica.sync(tag, out);
        bench.act(leader, sync).unwrap().unwrap();
    };
    ask(&mut bench, 1);
    assert_eq!(synced(&bench), [1]);
    bench.propose(leader, 5).unwrap();
    ask(&mut bench, 2);
    assert_eq!(synced(&bench), [1]);
    bench.run_for(Duration::from_millis(1));
    assert_eq!(synced(&bench), [1, 2]);
}

#[test]
fn a_sync_that_was_asked_over_one_connection_is_not_answered_over_the_next() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    bench.propose(leader, 5).unwrap();
    let (from, message) = (s(1), Message::ToLeader(ToLeader::Sync { tag: 7 }));
    bench.input(leader, Input::Message { from, message });
    let (peer, channel) = (s(1), Channel::ToLearner);
    bench.input(leader, Input::ConnectionUp { peer, channel });
    bench.clear_records();
    bench.run_for(Duration::from_millis(1));
    assert!(!bench.kinds(leader, s(1)).contains(&"SYNC"));
}

#[test]
fn a_followers_request_is_prepared_by_the_leader_and_comes_back_as_a_commit() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    let request = |replica: &mut Replica<u64>, _, out: &mut Vec<_>| replica.request(42, out);
    bench.act(s(1), request).unwrap().unwrap();
    bench.run_for(Duration::from_millis(1));
    let prepared = Output::Prepare {
        origin: s(1),
        request: 42,
    };
    assert!(bench.owners.contains(&(leader, prepared)));
    assert_eq!(bench.at(s(1)).database().get(&z(1, 1)), Some(&42));
}

#[test]
fn pings_bring_touched_sessions_to_the_leader() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    let (session, timeout) = (SessionId::new(7), Duration::from_secs(1));
    bench.act(s(1), |replica, _, _| replica.touch(session, timeout));
    bench.run_for(Duration::from_millis(200));
    let touched = Output::Touched {
        sessions: vec![(session, timeout)],
    };
    let told = bench
        .owners
        .iter()
        .filter(|it| **it == (leader, touched.clone()));
    assert_eq!(told.count(), 1);
}

/// What came out of an owner's question about a session, at whom.
fn answers(bench: &Bench) -> Vec<(ServerId, bool)> {
    let answers = bench.owners.iter().filter_map(|(id, output)| match output {
        Output::Revalidated { valid, .. } => Some((*id, *valid)),
        _ => None,
    });
    answers.collect()
}

#[test]
fn a_session_that_moves_is_revalidated_by_the_leaders_owner() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    let (session, timeout) = (SessionId::new(7), Duration::from_secs(1));
    for (learner, valid) in [(s(1), true), (s(2), false), (leader, true)] {
        bench.clear_records();
        let ask = |replica: &mut Replica<u64>, _, out: &mut Vec<_>| {
            replica.revalidate(session, timeout, out)
        };
        bench.act(learner, ask).unwrap().unwrap();
        bench.run_for(Duration::from_millis(1));
        let question = Output::Revalidate {
            learner,
            session,
            timeout,
        };
        assert!(bench.owners.contains(&(leader, question)));
        assert_eq!(answers(&bench), [], "nobody but the owner knows");
        bench.act(leader, |replica, _, out| {
            replica.revalidated(learner, session, valid, out);
        });
        bench.run_for(Duration::from_millis(1));
        assert_eq!(answers(&bench), [(learner, valid)]);
    }
}

#[test]
fn a_session_is_not_revalidated_without_a_leader_nor_at_a_learner_that_is_gone() {
    let mut bench = alone(disk(0, &[]));
    let (session, timeout) = (SessionId::new(7), Duration::from_secs(1));
    let asked = bench.act(s(1), |replica, _, out| {
        replica.revalidate(session, timeout, out)
    });
    assert_eq!(asked, Some(Err(NotServing)));

    let mut bench = Bench::new(3);
    let leader = bench.elect();
    bench.crash(s(1), 0);
    bench.run_for(Duration::from_millis(1));
    bench.clear_records();
    bench.act(leader, |replica, _, out| {
        replica.revalidated(s(1), session, true, out);
    });
    assert_eq!(bench.kinds(leader, s(1)), [""; 0]);
}

#[test]
fn a_follower_that_owes_an_acknowledgement_for_sync_limit_is_dropped() {
    let mut bench = Bench::new(3);
    let leader = bench.elect();
    bench.run_for(Duration::from_secs(1));
    bench.clear_records();
    bench.instant_disks = false;
    let zxid = bench.propose(leader, 1).unwrap();
    bench.settle();
    for id in [leader, s(2)] {
        assert!(bench.write_one(id), "{id}");
    }
    bench.run_for(bench.settings.sync_time() + bench.settings.tick);
    let dropped = ZabFact::LearnerDropped {
        learner: s(1),
        reason: DropReason::TransactionTimeout { zxid },
    };
    assert!(bench.facts_of(leader).contains(&&dropped));
    assert_eq!(bench.leader(), Some(leader));
}

#[test]
fn a_leader_without_an_epoch_gives_up_when_a_quorum_of_voters_still_looks() {
    let settings = Settings {
        max_time_to_wait_for_epoch: Some(Duration::from_millis(100)),
        ..Settings::default()
    };
    let disks = vec![Durable::new(three())];
    let mut bench = Bench::stopped(disks, Rules::default(), settings);
    bench.restart(s(1));
    let mine = vote(1, 0, Zxid::ZERO);
    tell(&mut bench, 2, mine, 1, ServerState::Looking);
    bench.ring(s(1), Timer::Finalize);
    for from in [2, 3] {
        tell(&mut bench, from, mine, 2, ServerState::Looking);
    }
    assert!(bench.ring(s(1), Timer::GiveUp));
    let reason = looks_because(&bench);
    assert!(
        matches!(reason, Some(LookingReason::VotersLeft { .. })),
        "{reason:?}"
    );
}
