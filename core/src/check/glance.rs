//! What an invariant may look at after an event.

use super::Pasts;
use super::history::Call;
use super::past::Past;
use super::zab::ZabPast;
use crate::ids::{ClientId, ServerId};
use crate::raft::{Entry, Index, Log, Replica, Role, Snapshot, Term};
use crate::server::{ReadsOutline, Server};
use crate::sim::World;
use crate::zookeeper::{Command, Request, SessionId, Xid, Zxid};

/// The world, and what an event changed at the one server it happened at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance<'a> {
    /// The world after the event.
    pub(super) world: &'a World,
    /// What was seen so far, this event included.
    pub(super) past: &'a Past,
    /// The server.
    pub(super) server: ServerId,
    /// What the server was like when it was last looked at.
    pub(super) before: Outline,
    /// What it is like now.
    pub(super) now: Outline,
    /// The lowest index of its log that was written or removed.
    pub(super) log_from: Option<Index>,
}

/// What of a server can be compared at a glance. While it is down, term, vote and log are those
/// that its disk holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Outline {
    /// Whether it runs.
    pub(super) up: bool,
    /// Whether it leads.
    pub(super) leads: bool,
    /// Its term.
    pub(super) term: Term,
    /// Who has its vote in that term.
    pub(super) vote: Option<ServerId>,
    /// What its service has applied.
    pub(super) applied: Index,
    /// The last index of its log.
    pub(super) last: Index,
    /// The last entry that its snapshot stands for.
    pub(super) snapshot: Index,
    /// How many writes its disk has not confirmed.
    pub(super) unconfirmed: usize,
    /// The entry that holds the configuration it goes by.
    pub(super) configured: Index,
    /// The linearizable reads that its clients have asked for.
    pub(super) reads: ReadsOutline,
}

impl Outline {
    /// What a server is like.
    pub(super) fn of(world: &World, id: ServerId) -> Option<Self> {
        let node = world.node(id)?;
        let disk = node.disk();
        let Some(server) = node.server() else {
            let image = disk.image().raft()?;
            return Some(Self {
                up: false,
                leads: false,
                term: image.hard.term,
                vote: image.hard.voted_for,
                applied: Index::ZERO,
                last: image.log.last_index(),
                snapshot: end_of(image.snapshot.as_deref()),
                unconfirmed: 0,
                configured: image.log.configurations().next().unwrap_or_default(),
                reads: ReadsOutline::default(),
            });
        };
        let replica = server.raft()?;
        Some(Self {
            up: true,
            leads: server.leads(),
            term: replica.term(),
            vote: replica.voted_for(),
            applied: Index::new(server.applied()),
            last: replica.log().last_index(),
            snapshot: end_of(replica.snapshot()),
            unconfirmed: disk.pending(),
            configured: replica.configured_at(),
            reads: server.reads_outline(),
        })
    }
}

impl<'a> Glance<'a> {
    /// Whether the event made the server a leader.
    pub(super) fn was_elected(&self) -> bool {
        let led = self.before.leads && self.before.term == self.now.term;
        self.now.leads && !led
    }

    /// The server's log.
    pub(super) fn log(&self) -> &'a Log<Command> {
        log_of(self.world, self.server)
    }

    /// What the event let the server's service apply.
    pub(super) fn applied(&self) -> impl Iterator<Item = &'a Entry<Command>> + use<'a> {
        let first = self.before.applied.next();
        self.log().range(first, self.now.applied)
    }
}

/// The last entry that a snapshot stands for; zero without one.
fn end_of(snapshot: Option<&Snapshot<Command>>) -> Index {
    snapshot.map_or(Index::ZERO, |snapshot| snapshot.last.index)
}

/// The log that a server has, or would boot with.
pub(super) fn log_of(world: &World, id: ServerId) -> &Log<Command> {
    let node = &world.nodes()[id.position()];
    let running = node.server().and_then(Server::raft);
    running.map_or_else(
        || {
            let image = node.disk().image().raft();
            &image.expect("only servers that run Raft are looked at").log
        },
        Replica::log,
    )
}

/// Whether a server could win an election, as the logs are: a quorum of the configuration that it
/// goes by has logs that are no more up-to-date than its own (Raft §5.4.1). Whatever its term is, it
/// can reach a later one.
pub(super) fn can_be_elected(world: &World, id: ServerId) -> bool {
    let own = log_of(world, id).last_position();
    let grants = |voter| log_of(world, voter).last_position() <= own;
    let configuration = world.configuration_of(id);
    configuration.is_some_and(|configuration| configuration.is_quorum(grants))
}

/// Those who lead, or believe to, each with its term.
pub(super) fn leaders(world: &World) -> impl Iterator<Item = (ServerId, Term)> {
    world.nodes().iter().filter_map(|node| {
        let replica = node.server()?.raft()?;
        (replica.role() == Role::Leader).then(|| (node.id(), replica.term()))
    })
}

/// What a client was told of a write that was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    /// The world after the event.
    pub(super) world: &'a World,
    /// What was seen so far.
    pub(super) past: &'a Past,
    /// The same, where servers run Zab.
    pub(super) zab_past: &'a ZabPast,
    /// The client.
    pub(super) client: ClientId,
    /// Its session.
    pub(super) session: SessionId,
    /// The server that told it.
    pub(super) server: ServerId,
    /// Its number within the session.
    pub(super) xid: Xid,
    /// The write.
    pub(super) request: &'a Request,
    /// The transaction that it became.
    pub(super) zxid: Zxid,
}

impl<'a> Answer<'a> {
    /// What an operation's answer says, if it is that a write is done.
    pub(super) fn of(world: &'a World, pasts: Pasts<'a>, call: &'a Call) -> Option<Self> {
        let request = call.request.as_ref()?;
        if !request.is_write() || call.reply()?.is_err() {
            return None;
        }
        let client = world.client(call.id.client)?.process();
        Some(Self {
            world,
            past: pasts.raft,
            zab_past: pasts.zab,
            client: call.id.client,
            session: client.session()?.session,
            server: call.server,
            xid: Xid::new(i32::try_from(call.id.number).ok()?),
            request,
            zxid: call.zxid()?,
        })
    }
}
