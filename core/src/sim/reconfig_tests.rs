//! What clients can do about the ensemble.

use super::zab_tests::{a, ask, b, elected, follower, open, pass, s, until, zab};
use super::*;
use crate::client::Input;
use crate::ids::ServerId;
use crate::server::Protocol;
use crate::zookeeper::{ErrorCode, EventKind, Reconfig, Reply, Request, Response, Zxid, path};

const BOTH: [Protocol; 2] = [Protocol::Raft, Protocol::Zab];

/// An ensemble that clients may change, if they are the one who may.
fn open_to_change(protocol: Protocol, servers: u16) -> Settings {
    Settings {
        superuser: Some("super:secret"),
        reconfig: true,
        protocol,
        ..zab(servers)
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
    for protocol in BOTH {
        makes_a_server_a_voter(open_to_change(protocol, 3));
    }
}

fn makes_a_server_a_voter(settings: Settings) {
    let (mut world, leader) = elected(settings);
    open(&mut world, a(), follower(leader));
    prove(&mut world);
    world.add_server(s(4)).unwrap();
    pass(&mut world, 1_000);
    // Of the first configuration the znode says version 0.
    let mut first = change(&[4], &[]);
    first.from = Some(Zxid::ZERO);
    let (text, version, zxid) = told(ask_for(&mut world, first));
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
    for protocol in BOTH {
        tells_who_watches(open_to_change(protocol, 4));
    }
}

fn tells_who_watches(settings: Settings) {
    let (mut world, leader) = elected(settings);
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
    let voters = (1..=4).map(s).filter(|id| *id != gone);
    let operators = crate::raft::Reconfiguration {
        voters: voters.collect(),
        learners: vec![gone],
        transition: crate::raft::Transition::default(),
    };
    world.reconfigure(leader, operators).unwrap();
    until(&mut world, |world| events(world) == 2);
}

#[test]
fn what_follows_an_operators_change_is_decided_as_if_it_were_there() {
    let (mut world, leader) = elected(open_to_change(Protocol::Zab, 4));
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
    for protocol in BOTH {
        let (mut world, leader) = elected(open_to_change(protocol, 5));
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
            let refused = ask_for(&mut world, change.clone());
            assert_eq!(refused, Err(outcome), "{protocol}: {change}");
        }
    }
}

#[test]
fn changes_of_the_ensemble_come_one_at_a_time() {
    for protocol in BOTH {
        let (mut world, leader) = elected(open_to_change(protocol, 4));
        open(&mut world, a(), leader);
        open(&mut world, b(), leader);
        prove(&mut world);
        let gone = follower(leader);
        let first = Request::Reconfig(change(&[], &[gone.number()]).into());
        world.tell_client(a(), Input::Request(first)).unwrap();
        pass(&mut world, 1);
        // That it may not ask for anything would be said later.
        let second = Request::Reconfig(change(&[gone.number()], &[]).into());
        let refused = ask(&mut world, b(), second);
        assert_eq!(refused, Err(ErrorCode::ReconfigInProgress), "{protocol}");
        until(&mut world, |world| {
            world.client(a()).unwrap().process().waiting() == 0
        });
        let process = world.client(a()).unwrap().process();
        let (_, first) = process.operations().last().unwrap().answer.clone().unwrap();
        assert!(first.is_ok(), "{protocol}: {first:?}");
    }
}

#[test]
fn a_server_that_stands_alone_changes_no_ensemble_and_keeps_no_account_of_one() {
    for protocol in BOTH {
        let (mut world, leader) = elected(open_to_change(protocol, 1));
        open(&mut world, a(), leader);
        prove(&mut world);
        let refused = ask_for(&mut world, change(&[], &[]));
        assert_eq!(refused, Err(ErrorCode::Unimplemented), "{protocol}");
        let read = ask(&mut world, a(), Request::get(path::CONFIG));
        assert_eq!(told(read), (String::new(), 0, Zxid::ZERO));
    }
}

#[test]
fn servers_of_an_ensemble_tell_who_belongs_to_it_and_let_nobody_change_it_unless_that_is_allowed() {
    for protocol in BOTH {
        let settings = Settings {
            reconfig: false,
            ..open_to_change(protocol, 2)
        };
        let (mut world, leader) = elected(settings);
        open(&mut world, a(), leader);
        prove(&mut world);
        // Nothing else that is wrong with it is looked at.
        let stale = Reconfig {
            from: Some(Zxid::new(7, 7)),
            ..change(&[], &[])
        };
        let refused = ask_for(&mut world, stale);
        assert_eq!(refused, Err(ErrorCode::ReconfigDisabled));
        let read = ask(&mut world, a(), Request::get(path::CONFIG));
        let text = "server.1=S1:2888:3888:participant;2181\n\
                    server.2=S2:2888:3888:participant;2181\nversion=0";
        assert_eq!(told(read), (text.to_owned(), -1, Zxid::ZERO));
    }
}

#[test]
fn a_server_that_is_not_there_cannot_be_asked_for() {
    for protocol in BOTH {
        let (mut world, leader) = elected(open_to_change(protocol, 3));
        open(&mut world, a(), leader);
        let wish = Request::Reconfig(change(&[9], &[]).into());
        assert!(world.tell_client(a(), Input::Request(wish)).is_err());
        let wish = Request::Reconfig(change(&[], &[9]).into());
        assert!(world.tell_client(a(), Input::Request(wish)).is_ok());
    }
}

