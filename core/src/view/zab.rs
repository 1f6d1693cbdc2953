//! Makes a view of a server that runs Zab, and of what such servers say to each other.
//!
//! A screen counts places in a log from 1. Under Zab a place is a zxid ⟨epoch, counter⟩, so here the
//! epochs that any log of the world knows are laid end to end: the same zxid has the same place at
//! every server.

use std::collections::BTreeMap;

use super::build::{Kind, Scope, configuration, family_of};
use super::{
    BallotView, ClockView, DiskView, EntryView, LearnerView, PeerView, ProposalView, ServerView,
    SnapshotView, TimerView, TransferView, Vote, ZabView, ZabVoteView,
};
use crate::ids::ServerId;
use crate::quorum::is_weighted_majority;
use crate::raft::{Configuration, Index};
use crate::server::{PeerMessage, Server, Timer, ZabTxn};
use crate::sim::{Body, Node, Packet, World};
use crate::zab::{
    self, Durable, Message, Pair, Replica, ServerState, SyncMode, ToLeader, ToLearner, TxnLog,
};
use crate::zookeeper::Zxid;

/// Where each epoch's transactions begin in the count: how many come before them.
struct Places(BTreeMap<u32, u64>);

impl Places {
    fn of(world: &World) -> Self {
        let mut lengths: BTreeMap<u32, u32> = BTreeMap::new();
        let logs = world
            .nodes()
            .iter()
            .filter_map(|node| log_of(world, node.id()));
        for end in logs.flat_map(TxnLog::ends_of_epochs) {
            let length = lengths.entry(end.epoch()).or_default();
            *length = (*length).max(end.counter());
        }
        let mut before = 0;
        let place = |(epoch, length): (u32, u32)| {
            let begins = before;
            before += u64::from(length);
            (epoch, begins)
        };
        Self(lengths.into_iter().map(place).collect())
    }

    /// The place of a transaction, or of the last before the start of an epoch.
    fn at(&self, zxid: Zxid) -> u64 {
        let epochs = self.0.range(..=zxid.epoch()).next_back();
        match epochs {
            Some((epoch, before)) if *epoch == zxid.epoch() => before + u64::from(zxid.counter()),
            _ => {
                let later = self.0.range(zxid.epoch()..).next();
                later.map_or(0, |(_, before)| *before)
            }
        }
    }
}

/// The log that a server has, or would boot with.
fn log_of(world: &World, id: ServerId) -> Option<&TxnLog<ZabTxn>> {
    let node = world.node(id)?;
    match node.server() {
        Some(server) => server.zab().map(Replica::log),
        None => node.disk().image().zab().map(|image| &image.log),
    }
}

#[inline(never)] // Apart: who runs Raft need not fetch it.
pub(super) fn server(
    world: &World,
    node: &Node,
    image: &Durable<ZabTxn>,
    (disk, clock): (DiskView, ClockView),
    scope: &Scope,
) -> ServerView {
    let places = Places::of(world);
    let server = node.server();
    let replica = server.and_then(Server::zab);
    let known = replica.map_or(image, Replica::disk);
    let committed = replica.and_then(known_committed);
    let committed = committed.unwrap_or_else(|| held_by_a_quorum(world, node.id(), &known.log));
    let applied = replica.map_or(Zxid::ZERO, Replica::last_zxid);
    let durable = image.last_zxid();
    let progress = Progress {
        committed,
        applied,
        durable,
    };
    let active = &known.membership.active;
    let observers = active.observers();
    let members = Configuration::new(active.voters().map(|(id, _)| id), observers);
    let version = places.at(active.version());
    ServerView {
        id: node.id(),
        up: server.is_some(),
        paused: node.is_paused(),
        role: replica.map_or("crashed", |replica| role_of(replica.state())),
        term: known.current_epoch.number().into(),
        voted_for: replica.and_then(Replica::vote).map(|vote| vote.leader),
        leader: replica.and_then(Replica::leader),
        commit: places.at(committed),
        applied: places.at(applied),
        durable: places.at(durable),
        last: places.at(known.log.last()),
        snapshot: SnapshotView {
            partial: transfer_to(world, node.id(), &places),
            ..snapshot(known, &places)
        },
        timer: replica.and_then(|replica| silence(world, node, replica)),
        ballots: replica.map_or_else(Vec::new, |replica| ballots(world, replica)),
        peers: replica.map_or_else(Vec::new, |replica| peers(world, replica, &places)),
        configuration: configuration(
            node.id(),
            &members,
            Index::new(version),
            Index::new(version),
            &[],
        ),
        log: entries(&known.log, &places, scope, progress),
        lease: None,
        transfer: None,
        pending_reads: server.map_or(0, |server| server.reads_outline().waiting),
        priority: 0,
        clients: server.map_or_else(Vec::new, |server| {
            let connections = server.connections();
            connections
                .filter_map(|(id, _)| world.client_of(id))
                .collect()
        }),
        disk,
        clock,
        znodes: server.map_or(0, |server| {
            super::tree::shown(server.service().tree()).count()
        }),
        zab: Some(match replica {
            Some(replica) => of_replica(replica, progress),
            None => of_disk(image, progress),
        }),
    }
}

