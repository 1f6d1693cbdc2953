//! Random runs: messages in any order, lost and doubled; disks that lag; crashes that lose what
//! was not written. Whatever happens, the safety properties of Raft's Figure 3 hold; and when it
//! stops, the cluster agrees.

use super::testing::{Bench, s};
use super::*;
use crate::random::{Random, Stream};

/// What a random run makes use of besides elections and replication.
// Each feature is a switch.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy)]
pub(super) struct Features {
    /// Linearizable reads, at any server.
    pub(super) reads: bool,
    /// Servers are cut off for a while.
    pub(super) cuts: bool,
    /// Time passes; and clocks drift, as far as the settings allow for.
    pub(super) time: bool,
    /// Transfers, forgotten leaders, priorities.
    pub(super) operators: bool,
    pub(super) pre_vote: bool,
    pub(super) check_quorum: bool,
    pub(super) lease_reads: bool,
    /// Servers that know of no cluster at first, and changes of membership.
    pub(super) spares: u16,
    /// Changes come in haste: every new leader begins one, and only one server hears of it.
    pub(super) hasty: bool,
}

impl Features {
    const NONE: Self = Self {
        spares: 0,
        hasty: false,
        reads: false,
        cuts: false,
        time: false,
        operators: false,
        pre_vote: false,
        check_quorum: false,
        lease_reads: false,
    };
}

/// Changes of every kind.
const CHANGES: Features = Features {
    spares: 2,
    hasty: false,
    ..Features::NONE
};

/// Changes by leaders that have just been elected.
const HASTY_CHANGES: Features = Features {
    spares: 1,
    hasty: true,
    ..Features::NONE
};

/// The drift that clocks are allowed in a run with time: enough to matter within it.
const DRIFT_PPM: u32 = 400_000;

/// One random run, up to the first violation.
fn wander(seed: u64, servers: u16, rules: Rules, steps: usize) -> Bench {
    wander_with(Features::NONE, seed, servers, rules, steps)
}

/// The same, with more features in play.
pub(super) fn wander_with(
    features: Features,
    seed: u64,
    servers: u16,
    rules: Rules,
    steps: usize,
) -> Bench {
    wander_while(features, seed, servers, rules, steps, |bench| {
        bench.violation.is_none()
    })
}

/// One random run, as long as `going` holds.
fn wander_while(
    features: Features,
    seed: u64,
    servers: u16,
    rules: Rules,
    steps: usize,
    going: impl Fn(&Bench) -> bool,
) -> Bench {
    let (bench, random) = start(features, seed, servers, rules);
    go_on(bench, random, features, steps, going)
}

fn start(features: Features, seed: u64, servers: u16, rules: Rules) -> (Bench, Random) {
    let mut random = Random::new(seed, Stream::Workload);
    let machines = servers + features.spares;
    let disks = vec![Durable::default(); machines.into()];
    let mut bench = Bench::with_spares(disks, servers.into(), rules);
    bench.instant_disks = false;
    bench.settings.catch_up_first = !features.hasty && seed.is_multiple_of(2);
    if features.hasty {
        bench.settings.membership = Membership::SingleServer;
    }
    bench.settings.max_entries_per_message = 1;
    bench.settings.max_inflight_messages = 3;
    bench.settings.snapshot_keep = seed % 3;
    bench.settings.snapshot_chunk = 20;
    bench.instant_disks = features.lease_reads;
    bench.settings.pre_vote = features.pre_vote;
    bench.settings.check_quorum = features.check_quorum;
    bench.settings.lease_reads = features.lease_reads;
    bench.settings.max_drift_ppm = DRIFT_PPM;
    if features.time {
        for drift in &mut bench.drift_ppm {
            let part = Bits(random.draw()).below(u64::from(2 * DRIFT_PPM) + 1);
            *drift = part as i32 - DRIFT_PPM as i32;
        }
    }
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    (bench, random)
}

/// Lets random things happen as long as `going` holds.
fn go_on(
    mut bench: Bench,
    mut random: Random,
    features: Features,
    steps: usize,
    going: impl Fn(&Bench) -> bool,
) -> Bench {
    let servers = bench.members().len() as u16;
    for step in 0..steps {
        if !going(&bench) {
            break;
        }
        let id = s(1 + Bits(random.draw()).below(servers.into()) as u16);
        let which = Bits(random.draw());
        if features.spares > 0 && Bits(random.draw()).below(50) == 0 {
            change_membership(&mut bench, id, which);
            continue;
        }
        let terms_led = bench.leaders.len();
        match Bits(random.draw()).below(1_000) {
            0..520 => take_letter(&mut bench, which, true, false),
            520..550 => take_letter(&mut bench, which, false, false),
            550..600 => take_letter(&mut bench, which, true, true),
            600..830 => {
                bench.write_one(id);
            }
            830..850 if bench.timer(id, Timer::Election).is_some() => bench.time_out(id),
            850..910 if bench.timer(id, Timer::Heartbeat).is_some() => bench.beat(id),
            910..960 if bench.is_up(id) => {
                let _ = bench.propose(id, step as u64);
            }
            960..965 if bench.is_up(id) => {
                let unwritten = bench.machines[id.position()].unwritten.len() as u64;
                bench.crash(id, which.below(unwritten + 1) as usize);
            }
            965..970 if bench.is_up(id) => {
                let _ = bench.compact(id);
            }
            970..1_000 if !bench.is_up(id) => bench.restart(id),
            _ => {}
        }
        if features.hasty && bench.leaders.len() > terms_led {
            hasten(&mut bench, Bits(random.draw()));
        }
        if features.time {
            bench.now += Duration::from_micros(Bits(random.draw()).below(400));
        }
        if features.cuts {
            match Bits(random.draw()).below(200) {
                0 => bench.isolate(id),
                1 => bench.heal(),
                _ => {}
            }
        }
        // A lease is short: whatever ends it must come soon.
        if features.lease_reads && Bits(random.draw()).below(20) == 0 {
            bench.time_out(id);
        }
        if features.reads && bench.is_up(id) && Bits(random.draw()).below(20) == 0 {
            bench.read(id);
        }
        if features.operators {
            let other = s(1 + Bits(random.draw()).below(servers.into()) as u16);
            match Bits(random.draw()).below(200) {
                0..4 => bench.input(id, Input::Transfer { to: other }),
                4 => bench.input(id, Input::ForgetLeader),
                5 => {
                    let priority = which.below(4) as u8;
                    bench.input(id, Input::SetPriority { priority });
                }
                _ => {}
            }
        }
    }
    bench
}

