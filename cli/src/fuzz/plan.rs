//! The cluster that a seed says.

use quorumscope_core::raft::Membership;
use quorumscope_core::script::{Header, Percent, Setting, Span};
use quorumscope_core::time::Duration;

use super::Options;
use super::dice::Dice;

/// Ensembles, and how often each is tried. Small ones break soonest.
const SIZES: [(u64, u16); 6] = [(50, 3), (30, 5), (10, 4), (4, 2), (3, 7), (3, 1)];

/// How many entries a message holds: one at a time, entries of different terms travel apart.
const BATCHES: [(u64, u32); 3] = [(50, 1), (20, 2), (30, 64)];

/// Draws a cluster.
pub(super) fn header(seed: u64, options: &Options, dice: &mut Dice) -> Header {
    let size = dice.weighted(&SIZES);
    let batch = dice.weighted(&BATCHES);
    let mut settings = vec![Setting::Batch(batch)];
    // Three runs of four have a network that is more or less unreliable.
    let unreliable = dice.percent(75);
    let mut up_to = |most_ppm: u64| {
        let share = Percent::from_ppm(dice.below(most_ppm + 1) as u32);
        (dice.percent(70) && unreliable).then_some(share)
    };
    settings.extend(up_to(100_000).map(Setting::Loss));
    settings.extend(up_to(150_000).map(Setting::Duplicate));
    settings.extend(up_to(200_000).map(Setting::Reorder));
    let slow_disks = dice.percent(40);
    let storage = dice.span(200, 30_000);
    if slow_disks {
        settings.push(Setting::Storage(storage));
    }
    if dice.percent(50) {
        settings.push(Setting::CatchUpFirst(false));
    }
    let memberships = [
        (60, Membership::JointWhenNeeded),
        (15, Membership::AlwaysJoint),
        (25, Membership::SingleServer),
    ];
    settings.push(Setting::Membership(dice.weighted(&memberships)));
    // A narrow span of timeouts makes servers stand at once. With disks so slow that a vote takes as
    // long, they would hardly ever elect anyone.
    if dice.percent(30) && !slow_disks {
        let least = Duration::from_millis(150);
        settings.push(Setting::ElectionTimeout(Span::new(
            least,
            least + Duration::from_millis(20),
        )));
    }
    Header {
        servers: options.servers.unwrap_or(size),
        seed,
        settings,
        rules_off: options.off.clone(),
        ..Header::default()
    }
}
