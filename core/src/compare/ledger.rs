//! What is written down of a run as it is told, each thing with the event that it happened in.
//!
//! Nothing is ever summed up here: a reader may look at any instant of the run, and a branch keeps
//! what happened before it left. Whoever asks says at which event.

use crate::client::ClientFact;
use crate::history::Player;
use crate::ids::{ClientId, Endpoint, EventId, ServerId};
use crate::raft::{RaftFact, Role, SnapshotFact};
use crate::sim::{Fact, Record, WorldFact};
use crate::time::{Duration, Time};
use crate::zab::{SyncPlan, ZabFact};
use crate::zookeeper::Request;

use super::tail::Tail;

/// When something happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Moment {
    pub(super) event: EventId,
    pub(super) time: Time,
}

impl Moment {
    const fn of(record: &Record) -> Self {
        Self {
            event: record.event,
            time: record.time,
        }
    }
}

/// A server's time as leader: under Raft of a term, under Zab of an epoch that is established.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Office {
    pub(super) leader: ServerId,
    /// The term or epoch.
    pub(super) reign: u64,
    /// Who made it the leader.
    pub(super) by: Vec<ServerId>,
    /// When it was found: under Zab, before its epoch was agreed on.
    pub(super) found: Moment,
    pub(super) from: Moment,
    pub(super) until: Option<Moment>,
    /// What was not committed when it came, once that was looked up.
    pub(super) tail: Option<Tail>,
}

/// A server cut its log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cut {
    pub(super) at: Moment,
    pub(super) server: ServerId,
    pub(super) bound: Bound,
}

/// Where a log was cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    /// Everything from this index on went, by an `AppendEntries`.
    From(u64),
    /// Everything after this transaction went, by a TRUNC: its epoch and counter.
    After(u32, u32),
    /// Everything was replaced, by a snapshot.
    All,
}

/// A leader brought a learner up to date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sync {
    pub(super) at: Moment,
    pub(super) leader: ServerId,
    pub(super) learner: ServerId,
    pub(super) plan: SyncPlan,
}

/// An entry was committed, or all up to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Commit {
    pub(super) at: Moment,
    pub(super) leader: ServerId,
    /// The last index under Raft.
    pub(super) through: u64,
}

/// A write of a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Call {
    client: ClientId,
    number: u64,
    asked: Moment,
    answered: Option<Moment>,
    ok: bool,
}

/// What was told of one branch of a run, as far as a comparison is interested.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ledger {
    /// What was heard last; none at the beginning, which tells something, too.
    heard: Option<EventId>,
    /// The terms that somebody stood in, or the rounds of elections, as they came up.
    pub(super) attempts: Vec<(Moment, u64)>,
    /// Under Zab: who was found to lead, and not established since.
    found: Vec<(Moment, ServerId)>,
    pub(super) offices: Vec<Office>,
    /// Of each leader the first few.
    pub(super) commits: Vec<Commit>,
    pub(super) cuts: Vec<Cut>,
    pub(super) syncs: Vec<Sync>,
    calls: Vec<Call>,
}

impl Ledger {
    /// Writes down what has been told since.
    pub(super) fn follow(&mut self, player: &Player) {
        let end = player.last_event();
        if self.heard.is_some_and(|heard| heard >= end) {
            return;
        }
        let known = self.offices.len();
        let after = self.heard;
        player.tell_after(after, |record| self.hear(record));
        self.heard = Some(end);
        for place in known..self.offices.len() {
            let tail = Tail::at(player, &self.offices, place);
            self.offices[place].tail = Some(tail);
        }
    }

    /// What a branch that left at this event has of it.
    pub(super) fn up_to(&self, event: EventId) -> Self {
        let by = |moment: &Moment| moment.event <= event;
        let mut early = self.clone();
        early.heard = self.heard.map(|heard| heard.min(event));
        early.attempts.retain(|(at, _)| by(at));
        early.found.retain(|(at, _)| by(at));
        early.offices.retain(|office| by(&office.from));
        for office in &mut early.offices {
            office.until = office.until.filter(by);
        }
        early.commits.retain(|commit| by(&commit.at));
        early.cuts.retain(|cut| by(&cut.at));
        early.syncs.retain(|sync| by(&sync.at));
        early.calls.retain(|call| by(&call.asked));
        for call in &mut early.calls {
            call.answered = call.answered.filter(by);
        }
        early
    }

    fn hear(&mut self, record: &Record) {
        let at = Moment::of(record);
        match (&record.fact, record.who) {
            (Fact::Raft(fact), Some(Endpoint::Server(who))) => self.hear_raft(at, who, fact),
            (Fact::Zab(fact), Some(Endpoint::Server(who))) => self.hear_zab(at, who, fact),
            (Fact::Client(fact), Some(Endpoint::Client(who))) => self.hear_client(at, who, fact),
            (Fact::World(WorldFact::Crashed { server, .. }), _) => self.leave_office(at, *server),
            _ => {}
        }
    }

    fn hear_raft(&mut self, at: Moment, who: ServerId, fact: &RaftFact) {
        match fact {
            RaftFact::StoodForElection { term, .. } => self.attempt(at, term.number()),
            RaftFact::BecameLeader { term, votes, .. } => {
                self.take_office(at, at, who, term.number(), votes);
            }
            RaftFact::SteppedDown {
                role: Role::Leader, ..
            } => self.leave_office(at, who),
            RaftFact::Committed { through, .. } => self.commit(at, who, through.number()),
            RaftFact::Truncated { from, .. } => {
                self.cut(at, who, Bound::From(from.number()));
            }
            RaftFact::Snapshot(SnapshotFact::Installed { .. }) => {
                self.cut(at, who, Bound::All);
            }
            _ => {}
        }
    }

