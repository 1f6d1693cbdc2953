use super::super::fixture::{A, B, PASSWORD, Rig, TIMEOUT, create, create_as, delete, set};
use super::*;
use crate::ids::ServerId;
use crate::time::{Duration, Time};
use crate::zookeeper::{Acl, CreateMode, Data, MultiFailure, Owner, Password, Request, Xid};

use CreateMode::{Ephemeral, EphemeralSequential, PersistentSequential};

fn get(rig: &Rig, path: &str) -> Reply {
    rig.read(&Request::get(path))
}

fn children(rig: &Rig, path: &str) -> Vec<String> {
    match rig.read(&Request::children(path)) {
        Ok(Response::Children { names, .. }) => names.iter().map(ToString::to_string).collect(),
        other => panic!("no children: {other:?}"),
    }
}

#[test]
fn a_new_znode_carries_its_transaction_and_touches_only_its_parent() {
    let mut rig = Rig::new();
    let root = rig.stat("/");
    let parent = rig.stat("/t");
    let reply = rig.run(A, create_as("/t/e", Ephemeral));
    let now = rig.last_zxid();
    let stat = rig.stat("/t/e");
    assert_eq!(
        reply,
        Ok(Response::Created {
            path: "/t/e".into(),
            stat: Some(stat)
        })
    );
    assert_eq!([stat.czxid, stat.mzxid, stat.pzxid], [now; 3]);
    assert_eq!([stat.version, stat.cversion, stat.aversion], [0; 3]);
    assert_eq!(stat.owner, Some(A));
    assert_eq!(stat.ctime, Time::from_millis(now.counter().into()));
    assert_eq!(stat.mtime, stat.ctime);
    let expected = Stat {
        pzxid: now,
        cversion: 1,
        num_children: 1,
        ..parent
    };
    assert_eq!(rig.stat("/t"), expected);
    assert_eq!(rig.stat("/"), root);
}

#[test]
fn a_delete_touches_only_the_parent_and_leaves_its_data_stamp_alone() {
    let mut rig = Rig::new();
    rig.run(A, create("/t/a")).unwrap();
    let before = rig.stat("/t");
    assert_eq!(rig.run(B, delete("/t/a", 0)), Ok(Response::Deleted));
    let expected = Stat {
        pzxid: rig.last_zxid(),
        cversion: 2,
        num_children: 0,
        ..before
    };
    assert_eq!(rig.stat("/t"), expected);
    assert_eq!(get(&rig, "/t/a"), Err(ErrorCode::NoNode));
}

#[test]
fn a_set_moves_the_data_stamp_and_version_even_when_the_bytes_are_the_same() {
    let mut rig = Rig::new();
    let before = rig.stat("/t");
    for version in 0..2 {
        let reply = rig.run(A, set("/t", "same", version));
        let stat = rig.stat("/t");
        assert_eq!(reply, Ok(Response::Stat(stat)));
        let expected = Stat {
            mzxid: rig.last_zxid(),
            mtime: Time::from_millis(rig.last_zxid().counter().into()),
            version: version + 1,
            data_length: 4,
            ..before
        };
        assert_eq!(stat, expected);
    }
}

#[test]
fn a_failed_write_takes_a_zxid_and_changes_nothing_else() {
    let mut rig = Rig::new();
    let tree = rig.service.tree().clone();
    let before = rig.service.last_zxid();
    assert_eq!(rig.run(A, create("/t")), Err(ErrorCode::NodeExists));
    assert_eq!(rig.service.tree(), &tree);
    assert!(rig.service.last_zxid() > before);
    assert_eq!(rig.changes, []);
}

#[test]
fn no_data_and_empty_data_are_told_apart() {
    let mut rig = Rig::new();
    rig.run(A, Request::create("/t/null", None, CreateMode::Persistent))
        .unwrap();
    rig.run(A, create("/t/empty")).unwrap();
    let data = |path| match get(&rig, path) {
        Ok(Response::Data { data, stat }) => (data, stat.data_length),
        other => panic!("no data: {other:?}"),
    };
    assert_eq!(data("/t/null"), (None, 0));
    assert_eq!(data("/t/empty"), (Some(Data::from("")), 0));
}

