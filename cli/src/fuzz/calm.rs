//! All faults end, and the cluster must come back to life: a leader within a bounded time, every
//! server caught up with it, and a client served.

use quorumscope_core::ids::{ClientId, ServerId};
use quorumscope_core::raft::Transition;
use quorumscope_core::script::{
    ClientAction, Command, Condition, Disk, Operation, Percent, Quality, Step, holds, parse_line,
};
use quorumscope_core::server::Protocol;
use quorumscope_core::sim::World;
use quorumscope_core::time::Duration;
use quorumscope_core::view::leader_of;
use quorumscope_core::zookeeper::CreateMode;

use super::adversary::committed_at;
use super::trial::Trial;

/// How long each part of recovery may take in simulated time: many election timeouts, so that an
/// unlucky row of split votes is not taken for a cluster that is stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// What must come about before a client comes.
const ALIVE: &str = "leader and caught up";

/// What must come about once it has asked for something.
const SERVED: &str = "client Z answered ok";

/// How often a client asks again after it lost its connection or its session: a late election may
/// cost it one or two, and so may a leader that has many expired sessions to end first.
const ATTEMPTS: u32 = 4;

/// A cluster that did not come back to life.
pub(super) struct Failed {
    pub(super) what: String,
    /// The step of a script that fails where this did.
    pub(super) demand: Step,
}

/// Ends all faults and waits until the cluster lives; why not, if it does not.
pub(super) fn recover(trial: &mut Trial) -> Option<Failed> {
    end_faults(trial);
    for step in [gather, |trial: &mut Trial| wait_until(trial, ALIVE)] {
        if step(trial).is_some() {
            dismiss_clients(trial);
            restart_servers(trial);
            if let Some(failed) = step(trial) {
                return Some(failed);
            }
        }
    }
    let client = visitor().expect("Z is a letter");
    let mut failed = None;
    for _ in 0..ATTEMPTS {
        // Whose session has expired comes anew; a client that is there refuses.
        trial.command(&Command::Client {
            client,
            action: ClientAction::Open {
                server: None,
                timeout: None,
                read_only: false,
            },
        });
        let create = Operation::Create {
            path: "/recovered".to_owned(),
            data: None,
            mode: CreateMode::PersistentSequential,
            acl: None,
        };
        trial.command(&Command::Client {
            client,
            action: ClientAction::Request(create),
        });
        failed = wait_until(trial, SERVED);
        failed.as_ref()?;
        dismiss_clients(trial);
    }
    failed
}

/// Clients that ask for more than the cluster can do are no reason to call it dead: with one entry
/// a message, sessions are opened faster than they are committed, or the log outruns a snapshot
/// that travels in pieces. They go, and the cluster has the same time once more.
fn dismiss_clients(trial: &mut Trial) {
    let clients: Vec<ClientId> = trial.world.clients().map(|(id, _)| id).collect();
    for client in clients.into_iter().filter(|id| Some(*id) != visitor()) {
        let action = ClientAction::Kill;
        trial.command(&Command::Client { client, action });
    }
}

/// With a restart of every server goes what clients that are gone had asked for and no log holds yet.
fn restart_servers(trial: &mut Trial) {
    for number in 1..=trial.world.servers() {
        let server = ServerId::new(number).into();
        trial.command(&Command::Crash { server, keep: None });
    }
    trial.command(&Command::RestartAll);
}

/// The client that comes when the cluster lives.
fn visitor() -> Option<ClientId> {
    ClientId::from_letter('Z')
}

/// Makes every server a voter again. Why that did not succeed, if it does not: for a whole
/// [`PATIENCE`] nobody came to be a member, and the member that is furthest behind got no further.
/// Members come one by one where no joint configuration is allowed, each with a log to catch up with.
fn gather(trial: &mut Trial) -> Option<Failed> {
    let everyone: Vec<ServerId> = (1..=trial.world.servers()).map(ServerId::new).collect();
    let end = trial.world.now() + PATIENCE.fraction(10, 1);
    let (mut furthest, mut deadline) = (None, trial.world.now() + PATIENCE);
    while trial.is_safe() && !are_voters(&everyone, &trial.world) {
        let now = trial.world.now();
        let come = progress(&trial.world);
        if come > furthest {
            furthest = come;
            deadline = end.min(now + PATIENCE);
        }
        if now >= deadline {
            break;
        }
        ask_for_voters(&everyone, trial);
        switch_by_membership(trial);
        let until = now + Duration::from_millis(100);
        while trial.is_safe() && trial.event(until) {}
    }
    trial.command(&Command::RestartAll);
    let voters: Vec<String> = everyone.iter().map(|id| format!("{id} voter")).collect();
    wait_until(trial, &voters.join(" and "))
}

/// Whether that is committed, and nobody goes by anything else: a change that no leader has
/// committed may yet be taken back, or be committed by the next.
fn are_voters(everyone: &[ServerId], world: &World) -> bool {
    let goes_by_it = |server: &ServerId| {
        let configuration = world.configuration_of(*server);
        configuration.is_some_and(|now| !now.is_joint() && now.voters() == everyone)
    };
    let is_committed = leader_of(world).is_some_and(|leader| has_settled(leader, world));
    is_committed && everyone.iter().all(goes_by_it)
}

