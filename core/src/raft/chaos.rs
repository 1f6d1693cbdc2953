//! Random runs: messages in any order, lost and doubled; disks that lag; crashes that lose what
//! was not written. Whatever happens, the safety properties of Raft's Figure 3 hold; and when it
//! stops, the cluster agrees.

use super::testing::{Bench, s};
use super::*;
use crate::random::{Random, Stream};

/// What a random run does besides electing, writing and failing.
#[derive(Clone, Copy, Default)]
pub(super) struct Features {
    /// Servers that know of no cluster at first, and changes of membership.
    pub(super) spares: u16,
    /// Changes come in haste: every new leader begins one, and only one server hears of it.
    pub(super) hasty: bool,
}

/// Changes of every kind.
const CHANGES: Features = Features {
    spares: 2,
    hasty: false,
};

/// Changes by leaders that have just been elected.
const HASTY_CHANGES: Features = Features {
    spares: 1,
    hasty: true,
};

/// One random run, up to the first violation.
fn wander(seed: u64, servers: u16, rules: Rules, steps: usize) -> Bench {
    wander_with(Features::default(), seed, servers, rules, steps)
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
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    for step in 0..steps {
        if !going(&bench) {
            break;
        }
        let id = s(1 + Bits(random.draw()).below(machines.into()) as u16);
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
            970..1_000 if !bench.is_up(id) => bench.restart(id),
            _ => {}
        }
        if features.hasty && bench.leaders.len() > terms_led {
            hasten(&mut bench, Bits(random.draw()));
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
            let agree = (1..=last.number()).rev().map(Index::new);
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
                assert_eq!(replica.log(), first.log(), "{servers} servers, seed {seed}");
                assert_eq!(replica.commit_index(), first.log().last_index());
                assert_eq!(bench.machines[id.position()].disk.log, *first.log());
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
            for features in [Features::default(), CHANGES, HASTY_CHANGES] {
                wander_while(features, seed, 3, one_off, 2_000, |_| true);
            }
        }
    }
    for seed in 0..200 {
        for features in [Features::default(), CHANGES] {
            wander_while(features, seed, 4, all_off, 2_000, |_| true);
        }
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
    for name in Rules::NAMES {
        let mut rules = Rules::default();
        rules.switch(name, false).unwrap();
        let (features, servers) = match name {
            "own_term_commit_before_change" => (HASTY_CHANGES, 4),
            "joint_majorities" | "one_change_at_a_time" | "configuration_at_append" => (CHANGES, 3),
            _ => (Features::default(), 3),
        };
        let broken = |seed: &u64| {
            let bench = wander_with(features, *seed, servers, rules, 3_000);
            bench.violation.is_some()
        };
        let found = (0..1_000).find(broken);
        println!("{name}: {found:?}");
        assert!(found.is_some(), "nothing goes wrong without {name}");
    }
}
