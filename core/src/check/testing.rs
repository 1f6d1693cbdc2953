//! Random runs of whole worlds under every fault there is, watched by a monitor.

use super::Monitor;
use crate::client::{Input, State};
use crate::ids::{ClientId, ServerId};
use crate::raft::{Membership, Reconfiguration, Rules, Transition};
use crate::random::{Bits, Random, Stream};
use crate::server::{Protocol, Server};
use crate::sim::{LinkSettings, Settings, World};
use crate::time::Duration;
use crate::zab;
use crate::zookeeper::{ANY_VERSION, CreateMode, Request};

/// What happens in a run.
const DEEDS: usize = 400;

/// How many clients take part. One is enough to have writes answered, moved and repeated.
const CLIENTS: u64 = 3;

/// A world that something happens to all the time.
pub(super) struct Storm {
    pub(super) world: World,
    /// Whether the membership changes.
    changes: bool,
    pub(super) monitor: Monitor,
    random: Random,
}

impl Storm {
    fn new(seed: u64, rules: Rules) -> Self {
        let mut random = Random::new(seed, Stream::Workload);
        let mut draw = |bound| Bits(random.draw()).below(bound);
        let rough = |share: u64| if share < 2 { 100_000 } else { 0 };
        let ms = Duration::from_millis;
        let settings = Settings {
            servers: [3, 3, 4, 5][draw(4) as usize],
            seed,
            batch: [1, 1, 2, 64][draw(4) as usize],
            storage: [ms(1), ms(5), ms(20)][draw(3) as usize],
            link: LinkSettings {
                latency: (ms(2), [ms(4), ms(15), ms(40)][draw(3) as usize]),
                loss_ppm: rough(draw(4)),
                duplicate_ppm: rough(draw(4)),
                reorder_ppm: rough(draw(4)),
            },
            election_timeout: [(ms(150), ms(300)), (ms(40), ms(80))][draw(2) as usize],
            heartbeat: [ms(35), ms(20)][draw(2) as usize],
            snapshot_every: [0, 0, 3, 10][draw(4) as usize],
            snapshot_keep: [0, 2, 4][draw(3) as usize],
            snapshot_chunk: [100, 400, 1_000][draw(3) as usize],
            rules,
            ..Settings::default()
        };
        let mut world = World::new(settings);
        world.observe(false);
        let monitor = Monitor::new(&world);
        Self {
            world,
            changes: false,
            monitor,
            random,
        }
    }

    /// The same, with changes of membership; every other one with newcomers that have a voice
    /// before they have the log.
    fn with_changes(seed: u64, rules: Rules) -> Self {
        let mut storm = Self::new(seed, rules);
        let settings = Settings {
            catch_up_first: seed.is_multiple_of(2),
            membership: [Membership::JointWhenNeeded, Membership::SingleServer]
                [seed as usize / 2 % 2],
            ..storm.world.settings().clone()
        };
        storm.world = World::new(settings);
        storm.world.observe(false);
        for _ in 0..=storm.below(2) {
            let next = ServerId::new(storm.world.servers() + 1);
            storm.world.add_server(next).unwrap();
        }
        storm.monitor = Monitor::new(&storm.world);
        storm.changes = true;
        storm
    }

    /// The same with servers that run Zab, with logs so short that learners fall off their ends.
    pub(super) fn zab(seed: u64, rules: zab::Rules) -> Self {
        let mut storm = Self::new(seed, Rules::default());
        let settings = Settings {
            protocol: Protocol::Zab,
            zab: zab::Settings {
                committed_log: 3,
                snap_count: 8,
                snapshots_kept: 2,
                log_sync_limit: 200,
                ..zab::Settings::default()
            },
            zab_rules: rules,
            ..storm.world.settings().clone()
        };
        storm.world = World::new(settings);
        storm.world.observe(false);
        storm.monitor = Monitor::new(&storm.world);
        storm
    }

