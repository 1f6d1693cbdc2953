//! The leader's side of log replication (Raft §5.3).
//!
//! A follower whose log is not known is *probed*, one message at a time, until the place where
//! the logs agree is found; from then on entries are *replicated*: sent at once, several messages
//! ahead of their acknowledgements.

use super::Replica;
use super::fact::RaftFact;
use super::io::{Output, Timer, Turn, tell};
use super::log::{Content, Entry, Payload};
use super::message::{AppendOutcome, Message};
use super::position::{Index, LogPosition};
use super::progress::{Ack, Nack, Progress};
use super::role::{Role, Standing};
use super::settings::Settings;
use crate::ids::ServerId;
use crate::time::Time;

/// What a follower answers to an `AppendEntries`.
pub(super) struct Answer {
    pub(super) heartbeat: bool,
    pub(super) round: u64,
    pub(super) outcome: AppendOutcome,
}

impl<P: Payload> Replica<P> {
    /// Appends an entry of the leader's own term. The disk gets it at the same time as the
    /// followers; the leader counts itself only when the disk has confirmed it (dissertation
    /// §10.2.1).
    pub(super) fn append_as_leader(
        &mut self,
        content: Content<P>,
        out: &mut Vec<Output<P>>,
    ) -> LogPosition {
        let entry = Entry {
            term: self.hard.term,
            index: self.log.last_index().next(),
            content,
        };
        let position = entry.position();
        self.append(vec![entry], out);
        position
    }

    /// Sends every follower what it lacks, as far as its window allows.
    pub(super) fn replicate(&mut self, out: &mut Vec<Output<P>>) {
        for position in 0..self.followers() {
            self.replicate_to(position, out);
        }
    }

    /// "If last log index ≥ nextIndex for a follower: send `AppendEntries` RPC with log entries
    /// starting at nextIndex" (Figure 2, Leaders).
    fn replicate_to(&mut self, position: usize, out: &mut Vec<Output<P>>) {
        let last_index = self.log.last_index();
        let Settings {
            max_entries_per_message,
            max_bytes_per_message,
            max_inflight_messages,
            max_inflight_bytes,
            ..
        } = self.settings;
        if self.needs_snapshot(position) {
            return self.begin_snapshot(position, out);
        }
        while let Some(progress) = self.follower(position)
            && progress.next_index() <= last_index
            && progress.may_send(max_inflight_messages, max_inflight_bytes)
        {
            let first = progress.next_index();
            let entries = self
                .log
                .batch(first, max_entries_per_message, max_bytes_per_message);
            let through = Index::new(first.prev().number() + entries.len() as u64);
            let bytes = entries.iter().map(|entry| entry.size() as u64).sum();
            self.send_append_entries(position, first.prev(), entries, out);
            if let Some(progress) = self.follower(position) {
                progress.sent(through, bytes);
            }
        }
    }

    /// The leader's commit index goes with every message, as Figure 2 has it: the follower takes
    /// it up only as far as the message's own entries vouch for its log, so the minimum with
    /// `matchIndex` that a heartbeat without consistency check would need is there by itself.
    pub(super) fn send_append_entries(
        &mut self,
        position: usize,
        prev_index: Index,
        entries: Vec<Entry<P>>,
        out: &mut Vec<Output<P>>,
    ) {
        let commit = self.commit_index;
        let round = self.round();
        let vouched = Index::new(prev_index.number() + entries.len() as u64);
        let Some(prev_term) = self.log.term_at(prev_index) else {
            return;
        };
        let Some((to, progress)) = self.follower_at(position) else {
            return;
        };
        progress.told(commit.min(vouched));
        let message = Message::AppendEntries {
            term: self.hard.term,
            prev_index,
            prev_term,
            entries,
            commit,
            round,
        };
        out.push(Output::Send { to, message });
    }

