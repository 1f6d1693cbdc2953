//! What a reader's hand can do to the cluster.
//!
//! Each deed is an event of its own, or is refused as [`Impossible`] and changes nothing.

use thiserror::Error;

use super::fact::WorldFact;
use super::node::place_of;
use super::settings::MAX_SERVERS;
use super::world::World;
use crate::ids::{ClientId, Endpoint, MessageId, ServerId};
use crate::raft::{self, ReconfigureError};
use crate::server::{Input, Operator, Protocol, Server, Timer};
use crate::time::{Duration, Time};
use crate::zab;

/// Two election timers that are at least this far apart do not split the vote at the default
/// latency.
const APART: Duration = Duration::from_millis(15);

/// What is set by hand only under Raft.
const ELECTION_TIMER: &str = "an election timer";

/// Why a deed cannot be done. The message says what would be possible.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[allow(missing_docs)] // each message says what its variant means
pub enum Impossible {
    #[error("there is no {server}: the servers are S1 to S{servers}")]
    NoSuchServer { server: ServerId, servers: u16 },
    #[error("{0} is down already; `restart {0}` brings it back")]
    AlreadyDown(ServerId),
    #[error("{0} is up; only a crashed server can be restarted")]
    AlreadyUp(ServerId),
    #[error("{0} is down; `restart {0}` brings it back")]
    Down(ServerId),
    #[error("{0} is paused already; `resume {0}` lets it go on")]
    AlreadyPaused(ServerId),
    #[error("{0} is not paused")]
    NotPaused(ServerId),
    #[error("{server} has nothing to take a snapshot of: {why}; a committed command would be")]
    NothingToSnapshot {
        server: ServerId,
        why: raft::CompactError,
    },
    #[error(
        "{0} is not up to date with a leader: its state may hold what is not committed, and a snapshot cannot be cut"
    )]
    MayHoldUncommitted(ServerId),
    #[error("every server is up")]
    NobodyDown,
    #[error("no server leads now")]
    NoLeader,
    #[error("{0} leads, and a leader has no election timer")]
    LeaderHasNoTimer(ServerId),
    #[error("two running election timers are needed, and there are not that many")]
    TooFewTimers,
    #[error("{0} is up; crash it before you wipe its disk")]
    WipeWhileUp(ServerId),
    #[error("{0} is paused; `resume {0}` lets it go on")]
    Paused(ServerId),
    #[error("there is a {0} already; the next one is {1}")]
    ServerExists(ServerId, ServerId),
    #[error(
        "the next server is {1}: servers are added in the order of their numbers, and {0} is not the next"
    )]
    NotTheNext(ServerId, ServerId),
    #[error("there can be at most {MAX_SERVERS} servers")]
    NoMoreServers,
    #[error("{server} cannot change the configuration: {error}")]
    Reconfigure {
        server: ServerId,
        error: ReconfigureError,
    },
    #[error("a link joins two different ends")]
    LinkToItself,
    #[error("clients do not talk to each other")]
    NoLinkBetweenClients,
    #[error("{0} → {1} is cut already; `heal {0} {1}` opens it")]
    AlreadyCut(Endpoint, Endpoint),
    #[error("{0} → {1} is not cut")]
    NotCut(Endpoint, Endpoint),
    #[error("nothing is cut")]
    NothingCut,
    #[error("{0} is in two groups")]
    InTwoGroups(Endpoint),
    #[error("there is no message {0} on its way")]
    NoSuchMessage(MessageId),
    #[error("{0} is held already; `release {0}` lets it go on")]
    AlreadyHeld(MessageId),
    #[error("{0} is not held")]
    NotHeld(MessageId),
    #[error("{0} travels over a connection, which never doubles what it carries")]
    ConnectionsDoNotDuplicate(MessageId),
    #[error("there is no client {0}; `client {0}` starts it")]
    NoSuchClient(ClientId),
    #[error("client {0} runs already")]
    ClientRuns(ClientId),
    #[error("client {0} was killed; `client {0} open` starts it anew")]
    ClientKilled(ClientId),
    #[error("the session of client {0} has expired; `client {0} open` opens a new one")]
    SessionExpired(ClientId),
    #[error("client {0} has closed its session; `client {0} open` opens a new one")]
    SessionClosed(ClientId),
    #[error("{what} is of {protocol}; these servers run another protocol")]
    OtherProtocol {
        what: &'static str,
        protocol: Protocol,
    },
    #[error("{server} cannot change the ensemble: {error}")]
    ReconfigureEnsemble {
        server: ServerId,
        error: zab::ProposeError,
    },
    #[error(transparent)]
    Ensemble(#[from] zab::ConfigurationError),
    #[error(transparent)]
    Transfer(#[from] raft::TransferError),
    #[error(transparent)]
    Forget(#[from] raft::ForgetError),
}

impl World {
    /// What the reader does is an event without a cause.
    pub(super) fn begin_deed(&mut self) {
        self.begin(self.now, None);
    }

    /// What only one protocol has.
    pub(super) fn check_protocol(
        &self,
        protocol: Protocol,
        what: &'static str,
    ) -> Result<(), Impossible> {
        if self.settings.protocol == protocol {
            Ok(())
        } else {
            Err(Impossible::OtherProtocol { what, protocol })
        }
    }

    pub(super) fn check_server(&self, server: ServerId) -> Result<(), Impossible> {
        let servers = self.servers();
        if server.number() > servers {
            return Err(Impossible::NoSuchServer { server, servers });
        }
        Ok(())
    }

    pub(super) fn check_up(&self, server: ServerId) -> Result<(), Impossible> {
        self.check_server(server)?;
        self.server(server)
            .map(|_| ())
            .ok_or(Impossible::Down(server))
    }

    fn check_link(&self, from: Endpoint, to: Endpoint) -> Result<(), Impossible> {
        for end in [from, to] {
            if let Endpoint::Server(server) = end {
                self.check_server(server)?;
            }
        }
        match (from, to) {
            (Endpoint::Client(_), Endpoint::Client(_)) => Err(Impossible::NoLinkBetweenClients),
            _ if from == to => Err(Impossible::LinkToItself),
            _ => Ok(()),
        }
    }

    /// A server stops at once. Of the writes that its disk has not confirmed, the oldest `keep`
    /// survive; everything in memory is gone.
    pub fn crash(&mut self, server: ServerId, keep: usize) -> Result<(), Impossible> {
        self.check_server(server)?;
        if self.server(server).is_none() {
            return Err(Impossible::AlreadyDown(server));
        }
        self.begin_deed();
        let node = &mut self.nodes[server.position()];
        let lost_writes = node.disk.pending().saturating_sub(keep);
        node.disk.crash(keep);
        node.server = None;
        node.paused = false;
        let backlog = std::mem::take(&mut node.backlog);
        for alarm in &mut node.alarms {
            alarm.cancel();
        }
        self.touch(server);
        self.tell(
            None,
            WorldFact::Crashed {
                server,
                lost_writes,
            },
        );
        self.break_connections_of(server);
        self.end_wires_of(server, backlog);
        Ok(())
    }

    /// A crashed server boots from its disk.
    pub fn restart(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_server(server)?;
        if self.server(server).is_some() {
            return Err(Impossible::AlreadyUp(server));
        }
        self.begin_deed();
        self.tell(None, WorldFact::Restarted { server });
        self.boot(server);
        Ok(())
    }

    /// A server stands still, as in a long garbage collection: what comes waits.
    pub fn pause(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_up(server)?;
        if self.nodes[server.position()].paused {
            return Err(Impossible::AlreadyPaused(server));
        }
        self.begin_deed();
        self.nodes[server.position()].paused = true;
        self.tell(None, WorldFact::Paused { server });
        Ok(())
    }

    /// A paused server goes on, with what came meanwhile, in order.
    pub fn resume(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_up(server)?;
        if !self.nodes[server.position()].paused {
            return Err(Impossible::NotPaused(server));
        }
        self.begin_deed();
        let node = &mut self.nodes[server.position()];
        node.paused = false;
        let waiting = node.backlog.len();
        if waiting > 0 {
            self.queue
                .push(self.now, super::queue::Due::Backlog(server));
        }
        self.tell(None, WorldFact::Resumed { server, waiting });
        Ok(())
    }

    /// A server takes a snapshot of its state and drops what of its log that stands for.
    pub fn take_snapshot(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_awake(server)?;
        if let Some(Err(why)) = self.server(server).map(Server::would_snapshot) {
            return Err(Impossible::NothingToSnapshot { server, why });
        }
        let zab = self.server(server).and_then(Server::zab);
        if zab.is_some_and(|replica| !replica.is_serving()) {
            return Err(Impossible::MayHoldUncommitted(server));
        }
        self.begin_deed();
        self.snapshot_server(server);
        Ok(())
    }

    /// The election timer of a server runs down now.
    pub fn time_out(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_protocol(Protocol::Raft, ELECTION_TIMER)?;
        self.check_up(server)?;
        if !self.election_timer_runs(server) {
            return Err(Impossible::LeaderHasNoTimer(server));
        }
        self.begin_deed();
        self.set_election_timer(server, self.now);
        Ok(())
    }

    fn election_timer_runs(&self, server: ServerId) -> bool {
        self.server(server)
            .and_then(Server::raft)
            .is_some_and(|replica| replica.election_deadline().is_some())
    }

    fn set_election_timer(&mut self, server: ServerId, rings: Time) {
        self.tell(
            None,
            WorldFact::TimerSet {
                server,
                rings_in: rings.since(self.now),
            },
        );
        let local = self.nodes[server.position()].clock.local(rings);
        self.input(server, Input::Operator(Operator::SetElectionTimer(local)));
    }

    /// Running election timers, the one that rings first in front.
    fn election_timers(&self) -> Vec<(Time, ServerId)> {
        let place = place_of(Timer::Raft(raft::Timer::Election));
        let mut timers: Vec<(Time, ServerId)> = self
            .nodes
            .iter()
            .filter(|node| node.server.is_some() && node.alarms[place].is_set())
            .map(|node| (node.clock.true_time(node.alarms[place].local()), node.id))
            .collect();
        timers.sort_unstable();
        timers
    }

    /// Moves the two election timers that ring first so far apart that the vote will not be split.
    pub fn spread_timers(&mut self) -> Result<(), Impossible> {
        self.check_protocol(Protocol::Raft, ELECTION_TIMER)?;
        let timers = self.election_timers();
        let [(first, server), (second, other), ..] = timers[..] else {
            return Err(Impossible::TooFewTimers);
        };
        self.begin_deed();
        if second.since(first) >= APART {
            self.set_election_timer(server, first);
        } else if first.since(self.now) >= APART {
            self.set_election_timer(server, first - APART);
        } else {
            self.set_election_timer(other, second + APART);
        }
        Ok(())
    }

    /// Lets the two election timers that ring first ring together: the vote will be split.
    pub fn align_timers(&mut self) -> Result<(), Impossible> {
        self.check_protocol(Protocol::Raft, ELECTION_TIMER)?;
        let timers = self.election_timers();
        let [(first, _), (_, other), ..] = timers[..] else {
            return Err(Impossible::TooFewTimers);
        };
        self.begin_deed();
        self.set_election_timer(other, first);
        Ok(())
    }

    /// A crashed server's disk is emptied: it comes back as if new.
    pub fn wipe(&mut self, server: ServerId) -> Result<(), Impossible> {
        self.check_server(server)?;
        if self.server(server).is_some() {
            return Err(Impossible::WipeWhileUp(server));
        }
        self.begin_deed();
        let blank = self.settings.blank_disk(server);
        self.nodes[server.position()].disk.wipe(blank);
        self.touch(server);
        self.tell(None, WorldFact::Wiped { server });
        Ok(())
    }

    /// From now on, a write to the server's disk takes this long; none for the cluster's setting.
    pub fn set_disk_latency(
        &mut self,
        server: ServerId,
        latency: Option<Duration>,
    ) -> Result<(), Impossible> {
        self.check_server(server)?;
        self.begin_deed();
        let latency = latency.unwrap_or(self.settings.storage);
        self.nodes[server.position()].disk.set_latency(latency);
        self.tell(None, WorldFact::DiskLatency { server, latency });
        Ok(())
    }

    /// The server's disk takes no more writes, or takes them again.
    pub fn set_disk_full(&mut self, server: ServerId, full: bool) -> Result<(), Impossible> {
        self.check_server(server)?;
        self.begin_deed();
        let disk = &mut self.nodes[server.position()].disk;
        for due in disk.set_full(self.now, full) {
            self.queue.push(due, super::queue::Due::Stored(server));
        }
        self.tell(None, WorldFact::DiskFull { server, full });
        Ok(())
    }

    /// The server's clock jumps: from now on it is so many microseconds ahead of true time, or
    /// behind it when negative.
    pub fn set_clock(&mut self, server: ServerId, ahead_us: i64) -> Result<(), Impossible> {
        self.check_server(server)?;
        self.begin_deed();
        let clock = &mut self.nodes[server.position()].clock;
        clock.jump(self.now, ahead_us - clock.offset_us(self.now));
        self.plan_timers_anew(server);
        self.tell(None, WorldFact::ClockSet { server, ahead_us });
        Ok(())
    }

    /// The server's clock runs fast, or slow.
    pub fn set_drift(&mut self, server: ServerId, ppm: i32) -> Result<(), Impossible> {
        self.check_server(server)?;
        self.begin_deed();
        self.nodes[server.position()].clock.set_drift(self.now, ppm);
        self.plan_timers_anew(server);
        self.tell(None, WorldFact::ClockDrifts { server, ppm });
        Ok(())
    }

    /// Cuts a link one way or both.
    pub fn cut(&mut self, from: Endpoint, to: Endpoint, both: bool) -> Result<(), Impossible> {
        self.check_link(from, to)?;
        let backward_is_cut = !both || self.network.is_cut(to, from);
        if self.network.is_cut(from, to) && backward_is_cut {
            return Err(Impossible::AlreadyCut(from, to));
        }
        self.begin_deed();
        self.cut_quietly(from, to, both);
        self.tell(None, WorldFact::Cut { from, to, both });
        Ok(())
    }

    fn cut_quietly(&mut self, from: Endpoint, to: Endpoint, both: bool) {
        self.network.cut(self.now, from, to, &mut self.queue);
        if both {
            self.network.cut(self.now, to, from, &mut self.queue);
        }
    }

    /// Opens a link one way or both.
    pub fn heal(&mut self, from: Endpoint, to: Endpoint, both: bool) -> Result<(), Impossible> {
        self.check_link(from, to)?;
        let is_cut = self.network.is_cut(from, to) || both && self.network.is_cut(to, from);
        if !is_cut {
            return Err(Impossible::NotCut(from, to));
        }
        self.begin_deed();
        self.network.heal(from, to, &mut self.queue);
        if both {
            self.network.heal(to, from, &mut self.queue);
        }
        self.tell(None, WorldFact::Healed { from, to, both });
        Ok(())
    }

    /// Opens every link, or every link of one end.
    pub fn heal_all(&mut self, of: Option<Endpoint>) -> Result<(), Impossible> {
        let concerned =
            |(from, to): &(Endpoint, Endpoint)| of.is_none_or(|end| *from == end || *to == end);
        let cuts: Vec<_> = self.network.cuts().filter(concerned).collect();
        if cuts.is_empty() {
            return Err(Impossible::NothingCut);
        }
        self.begin_deed();
        for (from, to) in &cuts {
            self.network.heal(*from, *to, &mut self.queue);
        }
        match of {
            None => self.tell(None, WorldFact::HealedAll),
            Some(end) => self.tell(None, WorldFact::Rejoined { end }),
        }
        Ok(())
    }

    /// Cuts every link of one end.
    pub fn isolate(&mut self, end: Endpoint) -> Result<(), Impossible> {
        let others: Vec<Endpoint> = match end {
            Endpoint::Server(server) => {
                self.check_server(server)?;
                let clients = self.clients.keys().map(|client| Endpoint::Client(*client));
                self.server_ends()
                    .filter(|other| *other != end)
                    .chain(clients)
                    .collect()
            }
            Endpoint::Client(_) => self.server_ends().collect(),
        };
        self.begin_deed();
        for other in others {
            self.cut_quietly(end, other, true);
        }
        self.tell(None, WorldFact::Isolated { end });
        Ok(())
    }

    fn server_ends(&self) -> impl Iterator<Item = Endpoint> + use<> {
        (1..=self.servers()).map(|number| Endpoint::Server(ServerId::new(number)))
    }

    /// Cuts every link between two groups; within a group, and for ends in no group, nothing
    /// changes.
    pub fn partition(&mut self, groups: &[Vec<Endpoint>]) -> Result<(), Impossible> {
        let mut listed = std::collections::BTreeSet::new();
        for end in groups.iter().flatten() {
            if let Endpoint::Server(server) = end {
                self.check_server(*server)?;
            }
            if !listed.insert(*end) {
                return Err(Impossible::InTwoGroups(*end));
            }
        }
        self.begin_deed();
        for (position, group) in groups.iter().enumerate() {
            for (one, other) in group.iter().flat_map(|one| {
                groups[position + 1..]
                    .iter()
                    .flatten()
                    .map(move |o| (one, o))
            }) {
                let both_clients =
                    matches!((one, other), (Endpoint::Client(_), Endpoint::Client(_)));
                if !both_clients {
                    self.cut_quietly(*one, *other, true);
                }
            }
        }
        self.tell(
            None,
            WorldFact::Partitioned {
                groups: groups.to_vec(),
            },
        );
        Ok(())
    }

    /// Changes one direction of a link between two servers, or all of them.
    pub fn change_links(
        &mut self,
        link: Option<(ServerId, ServerId)>,
        change: impl Fn(&mut super::LinkSettings),
    ) -> Result<(), Impossible> {
        if let Some((from, to)) = link {
            self.check_link(from.into(), to.into())?;
        }
        self.begin_deed();
        let servers = self.nodes.len();
        for from in 0..servers {
            for to in 0..servers {
                if link.is_none_or(|(a, b)| (a.position(), b.position()) == (from, to)) {
                    change(self.network.link_mut(from, to));
                }
            }
        }
        self.tell(None, WorldFact::LinkChanged { link });
        Ok(())
    }
}
