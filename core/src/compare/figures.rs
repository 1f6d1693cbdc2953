//! A run in numbers, at one instant.

use super::ledger::{Ledger, Moment};
use crate::history::Player;
use crate::sim::Traffic;
use crate::time::Duration;
use crate::view::{Scope, View};

/// A run in numbers, from its beginning to one instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figures {
    /// Leaders that took office.
    pub leaders: usize,
    /// Terms that somebody stood in, or rounds of elections.
    pub attempts: usize,
    /// How long nobody led.
    pub leaderless: Duration,
    /// The longest of these times.
    pub longest_leaderless: Duration,
    /// How many entries are known to be committed.
    pub committed: u64,
    /// What was sent.
    pub traffic: Traffic,
    /// Writes that were answered with success.
    pub answered: usize,
    /// What these took on average, from request to reply.
    pub reply: Option<Duration>,
    /// Uncommitted entries that a new leader had.
    pub kept: usize,
    /// Uncommitted entries that a new leader had not.
    pub lost: usize,
}

/// A row of the table: what it is called, what it means, and how a run's figure is written.
#[derive(Clone, Copy)]
pub struct Row {
    /// What it is called.
    pub name: &'static str,
    /// The same in a word or two, where there is little room.
    pub short: &'static str,
    /// What it means.
    pub means: &'static str,
    /// How it is written; for a run that has no such figure, a dash.
    pub write: fn(&Figures) -> String,
}

/// The table.
pub const ROWS: [Row; 8] = [
    Row {
        name: "Elections won",
        short: "elections",
        means: "elections that ended with a leader in office, of all that began: each term (Raft) or round (Zab) in which one was sought",
        write: |it| format!("{} of {}", it.leaders, it.attempts),
    },
    Row {
        name: "Without a leader",
        short: "no leader",
        means: "simulated time in which nobody led, from the beginning; under Zab a leader leads once its epoch is established",
        write: |it| millis(it.leaderless),
    },
    Row {
        name: "Longest of it",
        short: "longest",
        means: "the longest time at a stretch in which nobody led",
        write: |it| millis(it.longest_leaderless),
    },
    Row {
        name: "Committed",
        short: "committed",
        means: "entries that some server knows to be committed; under Raft a leader's first, empty one counts",
        write: |it| grouped(it.committed),
    },
    Row {
        name: "Messages",
        short: "messages",
        means: "messages between servers: elections, entries, recovery, heartbeats or pings, requests passed on",
        write: |it| grouped(it.traffic.between_servers()),
    },
    Row {
        name: "For each commit",
        short: "per commit",
        means: "messages that carry entries, acknowledge them or say that they are committed, for each committed entry",
        write: |it| tenths(it.traffic.replication, it.committed),
    },
    Row {
        name: "Request to reply",
        short: "reply",
        means: "what a client's write took on average from request to reply",
        write: |it| it.reply.map_or_else(|| DASH.to_owned(), millis),
    },
    Row {
        name: "Tail kept, lost",
        short: "tail",
        means: "entries that were not committed when a new leader came: how many it had, and how many not",
        write: |it| format!("{}, {}", it.kept, it.lost),
    },
];

const DASH: &str = "–";

impl Figures {
    /// The run of `player`, whose ledger this is, where its reader is.
    pub(super) fn of(ledger: &Ledger, player: &Player) -> Self {
        let world = player.world();
        let now = Moment {
            event: world.event(),
            time: world.now(),
        };
        let by = |moment: &Moment| moment.event <= now.event;
        let (leaderless, longest_leaderless) = ledger.without_leader(now);
        let scope = Scope {
            log: (1, 0),
            znodes: false,
        };
        let view = View::of(world, &scope);
        let commits = view.servers.iter().map(|server| server.commit);
        let answers: Vec<Duration> = ledger.answers(now.event).collect();
        let sum: u64 = answers.iter().map(|it| it.as_micros()).sum();
        let count = answers.len() as u64;
        let offices = ledger.offices.iter().filter(|office| by(&office.from));
        let tails: Vec<_> = offices.clone().filter_map(|it| it.tail.as_ref()).collect();
        Self {
            leaders: offices.count(),
            attempts: ledger.attempts.iter().filter(|(at, _)| by(at)).count(),
            leaderless,
            longest_leaderless,
            committed: commits.max().unwrap_or(0),
            traffic: world.network().traffic(),
            answered: answers.len(),
            reply: sum.checked_div(count).map(Duration::from_micros),
            kept: tails.iter().map(|tail| tail.parted().0.len()).sum(),
            lost: tails.iter().map(|tail| tail.parted().1.len()).sum(),
        }
    }
}

/// `212 ms`, `1.3 ms`.
pub(super) fn millis(span: Duration) -> String {
    let micros = span.as_micros();
    if micros < 10_000 {
        let tenths = (micros + 50) / 100;
        return format!("{}.{} ms", tenths / 10, tenths % 10);
    }
    format!("{} ms", grouped((micros + 500) / 1_000))
}

/// A number; one of five digits or more with commas between its thousands.
fn grouped(number: u64) -> String {
    if number < 10_000 {
        return number.to_string();
    }
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A quotient with one decimal.
fn tenths(sum: u64, count: u64) -> String {
    if count == 0 {
        return DASH.to_owned();
    }
    let tenths = (sum * 10 + count / 2) / count;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart_from_five_digits_on() {
        let numbers = [0, 9_999, 10_000, 1_234_567, 1_002_003];
        let written = numbers.map(grouped);
        assert_eq!(written, ["0", "9999", "10,000", "1,234,567", "1,002,003"]);
    }
}
