//! The Raft replica: a pure state machine.
//!
//! Paper: Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm",
//! USENIX ATC 2014, cited as Raft §n; its Figure 2 is the summary that this module spells out.
//!
//! A [`Replica`] takes one [`Input`] at a time and says what it wants done as [`Output`]s. It owns
//! no clock, socket or disk: time and randomness come with each step, timers are asked for, and
//! writes go out with a [`Token`] that comes back when the disk has confirmed them. One
//! single-threaded step at a time is part of the algorithm: where heartbeats were handled beside
//! it, entries got the wrong term (hashicorp/raft #695).
//!
//! | file | concern |
//! |---|---|
//! | `position`, `log`, `message`, `durable`, `io` | the vocabulary |
//! | `role`, `progress`, `storage` | what a replica knows, by whom it is about |
//! | `configuration`, `shares` | who takes part, what decides (§6), and how much of it there is |
//! | `reconfiguration`, `membership`, `membership_fact` | what can be asked for, how it comes about (§6), and how it is told |
//! | `election` | terms, votes, leaders (§5.1, §5.2, §5.4.1) |
//! | `prevote`, `lease`, `transfer` | who may ask for votes, and who may not yet (dissertation §9.6, §4.2.3, §3.10) |
//! | `append` | the follower's side of log replication (§5.3) |
//! | `replication` | the leader's side (§5.3) |
//! | `snapshot`, `install` | snapshots taken, and sent in place of entries (§7) |
//! | `commit` | what is committed (§5.3, §5.4.2) |
//! | `reads`, `rounds` | reads without entries (dissertation §6.4) |
//! | `fact`, `snapshot_fact`, `narrate` | how it all speaks for itself |
//! | `rules`, `settings` | what can be switched and set |

use std::sync::Arc;

use crate::ids::ServerId;
use crate::random::Bits;
use crate::time::{Duration, Time};

mod append;
mod campaign_fact;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod chaos_tests;
mod commit;
mod configuration;
mod durable;
mod election;
#[cfg(test)]
mod elections_tests;
mod fact;
mod install;
#[cfg(test)]
mod install_tests;
mod io;
mod lease;
mod log;
mod membership;
mod membership_fact;
#[cfg(test)]
mod membership_tests;
mod message;
mod narrate;
mod position;
mod prevote;
mod progress;
mod read_fact;
mod reads;
mod reconfiguration;
mod replication;
mod role;
mod rounds;
pub mod rules;
#[cfg(test)]
mod scenarios;
mod settings;
mod shares;
mod snapshot;
mod snapshot_fact;
mod storage;
#[cfg(test)]
mod testing;
mod transfer;

pub use crate::explain::RuleInfo;
pub use campaign_fact::CampaignFact;
pub use configuration::Configuration;
pub use durable::{Durable, HardState, Token, Write};
pub use fact::{AppendRefusal, Conflict, ElectionReason, RaftFact, StepDownReason, VoteRefusal};
pub use io::{Input, Output, Timer};
pub use log::{Content, Entry, Log, Payload};
pub use membership_fact::{Cause, MembershipFact};
pub use message::{AppendOutcome, InstallOutcome, Message, MessageKind};
pub use position::{Index, LogPosition, Term};
pub use progress::{Progress, ProgressState};
pub use read_fact::ReadFact;
pub use reconfiguration::{Reconfiguration, ReconfigureError, Transition};
pub use role::{Ballot, ProposeError, Role};
pub use rules::Rules;
pub use settings::{Membership, Settings, SettingsError};
pub use shares::{Share, Shares};
pub use snapshot::{CompactError, PartialSnapshot, Snapshot};
pub use snapshot_fact::SnapshotFact;
pub use transfer::{ForgetError, TransferError};

use election::Candidacy;
use io::Turn;
use membership::Staged;
use reads::Reads;
use role::Standing;
use storage::Storage;

