//! Handing leadership over (dissertation §3.10), and what else an operator may ask of elections.
//!
//! A leader that shall hand over takes no new commands, brings the other server up to date, and
//! tells it to stand for election at once. That server's candidacy is marked, so that loyal voters
//! listen to it. All that a transfer is ends with the leader's term of office: it cannot be left
//! over (hashicorp/raft #696).

use thiserror::Error;

use super::Replica;
use super::campaign_fact::CampaignFact;
use super::configuration::Configuration;
use super::fact::{ElectionReason, RaftFact};
use super::io::{Output, Turn, tell};
use super::log::Payload;
use super::message::Message;
use super::progress::Progress;
use super::role::{Role, Standing};
use crate::ids::ServerId;
use crate::time::{Duration, Time};

/// A leader's transfer, if one is going on.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Transfer {
    going_on: Option<GoingOn>,
    /// Some server was told to stand for election in this term of office.
    announced: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct GoingOn {
    to: ServerId,
    since: Time,
    told: bool,
}

/// Why leadership cannot be transferred.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TransferError {
    /// Only a leader can hand over.
    #[error("{from} does not lead{}", .leader.map(|leader| format!("; {leader} is believed to")).unwrap_or_default())]
    NotLeader {
        /// Who was to hand over.
        from: ServerId,
        /// The leader it knows of.
        leader: Option<ServerId>,
    },
    /// There is nothing to hand over.
    #[error("{0} leads already")]
    LeadsAlready(ServerId),
    /// Only a voter can lead.
    #[error("{to} is no voter, and only a voter can lead: the configuration is {configuration}")]
    NotAVoter {
        /// Who was to take over.
        to: ServerId,
        /// Who could.
        configuration: Configuration,
    },
    /// One at a time.
    #[error("a transfer to {to} is going on; it is done or given up within {within}")]
    GoingOn {
        /// Who is to take over.
        to: ServerId,
        /// How long it may still take.
        within: Duration,
    },
}

/// Why a server does not forget its leader.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ForgetError {
    /// A leader does not forget itself.
    #[error("{0} leads; only a follower can forget its leader")]
    Leads(ServerId),
    /// There is nothing to forget.
    #[error("{0} knows no leader")]
    KnowsNone(ServerId),
    /// The leader counts on it.
    #[error(
        "{0} must not forget its leader while the leader reads under a lease: \
             `set lease-reads off` would allow it"
    )]
    Lease(ServerId),
}

impl Transfer {
    /// Whether a late message may still make another server stand for election.
    pub(super) const fn was_announced(&self) -> bool {
        self.announced
    }
}

impl<P: Payload> Replica<P> {
    /// To whom this leader is handing over.
    pub fn transfer_target(&self) -> Option<ServerId> {
        match &self.standing {
            Standing::Leader { transfer, .. } => transfer.going_on.map(|going_on| going_on.to),
            _ => None,
        }
    }

    /// Whether this server could hand its leadership to `to`.
    pub fn may_transfer(&self, now: Time, to: ServerId) -> Result<(), TransferError> {
        let Standing::Leader { transfer, .. } = &self.standing else {
            return Err(TransferError::NotLeader {
                from: self.id,
                leader: self.leader(),
            });
        };
        if let Some(GoingOn { to, since, .. }) = transfer.going_on {
            let end = since + self.transfer_timeout();
            let within = end.since(now);
            return Err(TransferError::GoingOn { to, within });
        }
        if to == self.id {
            return Err(TransferError::LeadsAlready(to));
        }
        if !self.configuration.voters().contains(&to) {
            return Err(TransferError::NotAVoter {
                to,
                configuration: self.configuration.clone(),
            });
        }
        Ok(())
    }

    /// "If leadership transfer does not complete after about an election timeout, the prior leader
    /// aborts the transfer and resumes accepting client requests" (dissertation §3.10).
    fn transfer_timeout(&self) -> Duration {
        self.settings.election_timeout.0
    }

