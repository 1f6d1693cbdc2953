use super::super::fixture::{A, B, Rig, create, create_as, delete, set};
use super::*;
use crate::zookeeper::{Acl, AclEntry, CreateMode, Data, Identity};

#[test]
fn reads_look_the_string_up_and_change_nothing() {
    let mut rig = Rig::new();
    rig.run(A, create_as("/t/b", CreateMode::Ephemeral))
        .unwrap();
    rig.run(A, create("/t/a")).unwrap();
    let before = rig.service.clone();
    let stat = rig.stat("/t");
    assert_eq!(rig.read(&Request::exists("/t")), Ok(Response::Stat(stat)));
    let names = vec!["a".into(), "b".into()];
    assert_eq!(
        rig.read(&Request::children("/t")),
        Ok(Response::Children { names, stat })
    );
    for bad in ["/t/x", "/t/x/y", "t", "/t/", "/t/."] {
        let missing = Err(ErrorCode::NoNode);
        assert_eq!(rig.read(&Request::exists(bad)), missing);
        assert_eq!(rig.read(&Request::get(bad)), missing);
        assert_eq!(rig.read(&Request::children(bad)), missing);
    }
    let sync = Request::Sync { path: "/t".into() };
    for not_a_read in [create("/t/c"), delete("/t/a", -1), set("/t", "x", -1), sync] {
        assert_eq!(rig.read(&not_a_read), Err(ErrorCode::Unimplemented));
    }
    assert_eq!(rig.service, before);
}

/// `/t/secret`, which bob may administer, eve may read and nobody else sees.
fn secret(rig: &mut Rig) -> [Identities; 3] {
    let known = |credential| {
        let mut identities = Identities::of_address([127, 0, 0, 1]);
        identities.prove("digest", credential, None).unwrap();
        identities
    };
    let entry = |bits, credential| AclEntry {
        perms: Perms::from_bits(bits),
        identity: Identity::from_password(credential),
    };
    let acl = Acl::new([entry(31, "bob:b"), entry(1, "eve:e")]);
    let request = Request::Create {
        path: "/t/secret".into(),
        data: Some(Data::from("42")),
        acl,
        mode: CreateMode::Persistent,
    };
    rig.run(A, request).unwrap();
    ["bob:b", "eve:e", "mallory:m"].map(known)
}

#[test]
fn to_read_a_znode_takes_the_right_and_to_learn_that_it_exists_takes_none() {
    let mut rig = Rig::new();
    let [_, eve, mallory] = secret(&mut rig);
    let path: Arc<str> = "/t/secret".into();
    for request in [
        Request::get("/t/secret"),
        Request::children("/t/secret"),
        Request::AllChildrenNumber { path: path.clone() },
        Request::GetAcl { path },
    ] {
        assert!(rig.service.read(&request, A, &eve).is_ok());
        let found = rig.service.read(&request, A, &mallory);
        assert_eq!(found, Err(ErrorCode::NoAuth), "{request}");
    }
    let exists = Request::exists("/t/secret");
    assert!(rig.service.read(&exists, A, &mallory).is_ok());
}

#[test]
fn hashes_of_passwords_are_shown_to_those_only_who_may_set_the_list() {
    let mut rig = Rig::new();
    let [bob, eve, _] = secret(&mut rig);
    let ids = |caller: &Identities| {
        let path = "/t/secret".into();
        match rig.service.read(&Request::GetAcl { path }, A, caller) {
            Ok(Response::Acl { acl, .. }) => {
                let ids = acl.entries().iter().map(|it| it.identity.id.to_string());
                ids.collect::<Vec<_>>()
            }
            other => panic!("no list: {other:?}"),
        }
    };
    assert_eq!(ids(&eve), ["bob:x", "eve:x"]);
    assert_eq!(ids(&bob)[0], *Identity::from_password("bob:b").id);
}

#[test]
fn a_session_is_shown_its_own_ephemerals_by_how_their_paths_begin() {
    let mut rig = Rig::new();
    for path in ["/t/e1", "/t/e2", "/u"] {
        rig.run(A, create_as(path, CreateMode::Ephemeral)).unwrap();
    }
    rig.run(B, create_as("/t/other", CreateMode::Ephemeral))
        .unwrap();
    let paths = |prefix: &str| {
        let prefix = prefix.into();
        match rig.read(&Request::Ephemerals { prefix }) {
            Ok(Response::Paths(paths)) => paths,
            other => panic!("no paths: {other:?}"),
        }
    };
    assert_eq!(paths("/t"), ["/t/e1".into(), "/t/e2".into()]);
    assert_eq!(paths("/t/e2"), ["/t/e2".into()]);
    for all in ["/", "", " "] {
        assert_eq!(paths(all).len(), 3);
    }
    assert_eq!(paths("/x"), []);
}

#[test]
fn several_reads_are_answered_each_for_itself() {
    let mut rig = Rig::new();
    rig.run(A, create("/t/a")).unwrap();
    let requests = [
        Request::get("/t/missing"),
        Request::children("/t"),
        Request::get("/t/a"),
    ];
    let Ok(Response::MultiRead(replies)) = rig.read(&Request::MultiRead(requests.clone().into()))
    else {
        panic!("refused");
    };
    assert_eq!(replies, requests.map(|request| rig.read(&request)));
    assert_eq!(replies[0], Err(ErrorCode::NoNode));
    let stranger = Request::MultiRead([Request::get("/t"), Request::exists("/t")].into());
    assert_eq!(rig.read(&stranger), Err(ErrorCode::MarshallingError));
}

#[test]
fn the_empty_text_names_the_root_where_a_path_is_looked_up() {
    let rig = Rig::new();
    assert_eq!(
        rig.read(&Request::exists("")),
        rig.read(&Request::exists("/"))
    );
    assert_eq!(rig.read(&Request::get("")), rig.read(&Request::get("/")));
}
