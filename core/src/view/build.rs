//! Makes a view of a world.

use std::collections::BTreeSet;

use super::{
    BallotView, ClientView, ClockView, ConfigurationView, DeathView, DiskView, EntryView, Family,
    LinkView, MessageView, OperationView, PeerView, RecipeView, ServerView, SnapshotView,
    TimerView, TransferView, VIEW_VERSION, VerdictView, View, Vote,
};
use crate::client::recipes::{Progress, Running};
use crate::client::{self, Operation};
use crate::ids::{ClientId, Endpoint, ServerId};
use crate::raft::{self, Ballot, Configuration, Content, Index, ProgressState, Replica, Role};
use crate::server::{ByProtocol, PeerMessage};
use crate::sim::{Body, ClientNode, Corpse, InFlight, Node, Packet, World};
use crate::time::Duration;
use crate::zookeeper::frame::ToClient;
use crate::zookeeper::{Command, Reply, Request};

use super::tree::znodes;

/// How long a dead message stays in view.
const DEATH_SHOWN: Duration = Duration::from_millis(8);

/// What of a cluster a view shall hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scope {
    /// The first index of the log entries wanted, and how many; entries outside are left out.
    pub log: (u64, u64),
    /// Whether the znodes are wanted.
    pub znodes: bool,
}

impl Default for Scope {
    /// Everything.
    fn default() -> Self {
        Self {
            log: (1, u64::MAX),
            znodes: true,
        }
    }
}

impl View {
    /// The world at this instant, as far as the scope reaches.
    pub fn of(world: &World, scope: &Scope) -> Self {
        let mut messages: Vec<MessageView> = world.network().flying().map(message).collect();
        messages.sort_unstable_by_key(|message| message.id);
        Self {
            version: VIEW_VERSION,
            time: world.now(),
            protocol: world.settings().protocol.name(),
            seed: world.settings().seed,
            event: Some(world.event()),
            servers: world
                .nodes()
                .iter()
                .map(|node| server(world, node, scope))
                .collect(),
            clients: world
                .clients()
                .map(|(id, node)| client(world, id, node))
                .collect(),
            messages,
            deaths: deaths(world),
            links: links(world),
            znodes: if scope.znodes {
                znodes(world)
            } else {
                Vec::new()
            },
            invariants: Vec::new(),
            violations: Vec::new(),
        }
    }
}

fn server(world: &World, node: &Node, scope: &Scope) -> ServerView {
    let disk = DiskView {
        latency: node.disk().latency(),
        full: node.disk().is_full(),
        pending: node.disk().pending(),
    };
    let clock = ClockView {
        offset_us: node.clock().offset_us(world.now()),
        drift_ppm: node.clock().drift_ppm(),
    };
    let image = match node.disk().image() {
        ByProtocol::Raft(image) => image,
        ByProtocol::Zab(image) => {
            return super::zab::server(world, node, image, (disk, clock), scope);
        }
    };
    let Some((server, replica)) = node.server().and_then(|it| Some((it, it.raft()?))) else {
        return crashed(world, node, image, (disk, clock), scope);
    };
    ServerView {
        id: node.id(),
        up: true,
        paused: node.is_paused(),
        role: role_name(replica.role()),
        term: replica.term().number(),
        voted_for: replica.voted_for(),
        leader: replica.leader(),
        commit: replica.commit_index().number(),
        applied: server.applied(),
        durable: replica.durable_index().number(),
        last: replica.log().last_index().number(),
        snapshot: snapshot(
            replica.snapshot(),
            replica.partial_snapshot(),
            replica.log().base().index,
        ),
        timer: replica.election_deadline().map(|deadline| TimerView {
            remaining: node.clock().true_time(deadline).since(world.now()),
            total: replica.election_timeout(),
        }),
        ballots: ballots(world, replica),
        peers: peers(replica),
        configuration: {
            let newcomers = replica.staged_change().map_or(&[][..], |(_, who)| who);
            configuration(
                node.id(),
                replica.configuration(),
                replica.configured_at(),
                replica.commit_index(),
                newcomers,
            )
        },
        log: entries(
            replica.log(),
            scope,
            replica.commit_index(),
            Index::new(server.applied()),
            replica.durable_index(),
        ),
        lease: lease(world, node, replica),
        transfer: replica.transfer_target(),
        pending_reads: replica.pending_reads(),
        priority: replica.priority(),
        clients: server
            .connections()
            .filter_map(|(id, _)| world.client_of(id))
            .collect(),
        disk,
        clock,
        znodes: super::tree::shown(server.service().tree()).count(),
        zab: None,
    }
}

