//! Changes of the cluster's membership (Raft §6, dissertation §4).
//!
//! A configuration is an entry of the log, and a server goes by the latest one that its log holds,
//! committed or not; when that entry is deleted, by the one before it. A change that moves at most
//! one voter is a single entry; any other passes through a *joint* configuration, in which the old
//! voters and the new ones decide by separate majorities. Newcomers get the log as learners, who
//! have no voice, before they become voters.

use std::borrow::Cow;

use super::Replica;
use super::configuration::Configuration;
use super::fact::{RaftFact, StepDownReason};
use super::io::{Output, Turn, tell};
use super::log::{Content, Payload};
use super::membership_fact::{Cause, MembershipFact};
use super::position::Index;
use super::progress::Progress;
use super::reconfiguration::{Reconfiguration, Transition};
use super::role::{Role, Standing};
use super::settings::Membership;
use super::snapshot::Snapshot;
use crate::ids::ServerId;
use crate::time::Time;

/// How many rounds newcomers get to catch up, each to store what the leader had when it began
/// (dissertation §4.2.1: "a fixed number of rounds (such as 10)"); and how many election timeouts
/// a round may last, before a server that never answers holds up every other change.
const ROUNDS: u32 = 10;

/// A change that waits for its newcomers; there only while the server leads.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Staged {
    pub(super) target: Configuration,
    transition: Transition,
    newcomers: Vec<ServerId>,
    round: u32,
    /// When the round began.
    began: Time,
    /// What the leader had then.
    through: Index,
}

impl<P: Payload> Replica<P> {
    /// An operator asks for another configuration.
    pub(super) fn reconfigure(&mut self, change: &Reconfiguration, turn: &mut Turn<'_, P>) {
        if let Err(error) = self.check_reconfiguration(change) {
            return tell(turn.out, MembershipFact::Refused { error }.into());
        }
        let target = change.target();
        let newcomers = self.newcomers(&target);
        if newcomers.is_empty() {
            return self.begin_change(target, change.transition, turn.out);
        }
        let current = &self.configuration;
        let learners = current.learners().iter().chain(&newcomers).copied();
        let with_newcomers = Configuration::new(current.voters().iter().copied(), learners);
        tell(
            turn.out,
            MembershipFact::WaitsForNewcomers {
                newcomers: newcomers.clone(),
                through: self.log.last_index(),
                round: 1,
            }
            .into(),
        );
        self.staged = Some(Staged {
            target,
            transition: change.transition,
            newcomers,
            round: 1,
            began: turn.now,
            through: self.log.last_index(),
        });
        if with_newcomers != *current {
            self.append_configuration(with_newcomers, Cause::Newcomers, turn.out);
        }
    }

    /// An operator ends a joint configuration.
    pub(super) fn leave_joint(&mut self, turn: &mut Turn<'_, P>) {
        match self.check_leave_joint() {
            Ok(()) => {
                let left = self.configuration.left();
                self.append_configuration(left, Cause::LeftByOperator, turn.out);
            }
            Err(error) => tell(turn.out, MembershipFact::Refused { error }.into()),
        }
    }

    /// What a leader owes to the membership after every step. Whoever leads does it, so a change
    /// that its leader did not live to finish is finished by the next; and what could not be done
    /// in one step is tried again in the next.
    pub(super) fn attend_to_membership(&mut self, turn: &mut Turn<'_, P>) {
        if self.role() != Role::Leader {
            self.staged = None;
            return;
        }
        self.keep_records_of_members(turn.out);
        self.promote_newcomers(turn);
        self.leave_joint_by_itself(turn.out);
        self.step_down_when_removed(turn.out);
    }

    /// Voters to be that lack some of the log: with them, the cluster might be unable to commit
    /// anything for a while (dissertation §4.2.1). A leader without a voice that shall have one
    /// lacks nothing.
    fn newcomers(&self, target: &Configuration) -> Vec<ServerId> {
        let is_behind = |server: &ServerId| {
            let stores = self.progress(*server).map(Progress::match_index);
            let is_new = !self.configuration.is_voter(*server) && *server != self.id;
            is_new && stores < Some(self.commit_index)
        };
        let voters = target.voters().iter().copied();
        if self.settings.catch_up_first {
            voters.filter(is_behind).collect()
        } else {
            Vec::new()
        }
    }

