//! What each new leader meant, as sentences.

use super::figures::millis;
use super::ledger::{Ledger, Office};
use super::tail::{Heir, Loss};
use crate::ids::{EventId, ServerId};
use crate::script::Protocol;
use crate::time::Time;
use crate::zab::{Pair, SyncPlan};

/// Something in which the two runs can be compared: a new leader, and what it made of what it
/// found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// In which of the two.
    pub protocol: Protocol,
    /// When.
    pub time: Time,
    /// Who leads now: `S4 leads term 2`.
    pub title: String,
    /// How it came to that, and what became of the uncommitted tail.
    pub text: String,
}

/// The story of the run that runs `protocol`, up to `now`, in the order in which it happened.
pub(super) fn tell(ledger: &Ledger, protocol: Protocol, now: EventId) -> Vec<Difference> {
    let offices = ledger.offices.iter().enumerate();
    let offices = offices.filter(|(_, office)| office.from.event <= now);
    offices
        .map(|(place, office)| Difference {
            protocol,
            time: office.from.time,
            title: match protocol {
                Protocol::Raft => format!("{} leads term {}", office.leader, office.reign),
                Protocol::Zab => format!("{} leads epoch {}", office.leader, office.reign),
            },
            text: [
                came(ledger, place, protocol),
                kept(ledger, office, protocol, now),
                lost(ledger, office, protocol, now),
            ]
            .concat(),
        })
        .collect()
}

/// How a leader came.
fn came(ledger: &Ledger, place: usize, protocol: Protocol) -> String {
    let office = &ledger.offices[place];
    let by = list(&office.by);
    let how = match protocol {
        Protocol::Raft => format!("Elected by {by}"),
        Protocol::Zab => format!("{by} took over its history"),
    };
    if place == 0 {
        let since = office.from.time.since(Time::ZERO);
        return format!("{how}, {} after the start.", millis(since));
    }
    let when = match ledger.gap_before(place) {
        Some(gap) => format!("{} after the last leader was gone", millis(gap)),
        None => "while another server still took itself for the leader".to_owned(),
    };
    let is_clean = office.tail.as_ref().is_some_and(|it| it.heirs.is_empty());
    let rest = if is_clean {
        " Nothing was uncommitted."
    } else {
        ""
    };
    format!("{how}, {when}.{rest}")
}

/// What of the tail the leader has.
fn kept(ledger: &Ledger, office: &Office, protocol: Protocol, now: EventId) -> String {
    let Some(tail) = &office.tail else {
        return String::new();
    };
    let (kept, _) = tail.parted();
    let Some(last) = kept.last() else {
        return String::new();
    };
    let (what, leader) = (named(&kept, protocol), office.leader);
    let it = if kept.len() == 1 { "it" } else { "they" };
    let (was, stays, is) = match kept.len() {
        1 => ("was", "stays", "is"),
        _ => ("were", "stay", "are"),
    };
    match protocol {
        Protocol::Raft => {
            let reign = office.reign;
            let fate = match last.committed(ledger, office, now) {
                Some(at) => format!(
                    "and {was} committed at {}, together with an entry of term {reign}",
                    at.time
                ),
                None => format!("and {is} committed only with an entry of term {reign}"),
            };
            format!(" {what} {was} uncommitted and {is} in {leader}'s log: {it} {stays}, {fate}.")
        }
        Protocol::Zab => format!(
            " {what} {was} uncommitted and {is} in {leader}'s history: {}{it} {is} committed, \
             before anything new is broadcast.",
            taken_over(ledger, office)
        ),
    }
}

/// How the learners of a leader got its history before it was established.
fn taken_over(ledger: &Ledger, office: &Office) -> String {
    let syncs = ledger.syncs.iter().filter(|sync| {
        sync.leader == office.leader
            && (office.found.event..=office.from.event).contains(&sync.at.event)
            && office.by.contains(&sync.learner)
    });
    let ways: Vec<String> = syncs
        .map(|sync| format!("{} by {}", sync.learner, word(sync.plan)))
        .collect();
    if ways.is_empty() {
        return String::new();
    }
    format!("a quorum has it ({}), so ", ways.join(", "))
}

/// What of the tail the leader has not.
fn lost(ledger: &Ledger, office: &Office, protocol: Protocol, now: EventId) -> String {
    let Some(tail) = &office.tail else {
        return String::new();
    };
    let (_, lost) = tail.parted();
    let Some(first) = lost.first() else {
        return String::new();
    };
    let (what, leader) = (named(&lost, protocol), office.leader);
    let (was, is) = match lost.len() {
        1 => ("was", "is"),
        _ => ("were", "are"),
    };
    let (holdings, goes, gone) = match protocol {
        Protocol::Raft => ("log", "overwritten", "overwritten"),
        Protocol::Zab => ("history", "cut off", "cut off by TRUNC"),
    };
    let fate = match first.loss(ledger, office, now) {
        Loss::Gone => "in no log any more".to_owned(),
        Loss::StillOn(servers) => format!("{is} to be {goes} on {}", list(&servers)),
        Loss::Cut(server, at, true) => format!("{was} {gone} on {server} at {at}"),
        Loss::Cut(server, at, false) => {
            format!("{was} replaced by a snapshot on {server} at {at}")
        }
    };
    format!(" {what} {was} uncommitted and not in {leader}'s {holdings}, and {fate}.")
}

const fn word(plan: SyncPlan) -> &'static str {
    match plan {
        SyncPlan::EmptyDiff => "an empty DIFF",
        SyncPlan::Diff { .. } => "DIFF",
        SyncPlan::Trunc { .. } => "TRUNC",
        SyncPlan::Snap { .. } => "SNAP",
    }
}

/// `Entry 5 (create /a)`, `Entries 5 to 7 (create /a and 2 more)`.
fn named(heirs: &[&Heir], protocol: Protocol) -> String {
    let place = |heir: &Heir| match heir.zxid {
        Some(zxid) => Pair(zxid).to_string(),
        None => heir.index.to_string(),
    };
    let (Some(first), Some(last)) = (heirs.first(), heirs.last()) else {
        return String::new();
    };
    let (one, many) = match protocol {
        Protocol::Raft => ("Entry", "Entries"),
        Protocol::Zab => ("Transaction", "Transactions"),
    };
    if heirs.len() == 1 {
        return format!("{one} {} ({})", place(first), first.label);
    }
    let (from, to, more) = (place(first), place(last), heirs.len() - 1);
    format!("{many} {from} to {to} ({} and {more} more)", first.label)
}

/// `S1, S2 and S3`.
fn list(servers: &[ServerId]) -> String {
    let names: Vec<String> = servers.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