    /// Goes on, as long as it is to.
    pub(super) fn rage_while(&mut self, going: impl Fn(&Monitor) -> bool) {
        for _ in 0..DEEDS {
            let rest = [3, 15, 60, 150][self.below(4) as usize];
            let until = self.world.now() + Duration::from_millis(1 + self.below(rest));
            while self.world.step_until(until).is_some() {
                if self.monitor.after_event(&self.world) && !going(&self.monitor) {
                    return;
                }
            }
            if self.deed() && self.monitor.after_event(&self.world) && !going(&self.monitor) {
                return;
            }
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        Bits(self.random.draw()).below(bound)
    }

    fn any_server(&mut self) -> ServerId {
        let servers = self.world.nodes().len() as u64;
        ServerId::from_position(self.below(servers) as usize)
    }

    /// One that leads, if any does, more often than not.
    fn victim(&mut self) -> ServerId {
        let any = self.any_server();
        let leads = |id: &ServerId| {
            let server = self.world.server(*id);
            server.is_some_and(Server::leads)
        };
        let mut ids = self.world.nodes().iter().map(crate::sim::Node::id);
        let leader = ids.rfind(leads);
        if self.below(3) == 0 {
            any
        } else {
            leader.unwrap_or(any)
        }
    }

    /// Does something; whether it was possible.
    fn deed(&mut self) -> bool {
        if self.changes && self.below(5) == 0 {
            return self.change();
        }
        let (victim, any, other) = (self.victim(), self.any_server(), self.any_server());
        let keep = self.below(3) as usize;
        let which = self.below(100);
        let world = &mut self.world;
        match which {
            0..12 => world.crash(victim, keep),
            12..32 => world.restart(any),
            32..44 => world.isolate(victim.into()),
            44..56 => world.heal_all(Some(any.into())),
            56..60 => world.heal_all(None),
            60..65 => world.cut(victim.into(), other.into(), false),
            65..67 => world.pause(victim),
            67..71 => world.resume(any),
            71..77 => world.time_out(any),
            77..80 => world.take_snapshot(any),
            _ => return self.ask(any),
        }
        .is_ok()
    }

    /// A leader is asked for another configuration: a voter or a learner more or less, or anything.
    fn change(&mut self) -> bool {
        let (leader, toggled) = (self.victim(), self.any_server());
        let (which, any) = (self.below(10), self.below(1 << 10));
        let Some(server) = self.world.server(leader) else {
            return false;
        };
        let now = server.raft().unwrap().configuration();
        let toggle = |list: &[ServerId], really: bool| -> Vec<ServerId> {
            let others = list.iter().copied().filter(|id| !really || *id != toggled);
            let joins = really && !list.contains(&toggled);
            others.chain(joins.then_some(toggled)).collect()
        };
        let mut voters = toggle(now.voters(), which < 6);
        let mut learners = toggle(now.learners(), which == 6);
        if which > 7 {
            let servers = (0..self.world.nodes().len()).filter(|bit| any >> bit & 1 == 1);
            voters = servers.map(ServerId::from_position).collect();
        }
        learners.retain(|learner| !voters.contains(learner));
        if which == 7 {
            return self.world.leave_joint(leader).is_ok();
        }
        let transition = if any.is_multiple_of(4) {
            Transition::Explicit
        } else {
            Transition::AsNeeded
        };
        let change = Reconfiguration {
            voters,
            learners,
            transition,
        };
        self.world.reconfigure(leader, change).is_ok()
    }

    /// A client does something.
    fn ask(&mut self, server: ServerId) -> bool {
        let client = ClientId::from_position(self.below(CLIENTS) as usize).unwrap();
        let over = |state| matches!(state, State::Expired | State::Closed);
        let state = self.world.client(client).map(|node| node.process().state());
        if state.is_none_or(over) {
            return self.world.start_client(client, Some(server), None).is_ok();
        }
        let path = ["/a", "/b", "/c"][self.below(3) as usize];
        let which = self.below(100);
        let input = match which {
            0..30 => Input::Request(Request::create(path, None, CreateMode::Ephemeral)),
            30..60 => Input::Request(Request::Set {
                path: path.into(),
                data: None,
                version: ANY_VERSION,
            }),
            60..75 => Input::Request(Request::Delete {
                path: path.into(),
                version: ANY_VERSION,
            }),
            75..80 => Input::Close,
            _ => Input::MoveTo(server),
        };
        self.world.tell_client(client, input).is_ok()
    }
}

fn without(rule: &str) -> Rules {
    let mut rules = Rules::default();
    rules.switch(rule, false).unwrap();
    rules
}

/// Rules that are missed only where the membership changes.
const CONCERNS_MEMBERSHIP: [&str; 5] = [
    "snapshot_carries_configuration",
    "own_term_commit_before_change",
    "joint_majorities",
    "one_change_at_a_time",
    "configuration_at_append",
];

/// Rules that no state shows to be missed: only what a client was told does. Nobody reads
/// linearizably in these runs; `linearizable_reads` goes red without each of them in the fuzzed runs
/// of `tests/tests/fuzz.rs`, and in those of `raft::chaos` a read is answered wrongly.
const SEEN_IN_ANSWERS: [&str; 5] = [
    "read_after_own_term_commit",
    "read_fresh_acks",
    "read_waits_for_apply",
    "lease_bounds_drift",
    "sticky_voters_under_lease",
];

/// The first of a thousand runs without a rule in which an invariant goes red.
fn first_red(rule: &str, invariant: &str) -> Option<u64> {
    (0..1_000).find(|seed| {
        let mut storm = if CONCERNS_MEMBERSHIP.contains(&rule) {
            Storm::with_changes(*seed, without(rule))
        } else {
            Storm::new(*seed, without(rule))
        };
        storm.rage_while(|monitor| monitor.holds(invariant));
        !storm.monitor.holds(invariant)
    })
}

#[test]
fn each_rule_switched_off_turns_its_invariant_red() {
    let missed_by = [
        ("up_to_date_vote", "leader_completeness"),
        ("commit_only_own_term", "leader_completeness"),
        ("sync_before_reply", "committed_stays_committed"),
        ("truncate_only_on_conflict", "committed_stays_committed"),
        ("commit_bound_by_new_entries", "state_machine_safety"),
        ("persist_vote", "one_vote_per_term"),
        ("term_and_vote_together", "one_vote_per_term"),
        (
            "count_own_entries_when_durable",
            "committed_stays_committed",
        ),
        ("snapshot_only_applied", "snapshots_agree"),
        ("deduplicate", "exactly_once"),
        ("snapshot_carries_configuration", "quorums_overlap"),
        ("own_term_commit_before_change", "quorums_overlap"),
        ("joint_majorities", "quorum_commits"),
        ("one_change_at_a_time", "one_uncommitted_configuration"),
        ("configuration_at_append", "quorums_overlap"),
    ];
    let elsewhere = |rule: &&&str| SEEN_IN_ANSWERS.contains(rule);
    let mut tested: Vec<&str> = missed_by.map(|(rule, _)| rule).to_vec();
    tested.extend(Rules::NAMES.iter().filter(elsewhere));
    tested.sort_unstable();
    let mut all = Rules::NAMES.to_vec();
    all.sort_unstable();
    assert_eq!(tested, all);
    for (rule, invariant) in missed_by {
        let found = first_red(rule, invariant);
        println!("{rule}: {invariant} is red at {found:?}");
        assert!(found.is_some(), "{invariant} stays green without {rule}");
    }
}

#[test]
fn what_a_missing_rule_leads_to_in_the_end_is_red_too() {
    for (rule, invariant) in [
        ("persist_vote", "election_safety"),
        ("sync_before_reply", "log_matching"),
        ("sync_before_reply", "one_vote_per_term"),
        ("up_to_date_vote", "acknowledged_writes"),
        ("up_to_date_vote", "replicas_agree"),
    ] {
        let found = first_red(rule, invariant);
        assert!(found.is_some(), "{invariant} stays green without {rule}");
    }
}

#[test]
fn with_all_rules_on_nothing_is_ever_red() {
    let mut committed = 0;
    for seed in 0..400 {
        let mut storm = Storm::new(seed, Rules::default());
        storm.rage_while(|_| false);
        assert_eq!(storm.monitor.violations(), [], "seed {seed}");
        committed += storm.monitor.past.last().number();
    }
    assert!(committed > 400 * 20, "too little happens: {committed}");
}

#[test]
fn with_all_rules_on_nothing_is_ever_red_while_the_membership_changes() {
    let (mut committed, mut changed) = (0, 0);
    for seed in 0..400 {
        let mut storm = Storm::with_changes(seed, Rules::default());
        storm.rage_while(|_| false);
        assert_eq!(storm.monitor.violations(), [], "seed {seed}");
        committed += storm.monitor.past.last().number();
        let logs = storm.world.nodes().iter();
        changed += logs
            .map(|node| {
                super::glance::log_of(&storm.world, node.id())
                    .configurations()
                    .count()
            })
            .max()
            .unwrap_or(0);
    }
    assert!(committed > 400 * 10, "too little happens: {committed}");
    assert!(changed > 400, "too few changes: {changed}");
}

#[test]
fn a_monitor_may_begin_to_watch_at_any_moment() {
    for seed in 0..50 {
        let mut storm = Storm::new(seed, Rules::default());
        storm.rage_while(|_| false);
        let newcomer = Monitor::new(&storm.world);
        assert_eq!(newcomer.violations(), [], "seed {seed}");
        storm.monitor = newcomer;
        storm.rage_while(|_| false);
        assert_eq!(storm.monitor.violations(), [], "seed {seed}");
    }
}

/// What a wiped server has promised is gone with its disk; no majority needs it here.
#[test]
fn a_wiped_disk_is_not_held_against_its_server() {
    let mut world = World::new(Settings::default());
    let mut monitor = Monitor::new(&world);
    let run = |world: &mut World, monitor: &mut Monitor| {
        let until = world.now() + Duration::from_secs(2);
        while world.step_until(until).is_some() {
            monitor.after_event(world);
        }
    };
    run(&mut world, &mut monitor);
    let victim = ServerId::new(2);
    world.crash(victim, 0).unwrap();
    monitor.after_event(&world);
    world.wipe(victim).unwrap();
    monitor.after_event(&world);
    world.restart(victim).unwrap();
    monitor.after_event(&world);
    run(&mut world, &mut monitor);
    assert_eq!(monitor.violations(), []);
    assert!(world.server(victim).unwrap().applied() > 0);
}

#[test]
fn an_entry_that_wiped_disks_leave_on_a_minority_is_missed() {
    let mut world = World::new(Settings::default());
    let mut monitor = Monitor::new(&world);
    while world
        .step_until(crate::time::Time::from_millis(2_000))
        .is_some()
    {
        monitor.after_event(&world);
    }
    let reds = [1, 2, 3].map(|number| {
        let victim = ServerId::new(number);
        world.crash(victim, 0).unwrap();
        monitor.after_event(&world);
        world.wipe(victim).unwrap();
        monitor.after_event(&world)
    });
    assert_eq!(reds, [false, false, true]);
    let violation = &monitor.violations()[0];
    assert_eq!(violation.invariant, "committed_stays_committed");
    assert_eq!(violation.time, world.now());
    assert_eq!(violation.facts[1].0, ServerId::new(3));
}
