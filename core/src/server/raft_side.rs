//! What of a server speaks Raft: the replica, and the state that committed commands make.

use super::outbox::Outbox;
use super::scratch::Scratch;
use super::session::{Applied, Kind};
use super::{Fact, Input, Operator, Output, PeerMessage, Timer, Token, Write};
use crate::ids::{ConnectionId, ServerId};
use crate::raft::{
    self, CompactError, Configuration, Content, Durable, Index, Payload, Replica, Role, Rules,
    Snapshot,
};
use crate::random::Bits;
use crate::time::Time;
use crate::zookeeper::{self, Command, Ensemble, Service, SessionId, Update, Xid, Zxid};

impl Payload for Command {
    type Image = Service;

    fn size(&self) -> usize {
        Command::size(self)
    }

    fn image_size(image: &Service) -> u64 {
        image.size()
    }
}

/// A replica of a log of commands, and the service that carries them out.
///
/// `applied` never passes the replica's commit index, and the service holds exactly the effect of
/// the entries up to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct RaftSide {
    replica: Replica<Command>,
    pub(super) service: Service,
    applied: Index,
    /// The connection of this server whose client waits for the change of the ensemble that is
    /// under way.
    pub(super) awaits_ensemble: Option<(SessionId, Xid, ConnectionId)>,
    scratch: Scratch<raft::Output<Command>>,
}

/// What a server that runs Raft starts from.
#[derive(Clone, Debug)]
pub struct RaftStart {
    /// Who takes part, where neither log nor snapshot says so.
    pub configuration: Configuration,
    /// What the service knows of the ensemble where there is no snapshot: the same for everybody.
    pub ensemble: Ensemble,
    /// The rules that are in force.
    pub rules: Rules,
    /// What its disk holds.
    pub durable: Durable<Command>,
}

/// What the replica says to the server that it belongs to.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The leader's snapshot took the place of the state.
    pub(super) installed: bool,
    /// The highest index that may be applied, if it rose.
    pub(super) committed: Option<Index>,
    /// The reads that may be served after that.
    pub(super) ready: Vec<u64>,
}

impl RaftSide {
    /// The tree is that of the snapshot, or empty, until more of the log is known to be committed
    /// again.
    pub(super) fn boot(
        id: ServerId,
        (settings, service_rules): (raft::Settings, zookeeper::Rules),
        start: RaftStart,
        now: Time,
        random: Bits,
    ) -> Self {
        let RaftStart {
            configuration,
            ensemble,
            rules,
            durable,
        } = start;
        let mut scratch = Scratch::default();
        let (service, applied) = match &durable.snapshot {
            Some(snapshot) => (snapshot.image.clone(), snapshot.last.index),
            None => (Service::of(ensemble, service_rules), Index::ZERO),
        };
        let replica = Replica::boot(
            id,
            configuration,
            settings,
            rules,
            durable,
            now,
            random,
            &mut scratch.0,
        );
        Self {
            replica,
            service,
            applied,
            awaits_ensemble: None,
            scratch,
        }
    }

    /// Takes what is meant for the replica. Raft's servers send each other datagrams, so it never
    /// hears of connections.
    pub(super) fn take(&mut self, now: Time, random: Bits, input: Input) {
        let input = match input {
            Input::Peer {
                from,
                message: PeerMessage::Raft(message),
            } => raft::Input::Message { from, message },
            Input::Timer(Timer::Raft(timer)) => raft::Input::Timer(timer),
            Input::Stored(Token(token)) => raft::Input::Stored(raft::Token::new(token)),
            Input::Operator(operator) => operator.into(),
            _ => return,
        };
        self.step(now, random, input);
    }

    pub(super) fn step(&mut self, now: Time, random: Bits, input: raft::Input<Command>) {
        self.replica.step(now, random, input, &mut self.scratch.0);
    }

    /// Proposes a command; whether the replica takes it on.
    pub(super) fn propose(&mut self, now: Time, command: Command) -> bool {
        let proposed = self.replica.propose(now, command, &mut self.scratch.0);
        proposed.is_ok()
    }

    pub(super) fn ask_for_read(&mut self, now: Time, read: u64) {
        // A read draws nothing: it starts no election timer.
        let unused = Bits(0);
        self.step(now, unused, raft::Input::Read { read });
    }

    /// Between two inputs a server takes the snapshot that is due: what an input lets it apply
    /// stays in its log until the next one.
    pub(super) fn snapshot_if_due(&mut self) {
        if self.replica.is_snapshot_due(self.applied) {
            // One that is due has something new to hold.
            let _ = self.compact();
        }
    }

    pub(super) fn would_compact(&self) -> Result<(), CompactError> {
        self.replica.would_compact(self.applied).map(drop)
    }

    pub(super) fn compact(&mut self) -> Result<(), CompactError> {
        let image = self.service.clone();
        self.replica
            .compact(self.applied, image, &mut self.scratch.0)?;
        let last = self.replica.snapshot().map(|snapshot| snapshot.last.index);
        self.applied = last.map_or(self.applied, |last| last.max(self.applied));
        Ok(())
    }

