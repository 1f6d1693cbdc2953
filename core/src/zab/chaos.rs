//! Random runs: messages in any order that connections allow, connections that break, disks that
//! lag, crashes that lose what was not written. Whatever happens, the properties of Zab hold; and
//! when it stops, the ensemble agrees.

use std::collections::BTreeMap;

use super::testing::{Bench, s, voters};
use super::testing_wires::WireId;
use super::*;
use crate::random::{Random, Stream};
use crate::time::Duration;

/// One kind of run: who takes part, by which rules, and for how long.
#[derive(Clone)]
struct Run {
    configuration: Configuration,
    servers: u16,
    rules: Rules,
    settings: Settings,
    steps: usize,
    reconfigures: bool,
    /// Properties that are not looked at.
    overlooks: &'static [&'static str],
}

impl Run {
    fn of(servers: u16) -> Self {
        let settings = Settings {
            // Short logs, so that learners fall off their ends.
            committed_log: 3,
            snap_count: 8,
            snapshots_kept: 2,
            log_sync_limit: 48,
            ..Settings::default()
        };
        Self {
            configuration: voters(servers),
            servers,
            rules: Rules::default(),
            settings,
            steps: 4_000,
            reconfigures: false,
            overlooks: &[],
        }
    }

    fn without(mut self, rule: &str) -> Self {
        self.rules.switch(rule, false).unwrap();
        self
    }

    /// Who takes part, for a reader.
    fn ensemble(&self) -> String {
        let voters = (1..=self.servers).filter(|n| self.configuration.is_voter(s(*n)));
        format!("{} of {} servers vote", voters.count(), self.servers)
    }

    fn bench(&self) -> Bench {
        let disks = vec![Durable::new(self.configuration.clone()); self.servers.into()];
        let mut bench = Bench::stopped(disks, self.rules, self.settings);
        bench.instant_disks = false;
        bench.keeps_records = false;
        bench.invariants.reconfigures = self.reconfigures;
        bench.invariants.overlooks = self.overlooks;
        for id in bench.ids() {
            bench.restart(id);
        }
        bench
    }

    /// One random run, as long as `going` holds.
    fn wander_while(&self, seed: u64, going: impl Fn(&Bench) -> bool) -> Bench {
        let mut random = Random::new(seed, Stream::Workload);
        let mut bench = self.bench();
        for step in 0..self.steps {
            if !going(&bench) {
                break;
            }
            let mut draw = || Bits(random.draw());
            let id = s(1 + draw().below(self.servers.into()) as u16);
            self.one_deed(&mut bench, id, [draw(), draw(), draw()], step);
        }
        bench
    }

    /// One random run, up to the first violation.
    fn wander(&self, seed: u64) -> Bench {
        self.wander_while(seed, |bench| bench.invariants.violation.is_none())
    }

    fn one_deed(&self, bench: &mut Bench, id: ServerId, bits: [Bits; 3], step: usize) {
        let [deed, which, more] = bits;
        match deed.below(1_000) {
            0..640 => move_a_wire(bench, which, more),
            640..860 => {
                bench.write_one(id);
            }
            860..900 => {
                bench.now += Duration::from_micros(which.below(20_000));
                let set = &bench.machines[id.position()].timers;
                let timer = set.keys().nth(which.below(set.len() as u64) as usize);
                if let Some(timer) = timer.copied() {
                    // Long limits seldom run down while messages move.
                    let long = matches!(timer, Timer::Quorum | Timer::Silence | Timer::Resend);
                    if !long || more.below(8) == 0 {
                        bench.ring(id, timer);
                    }
                }
            }
            900..970 => {
                if let Some(leader) = bench.leader() {
                    if self.reconfigures && which.below(4) == 0 {
                        reconfigure(bench, leader, more, self.servers);
                    } else {
                        let _ = bench.propose(leader, step as u64);
                    }
                }
            }
            970..976 => break_a_wire(bench, which),
            976..980 if bench.is_up(id) => {
                let unwritten = bench.machines[id.position()].unwritten.len() as u64;
                bench.crash(id, which.below(unwritten + 1) as usize);
            }
            980..1_000 if !bench.is_up(id) => bench.restart(id),
            _ => {}
        }
    }
}

fn wire(
    bench: &Bench,
    which: Bits,
    busy: impl Fn(&super::testing_wires::Wire) -> bool,
) -> Option<WireId> {
    let wires = bench.wires.iter().filter(|(_, wire)| busy(wire));
    let ids: Vec<_> = wires.map(|(id, _)| *id).collect();
    ids.get(which.below(ids.len() as u64) as usize).copied()
}