#[test]
fn a_change_that_changes_nothing_is_a_new_version_all_the_same() {
    for protocol in BOTH {
        let (mut world, leader) = elected(open_to_change(protocol, 3));
        open(&mut world, a(), follower(leader));
        prove(&mut world);
        let (_, _, first) = told(ask_for(&mut world, change(&[], &[])));
        let (text, _, second) = told(ask_for(&mut world, change(&[2], &[9])));
        assert!(first < second, "{protocol}");
        let version = format!("version={:x}", second.number());
        assert!(text.ends_with(&version), "{protocol}: {text}");
    }
}

/// The zxids of what client A was told last.
fn last_zxids<const N: usize>(world: &World) -> [Zxid; N] {
    let process = world.client(a()).unwrap().process();
    let answers = process.operations().map(|it| it.answer.clone().unwrap().1);
    let zxids = answers.map(|reply| match reply {
        Ok(Response::Data { stat, .. } | Response::Stat(stat)) => stat.mzxid,
        _ => Zxid::ZERO,
    });
    let zxids: Vec<_> = zxids.collect();
    zxids[zxids.len() - N..].try_into().unwrap()
}

#[test]
fn what_a_client_writes_behind_a_change_of_the_ensemble_comes_after_it() {
    for protocol in BOTH {
        let (mut world, leader) = elected(open_to_change(protocol, 4));
        open(&mut world, a(), follower(leader));
        prove(&mut world);
        // Perhaps not there: a server that knows of no leader yet sends its clients away.
        let home = world.reach_of(a()).unwrap().server;
        let mut others = (1..=4).map(s).filter(|id| ![leader, home].contains(id));
        let gone = others.next();
        let first = Request::Reconfig(change(&[], &[gone.unwrap().number()]).into());
        let second = Request::Set {
            path: "/".into(),
            data: None,
            version: -1,
        };
        for request in [first, second.clone(), Request::get(path::CONFIG), second] {
            world.tell_client(a(), Input::Request(request)).unwrap();
        }
        until(&mut world, |world| {
            world.client(a()).unwrap().process().waiting() == 0
        });
        let [first, second, read, third] = last_zxids(&world);
        let seen = [first, second, third];
        assert!(Zxid::ZERO < first, "{protocol}: {seen:?}");
        assert!(
            seen.is_sorted_by(|one, next| one < next),
            "{protocol}: {seen:?}"
        );
        assert_eq!(read, first, "{protocol}");
    }
}

fn wishes(world: &World, server: ServerId) -> bool {
    let service = world.server(server).unwrap().service();
    service.ensemble().wish().is_some()
}

#[test]
fn a_change_that_a_dead_leader_left_behind_is_brought_about_by_the_next_and_its_client_is_told() {
    let (mut world, leader) = elected(open_to_change(Protocol::Raft, 4));
    world.add_server(s(5)).unwrap();
    let origin = follower(leader);
    open(&mut world, a(), origin);
    prove(&mut world);
    // Who shall vote does not answer yet, so that the change takes its time.
    world.pause(s(5)).unwrap();
    let wish = Request::Reconfig(change(&[5], &[]).into());
    world.tell_client(a(), Input::Request(wish)).unwrap();
    until(&mut world, |world| {
        (1..=4).all(|server| wishes(world, s(server)))
    });
    world.crash(leader, 0).unwrap();
    world.resume(s(5)).unwrap();
    until(&mut world, |world| votes_among(world, s(5), leader));
    until(&mut world, |world| !wishes(world, origin));
    let service = world.server(origin).unwrap().service();
    assert!(service.ensemble().members().voters().any(|id| id == s(5)));
    // The connection ended with the leader, so nobody waits; but the next change can come.
    until(&mut world, |world| {
        world.client(a()).unwrap().process().state() == crate::client::State::Connected
    });
    prove(&mut world);
    assert!(ask_for(&mut world, change(&[], &[5])).is_ok());
}

fn votes_among(world: &World, server: ServerId, but: ServerId) -> bool {
    let others = world.nodes().iter().filter(|node| node.id() != but);
    others.into_iter().all(|node| {
        let configuration = world.configuration_of(node.id());
        configuration.is_some_and(|it| it.is_voter(server))
    })
}

#[test]
fn where_voters_come_and_go_one_at_a_time_a_change_of_several_takes_as_many_steps() {
    let settings = Settings {
        membership: crate::raft::Membership::SingleServer,
        ..open_to_change(Protocol::Raft, 4)
    };
    let (mut world, leader) = elected(settings);
    open(&mut world, a(), leader);
    prove(&mut world);
    for server in [5, 6] {
        world.add_server(s(server)).unwrap();
    }
    let gone = follower(leader);
    let wish = change(&[5, 6], &[gone.number()]);
    let (text, _, zxid) = told(ask_for(&mut world, wish));
    assert_eq!(text.matches("participant").count(), 5, "{text}");
    assert!(text.contains("server.6=") && !text.contains(&format!("server.{}=", gone.number())));
    let ensemble = world.server(leader).unwrap().service().ensemble();
    assert_eq!(ensemble.version(), zxid);
}

#[test]
fn who_watches_is_told_of_newcomers_when_they_vote_and_not_while_they_learn() {
    let (mut world, leader) = elected(open_to_change(Protocol::Raft, 3));
    open(&mut world, a(), leader);
    open(&mut world, b(), leader);
    prove(&mut world);
    world.add_server(s(4)).unwrap();
    let path = path::CONFIG.into();
    ask(&mut world, b(), Request::Get { path, watch: true }).unwrap();
    let (_, _, zxid) = told(ask_for(&mut world, change(&[4], &[])));
    pass(&mut world, 100);
    let process = world.client(b()).unwrap().process();
    let told: Vec<_> = process.notices().map(|it| it.zxid).collect();
    assert_eq!(told, [Some(zxid)]);
}