fn snapshot(
    taken: Option<&raft::Snapshot<Command>>,
    partial: Option<&raft::PartialSnapshot<Command>>,
    base: Index,
) -> SnapshotView {
    let partial =
        partial.map(|partial| (partial.snapshot.last, partial.stored, partial.snapshot.size));
    SnapshotView {
        base: base.number(),
        index: taken.map_or(0, |taken| taken.last.index.number()),
        term: taken.map_or(0, |taken| taken.last.term.number()),
        bytes: taken.map_or(0, |taken| taken.size),
        partial: partial.map(|(last, stored, bytes)| TransferView {
            index: last.index.number(),
            stored,
            bytes,
        }),
    }
}

/// What is left of a server that is down: its disk.
fn crashed(
    world: &World,
    node: &Node,
    image: &raft::Durable<Command>,
    (disk, clock): (DiskView, ClockView),
    scope: &Scope,
) -> ServerView {
    let last = image.log.last_index();
    ServerView {
        id: node.id(),
        up: false,
        paused: false,
        role: "crashed",
        term: image.hard.term.number(),
        voted_for: image.hard.voted_for,
        leader: None,
        commit: 0,
        applied: 0,
        durable: last.number(),
        last: last.number(),
        snapshot: snapshot(
            image.snapshot.as_deref(),
            image.partial.as_ref(),
            image.log.base().index,
        ),
        timer: None,
        ballots: Vec::new(),
        peers: Vec::new(),
        configuration: {
            let known = image.log.last_configuration(last);
            let at = known.map_or(image.log.base().index, |(at, _)| at);
            let known_before = world.configuration_before_log(node.id());
            let goes_by = known.map_or(&known_before, |(_, configuration)| configuration);
            configuration(node.id(), goes_by, at, Index::ZERO, &[])
        },
        log: entries(&image.log, scope, Index::ZERO, Index::ZERO, last),
        lease: None,
        transfer: None,
        pending_reads: 0,
        priority: 0,
        clients: Vec::new(),
        disk,
        clock,
        znodes: 0,
        zab: None,
    }
}

/// What is left of a leader's lease, in true time.
fn lease(world: &World, node: &Node, replica: &Replica<Command>) -> Option<TimerView> {
    let end = node.clock().true_time(replica.lease_end()?);
    (end > world.now()).then(|| TimerView {
        remaining: end.since(world.now()),
        total: replica.settings().election_timeout.0,
    })
}

/// A role in Raft's words.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Follower => "follower",
        Role::PreCandidate => "precandidate",
        Role::Candidate => "candidate",
        Role::Leader => "leader",
    }
}

fn entries(
    log: &raft::Log<Command>,
    scope: &Scope,
    commit: Index,
    applied: Index,
    durable: Index,
) -> Vec<EntryView> {
    let (first, count) = scope.log;
    let last = first
        .saturating_add(count)
        .saturating_sub(1)
        .min(log.last_index().number());
    log.range(Index::new(first.max(1)), Index::new(last))
        .map(|entry| EntryView {
            index: entry.index.number(),
            term: entry.term.number(),
            zxid: None,
            kind: match entry.content {
                Content::Noop => "no-op",
                Content::Command(_) => "command",
                Content::Configuration(_) => "configuration",
            },
            label: label(&entry.content),
            committed: entry.index <= commit,
            applied: entry.index <= applied,
            durable: entry.index <= durable,
        })
        .collect()
}

