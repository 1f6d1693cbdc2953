//! Random runs of whole worlds under every fault there is, watched by a monitor.

use super::{Monitor, Violation};
use crate::client::{Input, State};
use crate::ids::{ClientId, ServerId};
use crate::raft::{self, Role, Rules};
use crate::random::{Bits, Random, Stream};
use crate::sim::{LinkSettings, Settings, World};
use crate::time::Duration;
use crate::zookeeper::{ANY_VERSION, CreateMode, Request};

/// A world that something happens to all the time.
pub(super) struct Storm {
    pub(super) world: World,
    pub(super) monitor: Monitor,
    random: Random,
}

impl Storm {
    pub(super) fn new(seed: u64, rules: Rules) -> Self {
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
            rules,
            ..Settings::default()
        };
        let mut world = World::new(settings);
        world.observe(false);
        let monitor = Monitor::new(&world);
        Self {
            world,
            monitor,
            random,
        }
    }

    /// Goes on for so many deeds, or until something is violated.
    pub(super) fn rage(&mut self, deeds: usize) -> Option<&Violation> {
        for _ in 0..deeds {
            let rest = [3, 15, 60, 250][self.below(4) as usize];
            let until = self.world.now() + Duration::from_millis(1 + self.below(rest));
            while self.world.step_until(until).is_some() {
                if self.monitor.after_event(&self.world) {
                    return self.monitor.violations().first();
                }
            }
            if self.deed() && self.monitor.after_event(&self.world) {
                return self.monitor.violations().first();
            }
        }
        None
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
            server.is_some_and(|server| server.replica().role() == Role::Leader)
        };
        let ids = self.world.nodes().iter().map(crate::sim::Node::id);
        let leader = ids.filter(leads).last();
        if self.below(3) == 0 {
            any
        } else {
            leader.unwrap_or(any)
        }
    }

    /// Does something; whether it was possible.
    fn deed(&mut self) -> bool {
        let (victim, any, other) = (self.victim(), self.any_server(), self.any_server());
        let keep = self.below(3) as usize;
        let which = self.below(100);
        let world = &mut self.world;
        match which {
            0..10 => world.crash(victim, keep),
            10..28 => world.restart(any),
            28..38 => world.isolate(victim.into()),
            38..48 => world.heal_all(Some(any.into())),
            48..54 => world.heal_all(None),
            54..59 => world.cut(victim.into(), other.into(), false),
            59..61 => world.pause(victim),
            61..65 => world.resume(any),
            65..69 => world.time_out(any),
            _ => return self.ask(any),
        }
        .is_ok()
    }

    /// A client does something.
    fn ask(&mut self, server: ServerId) -> bool {
        let client = ClientId::from_position(self.below(3) as usize).unwrap();
        let over = |state| matches!(state, State::Expired | State::Closed);
        let state = self.world.client(client).map(|node| node.process().state());
        if state.is_none_or(over) {
            return self.world.start_client(client, Some(server), None).is_ok();
        }
        let path = ["/a", "/b", "/c"][self.below(3) as usize];
        let which = self.below(100);
        let input = match which {
            0..30 => Input::Request(Request::Create {
                path: path.into(),
                data: None,
                mode: CreateMode::Ephemeral,
            }),
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

const DEEDS: usize = 300;

fn off(name: &str) -> Rules {
    let mut rules = Rules::default();
    rules.switch(name, false).unwrap();
    rules
}

#[test]
fn survey() {
    for rule in raft::Rules::NAMES {
        let mut found = std::collections::BTreeMap::<_, (u64, u64)>::new();
        for seed in 0..1_000 {
            let r = std::panic::catch_unwind(|| Storm::new(seed, off(rule)).rage(DEEDS).cloned());
            let Ok(r) = r else {
                println!("PANIC {rule} {seed}");
                continue;
            };
            if let Some(v) = r {
                let e = found.entry(v.invariant).or_insert((seed, 0));
                if e.1 == 0 {
                    println!("{rule}: {seed}: {v:?}");
                }
                e.1 += 1;
            }
        }
        println!("{rule}: {found:?}");
    }
    let mut n = 0;
    let mut applied = 0;
    for seed in 0..1000 {
        let mut storm = Storm::new(seed, Rules::default());
        let r =
            std::panic::catch_unwind(|| Storm::new(seed, Rules::default()).rage(DEEDS).cloned());
        let Ok(_) = r else {
            println!("PANIC ALL ON {seed}");
            continue;
        };
        if let Some(v) = storm.rage(DEEDS) {
            n += 1;
            println!("ALL ON {seed}: {v:?}");
        }
        applied += storm.monitor.past.last().number();
    }
    println!("all on: {n}, applied {applied}");
}