/// One server's part in Raft.
///
/// What holds between its fields after every step:
/// - a leader has no running election timer, everyone else has one;
/// - `hard` is what was last handed to the disk, though perhaps not yet on it;
/// - nothing has left that relies on term, vote or entries which the disk has not confirmed: it
///   waits in `held`;
/// - the durable index is at or below the last index of the log;
/// - base of the log ≤ last entry of the snapshot ≤ commit index ≤ last index of the log;
/// - `transfers` names exactly the followers whose progress is that of a snapshot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Replica<P: Payload> {
    id: ServerId,
    /// The one it goes by: the latest in its log.
    configuration: Configuration,
    /// The entry that holds it; the base of the log when none does.
    configured_at: Index,
    /// The configuration as of the base of the log.
    base_configuration: Configuration,
    /// A change that waits; there only while it leads.
    staged: Option<Staged>,
    settings: Settings,
    rules: Rules,
    hard: HardState,
    log: Log<P>,
    snapshot: Option<Arc<Snapshot<P>>>,
    partial: Option<PartialSnapshot<P>>,
    /// Volatile, and only ever rises (Raft, Figure 2).
    commit_index: Index,
    standing: Standing,
    /// As leader: which snapshot each follower is being sent that needs one.
    transfers: Vec<(ServerId, Arc<Snapshot<P>>)>,
    election_deadline: Option<Time>,
    election_timeout: Duration,
    storage: Storage,
    held: Vec<Held<P>>,
    reads: Reads,
    /// When it last heard from a leader, where voters are loyal.
    heard: Option<Time>,
    /// In elections; an operator gives it.
    priority: u8,
}

/// A message that waits for the disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Held<P: Payload> {
    token: Token,
    to: ServerId,
    message: Message<P>,
}

impl<P: Payload> Replica<P> {
    /// A server that starts, for the first time or again: a follower with what its disk holds and
    /// nothing else. `configuration` is that of a cluster whose log says nothing of its members.
    /// `random` is used for its first election timeout.
    // A boot names all that a replica is made of, once; a builder would only hide that.
    #[allow(clippy::too_many_arguments)]
    pub fn boot(
        id: ServerId,
        configuration: Configuration,
        settings: Settings,
        rules: Rules,
        durable: Durable<P>,
        now: Time,
        random: Bits,
        out: &mut Vec<Output<P>>,
    ) -> Self {
        let Durable {
            hard,
            snapshot,
            partial,
            log,
        } = durable;
        let (configuration, applied) = match &snapshot {
            Some(snapshot) => (snapshot.configuration.clone(), snapshot.last.index),
            None => (configuration, Index::ZERO),
        };
        let mut replica = Self {
            id,
            configured_at: log.base().index,
            base_configuration: configuration.clone(),
            configuration,
            staged: None,
            settings,
            rules,
            storage: Storage::booted(hard, log.last_index()),
            hard,
            log,
            snapshot,
            partial,
            commit_index: applied,
            transfers: Vec::new(),
            standing: Standing::Follower { leader: None },
            election_deadline: None,
            election_timeout: Duration::ZERO,
            held: Vec::new(),
            reads: Reads::booted(random),
            // Whom it promised its loyalty before a crash, it cannot know.
            heard: settings.lease_reads.then_some(now),
            priority: 0,
        };
        replica.follow_configurations(out);
        replica.reset_election_timer(&mut Turn { now, random, out });
        replica
    }

    /// Takes one input and appends to `out` what is to be done, in order. `random` is one draw,
    /// used or not.
    pub fn step(&mut self, now: Time, random: Bits, input: Input<P>, out: &mut Vec<Output<P>>) {
        let turn = &mut Turn { now, random, out };
        match input {
            Input::Message { from, message } => self.receive(from, message, turn),
            Input::Timer(Timer::Election) => self.election_timer_ran_down(turn),
            Input::Timer(Timer::Heartbeat) => self.heartbeat_timer_ran_down(turn),
            Input::Stored(token) => self.stored(token, turn),
            Input::SetElectionTimer { at } => self.set_election_timer(at, turn.out),
            Input::Reconfigure(change) => self.reconfigure(&change, turn),
            Input::LeaveJoint => self.leave_joint(turn),
            Input::Transfer { to } => self.begin_transfer(to, turn),
            Input::ForgetLeader => self.forget_leader(turn.out),
            Input::SetPriority { priority } => self.set_priority(priority, turn.out),
            Input::Read { read } => self.reads.arrive(read),
        }
        self.attend_to_membership(turn);
        self.save_hard_state(turn.out);
        self.tend_transfer(turn.out);
        self.tend_reads(turn);
        // A leader that stepped down waits for others from here on.
        if self.election_deadline.is_none() && self.role() != Role::Leader {
            self.reset_election_timer(turn);
        }
    }