/// How far a server's log has come.
#[derive(Clone, Copy)]
struct Progress {
    committed: Zxid,
    applied: Zxid,
    durable: Zxid,
}

/// A state in the words that a screen knows for roles.
const fn role_of(state: ServerState) -> &'static str {
    match state {
        ServerState::Looking => "looking",
        ServerState::Following => "follower",
        ServerState::Leading => "leader",
        ServerState::Observing => "observer",
    }
}

/// What a server that serves knows to be committed: everything before what waits for it.
fn known_committed(replica: &Replica<ZabTxn>) -> Option<Zxid> {
    if !replica.is_serving() {
        return None;
    }
    let outstanding = replica.outstanding().map(|(zxid, _)| zxid);
    let waiting = outstanding.chain(replica.pending()).next();
    let before = waiting.and_then(|first| replica.log().last_before(first));
    Some(match waiting {
        Some(_) => before.unwrap_or_default().max(replica.last_zxid()),
        None => replica.log().last(),
    })
}

/// The last transaction of a log that a quorum has in its logs: an onlooker knows that no election
/// can lose it.
fn held_by_a_quorum(world: &World, id: ServerId, log: &TxnLog<ZabTxn>) -> Zxid {
    let Some(members) = world.configuration_of(id) else {
        return Zxid::ZERO;
    };
    let voters = members.voters();
    let others: Vec<_> = voters
        .iter()
        .filter_map(|voter| log_of(world, *voter))
        .collect();
    log.last_where(|zxid| {
        let holders = others.iter().filter(|other| other.contains(zxid)).count();
        is_weighted_majority(holders as u64, voters.len() as u64)
    })
}

fn snapshot(known: &Durable<ZabTxn>, places: &Places) -> SnapshotView {
    let taken = known.snapshots.last().filter(|it| it.zxid > Zxid::ZERO);
    SnapshotView {
        base: places.at(known.log.begin()),
        index: taken.map_or(0, |taken| places.at(taken.zxid)),
        term: taken.map_or(0, |taken| taken.zxid.epoch().into()),
        bytes: taken.map_or(0, |taken| taken.state.size()),
        partial: None,
    }
}

/// The state that is on its way to a learner. It travels whole: none of it is there before all is.
fn transfer_to(world: &World, learner: ServerId, places: &Places) -> Option<TransferView> {
    let packets = || {
        let flying = world.network().flying();
        let to_it = flying.filter(|message| message.to == learner.into());
        to_it.filter_map(|message| match &message.body {
            Body::Wire(_, Packet::Frame(PeerMessage::Zab(message))) => match &**message {
                Message::ToLearner(packet) => Some(packet),
                _ => None,
            },
            _ => None,
        })
    };
    let bytes = packets().find_map(|packet| match packet {
        ToLearner::SnapBody { state } => Some(state.size()),
        _ => None,
    })?;
    let announced = packets().find_map(|packet| match packet {
        ToLearner::Snap { zxid } => Some(*zxid),
        _ => None,
    });
    let replica = world.server(learner)?.zab()?;
    Some(TransferView {
        index: places.at(announced.or_else(|| replica.expected_snapshot())?),
        stored: 0,
        bytes,
    })
}

/// How long a learner still waits for its leader.
fn silence(world: &World, node: &Node, replica: &Replica<ZabTxn>) -> Option<TimerView> {
    let rings = node.rings_at(Timer::Zab(zab::Timer::Silence))?;
    let settings = replica.settings();
    let total = if replica.is_serving() {
        settings.sync_time()
    } else {
        settings.init_time()
    };
    Some(TimerView {
        remaining: rings.since(world.now()),
        total,
    })
}

/// A looking server's votes, as seen by an onlooker who sees the notifications on their way.
fn ballots(world: &World, replica: &Replica<ZabTxn>) -> Vec<BallotView> {
    if replica.state() != ServerState::Looking {
        return Vec::new();
    }
    let received: BTreeMap<_, _> = replica.ballots().collect();
    let own = replica.vote();
    let voters = replica.membership().voters().into_iter();
    voters
        .filter(|peer| *peer != replica.id())
        .map(|peer| {
            let there = world.server(peer).and_then(Server::zab);
            let agrees = there.is_some_and(|there| {
                there.vote() == own && there.round() == replica.round() && own.is_some()
            });
            let vote = match received.get(&peer) {
                Some(ballot) if Some(ballot.vote) == own => Vote::Have,
                _ if agrees => Vote::Coming,
                Some(_) => Vote::No,
                None => Vote::Open,
            };
            BallotView { peer, vote }
        })
        .collect()
}

