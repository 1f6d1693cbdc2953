//! What holds of random runs: whatever happens, the safety properties of Raft's Figure 3; and when
//! it stops, the cluster agrees.

use super::chaos::{CHANGES, Features, HASTY_CHANGES, start, wander, wander_while, wander_with};
use super::testing::{Bench, s};
use super::*;

/// Faults stop: everyone is up, disks and links work, timers run as they should.
fn calm_down(bench: &mut Bench) {
    bench.instant_disks = true;
    for id in bench.members().to_vec() {
        while bench.write_one(id) {}
        if !bench.is_up(id) {
            bench.restart(id);
        }
    }
    bench.settle();
    let members = bench.members().to_vec();
    for id in members.iter().cycle().take(4 * members.len()) {
        let latest = |bench: &Bench| members.iter().map(|id| bench.at(*id).term()).max();
        let leads = |bench: &Bench, id: ServerId| {
            bench.at(id).role() == Role::Leader && Some(bench.at(id).term()) == latest(bench)
        };
        if let Some(leader) = members.iter().copied().find(|id| leads(bench, *id)) {
            let _ = bench.propose(leader, u64::MAX);
            for _ in 0..4 {
                bench.beat(leader);
                bench.settle();
            }
            return;
        }
        bench.time_out(*id);
        bench.settle();
    }
    panic!("no leader");
}

/// Log Matching (Raft, Figure 3): two logs that agree in one entry agree in all before it.
fn assert_logs_match(bench: &Bench) {
    for a in bench.members() {
        for b in bench.members() {
            let (a, b) = (bench.at(*a).log(), bench.at(*b).log());
            let last = a.last_index().min(b.last_index());
            let first = a.first_index().max(b.first_index());
            let agree = (first.number()..=last.number()).rev().map(Index::new);
            let mut agree = agree.skip_while(|i| a.term_at(*i) != b.term_at(*i));
            assert!(agree.all(|i| a.get(i) == b.get(i)), "{a:?}\n{b:?}");
        }
    }
}

#[test]
fn no_order_of_messages_losses_and_crashes_breaks_safety_and_calm_brings_agreement() {
    for servers in [1, 2, 3, 4, 5] {
        for seed in 0..400 {
            let mut bench = wander(seed, servers, Rules::default(), 1_500);
            calm_down(&mut bench);
            assert_eq!(bench.violation, None, "{servers} servers, seed {seed}");
            assert_logs_match(&bench);
            let first = bench.at(s(1));
            for id in bench.members() {
                let replica = bench.at(*id);
                let (last, disk) = (first.log().last_position(), &bench.machines[id.position()]);
                let case = format!("{servers} servers, seed {seed}, {id}");
                assert_eq!(replica.log().last_position(), last, "{case}");
                assert_eq!(replica.commit_index(), last.index, "{case}");
                assert_eq!(disk.disk.log, *replica.log(), "{case}");
                assert_eq!(disk.disk.snapshot.as_deref(), replica.snapshot(), "{case}");
                assert_eq!(disk.state, bench.machines[0].state, "{case}");
            }
        }
    }
}

#[test]
fn random_runs_commit_something() {
    let commits = |seed| wander(seed, 3, Rules::default(), 1_500).committed.len();
    let total: usize = (0..20).map(commits).sum();
    assert!(total > 100, "{total}");
}

/// A reader may go on after a violation to see what else comes of it.
#[test]
fn a_cluster_that_broke_a_rule_goes_on_without_a_panic() {
    let mut all_off = Rules::default();
    for name in Rules::NAMES {
        let mut one_off = Rules::default();
        one_off.switch(name, false).unwrap();
        all_off.switch(name, false).unwrap();
        for seed in 0..50 {
            for features in [Features::NONE, CHANGES, HASTY_CHANGES] {
                wander_while(features, seed, 3, one_off, 2_000, |_| true);
            }
        }
    }
    for seed in 0..200 {
        for features in [Features::NONE, CHANGES] {
            wander_while(features, seed, 4, all_off, 2_000, |_| true);
        }
    }
}

/// What makes a rule matter.
fn features_of(rule: &str) -> Features {
    let lease = rule.contains("lease");
    Features {
        reads: lease || rule.starts_with("read_"),
        cuts: lease || rule.starts_with("read_"),
        time: lease,
        check_quorum: lease,
        lease_reads: lease,
        ..Features::NONE
    }
}