    /// Appends a command to the leader's log and sends it on. The place it is given is where it
    /// will be committed, if it ever is: a later leader may put another entry there.
    pub fn propose(
        &mut self,
        _now: Time,
        payload: P,
        out: &mut Vec<Output<P>>,
    ) -> Result<(Term, Index), ProposeError> {
        if self.role() != Role::Leader {
            return Err(ProposeError::NotLeader {
                leader: self.leader(),
            });
        }
        if let Some(to) = self.transfer_target() {
            return Err(ProposeError::Transferring { to });
        }
        self.check_room_for(&payload, out)?;
        let position = self.append_as_leader(Content::Command(payload), out);
        io::tell(
            out,
            RaftFact::Appended {
                first: position.index,
                last: position.index,
                term: position.term,
                from: None,
            },
        );
        self.replicate(out);
        Ok((position.term, position.index))
    }

    fn receive(&mut self, from: ServerId, message: Message<P>, turn: &mut Turn<'_, P>) {
        let theirs = message.term();
        if matches!(
            message,
            Message::PreVote { .. } | Message::PreVoteReply { .. }
        ) {
            return self.receive_about_pre_vote(from, &message, turn);
        }
        let unasked = matches!(
            message,
            Message::RequestVote {
                transfer: false,
                ..
            }
        );
        if theirs > self.hard.term && unasked && self.is_loyal(turn.now) {
            return self.ignore_candidate(from, turn);
        }
        if theirs > self.hard.term {
            self.adopt_term(from, theirs, turn.out);
        }
        if theirs < self.hard.term && message.is_reply() {
            let fact = RaftFact::IgnoredStaleTerm {
                from,
                kind: message.kind(),
                theirs,
                mine: self.hard.term,
            };
            return io::tell(turn.out, fact);
        }
        match message {
            Message::RequestVote {
                term,
                last_index: index,
                last_term,
                priority,
                transfer,
            } => {
                let last = LogPosition {
                    term: last_term,
                    index,
                };
                let candidacy = Candidacy {
                    term,
                    last,
                    priority,
                    transfer,
                };
                self.handle_request_vote(from, candidacy, turn);
            }
            Message::RequestVoteReply { granted, .. } => {
                self.handle_request_vote_reply(from, granted, turn);
            }
            Message::AppendEntries {
                term,
                prev_index: index,
                prev_term,
                entries,
                commit,
                round,
            } => {
                let prev = LogPosition {
                    term: prev_term,
                    index,
                };
                let offer = append::Offer {
                    leader: from,
                    term,
                    prev,
                    entries,
                    commit,
                    round,
                };
                self.handle_append_entries(offer, turn);
            }
            Message::AppendEntriesReply {
                heartbeat,
                round,
                outcome,
                ..
            } => {
                let answer = replication::Answer {
                    heartbeat,
                    round,
                    outcome,
                };
                self.handle_append_entries_reply(from, answer, turn);
            }
            message @ (Message::InstallSnapshot { .. } | Message::InstallSnapshotReply { .. }) => {
                self.receive_about_snapshot(from, message, turn);
            }
            Message::TimeoutNow { term } if term == self.hard.term => {
                self.handle_timeout_now(from, turn);
            }
            Message::PreVote { .. } | Message::PreVoteReply { .. } | Message::TimeoutNow { .. } => {
            }
            Message::ReadIndex { number, .. } => self.take_question(from, number),
            Message::ReadIndexReply { number, index, .. } => {
                self.take_answer(number, index, turn.out);
            }
        }
    }

    /// The disk confirms a write: what waited for it may leave, and what a server counts of
    /// itself may be counted.
    fn stored(&mut self, token: Token, turn: &mut Turn<'_, P>) {
        self.storage.confirm(token);
        for Held { to, message, .. } in self.held.extract_if(.., |held| held.token <= token) {
            turn.out.push(Output::Send { to, message });
        }
        match self.role() {
            Role::Follower | Role::PreCandidate => {}
            Role::Candidate => self.count_own_vote(turn),
            Role::Leader => {
                if self.advance_commit_index(turn.out) {
                    self.announce_commit(turn.out);
                }
            }
        }
    }