    /// An operator asks for a transfer; one that is not possible is ignored.
    pub(super) fn begin_transfer(&mut self, to: ServerId, turn: &mut Turn<'_, P>) {
        if self.may_transfer(turn.now, to).is_err() {
            return;
        }
        let behind = !self.has_whole_log(to);
        if let Standing::Leader { transfer, .. } = &mut self.standing {
            transfer.going_on = Some(GoingOn {
                to,
                since: turn.now,
                told: false,
            });
        }
        let fact = CampaignFact::TransferBegun { to, behind };
        tell(turn.out, RaftFact::Campaign(fact));
    }

    fn has_whole_log(&self, follower: ServerId) -> bool {
        let matched = self.progress(follower).map(Progress::match_index);
        matched == Some(self.log.last_index())
    }

    /// Tells the next leader to stand for election as soon as it has the whole log.
    pub(super) fn tend_transfer(&mut self, out: &mut Vec<Output<P>>) {
        let Standing::Leader { transfer, .. } = &self.standing else {
            return;
        };
        let Some(GoingOn {
            to, told: false, ..
        }) = transfer.going_on
        else {
            return;
        };
        if !self.has_whole_log(to) {
            return;
        }
        if let Standing::Leader { transfer, .. } = &mut self.standing {
            transfer.announced = true;
            if let Some(going_on) = &mut transfer.going_on {
                going_on.told = true;
            }
        }
        let fact = CampaignFact::TransferAnnounced { to };
        tell(out, RaftFact::Campaign(fact));
        self.send_timeout_now(to, out);
    }

    fn send_timeout_now(&self, to: ServerId, out: &mut Vec<Output<P>>) {
        let term = self.hard.term;
        let message = Message::TimeoutNow { term };
        out.push(Output::Send { to, message });
    }

    /// With each heartbeat, a transfer is pressed on or given up.
    pub(super) fn press_transfer(&mut self, turn: &mut Turn<'_, P>) {
        let timeout = self.transfer_timeout();
        let Standing::Leader { transfer, .. } = &mut self.standing else {
            return;
        };
        let Some(GoingOn { to, since, told }) = transfer.going_on else {
            return;
        };
        if turn.now.since(since) >= timeout {
            transfer.going_on = None;
            let fact = CampaignFact::TransferAborted { to };
            tell(turn.out, RaftFact::Campaign(fact));
        } else if told {
            self.send_timeout_now(to, turn.out);
        }
    }

    /// The leader of this term hands over: no pre-vote, no waiting, and voters shall listen.
    pub(super) fn handle_timeout_now(&mut self, leader: ServerId, turn: &mut Turn<'_, P>) {
        if self.role() == Role::Follower && self.configuration.is_voter(self.id) {
            self.start_election(ElectionReason::Transfer { leader }, turn);
        }
    }

    /// Whether this server could forget its leader.
    pub fn may_forget_leader(&self) -> Result<ServerId, ForgetError> {
        if self.role() == Role::Leader {
            return Err(ForgetError::Leads(self.id));
        }
        let leader = self.leader().ok_or(ForgetError::KnowsNone(self.id))?;
        if self.settings.lease_reads {
            return Err(ForgetError::Lease(self.id));
        }
        Ok(leader)
    }

    /// An operator who knows that the leader is gone spares the voters the wait; what is not
    /// possible is ignored.
    pub(super) fn forget_leader(&mut self, out: &mut Vec<Output<P>>) {
        let Ok(leader) = self.may_forget_leader() else {
            return;
        };
        self.standing = Standing::Follower { leader: None };
        self.heard = None;
        let fact = CampaignFact::ForgotLeader { leader };
        tell(out, RaftFact::Campaign(fact));
    }

    /// Its priority in elections: 0 unless an operator gave it one.
    pub const fn priority(&self) -> u8 {
        self.priority
    }

    pub(super) fn set_priority(&mut self, priority: u8, out: &mut Vec<Output<P>>) {
        self.priority = priority;
        let fact = CampaignFact::PrioritySet { priority };
        tell(out, RaftFact::Campaign(fact));
    }
}