#[test]
fn no_change_of_membership_breaks_safety() {
    let (mut committed, mut changes) = (0, 0);
    for servers in [1, 2, 3] {
        for seed in 0..400 {
            let bench = wander_with(CHANGES, seed, servers, Rules::default(), 3_000);
            assert_eq!(bench.violation, None, "{servers} servers, seed {seed}");
            committed += bench.committed.len();
            let of_membership =
                |entry: &&Entry<u64>| matches!(entry.content, Content::Configuration(_));
            changes += bench.committed.values().filter(of_membership).count();
        }
    }
    assert!(committed > 10_000, "{committed}");
    assert!(changes > 1_000, "{changes}");
}

#[test]
fn each_rule_switched_off_is_missed_within_a_thousand_runs() {
    // No command is met twice on this bench; who would, is a client (`check::testing`).
    for name in Rules::NAMES
        .into_iter()
        .filter(|name| *name != "deduplicate")
    {
        let mut rules = Rules::default();
        rules.switch(name, false).unwrap();
        let (features, servers) = match name {
            "own_term_commit_before_change" => (HASTY_CHANGES, 4),
            "joint_majorities"
            | "one_change_at_a_time"
            | "configuration_at_append"
            | "snapshot_carries_configuration" => (CHANGES, 3),
            _ => (features_of(name), 3),
        };
        let goes_wrong = |seed: &u64| {
            let bench = if name == "lease_bounds_drift" {
                lose_the_leader_under_lease(*seed, rules)
            } else {
                wander_with(features, *seed, servers, rules, 3_000)
            };
            bench.violation.is_some()
        };
        let found = (0..1_000).find(goes_wrong);
        println!("{name}: missed at seed {found:?}");
        assert!(found.is_some(), "nothing goes wrong without {name}");
    }
}

/// A leader with a lease is cut off, with clocks that drift as far as is allowed for, and the
/// others elect one as soon as they may.
fn lose_the_leader_under_lease(seed: u64, rules: Rules) -> Bench {
    let features = Features {
        time: true,
        check_quorum: true,
        lease_reads: true,
        ..Features::NONE
    };
    let (mut bench, mut random) = start(features, seed, 3, rules);
    bench.now += Duration::from_millis(1_000);
    bench.elect(s(1));
    bench.beat(s(1));
    bench.settle();
    bench.isolate(s(1));
    for command in 0..400 {
        bench.now += Duration::from_micros(Bits(random.draw()).below(2_000));
        for id in [s(2), s(3)] {
            if bench.at(id).role() != Role::Leader {
                bench.time_out(id);
            }
            bench.settle();
            let _ = bench.propose(id, command);
            bench.settle();
        }
        bench.read(s(1));
        bench.settle();
    }
    assert!(
        bench.leaders.len() > 1,
        "seed {seed}: nobody else was elected"
    );
    bench
}

#[test]
fn no_lease_outlives_the_loyalty_it_rests_on_however_clocks_drift_within_the_bound() {
    let mut leased = 0;
    for seed in 0..200 {
        let bench = lose_the_leader_under_lease(seed, Rules::default());
        assert_eq!(bench.violation, None, "seed {seed}");
        leased += bench.served_reads.len();
    }
    assert!(
        leased > 1_000,
        "only {leased} reads were served under leases"
    );
}

/// With every rule on, whatever is in play.
#[test]
fn no_read_is_stale_in_any_combination_of_pre_vote_check_quorum_lease_and_operators() {
    let mut served = 0;
    for seed in 0..1_000 {
        let bit = |place: u64| seed >> place & 1 == 1;
        let features = Features {
            reads: true,
            cuts: true,
            time: true,
            operators: bit(0),
            pre_vote: bit(1),
            check_quorum: bit(2) || bit(3),
            lease_reads: bit(3),
            ..Features::NONE
        };
        let servers = 3 + (seed % 3) as u16;
        let bench = wander_with(features, seed, servers, Rules::default(), 1_500);
        assert_eq!(bench.violation, None, "seed {seed}");
        served += bench.served_reads.len();
    }
    assert!(served > 1_000, "only {served} reads were served");
}

/// Pre-vote, check-quorum and leases in every combination that can work: a lease needs
/// check-quorum.
const ELECTIONS: [[bool; 3]; 6] = [
    [false, false, false],
    [true, false, false],
    [false, true, false],
    [true, true, false],
    [false, true, true],
    [true, true, true],
];

/// How many of the longest election timeouts a cluster has to agree in once its faults have stopped.
const PATIENCE: u64 = 5;

/// A run with faults of every kind, which then stop: everyone is up, and links and disks work.
fn afflicted([pre_vote, check_quorum, lease_reads]: [bool; 3], seed: u64) -> Bench {
    let features = Features {
        reads: true,
        cuts: true,
        time: true,
        operators: true,
        pre_vote,
        check_quorum,
        lease_reads,
        ..Features::NONE
    };
    let servers = 2 + (seed % 4) as u16;
    let mut bench = wander_with(features, seed, servers, Rules::default(), 400);
    bench.heal();
    bench.instant_disks = true;
    for id in bench.members().to_vec() {
        while bench.write_one(id) {}
        if !bench.is_up(id) {
            bench.restart(id);
        }
    }
    bench.settle();
    bench
}