    /// The heartbeat timer serves leaders and candidates.
    pub(super) fn heartbeat_timer_ran_down(&mut self, turn: &mut Turn<'_, P>) {
        match self.role() {
            Role::Follower => {}
            Role::PreCandidate | Role::Candidate => self.repeat_vote_requests(turn),
            Role::Leader => {
                if !self.steps_down_without_quorum(turn) {
                    self.press_transfer(turn);
                    self.send_heartbeats(turn);
                }
            }
        }
    }

    /// "Leaders send periodic heartbeats (`AppendEntries` RPCs that carry no log entries) to all
    /// followers in order to maintain their authority" (Raft §5.2).
    fn send_heartbeats(&mut self, turn: &mut Turn<'_, P>) {
        self.begin_round(turn.now);
        for position in 0..self.followers() {
            if let Some(progress) = self.follower(position) {
                let prev = progress.heartbeat_prev();
                self.send_heartbeat(position, prev, turn.out);
                self.look_after_snapshot(position, turn.out);
            }
        }
        self.start_heartbeat_timer(turn);
    }

    fn send_heartbeat(&mut self, position: usize, prev: Index, out: &mut Vec<Output<P>>) {
        if self.log.term_at(prev).is_some() {
            self.send_append_entries(position, prev, Vec::new(), out);
        } else {
            self.send_bare_heartbeat(position, out);
        }
    }

    /// A heartbeat to a follower of whose log the leader knows no place that it has itself: it
    /// refers to the place before the first entry, on which all logs agree. The answer says how
    /// far the follower knows its log to be committed, and so what the two have in common.
    fn send_bare_heartbeat(&mut self, position: usize, out: &mut Vec<Output<P>>) {
        let (term, commit, round) = (self.hard.term, self.commit_index, self.round());
        let LogPosition {
            term: prev_term,
            index: prev_index,
        } = LogPosition::ZERO;
        if let Some((to, _)) = self.follower_at(position) {
            let message = Message::AppendEntries {
                term,
                prev_index,
                prev_term,
                entries: Vec::new(),
                commit,
                round,
            };
            out.push(Output::Send { to, message });
        }
    }

    /// The round that is on.
    fn round(&self) -> u64 {
        match &self.standing {
            Standing::Leader { rounds, .. } => rounds.last(),
            _ => 0,
        }
    }

    pub(super) fn begin_round(&mut self, now: Time) {
        if let Standing::Leader { rounds, .. } = &mut self.standing {
            rounds.begin(now);
        }
    }

    /// Tells every follower of a round that begins between two heartbeats.
    pub(super) fn send_round(&mut self, out: &mut Vec<Output<P>>) {
        for position in 0..self.followers() {
            if let Some(progress) = self.follower(position) {
                let prev = progress.round_prev();
                self.send_heartbeat(position, prev, out);
            }
        }
    }

    pub(super) fn start_heartbeat_timer(&self, turn: &mut Turn<'_, P>) {
        turn.out.push(Output::SetTimer {
            timer: Timer::Heartbeat,
            at: turn.now + self.settings.heartbeat,
        });
    }

    /// A follower of this term answers. It may be a message of an earlier term of office that it
    /// refuses: that says nothing of this one, neither of the log nor of a round.
    pub(super) fn handle_append_entries_reply(
        &mut self,
        from: ServerId,
        Answer {
            heartbeat,
            round,
            outcome,
        }: Answer,
        turn: &mut Turn<'_, P>,
    ) {
        if outcome != AppendOutcome::StaleTerm {
            self.acknowledge_round(from, round, turn.now);
        }
        let out = &mut *turn.out;
        let Some(position) = self.position_of(from) else {
            return;
        };
        match outcome {
            AppendOutcome::Accepted { match_index } => {
                self.accepted(from, position, match_index, out);
            }
            AppendOutcome::Rejected {
                prev_index,
                hint_index: index,
                hint_term: term,
            } => {
                let hint = LogPosition { term, index };
                self.rejected(position, prev_index, hint, heartbeat, out);
            }
            AppendOutcome::StaleTerm => {}
        }
    }

