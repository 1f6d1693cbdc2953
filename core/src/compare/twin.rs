//! The other run: everything is done to it that is done to the first.

use std::collections::BTreeMap;

use super::crossing;
use super::figures::Figures;
use super::ledger::Ledger;
use super::story::{self, Difference};
use crate::history::{OpenError, Player, Stop};
use crate::script::{Protocol, Script};
use crate::time::{Duration, Time};

/// Two runs on one clock: the one that is watched, which belongs to whoever calls, and its twin.
#[derive(Clone, Debug)]
pub struct Comparison {
    twin: Player,
    /// Of each branch of the first run, its counterpart.
    lanes: BTreeMap<u32, Lane>,
    /// The ledgers of the first run, by branch.
    ledgers: BTreeMap<u32, Ledger>,
    /// What of the header means nothing to the twin.
    header_left: Vec<String>,
}

/// The counterpart of a branch.
#[derive(Clone, Debug)]
struct Lane {
    /// The twin's branch.
    branch: u32,
    /// For each command of the first run, whether it was done to the twin, too.
    done: Vec<bool>,
    left: Vec<Left>,
    ledger: Ledger,
}

/// A line that was not done to the twin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// When it was to be done; none for what the header says.
    pub at: Option<Time>,
    /// It.
    pub line: String,
    /// Why not.
    pub why: String,
}

/// How far the twin has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gait {
    /// It is where the first run is.
    Abreast,
    /// It has to go on.
    Behind,
    /// An invariant of it was violated on the way.
    Violated,
}

const fn other(protocol: Protocol) -> Protocol {
    match protocol {
        Protocol::Raft => Protocol::Zab,
        Protocol::Zab => Protocol::Raft,
    }
}

impl Comparison {
    /// A twin at its beginning, for the run of `first`.
    pub fn beside(first: &Player) -> Result<Self, OpenError> {
        let mut left = Vec::new();
        let protocol = other(first.world().settings().protocol);
        let header = crossing::header(protocol, first.header().clone(), &mut left);
        let twin = Player::open(&Script::new(header, Vec::new()).to_string())?;
        Ok(Self {
            twin,
            lanes: BTreeMap::new(),
            ledgers: BTreeMap::new(),
            header_left: left,
        })
    }

    /// The twin.
    pub const fn twin(&self) -> &Player {
        &self.twin
    }

    /// Lends the twin to someone who looks round in it and leaves it where it was.
    pub fn lend(&mut self, look: impl FnOnce(&mut Player)) {
        look(&mut self.twin);
    }

    /// The twin, as a run of its own.
    pub fn into_twin(self) -> Player {
        self.twin
    }

    pub(super) const fn twin_mut(&mut self) -> &mut Player {
        &mut self.twin
    }

    /// Takes the twin to where the first run is, on the branch that it is on, but lets it make no
    /// more than `most` of new time: a twin that joins late has a way to go.
    pub fn follow(&mut self, first: &Player, most: Duration) -> Gait {
        let branch = self.turn_into(first);
        let gait = self.catch_up(first, branch, most);
        if gait == Gait::Abreast {
            self.undo(first, branch);
        }
        self.write_down(first, branch);
        gait
    }

    /// Goes to the twin's counterpart of the branch that the first run is on.
    fn turn_into(&mut self, first: &Player) -> u32 {
        let branches = first.branches();
        let current = branches.iter().find(|branch| branch.current);
        let (id, from) = current.map_or((0, None), |branch| (branch.id, branch.from));
        if let Some(lane) = self.lanes.get(&id) {
            if self.current() != lane.branch {
                // The branch exists: it was opened here.
                let _ = self.twin.switch(lane.branch);
            }
            return id;
        }
        let lane = match from.and_then(|(parent, at)| Some((self.lanes.get(&parent)?, at))) {
            Some((parent, at)) => {
                let (parent, inherited) = (parent.clone(), first.commands_inherited());
                self.branch_off(&parent, at, inherited)
            }
            None => Lane {
                branch: self.current(),
                done: Vec::new(),
                left: Vec::new(),
                ledger: Ledger::default(),
            },
        };
        let ledger = from.and_then(|(parent, _)| {
            let parent = self.ledgers.get(&parent)?;
            Some(parent.up_to(first.event_at_birth()))
        });
        self.ledgers.insert(id, ledger.unwrap_or_default());
        self.lanes.insert(id, lane);
        id
    }

    /// A lane that leaves `parent` after so many of its commands.
    fn branch_off(&mut self, parent: &Lane, at: Time, inherited: usize) -> Lane {
        let _ = self.twin.switch(parent.branch);
        self.twin.seek(at);
        let mut done = parent.done.clone();
        done.truncate(inherited);
        self.undo_to(count(&done));
        let mut ledger = parent.ledger.up_to(self.twin.world().event());
        ledger.follow(&self.twin);
        let ledger = ledger.up_to(self.twin.world().event());
        // A twin that can open no more branches goes on on this one: as many as the first run.
        let _ = self.twin.fork(format!("from {at}"));
        let left = parent.left.iter();
        Lane {
            branch: self.current(),
            done,
            left: left
                .filter(|left| left.at.is_none_or(|it| it < at))
                .cloned()
                .collect(),
            ledger,
        }
    }

