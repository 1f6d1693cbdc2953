//! Leader election (Raft §5.2), terms (§5.1) and the election restriction (§5.4.1).

use super::campaign_fact::CampaignFact;
use super::fact::{ElectionReason, RaftFact, StepDownReason, VoteRefusal};
use super::io::{Output, Timer, Turn, tell};
use super::log::{Content, Payload};
use super::message::Message;
use super::position::{LogPosition, Term};
use super::progress::Progress;
use super::role::{Ballot, Role, Standing};
use super::rounds::Rounds;
use super::shares::Shares;
use super::transfer::Transfer;
use super::{HardState, Replica};
use crate::ids::ServerId;
use crate::time::Time;

/// Whether a log that ends at `theirs` is at least as up-to-date as one that ends at `mine`: the
/// later last term wins, and under the same term the longer log (Raft §5.4.1, last paragraph).
fn is_up_to_date(theirs: LogPosition, mine: LogPosition) -> bool {
    theirs >= mine
}

/// What a candidate says of itself.
#[derive(Clone, Copy)]
pub(super) struct Candidacy {
    /// The term that it stands in, or would.
    pub(super) term: Term,
    /// The end of its log.
    pub(super) last: LogPosition,
    pub(super) priority: u8,
    /// The leader told it to stand.
    pub(super) transfer: bool,
}

impl<P: Payload> Replica<P> {
    /// "If a follower receives no communication over a period of time called the election
    /// timeout, then it assumes there is no viable leader and begins an election" (Raft §5.2). A
    /// candidate begins another.
    pub(super) fn election_timer_ran_down(&mut self, turn: &mut Turn<'_, P>) {
        if !self.may_stand() {
            return self.stand_aside(turn);
        }
        let reason = match &self.standing {
            Standing::Follower {
                leader: Some(leader),
            } => ElectionReason::SilentLeader { leader: *leader },
            Standing::Follower { leader: None } => ElectionReason::NoLeader,
            Standing::PreCandidate { .. } => ElectionReason::NoPreVotes {
                term: self.hard.term.next(),
            },
            Standing::Candidate { .. } => ElectionReason::NoMajority {
                term: self.hard.term,
            },
            Standing::Leader { .. } => return,
        };
        if self.must_not_campaign_yet(turn.now) {
            self.put_campaign_off(turn);
        } else if self.settings.pre_vote {
            self.ask_for_pre_votes(reason, turn);
        } else {
            self.start_election(reason, turn);
        }
    }

    /// "A follower increments its current term and transitions to candidate state. It then votes
    /// for itself and issues `RequestVote` RPCs in parallel to each of the other servers"
    /// (Raft §5.2).
    pub(super) fn start_election(&mut self, reason: ElectionReason, turn: &mut Turn<'_, P>) {
        let term = self.hard.term.next();
        self.enter_term(term, Some(self.id));
        let electorate = self.configuration.electorate();
        self.standing = Standing::Candidate {
            ballots: electorate
                .map(|voter| (voter, Ballot::Unanswered))
                .collect(),
            transfer: matches!(reason, ElectionReason::Transfer { .. }),
        };
        tell(turn.out, RaftFact::StoodForElection { term, reason });
        self.save_hard_state(turn.out);
        self.reset_election_timer(turn);
        self.start_heartbeat_timer(turn);
        self.request_votes(turn.out);
    }

    /// Asks everyone who has not answered. Requests for votes announce a term, so they wait for it
    /// to be durable; the candidate's own vote is counted then, too. Questions for pre-votes bind
    /// nobody.
    pub(super) fn request_votes(&mut self, out: &mut Vec<Output<P>>) {
        let LogPosition { term, index } = self.log.last_position();
        let awaited = self.storage.awaits_hard_state();
        let unanswered = |(_, ballot): &(ServerId, Ballot)| *ballot == Ballot::Unanswered;
        let open: Vec<ServerId> = self
            .ballots()
            .filter(unanswered)
            .map(|(to, _)| to)
            .collect();
        for to in open {
            if to == self.id {
                continue;
            }
            if let Standing::Candidate { transfer, .. } = self.standing {
                let message = Message::RequestVote {
                    term: self.hard.term,
                    last_index: index,
                    last_term: term,
                    priority: self.priority,
                    transfer,
                };
                self.send_when_durable(awaited, to, message, out);
            } else {
                let message = Message::PreVote {
                    term: self.hard.term.next(),
                    last_index: index,
                    last_term: term,
                    priority: self.priority,
                };
                out.push(Output::Send { to, message });
            }
        }
    }

    /// Requests and their answers may be lost; "servers retry RPCs if they do not receive a
    /// response in a timely manner" (Raft §5.1).
    pub(super) fn repeat_vote_requests(&mut self, turn: &mut Turn<'_, P>) {
        self.start_heartbeat_timer(turn);
        // Those that wait for the disk have not even left yet.
        if self.storage.awaits_hard_state().is_none() {
            self.request_votes(turn.out);
        }
    }

