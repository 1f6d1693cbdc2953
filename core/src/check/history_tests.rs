//! What a history makes of the end of a session.

use super::Monitor;
use crate::client::{Input, State};
use crate::ids::{ClientId, EventId, ServerId};
use crate::server::Protocol;
use crate::sim::{Settings, World};
use crate::time::Duration;
use crate::view::leader_of;
use crate::zookeeper::{CreateMode, Request, SessionId};

fn a() -> ClientId {
    ClientId::from_letter('A').unwrap()
}

fn b() -> ClientId {
    ClientId::from_letter('B').unwrap()
}

/// Three servers and their leader, A connected to it and with an ephemeral, and B connected to
/// another.
struct Run {
    world: World,
    monitor: Monitor,
    leader: ServerId,
    others: Vec<ServerId>,
}

impl Run {
    fn new(protocol: Protocol) -> Self {
        let world = World::new(Settings {
            protocol,
            servers: 3,
            ..Settings::default()
        });
        let monitor = Monitor::new(&world);
        let leader = ServerId::new(1);
        let others = Vec::new();
        let mut run = Self {
            world,
            monitor,
            leader,
            others,
        };
        run.pass(1_500);
        run.leader = leader_of(&run.world).unwrap();
        let servers = (1..=3).map(ServerId::new);
        run.others = servers.filter(|id| *id != run.leader).collect();
        for (client, server) in [(a(), run.leader), (b(), run.others[0])] {
            run.world.start_client(client, Some(server), None).unwrap();
        }
        run.pass(200);
        run.ask(a(), Request::create("/e", None, CreateMode::Ephemeral));
        run
    }

    fn pass(&mut self, millis: u64) {
        let until = self.world.now() + Duration::from_millis(millis);
        while self.world.step_until(until).is_some() {
            self.monitor.after_event(&self.world);
        }
    }

    /// A client asks for what the servers do.
    fn ask(&mut self, client: ClientId, request: Request) {
        let input = Input::Request(request);
        self.world.tell_client(client, input).unwrap();
        self.monitor.after_command(&self.world);
        self.pass(200);
        let process = self.world.client(client).unwrap().process();
        let last = process.operations().last().unwrap();
        let answer = last.answer.as_ref().map(|(_, reply)| reply);
        assert!(answer.is_some_and(Result::is_ok), "{answer:?}");
    }

    fn session(&self) -> SessionId {
        let process = self.world.client(a()).unwrap().process();
        process.session().unwrap().session
    }

    fn is(&self, client: ClientId, state: State) -> bool {
        self.world.client(client).unwrap().process().state() == state
    }

    /// When, as the history has it, A could own nothing any more.
    fn end(&self) -> Option<EventId> {
        let mut lifetimes = self.monitor.history.lifetimes();
        let (_, life) = lifetimes.find(|((client, _), _)| *client == a()).unwrap();
        life.until
    }
}

#[test]
fn who_is_told_under_raft_that_its_session_is_over_owns_nothing_any_more() {
    let mut run = Run::new(Protocol::Raft);
    run.world.isolate(a().into()).unwrap();
    run.pass(2_000);
    assert_eq!(run.end(), None, "nobody has told it");
    run.world.heal_all(None).unwrap();
    run.pass(1_500);
    assert!(run.is(a(), State::Expired));
    assert!(run.end().is_some());
}

/// The leader proposes the end of A's session, tells A, and is lost with what it has proposed. The
/// next one gives A's session its full time again.
#[test]
fn who_is_told_under_zab_that_its_session_is_over_may_still_own_what_it_had() {
    let mut run = Run::new(Protocol::Zab);
    let (leader, session) = (run.leader, run.session());
    run.world.isolate(a().into()).unwrap();
    let server = run.world.server(leader).unwrap();
    let deadline = server.session_deadline(session).unwrap();
    let left = deadline.since(run.world.now()).as_micros() / 1_000;
    run.pass(left - 20);
    for other in run.others.clone() {
        run.world.cut(leader.into(), other.into(), false).unwrap();
    }
    run.pass(22);
    run.world.heal(a().into(), leader.into(), true).unwrap();
    run.world.tell_client(a(), Input::MoveTo(leader)).unwrap();
    run.pass(50);
    assert!(run.is(a(), State::Expired));
    let service = run.world.server(run.others[0]).unwrap().service();
    assert!(service.session(session).is_some(), "it is not committed");
    assert_eq!(run.end(), None);

    run.world.crash(leader, 0).unwrap();
    while leader_of(&run.world).is_none() || !run.is(b(), State::Connected) {
        run.pass(10);
    }
    let delete = Request::Delete {
        path: "/e".into(),
        version: -1,
    };
    run.ask(b(), delete);
    run.monitor.at_end(&run.world);
    assert_eq!(run.monitor.violations(), []);
}
