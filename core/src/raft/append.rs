//! The follower's side of log replication (Raft §5.3): Figure 2, `AppendEntries`, receiver
//! implementation.

use super::Replica;
use super::durable::Write;
use super::fact::{AppendRefusal, Conflict, RaftFact};
use super::io::{Output, Turn, tell};
use super::log::{Entry, Payload};
use super::message::{AppendOutcome, Message};
use super::position::{Index, LogPosition, Term};
use super::role::Role;
use crate::ids::ServerId;

/// An `AppendEntries`, as it arrived.
pub(super) struct Offer<P> {
    pub(super) leader: ServerId,
    pub(super) term: Term,
    /// The entry before the new ones.
    pub(super) prev: LogPosition,
    pub(super) entries: Vec<Entry<P>>,
    /// The leader's commit index.
    pub(super) commit: Index,
    pub(super) round: u64,
}

impl<P: Payload> Replica<P> {
    /// A leader offers entries, or none to show that it lives.
    pub(super) fn handle_append_entries(&mut self, offer: Offer<P>, turn: &mut Turn<'_, P>) {
        // Two leaders in one term: only a broken rule makes them, and neither follows the other.
        if offer.term == self.hard.term && self.role() == Role::Leader {
            return;
        }
        let leader = offer.leader;
        let heartbeat = offer.entries.is_empty();
        let round = offer.round;
        let mut outcome = if offer.term < self.hard.term {
            self.refuse_stale_leader(&offer, turn.out);
            AppendOutcome::StaleTerm
        } else {
            self.follow(leader, turn);
            if heartbeat {
                self.reads.lose_patience(turn.now, self.settings.heartbeat);
            }
            self.save_hard_state(turn.out);
            self.take_entries(offer, turn.out)
        };
        if heartbeat && let AppendOutcome::Accepted { match_index } = &mut outcome {
            *match_index = self.acknowledged_at_once(*match_index);
        }
        let awaited = match outcome {
            AppendOutcome::Accepted { match_index } => self.storage.awaits_entries(match_index),
            AppendOutcome::Rejected { .. } | AppendOutcome::StaleTerm => {
                self.storage.awaits_hard_state()
            }
        };
        let reply = Message::AppendEntriesReply {
            term: self.hard.term,
            heartbeat,
            round,
            outcome,
        };
        self.send_when_durable(awaited, leader, reply, turn.out);
    }

    /// How far a heartbeat that agrees with the log through `match_index` is answered: as far as the
    /// disk is, and now. A leader that asks after entries which a slow disk has yet to write would
    /// otherwise hear nothing, and take a majority that writes for one that is gone (§6.2 of the
    /// dissertation).
    fn acknowledged_at_once(&self, match_index: Index) -> Index {
        if self.rules.sync_before_reply {
            match_index.min(self.storage.durable_index())
        } else {
            match_index
        }
    }

    /// "If a server receives a request with a stale term number, it rejects the request"
    /// (Raft §5.1). The term in the reply is what the old leader needs to hear.
    fn refuse_stale_leader(&self, offer: &Offer<P>, out: &mut Vec<Output<P>>) {
        let refusal = AppendRefusal::StaleTerm {
            theirs: offer.term,
            mine: self.hard.term,
        };
        let from = offer.leader;
        tell(out, RaftFact::AppendRejected { from, refusal });
    }

    fn take_entries(&mut self, offer: Offer<P>, out: &mut Vec<Output<P>>) -> AppendOutcome {
        // A late message. What is committed is the same in every log, so it has nothing to say
        // about it; and to look at it closer could only lead to deleting what must stay.
        if offer.prev.index < self.commit_index {
            return AppendOutcome::Accepted {
                match_index: self.commit_index,
            };
        }
        if let Some(refusal) = self.fails_consistency_check(offer.prev) {
            return self.refuse(&offer, refusal, out);
        }
        let last_new = Index::new(offer.prev.index.number() + offer.entries.len() as u64);
        let Offer {
            leader,
            prev,
            mut entries,
            commit,
            ..
        } = offer;
        let agreeing = self.truncate_conflicting(leader, prev.index, &entries, out);
        entries.drain(..agreeing);
        self.append_from_leader(leader, entries, out);
        self.learn_commit(leader, commit, last_new, out);
        AppendOutcome::Accepted {
            match_index: last_new,
        }
    }

    /// "If the follower does not find an entry in its log with the same index and term, then it
    /// refuses the new entries": with it, Log Matching holds by induction (Raft §5.3).
    fn fails_consistency_check(&self, prev: LogPosition) -> Option<AppendRefusal> {
        match self.log.term_at(prev.index) {
            Some(term) if term == prev.term => None,
            Some(mine) => Some(AppendRefusal::Differs { prev, mine }),
            None => Some(AppendRefusal::Missing {
                prev,
                last: self.log.last_index(),
            }),
        }
    }

    /// Refuses an offer, with the hint of [`AppendOutcome::Rejected`].
    fn refuse(
        &self,
        offer: &Offer<P>,
        refusal: AppendRefusal,
        out: &mut Vec<Output<P>>,
    ) -> AppendOutcome {
        let fact = RaftFact::AppendRejected {
            from: offer.leader,
            refusal,
        };
        tell(out, fact);
        let LogPosition { term, index } = offer.prev;
        let hint = self.log.last_place_to_agree(index, term);
        AppendOutcome::Rejected {
            prev_index: index,
            hint_index: hint.index,
            hint_term: hint.term,
        }
    }

    /// "If an existing entry conflicts with a new one (same index but different terms), delete
    /// the existing entry and all that follow it" (Figure 2); and only then, because the message
    /// may be older than entries that the follower has stored, and acknowledged, since. Says how
    /// many of `entries` are in the log already.
    fn truncate_conflicting(
        &mut self,
        leader: ServerId,
        prev: Index,
        entries: &[Entry<P>],
        out: &mut Vec<Output<P>>,
    ) -> usize {
        let agreeing = if self.rules.truncate_only_on_conflict {
            self.log.agreeing(entries)
        } else {
            0
        };
        let conflict = entries.get(agreeing).and_then(|new| {
            let mine = self.log.term_at(new.index)?;
            (mine != new.term).then_some(Conflict {
                index: new.index,
                mine,
                theirs: new.term,
            })
        });
        let from = match conflict {
            Some(conflict) => conflict.index,
            None if self.rules.truncate_only_on_conflict => return agreeing,
            None => prev.next(),
        };
        let through = self.log.last_index();
        if from <= through {
            self.log.truncate(from);
            let token = self.storage.truncate(from);
            let write = Write::Truncate { from };
            out.push(Output::Persist { token, write });
            let fact = RaftFact::Truncated {
                from,
                through,
                conflict,
                leader,
            };
            tell(out, fact);
            self.follow_configurations(out);
        }
        agreeing
    }

    /// "Append any new entries not already in the log" (Figure 2).
    fn append_from_leader(
        &mut self,
        leader: ServerId,
        entries: Vec<Entry<P>>,
        out: &mut Vec<Output<P>>,
    ) {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return;
        };
        let fact = RaftFact::Appended {
            first: first.index,
            last: last.index,
            term: last.term,
            from: Some(leader),
        };
        tell(out, fact);
        self.append(entries, out);
    }

    /// Adds entries to the log in memory and hands them to the disk.
    pub(super) fn append(&mut self, entries: Vec<Entry<P>>, out: &mut Vec<Output<P>>) {
        self.log.append(entries.iter().cloned());
        let token = self.storage.append(self.log.last_index());
        let write = Write::Append { entries };
        out.push(Output::Persist { token, write });
        self.follow_configurations(out);
    }
}
