//! Linearizable reads without a log entry: `ReadIndex` (dissertation §6.4) and leases (§6.4.1).
//!
//! A read goes through four stations. It *waits* at its origin until a question covers it; one
//! question is on its way at a time, and what arrives meanwhile goes with the next. The leader
//! notes its commit index for the question, once an entry of its own term is committed. A round
//! that began after that proves that it still led; several questions share a round. Then the
//! origin holds the read back until it has committed that far.
//!
//! Nothing is ever dropped in silence (etcd #11483): a question that gets no answer is asked anew
//! with the leader's next heartbeat, or of the next leader. The same leader is asked under the same
//! number: whichever answer comes, it took the question up after the reads it covers had come, and
//! a way that is longer than a heartbeat interval does not keep the first answer from counting.

use std::collections::VecDeque;

use super::Replica;
use super::fact::RaftFact;
use super::io::{Output, Turn, tell};
use super::log::Payload;
use super::message::Message;
use super::position::{Index, Term};
use super::read_fact::ReadFact;
use super::role::Standing;
use crate::ids::ServerId;
use crate::random::Bits;
use crate::time::{Duration, Time};

/// A server's own reads.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Reads {
    /// Covered by no question yet, oldest first.
    waiting: Vec<u64>,
    asked: Option<Question>,
    /// Answered, and not far enough yet: each with the index to reach.
    answered: VecDeque<(Index, u64)>,
    /// The number of the next question. It begins anywhere, so that no answer from before a
    /// restart is taken for one to a later question.
    next: u64,
}

/// A question on its way to the leader.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Question {
    number: u64,
    leader: ServerId,
    term: Term,
    at: Time,
    /// It was taken for lost, and not asked again yet.
    overdue: bool,
    reads: Vec<u64>,
}

/// A question that a leader has got.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Asked {
    origin: ServerId,
    number: u64,
    /// It was told that the question waits.
    postponed: bool,
    noted: Option<Noted>,
}

/// What a leader notes when it takes a question up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Noted {
    index: Index,
    /// The first round that proves that it led then.
    round: u64,
}

impl Reads {
    pub(super) const fn booted(random: Bits) -> Self {
        Self {
            waiting: Vec::new(),
            asked: None,
            answered: VecDeque::new(),
            next: random.0,
        }
    }

    pub(super) fn arrive(&mut self, read: u64) {
        self.waiting.push(read);
    }

    /// How many reads are not ready.
    pub(super) fn pending(&self) -> usize {
        let asked = self.asked.as_ref().map_or(0, |asked| asked.reads.len());
        self.waiting.len() + asked + self.answered.len()
    }

    /// A question that has been on its way for `patience` is taken for lost.
    pub(super) fn lose_patience(&mut self, now: Time, patience: Duration) {
        if let Some(asked) = &mut self.asked {
            asked.overdue |= now.since(asked.at) >= patience;
        }
    }

    /// The leader lets the reads of a question see the log through `index`. Whether it is the
    /// question that is asked.
    fn answer(&mut self, number: u64, index: Index) -> bool {
        let question = self.asked.take_if(|asked| asked.number == number);
        let reads = question.map(|question| question.reads);
        let known = reads.is_some();
        let reads = reads.into_iter().flatten();
        self.answered.extend(reads.map(|read| (index, read)));
        known
    }
}

impl<P: Payload> Replica<P> {
    /// Takes every read on by as many stations as it can go.
    pub(super) fn tend_reads(&mut self, turn: &mut Turn<'_, P>) {
        if self.reads.pending() > 0 {
            self.ask_leader(turn);
        }
        self.serve_questions(turn);
        self.release_reads(turn.out);
    }

