//! Transactions installed again, on states that hold some of their effects already.

use super::fixture::{PASSWORD, Rig, TIMEOUT, create_as, delete, set};
use super::{Change, CreateMode, DataTree, Pending, Request, Service, SessionId, Txn, TxnHeader};
use super::{Update, service};
use crate::digest::Digest;
use crate::random::{Bits, Random, Stream};

const STEPS: usize = 120;

/// Mostly persistent, so that trees grow deep.
const MODES: [CreateMode; 8] = [
    CreateMode::Persistent,
    CreateMode::Persistent,
    CreateMode::Persistent,
    CreateMode::Persistent,
    CreateMode::Persistent,
    CreateMode::Ephemeral,
    CreateMode::EphemeralSequential,
    CreateMode::PersistentSequential,
];

/// A run: the transactions and the state before each of them, and after the last.
struct Run {
    txns: Vec<(TxnHeader, Txn)>,
    states: Vec<Service>,
}

fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[below(random, from.len())]
}

fn below(random: &mut Random, bound: usize) -> usize {
    Bits(random.draw()).below(bound as u64) as usize
}

/// A few names at three depths, so that creates and deletes meet again and again.
fn random_path(random: &mut Random) -> String {
    let depth = below(random, 3) + 1;
    (0..depth).map(|_| pick(random, &["/a", "/b"])).collect()
}

fn random_update(random: &mut Random) -> Update {
    let path = random_path(random);
    let version = pick(random, &[-1, -1, 0, 1]);
    let mode = pick(random, &MODES);
    Update::Write(match below(random, 20) {
        0 => return Update::CloseSession { expired: false },
        1..=2 => {
            return Update::CreateSession {
                timeout: TIMEOUT,
                password: PASSWORD,
            };
        }
        3 => {
            return Update::AttachSession {
                timeout: TIMEOUT * (1 + below(random, 3) as u64),
                password: PASSWORD,
            };
        }
        4..=11 => create_as(&path, mode),
        12..=16 => delete(&path, version),
        _ => set(&path, "x", version),
    })
}

fn random_run(seed: u64) -> Run {
    let mut random = Random::new(seed, Stream::Workload);
    let mut rig = Rig::new();
    let mut run = Run {
        txns: Vec::new(),
        states: vec![rig.service.clone()],
    };
    // Three servers, each with the last session that it opened.
    let mut sessions = [1, 2, 3].map(|server: i64| SessionId::new(server << 56));
    for _ in 0..STEPS {
        let latest = &mut sessions[below(&mut random, 3)];
        let update = random_update(&mut random);
        if matches!(update, Update::CreateSession { .. }) && rig.service.session(*latest).is_none()
        {
            *latest = latest.next();
        }
        let command = rig.command(*latest, update);
        let txn = rig.service.prepare(&Pending::default(), &command);
        let header = Rig::header(&command);
        let _ = rig.service.apply(&header, &txn, &mut Vec::new());
        run.txns.push((header, txn));
        run.states.push(rig.service.clone());
    }
    run
}

fn replay(state: &mut Service, txns: &[(TxnHeader, Txn)]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (header, txn) in txns {
        let _ = state.apply(header, txn, &mut changes);
    }
    changes
}

fn assert_same(found: &Service, expected: &Service, seed: u64) {
    assert_eq!(found, expected, "seed {seed}");
    assert_eq!(Digest::of(found), Digest::of(expected), "seed {seed}");
}

#[test]
fn a_transaction_applied_twice_in_a_row_is_applied_once() {
    for seed in 0..50 {
        let run = random_run(seed);
        for (position, txn) in run.txns.iter().enumerate() {
            let mut after = run.states[position + 1].clone();
            replay(&mut after, std::slice::from_ref(txn));
            assert_same(&after, &run.states[position + 1], seed);
        }
    }
}

#[test]
fn replaying_what_a_state_already_has_leads_back_to_that_state() {
    for seed in 0..200 {
        let run = random_run(seed);
        let from = seed as usize % STEPS;
        let mut state = run.states[STEPS].clone();
        replay(&mut state, &run.txns[from..]);
        assert_same(&state, &run.states[STEPS], seed);
    }
}

#[test]
fn a_replay_over_a_snapshot_of_many_moments_ends_in_the_state_that_never_failed() {
    for seed in 0..500 {
        let run = random_run(seed);
        let mut random = Random::new(seed, Stream::Network);
        let begun = below(&mut random, STEPS);
        let ended = begun + below(&mut random, STEPS + 1 - begun);
        let mut moment = || begun + below(&mut random, ended + 1 - begun);
        let sessions = run.states[moment()].clone();
        let trees: Vec<&DataTree> = run.states.iter().map(Service::tree).collect();
        let tree = DataTree::fuzzy(&trees, |_| moment());
        let mut state = service::fuzzy(sessions, tree, run.states[begun].last_zxid());
        replay(&mut state, &run.txns[begun..]);
        assert_same(&state, &run.states[STEPS], seed);
    }
}

/// Without this the tests above would prove nothing.
#[test]
fn the_runs_reach_what_makes_a_replay_hard() {
    let (mut recreated, mut swept, mut nested) = (0, 0, 0);
    for seed in 0..200 {
        let mut seen = std::collections::BTreeSet::new();
        for (_, txn) in &random_run(seed).txns {
            match txn {
                Txn::Create { path, .. } => {
                    recreated += usize::from(!seen.insert(path.clone()));
                    nested += usize::from(path.matches('/').count() > 2);
                }
                Txn::CloseSession { ephemerals } => swept += ephemerals.len(),
                _ => {}
            }
        }
    }
    assert!(
        recreated > 200 && swept > 100 && nested > 200,
        "{recreated} {swept} {nested}"
    );
}

#[test]
fn a_late_delete_spares_the_znode_that_took_the_name_since() {
    let mut rig = Rig::new();
    let apply = |rig: &mut Rig, request: Request| {
        let command = rig.command(super::fixture::A, Update::Write(request));
        let txn = rig.service.prepare(&Pending::default(), &command);
        let header = Rig::header(&command);
        let _ = rig.service.apply(&header, &txn, &mut Vec::new());
        (header, txn)
    };
    apply(&mut rig, create_as("/t/a", CreateMode::Persistent));
    let removal = apply(&mut rig, delete("/t/a", -1));
    apply(&mut rig, create_as("/t/a", CreateMode::Persistent));
    let before = rig.service.clone();
    assert_eq!(replay(&mut rig.service, &[removal]), []);
    assert_eq!(rig.service, before);
}