pub(super) fn configuration(
    id: ServerId,
    configuration: &Configuration,
    at: Index,
    commit: Index,
    newcomers: &[ServerId],
) -> ConfigurationView {
    ConfigurationView {
        index: at.number(),
        committed: at <= commit,
        voters: configuration.voters().to_vec(),
        outgoing: configuration.outgoing().map(<[ServerId]>::to_vec),
        learners: configuration.learners().to_vec(),
        part: if configuration.is_voter(id) {
            "voter"
        } else if configuration.contains(id) {
            "learner"
        } else {
            "outsider"
        },
        newcomers: newcomers.to_vec(),
    }
}

pub(super) fn label(content: &Content<Command>) -> String {
    match content {
        Content::Noop => "no-op".into(),
        Content::Command(command) => command.to_string(),
        Content::Configuration(configuration) => configuration.to_string(),
    }
}

/// The votes of a candidate, as seen by an onlooker who sees the replies on their way.
fn ballots(world: &World, replica: &Replica<Command>) -> Vec<BallotView> {
    let stands = replica.role() == Role::Candidate;
    if !stands && replica.role() != Role::PreCandidate {
        return Vec::new();
    }
    let (id, term) = (replica.id(), replica.term());
    let granted_to_me = |peer: ServerId| {
        raft_of(world, peer).is_some_and(|peer| peer.term() == term && peer.voted_for() == Some(id))
    };
    let gone_elsewhere = |peer: ServerId| {
        raft_of(world, peer).is_some_and(|peer| {
            peer.term() > term || peer.term() == term && peer.voted_for().is_some_and(|v| v != id)
        })
    };
    replica
        .ballots()
        .filter(|(peer, _)| *peer != id)
        .map(|(peer, ballot)| {
            let vote = match ballot {
                Ballot::Granted => Vote::Have,
                Ballot::Refused => Vote::No,
                Ballot::Unanswered if stands && granted_to_me(peer) => Vote::Coming,
                Ballot::Unanswered if stands && gone_elsewhere(peer) => Vote::No,
                Ballot::Unanswered => Vote::Open,
            };
            BallotView { peer, vote }
        })
        .collect()
}

fn raft_of(world: &World, id: ServerId) -> Option<&Replica<Command>> {
    world.server(id)?.raft()
}

fn peers(replica: &Replica<Command>) -> Vec<PeerView> {
    let others = replica
        .configuration()
        .members()
        .iter()
        .filter(|member| **member != replica.id());
    others
        .filter_map(|peer| {
            let progress = replica.progress(*peer)?;
            Some(PeerView {
                peer: *peer,
                match_index: progress.match_index().number(),
                next_index: progress.next_index().number(),
                inflight: progress.inflight(),
                snapshot: progress.transfer().map(|transfer| TransferView {
                    index: transfer.last.number(),
                    stored: transfer.stored,
                    bytes: transfer.size,
                }),
                state: match progress.state() {
                    ProgressState::Probe => "probe",
                    ProgressState::Replicate => "replicate",
                    ProgressState::Snapshot => "snapshot",
                },
            })
        })
        .collect()
}

