//! Two-phase commit: a coordinator asks all sites to vote, and all go by the same decision.

use super::{Automaton, Move, Role, ask, unexpected};
use crate::zookeeper::{CreateMode, Data, ErrorCode, EventKind, Reply, Response, WatchEvent};

const COMMIT: &str = "commit";
const ABORT: &str = "abort";

/// The name of a site's znode.
fn site(number: u32) -> String {
    format!("s_{number}")
}

fn text(data: Option<&Data>) -> Option<&str> {
    data.and_then(Data::text)
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Creating(u32),
    Reading(u32),
    Waiting,
    Deciding(bool),
    Confirming,
}

/// The coordinator of so many sites.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Coordinator {
    sites: u32,
    stage: Stage,
    decision: Option<String>,
}

impl Coordinator {
    pub(super) fn new(sites: u32) -> Self {
        Self {
            sites,
            stage: Stage::Creating(1),
            decision: None,
        }
    }

    fn create(&mut self, role: &Role, number: u32) -> Move {
        self.stage = Stage::Creating(number);
        let path = role.child(&site(number));
        ask::create(&path, None, CreateMode::Persistent)
    }

    fn read(&mut self, role: &Role, number: u32) -> Move {
        self.stage = Stage::Reading(number);
        ask::get(role.child(&site(number)))
    }

    /// Once: the transaction's znode is as it was created until it is decided.
    fn decide(&mut self, role: &Role, commit: bool) -> Move {
        self.stage = Stage::Deciding(commit);
        let decision = if commit { COMMIT } else { ABORT };
        ask::set(role.path.clone(), decision, 0)
    }

    /// A vote is read: one against is enough, one that is missing is waited for.
    fn counted(&mut self, role: &Role, number: u32, vote: Option<&str>) -> Move {
        match vote {
            Some(ABORT) => self.decide(role, false),
            Some(COMMIT) if number == self.sites => self.decide(role, true),
            Some(COMMIT) => self.read(role, number + 1),
            _ => {
                self.stage = Stage::Waiting;
                Move::Wait
            }
        }
    }
}

impl Automaton for Coordinator {
    /// The recipe (ZooKeeper, Recipes, Two-phased Commit), in which only the coordinator watches
    /// the votes.
    fn steps(&self) -> &'static [&'static str] {
        &[
            "create a znode for the transaction and one below it for each site",
            "read the vote of each site, with a watch",
            "wait for the vote that is missing; then read it",
            "all votes are there, or one is against: write the decision",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        self.create(role, 1)
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (self.stage, reply) {
            (Stage::Creating(number), Ok(_) | Err(ErrorCode::NodeExists)) => {
                if number < self.sites {
                    self.create(role, number + 1)
                } else {
                    self.read(role, 1)
                }
            }
            (Stage::Reading(number), Ok(Response::Data { data, .. })) => {
                self.counted(role, number, text(data.as_ref()))
            }
            (Stage::Deciding(commit), Ok(_)) => {
                self.decision = Some(if commit { COMMIT } else { ABORT }.to_owned());
                Move::Done
            }
            // It was decided before, by this coordinator, when it did not hear the answer.
            (Stage::Deciding(_), Err(ErrorCode::BadVersion)) => {
                self.stage = Stage::Confirming;
                ask::get_once(role.path.clone())
            }
            (Stage::Confirming, Ok(Response::Data { data, .. })) => {
                self.decision = text(data.as_ref()).map(str::to_owned);
                Move::Done
            }
            (_, reply) => unexpected(reply),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        if self.stage == Stage::Waiting && event.path.starts_with(&*role.path) {
            return self.read(role, 1);
        }
        Move::Wait
    }

    /// Who gives up before all have voted decides against.
    fn release(&mut self, role: &Role) -> Move {
        self.decide(role, false)
    }

    fn step(&self) -> usize {
        match self.stage {
            Stage::Creating(_) => 0,
            Stage::Reading(_) => 1,
            Stage::Waiting => 2,
            Stage::Deciding(_) | Stage::Confirming => 3,
        }
    }

    fn holds(&self) -> bool {
        false
    }

    fn found(&self) -> Vec<String> {
        self.decision.iter().cloned().collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum SiteStage {
    Asking,
    Idle,
    Voting,
    Reading,
    Awaiting,
}

/// A site that votes and learns the decision.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Site {
    number: u32,
    commits: bool,
    stage: SiteStage,
    decision: Option<String>,
}

impl Site {
    /// Whatever is no vote for is one against.
    pub(super) fn new(number: u32, vote: Option<&Data>) -> Self {
        Self {
            number,
            commits: text(vote) == Some(COMMIT),
            stage: SiteStage::Asking,
            decision: None,
        }
    }

    fn read(&mut self, role: &Role) -> Move {
        self.stage = SiteStage::Reading;
        ask::get(role.path.clone())
    }
}

impl Automaton for Site {
    fn steps(&self) -> &'static [&'static str] {
        &[
            "ask for the own znode below the transaction, with a watch; wait until it is there",
            "vote: write `commit` or `abort` into it",
            "read the transaction, with a watch; wait until it says what is decided",
        ]
    }

    fn begin(&mut self, role: &Role) -> Move {
        self.stage = SiteStage::Asking;
        ask::exists(role.child(&site(self.number)))
    }

    fn answered(&mut self, role: &Role, reply: &Reply) -> Move {
        match (self.stage, reply) {
            (SiteStage::Asking, Ok(_)) => {
                self.stage = SiteStage::Voting;
                let vote = if self.commits { COMMIT } else { ABORT };
                ask::set(role.child(&site(self.number)), vote, 0)
            }
            (SiteStage::Asking, Err(ErrorCode::NoNode)) => {
                self.stage = SiteStage::Idle;
                Move::Wait
            }
            // A vote is cast once, heard of or not.
            (SiteStage::Voting, Ok(_) | Err(ErrorCode::BadVersion)) => self.read(role),
            (SiteStage::Reading, Ok(Response::Data { data, .. })) => {
                self.decision = text(data.as_ref()).map(str::to_owned);
                if self.decision.is_some() {
                    return Move::Done;
                }
                self.stage = SiteStage::Awaiting;
                Move::Wait
            }
            (_, reply) => unexpected(reply),
        }
    }

    fn told(&mut self, role: &Role, event: &WatchEvent) -> Move {
        match self.stage {
            SiteStage::Idle if event.kind == EventKind::NodeCreated => self.begin(role),
            SiteStage::Awaiting if event.path == role.path => self.read(role),
            _ => Move::Wait,
        }
    }

    fn release(&mut self, _: &Role) -> Move {
        Move::Done
    }

    fn step(&self) -> usize {
        match self.stage {
            SiteStage::Asking | SiteStage::Idle => 0,
            SiteStage::Voting => 1,
            SiteStage::Reading | SiteStage::Awaiting => 2,
        }
    }

    fn holds(&self) -> bool {
        false
    }

    fn found(&self) -> Vec<String> {
        self.decision.iter().cloned().collect()
    }
}
