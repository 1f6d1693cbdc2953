//! What goes into a replica and what comes out.

use std::sync::Arc;

use super::durable::{Token, Write};
use super::fact::RaftFact;
use super::log::Payload;
use super::message::Message;
use super::position::Index;
use super::reconfiguration::Reconfiguration;
use super::snapshot::Snapshot;
use crate::ids::ServerId;
use crate::random::Bits;
use crate::time::Time;

/// Something happens to a replica.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Input<P: Payload> {
    /// A message arrives.
    Message {
        /// The sender.
        from: ServerId,
        /// What it says.
        message: Message<P>,
    },
    /// A timer runs down.
    Timer(Timer),
    /// The disk has written everything up to and including this write.
    Stored(Token),
    /// A hand on the election timer: it is to run down at this time. The timeout that was drawn
    /// stays. A leader has no election timer and ignores it.
    SetElectionTimer {
        /// When it is to run down.
        at: Time,
    },
    /// An operator asks the leader for another configuration.
    Reconfigure(Reconfiguration),
    /// An operator asks the leader to end a joint configuration.
    LeaveJoint,
    /// The leader shall hand over; anyone else ignores it, and what is not possible is ignored.
    Transfer {
        /// To whom.
        to: ServerId,
    },
    /// A follower shall not hold on to its leader any longer.
    ForgetLeader,
    /// The server's priority in elections from now on.
    SetPriority {
        /// The higher is preferred.
        priority: u8,
    },
    /// A client of this server wants a linearizable read; [`Output::Read`] says when it may be
    /// served.
    Read {
        /// Names the read; no two have the same name.
        read: u64,
    },
}

/// What a replica wants done, in this order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Output<P: Payload> {
    /// Send a message.
    Send {
        /// The receiver.
        to: ServerId,
        /// What it says.
        message: Message<P>,
    },
    /// Start a timer, in place of an earlier one of the same kind.
    SetTimer {
        /// Which.
        timer: Timer,
        /// When it runs down.
        at: Time,
    },
    /// Stop a timer.
    CancelTimer {
        /// Which.
        timer: Timer,
    },
    /// Write to the disk, after everything handed over before, and say [`Input::Stored`].
    Persist {
        /// Names the write.
        token: Token,
        /// The record.
        write: Write<P>,
    },
    /// The entries of the log up to and including this one may be applied.
    Commit {
        /// The new commit index.
        through: Index,
    },
    /// The state machine's state is that of this snapshot from now on.
    Install {
        /// The snapshot.
        snapshot: Arc<Snapshot<P>>,
    },
    /// A linearizable read may be served, after all that is committed here is applied.
    Read {
        /// The name it was given.
        read: u64,
    },
    /// Something worth telling.
    Fact(RaftFact),
}

/// A replica's timers. At most one of each kind runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A follower or candidate stands for election when it runs down (Raft §5.2).
    Election,
    /// A leader sends heartbeats when it runs down, a candidate repeats its requests.
    Heartbeat,
}

/// One step: when it happens, the random bits it may use once, and where its outputs go.
pub(super) struct Turn<'a, P: Payload> {
    pub(super) now: Time,
    pub(super) random: Bits,
    pub(super) out: &'a mut Vec<Output<P>>,
}

/// Says a fact.
pub(super) fn tell<P: Payload>(out: &mut Vec<Output<P>>, fact: RaftFact) {
    out.push(Output::Fact(fact));
}