    /// "The replication of entries to the new server is split into rounds … The algorithm waits a
    /// fixed number of rounds. If the last round lasts less than an election timeout, then the
    /// leader adds the new server to the cluster" (dissertation §4.2.1).
    fn promote_newcomers(&mut self, turn: &mut Turn<'_, P>) {
        let Some(staged) = &self.staged else {
            return;
        };
        let stores = |server: &ServerId| self.progress(*server).map(Progress::match_index);
        let caught_up = staged
            .newcomers
            .iter()
            .all(|server| stores(server) >= Some(staged.through));
        let took = turn.now.since(staged.began);
        let election_timeout = self.settings.election_timeout.0;
        let given_up = !caught_up && took > election_timeout.fraction(ROUNDS.into(), 1);
        if !given_up && (!caught_up || self.may_append_configuration().is_err()) {
            return;
        }
        let Staged {
            target,
            transition,
            newcomers,
            round,
            ..
        } = staged.clone();
        if caught_up && took < election_timeout {
            self.staged = None;
            let fact = MembershipFact::NewcomersCaughtUp { newcomers, round };
            tell(turn.out, fact.into());
            self.begin_change(target, transition, turn.out);
        } else if given_up || round == ROUNDS {
            self.staged = None;
            let fact = MembershipFact::NewcomersTooSlow { newcomers, round };
            tell(turn.out, fact.into());
        } else {
            let (round, through) = (round + 1, self.log.last_index());
            let fact = MembershipFact::WaitsForNewcomers {
                newcomers,
                through,
                round,
            };
            tell(turn.out, fact.into());
            if let Some(staged) = &mut self.staged {
                (staged.round, staged.began, staged.through) = (round, turn.now, through);
            }
        }
    }

    /// Begins a change: with its target, where every majority of the old voters meets every
    /// majority of the new ones, or with the joint configuration of both.
    fn begin_change(
        &mut self,
        target: Configuration,
        transition: Transition,
        out: &mut Vec<Output<P>>,
    ) {
        let current = &self.configuration;
        let differ = current.voters_that_differ(&target);
        let joint = match self.settings.membership {
            Membership::JointWhenNeeded => differ > 1 || transition != Transition::AsNeeded,
            Membership::AlwaysJoint => true,
            Membership::SingleServer => false,
        };
        if joint {
            let by_itself = transition != Transition::Explicit;
            let joint = Configuration::joint(current, &target, by_itself);
            self.append_configuration(joint, Cause::Asked { voters: differ }, out);
        } else {
            self.append_configuration(target, Cause::Asked { voters: differ }, out);
        }
    }

    /// "Once C-old,new has been committed … it is now safe for the leader to create a log entry
    /// describing C-new" (Raft §6).
    fn leave_joint_by_itself(&mut self, out: &mut Vec<Output<P>>) {
        if self.configuration.leaves_by_itself() && self.may_append_configuration().is_ok() {
            let left = self.configuration.left();
            self.append_configuration(left, Cause::Left, out);
        }
    }

    /// "The leader steps down (returns to follower state) once it has committed the C-new log
    /// entry" that leaves it out (Raft §6). Not before: in a joint configuration nobody else might
    /// come to propose its end (cockroach #105578).
    fn step_down_when_removed(&mut self, out: &mut Vec<Output<P>>) {
        let is_settled = self.commit_index >= self.configured_at;
        if !self.settings.step_down_on_removal
            || !is_settled
            || self.configuration.is_voter(self.id)
        {
            return;
        }
        let index = self.configured_at;
        let reason = StepDownReason::Removed { index };
        let role = Role::Leader;
        tell(out, RaftFact::SteppedDown { role, reason });
        self.become_follower(None, out);
    }

    fn append_configuration(
        &mut self,
        configuration: Configuration,
        cause: Cause,
        out: &mut Vec<Output<P>>,
    ) {
        let content = Content::Configuration(configuration.clone());
        let position = self.append_as_leader(content, out);
        let fact = MembershipFact::Appended {
            index: position.index,
            configuration,
            cause,
        };
        tell(out, fact.into());
        self.keep_records_of_members(out);
        self.replicate(out);
    }

    /// "A server always uses the latest configuration in its log, regardless of whether the entry
    /// is committed" (Raft §6). Asked whenever the log has grown or was cut, and when more of it is
    /// committed.
    pub(super) fn follow_configurations(&mut self, out: &mut Vec<Output<P>>) {
        let through = if self.rules.configuration_at_append {
            self.log.last_index()
        } else {
            self.commit_index
        };
        let (index, configuration) = match self.log.last_configuration(through) {
            Some((index, _)) if index == self.configured_at => return,
            Some((index, configuration)) => (index, configuration.clone()),
            None if self.configured_at == self.log.base().index => return,
            None => (self.log.base().index, self.base_configuration.clone()),
        };
        let fell_back = index < self.configured_at;
        let from = self.configured_at;
        (self.configuration, self.configured_at) = (configuration.clone(), index);
        if fell_back {
            let fact = MembershipFact::FellBack {
                from,
                configuration,
            };
            tell(out, fact.into());
        } else if self.role() != Role::Leader {
            let fact = MembershipFact::TakenUp {
                index,
                configuration,
            };
            tell(out, fact.into());
        }
    }