    /// A candidate asks for this server's vote.
    pub(super) fn handle_request_vote(
        &mut self,
        candidate: ServerId,
        candidacy: Candidacy,
        turn: &mut Turn<'_, P>,
    ) {
        let Candidacy { term, last, .. } = candidacy;
        let refusal = self.refuses_vote(candidate, candidacy);
        if let Some(reason) = refusal {
            let fact = RaftFact::VoteDenied {
                to: candidate,
                term,
                reason,
            };
            tell(turn.out, fact);
        } else {
            let again = self.hard.voted_for == Some(candidate);
            self.hard.voted_for = Some(candidate);
            let fact = RaftFact::VoteGranted {
                to: candidate,
                term,
                again,
                up_to_date: is_up_to_date(last, self.log.last_position()),
            };
            tell(turn.out, fact);
            // A voter gives its candidate time to win ("without granting vote to candidate",
            // Figure 2, Followers).
            self.reset_election_timer(turn);
        }
        self.save_hard_state(turn.out);
        let reply = Message::RequestVoteReply {
            term: self.hard.term,
            granted: refusal.is_none(),
        };
        let awaited = self.storage.awaits_hard_state();
        self.send_when_durable(awaited, candidate, reply, turn.out);
    }

    /// Why `candidate` does not get this server's vote, if it does not: Figure 2, `RequestVote`,
    /// receiver implementation.
    pub(super) fn refuses_vote(
        &self,
        candidate: ServerId,
        Candidacy {
            term,
            last: theirs,
            priority,
            transfer,
        }: Candidacy,
    ) -> Option<VoteRefusal> {
        if term < self.hard.term {
            return Some(VoteRefusal::StaleTerm {
                mine: self.hard.term,
            });
        }
        // "Each server will vote for at most one candidate in a given term,
        // on a first-come-first-served basis" (Raft §5.2).
        let other = self.hard.voted_for.filter(|voted| *voted != candidate);
        if let Some(for_) = other.filter(|_| term == self.hard.term) {
            return Some(VoteRefusal::AlreadyVoted {
                for_,
                itself: for_ == self.id,
            });
        }
        let mine = self.log.last_position();
        if self.rules.up_to_date_vote && !is_up_to_date(theirs, mine) {
            return Some(VoteRefusal::LogNotUpToDate { mine, theirs });
        }
        if theirs == mine && priority < self.priority && !transfer {
            return Some(VoteRefusal::LowerPriority {
                mine: self.priority,
                theirs: priority,
            });
        }
        None
    }

    /// A voter of this term answers.
    pub(super) fn handle_request_vote_reply(
        &mut self,
        from: ServerId,
        granted: bool,
        turn: &mut Turn<'_, P>,
    ) {
        self.count_vote(from, granted, turn);
    }

    /// A candidate's own vote counts once it is durable.
    pub(super) fn count_own_vote(&mut self, turn: &mut Turn<'_, P>) {
        if self.storage.awaits_hard_state().is_none() {
            self.count_vote(self.id, true, turn);
        }
    }

    /// "A candidate wins an election if it receives votes from a majority of the servers in the
    /// full cluster for the same term" (Raft §5.2).
    pub(super) fn count_vote(&mut self, from: ServerId, granted: bool, turn: &mut Turn<'_, P>) {
        let (Standing::Candidate { ballots, .. } | Standing::PreCandidate { ballots }) =
            &mut self.standing
        else {
            return;
        };
        let open = |(voter, ballot): &&mut (ServerId, Ballot)| {
            *voter == from && *ballot == Ballot::Unanswered
        };
        let Some((_, ballot)) = ballots.iter_mut().find(open) else {
            return;
        };
        *ballot = if granted {
            Ballot::Granted
        } else {
            Ballot::Refused
        };
        let own = from == self.id;
        let votes = self.votes();
        let stands = self.role() == Role::Candidate;
        let fact = if stands {
            RaftFact::VoteReceived {
                from,
                own,
                granted,
                votes,
            }
        } else {
            RaftFact::Campaign(CampaignFact::PreVoteReceived {
                from,
                own,
                granted,
                votes,
            })
        };
        tell(turn.out, fact);
        let wins = self
            .deciders()
            .is_quorum(|voter| self.granted().any(|granter| granter == voter));
        if wins && stands {
            self.become_leader(turn);
        } else if wins {
            self.start_election(ElectionReason::PreVotes, turn);
        }
    }

    /// Whose votes a candidate has.
    fn granted(&self) -> impl Iterator<Item = ServerId> {
        let granted = |(voter, ballot)| (ballot == Ballot::Granted).then_some(voter);
        self.ballots().filter_map(granted)
    }