/// Asks a server, perhaps a leader, for another configuration: a voter or a learner more or less,
/// or any set of voters.
fn change_membership(bench: &mut Bench, id: ServerId, which: Bits) {
    if !bench.is_up(id) {
        return;
    }
    let now = bench.at(id).configuration().clone();
    let machines = bench.members().len() as u64;
    let choice = which.below(machines << 12);
    let toggled = s(1 + (choice >> 12) as u16);
    let numbers = |servers: &[ServerId]| -> Vec<u16> {
        servers.iter().map(|server| server.number()).collect()
    };
    let mut voters = numbers(now.voters());
    let mut learners = numbers(now.learners());
    let transition = [
        Transition::AsNeeded,
        Transition::AsNeeded,
        Transition::Joint,
        Transition::Explicit,
    ][(choice & 3) as usize];
    let toggle = |list: &mut Vec<u16>| match list.iter().position(|n| *n == toggled.number()) {
        Some(position) => drop(list.remove(position)),
        None => list.push(toggled.number()),
    };
    match choice >> 2 & 7 {
        0..4 => toggle(&mut voters),
        4 => toggle(&mut learners),
        5 => {
            let _ = bench.leave_joint(id);
            return;
        }
        _ => {
            let members = bench.members().iter().zip(0..);
            let drawn = members.filter(|(_, bit)| choice >> (5 + bit) & 1 == 1);
            voters = drawn.map(|(server, _)| server.number()).collect();
        }
    }
    learners.retain(|learner| !voters.contains(learner));
    let _ = bench.reconfigure(id, &voters, &learners, transition);
}

/// The new leader is heard by one server alone, and changes one voter at once.
fn hasten(bench: &mut Bench, which: Bits) {
    let Some((_, &leader)) = bench.leaders.last_key_value() else {
        return;
    };
    let machines = bench.members().len() as u64;
    let choice = which.below(machines * machines);
    let (friend, toggled) = (choice / machines, choice % machines);
    let friend = s(1 + friend as u16);
    bench.heal();
    for other in bench.members().to_vec() {
        if other != friend && other != leader {
            bench.cut.insert((leader, other));
        }
    }
    let voters = bench.at(leader).configuration().voters();
    let mut voters: Vec<u16> = voters.iter().map(|server| server.number()).collect();
    let toggled = 1 + toggled as u16;
    match voters.iter().position(|number| *number == toggled) {
        Some(position) => drop(voters.remove(position)),
        None => voters.push(toggled),
    }
    let _ = bench.reconfigure(leader, &voters, &[], Transition::AsNeeded);
}

/// Takes a letter out of the mail, or a copy, and delivers it or not.
fn take_letter(bench: &mut Bench, which: Bits, deliver: bool, copy: bool) {
    let position = which.below(bench.mail.len() as u64) as usize;
    let letter = if copy {
        bench.mail.get(position).cloned()
    } else {
        bench.mail.remove(position)
    };
    if let Some(letter) = letter.filter(|_| deliver) {
        bench.deliver(letter);
    }
}

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

/// Faults stop and clocks run on: timers ring as they are set. A lease needs check-quorum, so of
/// the eight combinations the two that have it alone run with both.
#[test]
fn a_leader_within_bounded_time_and_everyone_caught_up_with_pre_vote_check_quorum_and_lease() {
    for seed in 0..1_000 {
        let bit = |place: u64| seed >> place & 1 == 1;
        let features = Features {
            reads: true,
            cuts: true,
            time: true,
            operators: true,
            pre_vote: bit(0),
            check_quorum: bit(1) || bit(2),
            lease_reads: bit(2),
            ..Features::NONE
        };
        let servers = 3 + (seed / 8 % 3) as u16;
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
        let calm = bench.now;
        let limit = bench.settings.election_timeout.1 * 20;
        while !agrees(&mut bench) {
            assert!(bench.now.since(calm) < limit, "seed {seed}: no agreement");
            bench.ring_next();
        }
        assert_eq!(bench.violation, None, "seed {seed}");
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