#[test]
fn a_znode_that_is_deleted_and_created_again_starts_from_version_zero() {
    let mut rig = Rig::new();
    rig.run(A, create("/t/a")).unwrap();
    rig.run(A, create("/t/a/b")).unwrap();
    rig.run(A, delete("/t/a/b", 0)).unwrap();
    rig.run(A, set("/t/a", "x", 0)).unwrap();
    rig.run(A, delete("/t/a", 1)).unwrap();
    rig.run(A, create("/t/a")).unwrap();
    let stat = rig.stat("/t/a");
    assert_eq!(
        (stat.version, stat.cversion, stat.czxid),
        (0, 0, rig.last_zxid())
    );
    assert!(rig.run(B, set("/t/a", "y", 0)).is_ok());
}

#[test]
fn the_counter_starts_at_zero_and_every_create_advances_it_whatever_its_name() {
    let mut rig = Rig::new();
    assert_eq!(
        &*rig.created(A, create_as("/t/s-", PersistentSequential)),
        "/t/s-0000000000"
    );
    rig.created(A, create("/t/plain"));
    assert_eq!(
        &*rig.created(B, create_as("/t/", EphemeralSequential)),
        "/t/0000000002"
    );
    rig.run(A, delete("/t/plain", -1)).unwrap();
    assert_eq!(
        rig.run(A, create("/t/s-0000000000")),
        Err(ErrorCode::NodeExists)
    );
    rig.run(A, create("/t/missing/x")).unwrap_err();
    assert_eq!(
        &*rig.created(A, create_as("/t/..", PersistentSequential)),
        "/t/..0000000003"
    );
}

#[test]
fn a_taken_sequential_name_is_refused_until_some_other_create_moves_the_counter() {
    let mut rig = Rig::new();
    rig.created(A, create("/t/s-0000000001"));
    for _ in 0..3 {
        let reply = rig.run(A, create_as("/t/s-", PersistentSequential));
        assert_eq!(reply, Err(ErrorCode::NodeExists));
    }
    rig.created(A, create("/t/other"));
    let path = rig.created(A, create_as("/t/s-", PersistentSequential));
    assert_eq!(&*path, "/t/s-0000000002");
}

#[test]
fn the_counter_overflows_to_negative_numbers() {
    let mut rig = Rig::new();
    rig.service.tree.set_creates("/t", i32::MAX);
    for name in ["2147483647", "-2147483648", "-2147483647"] {
        let path = rig.created(A, create_as("/t/", PersistentSequential));
        assert_eq!(*path, *format!("/t/{name}"));
    }
}

#[test]
fn a_session_takes_its_ephemerals_along_in_one_transaction() {
    let mut rig = Rig::new();
    for name in ["/t/a", "/t/b"] {
        rig.run(A, create_as(name, Ephemeral)).unwrap();
    }
    rig.run(A, create("/t/stays")).unwrap();
    rig.run(B, create_as("/t/other", Ephemeral)).unwrap();
    rig.changes.clear();
    let expiry = Update::CloseSession { expired: true };
    assert_eq!(rig.execute(A, expiry), Ok(Response::SessionClosed));
    assert_eq!(children(&rig, "/t"), ["other", "stays"]);
    let parent = rig.stat("/t");
    assert_eq!((parent.pzxid, parent.cversion), (rig.last_zxid(), 6));
    let deleted = |path: &str| Change::Deleted { path: path.into() };
    assert_eq!(rig.changes, [deleted("/t/a"), deleted("/t/b")]);
    assert_eq!(rig.service.session(A), None);
    assert_eq!(rig.service.tree().ephemerals(A).count(), 0);
}