    /// Hands term and vote to the disk if they changed: one record for both, and before anything
    /// that is written or said in the new term.
    fn save_hard_state(&mut self, out: &mut Vec<Output<P>>) {
        if self.hard == self.storage.saved() {
            return;
        }
        let mut record = self.hard;
        if !self.rules.persist_vote {
            record.voted_for = None;
        }
        let before = self.storage.saved();
        if !self.rules.term_and_vote_together && record.term != before.term {
            // The vote's record goes first: whoever reads it takes it for one of the old term.
            let vote = HardState {
                term: before.term,
                voted_for: record.voted_for,
            };
            let token = self.storage.save(vote);
            let write = Write::HardState(vote);
            out.push(Output::Persist { token, write });
        }
        let token = self.storage.save(self.hard);
        let write = Write::HardState(record);
        out.push(Output::Persist { token, write });
    }

    /// Sends a message that relies on what the write `awaited` makes durable: at once, or when
    /// the disk has confirmed it ("updated on stable storage before responding to RPCs",
    /// Figure 2).
    fn send_when_durable(
        &mut self,
        awaited: Option<Token>,
        to: ServerId,
        message: Message<P>,
        out: &mut Vec<Output<P>>,
    ) {
        match awaited {
            Some(token) if self.rules.sync_before_reply => {
                self.held.push(Held { token, to, message });
            }
            _ => out.push(Output::Send { to, message }),
        }
    }
}

impl<P: Payload> Replica<P> {
    /// This server.
    pub const fn id(&self) -> ServerId {
        self.id
    }

    /// The configuration it goes by: the latest in its log, committed or not.
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The settings it was booted with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The rules it follows.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Its current term.
    pub const fn term(&self) -> Term {
        self.hard.term
    }

    /// Who has its vote in the current term.
    pub const fn voted_for(&self) -> Option<ServerId> {
        self.hard.voted_for
    }

    /// Its role in the current term.
    pub const fn role(&self) -> Role {
        self.standing.role()
    }

    /// Whom it believes to lead the current term.
    pub const fn leader(&self) -> Option<ServerId> {
        match &self.standing {
            Standing::Follower { leader } => *leader,
            Standing::PreCandidate { .. } | Standing::Candidate { .. } => None,
            Standing::Leader { .. } => Some(self.id),
        }
    }

    /// Its log, in memory.
    pub const fn log(&self) -> &Log<P> {
        &self.log
    }

    /// Entries up to here are committed, as far as it knows.
    pub const fn commit_index(&self) -> Index {
        self.commit_index
    }

    /// Entries of its log up to here are on its disk.
    pub const fn durable_index(&self) -> Index {
        self.storage.durable_index()
    }

    /// When it stands for election; `None` for a leader.
    pub const fn election_deadline(&self) -> Option<Time> {
        self.election_deadline
    }

    /// The timeout that was last drawn for the election timer.
    pub const fn election_timeout(&self) -> Duration {
        self.election_timeout
    }

    /// How many linearizable reads of its own wait to be served.
    pub fn pending_reads(&self) -> usize {
        self.reads.pending()
    }

    /// A candidate's votes, or those that it would get, in ascending order of the voters; nothing otherwise.
    pub fn ballots(&self) -> impl Iterator<Item = (ServerId, Ballot)> {
        let ballots = match &self.standing {
            Standing::PreCandidate { ballots } | Standing::Candidate { ballots, .. } => {
                ballots.as_slice()
            }
            _ => &[],
        };
        ballots.iter().copied()
    }

    /// What a leader knows of a follower's log; `None` for itself and from anyone else.
    pub fn progress(&self, follower: ServerId) -> Option<&Progress> {
        match &self.standing {
            Standing::Leader { progress, .. } => {
                let found = progress.iter().find(|(id, _)| *id == follower);
                found.map(|(_, progress)| progress)
            }
            _ => None,
        }
    }
}
