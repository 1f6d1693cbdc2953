//! Fast Leader Election: what a notification does, in every state of its receiver.

use std::collections::BTreeMap;

use super::Replica;
use super::election::supporters;
use super::fact::{ElectionEnd, IgnoreReason, LookingReason, ZabFact};
use super::io::{Timer, Turn};
use super::log::Payload;
use super::message::Notification;
use super::role::Standing;
use super::vote::{Ballot, ServerState, Vote};
use crate::ids::ServerId;

impl<T: Payload> Replica<T> {
    /// A notification arrives (`FastLeaderElection.Messenger.WorkerReceiver`).
    pub(super) fn receive_notification(
        &mut self,
        from: ServerId,
        notification: &Notification,
        turn: &mut Turn<'_, T>,
    ) {
        let looking = self.state() == ServerState::Looking;
        let version = notification.configuration.version();
        if looking && version > self.membership.active.version() {
            self.adopt_configuration(from, notification, turn);
        }
        let asks = notification.state == ServerState::Looking;
        if !self.membership.is_voter(from) {
            // What an observer that has a leader says needs no answer: it would answer that again.
            if asks {
                self.answer(from, turn);
            }
            return;
        }
        if !looking {
            if asks {
                self.note_looking_voter(from, turn);
                self.answer(from, turn);
            }
            return;
        }
        // One that has no vote would not be counted, but be answered.
        let counts = self.membership.is_voter(self.id);
        if asks && counts && notification.round < self.election.round {
            self.answer(from, turn);
        }
        if self.goes_on_after(notification, turn) {
            self.consider(from, notification, turn);
        } else {
            let reason = IgnoreReason::NotBetterThanDecided;
            turn.tell(ZabFact::NotificationIgnored { from, reason });
        }
    }

    /// A looking server that hears of a newer configuration begins again under it.
    fn adopt_configuration(
        &mut self,
        from: ServerId,
        notification: &Notification,
        turn: &mut Turn<'_, T>,
    ) {
        let version = notification.configuration.version();
        turn.tell(ZabFact::ConfigurationAdopted { from, version });
        self.activate(notification.configuration.clone(), turn);
        turn.cancel_timers(&[Timer::Finalize]);
        let reason = LookingReason::ConfigurationAdopted { version };
        self.start_election(reason, turn);
    }

    /// Says what this server proposes, or whom it has found.
    fn answer(&mut self, to: ServerId, turn: &mut Turn<'_, T>) {
        turn.tell(ZabFact::NotificationAnswered {
            to,
            vote: self.election.vote,
            state: self.state(),
        });
        self.notify(to, turn.out);
    }

    /// Whether the election goes on with this notification. While a server waits out
    /// `finalizeWait`, only a better vote makes it; anything else restarts the wait.
    fn goes_on_after(&mut self, notification: &Notification, turn: &mut Turn<'_, T>) -> bool {
        let better = notification.vote.is_some_and(|vote| self.is_better(vote));
        let finalize_wait = self.settings.finalize_wait;
        let Standing::Looking(looking) = &mut self.standing else {
            return false;
        };
        let patience = looking.patience;
        if looking.finalizing && !better {
            turn.set_timer(Timer::Finalize, finalize_wait);
            return false;
        }
        if looking.finalizing {
            looking.finalizing = false;
            turn.cancel_timers(&[Timer::Finalize]);
        }
        turn.set_timer(Timer::Resend, patience);
        true
    }

    /// Whether `vote` beats this server's own. A candidate without weight never does.
    fn is_better(&self, vote: Vote) -> bool {
        self.beats(vote, self.election.vote)
    }

    fn beats(&self, vote: Vote, other: Option<Vote>) -> bool {
        let mut verifiers = self.membership.verifiers();
        verifiers.any(|verifier| verifier.weight(vote.leader) > 0) && Some(vote) > other
    }