    fn ask_leader(&mut self, turn: &mut Turn<'_, P>) {
        let Some(leader) = self.leader() else {
            return;
        };
        let term = self.hard.term;
        let asks_another = |asked: &mut Question| asked.leader != leader || asked.term != term;
        if let Some(question) = self.reads.asked.take_if(asks_another) {
            self.reads.waiting.splice(0..0, question.reads);
        }
        if self.reads.asked.is_some() {
            return self.ask_again(turn);
        }
        if self.reads.waiting.is_empty() {
            return;
        }
        let reads = std::mem::take(&mut self.reads.waiting);
        let number = self.reads.next;
        self.reads.next = number.wrapping_add(1);
        if leader == self.id {
            self.take_question(leader, number);
        } else {
            let fact = ReadFact::Asked {
                leader,
                reads: reads.len(),
            };
            tell(turn.out, RaftFact::Read(fact));
            let message = Message::ReadIndex { term, number };
            let awaited = self.storage.awaits_hard_state();
            self.send_when_durable(awaited, leader, message, turn.out);
        }
        self.reads.asked = Some(Question {
            number,
            leader,
            term,
            at: turn.now,
            overdue: false,
            reads,
        });
    }

    /// The question that is on its way was lost, it seems.
    fn ask_again(&mut self, turn: &mut Turn<'_, P>) {
        let own_id = self.id;
        let Some(asked) = &mut self.reads.asked else {
            return;
        };
        if !asked.overdue || asked.leader == own_id {
            return;
        }
        (asked.overdue, asked.at) = (false, turn.now);
        let (leader, reads) = (asked.leader, asked.reads.len());
        let message = Message::ReadIndex {
            term: asked.term,
            number: asked.number,
        };
        let fact = ReadFact::Asked { leader, reads };
        tell(turn.out, RaftFact::Read(fact));
        let awaited = self.storage.awaits_hard_state();
        self.send_when_durable(awaited, leader, message, turn.out);
    }

    /// A leader gets a question; anyone else ignores it, and its origin will find the leader.
    pub(super) fn take_question(&mut self, origin: ServerId, number: u64) {
        if let Standing::Leader { questions, .. } = &mut self.standing {
            let known = |asked: &Asked| asked.origin == origin && asked.number == number;
            if !questions.iter().any(known) {
                questions.push(Asked {
                    origin,
                    number,
                    postponed: false,
                    noted: None,
                });
            }
        }
    }

    /// The leader answers a question.
    pub(super) fn take_answer(&mut self, number: u64, index: Index, out: &mut Vec<Output<P>>) {
        let commit = self.commit_index;
        if self.reads.answer(number, index) && index > commit {
            tell(out, RaftFact::Read(ReadFact::Waits { index, commit }));
        }
    }

    /// A follower of this term has answered to `round`.
    pub(super) fn acknowledge_round(&mut self, from: ServerId, round: u64, now: Time) {
        if let Standing::Leader { progress, .. } = &mut self.standing
            && let Some((_, progress)) = progress.iter_mut().find(|(id, _)| *id == from)
        {
            progress.acknowledge(round);
            self.confirm_rounds(now);
        }
    }

    /// The latest round that a majority has answered to. A leader answers to itself.
    fn confirm_rounds(&mut self, now: Time) {
        let Standing::Leader {
            progress, rounds, ..
        } = &self.standing
        else {
            return;
        };
        let answered = |server: ServerId| {
            if server == self.id {
                return rounds.last();
            }
            let record = progress.iter().find(|(id, _)| *id == server);
            record.map_or(0, |(_, progress)| progress.acknowledged())
        };
        let agree_on = |round: u64| {
            self.configuration
                .is_quorum(|server| answered(server) >= round)
        };
        let next = rounds.confirmed() + 1;
        if rounds.last() < next || !agree_on(next) {
            return;
        }
        let all = progress.iter().map(|(_, progress)| progress.acknowledged());
        let later = all
            .chain([rounds.last()])
            .filter(|round| *round > next && agree_on(*round));
        let latest = later.max().unwrap_or(next);
        if let Standing::Leader { rounds, .. } = &mut self.standing {
            rounds.confirm(latest, now);
        }
    }

