//! How fast it is, beside what it should be.

use std::fmt::Write as _;
use std::time::Instant;

use quorumscope_core::check::Monitor;
use quorumscope_core::history::Player;
use quorumscope_core::random::{Bits, Random, Stream};
use quorumscope_core::server::Protocol;
use quorumscope_core::sim::{Settings, World};
use quorumscope_core::time::{Duration, Time};
use serde_json::json;

use crate::args::Bench;
use crate::{Verdict, print_line, seconds};

/// How often each speed is measured. The median counts; the spread tells how quiet the machine was.
const ROUNDS: usize = 11;

/// How long one measurement takes at least, in real time.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(300);

/// How much is simulated between two looks at the real clock.
const STRIDE: Duration = Duration::from_secs(60);

const HOUR: Duration = Duration::from_secs(3_600);

/// How many instants of the hour are sought.
const SEEKS: u64 = 200;

/// Something measured, and what it should be.
struct Figure {
    name: &'static str,
    unit: &'static str,
    value: f64,
    /// The lowest and the highest of the rounds, where there were some.
    spread: Option<(f64, f64)>,
    budget: Option<Budget>,
}

#[derive(Clone, Copy)]
enum Budget {
    AtLeast(f64),
    AtMost(f64),
}

impl Budget {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

pub(crate) fn bench(task: &Bench) -> Verdict {
    let figures = measure();
    if task.json {
        let figures: Vec<_> = figures
            .iter()
            .map(|figure| {
                let within = figure.budget.map(|budget| budget.holds(figure.value));
                json!({
                    "name": figure.name,
                    "unit": figure.unit,
                    "value": figure.value,
                    "lowest": figure.spread.map(|(lowest, _)| lowest),
                    "highest": figure.spread.map(|(_, highest)| highest),
                    "within_budget": within,
                })
            })
            .collect();
        print_line(&format!("{:#}", json!({ "figures": figures })));
    } else {
        for figure in figures {
            print_line(&figure.row());
        }
    }
    Verdict::Held
}

impl Figure {
    fn row(&self) -> String {
        let decimals = if self.value < 100.0 { 2 } else { 0 };
        let mut row = format!(
            "{:<48} {:>12.decimals$} {:<10}",
            self.name, self.value, self.unit
        );
        if let Some(budget) = self.budget {
            let (sign, bound) = match budget {
                Budget::AtLeast(least) => ('≥', least),
                Budget::AtMost(most) => ('≤', most),
            };
            let word = if budget.holds(self.value) {
                "ok"
            } else {
                "MISSED"
            };
            write!(row, " {sign} {bound}  {word}").expect("a string takes any text");
        }
        if let Some((lowest, highest)) = self.spread {
            write!(row, "  ({lowest:.0} to {highest:.0})").expect("a string takes any text");
        }
        row.trim_end().to_owned()
    }
}

fn measure() -> Vec<Figure> {
    let (off, on) = speeds_under(Protocol::Raft);
    let (zab_off, zab_on) = speeds_under(Protocol::Zab);
    let least = |speed| Some(Budget::AtLeast(speed));
    let mut figures = vec![
        off.figure("5 servers, checks off", least(20_000.0)),
        on.figure("5 servers, every invariant on", least(10_000.0)),
        zab_off.figure("5 servers under Zab, checks off", None),
        zab_on.figure("5 servers under Zab, every invariant on", None),
    ];
    figures.extend(history());
    figures
}

/// With checks off, and with every invariant on.
fn speeds_under(protocol: Protocol) -> (Speeds, Speeds) {
    let off = speed(protocol, World::run_until);
    let mut monitor = None;
    let on = speed(protocol, |world, until| {
        let monitor = monitor.get_or_insert_with(|| Monitor::new(world));
        while world.step_until(until).is_some() {
            monitor.after_event(world);
        }
    });
    (off, on)
}

/// Simulated time per real time, in ascending order, one for each round.
struct Speeds([f64; ROUNDS]);

impl Speeds {
    fn figure(&self, name: &'static str, budget: Option<Budget>) -> Figure {
        Figure {
            name,
            unit: "× real",
            value: self.0[ROUNDS / 2],
            spread: Some((self.0[0], self.0[ROUNDS - 1])),
            budget,
        }
    }
}

/// How fast five servers at the teaching defaults are simulated.
fn speed(protocol: Protocol, mut run_until: impl FnMut(&mut World, Time)) -> Speeds {
    let mut world = World::new(Settings {
        protocol,
        ..Settings::default()
    });
    world.observe(false);
    world.run_until(Time::ZERO + Duration::from_secs(2));
    let mut round = || {
        let (start, first) = (Instant::now(), world.now());
        while start.elapsed() < PATIENCE {
            let until = world.now() + STRIDE;
            run_until(&mut world, until);
        }
        seconds(world.now().since(first)) / start.elapsed().as_secs_f64()
    };
    let mut speeds = std::array::from_fn(|_| round());
    speeds.sort_by(f64::total_cmp);
    Speeds(speeds)
}

/// An hour in which a client writes once a second: what its history costs.
fn history() -> Vec<Figure> {
    let before = resident();
    let mut text = String::from("quorumscope 1\n\nat 1s client A create /clock\n");
    for second in 2..HOUR.as_millis() / 1_000 {
        writeln!(text, "at {second}s client A set /clock \"{second}\"")
            .expect("a string takes any text");
    }
    let mut player = Player::open(&text).expect("every line is well formed");
    let start = Instant::now();
    while player.now() < Time::ZERO + HOUR {
        player.advance(STRIDE);
    }
    let took = start.elapsed().as_secs_f64();
    let memory = before.and_then(|before| Some(resident()? - before));
    let mut random = Random::new(1, Stream::Workload);
    let mut times: Vec<f64> = (0..SEEKS)
        .map(|_| {
            let to = Time::from_micros(Bits(random.draw()).below(HOUR.as_micros()));
            let start = Instant::now();
            player.seek(to);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let seek = |name, place: usize| Figure {
        name,
        unit: "ms",
        value: times[place],
        spread: None,
        budget: Some(Budget::AtMost(16.0)),
    };
    let mut figures = vec![
        Figure {
            name: "an hour recorded, a write a second",
            unit: "× real",
            value: seconds(HOUR) / took,
            spread: None,
            budget: None,
        },
        seek("seek in that hour, median", times.len() / 2),
        seek("seek in that hour, slowest of 200", times.len() - 1),
    ];
    figures.extend(memory.map(|bytes| Figure {
        name: "memory of that hour's history",
        unit: "MiB",
        value: bytes / f64::from(1 << 20),
        spread: None,
        budget: Some(Budget::AtMost(64.0)),
    }));
    figures
}

/// How many bytes of memory this process holds, where the system says.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0)
}
