//! Histories made up by hand, each of which one invariant objects to: what no missing rule leads to,
//! or hardly ever.

use super::glance::ZabOutline;
use super::past::{Seen, ZabPast};
use super::{Agreement, GlobalPrimaryOrder, Integrity, LegalMessages, ZabGlance};
use crate::check::acknowledged_writes::AcknowledgedWrites;
use crate::check::exactly_once::ExactlyOnce;
use crate::check::glance::Answer;
use crate::check::past::Past;
use crate::check::{Clash, Invariant};
use crate::client::Input;
use crate::ids::{ClientId, ServerId};
use crate::server::{Protocol, Server, Ticket, ZabTxn};
use crate::sim::{Settings, World};
use crate::time::{Duration, Time};
use crate::zab::{Entry, Epoch, MessageKind, Refused};
use crate::zookeeper::{CreateMode, ErrorCode, Request, SessionId, Txn, Xid, Zxid};

const fn s(number: u16) -> ServerId {
    ServerId::new(number)
}

/// An ensemble in which S3 has delivered what one client has asked for.
fn served() -> World {
    let mut world = World::new(Settings {
        protocol: Protocol::Zab,
        ..Settings::default()
    });
    let second = Duration::from_secs(1);
    world.run_until(Time::ZERO + second * 3);
    let client = ClientId::from_letter('A').unwrap();
    world.start_client(client, Some(s(3)), None).unwrap();
    let create = Request::create("/a", None, CreateMode::Persistent);
    world.tell_client(client, Input::Request(create)).unwrap();
    world.run_until(Time::ZERO + second * 4);
    let last = world.server(s(3)).unwrap().zab().unwrap().last_zxid();
    assert_eq!(last, Zxid::new(1, 2), "a session and a znode");
    world
}

/// Looks at S3 as if it had delivered everything just now.
fn glance<'a>(world: &'a World, past: &'a ZabPast) -> ZabGlance<'a> {
    let now = ZabOutline::of(world, s(3)).unwrap();
    let before = ZabOutline {
        last: Zxid::new(1, 0),
        ..now
    };
    ZabGlance {
        world,
        past,
        server: s(3),
        before,
        now,
    }
}

/// What S3 has delivered, as somebody else's.
fn history(world: &World, by: ServerId) -> Vec<Seen> {
    let replica = world.server(s(3)).and_then(Server::zab).unwrap();
    let entries = replica.log().iter().cloned();
    entries.map(|entry| Seen { entry, by }).collect()
}

/// The same with another transaction in the last place.
fn otherwise(mut history: Vec<Seen>) -> Vec<Seen> {
    history.last_mut().unwrap().entry.txn.txn = Txn::Error(ErrorCode::NoNode);
    history
}

/// A transaction of the session 1 that came by way of `origin`.
fn entry(counter: u32, xid: i32, origin: u16, txn: Txn) -> Entry<ZabTxn> {
    let txn = ZabTxn {
        session: SessionId::new(1),
        xid: Xid::new(xid),
        time: Time::ZERO,
        origin: s(origin),
        ticket: Some(Ticket {
            boot: Time::ZERO,
            number: counter.into(),
        }),
        txn,
    };
    Entry {
        zxid: Zxid::new(1, counter),
        txn,
        configuration: None,
    }
}

fn deletes() -> Txn {
    Txn::Delete { path: "/a".into() }
}

fn text(outcome: Result<(), Clash>) -> String {
    outcome.map_or_else(|clash| clash.what, |()| "no clash".to_owned())
}

#[test]
fn integrity_is_lost_when_something_is_delivered_that_nobody_or_another_has_proposed() {
    let world = served();
    let judge = |past: &ZabPast| text(Integrity.check_zab(&glance(&world, past)));
    let history = history(&world, s(1));
    assert_eq!(judge(&ZabPast::of(history.clone(), Vec::new())), "no clash");
    assert_eq!(
        judge(&ZabPast::default()),
        "S3 delivers ⟨1, 1⟩, which nobody proposed"
    );
    assert_eq!(
        judge(&ZabPast::of(otherwise(history), Vec::new())),
        "S3 delivers ⟨1, 2⟩, and S1 proposed something else under it"
    );
}