    /// How many votes a candidate has.
    fn votes(&self) -> Shares {
        self.configuration
            .shares(|voter| self.granted().any(|granter| granter == voter))
    }

    /// The new leader knows nothing of the others' logs, and begins its term with a no-op: only
    /// an entry of its own term lets it commit what earlier leaders left (Raft §5.4.2, §8).
    fn become_leader(&mut self, turn: &mut Turn<'_, P>) {
        let fact = RaftFact::BecameLeader {
            term: self.hard.term,
            votes: self.granted().collect(),
            shares: self.votes(),
        };
        tell(turn.out, fact);
        let unknown = Progress::unknown(self.log.last_index());
        let members = self.configuration.members().iter();
        let followers = members.filter(|member| **member != self.id);
        self.standing = Standing::Leader {
            progress: followers
                .map(|follower| (*follower, unknown.clone()))
                .collect(),
            rounds: Rounds::new(turn.now, self.settings.check_quorum),
            questions: Vec::new(),
            transfer: Transfer::default(),
        };
        self.election_deadline = None;
        turn.out.push(Output::CancelTimer {
            timer: Timer::Election,
        });
        let LogPosition { term, index } = self.append_as_leader(Content::Noop, turn.out);
        tell(turn.out, RaftFact::NoopAppended { term, index });
        self.replicate(turn.out);
        self.start_heartbeat_timer(turn);
    }

    /// "If one server's current term is smaller than the other's, then it updates its current
    /// term to the larger value. If a candidate or leader discovers that its term is out of date,
    /// it immediately reverts to follower state" (Raft §5.1). Whom it took for the leader led an
    /// earlier term.
    pub(super) fn adopt_term(&mut self, from: ServerId, term: Term, out: &mut Vec<Output<P>>) {
        let previous = self.hard.term;
        self.enter_term(term, None);
        let role = self.role();
        if role == Role::Follower {
            let fact = RaftFact::TermAdopted {
                from,
                term,
                previous,
            };
            tell(out, fact);
        } else {
            let reason = StepDownReason::HigherTerm { from, term };
            tell(out, RaftFact::SteppedDown { role, reason });
        }
        self.become_follower(None, out);
    }

    /// A term begins with its vote: a candidate's own, or none given yet. Requests for votes of
    /// an earlier term that still wait for the disk are withdrawn.
    fn enter_term(&mut self, term: Term, voted_for: Option<ServerId>) {
        self.hard = HardState { term, voted_for };
        self.held.retain(|held| held.message.is_reply());
    }

    /// "If the leader's term is at least as large as the candidate's current term, then the
    /// candidate recognizes the leader as legitimate and returns to follower state" (Raft §5.2).
    pub(super) fn follow(&mut self, leader: ServerId, turn: &mut Turn<'_, P>) {
        let term = self.hard.term;
        self.note_leader_heard(turn.now);
        match &self.standing {
            Standing::Follower { leader: known } if *known == Some(leader) => {}
            Standing::Candidate { .. } | Standing::PreCandidate { .. } => {
                let fact = RaftFact::SteppedDown {
                    role: self.role(),
                    reason: StepDownReason::LeaderElected { leader, term },
                };
                tell(turn.out, fact);
                self.become_follower(Some(leader), turn.out);
            }
            _ => {
                tell(turn.out, RaftFact::FollowsLeader { leader, term });
                self.become_follower(Some(leader), turn.out);
            }
        }
        self.reset_election_timer(turn);
    }

    pub(super) fn become_follower(&mut self, leader: Option<ServerId>, out: &mut Vec<Output<P>>) {
        if self.role() != Role::Follower {
            out.push(Output::CancelTimer {
                timer: Timer::Heartbeat,
            });
        }
        self.standing = Standing::Follower { leader };
        self.transfers.clear();
    }

    /// "Raft uses randomized election timeouts to ensure that split votes are rare" (Raft §5.2):
    /// a fresh timeout for each start of the timer.
    pub(super) fn reset_election_timer(&mut self, turn: &mut Turn<'_, P>) {
        let (least, most) = self.settings.election_timeout;
        self.election_timeout = turn.random.between(least, most);
        self.start_election_timer(turn.now + self.election_timeout, turn.out);
    }

    /// A hand from outside on the timer; a leader has none.
    pub(super) fn set_election_timer(&mut self, at: Time, out: &mut Vec<Output<P>>) {
        if self.election_deadline.is_some() {
            self.start_election_timer(at, out);
        }
    }

    fn start_election_timer(&mut self, at: Time, out: &mut Vec<Output<P>>) {
        self.election_deadline = Some(at);
        let timer = Timer::Election;
        out.push(Output::SetTimer { timer, at });
    }
}