/// What a leader knows of who learns from it.
fn peers(world: &World, replica: &Replica<ZabTxn>, places: &Places) -> Vec<PeerView> {
    let last = replica.outstanding().map(|(zxid, _)| zxid).last();
    let last = last.unwrap_or_else(|| replica.log().last());
    replica
        .learners()
        .map(|(peer, mode, up_to_date)| {
            let owed = replica
                .outstanding()
                .find(|(_, acks)| !acks.contains(&peer));
            let before = owed.map(|(zxid, _)| places.at(zxid).saturating_sub(1));
            let acked = before.unwrap_or_else(|| places.at(last));
            PeerView {
                peer,
                match_index: if up_to_date { acked } else { 0 },
                next_index: places.at(last) + 1,
                inflight: replica
                    .outstanding()
                    .filter(|(_, acks)| !acks.contains(&peer))
                    .count(),
                snapshot: transfer_to(world, peer, places).filter(|_| !up_to_date),
                state: match (mode, up_to_date) {
                    (_, true) => "replicate",
                    (Some(SyncMode::Snap), _) => "snapshot",
                    _ => "probe",
                },
            }
        })
        .collect()
}

fn entries(
    log: &TxnLog<ZabTxn>,
    places: &Places,
    scope: &Scope,
    progress: Progress,
) -> Vec<EntryView> {
    let (first, count) = scope.log;
    let end = first.saturating_add(count);
    log.iter_from(|zxid| places.at(zxid) >= first)
        .take_while(|entry| places.at(entry.zxid) < end)
        .map(|entry| EntryView {
            index: places.at(entry.zxid),
            term: entry.zxid.epoch().into(),
            zxid: Some(entry.zxid),
            kind: match entry.configuration {
                Some(_) => "configuration",
                None => "command",
            },
            label: entry.txn.txn.to_string(),
            committed: entry.zxid <= progress.committed,
            applied: entry.zxid <= progress.applied,
            durable: entry.zxid <= progress.durable,
        })
        .collect()
}

fn of_disk(image: &Durable<ZabTxn>, progress: Progress) -> ZabView {
    ZabView {
        state: None,
        phase: None,
        round: 0,
        vote: None,
        finalizing: false,
        votes: Vec::new(),
        accepted_epoch: image.accepted_epoch,
        current_epoch: image.current_epoch,
        last_zxid: image.last_zxid(),
        logged: image.log.last(),
        durable: progress.durable,
        committed: progress.committed,
        gathered: Vec::new(),
        outstanding: Vec::new(),
        pending: Vec::new(),
        learners: Vec::new(),
    }
}

fn of_replica(replica: &Replica<ZabTxn>, progress: Progress) -> ZabView {
    let own = replica.vote();
    let vote = |(from, ballot): (ServerId, zab::Ballot)| ZabVoteView {
        from,
        ballot,
        decider: ballot.vote.decider(own),
    };
    let learner = |(server, mode, up_to_date)| LearnerView {
        server,
        mode,
        up_to_date,
    };
    ZabView {
        state: Some(replica.state()),
        phase: Some(replica.phase()),
        round: replica.round(),
        vote: own,
        finalizing: replica.is_finalizing(),
        votes: replica.ballots().map(vote).collect(),
        accepted_epoch: replica.accepted_epoch(),
        current_epoch: replica.current_epoch(),
        last_zxid: replica.last_zxid(),
        logged: replica.log().last(),
        durable: progress.durable,
        committed: progress.committed,
        gathered: replica.gathered().collect(),
        outstanding: replica
            .outstanding()
            .map(|(zxid, acks)| ProposalView {
                zxid,
                acks: acks.iter().copied().collect(),
            })
            .collect(),
        pending: replica.pending().collect(),
        learners: replica.learners().map(learner).collect(),
    }
}