#[test]
fn agreement_is_lost_when_two_deliver_different_transactions_under_one_zxid() {
    let world = served();
    let judge = |delivered| {
        let past = ZabPast::of(Vec::new(), delivered);
        text(Agreement.check_zab(&glance(&world, &past)))
    };
    let history = history(&world, s(1));
    assert_eq!(judge(history.clone()), "no clash");
    assert_eq!(
        judge(otherwise(history)),
        "S1 and S3 deliver different transactions under ⟨1, 2⟩"
    );
}

#[test]
fn global_primary_order_is_lost_when_an_earlier_epoch_is_delivered_after_a_later_one() {
    let (world, past) = (served(), ZabPast::default());
    let mut order = GlobalPrimaryOrder::default();
    assert_eq!(order.check_zab(&glance(&world, &past)), Ok(()));
    let mut order = GlobalPrimaryOrder::after(s(3), Zxid::new(2, 1));
    assert_eq!(
        text(order.check_zab(&glance(&world, &past))),
        "S3 delivers ⟨1, 1⟩ after ⟨2, 1⟩, of a later epoch"
    );
}

#[test]
fn legal_messages_are_lost_when_a_learner_gives_its_leader_up_over_one() {
    let (world, past) = (served(), ZabPast::default());
    let mut glance = glance(&world, &past);
    assert_eq!(LegalMessages.check_zab(&glance), Ok(()));
    glance.now.refused = Some(Refused {
        leader: s(1),
        kind: MessageKind("COMMIT"),
        zxid: Zxid::new(1, 4),
        expected: Zxid::new(1, 3),
    });
    assert_eq!(
        text(LegalMessages.check_zab(&glance)),
        "S3 cannot take the COMMIT of ⟨1, 4⟩ that S1 sent"
    );
}

#[test]
fn a_request_that_becomes_two_transactions_is_not_carried_out_exactly_once() {
    let mut once = ExactlyOnce::default();
    let failed = Txn::Error(ErrorCode::NoNode);
    for (counter, xid, txn) in [(1, 1, failed), (2, 1, deletes()), (3, 2, deletes())] {
        assert_eq!(once.take_in(s(1), &entry(counter, xid, 1, txn)), Ok(()));
    }
    assert_eq!(
        text(once.take_in(s(1), &entry(4, 1, 1, deletes()))),
        "the write of ⟨1, 2⟩ takes effect again as ⟨1, 4⟩"
    );
}

#[test]
fn a_write_that_was_answered_must_have_been_delivered_and_be_with_the_next_leaders() {
    let world = served();
    let request = Request::create("/a", None, CreateMode::Persistent);
    let hear = |writes: &mut AcknowledgedWrites, zab_past: &ZabPast, xid: i32| {
        let session = history(&world, s(3))[1].entry.txn.session;
        let answer = Answer {
            world: &world,
            past: &Past::default(),
            zab_past,
            client: ClientId::from_letter('A').unwrap(),
            session,
            server: s(3),
            xid: Xid::new(xid),
            request: &request,
            zxid: Zxid::new(1, 2),
        };
        text(writes.hear(&answer))
    };
    let mut writes = AcknowledgedWrites::default();
    let past = ZabPast::of(Vec::new(), history(&world, s(3)));
    let xid = history(&world, s(3))[1].entry.txn.xid.number();
    // What nobody was seen to deliver is looked for in the logs.
    assert_eq!(hear(&mut writes, &ZabPast::default(), xid), "no clash");
    for past in [&past, &ZabPast::default()] {
        assert_eq!(
            hear(&mut writes, past, xid + 1),
            "client A was told that `create /a` is done as ⟨1, 2⟩, and it is not"
        );
    }
    assert_eq!(hear(&mut writes, &past, xid), "no clash");
    // S1 leads the next epoch, with that in its log or without it.
    let elect = |writes: &mut AcknowledgedWrites, world: &World| {
        let now = ZabOutline::of(world, s(1)).unwrap();
        let leads = ZabOutline {
            leads: true,
            epoch: Epoch::new(9),
            ..now
        };
        let (server, before) = (s(1), now);
        text(writes.check_zab(&ZabGlance {
            world,
            past: &past,
            server,
            before,
            now: leads,
        }))
    };
    assert_eq!(elect(&mut writes, &world), "no clash");
    let empty = World::new(world.settings().clone());
    assert_eq!(
        elect(&mut writes, &empty),
        "client A was told that ⟨1, 2⟩ is done, and S1 leads without it"
    );
}
