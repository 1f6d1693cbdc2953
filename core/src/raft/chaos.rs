//! Random runs: messages in any order, lost and doubled; disks that lag; crashes that lose what
//! was not written. Whatever happens, the safety properties of Raft's Figure 3 hold; and when it
//! stops, the cluster agrees.

use super::testing::{Bench, s};
use super::*;
use crate::random::{Random, Stream};

/// One random run, up to the first violation.
fn wander(seed: u64, servers: u16, rules: Rules, steps: usize) -> Bench {
    wander_while(seed, servers, rules, steps, |bench| {
        bench.violation.is_none()
    })
}

/// One random run, as long as `going` holds.
fn wander_while(
    seed: u64,
    servers: u16,
    rules: Rules,
    steps: usize,
    going: impl Fn(&Bench) -> bool,
) -> Bench {
    let mut random = Random::new(seed, Stream::Workload);
    let mut bench = Bench::with(vec![Durable::default(); servers.into()], rules);
    bench.instant_disks = false;
    bench.settings.max_entries_per_message = 1;
    bench.settings.max_inflight_messages = 3;
    bench.settings.snapshot_keep = seed % 3;
    bench.settings.snapshot_chunk = 20;
    for id in bench.members().to_vec() {
        bench.restart(id);
    }
    for step in 0..steps {
        if !going(&bench) {
            break;
        }
        let id = s(1 + Bits(random.draw()).below(servers.into()) as u16);
        let which = Bits(random.draw());
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
    }
    bench
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
            wander_while(seed, 3, one_off, 2_000, |_| true);
        }
    }
    for seed in 0..200 {
        wander_while(seed, 4, all_off, 2_000, |_| true);
    }
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
        let found = (0..1_000).find(|seed| wander(*seed, 3, rules, 3_000).violation.is_some());
        assert!(found.is_some(), "nothing goes wrong without {name}");
    }
}
