//! What an invariant of Zab may look at after an event.

use super::past::ZabPast;
use crate::ids::ServerId;
use crate::server::{Server, ZabTxn};
use crate::sim::World;
use crate::zab::{Entry, Epoch, Phase, Refused, ServerState, TxnLog};
use crate::zookeeper::Zxid;

/// The world, and what an event changed at the one server it happened at.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) struct ZabGlance<'a> {
    /// The world after the event.
    pub(in crate::check) world: &'a World,
    /// What was seen before the event.
    pub(in crate::check) past: &'a ZabPast,
    /// The server.
    pub(in crate::check) server: ServerId,
    /// What the server was like when it was last looked at.
    pub(in crate::check) before: ZabOutline,
    /// What it is like now.
    pub(in crate::check) now: ZabOutline,
}

/// What of a server can be compared at a glance. While it is down, its log is that which its disk
/// holds.
// Each answers a question of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::check) struct ZabOutline {
    /// Whether it was ever looked at.
    pub(in crate::check) seen: bool,
    /// Whether it runs.
    pub(in crate::check) up: bool,
    /// Whether it leads and has an epoch to bring others up to date with.
    pub(in crate::check) leads: bool,
    /// Whether it serves clients: its state holds what is committed, and nothing else.
    pub(in crate::check) serves: bool,
    /// The epoch that it leads or has accepted.
    pub(in crate::check) epoch: Epoch,
    /// The last of the transactions that it has proposed and not committed.
    pub(in crate::check) proposed: Zxid,
    /// The last transaction in its state.
    pub(in crate::check) last: Zxid,
    /// The last transaction in its log.
    pub(in crate::check) logged: Zxid,
    /// How many transactions its log holds.
    pub(in crate::check) length: usize,
    /// The last transaction that its disk has confirmed.
    pub(in crate::check) on_disk: Zxid,
    /// What it was told that could not be, if that is why it looks for a leader.
    pub(in crate::check) refused: Option<Refused>,
}

impl ZabOutline {
    /// What a server is like; none where servers run Raft.
    pub(in crate::check) fn of(world: &World, id: ServerId) -> Option<Self> {
        let node = world.node(id)?;
        let image = node.disk().image().zab()?;
        let on_disk = image.log.last();
        let Some(replica) = node.server().and_then(Server::zab) else {
            return Some(Self {
                seen: true,
                logged: on_disk,
                length: image.log.len(),
                on_disk,
                ..Self::default()
            });
        };
        let leads = replica.state() == ServerState::Leading;
        Some(Self {
            seen: true,
            up: true,
            leads: leads && replica.phase() >= Phase::Synchronisation,
            serves: replica.is_serving(),
            epoch: replica.epoch().unwrap_or_default(),
            proposed: replica
                .outstanding()
                .last()
                .map_or(Zxid::ZERO, |(zxid, _)| zxid),
            last: replica.last_zxid(),
            logged: replica.log().last(),
            length: replica.log().len(),
            on_disk,
            refused: replica.refused(),
        })
    }
}

impl<'a> ZabGlance<'a> {
    /// What the event let the server propose, as a leader. It logs what it proposes at once; so if
    /// the event made it give up, as at the end of its counter, its log tells.
    pub(in crate::check) fn proposed(&self) -> impl Iterator<Item = &'a Entry<ZabTxn>> {
        let server = self.world.server(self.server);
        let replica = server.and_then(Server::zab).into_iter();
        let known = self.before.proposed;
        let proposals = replica.flat_map(crate::zab::Replica::proposals);
        let gave_up = self.before.leads && !self.now.leads;
        let log = self.log().filter(|_| gave_up).into_iter();
        let last_ones = log.flat_map(|log| log.after(self.before.logged));
        proposals
            .filter(move |entry| entry.zxid > known)
            .chain(last_ones)
    }

    /// The server's log, or that which its disk holds.
    pub(in crate::check) fn log(&self) -> Option<&'a TxnLog<ZabTxn>> {
        log_of(self.world, self.server)
    }

    /// Whether the event made the server a leader with an epoch of its own.
    pub(in crate::check) fn was_elected(&self) -> bool {
        self.now.leads && !(self.before.leads && self.before.epoch == self.now.epoch)
    }

    /// Whether the event made the server serve.
    pub(in crate::check) fn was_opened(&self) -> bool {
        self.now.serves && !(self.before.serves && self.before.epoch == self.now.epoch)
    }

    /// After which zxid the server has delivered something that was not looked at.
    fn looked_at(&self) -> Zxid {
        if self.was_opened() {
            // What is further back was looked at when others delivered it.
            self.past.recent()
        } else {
            self.before.last
        }
    }

    /// What the event let the server deliver that nobody had delivered before, in order.
    pub(in crate::check) fn delivered_first(&self) -> impl Iterator<Item = &'a Entry<ZabTxn>> {
        let delivered = self.delivered().into_iter().map(|(_, entry)| entry);
        delivered.filter(|entry| self.past.delivered(entry.zxid).is_none())
    }

    /// What the event let the server deliver, in order, each with what came before it: of a server
    /// that now serves, the newest part of its history. Nothing comes before the first if nobody
    /// has looked so far back.
    pub(in crate::check) fn delivered(&self) -> Vec<(Option<Zxid>, &'a Entry<ZabTxn>)> {
        let Some(log) = self.log().filter(|_| self.now.serves) else {
            return Vec::new();
        };
        let from = self.looked_at().max(log.begin());
        let known = from > Zxid::ZERO || log.begin() == Zxid::ZERO;
        let mut before = known.then_some(from);
        // A leader may have committed what its own disk has not been given yet.
        let server = self.world.server(self.server).and_then(Server::zab);
        let queued = server.into_iter().flat_map(crate::zab::Replica::queued);
        let queued = queued.filter(|entry| entry.zxid > from);
        let entries = log.after(from).chain(queued);
        let entries = entries.take_while(|entry| entry.zxid <= self.now.last);
        entries
            .map(|entry| (before.replace(entry.zxid), entry))
            .collect()
    }
}

/// The log of a server, or that which its disk holds.
pub(in crate::check) fn log_of(world: &World, id: ServerId) -> Option<&TxnLog<ZabTxn>> {
    let node = world.node(id)?;
    match node.server().and_then(Server::zab) {
        Some(replica) => Some(replica.log()),
        None => Some(&node.disk().image().zab()?.log),
    }
}

/// Whether a history holds a transaction: in its log, or in the snapshot that the log begins after.
pub(in crate::check) fn holds(log: &TxnLog<ZabTxn>, zxid: Zxid) -> bool {
    let before = Zxid::new(zxid.epoch(), zxid.counter().saturating_sub(1));
    let next = log.after(before).next();
    zxid <= log.begin() || next.is_some_and(|entry| entry.zxid == zxid)
}
