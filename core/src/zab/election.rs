//! Fast Leader Election: rounds, votes sent, and how an election ends.

use std::collections::{BTreeMap, BTreeSet};

use super::Replica;
use super::fact::{ElectionEnd, LookingReason, ZabFact};
use super::io::{Output, Timer, Turn};
use super::log::Payload;
use super::message::{Channel, Message, Notification};
use super::role::{Looking, Standing};
use super::vote::{Ballot, ServerState, Vote};
use crate::ids::ServerId;

/// What a server knows of elections, whatever it is doing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Election {
    /// The round it is in, or in which it found its leader (`logicalclock`).
    pub(super) round: u64,
    /// Whom it proposes, or whom it has found (`currentVote`).
    pub(super) vote: Option<Vote>,
    /// To whom notifications can be sent.
    pub(super) connected: BTreeSet<ServerId>,
    /// The last notification for each server; it is sent again on a new connection, for the old
    /// one may have lost it (`QuorumCnxManager.lastMessageSent`).
    pub(super) latest: BTreeMap<ServerId, Notification>,
}

impl<T: Payload> Replica<T> {
    /// A new round, with a vote for oneself (`FastLeaderElection.lookForLeader`).
    pub(super) fn start_election(&mut self, reason: LookingReason, turn: &mut Turn<'_, T>) {
        self.election.round += 1;
        self.election.vote = self.initial_vote();
        let patience = self.settings.resend.0;
        self.standing = Standing::Looking(Looking {
            patience,
            refused: reason.refused(),
            ..Looking::default()
        });
        let (round, vote) = (self.election.round, self.election.vote);
        turn.tell(ZabFact::ElectionStarted {
            round,
            vote,
            reason,
        });
        self.announce_vote(turn);
        turn.set_timer(Timer::Resend, patience);
        self.check_quorum(turn);
    }

    /// A voter proposes itself; who has no vote proposes nobody, and anybody is better
    /// (`getInitId`, `getInitLastLoggedZxid`, `getPeerEpoch`).
    pub(super) fn initial_vote(&self) -> Option<Vote> {
        let votes = self.membership.active.is_voter(self.id);
        votes.then(|| Vote {
            epoch: self.current_epoch(),
            zxid: self.database.last(),
            leader: self.id,
        })
    }

    /// Sends the vote to the voters of the current configuration and the next, and counts it.
    pub(super) fn announce_vote(&mut self, turn: &mut Turn<'_, T>) {
        let own = self.election.vote.map(|vote| self.ballot(vote));
        let (id, votes) = (self.id, self.membership.is_voter(self.id));
        if let Standing::Looking(looking) = &mut self.standing
            && let Some(ballot) = own.filter(|_| votes)
        {
            looking.received.insert(id, ballot);
        }
        for voter in self.membership.voters() {
            if voter != self.id {
                self.notify(voter, turn.out);
            }
        }
    }

    /// Tells `to` what this server proposes or has found. Only the latest word counts: it waits
    /// for a connection if there is none.
    pub(super) fn notify(&mut self, to: ServerId, out: &mut Vec<Output<T>>) {
        let notification = Notification {
            vote: self.election.vote,
            round: self.election.round,
            state: self.state(),
            configuration: self.membership.active.clone(),
        };
        self.election.latest.insert(to, notification.clone());
        if self.election.connected.contains(&to) {
            let message = Message::Election(notification);
            out.push(Output::Send { to, message });
        } else {
            let channel = Channel::Election;
            out.push(Output::Connect { to, channel });
        }
    }

    /// A connection for notifications is up.
    pub(super) fn election_connected(&mut self, peer: ServerId, out: &mut Vec<Output<T>>) {
        self.election.connected.insert(peer);
        if let Some(notification) = self.election.latest.get(&peer) {
            let message = Message::Election(notification.clone());
            out.push(Output::Send { to: peer, message });
        }
    }

    /// Nothing came for a while: perhaps nothing arrived, either. The wait doubles each time.
    pub(super) fn resend_vote(&mut self, turn: &mut Turn<'_, T>) {
        let most = self.settings.resend.1;
        let Standing::Looking(looking) = &mut self.standing else {
            return;
        };
        looking.patience = looking.patience.fraction(2, 1).min(most);
        let patience = looking.patience;
        turn.tell(ZabFact::VoteResent { patience });
        self.announce_vote(turn);
        turn.set_timer(Timer::Resend, patience);
    }

    /// This server's vote as others will count it.
    fn ballot(&self, vote: Vote) -> Ballot {
        Ballot {
            vote,
            round: self.election.round,
            state: ServerState::Looking,
        }
    }

    /// A quorum of the current configuration, and of a newer one that was seen, supports this
    /// server's vote: it waits for `finalizeWait`, for a better vote may be under way.
    pub(super) fn check_quorum(&mut self, turn: &mut Turn<'_, T>) {
        let Some(vote) = self.election.vote else {
            return;
        };
        let mine = self.ballot(vote);
        let Standing::Looking(looking) = &mut self.standing else {
            return;
        };
        let supporters = supporters(&looking.received, mine);
        if !self.membership.has_all_quorums(&supporters) {
            return;
        }
        looking.finalizing = true;
        let wait = self.settings.finalize_wait;
        turn.tell(ZabFact::QuorumForVote {
            vote,
            supporters: supporters.into_iter().collect(),
            wait,
        });
        turn.cancel_timers(&[Timer::Resend]);
        turn.set_timer(Timer::Finalize, wait);
    }

    /// Nobody contradicted.
    pub(super) fn end_election(&mut self, turn: &mut Turn<'_, T>) {
        if self.is_finalizing()
            && let Some(vote) = self.election.vote
        {
            self.leave_election(vote, self.election.round, ElectionEnd::Agreement, turn);
        }
    }

    /// The leader is found (`leaveInstance`, `setPeerState`).
    pub(super) fn leave_election(
        &mut self,
        vote: Vote,
        round: u64,
        how: ElectionEnd,
        turn: &mut Turn<'_, T>,
    ) {
        self.election.vote = Some(vote);
        self.election.round = round;
        turn.cancel_timers(&[Timer::Resend, Timer::Finalize]);
        let observes = self.membership.active.is_observer(self.id);
        let state = if vote.leader == self.id {
            ServerState::Leading
        } else if observes {
            ServerState::Observing
        } else {
            ServerState::Following
        };
        turn.tell(ZabFact::ElectionEnded {
            vote,
            round,
            state,
            how,
        });
        if state == ServerState::Leading {
            self.lead(turn);
        } else {
            self.follow(vote.leader, observes, turn);
        }
    }

    /// From now on all members answer with the same epoch, whenever and by whatever vote each of
    /// them came (ZOOKEEPER-1732, `QuorumPeer.updateElectionVote`).
    pub(super) fn update_election_vote(&mut self) {
        let epoch = self.current_epoch();
        if let Some(vote) = &mut self.election.vote {
            vote.epoch = epoch;
        }
    }
}

/// Whose ballots support `ballot`.
pub(super) fn supporters(
    ballots: &BTreeMap<ServerId, Ballot>,
    ballot: Ballot,
) -> BTreeSet<ServerId> {
    let support = ballots.iter().filter(|(_, b)| b.supports(&ballot));
    support.map(|(id, _)| *id).collect()
}