    /// "If successful: update nextIndex and matchIndex for follower" (Figure 2, Leaders).
    pub(super) fn accepted(
        &mut self,
        from: ServerId,
        position: usize,
        through: Index,
        out: &mut Vec<Output<P>>,
    ) {
        // Only with a rule switched off can a follower vouch for more than its leader has.
        let through = through.min(self.log.last_index());
        let base = self.log.base().index;
        let Some(progress) = self.follower(position) else {
            return;
        };
        let mut committed = false;
        let ack = progress.accepted(through, base);
        if progress.transfer().is_none() {
            self.transfers.retain(|(to, _)| *to != from);
        }
        if ack == Ack::News {
            tell(out, RaftFact::AppendAccepted { by: from, through });
            committed = self.advance_commit_index(out);
        }
        // Entries carry the commit index too, so they go first.
        self.replicate_to(position, out);
        if committed {
            self.announce_commit(out);
        } else {
            self.announce_commit_to(position, out);
        }
    }

    /// "If `AppendEntries` fails because of log inconsistency: decrement nextIndex and retry"
    /// (Figure 2, Leaders) — but by whole terms: from the follower's hint, the leader in turn
    /// skips its own entries of terms above the hint's, so that finding where the logs agree
    /// takes at most one probe for each term in which they differ.
    fn rejected(
        &mut self,
        position: usize,
        prev_index: Index,
        hint: LogPosition,
        heartbeat: bool,
        out: &mut Vec<Output<P>>,
    ) {
        let agree = self.log.last_place_to_agree(hint.index, hint.term).index;
        let Some((follower, progress)) = self.follower_at(position) else {
            return;
        };
        let had = progress.match_index();
        let nack = progress.rejected(prev_index, agree, heartbeat);
        let next = progress.next_index();
        match nack {
            Nack::Stale => return,
            Nack::BackUp => tell(out, RaftFact::BackedUp { follower, next }),
            Nack::Lost => tell(
                out,
                RaftFact::MatchLost {
                    follower,
                    had,
                    next,
                },
            ),
        }
        self.replicate_to(position, out);
    }

    /// Tells every follower of a new commit index that it has the entries for.
    pub(super) fn announce_commit(&mut self, out: &mut Vec<Output<P>>) {
        for position in 0..self.followers() {
            self.announce_commit_to(position, out);
        }
    }

    fn announce_commit_to(&mut self, position: usize, out: &mut Vec<Output<P>>) {
        let commit = self.commit_index;
        if self.settings.announce_commit
            && let Some(progress) = self.follower(position)
            && progress.should_hear_of(commit)
        {
            let prev = progress.match_index();
            self.send_append_entries(position, prev, Vec::new(), out);
        }
    }

    /// How many followers a leader has; nobody else has any.
    fn followers(&self) -> usize {
        match &self.standing {
            Standing::Leader { progress, .. } => progress.len(),
            _ => 0,
        }
    }

    /// Where a leader keeps its record of `follower`.
    pub(super) fn position_of(&self, follower: ServerId) -> Option<usize> {
        match &self.standing {
            Standing::Leader { progress, .. } => {
                progress.iter().position(|(id, _)| *id == follower)
            }
            _ => None,
        }
    }

    /// A leader's record of the follower at `position`, and who that is.
    pub(super) fn follower_at(&mut self, position: usize) -> Option<(ServerId, &mut Progress)> {
        match &mut self.standing {
            Standing::Leader { progress, .. } => {
                let (id, progress) = progress.get_mut(position)?;
                Some((*id, progress))
            }
            _ => None,
        }
    }

    pub(super) fn follower(&mut self, position: usize) -> Option<&mut Progress> {
        self.follower_at(position).map(|(_, progress)| progress)
    }
}
