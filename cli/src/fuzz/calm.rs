//! All faults end, and the cluster must come back to life: a leader within a bounded time, every
//! server caught up with it, and a client served.

use quorumscope_core::ids::{ClientId, ServerId};
use quorumscope_core::raft::Transition;
use quorumscope_core::script::{
    ClientAction, Command, Condition, Disk, Operation, Percent, Quality, ServerRef, Step, holds,
    parse_line,
};
use quorumscope_core::time::Duration;
use quorumscope_core::view::leader_of;
use quorumscope_core::zookeeper::CreateMode;

use super::trial::Trial;

/// How long each part of recovery may take in simulated time: many election timeouts, so that an
/// unlucky row of split votes is not taken for a cluster that is stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// What must come about before a client comes.
const ALIVE: &str = "leader and caught up";

/// What must come about once it has asked for something.
const SERVED: &str = "client Z answered ok";

/// How often a client asks again after it lost its connection: a late election may cost it one or
/// two.
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
    if let Some(failed) = gather(trial) {
        return Some(failed);
    }
    if let Some(failed) = wait_until(trial, ALIVE) {
        return Some(failed);
    }
    let client = ClientId::from_letter('Z').expect("Z is a letter");
    let open = ClientAction::Open {
        server: None,
        timeout: None,
        read_only: false,
    };
    trial.command(&Command::Client {
        client,
        action: open,
    });
    let mut failed = None;
    for _ in 0..ATTEMPTS {
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
    }
    failed
}

/// Makes every server a voter again: one that was removed and does not know it disturbs the others
/// for ever. Why that did not succeed, if it does not.
fn gather(trial: &mut Trial) -> Option<Failed> {
    let everyone: Vec<ServerId> = (1..=trial.world.servers()).map(ServerId::new).collect();
    // What is not committed may be taken back.
    let is_done = |trial: &Trial| {
        let leader = leader_of(&trial.world).and_then(|leader| trial.world.server(leader));
        leader.is_some_and(|leader| {
            let replica = leader.replica();
            let now = replica.configuration();
            let is_committed = replica.configured_at() <= replica.commit_index();
            is_committed && !now.is_joint() && now.voters() == everyone
        })
    };
    let deadline = trial.world.now() + PATIENCE;
    while trial.is_safe() && !is_done(trial) && trial.world.now() < deadline {
        trial.command(&Command::LeaveJoint { via: None });
        for one_more in (0..everyone.len()).rev() {
            // Where no joint configuration is allowed, voters come back one by one.
            let leader = leader_of(&trial.world);
            let now = leader.and_then(|leader| trial.world.configuration_of(leader));
            let voters = everyone.iter().enumerate().filter(|(position, server)| {
                *position <= one_more || now.as_ref().is_some_and(|now| now.is_voter(**server))
            });
            let voters: Vec<ServerRef> = voters.map(|(_, server)| (*server).into()).collect();
            if trial.command(&Command::Reconfigure {
                voters,
                learners: Vec::new(),
                transition: Transition::AsNeeded,
                via: None,
            }) {
                break;
            }
        }
        let until = trial.world.now() + Duration::from_millis(100);
        while trial.is_safe() && trial.event(until) {}
    }
    let voters: Vec<String> = everyone.iter().map(|id| format!("{id} voter")).collect();
    wait_until(trial, &voters.join(" and "))
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
