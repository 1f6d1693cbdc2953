//! A run at a glance: its terms or epochs as bands, what mattered as marks.

use serde::Serialize;

use crate::client::ClientFact;
use crate::raft::RaftFact;
use crate::sim::{Fact, Record, WorldFact};
use crate::time::Time;
use crate::zab::ZabFact;
use crate::zookeeper::Request;

/// The most marks kept; then those of one kind that lie close together become one.
const MOST_MARKS: usize = 2_048;

/// The most bands kept; then the shortest neighbours are joined.
const MOST_BANDS: usize = 1_024;

/// A run at a glance.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tape {
    /// The highest term at each time, from the beginning, or under Zab the highest epoch whose
    /// leader has begun it; each band ends where the next begins.
    pub bands: Vec<Band>,
    /// What mattered, in order.
    pub marks: Vec<Mark>,
}

/// A stretch of time with one highest term or epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Band {
    /// Where it begins.
    pub from: Time,
    /// The term, or the epoch.
    pub term: u64,
}

/// Something that mattered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// What.
    pub kind: MarkKind,
}

/// What can matter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// A leader was elected.
    Election,
    /// A server crashed.
    Crash,
    /// A server came back.
    Restart,
    /// A link was cut.
    Cut,
    /// A link was healed.
    Heal,
    /// A write was answered.
    Write,
    /// An invariant was violated.
    Violation,
    /// A lesson spoke.
    Note,
}

impl Tape {
    /// Takes in what a record means for the tape.
    pub(super) fn note(&mut self, record: &Record) {
        match record.fact {
            Fact::Raft(RaftFact::StoodForElection { term, .. }) => {
                self.reach_term(record.time, term.number());
            }
            Fact::Zab(ZabFact::EpochBegun { epoch }) => {
                self.reach_term(record.time, epoch.number().into());
            }
            _ => {}
        }
        if let Some(kind) = kind_of(&record.fact) {
            self.mark(record.time, kind);
        }
    }

    fn reach_term(&mut self, from: Time, term: u64) {
        if self.bands.last().is_none_or(|band| band.term < term) {
            self.bands.push(Band { from, term });
        }
        if self.bands.len() > MOST_BANDS {
            let mut position = 0;
            self.bands.retain(|_| {
                position += 1;
                position % 2 == 1 || position > MOST_BANDS / 2
            });
        }
    }

    /// Adds a mark.
    pub(super) fn mark(&mut self, at: Time, kind: MarkKind) {
        self.marks.push(Mark { at, kind });
        if self.marks.len() > MOST_MARKS {
            self.thin(at);
        }
    }

    /// Joins marks of one kind that could not be told apart on a screen.
    fn thin(&mut self, end: Time) {
        let apart = end.since(Time::ZERO).fraction(2, MOST_MARKS as u64);
        let mut last: Vec<Mark> = Vec::new();
        self.marks.retain(|mark| {
            let earlier = last.iter_mut().find(|other| other.kind == mark.kind);
            match earlier {
                Some(other) if mark.at.since(other.at) < apart => false,
                Some(other) => {
                    other.at = mark.at;
                    true
                }
                None => {
                    last.push(*mark);
                    true
                }
            }
        });
        // Eight kinds at this distance may still be too many: the oldest go.
        let surplus = self.marks.len().saturating_sub(MOST_MARKS / 2);
        if surplus > MOST_MARKS / 4 {
            self.marks.drain(..surplus);
        }
    }

    /// The tape as it was at `end`.
    pub(super) fn up_to(&self, end: Time) -> Self {
        Self {
            bands: self
                .bands
                .iter()
                .copied()
                .filter(|band| band.from <= end)
                .collect(),
            marks: self
                .marks
                .iter()
                .copied()
                .filter(|mark| mark.at <= end)
                .collect(),
        }
    }
}

fn kind_of(fact: &Fact) -> Option<MarkKind> {
    Some(match fact {
        Fact::Raft(RaftFact::BecameLeader { .. }) | Fact::Zab(ZabFact::Established { .. }) => {
            MarkKind::Election
        }
        Fact::Client(ClientFact::Answered {
            request: Some(request),
            reply: Ok(_),
            ..
        }) if Request::is_write(request) => MarkKind::Write,
        Fact::World(fact) => match fact {
            WorldFact::Crashed { .. } => MarkKind::Crash,
            WorldFact::Restarted { .. } => MarkKind::Restart,
            WorldFact::Cut { .. } | WorldFact::Isolated { .. } | WorldFact::Partitioned { .. } => {
                MarkKind::Cut
            }
            WorldFact::Healed { .. } | WorldFact::HealedAll | WorldFact::Rejoined { .. } => {
                MarkKind::Heal
            }
            _ => return None,
        },
        _ => return None,
    })
}