fn move_a_wire(bench: &mut Bench, which: Bits, more: Bits) {
    let busy = |wire: &super::testing_wires::Wire| {
        wire.dialer.is_some() || wire.under_way.iter().any(|queue| !queue.is_empty())
    };
    if let Some(id) = wire(bench, which, busy) {
        let end = more.below(2) as usize;
        let _ = bench.deliver(id, end) || bench.deliver(id, 1 - end) || bench.open(id);
    }
}

fn break_a_wire(bench: &mut Bench, which: Bits) {
    if let Some(id) = wire(bench, which, |wire| wire.up[0] || wire.up[1]) {
        bench.break_wire(id);
    }
}

/// Three of the servers vote from now on, the others observe or leave.
fn reconfigure(bench: &mut Bench, leader: ServerId, bits: Bits, servers: u16) {
    let first = bits.below(servers.into()) as u16;
    let nth = |i: u16| s(1 + (first + i) % servers);
    let observers = (3..servers).map(nth).filter(|id| id.number() % 2 == 0);
    let new = Configuration::new((0..3).map(nth), observers).unwrap();
    let _ = bench.reconfigure(leader, &new);
}

/// Faults stop: everyone is up, disks and connections work, and time passes as it should.
fn calm_down(bench: &mut Bench) {
    for id in bench.ids() {
        while bench.write_one(id) {}
    }
    bench.instant_disks = true;
    for id in bench.ids() {
        if !bench.is_up(id) {
            bench.restart(id);
        }
    }
    bench.run_for(Duration::from_secs(12));
}

fn assert_agreement(bench: &mut Bench, context: &str) {
    let Some(leader) = bench.leader() else {
        panic!("no leader, {context}");
    };
    bench.propose(leader, u64::MAX).unwrap();
    bench.run_for(Duration::from_millis(500));
    assert_eq!(bench.invariants.violation, None, "{context}");
    let state = bench.at(leader).database().clone();
    for id in bench.ids() {
        assert!(bench.at(id).is_serving(), "{id} is out, {context}");
        assert_eq!(*bench.at(id).database(), state, "{id}, {context}");
        let disk = &bench.machines[id.position()].disk;
        let restored = super::database::Database::restore(disk, 0);
        assert_eq!(*restored.state(), state, "the disk of {id}, {context}");
    }
}

/// Faults strike, and then they stop: within the time that [`calm_down`] gives it, every server
/// serves and holds the same. How learners were brought up to date, how often.
fn agree_after_faults(run: &Run, seeds: u64) -> BTreeMap<&'static str, usize> {
    let mut syncs: BTreeMap<&str, usize> = BTreeMap::new();
    let mut committed = 0;
    let ensemble = run.ensemble();
    for seed in 0..seeds {
        let mut bench = run.wander(seed);
        let context = format!("{ensemble}, seed {seed}");
        assert_eq!(bench.invariants.violation, None, "{context}");
        calm_down(&mut bench);
        assert_agreement(&mut bench, &context);
        committed += bench.invariants.committed.len();
        for (plan, count) in bench.invariants.syncs {
            *syncs.entry(plan).or_default() += count;
        }
    }
    println!("{ensemble}, {seeds} seeds: {committed} transactions; {syncs:?}");
    assert!(committed > 10 * seeds as usize, "{committed}");
    syncs
}

/// No cut is followed by transactions here: an epoch's zxids have no holes, so the first that a
/// learner lacks is of another epoch than one it has too much.
fn assert_exercised(syncs: &BTreeMap<&str, usize>, times: usize) {
    for plan in ["empty DIFF", "DIFF", "TRUNC", "SNAP"] {
        let count = syncs.get(plan).copied().unwrap_or_default();
        assert!(count >= times, "{plan} was chosen {count} times: {syncs:?}");
    }
}

#[test]
fn no_disconnection_loss_or_crash_breaks_safety_and_calm_brings_agreement() {
    for servers in [1, 2, 5] {
        agree_after_faults(&Run::of(servers), 250);
    }
}

#[test]
fn three_servers_agree_after_the_faults_of_each_of_a_thousand_runs() {
    assert_exercised(&agree_after_faults(&Run::of(3), 1_000), 500);
}

#[test]
fn voters_and_observers_agree_after_the_faults_of_each_of_a_thousand_runs() {
    assert_exercised(&agree_after_faults(&observed(), 1_000), 500);
}

/// Five servers, three of which vote, and two observe.
fn observed() -> Run {
    let mut run = Run::of(5);
    run.configuration = Configuration::new((1..=3).map(s), [s(4), s(5)]).unwrap();
    run
}

