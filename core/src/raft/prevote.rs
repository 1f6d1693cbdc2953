//! Pre-vote: who would not win does not raise its term (dissertation §9.6).
//!
//! A question for a pre-vote names the term that its sender *would* stand in, so nobody takes that
//! term over. A promise repeats it. A refusal brings the refuser's own term instead, and whoever
//! hears of a later term that way takes it over: otherwise servers with the longer log and servers
//! of the later term could refuse each other for ever (etcd #8501, openraft #1796).

use super::Replica;
use super::campaign_fact::CampaignFact;
use super::election::Candidacy;
use super::fact::{ElectionReason, RaftFact};
use super::io::{Turn, tell};
use super::log::Payload;
use super::message::Message;
use super::position::{LogPosition, Term};
use super::role::{Ballot, Role, Standing};
use crate::ids::ServerId;

impl<P: Payload> Replica<P> {
    /// It asks who would vote for it. Whom it followed does not matter any more; its term and its
    /// vote stay.
    pub(super) fn ask_for_pre_votes(&mut self, reason: ElectionReason, turn: &mut Turn<'_, P>) {
        let electorate = self.configuration.electorate();
        self.standing = Standing::PreCandidate {
            ballots: electorate
                .map(|voter| (voter, Ballot::Unanswered))
                .collect(),
        };
        self.heard = None;
        let term = self.hard.term.next();
        let fact = CampaignFact::AsksForPreVotes { term, reason };
        tell(turn.out, RaftFact::Campaign(fact));
        self.reset_election_timer(turn);
        self.start_heartbeat_timer(turn);
        self.request_votes(turn.out);
        self.count_vote(self.id, true, turn);
    }

    /// What carries no term that anyone is in.
    pub(super) fn receive_about_pre_vote(
        &mut self,
        from: ServerId,
        message: &Message<P>,
        turn: &mut Turn<'_, P>,
    ) {
        match *message {
            Message::PreVote {
                term,
                last_index: index,
                last_term,
                priority,
            } => {
                let last = LogPosition {
                    term: last_term,
                    index,
                };
                let candidacy = Candidacy {
                    term,
                    last,
                    priority,
                    transfer: false,
                };
                self.handle_pre_vote(from, candidacy, turn);
            }
            Message::PreVoteReply { term, granted } => {
                self.handle_pre_vote_reply(from, term, granted, turn);
            }
            _ => {}
        }
    }

    /// A server asks whether it would get this one's vote. Whatever the answer, neither term nor
    /// vote nor timer changes here.
    pub(super) fn handle_pre_vote(
        &mut self,
        to: ServerId,
        candidacy: Candidacy,
        turn: &mut Turn<'_, P>,
    ) {
        let term = candidacy.term;
        if term > self.hard.term && self.is_loyal(turn.now) {
            return self.ignore_candidate(to, turn);
        }
        let refusal = self.refuses_vote(to, candidacy);
        let fact = match refusal {
            Some(reason) => CampaignFact::PreVoteDenied { to, term, reason },
            None => CampaignFact::PreVoteGranted { to, term },
        };
        tell(turn.out, RaftFact::Campaign(fact));
        let granted = refusal.is_none();
        let reply = Message::PreVoteReply {
            term: if granted { term } else { self.hard.term },
            granted,
        };
        let awaited = self.storage.awaits_hard_state();
        self.send_when_durable(awaited, to, reply, turn.out);
    }

    /// Counts a promise for the term that this server would stand in now, or a refusal.
    pub(super) fn handle_pre_vote_reply(
        &mut self,
        from: ServerId,
        term: Term,
        granted: bool,
        turn: &mut Turn<'_, P>,
    ) {
        if !granted && term > self.hard.term {
            return self.adopt_term(from, term, turn.out);
        }
        let is_current = !granted || term == self.hard.term.next();
        if self.role() == Role::PreCandidate && is_current {
            self.count_vote(from, granted, turn);
        }
    }
}