/// From here on, clocks run and timers ring as they are set, and nobody helps.
#[test]
fn after_faults_stop_a_leader_in_bounded_time_and_all_caught_up_in_every_combination_of_elections()
{
    for elections in ELECTIONS {
        let mut longest = Duration::ZERO;
        for seed in 0..1_000 {
            let mut bench = afflicted(elections, seed);
            let calm = bench.now;
            let limit = bench.settings.election_timeout.1 * PATIENCE;
            while !agrees(&mut bench) {
                let passed = bench.now.since(calm);
                assert!(passed < limit, "{elections:?}, seed {seed}: no agreement");
                bench.ring_next();
            }
            assert_eq!(bench.violation, None, "{elections:?}, seed {seed}");
            longest = longest.max(bench.now.since(calm));
        }
        println!("{elections:?}: all agree {longest} after the last fault, at the latest");
    }
}

/// Whether somebody leads, takes a command, and everyone has it committed, and every read of
/// before is served.
fn agrees(bench: &mut Bench) -> bool {
    let members = bench.members().to_vec();
    let latest = members.iter().map(|id| bench.at(*id).term()).max();
    let leads = |id: &ServerId| {
        let replica = bench.at(*id);
        replica.role() == Role::Leader && Some(replica.term()) == latest
    };
    let Some(leader) = members.iter().copied().find(leads) else {
        return false;
    };
    let Ok((_, index)) = bench.propose(leader, u64::MAX) else {
        return false;
    };
    bench.settle();
    members.iter().all(|id| {
        let replica = bench.at(*id);
        replica.commit_index() >= index && replica.pending_reads() == 0
    })
}

/// Gotcha 22: what Jepsen found in Redis-Raft (2020) was at the edges between snapshots, members,
/// reads and failovers. Here all of them meet, in every combination of elections.
#[test]
fn gotcha_22_snapshots_members_reads_and_failovers_at_once_lose_nothing_and_answer_nothing_stale() {
    let (mut served, mut changes, mut installed, mut leaders) = (0, 0, 0, 0);
    for seed in 0..600 {
        let [pre_vote, check_quorum, lease_reads] = ELECTIONS[seed as usize % ELECTIONS.len()];
        let features = Features {
            reads: true,
            cuts: true,
            time: true,
            operators: true,
            pre_vote,
            check_quorum,
            lease_reads,
            ..CHANGES
        };
        let bench = wander_with(features, seed, 3, Rules::default(), 2_500);
        assert_eq!(bench.violation, None, "seed {seed}");
        served += bench.served_reads.len();
        leaders += bench.leaders.len();
        let is_change = |entry: &&Entry<u64>| matches!(entry.content, Content::Configuration(_));
        changes += bench.committed.values().filter(is_change).count();
        let is_install = |(_, fact): &&(ServerId, RaftFact)| {
            matches!(fact, RaftFact::Snapshot(SnapshotFact::Installed { .. }))
        };
        installed += bench.facts.iter().filter(is_install).count();
    }
    let met =
        format!("{served} reads, {changes} changes, {installed} snapshots, {leaders} leaders");
    println!("{met}");
    assert!(
        served > 1_000 && changes > 400 && installed > 100 && leaders > 1_000,
        "{met}"
    );
}

/// Gotcha 16 (openraft #1802): a quorum that was kept up to date step by step committed what no
/// majority had. Whatever configuration a leader goes by, what it commits is counted again from
/// the disks (see `Bench::count_holders`).
#[test]
fn gotcha_16_what_a_leader_commits_is_on_the_disks_of_a_quorum_counted_from_nothing() {
    let mut joint = 0;
    for seed in 0..400 {
        let bench = wander_with(CHANGES, seed, 3, Rules::default(), 2_000);
        assert_eq!(bench.violation, None, "seed {seed}");
        let is_joint = |entry: &&Entry<u64>| match &entry.content {
            Content::Configuration(configuration) => configuration.is_joint(),
            _ => false,
        };
        joint += bench.committed.values().filter(is_joint).count();
    }
    assert!(
        joint > 100,
        "only {joint} joint configurations were committed"
    );
    let mut off = Rules::default();
    off.switch("joint_majorities", false).unwrap();
    let miscounted = |seed| wander_with(CHANGES, seed, 3, off, 2_000).violation;
    let found = (0..200)
        .find_map(miscounted)
        .expect("one half alone commits");
    assert!(found.contains("commits"), "{found}");
}