/// A rule, the property that breaks without it, and within how many random runs.
#[rustfmt::skip]
const MISSED: [(&str, &str, u64); 15] = [
    ("abort_when_behind", "durability", 500),
    ("accepted_epoch_first", "leadership", 3_000),
    ("sync_before_ack", "durability", 20),
    ("replay_log_before_election", "leader completeness", 20),
    ("discard_interrupted_snapshot", "log order", 1_000),
    ("cut_only_uncommitted", "durability", 500),
    ("newleader_after_payload", "durability", 50),
    ("log_before_newleader_ack", "durability", 500),
    ("fsync_before_newleader_ack", "durability", 100),
    ("epoch_after_transactions", "leader completeness", 1_500),
    ("keep_uncommitted_staged", "legal messages", 50),
    ("contiguous_committed_log", "prefix consistency", 500),
    ("full_stop_on_step_down", "log order", 20),
    ("retract_lost_acks", "durability", 500),
    ("old_and_new_quorum", "leadership", 3_000),
];

/// Rules that tests of their own switch off: the rest of this file, and `scenarios`.
const MISSED_ELSEWHERE: [&str; 3] = [
    "accept_epoch_once",
    "discard_interrupted_truncation",
    "yield_to_higher_epoch",
];

#[test]
fn each_rule_switched_off_is_missed_within_its_number_of_runs() {
    for (name, property, seeds) in MISSED {
        let mut run = Run::of(3).without(name);
        if name == "old_and_new_quorum" {
            run = reconfiguring().without(name);
        }
        let found = (0..seeds).find_map(|seed| {
            let violation = run.wander(seed).invariants.violation?;
            Some((seed, violation))
        });
        println!("{name}: {found:?}");
        let Some((_, violation)) = found else {
            panic!("nothing goes wrong without {name}");
        };
        assert!(violation.starts_with(property), "{name}: {violation}");
    }
}

#[test]
fn no_rule_is_left_out() {
    let missed = MISSED.iter().map(|(name, ..)| *name);
    let mut missed: Vec<_> = missed.chain(MISSED_ELSEWHERE).collect();
    let mut rules = Rules::NAMES;
    missed.sort_unstable();
    rules.sort_unstable();
    assert_eq!(missed, rules);
}

#[test]
fn each_published_bug_is_a_rule_that_can_be_switched_off() {
    let bugs = [
        2845, 3023, 3104, 3642, 3911, 4394, 4643, 4646, 4685, 4712, 4785, 4925, 5094,
    ];
    for bug in bugs {
        let name = format!("ZOOKEEPER-{bug}");
        let mut rules = Rules::list().iter();
        assert!(rules.any(|rule| rule.source.contains(&name)), "{name}");
    }
}

/// Two leaders must gather promises for one epoch at the same time, and one voter must go from one
/// to the other and back: the first of all seeds that leads there is the 11,633rd, so the search
/// begins close to it.
#[test]
fn a_promise_that_is_given_twice_makes_two_leaders_of_one_epoch() {
    let run = Run::of(5).without("accept_epoch_once");
    let found = (11_600..30_000).find_map(|seed| run.wander(seed).invariants.violation);
    println!("accept_epoch_once: {found:?}");
    assert!(found.is_some_and(|violation| violation.starts_with("primary order")));
}

/// What follows a cut before NEWLEADER is what the leader has committed and not applied, so this
/// bug needs a leader that cuts too much; that alone costs durability, but leaves no hole.
#[test]
fn an_interrupted_truncation_that_is_not_discarded_leaves_a_hole_in_the_log() {
    let mut run = Run::of(3).without("cut_only_uncommitted");
    run.overlooks = &[
        "durability",
        "leader completeness",
        "prefix consistency",
        "agreement",
    ];
    let holes = |run: &Run| {
        let violation = |seed| run.wander(seed).invariants.violation;
        (0..1_000).find_map(|seed| violation(seed).filter(|v| v.starts_with("log order")))
    };
    assert_eq!(holes(&run), None);
    let found = holes(&run.without("discard_interrupted_truncation"));
    println!("discard_interrupted_truncation: {found:?}");
    assert!(found.is_some());
}

/// Five servers, three of which vote.
fn reconfiguring() -> Run {
    let mut run = Run::of(5);
    run.configuration = voters(3);
    run.reconfigures = true;
    run
}

#[test]
fn no_change_of_the_ensemble_breaks_safety() {
    let run = reconfiguring();
    let mut changes = 0;
    for seed in 0..250 {
        let bench = run.wander(seed);
        assert_eq!(bench.invariants.violation, None, "seed {seed}");
        changes += bench.reconfigurations();
    }
    println!("{changes} changes");
    assert!(changes > 100, "{changes}");
}

#[test]
#[ignore = "forty thousand runs take minutes"]
fn with_all_rules_on_nothing_goes_wrong_in_ten_thousand_runs() {
    for run in [Run::of(3), Run::of(5), observed(), reconfiguring()] {
        for seed in 0..10_000 {
            let violation = run.wander(seed).invariants.violation;
            assert_eq!(violation, None, "{}, seed {seed}", run.ensemble());
        }
    }
}
