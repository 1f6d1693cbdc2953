//! What the disk has been given, what waits for it, and the log writer (`SyncRequestProcessor`).

use std::collections::VecDeque;

use super::durable::{Durable, Token, Write};
use super::io::Output;
use super::log::{Entry, Payload};
use super::message::Message;
use crate::ids::ServerId;
use crate::zookeeper::Zxid;

/// A replica's view of its own disk.
///
/// `image` is the disk with everything written that was handed over: what a server reads back from
/// its files before they are synced. `waiting` is in the order of its tokens, all of them above
/// what the disk has confirmed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Disk<T: Payload> {
    image: Durable<T>,
    last_token: Token,
    confirmed: Token,
    waiting: VecDeque<(Token, Then<T>)>,
    /// Transactions for the log that wait for the write before them: one write at a time, and all
    /// that have gathered meanwhile in the next.
    queue: VecDeque<(Entry<T>, Option<Then<T>>)>,
    /// The write of transactions under way.
    writing: Option<Token>,
}

/// What happens when the disk has confirmed a write.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Then<T: Payload> {
    /// A message leaves.
    Send { to: ServerId, message: Message<T> },
    /// A leader counts its own acknowledgement.
    CountOwnAck { zxid: Zxid },
    /// A leader has accepted its epoch and tells it.
    AnnounceEpoch,
    /// A leader has begun its epoch and hands its history on.
    Synchronise,
    /// A snapshot that began at this zxid is written as the state is then.
    TakeSnapshot { zxid: Zxid },
}

impl<T: Payload> Disk<T> {
    /// The disk of a server that boots: all it has is durable.
    pub(super) fn booted(image: Durable<T>) -> Self {
        Self {
            image,
            last_token: Token::default(),
            confirmed: Token::default(),
            waiting: VecDeque::new(),
            queue: VecDeque::new(),
            writing: None,
        }
    }

    /// The disk as it will be when it has written everything that was handed over.
    pub(super) const fn image(&self) -> &Durable<T> {
        &self.image
    }

    /// Hands a record over.
    pub(super) fn write(&mut self, write: Write<T>, out: &mut Vec<Output<T>>) -> Token {
        self.image.apply(&write);
        self.last_token = self.last_token.next();
        let token = self.last_token;
        out.push(Output::Persist { token, write });
        token
    }

    /// Lets something wait until everything handed over so far is on disk.
    pub(super) fn when_durable(&mut self, then: Then<T>) {
        self.waiting.push_back((self.last_token, then));
    }

    /// Takes a transaction for the log, and what is to happen when it is on disk.
    pub(super) fn log(&mut self, entry: Entry<T>, then: Option<Then<T>>, out: &mut Vec<Output<T>>) {
        self.queue.push_back((entry, then));
        if self.writing.is_none() {
            self.write_queue(out);
        }
    }

    /// The transactions that wait for the write under way.
    pub(super) fn queued(&self) -> impl Iterator<Item = &Entry<T>> {
        self.queue.iter().map(|(entry, _)| entry)
    }

    /// Hands all queued transactions over in one write.
    pub(super) fn write_queue(&mut self, out: &mut Vec<Output<T>>) {
        if self.queue.is_empty() {
            return;
        }
        let (entries, thens): (Vec<_>, Vec<_>) = self.queue.drain(..).unzip();
        let token = self.write(Write::Append { entries }, out);
        self.writing = Some(token);
        let thens = thens.into_iter().flatten();
        self.waiting.extend(thens.map(|then| (token, then)));
    }

    /// Hands transactions over at once, past the queue.
    pub(super) fn append(&mut self, entries: Vec<Entry<T>>, out: &mut Vec<Output<T>>) {
        if !entries.is_empty() {
            self.write(Write::Append { entries }, out);
        }
    }

    /// The disk confirms the write `token` and all before it. What waited for them, in order.
    pub(super) fn confirm(&mut self, token: Token) -> Vec<Then<T>> {
        self.confirmed = self.confirmed.max(token);
        if self.writing.is_some_and(|writing| writing <= token) {
            self.writing = None;
        }
        let due = self.waiting.iter().take_while(|(given, _)| *given <= token);
        let due = due.count();
        self.waiting.drain(..due).map(|(_, then)| then).collect()
    }

    /// Whether everything handed over is on disk.
    pub(super) fn is_settled(&self) -> bool {
        self.confirmed == self.last_token
    }

    /// Whether transactions may be handed over, and some are queued.
    pub(super) fn may_write_queue(&self) -> bool {
        self.writing.is_none() && !self.queue.is_empty()
    }

    /// A server leaves its role: nothing of it waits for the disk any more.
    pub(super) fn forget_waiting(&mut self) {
        self.waiting.clear();
        for (_, then) in &mut self.queue {
            *then = None;
        }
    }
}