    fn current(&self) -> u32 {
        let branches = self.twin.branches();
        let current = branches.iter().find(|branch| branch.current);
        current.map_or(0, |branch| branch.id)
    }

    fn catch_up(&mut self, first: &Player, branch: u32, most: Duration) -> Gait {
        let target = first.now();
        if self.twin.end() > target {
            if self.twin.is_live() || self.twin.now() > target {
                self.twin.seek(target);
            } else {
                self.twin.advance(target.since(self.twin.now()));
            }
            return Gait::Abreast;
        }
        self.twin.go_live();
        let limit = self.twin.now() + most;
        while let Some(lane) = self.lanes.get(&branch) {
            let place = lane.done.len();
            let next = first.commands().get(place).filter(|next| next.at <= target);
            let until = next.map_or(target, |next| next.at).min(limit);
            let before = self.twin.now();
            let violated = self.twin.advance(until.since(before)).stop == Some(Stop::Violation);
            if violated {
                return Gait::Violated;
            }
            match next {
                Some(next) if next.at <= limit => self.mirror(first, branch, place),
                _ => break,
            }
        }
        if self.twin.now() < target {
            Gait::Behind
        } else {
            Gait::Abreast
        }
    }

    /// Does the first run's command at `place` to the twin.
    fn mirror(&mut self, first: &Player, branch: u32, place: usize) {
        let Some(asked) = first.asked(place) else {
            return;
        };
        let line = asked.to_string();
        let done = if crossing::names_a_message(asked) {
            Err("a message belongs to one run".to_owned())
        } else {
            let run = self.twin.run(&line);
            run.map_err(|error| error.to_string())
        };
        let at = self.twin.now();
        if let Some(lane) = self.lanes.get_mut(&branch) {
            lane.done.push(done.is_ok());
            if let Err(why) = done {
                let at = Some(at);
                lane.left.push(Left { at, line, why });
            }
        }
    }

    /// Of several commands at one instant, no more are done than the first run's reader has seen.
    fn undo(&mut self, first: &Player, branch: u32) {
        let Some(lane) = self.lanes.get(&branch) else {
            return;
        };
        let seen = first.commands_done().min(lane.done.len());
        let wanted = count(&lane.done[..seen]);
        self.undo_to(wanted);
    }

    fn undo_to(&mut self, commands: usize) {
        while self.twin.commands_done() > commands && self.twin.step_back() {}
    }

    fn write_down(&mut self, first: &Player, branch: u32) {
        if let Some(ledger) = self.ledgers.get_mut(&branch) {
            ledger.follow(first);
        }
        if let Some(lane) = self.lanes.get_mut(&branch) {
            lane.ledger.follow(&self.twin);
        }
    }

    /// The ledgers of the branch that both are on: the first run's, and the twin's.
    fn ledgers(&self, first: &Player) -> Option<(&Ledger, &Ledger)> {
        let current = first.branches().into_iter().find(|branch| branch.current)?;
        let lane = self.lanes.get(&current.id)?;
        Some((self.ledgers.get(&current.id)?, &lane.ledger))
    }

    /// Both runs in numbers: Raft's first.
    pub fn figures(&self, first: &Player) -> Option<[Figures; 2]> {
        let (own, twins) = self.ledgers(first)?;
        let figures = [Figures::of(own, first), Figures::of(twins, &self.twin)];
        Some(in_order(first, figures))
    }

    /// The changes of leader of both runs, the newest first.
    pub fn story(&self, first: &Player) -> Vec<Difference> {
        let Some((own, twins)) = self.ledgers(first) else {
            return Vec::new();
        };
        let protocol = first.world().settings().protocol;
        let mut story = story::tell(own, protocol, first.world().event());
        story.extend(story::tell(
            twins,
            other(protocol),
            self.twin.world().event(),
        ));
        story.sort_by_key(|it| std::cmp::Reverse((it.time, it.protocol)));
        story
    }

    /// What was not done to the twin, up to where the first run is.
    pub fn left(&self, first: &Player) -> Vec<Left> {
        let protocol = other(first.world().settings().protocol);
        let header = self.header_left.iter().map(|line| Left {
            at: None,
            line: line.clone(),
            why: format!("{} has no such thing", title(protocol)),
        });
        let branches = first.branches();
        let current = branches.iter().find(|branch| branch.current);
        let lane = current.and_then(|branch| self.lanes.get(&branch.id));
        let now = first.now();
        let left = lane.map_or(&[][..], |lane| &lane.left);
        let left = left
            .iter()
            .filter(|left| left.at.is_none_or(|at| at <= now));
        header.chain(left.cloned()).collect()
    }
}

const fn title(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Raft => "Raft",
        Protocol::Zab => "Zab",
    }
}

/// How many of these were done.
fn count(done: &[bool]) -> usize {
    done.iter().filter(|done| **done).count()
}

/// What belongs to the first run and to its twin: Raft's first.
pub(super) fn in_order<T>(first: &Player, [own, twins]: [T; 2]) -> [T; 2] {
    match first.world().settings().protocol {
        Protocol::Raft => [own, twins],
        Protocol::Zab => [twins, own],
    }
}
