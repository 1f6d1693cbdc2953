//! Who is listened to: check-quorum, the voters' loyalty to a leader they hear, and the lease that
//! rests on both (dissertation §4.2.3, §6.2, §6.4.1).
//!
//! A voter that has heard from a leader ignores candidates for the least election timeout. So from
//! the moment at which a leader began a round that a majority has answered to, nobody else can
//! win for that long: not by the clock of the slowest leader and the fastest voter that the bound
//! on clock drift allows.

use super::Replica;
use super::campaign_fact::CampaignFact;
use super::fact::{RaftFact, StepDownReason};
use super::io::{Turn, tell};
use super::log::Payload;
use super::role::{Role, Standing};
use super::settings::Settings;
use crate::ids::ServerId;
use crate::time::{Duration, Time};

/// A whole, in parts per million.
const WHOLE: u64 = 1_000_000;

impl<P: Payload> Replica<P> {
    /// It hears from a leader of its term. Nobody asks when, unless voters are loyal.
    pub(super) fn note_leader_heard(&mut self, now: Time) {
        if self.settings.check_quorum {
            self.heard = Some(now);
        }
    }

    /// Whether it is loyal to a leader: it leads itself, or heard from its leader less than the
    /// least election timeout ago. Only then can a server that is cut off, or removed, not depose
    /// the leader of all others (dissertation §4.2.3).
    pub(super) fn is_loyal(&self, now: Time) -> bool {
        let Settings {
            check_quorum,
            lease_reads,
            election_timeout: (least, _),
            ..
        } = self.settings;
        if !check_quorum || (lease_reads && !self.rules.sticky_voters_under_lease) {
            return false;
        }
        let heard_lately = self.heard.is_some_and(|heard| now.since(heard) < least);
        self.role() == Role::Leader || heard_lately
    }

    /// A candidate asks a loyal voter: neither its term nor its request is taken notice of.
    pub(super) fn ignore_candidate(&self, candidate: ServerId, turn: &mut Turn<'_, P>) {
        let fact = CampaignFact::Ignored {
            candidate,
            leader: self.leader(),
        };
        tell(turn.out, RaftFact::Campaign(fact));
    }

    /// Under leases, a timer that runs down too early, because a hand set it, must not make a
    /// candidate out of a voter that its leader counts on.
    pub(super) fn must_not_campaign_yet(&self, now: Time) -> bool {
        self.settings.lease_reads && self.is_loyal(now)
    }

    pub(super) fn put_campaign_off(&mut self, turn: &mut Turn<'_, P>) {
        let leader = self.leader();
        tell(
            turn.out,
            RaftFact::Campaign(CampaignFact::PutOff { leader }),
        );
        self.reset_election_timer(turn);
    }

    /// "A leader steps down if an election timeout elapses without a successful round of
    /// heartbeats to a majority of its cluster" (dissertation §6.2). Whether it did.
    pub(super) fn steps_down_without_quorum(&mut self, turn: &mut Turn<'_, P>) -> bool {
        let (least, _) = self.settings.election_timeout;
        let Standing::Leader { rounds, .. } = &self.standing else {
            return false;
        };
        let silence = turn.now.since(rounds.confirmed_at());
        if !self.settings.check_quorum || silence < least || self.decides_alone() {
            return false;
        }
        let fact = RaftFact::SteppedDown {
            role: Role::Leader,
            reason: StepDownReason::NoQuorum { silence },
        };
        tell(turn.out, fact);
        self.become_follower(None, turn.out);
        true
    }

    fn decides_alone(&self) -> bool {
        self.configuration.is_quorum(|server| server == self.id)
    }

    /// Until when, by its own clock, nobody else can have been elected. `None` for who has no
    /// lease. A leader that has told another to stand for election gives its lease up for good:
    /// that message may be late, and voters listen to the candidate that it makes.
    pub fn lease_end(&self) -> Option<Time> {
        let Standing::Leader {
            rounds, transfer, ..
        } = &self.standing
        else {
            return None;
        };
        let usable = self.settings.lease_reads && !transfer.was_announced();
        let began = rounds.confirmed_began().filter(|_| usable)?;
        Some(began + self.lease_duration())
    }

    /// Of a lease that counts from a time on this leader's clock: so long that the fastest voter's
    /// clock has not run through its election timeout when the slowest leader's runs through this.
    fn lease_duration(&self) -> Duration {
        let (least, _) = self.settings.election_timeout;
        if !self.rules.lease_bounds_drift {
            return least;
        }
        let drift = u64::from(self.settings.max_drift_ppm).min(WHOLE);
        least.fraction(WHOLE - drift, WHOLE + drift)
    }

    pub(super) fn has_lease(&self, now: Time) -> bool {
        self.lease_end().is_some_and(|end| now < end)
    }
}