/// How many members the leader's configuration has, and what all of them have committed.
fn progress(world: &World) -> Option<(usize, u64)> {
    let configuration = world.configuration_of(leader_of(world)?)?;
    let commits = configuration
        .members()
        .iter()
        .map(|member| world.server(*member).map_or(0, committed_at));
    Some((configuration.members().len(), commits.min()?))
}

/// Asks for as many of them as can become voters at once, or for any one of them. Or else, under Zab,
/// for the voters that there are: that none observe, because who observes acknowledges nothing that
/// a new configuration needs, and must leave before it can vote; and because a newer configuration
/// frees those who remember one that was proposed and is lost, and who join no leader that a quorum
/// of it does not follow (`FastLeaderElection.getVoteTracker`).
fn ask_for_voters(everyone: &[ServerId], trial: &mut Trial) {
    trial.command(&Command::LeaveJoint { via: None });
    let leader = leader_of(&trial.world);
    let now = leader.and_then(|leader| trial.world.configuration_of(leader));
    let now = now.map_or_else(Vec::new, |now| now.voters().to_vec());
    let first = (1..=everyone.len()).rev().map(|more| &everyone[..more]);
    let any = everyone.chunks(1);
    let none = (trial.world.settings().protocol == Protocol::Zab).then_some(&everyone[..0]);
    for more in first.chain(any).chain(none) {
        let voters = everyone
            .iter()
            .filter(|id| more.contains(id) || now.contains(id));
        let voters = voters.map(|id| (*id).into()).collect();
        if trial.command(&Command::Reconfigure {
            voters,
            learners: Vec::new(),
            transition: Transition::AsNeeded,
            via: None,
        }) {
            break;
        }
    }
}

/// A server that was removed and does not know it deposes every leader, unless voters are loyal
/// (dissertation §4.2.3): it stays switched off until it is a member again. Under Zab it follows, and
/// has to, or nobody could make it a member.
fn switch_by_membership(trial: &mut Trial) {
    if trial.world.settings().protocol == Protocol::Zab {
        trial.command(&Command::RestartAll);
        return;
    }
    let Some(leader) = leader_of(&trial.world) else {
        // Perhaps those that are off are needed for one.
        trial.command(&Command::RestartAll);
        return;
    };
    let configuration = trial.world.configuration_of(leader);
    let members: Vec<ServerId> = configuration.map_or_else(Vec::new, |now| now.members().to_vec());
    for number in 1..=trial.world.servers() {
        let one = ServerId::new(number);
        let world = &trial.world;
        let is_up = world.server(one).is_some();
        let is_counted_on = |by: &ServerId| {
            let configuration = world.configuration_of(*by);
            configuration.is_some_and(|now| now.contains(one))
        };
        // While the leader's own is not committed, that of other members may yet be what counts.
        let is_removed = !members.contains(&one)
            && (has_settled(leader, world) || !members.iter().any(is_counted_on));
        let server = one.into();
        if is_up && is_removed && one != leader {
            trial.command(&Command::Crash { server, keep: None });
        } else if !is_up && !is_removed {
            trial.command(&Command::Restart { server });
        }
    }
}

/// Whether a leader has committed the configuration that it goes by.
fn has_settled(leader: ServerId, world: &World) -> bool {
    let Some(server) = world.server(leader) else {
        return false;
    };
    match (server.raft(), server.zab()) {
        (Some(replica), _) => replica.configured_at() <= replica.commit_index(),
        (None, Some(replica)) => replica.membership().pending().is_none(),
        (None, None) => false,
    }
}

/// Waits until something comes about; why it did not, if it does not.
fn wait_until(trial: &mut Trial, what: &str) -> Option<Failed> {
    let line = format!("until {what} within {PATIENCE}");
    let step = parse_line(&line, 1).ok().flatten();
    let demand = step.expect("the line is well formed");
    let Step::Until { condition, .. } = &demand else {
        return None;
    };
    let deadline = trial.world.now() + PATIENCE;
    while trial.is_safe() && !holds(condition, &trial.world) {
        if !trial.event(deadline) {
            return Some(Failed {
                what: missing(condition, trial),
                demand,
            });
        }
    }
    None
}

/// Which of what was demanded is missing.
fn missing(condition: &Condition, trial: &Trial) -> String {
    let claims = condition.claims().iter();
    let missing: Vec<String> = claims
        .map(|claim| Condition::new(claim.clone(), []))
        .filter(|claim| !holds(claim, &trial.world))
        .map(|claim| format!("\"{claim}\""))
        .collect();
    let missing = missing.join(" and ");
    format!("faults have ended, and for {PATIENCE} {missing} has not come about")
}

fn end_faults(trial: &mut Trial) {
    let network = Command::Network {
        quality: Quality {
            loss: Some(Percent::NONE),
            duplicate: Some(Percent::NONE),
            reorder: Some(Percent::NONE),
            ..Quality::default()
        },
    };
    trial.command(&Command::HealAll);
    trial.command(&network);
    let held: Vec<_> = trial
        .world
        .network()
        .flying()
        .filter(|message| message.held)
        .map(|message| message.id)
        .collect();
    for message in held {
        trial.command(&Command::Release { message });
    }
    for number in 1..=trial.world.servers() {
        let server = ServerId::new(number);
        trial.command(&Command::Disk {
            server: server.into(),
            disk: Disk::Ok,
        });
        trial.command(&Command::Clock {
            server: server.into(),
            offset: None,
            drift_ppm: Some(0),
        });
    }
    trial.command(&Command::RestartAll);
}
