//! What clients can do about the ensemble.

use super::zab_tests::{a, ask, b, elected, follower, open, pass, s, until, zab};
use super::*;
use crate::client::Input;
use crate::ids::ServerId;
use crate::server::Protocol;
use crate::zookeeper::{ErrorCode, EventKind, Reconfig, Reply, Request, Response, Zxid, path};

/// An ensemble that clients may change, if they are the one who may.
fn open_to_change(servers: u16) -> Settings {
    let zab = zab(servers);
    Settings {
        superuser: Some("super:secret"),
        zab: crate::zab::Settings {
            reconfig: true,
            ..zab.zab
        },
        ..zab
    }
}

fn change(joining: &[u16], leaving: &[u16]) -> Reconfig {
    let ids = |numbers: &[u16]| numbers.iter().copied().map(s).collect();
    Reconfig {
        joining: ids(joining),
        leaving: ids(leaving),
        ..Reconfig::default()
    }
}

fn ask_for(world: &mut World, change: Reconfig) -> Reply {
    ask(world, a(), Request::Reconfig(change.into()))
}

fn prove(world: &mut World) {
    let proof = Request::AddAuth {
        scheme: "digest".into(),
        credential: "super:secret".into(),
    };
    assert_eq!(ask(world, a(), proof), Ok(Response::Done));
}

/// The text of an answer, and the version and the zxid that its stat says.
fn told(reply: Reply) -> (String, i32, Zxid) {
    match reply {
        Ok(Response::Data {
            data: Some(data),
            stat,
        }) => {
            let text = String::from_utf8(data.bytes().to_vec()).unwrap();
            (text, stat.version, stat.mzxid)
        }
        other => panic!("{other:?}"),
    }
}

fn votes_everywhere(world: &World, server: ServerId) -> bool {
    world.nodes().iter().all(|node| {
        let configuration = world.configuration_of(node.id());
        configuration.is_some_and(|it| it.is_voter(server))
    })
}

#[test]
fn a_client_makes_a_server_a_voter_and_every_server_tells_of_it() {
    let (mut world, leader) = elected(open_to_change(3));
    open(&mut world, a(), follower(leader));
    prove(&mut world);
    world.add_server(s(4)).unwrap();
    pass(&mut world, 1_000);
    let (text, version, zxid) = told(ask_for(&mut world, change(&[4], &[])));
    let last = format!(
        "server.4=S4:2888:3888:participant;2181\nversion={:x}",
        zxid.number()
    );
    assert!(text.starts_with("server.1=S1:"), "{text}");
    assert!(text.ends_with(&last), "{text}");
    assert_eq!(version, -1);
    until(&mut world, |world| votes_everywhere(world, s(4)));
    open(&mut world, b(), s(4));
    let read = ask(&mut world, b(), Request::get(path::CONFIG));
    assert_eq!(told(read), (text, version, zxid));
    // The next change can say which configuration it follows.
    let mut next = change(&[], &[4]);
    next.from = Some(zxid);
    let (text, _, later) = told(ask_for(&mut world, next));
    assert!(!text.contains("server.4"), "{text}");
    assert!(later > zxid);
}

#[test]
fn who_watches_the_configuration_is_told_of_a_change_whoever_makes_it() {
    let (mut world, leader) = elected(open_to_change(4));
    open(&mut world, a(), leader);
    open(&mut world, b(), leader);
    prove(&mut world);
    let gone = follower(leader);
    let watched = |world: &mut World| {
        let path = path::CONFIG.into();
        ask(world, b(), Request::Get { path, watch: true }).unwrap();
    };
    let events = |world: &World| {
        let notices = world.client(b()).unwrap().process().notices();
        let of_config = notices.filter(|it| &*it.event.path == path::CONFIG);
        of_config
            .filter(|it| it.event.kind == EventKind::NodeDataChanged)
            .count()
    };
    watched(&mut world);
    told(ask_for(&mut world, change(&[], &[gone.number()])));
    until(&mut world, |world| events(world) == 1);
    watched(&mut world);
    let operators = crate::raft::Reconfiguration {
        voters: (1..=4).map(s).collect(),
        learners: vec![],
        transition: crate::raft::Transition::default(),
    };
    world.reconfigure(leader, operators).unwrap();
    until(&mut world, |world| events(world) == 2);
}

