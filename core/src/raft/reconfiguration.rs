//! What an operator can ask of the membership, and when it cannot be done.

use serde::Serialize;
use thiserror::Error;

use super::Replica;
use super::configuration::Configuration;
use super::log::Payload;
use super::membership::Staged;
use super::position::Index;
use super::progress::ProgressState;
use super::role::{Role, Standing};
use super::settings::Membership;
use crate::ids::ServerId;

/// What a cluster is to become.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Reconfiguration {
    /// The voters it shall have.
    pub voters: Vec<ServerId>,
    /// The learners it shall have.
    pub learners: Vec<ServerId>,
    /// How it gets there.
    pub transition: Transition,
}

/// How a cluster gets from one configuration to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// As the setting `membership` says; the leader leaves a joint configuration by itself.
    #[default]
    AsNeeded,
    /// Through a joint configuration, needed or not, which the leader leaves by itself.
    Joint,
    /// Through a joint configuration that lasts until an operator ends it.
    Explicit,
}

/// Why a change of membership cannot be made now; nothing was changed.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Error, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum ReconfigureError {
    /// Only a leader can.
    #[error("not the leader{}", .leader.map(|leader| format!("; {leader} is believed to be")).unwrap_or_default())]
    NotLeader {
        /// The leader this server knows of.
        leader: Option<ServerId>,
    },
    /// Nobody could decide anything.
    #[error("a configuration needs at least one voter")]
    NoVoters,
    /// A server is a voter or a learner.
    #[error("{server} cannot be both a voter and a learner")]
    BothVoterAndLearner {
        /// The server.
        server: ServerId,
    },
    /// The cluster is like that.
    #[error("the configuration is {configuration} already")]
    NothingToChange {
        /// What it is.
        configuration: Configuration,
    },
    /// Changes come one at a time.
    #[error(
        "the configuration of entry {index} is not committed yet; another change can follow when it is"
    )]
    NotCommittedYet {
        /// The entry.
        index: Index,
    },
    /// Changes come one at a time.
    #[error(
        "the cluster is between two configurations, {configuration}; another change can follow when it has left the joint one"
    )]
    StillJoint {
        /// Both.
        configuration: Configuration,
    },
    /// Changes come one at a time.
    #[error(
        "a change to {configuration} waits for its new servers to catch up; another can follow when it is done"
    )]
    CatchingUp {
        /// What the cluster is to become.
        configuration: Configuration,
    },
    /// A leader of an earlier term may have left an entry that conflicts.
    #[error(
        "the leader has not committed an entry of its own term yet; it can change the configuration when it has"
    )]
    TermNotSettled,
    /// The cluster changes one server at a time.
    #[error(
        "{voters} voters come or go on the way to {to}, and the setting membership allows one at a time; change one after the other"
    )]
    MoreThanOneVoter {
        /// How many would.
        voters: usize,
        /// What was asked for.
        to: Configuration,
    },
    /// The cluster changes one server at a time.
    #[error(
        "the setting membership allows no joint configuration; change one voter at a time, without `joint` and `explicit`"
    )]
    NoJointAllowed,
    /// There is no joint configuration to leave.
    #[error("the configuration {configuration} is not joint; there is nothing to leave")]
    NotJoint {
        /// What it is.
        configuration: Configuration,
    },
}

impl Reconfiguration {
    /// The configuration that comes of it.
    pub fn target(&self) -> Configuration {
        Configuration::new(self.voters.iter().copied(), self.learners.iter().copied())
    }
}

impl<P: Payload> Replica<P> {
    /// Whether this server, as leader, can begin such a change now.
    pub fn check_reconfiguration(&self, change: &Reconfiguration) -> Result<(), ReconfigureError> {
        let Reconfiguration {
            voters,
            learners,
            transition,
        } = change;
        if self.role() != Role::Leader {
            let leader = self.leader();
            return Err(ReconfigureError::NotLeader { leader });
        }
        if voters.is_empty() {
            return Err(ReconfigureError::NoVoters);
        }
        if let Some(&server) = learners.iter().find(|server| voters.contains(server)) {
            return Err(ReconfigureError::BothVoterAndLearner { server });
        }
        if let Some(Staged { target, .. }) = &self.staged {
            let configuration = target.clone();
            return Err(ReconfigureError::CatchingUp { configuration });
        }
        let current = &self.configuration;
        if current.is_joint() {
            let configuration = current.clone();
            return Err(ReconfigureError::StillJoint { configuration });
        }
        self.may_append_configuration()?;
        let target = change.target();
        if target == *current {
            let configuration = target;
            return Err(ReconfigureError::NothingToChange { configuration });
        }
        if self.settings.membership == Membership::SingleServer {
            if *transition != Transition::AsNeeded {
                return Err(ReconfigureError::NoJointAllowed);
            }
            let voters = current.voters_that_differ(&target);
            if voters > 1 {
                let to = target;
                return Err(ReconfigureError::MoreThanOneVoter { voters, to });
            }
        }
        Ok(())
    }

    /// As leader: this server, and those who follow its log at the time: entries go to them ahead
    /// of their answers, and these came within an election timeout.
    pub fn in_step(&self) -> impl Iterator<Item = ServerId> + '_ {
        let beats = self.settings.election_timeout.0.as_micros()
            / self.settings.heartbeat.as_micros().max(1);
        let (progress, round) = match &self.standing {
            Standing::Leader {
                progress, rounds, ..
            } => (&progress[..], rounds.last()),
            _ => (&[][..], 0),
        };
        let is_leader = self.role() == Role::Leader;
        let follow = progress.iter().filter(move |(_, follower)| {
            let answers = follower.acknowledged() + beats >= round;
            answers && follower.state() == ProgressState::Replicate
        });
        let follow = follow.map(|(id, _)| *id);
        follow.chain(is_leader.then_some(self.id))
    }

    /// Whether this server, as leader, can end a joint configuration now.
    pub fn check_leave_joint(&self) -> Result<(), ReconfigureError> {
        if self.role() != Role::Leader {
            let leader = self.leader();
            return Err(ReconfigureError::NotLeader { leader });
        }
        if !self.configuration.is_joint() {
            let configuration = self.configuration.clone();
            return Err(ReconfigureError::NotJoint { configuration });
        }
        self.may_append_configuration()
    }

    /// Whether a configuration entry can follow what the log holds.
    pub(super) fn may_append_configuration(&self) -> Result<(), ReconfigureError> {
        if !self.has_settled_its_term() {
            return Err(ReconfigureError::TermNotSettled);
        }
        if !self.has_settled_its_configuration() {
            let index = self.configured_at;
            return Err(ReconfigureError::NotCommittedYet { index });
        }
        Ok(())
    }

    /// "A leader may not append a new configuration entry until it has committed an entry from its
    /// current term" (the correction of 2015 to dissertation §4.1): else two leaders can each
    /// change the same configuration by one server, and the two results need not overlap.
    fn has_settled_its_term(&self) -> bool {
        !self.rules.own_term_commit_before_change
            || self.log.term_at(self.commit_index) == Some(self.hard.term)
    }

    /// "No more than one server may be added or removed at a time": the next change follows when
    /// the last is committed (dissertation §4.1).
    fn has_settled_its_configuration(&self) -> bool {
        let last = self.log.last_configuration(self.log.last_index());
        let index = last.map_or(self.log.base().index, |(index, _)| index);
        !self.rules.one_change_at_a_time || self.commit_index >= index
    }
}