#[test]
fn an_ephemeral_created_again_by_another_session_survives_the_close_of_the_first() {
    let mut rig = Rig::new();
    rig.run(A, create_as("/t/m", Ephemeral)).unwrap();
    let taken = rig.run(B, create_as("/t/m", Ephemeral));
    assert_eq!(taken, Err(ErrorCode::NodeExists));
    rig.run(B, delete("/t/m", -1)).unwrap();
    rig.run(B, create_as("/t/m", Ephemeral)).unwrap();
    rig.close(A).unwrap();
    assert_eq!(rig.stat("/t/m").owner, Some(B));
}

#[test]
fn only_the_password_resumes_a_session_and_a_wrong_one_tells_nothing() {
    let mut rig = Rig::new();
    let attach = |rig: &mut Rig, password| {
        let timeout = Duration::from_secs(2);
        rig.execute(A, Update::AttachSession { timeout, password })
    };
    let wrong = Password::new([0; 16]);
    assert_eq!(attach(&mut rig, wrong), Err(ErrorCode::SessionExpired));
    assert_eq!(rig.service.session(A).unwrap().timeout(), TIMEOUT);
    attach(&mut rig, PASSWORD).unwrap();
    assert_eq!(
        rig.service.session(A).unwrap().timeout(),
        Duration::from_secs(2)
    );
    rig.close(A).unwrap();
    assert_eq!(attach(&mut rig, PASSWORD), Err(ErrorCode::SessionExpired));
}

#[test]
fn opening_a_session_twice_answers_twice_and_opens_it_once() {
    let mut rig = Rig::new();
    rig.run(A, create("/t/a")).unwrap();
    let before = rig.service.session(A).cloned();
    let again = Ok(Response::SessionCreated { timeout: TIMEOUT });
    assert_eq!(rig.open(A), again);
    assert_eq!(rig.service.session(A).cloned(), before);
}

#[test]
fn a_write_that_arrives_twice_is_carried_out_once_and_answered_alike() {
    let mut rig = Rig::new();
    for request in [
        create_as("/t/s-", PersistentSequential),
        set("/t", "x", 0),
        delete("/t/missing", -1),
    ] {
        let first = rig.command(A, Update::Write(request));
        let reply = rig.carry_out(&first, Rig::zxid(&first));
        let tree = rig.service.tree().clone();
        rig.changes.clear();
        let later = Zxid::new(2, first.xid.number() as u32);
        assert_eq!(rig.service.remembered(&first), Some(reply.clone()));
        let again = rig.carry_out(&first, later);
        assert_eq!(again, reply);
        assert_eq!(rig.service.tree(), &tree);
        assert_eq!(rig.changes, []);
        assert_eq!(rig.service.last_zxid(), later);
    }
}

#[test]
fn the_same_xid_of_another_session_is_another_write() {
    let mut rig = Rig::new();
    let mine = rig.command(A, Update::Write(create("/t/a")));
    let theirs = Command {
        session: B,
        ..mine.clone()
    };
    rig.carry_out(&mine, Rig::zxid(&mine)).unwrap();
    let reply = rig.carry_out(&theirs, Rig::zxid(&mine));
    assert_eq!(reply, Err(ErrorCode::NodeExists));
}

#[test]
fn a_write_overtaken_by_a_later_one_is_not_carried_out_any_more() {
    let mut rig = Rig::new();
    let early = rig.command(A, Update::Write(create("/t/early")));
    rig.run(A, create("/t/late")).unwrap();
    let reply = rig.carry_out(&early, rig.last_zxid());
    assert_eq!(reply, Err(ErrorCode::ConnectionLoss));
    assert_eq!(children(&rig, "/t"), ["late"]);
}

#[test]
fn a_sync_goes_through_the_log_looks_at_no_path_and_changes_no_znode() {
    let mut rig = Rig::new();
    let tree = rig.service.tree().clone();
    for path in ["/t", "/missing", "/t/.", ""] {
        let path: std::sync::Arc<str> = path.into();
        let reply = rig.run(A, Request::Sync { path: path.clone() });
        assert_eq!(reply, Ok(Response::Synced { path }));
    }
    assert_eq!(rig.service.tree(), &tree);
    assert_eq!(rig.changes, []);
    rig.close(A).unwrap();
    let path = "/t".into();
    let reply = rig.run(A, Request::Sync { path });
    assert_eq!(reply, Err(ErrorCode::SessionExpired));
}