    /// What a leader's snapshot says of the configuration takes the place of all that the log said
    /// (Raft §7).
    pub(super) fn begin_configurations_with(
        &mut self,
        snapshot: &Snapshot<P>,
        out: &mut Vec<Output<P>>,
    ) {
        self.base_configuration = snapshot.configuration.clone();
        self.configured_at = snapshot.last.index;
        if self.configuration != snapshot.configuration {
            self.configuration = snapshot.configuration.clone();
            let fact = MembershipFact::CameWithSnapshot {
                index: snapshot.last.index,
                configuration: snapshot.configuration.clone(),
            };
            tell(out, fact.into());
        }
    }

    /// The configuration that a log which ends at `index` goes by: what a snapshot of that place
    /// must carry (dissertation §5.1).
    pub fn configuration_at(&self, index: Index) -> &Configuration {
        let last = self.log.last_configuration(index);
        last.map_or(&self.base_configuration, |(_, configuration)| configuration)
    }

    /// The entry that the configuration comes from, or the base of the log.
    pub const fn configured_at(&self) -> Index {
        self.configured_at
    }

    /// The change that waits for its newcomers, on a leader: what the cluster is to become, and
    /// who has to catch up.
    pub fn staged_change(&self) -> Option<(&Configuration, &[ServerId])> {
        let staged = self.staged.as_ref()?;
        Some((&staged.target, &staged.newcomers))
    }

    /// Who decides, with every majority that is needed.
    pub(super) fn deciders(&self) -> Cow<'_, Configuration> {
        if self.rules.joint_majorities {
            Cow::Borrowed(&self.configuration)
        } else {
            Cow::Owned(self.configuration.left())
        }
    }

    /// Whether this server may stand for election: a learner may not, nor one that knows of no
    /// cluster or has left it. But "a server that is not part of its own latest configuration
    /// should still start new elections, as it might still be needed until the C-new entry is
    /// committed" (dissertation §4.2.2): its log may be the only one that is up-to-date enough.
    pub(super) fn may_stand(&self) -> bool {
        let before = || self.configuration_at(self.configured_at.prev());
        self.configuration.is_voter(self.id)
            || self.commit_index < self.configured_at && before().is_voter(self.id)
    }

    /// Its election timer ran down, and it has no part in elections.
    pub(super) fn stand_aside(&mut self, turn: &mut Turn<'_, P>) {
        let fact = MembershipFact::StoodAside {
            learner: self.configuration.contains(self.id),
        };
        tell(turn.out, fact.into());
        self.become_follower(None, turn.out);
        self.reset_election_timer(turn);
    }

    /// A leader keeps a record of every member; and of those who leave, until their leave is
    /// committed.
    fn keep_records_of_members(&mut self, out: &mut Vec<Output<P>>) {
        let leaving = if self.commit_index < self.configured_at {
            self.configuration_at(self.configured_at.prev()).members()
        } else {
            &[]
        };
        let members = self.configuration.members();
        let own_id = self.id;
        let is_follower =
            |id: ServerId| id != own_id && (members.contains(&id) || leaving.contains(&id));
        let Standing::Leader { progress, .. } = &self.standing else {
            return;
        };
        let known = |id: ServerId| progress.iter().any(|(follower, _)| *follower == id);
        let missing: Vec<ServerId> = members
            .iter()
            .copied()
            .filter(|id| *id != own_id && !known(*id))
            .collect();
        if missing.is_empty() && progress.iter().all(|(id, _)| is_follower(*id)) {
            return;
        }
        // The entry that makes them members is the first that they are offered.
        let unknown = Progress::unknown(self.log.last_index().prev());
        let (mut records, gone): (Vec<_>, Vec<_>) = progress
            .iter()
            .cloned()
            .partition(|(id, _)| is_follower(*id));
        records.extend(missing.into_iter().map(|id| (id, unknown.clone())));
        records.sort_unstable_by_key(|(id, _)| *id);
        for (position, (id, _)) in progress.clone().iter().enumerate() {
            if gone.iter().any(|(left, _)| left == id) {
                self.bid_farewell(position, out);
            }
        }
        if let Standing::Leader { progress, .. } = &mut self.standing {
            *progress = records;
        }
        let has_left = |id: ServerId| gone.iter().any(|(left, _)| *left == id);
        self.transfers.retain(|(to, _)| !has_left(*to));
    }

    /// The last message to a server that has left: what it lacks, and that it is committed. Nothing
    /// depends on its arrival; but whoever does not know that it has left stands for election and
    /// disturbs the others (dissertation §4.2.3).
    fn bid_farewell(&mut self, position: usize, out: &mut Vec<Output<P>>) {
        let Some(progress) = self.follower(position) else {
            return;
        };
        let stored = progress.match_index();
        let entries = self.log.batch(
            stored.next(),
            self.settings.max_entries_per_message,
            self.settings.max_bytes_per_message,
        );
        self.send_append_entries(position, stored, entries, out);
    }
}