fn client(world: &World, id: ClientId, node: &ClientNode) -> ClientView {
    let process = node.process();
    let state = match process.state() {
        _ if node.is_killed() => "killed",
        client::State::Disconnected => "disconnected",
        client::State::Connecting => "connecting",
        client::State::Connected => "connected",
        client::State::Expired => "expired",
        client::State::Closed => "closed",
    };
    let reaches = matches!(state, "connecting" | "connected");
    ClientView {
        id,
        state,
        server: reaches.then(|| process.server()),
        session: process
            .session()
            .map(|credentials| credentials.session.to_string()),
        timeout: process.timeout(),
        timer: process
            .deadline()
            .filter(|_| reaches)
            .map(|deadline| TimerView {
                remaining: deadline.since(world.now()),
                total: process.silence_limit(),
            }),
        last_zxid: process.last_zxid().to_string(),
        told: process.notices().next_back().map_or(0, |last| last.number),
        operations: process
            .operations()
            .map(|known| operation(known, node.is_killed()))
            .collect(),
        recipes: process.recipes().map(recipe).collect(),
    }
}

fn recipe(running: &Running) -> RecipeView {
    let call = running.call();
    let progress = running.progress();
    RecipeView {
        text: call.to_string(),
        kind: call.kind.name(),
        path: call.path.to_string(),
        state: match progress {
            Progress::Running => "running",
            Progress::Holds => "holds",
            Progress::Unsure => "unsure",
            Progress::Done => "done",
            Progress::Failed(_) => "failed",
        },
        error: match progress {
            Progress::Failed(code) => Some(code.name()),
            _ => None,
        },
        held: call.kind.held(),
        steps: running.steps(),
        step: running.step(),
        own: running.own().map(|own| own.to_string()),
        token: running.token().map(|token| token.to_string()),
        found: running.found(),
        doubtful: running.doubtful(),
    }
}

fn operation(operation: &Operation, killed: bool) -> OperationView {
    let unanswered = || {
        if killed {
            VerdictView::unknown()
        } else {
            VerdictView::pending()
        }
    };
    let answer = operation.answer.as_ref();
    OperationView {
        number: operation.number,
        text: operation.request.as_ref().map_or("close".into(), asked),
        invoked: operation.invoked,
        answered: answer.map(|(at, _)| *at),
        ok: answer.map(|(_, reply)| reply.is_ok()),
        outcome: answer.map(|(_, reply)| outcome(reply)),
        verdict: answer.is_none().then(unanswered),
    }
}

/// What was asked for, with the version that it demands: what keeps out who comes too late.
fn asked(request: &Request) -> String {
    match request.demanded_version() {
        Some(version) => format!("{request} version {version}"),
        None => request.to_string(),
    }
}

/// An answer in a few words.
pub(super) fn outcome(reply: &Reply) -> String {
    match reply {
        Ok(response) => response.to_string(),
        Err(code) => code.name().into(),
    }
}

fn message(message: &InFlight) -> MessageView {
    let Kind {
        reply,
        positive,
        term,
        family,
    } = kind(&message.body);
    MessageView {
        id: message.id,
        from: message.from,
        to: message.to,
        kind: message.body.kind(),
        family,
        reply,
        positive,
        term,
        sent: message.sent,
        arrives: message.arrives,
        held: message.held,
    }
}

/// What a message looks like.
pub(super) struct Kind {
    pub(super) reply: bool,
    pub(super) positive: Option<bool>,
    pub(super) term: Option<u64>,
    pub(super) family: Family,
}

fn kind(body: &Body) -> Kind {
    let family = family_of(body.kind());
    let plain = |reply, positive| Kind {
        reply,
        positive,
        term: None,
        family,
    };
    match body {
        Body::Peer(PeerMessage::Raft(message)) => Kind {
            reply: message.is_reply(),
            positive: message.granted(),
            term: Some(message.term().number()),
            family,
        },
        Body::Wire(_, Packet::Frame(PeerMessage::Zab(message))) => super::zab::kind(message),
        Body::Peer(_) | Body::ToServer(..) | Body::Wire(_, Packet::Open | Packet::Frame(_)) => {
            plain(false, None)
        }
        Body::Wire(_, Packet::Accepted) => plain(true, Some(true)),
        Body::Closed(_) | Body::Wire(_, Packet::Closed) => plain(true, Some(false)),
        Body::ToClient(_, frame) => match &**frame {
            ToClient::Connected { .. } => plain(true, Some(true)),
            ToClient::Expired => plain(true, Some(false)),
            ToClient::Reply { reply, .. } => plain(true, Some(reply.is_ok())),
            ToClient::Pong => plain(true, None),
            ToClient::Event { .. } => plain(false, None),
        },
    }
}