    fn hear_zab(&mut self, at: Moment, who: ServerId, fact: &ZabFact) {
        match fact {
            ZabFact::ElectionStarted { round, .. } => {
                self.attempt(at, *round);
                self.leave_office(at, who);
            }
            ZabFact::ElectionEnded { vote, .. } if vote.leader == who => {
                self.found.retain(|(_, other)| *other != who);
                self.found.push((at, who));
            }
            ZabFact::Established { epoch, quorum, .. } => {
                let found = self.found.iter().rev().find(|(_, leader)| *leader == who);
                let found = found.map_or(at, |(found, _)| *found);
                self.take_office(found, at, who, epoch.number().into(), quorum);
                self.commit(at, who, u64::MAX);
            }
            ZabFact::Truncated { to, .. } => {
                self.cut(at, who, Bound::After(to.epoch(), to.counter()));
            }
            ZabFact::SnapshotInstalled { .. } => self.cut(at, who, Bound::All),
            ZabFact::SyncChosen { learner, plan, .. } => self.syncs.push(Sync {
                at,
                leader: who,
                learner: *learner,
                plan: *plan,
            }),
            _ => {}
        }
    }

    fn hear_client(&mut self, at: Moment, who: ClientId, fact: &ClientFact) {
        match fact {
            ClientFact::Invoked {
                number,
                request: Some(request),
            } if Request::is_write(request) => self.calls.push(Call {
                client: who,
                number: *number,
                asked: at,
                answered: None,
                ok: false,
            }),
            ClientFact::Answered { number, reply, .. } => {
                let open = |call: &&mut Call| {
                    call.client == who && call.number == *number && call.answered.is_none()
                };
                if let Some(call) = self.calls.iter_mut().rev().find(open) {
                    call.answered = Some(at);
                    call.ok = reply.is_ok();
                }
            }
            _ => {}
        }
    }

    fn attempt(&mut self, at: Moment, number: u64) {
        if self.attempts.last().is_none_or(|(_, last)| *last < number) {
            self.attempts.push((at, number));
        }
    }

    fn take_office(
        &mut self,
        found: Moment,
        from: Moment,
        leader: ServerId,
        reign: u64,
        by: &[ServerId],
    ) {
        self.offices.push(Office {
            leader,
            reign,
            by: by.to_vec(),
            found,
            from,
            until: None,
            tail: None,
        });
    }

    fn leave_office(&mut self, at: Moment, who: ServerId) {
        let open = |office: &&mut Office| office.leader == who && office.until.is_none();
        if let Some(office) = self.offices.iter_mut().rev().find(open) {
            office.until = Some(at);
        }
    }

    /// Only the first commits of a leader decide over what it found: the others are not kept.
    fn commit(&mut self, at: Moment, leader: ServerId, through: u64) {
        let own = |commit: &&Commit| commit.leader == leader;
        let office = self
            .offices
            .last()
            .map_or(EventId::new(0), |it| it.from.event);
        let since = self
            .commits
            .iter()
            .rev()
            .take_while(|it| it.at.event >= office);
        if since.filter(own).count() < FIRST_COMMITS {
            self.commits.push(Commit {
                at,
                leader,
                through,
            });
        }
    }

    fn cut(&mut self, at: Moment, server: ServerId, bound: Bound) {
        self.cuts.push(Cut { at, server, bound });
    }

    /// The writes that were answered with success by `now`, and how long each took.
    pub(super) fn answers(&self, now: EventId) -> impl Iterator<Item = Duration> + '_ {
        self.calls.iter().filter_map(move |call| {
            let answered = call.answered.filter(|at| at.event <= now && call.ok)?;
            Some(answered.time.since(call.asked.time))
        })
    }

    /// How long nobody led until `now`: in all, and at a stretch.
    pub(super) fn without_leader(&self, now: Moment) -> (Duration, Duration) {
        let (mut all, mut longest) = (Duration::ZERO, Duration::ZERO);
        let mut led_until = Time::ZERO;
        let mut gap = |from: Time, to: Time| {
            let gap = to.since(from);
            all = all + gap;
            longest = longest.max(gap);
        };
        for office in self.offices.iter().filter(|it| it.from.event <= now.event) {
            if office.from.time > led_until {
                gap(led_until, office.from.time);
            }
            let until = office.until.filter(|until| until.event <= now.event);
            led_until = led_until.max(until.map_or(now.time, |until| until.time));
        }
        gap(led_until, now.time.max(led_until));
        (all, longest)
    }

    /// When the office of the leader before this one ended, if it had by then.
    pub(super) fn gap_before(&self, place: usize) -> Option<Duration> {
        let from = self.offices[place].from;
        let earlier = &self.offices[..place];
        let ended = earlier.iter().map(|office| {
            let until = office.until.filter(|until| until.event <= from.event);
            until.map(|until| until.time)
        });
        let ended: Option<Vec<Time>> = ended.collect();
        Some(from.time.since(ended?.into_iter().max()?))
    }
}

/// A leader's tail is decided by its first few commits: under Raft by the first that has an entry
/// of its own term.
const FIRST_COMMITS: usize = 8;