    /// Hands on what the replica wants done, and takes over the leader's snapshot if one came.
    pub(super) fn pass_on_outputs(&mut self, out: &mut Vec<Output>) -> Told {
        let mut told = Told::default();
        let mut installed = None;
        for output in self.scratch.0.drain(..) {
            out.push(match output {
                raft::Output::Send { to, message } => Output::Send {
                    to,
                    message: PeerMessage::Raft(message),
                },
                raft::Output::SetTimer { timer, at } => Output::SetTimer {
                    timer: Timer::Raft(timer),
                    at,
                },
                raft::Output::CancelTimer { timer } => Output::CancelTimer(Timer::Raft(timer)),
                raft::Output::Persist { token, write } => Output::Persist {
                    token: Token(token.number()),
                    write: Write::Raft(write),
                },
                raft::Output::Fact(fact) => Output::Fact(Fact::Raft(fact)),
                raft::Output::Commit { through } => {
                    told.committed = Some(through);
                    continue;
                }
                raft::Output::Install { snapshot } => {
                    installed = Some(snapshot);
                    continue;
                }
                raft::Output::Read { read } => {
                    told.ready.push(read);
                    continue;
                }
            });
        }
        if let Some(snapshot) = installed {
            self.install(&snapshot);
            told.installed = true;
        }
        told
    }

    fn install(&mut self, snapshot: &Snapshot<Command>) {
        self.service = snapshot.image.clone();
        self.applied = snapshot.last.index;
        self.awaits_ensemble = None;
    }

    /// Whether the replica wants nothing more done for now.
    pub(super) fn is_settled(&self) -> bool {
        self.scratch.0.is_empty()
    }

    /// The next entry up to `through` that says something; those that say nothing count as applied.
    pub(super) fn next_to_apply(&mut self, through: Index) -> Option<Content<Command>> {
        while self.applied < through {
            let index = self.applied.next();
            let entry = self
                .replica
                .log()
                .get(index)
                .expect("a committed entry is in the log");
            self.applied = index;
            if entry.content != Content::Noop {
                return Some(entry.content.clone());
            }
        }
        None
    }

    /// Carries out what the entry says that was applied last; nothing to tell anybody while a
    /// change of the ensemble is under way.
    pub(super) fn apply(
        &mut self,
        content: &Content<Command>,
        outbox: &mut Outbox,
    ) -> Option<Applied> {
        match content {
            Content::Noop => None,
            Content::Command(command) => self.apply_command(command, outbox),
            Content::Configuration(configuration) => self.apply_configuration(configuration),
        }
    }

    /// Strikes the command out of what this server's clients wait for, too.
    fn apply_command(&mut self, command: &Command, outbox: &mut Outbox) -> Option<Applied> {
        let zxid = self.zxid();
        let mut changes = Vec::new();
        let connection = outbox.settle(command);
        let reply = if self.replica.rules().deduplicate {
            self.service.execute(command, zxid, &mut changes)
        } else {
            self.service.carry_out(command, zxid, &mut changes)
        };
        let (session, xid) = (command.session, command.xid);
        let Some(reply) = reply else {
            let awaits = connection.map(|id| (session, xid, id));
            self.awaits_ensemble = awaits.or(self.awaits_ensemble);
            return None;
        };
        Some(Applied {
            session,
            xid,
            zxid,
            kind: Kind::of(&command.update),
            reply,
            changes,
            is_own: command.origin == self.id(),
            connection,
        })
    }

    /// The zxid of the entry that was applied last: its place in the log.
    pub(super) fn zxid(&self) -> Zxid {
        Zxid::new(0, self.applied.number() as u32)
    }

    pub(super) const fn replica(&self) -> &Replica<Command> {
        &self.replica
    }

    pub(super) const fn id(&self) -> ServerId {
        self.replica.id()
    }

    pub(super) const fn service(&self) -> &Service {
        &self.service
    }

    pub(super) const fn applied(&self) -> Index {
        self.applied
    }

    pub(super) fn leader(&self) -> Option<ServerId> {
        self.replica.leader()
    }

    pub(super) fn leads(&self) -> bool {
        self.replica.role() == Role::Leader
    }

    /// Whether it leads and is handing over: nothing can be proposed meanwhile.
    pub(super) fn hands_over(&self) -> bool {
        self.replica.transfer_target().is_some()
    }
}

impl From<Operator> for raft::Input<Command> {
    fn from(operator: Operator) -> Self {
        match operator {
            Operator::SetElectionTimer(at) => Self::SetElectionTimer { at },
            Operator::Reconfigure(change) => Self::Reconfigure(change),
            Operator::LeaveJoint => Self::LeaveJoint,
            Operator::Transfer(to) => Self::Transfer { to },
            Operator::ForgetLeader => Self::ForgetLeader,
            Operator::SetPriority(priority) => Self::SetPriority { priority },
        }
    }
}

impl Kind {
    /// What a command does to its session.
    pub(super) fn of(update: &Update) -> Self {
        match update {
            Update::Write(_) | Update::Sweep { .. } => Self::Writes,
            Update::CloseSession { expired } => Self::Closes { expired: *expired },
            Update::CreateSession { .. } | Update::AttachSession { .. } => Self::Opens,
        }
    }
}
