//! Commands of this server's clients that are not applied yet, and their way to the leader.
//!
//! Messages between servers may be lost, doubled and reordered, yet a session's writes must take
//! effect once and in order. So every [`Forward`] carries *all* commands that are outstanding at
//! its origin, numbered: a leader that takes the numbers above those it has already proposed never
//! sees a gap, because a missing number was applied at the origin before, or given up there. A
//! command that two leaders both propose is recognised by its session and xid when it is applied
//! (dissertation §6.3).

use std::collections::VecDeque;

use super::{ByProtocol, Output, PeerMessage, Server};
use crate::ids::{ConnectionId, ServerId};
use crate::time::{Duration, Time};
use crate::zookeeper::{Command, Request, Update};

/// Commands on their way to the leader.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Forward {
    /// When the origin booted; numbers begin again with each boot.
    pub boot: Time,
    /// The number of the first command; the others follow it.
    pub first: u64,
    /// All outstanding commands, oldest first.
    pub commands: Vec<Command>,
}

/// By which a server knows a request again that comes back as a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ticket {
    /// When the server booted; numbers begin again with each boot.
    pub boot: Time,
    /// The how many-th request it is.
    pub number: u64,
}

/// A command that is not applied yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Outstanding {
    command: Command,
    connection: Option<ConnectionId>,
    since: Time,
}

/// The outstanding commands, oldest first; the first has number `first`, the others follow it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Outbox {
    boot: Time,
    first: u64,
    commands: VecDeque<Outstanding>,
}

impl Outbox {
    pub(super) fn new(boot: Time) -> Self {
        Self {
            boot,
            first: 0,
            commands: VecDeque::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    fn push(&mut self, command: Command, connection: Option<ConnectionId>, now: Time) -> Ticket {
        let number = self.first + self.commands.len() as u64;
        self.commands.push_back(Outstanding {
            command,
            connection,
            since: now,
        });
        let boot = self.boot;
        Ticket { boot, number }
    }

    /// Gives up what is outstanding: whether it was applied is no longer to be seen here.
    pub(super) fn give_up(&mut self) {
        self.first += self.commands.len() as u64;
        self.commands.clear();
    }

    /// Whether the oldest command has waited for longer than `patience`: a message was lost.
    pub(super) fn is_overdue(&self, now: Time, patience: Duration) -> bool {
        self.commands
            .front()
            .is_some_and(|oldest| now.since(oldest.since) > patience)
    }

    /// Everything outstanding, as one message.
    fn forward(&self) -> Forward {
        Forward {
            boot: self.boot,
            first: self.first,
            commands: self
                .commands
                .iter()
                .map(|outstanding| outstanding.command.clone())
                .collect(),
        }
    }

    /// Strikes out a command that was applied, and all before it: they were proposed in order, so
    /// they were applied before it or never will be. The connection of the applied one.
    pub(super) fn settle(&mut self, applied: &Command) -> Option<ConnectionId> {
        let position = self
            .commands
            .iter()
            .position(|waiting| waiting.command.is_same(applied))?;
        self.first += position as u64 + 1;
        self.commands.drain(..=position).next_back()?.connection
    }
}

impl Outbox {
    /// The same for a command that went to the leader once, under a ticket.
    pub(super) fn redeem(&mut self, ticket: Ticket) -> Option<(Update, Option<ConnectionId>)> {
        let position = ticket.number.checked_sub(self.first)?;
        if ticket.boot != self.boot || position >= self.commands.len() as u64 {
            return None;
        }
        self.first = ticket.number + 1;
        let redeemed = self.commands.drain(..=position as usize).next_back()?;
        Some((redeemed.command.update, redeemed.connection))
    }
}

impl Server {
    /// Takes a command in: it is outstanding from now on, and on its way if a leader is known.
    /// Under Zab it goes to the leader once: it arrives, or the connection breaks and with it
    /// whatever its client waits for.
    pub(super) fn submit(
        &mut self,
        now: Time,
        command: Command,
        connection: Option<ConnectionId>,
        out: &mut Vec<Output>,
    ) {
        let ticket = self.outbox.push(command.clone(), connection, now);
        match &mut self.protocol {
            ByProtocol::Raft(_) => self.pass_on_outstanding(now, out),
            ByProtocol::Zab(side) => {
                side.request(Some(ticket), command);
            }
        }
    }

    /// Under Raft: passes all outstanding commands to the leader, which may be this server.
    pub(super) fn pass_on_outstanding(&mut self, now: Time, out: &mut Vec<Output>) {
        let ByProtocol::Raft(side) = &self.protocol else {
            return;
        };
        if self.outbox.is_empty() {
            return;
        }
        let own_id = side.id();
        if side.leads() {
            self.propose_forwarded(now, own_id, self.outbox.forward());
        } else if let Some(leader) = side.leader() {
            let message = PeerMessage::Forward(self.outbox.forward());
            out.push(Output::Send {
                to: leader,
                message,
            });
        }
    }

    /// As leader: proposes those of the forwarded commands that it has not proposed yet. Any other
    /// server ignores them; their origin will find the leader.
    #[inline(never)] // Apart: it is needed later, and fetched then.
    pub(super) fn propose_forwarded(&mut self, now: Time, origin: ServerId, forward: Forward) {
        let (ByProtocol::Raft(side), Some(leading)) = (&mut self.protocol, &mut self.leading)
        else {
            return;
        };
        for (number, command) in (forward.first..).zip(forward.commands) {
            if !leading.is_news(origin, forward.boot, number) {
                continue;
            }
            // The leader's clock decides, so that every replica computes the same state
            // (dissertation §6.3).
            let in_step = match command.update {
                Update::Write(Request::Reconfig(_)) => side.in_step(),
                _ => Vec::new(),
            };
            let stamped = Command {
                time: now,
                in_step,
                ..command
            };
            // What is not taken on now, as by a leader that hands over, comes with its origin's
            // next message.
            if !side.propose(now, stamped) {
                return;
            }
            leading.note_proposed(origin, number);
        }
    }
}