#[test]
fn changes_are_told_in_the_order_in_which_they_happened() {
    let mut rig = Rig::new();
    rig.run(A, create("/t/a")).unwrap();
    rig.run(A, set("/t/a", "x", 0)).unwrap();
    rig.run(A, delete("/t/a", 1)).unwrap();
    let path: std::sync::Arc<str> = "/t/a".into();
    assert_eq!(
        rig.changes,
        [
            Change::Created { path: path.clone() },
            Change::DataChanged { path: path.clone() },
            Change::Deleted { path },
        ]
    );
}

#[test]
fn an_expiry_is_no_duplicate_though_no_client_numbered_it() {
    let mut rig = Rig::new();
    let mut expiry = rig.command(A, Update::CloseSession { expired: true });
    expiry.xid = Xid::ZERO;
    let reply = rig.carry_out(&expiry, rig.last_zxid());
    assert_eq!(reply, Ok(Response::SessionClosed));
}

#[test]
fn an_access_control_list_is_set_without_touching_the_data_stamp() {
    let mut rig = Rig::new();
    let before = rig.stat("/t");
    let set = |acl: Acl, version| Request::SetAcl {
        path: "/t".into(),
        acl,
        version,
    };
    let reply = rig.run(A, set(Acl::read_only(), 0));
    let expected = Stat {
        aversion: 1,
        ..before
    };
    assert_eq!(reply, Ok(Response::Stat(expected)));
    assert_eq!(rig.stat("/t"), expected);
    assert_eq!(rig.changes, []);
    assert_eq!(rig.run(A, set(Acl::open(), -1)), Err(ErrorCode::NoAuth));
}

#[test]
fn a_multi_is_one_transaction_whose_operations_see_each_other() {
    let mut rig = Rig::new();
    let reply = rig.multi(
        A,
        [
            create("/t/a"),
            create_as("/t/a/s-", PersistentSequential),
            create_as("/t/c", CreateMode::Container),
            set("/t/a", "x", 0),
            Request::Check {
                path: "/t/a".into(),
                version: 1,
            },
            delete("/t/a/s-0000000000", 0),
        ],
    );
    let now = rig.last_zxid();
    let Ok(Response::Multi(responses)) = reply else {
        panic!("refused: {reply:?}");
    };
    let plain = |path: &str| Response::Created {
        path: path.into(),
        stat: None,
    };
    assert_eq!(responses[0], plain("/t/a"));
    assert_eq!(responses[1], plain("/t/a/s-0000000000"));
    assert!(
        matches!(&responses[2], Response::Created { stat: Some(stat), .. }
        if stat.owner.is_none())
    );
    assert!(matches!(&responses[3], Response::Stat(stat)
        if stat.version == 1 && stat.num_children == 1 && stat.mzxid == now));
    assert_eq!(responses[4..], [Response::Checked, Response::Deleted]);
    let container = rig.service.tree().get("/t/c").unwrap();
    assert_eq!(container.owner(), Owner::Container);
    assert_eq!(children(&rig, "/t"), ["a", "c"]);
    assert_eq!(rig.stat("/t").pzxid, now);
    assert_eq!(rig.changes.len(), 5);
}

#[test]
fn a_multi_that_fails_does_nothing_and_says_where_it_failed() {
    let mut rig = Rig::new();
    let tree = rig.service.tree().clone();
    let before = rig.service.last_zxid();
    let reply = rig.multi(
        A,
        [
            set("/t", "x", 0),
            create_as("/t/s-", PersistentSequential),
            delete("/t/none", -1),
            create("/t/c"),
        ],
    );
    let failure = MultiFailure {
        operations: 4,
        failed: 2,
        code: ErrorCode::NoNode,
    };
    assert_eq!(reply, Ok(Response::MultiFailed(failure)));
    assert_eq!(rig.service.tree(), &tree);
    assert_eq!(rig.changes, []);
    assert!(rig.service.last_zxid() > before);
    assert_eq!(rig.multi(A, []), Ok(Response::Multi(Vec::new())));
}