/// What a message looks like.
#[inline(never)] // Apart: who runs Raft need not fetch it.
pub(super) fn kind(message: &Message<ZabTxn>) -> Kind {
    let epoch = match message {
        Message::Election(notification) => notification.vote.map(|vote| vote.epoch.number()),
        Message::ToLeader(ToLeader::Info { accepted, .. }) => Some(accepted.number()),
        Message::ToLeader(ToLeader::Ack { zxid })
        | Message::ToLearner(
            ToLearner::Commit { zxid }
            | ToLearner::CommitAndActivate { zxid, .. }
            | ToLearner::Diff { last: zxid }
            | ToLearner::Trunc { to: zxid }
            | ToLearner::Snap { zxid },
        ) => Some(zxid.epoch()),
        Message::ToLearner(
            ToLearner::LeaderInfo { epoch } | ToLearner::NewLeader { epoch, .. },
        ) => Some(epoch.number()),
        Message::ToLearner(
            ToLearner::Proposal { entry }
            | ToLearner::Inform { entry }
            | ToLearner::InformAndActivate { entry, .. },
        ) => Some(entry.zxid.epoch()),
        Message::ToLeader(_) | Message::ToLearner(_) => None,
    };
    let reply = matches!(
        message,
        Message::ToLeader(ToLeader::Ack { .. } | ToLeader::AckEpoch { .. } | ToLeader::Ping { .. })
            | Message::ToLearner(ToLearner::Revalidated { .. } | ToLearner::Sync { .. })
    );
    Kind {
        reply,
        positive: match message {
            Message::ToLearner(ToLearner::Revalidated { valid, .. }) => Some(*valid),
            Message::ToLeader(ToLeader::Ack { .. }) => Some(true),
            _ => None,
        },
        term: epoch.map(u64::from),
        family: family_of(message.kind().0),
    }
}

/// The fields of a message, by name.
pub(super) fn fields(message: &Message<ZabTxn>) -> Vec<(&'static str, String)> {
    match message {
        Message::Election(notification) => {
            let vote = notification
                .vote
                .map_or_else(|| "none".into(), |vote| vote.to_string());
            vec![
                ("proposes", vote),
                ("round", notification.round.to_string()),
                ("sender is", role_of(notification.state).into()),
                ("configuration", pair(notification.configuration.version())),
            ]
        }
        Message::ToLeader(message) => to_leader_fields(message),
        Message::ToLearner(message) => to_learner_fields(message),
    }
}

fn to_leader_fields(message: &ToLeader<ZabTxn>) -> Vec<(&'static str, String)> {
    match message {
        ToLeader::Info {
            accepted, version, ..
        } => vec![
            ("accepted epoch", accepted.to_string()),
            ("configuration", pair(*version)),
        ],
        ToLeader::AckEpoch { current, last, .. } => {
            let current = current.map_or_else(|| "accepted before".into(), |it| it.to_string());
            vec![("current epoch", current), ("last zxid", pair(*last))]
        }
        ToLeader::Ack { zxid } => vec![("zxid", pair(*zxid))],
        ToLeader::Ping { touched } => {
            let session = |(id, _): &(_, _)| ("session", format!("{id}"));
            touched.iter().map(session).collect()
        }
        ToLeader::Request { request } => vec![("request", request.command.to_string())],
        ToLeader::Revalidate { session, .. } => vec![("session", session.to_string())],
        ToLeader::Sync { tag } => vec![("question", tag.to_string())],
    }
}

fn to_learner_fields(message: &ToLearner<ZabTxn>) -> Vec<(&'static str, String)> {
    match message {
        ToLearner::LeaderInfo { epoch } => vec![("epoch", epoch.to_string())],
        ToLearner::Diff { last } => vec![("last zxid", pair(*last))],
        ToLearner::Trunc { to } => vec![("last zxid to keep", pair(*to))],
        ToLearner::Snap { zxid } => vec![("last zxid", pair(*zxid))],
        ToLearner::SnapBody { state } => vec![("bytes", state.size().to_string())],
        ToLearner::NewLeader {
            epoch,
            configuration,
        } => vec![
            ("epoch", epoch.to_string()),
            ("configuration", pair(configuration.version())),
        ],
        ToLearner::UpToDate { designated } => vec![("leader", designated.to_string())],
        ToLearner::Proposal { entry } | ToLearner::Inform { entry } => entry_fields(entry),
        ToLearner::InformAndActivate { entry, designated } => {
            let mut fields = entry_fields(entry);
            fields.push(("leader", designated.to_string()));
            fields
        }
        ToLearner::Commit { zxid } | ToLearner::Ping { zxid } => vec![("zxid", pair(*zxid))],
        ToLearner::CommitAndActivate { zxid, designated } => {
            vec![("zxid", pair(*zxid)), ("leader", designated.to_string())]
        }
        ToLearner::Revalidated { session, valid } => vec![
            ("session", session.to_string()),
            ("may go on", valid.to_string()),
        ],
        ToLearner::Sync { tag } => vec![("question", tag.to_string())],
    }
}

fn entry_fields(entry: &zab::Entry<ZabTxn>) -> Vec<(&'static str, String)> {
    vec![
        ("zxid", pair(entry.zxid)),
        ("transaction", entry.txn.txn.to_string()),
    ]
}

fn pair(zxid: Zxid) -> String {
    Pair(zxid).to_string()
}