#[test]
fn what_follows_an_operators_change_is_decided_as_if_it_were_there() {
    let (mut world, leader) = elected(open_to_change(4));
    open(&mut world, a(), leader);
    prove(&mut world);
    let set = Request::Set {
        path: path::CONFIG.into(),
        data: None,
        version: -1,
    };
    world.tell_client(a(), Input::Request(set)).unwrap();
    // The request is at the leader before the change is committed.
    pass(&mut world, 3);
    let gone = follower(leader);
    let operators = crate::raft::Reconfiguration {
        voters: (1..=4).map(s).filter(|id| *id != gone).collect(),
        learners: vec![],
        transition: crate::raft::Transition::default(),
    };
    world.reconfigure(leader, operators).unwrap();
    until(&mut world, |world| {
        world.client(a()).unwrap().process().waiting() == 0
    });
    let process = world.client(a()).unwrap().process();
    let (_, reply) = process.operations().last().unwrap().answer.clone().unwrap();
    match reply {
        Ok(Response::Stat(stat)) => assert_eq!(stat.version, 0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_check_that_fails_names_the_error_of_a_reconfig() {
    let (mut world, leader) = elected(open_to_change(5));
    let away: Vec<_> = (1..=5).map(s).filter(|id| *id != leader).take(2).collect();
    open(&mut world, a(), leader);
    for server in &away {
        world.crash(*server, 0).unwrap();
    }
    pass(&mut world, 1_000);
    let members = |members: &[ServerId]| Reconfig {
        members: members.to_vec(),
        ..Reconfig::default()
    };
    let stale = Reconfig {
        from: Some(Zxid::new(7, 7)),
        ..members(&[leader])
    };
    for (change, outcome) in [
        (stale, ErrorCode::BadVersion),
        (members(&[leader]), ErrorCode::BadArguments),
        (members(&away), ErrorCode::NewConfigNoQuorum),
        // Who may not is told so last of all.
        (change(&[], &[]), ErrorCode::NoAuth),
    ] {
        assert_eq!(
            ask_for(&mut world, change.clone()),
            Err(outcome),
            "{change}"
        );
    }
}

#[test]
fn changes_of_the_ensemble_come_one_at_a_time() {
    let (mut world, leader) = elected(open_to_change(4));
    open(&mut world, a(), leader);
    prove(&mut world);
    let gone = follower(leader);
    let first = Request::Reconfig(change(&[], &[gone.number()]).into());
    world.tell_client(a(), Input::Request(first)).unwrap();
    let second = ask_for(&mut world, change(&[gone.number()], &[]));
    assert_eq!(second, Err(ErrorCode::ReconfigInProgress));
    let process = world.client(a()).unwrap().process();
    let answers = process.operations().map(|it| it.answer.clone().unwrap().1);
    let answers: Vec<_> = answers.collect();
    assert!(answers[answers.len() - 2].is_ok(), "{answers:?}");
}

#[test]
fn a_server_that_stands_alone_changes_no_ensemble() {
    let (mut world, leader) = elected(open_to_change(1));
    open(&mut world, a(), leader);
    prove(&mut world);
    let refused = ask_for(&mut world, change(&[], &[]));
    assert_eq!(refused, Err(ErrorCode::Unimplemented));
}

#[test]
fn where_clients_may_not_change_the_ensemble_they_are_told_so() {
    for protocol in [Protocol::Raft, Protocol::Zab] {
        let (mut world, leader) = elected(Settings { protocol, ..zab(3) });
        open(&mut world, a(), leader);
        let refused = ask_for(&mut world, change(&[2], &[]));
        assert_eq!(refused, Err(ErrorCode::ReconfigDisabled));
        let read = ask(&mut world, a(), Request::get(path::CONFIG));
        assert_eq!(told(read).0, "");
    }
}

#[test]
fn a_server_that_is_not_there_cannot_be_asked_for() {
    let (mut world, leader) = elected(open_to_change(3));
    open(&mut world, a(), leader);
    let wish = Request::Reconfig(change(&[9], &[]).into());
    assert!(world.tell_client(a(), Input::Request(wish)).is_err());
    let wish = Request::Reconfig(change(&[], &[9]).into());
    assert!(world.tell_client(a(), Input::Request(wish)).is_ok());
}