    /// As leader: notes the commit index for new questions, has rounds prove that it leads, and
    /// answers what is proved.
    fn serve_questions(&mut self, turn: &mut Turn<'_, P>) {
        let Standing::Leader { questions, .. } = &self.standing else {
            return;
        };
        if questions.is_empty() {
            return;
        }
        self.note_questions(turn);
        if self.needs_another_round() {
            self.begin_round(turn.now);
            self.send_round(turn.out);
            self.confirm_rounds(turn.now);
        }
        self.answer_questions(turn.out);
        // Its own answers may let a read of its own go, which frees the way for the next question.
        if self.reads.asked.is_none() && !self.reads.waiting.is_empty() {
            self.ask_leader(turn);
            self.serve_questions(turn);
        }
    }

    /// "If the leader has not yet marked an entry from its current term committed, it waits until
    /// it has done so" (dissertation §6.4, step 1); then it notes its commit index (step 2).
    fn note_questions(&mut self, turn: &mut Turn<'_, P>) {
        let index = self.commit_index;
        let term = self.hard.term;
        let may_note =
            !self.rules.read_after_own_term_commit || self.log.term_at(index) == Some(term);
        let leased = self.has_lease(turn.now);
        let oldest_fresh = if self.rules.read_fresh_acks {
            None
        } else {
            Some(1)
        };
        let Standing::Leader {
            questions, rounds, ..
        } = &mut self.standing
        else {
            return;
        };
        for asked in questions.iter_mut().filter(|asked| asked.noted.is_none()) {
            let origin = asked.origin;
            let fact = if !may_note {
                if std::mem::replace(&mut asked.postponed, true) {
                    continue;
                }
                ReadFact::Postponed { origin, term }
            } else if leased {
                asked.noted = Some(Noted { index, round: 0 });
                ReadFact::Leased { origin, index }
            } else {
                let round = oldest_fresh.unwrap_or(rounds.last() + 1);
                asked.noted = Some(Noted { index, round });
                ReadFact::Noted { origin, index }
            };
            tell(turn.out, RaftFact::Read(fact));
        }
    }

    /// Whether a question waits for a round that has not begun, while none waits for one that has:
    /// what comes while a round is on shares the next.
    fn needs_another_round(&self) -> bool {
        let Standing::Leader {
            questions, rounds, ..
        } = &self.standing
        else {
            return false;
        };
        let noted = || questions.iter().filter_map(|asked| asked.noted);
        let is_on = |round: u64| round > rounds.confirmed() && round <= rounds.last();
        noted().any(|noted| noted.round > rounds.last()) && !noted().any(|noted| is_on(noted.round))
    }

    /// Answers the questions whose round is confirmed.
    fn answer_questions(&mut self, out: &mut Vec<Output<P>>) {
        let term = self.hard.term;
        let Standing::Leader {
            questions, rounds, ..
        } = &mut self.standing
        else {
            return;
        };
        let confirmed = rounds.confirmed();
        let proved = |asked: &mut Asked| asked.noted.is_some_and(|noted| noted.round <= confirmed);
        for asked in questions.extract_if(.., proved) {
            let Asked {
                origin,
                number,
                noted,
                ..
            } = asked;
            let Some(Noted { index, round }) = noted else {
                continue;
            };
            if round > 0 {
                tell(out, RaftFact::Read(ReadFact::Confirmed { origin, index }));
            }
            if origin == self.id {
                self.reads.answer(number, index);
            } else {
                let message = Message::ReadIndexReply {
                    term,
                    number,
                    index,
                };
                out.push(Output::Send {
                    to: origin,
                    message,
                });
            }
        }
    }

    /// "The leader waits for its state machine to advance at least as far as the readIndex"
    /// (dissertation §6.4, step 4), and so does any other server: what it has committed it applies
    /// before it reads.
    fn release_reads(&mut self, out: &mut Vec<Output<P>>) {
        let commit = self.commit_index;
        let through = if self.rules.read_waits_for_apply {
            commit
        } else {
            Index::new(u64::MAX)
        };
        self.reads.answered.retain(|(index, read)| {
            let ready = *index <= through;
            if ready {
                out.push(Output::Read { read: *read });
            }
            !ready
        });
    }
}