/// The palette of a kind of message.
pub(super) fn family_of(kind: &str) -> Family {
    match kind {
        "RequestVote" | "RequestVoteReply" | "PreVote" | "PreVoteReply" | "TimeoutNow"
        | "NOTIFICATION" | "FOLLOWERINFO" | "OBSERVERINFO" | "LEADERINFO" | "ACKEPOCH" => {
            Family::Vote
        }
        "AppendEntries"
        | "AppendEntriesReply"
        | "InstallSnapshot"
        | "InstallSnapshotReply"
        | "DIFF"
        | "TRUNC"
        | "SNAP"
        | "SNAP body"
        | "NEWLEADER"
        | "UPTODATE"
        | "PROPOSAL"
        | "ACK"
        | "COMMIT"
        | "COMMITANDACTIVATE"
        | "INFORM"
        | "INFORMANDACTIVATE" => Family::Append,
        "Forward" | "ReadIndex" | "ReadIndexReply" | "REQUEST" | "SYNC" | "REVALIDATE" => {
            Family::Forward
        }
        "Heartbeat" | "HeartbeatReply" | "Touch" | "Ping" | "Pong" | "PING" | "Open"
        | "Accepted" => Family::Beat,
        _ => Family::Client,
    }
}

fn deaths(world: &World) -> Vec<DeathView> {
    let recent = |corpse: &&Corpse| world.now().since(corpse.at) <= DEATH_SHOWN;
    world
        .network()
        .deaths()
        .filter(recent)
        .map(|corpse| DeathView {
            id: corpse.message.id,
            from: corpse.message.from,
            to: corpse.message.to,
            kind: corpse.message.kind,
            family: family_of(corpse.message.kind),
            reply: matches!(corpse.message.kind, "Pong" | "Connected" | "Reply")
                || corpse.message.kind.ends_with("Reply"),
            at: corpse.at,
            place: corpse.place,
            why: corpse.why.word(),
        })
        .collect()
}

fn links(world: &World) -> Vec<LinkView> {
    let network = world.network();
    let servers: Vec<ServerId> = world.nodes().iter().map(Node::id).collect();
    let between_servers = servers.iter().enumerate().flat_map(|(position, a)| {
        servers[position + 1..]
            .iter()
            .map(move |b| (Endpoint::from(*a), Endpoint::from(*b)))
    });
    let in_use = world.clients().filter_map(|(client, _)| {
        let reach = world.reach_of(client)?;
        Some((Endpoint::from(client), Endpoint::from(reach.server)))
    });
    let cut = network.cuts().filter_map(|(a, b)| match (a, b) {
        (Endpoint::Client(_), Endpoint::Server(_)) => Some((a, b)),
        (Endpoint::Server(_), Endpoint::Client(_)) => Some((b, a)),
        _ => None,
    });
    let clients: BTreeSet<(Endpoint, Endpoint)> = in_use.chain(cut).collect();
    between_servers
        .chain(clients)
        .map(|(a, b)| {
            let (latency, loss_ppm) = match (a, b) {
                (Endpoint::Server(_), Endpoint::Server(_)) => {
                    let link = network.link(a, b);
                    (link.latency, link.loss_ppm)
                }
                _ => (network.client_latency(), 0),
            };
            let (cut_from_a, cut_from_b) = (network.is_cut(a, b), network.is_cut(b, a));
            LinkView {
                a,
                b,
                cut_from_a,
                cut_from_b,
                latency,
                loss_ppm,
            }
        })
        .collect()
}