#[test]
fn a_container_is_swept_once_it_had_a_child_and_has_none() {
    let mut rig = Rig::new();
    rig.run(A, create_as("/t/c", CreateMode::Container))
        .unwrap();
    rig.run(A, create_as("/t/unused", CreateMode::Container))
        .unwrap();
    assert_eq!(rig.sweep("/t/c"), Err(ErrorCode::BadVersion));
    rig.run(A, create("/t/c/k")).unwrap();
    assert_eq!(rig.sweep("/t/c"), Err(ErrorCode::NotEmpty));
    rig.run(A, delete("/t/c/k", -1)).unwrap();
    let due: Vec<_> = rig.service.tree().sweepable(Time::ZERO).cloned().collect();
    assert_eq!(due, ["/t/c".into()]);
    assert_eq!(rig.sweep("/t/c"), Ok(Response::Deleted));
    assert_eq!(rig.sweep("/t/unused"), Err(ErrorCode::BadVersion));
    assert_eq!(rig.sweep("/t"), Err(ErrorCode::NotEmpty));
    assert_eq!(rig.sweep("/t/c"), Err(ErrorCode::NoNode));
}

#[test]
fn a_life_begins_anew_with_every_set_and_ends_only_without_children() {
    let mut rig = Rig::new();
    let mode = CreateMode::PersistentWithTtl(10);
    rig.run(A, create_as("/t/x", mode)).unwrap();
    let born = rig.stat("/t/x").mtime;
    let due = |rig: &Rig, after: u64| {
        let at = rig.stat("/t/x").mtime + Duration::from_millis(after);
        rig.service.tree().sweepable(at).count()
    };
    assert_eq!([due(&rig, 10), due(&rig, 11)], [0, 1]);
    rig.run(A, set("/t/x", "1", -1)).unwrap();
    assert!(rig.stat("/t/x").mtime > born);
    assert_eq!([due(&rig, 10), due(&rig, 11)], [0, 1]);
    rig.run(A, create("/t/x/k")).unwrap();
    assert_eq!(due(&rig, 1_000), 0);
    // It was due when the leader looked, and was set before the sweep came through the log.
    rig.run(A, delete("/t/x/k", -1)).unwrap();
    assert_eq!(rig.sweep("/t/x"), Err(ErrorCode::BadVersion));
}

#[test]
fn a_write_by_way_of_a_server_that_the_client_has_left_is_refused_and_forgotten() {
    let mut rig = Rig::new();
    let mut late = rig.command(A, Update::Write(create("/t/late")));
    late.origin = ServerId::new(2);
    let zxid = Rig::zxid(&late);
    let moved = Err(ErrorCode::SessionMoved);
    assert_eq!(rig.carry_out(&late, zxid), moved);
    assert_eq!(rig.service.remembered(&late), None);
    let move_away = Command {
        update: Update::AttachSession {
            timeout: TIMEOUT,
            password: PASSWORD,
        },
        ..late.clone()
    };
    rig.carry_out(&move_away, zxid).unwrap();
    assert_eq!(rig.run(A, create("/t/x")), moved);
    assert!(rig.carry_out(&late, zxid).is_ok());
    // The end of a session may be asked for anywhere: nothing comes after it.
    assert!(rig.close(A).is_ok());
    assert!(rig.service.session(A).is_none());
}

#[test]
fn a_closed_session_is_not_revived_by_a_late_double_of_what_opened_it() {
    let mut rig = Rig::new();
    let (first, second) = (SessionId::new(7 << 56), SessionId::new((7 << 56) + 1));
    rig.open(first).unwrap();
    rig.open(second).unwrap();
    rig.open(first).unwrap();
    rig.close(first).unwrap();
    assert_eq!(rig.open(first), Err(ErrorCode::SessionExpired));
    assert!(rig.service.session(first).is_none());
    rig.open(SessionId::new(6 << 56)).unwrap();
    rig.open(second.next()).unwrap();
}
