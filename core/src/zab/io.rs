//! What goes into a replica and what comes out.

use super::durable::{Token, Write};
use super::fact::ZabFact;
use super::log::{Entry, Payload};
use super::message::{Channel, Message};
use crate::ids::ServerId;
use crate::random::Bits;
use crate::time::{Duration, Time};
use crate::zookeeper::SessionId;

/// Something happens to a replica.
///
/// Connections carry messages in order. One begins with `ConnectionUp` at both ends; it ends, for
/// this end, with its own [`Output::Close`] or with `ConnectionDown`, and nothing of it arrives
/// after that.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Input<T: Payload> {
    /// A message arrives over a connection that is up.
    Message {
        /// The sender.
        from: ServerId,
        /// What it says.
        message: Message<T>,
    },
    /// A connection is up.
    ConnectionUp {
        /// Who is at the other end.
        peer: ServerId,
        /// What it is for.
        channel: Channel,
    },
    /// A connection broke, was closed at the other end, or could not be opened.
    ConnectionDown {
        /// Who is, or was to be, at the other end.
        peer: ServerId,
        /// What it was for.
        channel: Channel,
    },
    /// A timer runs down.
    Timer(Timer),
    /// The disk has written everything up to and including this write.
    Stored(Token),
}

/// What a replica wants done, in this order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Output<T: Payload> {
    /// Send a message over the connection that its kind belongs to; it is up.
    Send {
        /// The receiver.
        to: ServerId,
        /// What it says.
        message: Message<T>,
    },
    /// Open a connection, unless it is up or being opened; [`Input::ConnectionUp`] or
    /// [`Input::ConnectionDown`] answers.
    Connect {
        /// Who is to be at the other end.
        to: ServerId,
        /// What it is for.
        channel: Channel,
    },
    /// Close a connection, or stop opening it. What was sent before may still arrive.
    Close {
        /// Who is at the other end.
        peer: ServerId,
        /// What it is for.
        channel: Channel,
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
        write: Write<T>,
    },
    /// A committed transaction has been applied to the state.
    Deliver {
        /// The transaction.
        entry: Entry<T>,
        /// What it did.
        effect: T::Effect,
    },
    /// The state became another one without delivering transaction by transaction.
    Restored,
    /// Prepare a request of the server `origin` and [propose](super::Replica::propose) what comes
    /// of it. Only a leader is asked.
    Prepare {
        /// The server whose client wants it.
        origin: ServerId,
        /// What it wants.
        request: T::Request,
    },
    /// May this session go on at `learner`? The leader's owner
    /// [answers](super::Replica::revalidated).
    Revalidate {
        /// The server that the session's client has come to.
        learner: ServerId,
        /// The session.
        session: SessionId,
        /// Its timeout.
        timeout: Duration,
    },
    /// The leader's answer to a [question](super::Replica::revalidate) about a session.
    Revalidated {
        /// The session.
        session: SessionId,
        /// It may go on.
        valid: bool,
    },
    /// Clients of these sessions have been heard from elsewhere: the leader's owner is told.
    Touched {
        /// The sessions, with their timeouts.
        sessions: Vec<(SessionId, Duration)>,
    },
    /// The [sync](super::Replica::sync) with this tag is done: all that it waited for has been
    /// delivered here.
    Synced {
        /// As it was given.
        tag: u64,
    },
    /// Something worth telling.
    Fact(ZabFact),
}

/// A replica's timers. At most one of each kind runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A server that looks for a leader heard nothing: it sends its vote again.
    Resend,
    /// Nobody contradicted for `finalizeWait`: the election ends.
    Finalize,
    /// A leader that has no quorum yet has waited for `initLimit`.
    Quorum,
    /// A leader has waited for `maxTimeToWaitForEpoch`.
    GiveUp,
    /// Half a tick of an established leader.
    Tick,
    /// A leader applies what it has committed: at once, but after whatever else is due
    /// (`FinalRequestProcessor` runs beside the rest).
    Apply,
    /// A learner tries again to reach its leader.
    Reconnect,
    /// A learner has heard nothing from its leader for as long as it waits.
    Silence,
}

/// One step: when it happens, the random bits it may use once, and where its outputs go.
pub(super) struct Turn<'a, T: Payload> {
    pub(super) now: Time,
    pub(super) random: Bits,
    pub(super) out: &'a mut Vec<Output<T>>,
}

impl<T: Payload> Turn<'_, T> {
    /// Says a fact.
    pub(super) fn tell(&mut self, fact: ZabFact) {
        self.out.push(Output::Fact(fact));
    }

    /// Starts a timer.
    pub(super) fn set_timer(&mut self, timer: Timer, after: Duration) {
        let at = self.now + after;
        self.out.push(Output::SetTimer { timer, at });
    }

    /// Stops timers.
    pub(super) fn cancel_timers(&mut self, timers: &[Timer]) {
        let cancel = |timer: &Timer| Output::CancelTimer { timer: *timer };
        self.out.extend(timers.iter().map(cancel));
    }
}
