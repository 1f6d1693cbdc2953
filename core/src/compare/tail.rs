//! The uncommitted tail: what was proposed and not committed when a new leader came, and whether
//! that leader has it.
//!
//! This is looked up in the worlds of that time, not gathered from what was told: which log holds
//! what is a matter of fact.

use super::ledger::{Bound, Ledger, Moment, Office};
use crate::history::Player;
use crate::ids::{EventId, ServerId};
use crate::sim::World;
use crate::time::Time;
use crate::view::{EntryView, Scope, ServerView, View};
use crate::zab::Phase;
use crate::zookeeper::Zxid;

/// Longer tails are not looked at whole.
const LONGEST: u64 = 256;

/// An entry that was not committed when a leader came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Heir {
    pub(super) index: u64,
    term: u64,
    pub(super) zxid: Option<Zxid>,
    /// What it holds, in a few words.
    pub(super) label: String,
    /// Whether the new leader has it.
    pub(super) kept: bool,
    /// Who has it then, on disk or in its log.
    pub(super) on: Vec<ServerId>,
}

/// What was not committed when a leader came, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Tail {
    pub(super) heirs: Vec<Heir>,
}

/// What has become of an entry that a new leader has not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Loss {
    /// It was in no log any more.
    Gone,
    /// These have it still.
    StillOn(Vec<ServerId>),
    /// It was cut off there and then; whether by a truncation.
    Cut(ServerId, Time, bool),
}

impl Tail {
    /// What the leader of the `place`th office found.
    pub(super) fn at(player: &Player, offices: &[Office], place: usize) -> Self {
        let office = &offices[place];
        let came = player.world_after(office.found.event);
        let lost = offices[..place].iter().rev().find_map(|earlier| {
            let until = earlier.until?;
            (until.event <= office.from.event).then_some(until)
        });
        // As long as its leader lives, what is committed is known; and a crash takes with it what
        // is on no disk.
        let before = lost.map(|lost| {
            let before = EventId::new(lost.event.number().saturating_sub(1));
            player.world_after(before.min(office.found.event))
        });
        let committed = committed(before.as_ref().unwrap_or(&came));
        let mut tail = Self::default();
        for world in before.iter().chain([&came]) {
            for server in uncommitted(world, committed) {
                for entry in server.log.iter().filter(|it| it.term < office.reign) {
                    tail.take(entry);
                }
            }
        }
        for server in uncommitted(&came, committed) {
            for entry in &server.log {
                tail.holds(&server, entry, office.leader);
            }
        }
        tail.heirs.sort_by_key(|heir| (heir.index, heir.term));
        tail
    }

    fn take(&mut self, entry: &EntryView) {
        let known = |heir: &Heir| (heir.index, heir.term) == (entry.index, entry.term);
        if !self.heirs.iter().any(known) {
            self.heirs.push(Heir {
                index: entry.index,
                term: entry.term,
                zxid: entry.zxid,
                label: entry.label.clone(),
                kept: false,
                on: Vec::new(),
            });
        }
    }

    fn holds(&mut self, server: &ServerView, entry: &EntryView, leader: ServerId) {
        let known = |heir: &&mut Heir| (heir.index, heir.term) == (entry.index, entry.term);
        if let Some(heir) = self.heirs.iter_mut().find(known) {
            heir.kept |= server.id == leader;
            heir.on.push(server.id);
        }
    }

    /// What the leader has of it, and what not.
    pub(super) fn parted(&self) -> (Vec<&Heir>, Vec<&Heir>) {
        self.heirs.iter().partition(|heir| heir.kept)
    }
}

impl Heir {
    /// What became of it by `now`, after a leader came without it.
    pub(super) fn loss(&self, ledger: &Ledger, office: &Office, now: EventId) -> Loss {
        if self.on.is_empty() {
            return Loss::Gone;
        }
        let cut = ledger.cuts.iter().find(|cut| {
            let since = cut.at.event > office.found.event && cut.at.event <= now;
            since && self.on.contains(&cut.server) && self.is_beyond(cut.bound)
        });
        match cut {
            Some(cut) => {
                let by_truncation = cut.bound != Bound::All;
                Loss::Cut(cut.server, cut.at.time, by_truncation)
            }
            None => Loss::StillOn(self.on.clone()),
        }
    }

    /// When a leader that has it committed it, if it had by `now`.
    pub(super) fn committed(
        &self,
        ledger: &Ledger,
        office: &Office,
        now: EventId,
    ) -> Option<Moment> {
        let commits = ledger.commits.iter().filter(|commit| {
            commit.leader == office.leader
                && (office.from.event..=now).contains(&commit.at.event)
                && commit.through >= self.index
        });
        commits.map(|commit| commit.at).next()
    }

    fn is_beyond(&self, bound: Bound) -> bool {
        match bound {
            Bound::From(index) => self.index >= index,
            Bound::After(epoch, counter) => self
                .zxid
                .is_some_and(|zxid| (zxid.epoch(), zxid.counter()) > (epoch, counter)),
            Bound::All => true,
        }
    }
}

/// The last index that some server knows to be committed.
fn committed(world: &World) -> u64 {
    let scope = Scope {
        log: (1, 0),
        znodes: false,
    };
    let view = View::of(world, &scope);
    let knows = |server: &&ServerView| match &server.zab {
        None => server.up,
        Some(zab) => zab.phase == Some(Phase::Broadcast),
    };
    let commits = view.servers.iter().filter(knows);
    commits.map(|server| server.commit).max().unwrap_or(0)
}

/// The servers with what their logs hold after `committed`.
fn uncommitted(world: &World, committed: u64) -> Vec<ServerView> {
    let scope = Scope {
        log: (committed + 1, LONGEST),
        znodes: false,
    };
    View::of(world, &scope).servers
}
