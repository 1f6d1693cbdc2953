//! Random runs: messages in any order, lost and doubled; disks that lag; crashes that lose what
//! was not written. What is claimed of them is in `chaos_tests`.

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
    pub(super) const NONE: Self = Self {
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
pub(super) const CHANGES: Features = Features {
    spares: 2,
    hasty: false,
    ..Features::NONE
};

/// Changes by leaders that have just been elected.
pub(super) const HASTY_CHANGES: Features = Features {
    spares: 1,
    hasty: true,
    ..Features::NONE
};

/// The drift that clocks are allowed in a run with time: enough to matter within it.
const DRIFT_PPM: u32 = 400_000;

/// One random run, up to the first violation.
pub(super) fn wander(seed: u64, servers: u16, rules: Rules, steps: usize) -> Bench {
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
pub(super) fn wander_while(
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

pub(super) fn start(features: Features, seed: u64, servers: u16, rules: Rules) -> (Bench, Random) {
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