    /// A looking server considers what a voter says (`FastLeaderElection.lookForLeader`).
    fn consider(&mut self, from: ServerId, notification: &Notification, turn: &mut Turn<'_, T>) {
        let reason = match notification.vote {
            None if self.brings_round(from, notification) => {
                self.adopt_round(from, notification.round, turn);
                self.announce_vote(turn);
                return self.check_quorum(turn);
            }
            None => IgnoreReason::NoVote,
            Some(vote) if !self.membership.is_voter(vote.leader) => IgnoreReason::NotVoter {
                server: vote.leader,
            },
            Some(vote) => {
                let (round, state) = (notification.round, notification.state);
                let ballot = Ballot { vote, round, state };
                match state {
                    ServerState::Looking if round < self.election.round => {
                        IgnoreReason::RoundOver {
                            theirs: round,
                            mine: self.election.round,
                        }
                    }
                    ServerState::Looking => return self.count_looking(from, ballot, turn),
                    ServerState::Observing => IgnoreReason::Observing,
                    ServerState::Following | ServerState::Leading => {
                        return self.count_settled(from, ballot, turn);
                    }
                }
            }
        };
        turn.tell(ZabFact::NotificationIgnored { from, reason });
    }

    /// Who votes in a newer configuration only has no vote of its own before that is in force, and
    /// its quorum is needed for it to come into force. If its round were ignored along with the vote
    /// that is missing, as `ZooKeeper` does, both could look in two rounds for ever.
    fn brings_round(&self, from: ServerId, notification: &Notification) -> bool {
        notification.state == ServerState::Looking
            && notification.round > self.election.round
            && !self.membership.active.is_voter(from)
    }

    /// A later round becomes this one: only what is voted in it counts, and this server votes
    /// afresh.
    fn adopt_round(&mut self, from: ServerId, round: u64, turn: &mut Turn<'_, T>) {
        let previous = std::mem::replace(&mut self.election.round, round);
        turn.tell(ZabFact::RoundAdopted {
            from,
            round,
            previous,
        });
        self.election.vote = self.initial_vote();
        if let Standing::Looking(looking) = &mut self.standing {
            looking.received.clear();
        }
    }

    /// A vote of this round, or of a later one, which becomes this round.
    fn count_looking(&mut self, from: ServerId, ballot: Ballot, turn: &mut Turn<'_, T>) {
        let new_round = ballot.round > self.election.round;
        if new_round {
            self.adopt_round(from, ballot.round, turn);
        }
        let (mine, theirs) = (self.election.vote, ballot.vote);
        let decider = theirs.decider(mine);
        let better = self.is_better(theirs);
        if better {
            self.election.vote = Some(theirs);
            turn.tell(ZabFact::VoteAdopted {
                from,
                vote: theirs,
                previous: mine,
                decider,
            });
        } else {
            turn.tell(ZabFact::VoteKept {
                from,
                theirs: Some(theirs),
                mine,
                decider,
            });
        }
        if better || new_round {
            self.announce_vote(turn);
        }
        if let Standing::Looking(looking) = &mut self.standing {
            looking.received.insert(from, ballot);
        }
        self.check_quorum(turn);
    }

    /// A vote of a server that has found its leader. If a quorum says the same and the leader
    /// itself says that it leads, this server joins: in its own round, or in whatever round the
    /// ensemble was established (`receivedFollowingNotification`).
    fn count_settled(&mut self, from: ServerId, ballot: Ballot, turn: &mut Turn<'_, T>) {
        let mine = self.election.round;
        let Standing::Looking(looking) = &mut self.standing else {
            return;
        };
        if ballot.round == mine {
            looking.received.insert(from, ballot);
        }
        looking.settled.insert(from, ballot);
        let Standing::Looking(looking) = &self.standing else {
            return;
        };
        let how = if ballot.round == mine && self.agrees(&looking.received, ballot) {
            ElectionEnd::JoinedRound
        } else if self.agrees(&looking.settled, ballot) {
            ElectionEnd::JoinedEnsemble
        } else {
            return;
        };
        self.leave_election(ballot.vote, ballot.round, how, turn);
    }

    /// A quorum supports the ballot, and its leader is one.
    fn agrees(&self, ballots: &BTreeMap<ServerId, Ballot>, ballot: Ballot) -> bool {
        self.membership
            .has_all_quorums(&supporters(ballots, ballot))
            && self.leader_says_so(ballots, ballot)
    }

    /// A quorum may follow a leader that has since given up: only its own word that it leads
    /// counts. This server itself leads only in its own round (`checkLeader`).
    fn leader_says_so(&self, ballots: &BTreeMap<ServerId, Ballot>, ballot: Ballot) -> bool {
        let leader = ballot.vote.leader;
        if leader == self.id {
            return ballot.round == self.election.round;
        }
        let says = ballots.get(&leader).map(|ballot| ballot.state);
        says == Some(ServerState::Leading)
    }
}
