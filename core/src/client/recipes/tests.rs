//! What locks and elections promise, while servers crash, connections break and sessions expire.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::line::number;
use super::*;
use crate::client::{Input, State};
use crate::ids::{ClientId, ServerId};
use crate::random::{Bits, Random, Stream};
use crate::sim::{Opening, Settings, World};
use crate::time::Duration;
use crate::zookeeper::Service;

/// The znode that all recipes here are about.
pub(super) const PLACE: &str = "/app/place";

/// What happens in a run.
const DEEDS: usize = 120;

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn client(position: usize) -> ClientId {
    ClientId::from_position(position).unwrap()
}

pub(super) fn call(kind: Kind) -> Call {
    Call {
        kind,
        path: PLACE.into(),
        data: None,
        number: None,
    }
}

/// A world of clients that follow recipes. `latest` is the newest state that any server had.
pub(super) struct Town {
    pub(super) world: World,
    pub(super) latest: Service,
    random: Random,
}

impl Town {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, Stream::Workload);
        let servers = [3, 3, 5][Bits(random.draw()).below(3) as usize];
        let mut world = World::new(Settings {
            servers,
            seed,
            session_timeout: ms(400),
            ..Settings::default()
        });
        world.observe(false);
        Self {
            world,
            latest: Service::new(),
            random,
        }
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        Bits(self.random.draw()).below(bound)
    }

    /// Time passes; `watch` looks at the world after every event.
    pub(super) fn pass(&mut self, time: Duration, mut watch: impl FnMut(&Self)) {
        let until = self.world.now() + time;
        while self.world.step_until(until).is_some() {
            if let Some(touched) = self.world.touched()
                && let Some(server) = self.world.server(touched.server)
                && server.service().last_zxid() > self.latest.last_zxid()
            {
                self.latest = server.service().clone();
            }
            watch(self);
        }
    }

    pub(super) fn open(&mut self, who: ClientId) {
        let opening = Opening::default();
        let _ = self.world.open_client(who, opening);
    }

    pub(super) fn tell(&mut self, who: ClientId, input: Input) {
        let _ = self.world.tell_client(who, input);
    }

    /// The recipes of a client that runs.
    pub(super) fn recipes(&self, who: ClientId) -> Vec<Running> {
        let node = self.world.client(who).filter(|node| !node.is_killed());
        node.map_or(Vec::new(), |node| {
            node.process().recipes().cloned().collect()
        })
    }

    /// Whoever holds what its recipe is for, as far as it knows.
    pub(super) fn holders(&self, clients: usize) -> Vec<(ClientId, Running)> {
        let all = (0..clients).map(client);
        all.flat_map(|who| self.recipes(who).into_iter().map(move |it| (who, it)))
            .filter(|(_, running)| running.progress() == Progress::Holds)
            .collect()
    }

    /// The names below the place, by their numbers.
    pub(super) fn line(&self) -> Vec<Arc<str>> {
        let node = self.latest.tree().get(PLACE);
        let mut names: Vec<Arc<str>> =
            node.map_or(Vec::new(), |it| it.children().cloned().collect());
        names.sort_by(|one, other| number(one).cmp(number(other)));
        names
    }

    /// Something goes wrong, or is put right.
    pub(super) fn disturb(&mut self, clients: usize) {
        let servers = self.world.nodes().len() as u64;
        let any = ServerId::from_position(self.below(servers) as usize);
        let who = client(self.below(clients as u64) as usize);
        let keep = self.below(3) as usize;
        match self.below(30) {
            0..2 => drop(self.world.crash(any, keep)),
            2..8 => drop(self.world.restart(any)),
            8..10 => drop(self.world.isolate(any.into())),
            10..12 => drop(self.world.isolate(who.into())),
            12..20 => drop(self.world.heal_all(None)),
            20..22 => drop(self.world.kill_client(who)),
            22..26 => self.tell(who, Input::MoveTo(any)),
            _ => {}
        }
    }

    /// All faults end.
    pub(super) fn mend(&mut self) {
        let _ = self.world.heal_all(None);
        for position in 0..self.world.nodes().len() {
            let _ = self.world.restart(ServerId::from_position(position));
        }
    }

    pub(super) fn is_over(&self, who: ClientId) -> bool {
        self.world.client(who).is_none_or(|node| {
            let state = node.process().state();
            node.is_killed() || matches!(state, State::Expired | State::Closed)
        })
    }
}

/// Clients come, stand in line, hold for a while and let go, among faults; `judge` looks at every
/// state. At the end everything is mended and everybody gets a turn. How often anybody held.
fn crowd(seed: u64, kinds: &[Kind], mut judge: impl FnMut(&Town)) -> usize {
    const CLIENTS: usize = 5;
    let mut town = Town::new(seed);
    let mut turns: BTreeSet<(ClientId, Zxid)> = BTreeSet::new();
    town.pass(ms(500), |_| {});
    for deed in 0..DEEDS {
        if deed == DEEDS - 40 {
            town.mend();
        }
        let pause = ms(town.below(60));
        town.pass(pause, |town| judge(town));
        for (who, running) in town.holders(CLIENTS) {
            turns.insert((who, running.token().unwrap()));
        }
        if deed < DEEDS - 40 {
            town.disturb(CLIENTS);
        }
        let who = client(town.below(CLIENTS as u64) as usize);
        if town.is_over(who) {
            town.open(who);
        }
        if town.recipes(who).iter().any(|it| it.ended.is_none()) {
            if town.below(3) == 0 {
                town.tell(who, Input::Release(PLACE.into()));
            }
        } else {
            let kind = kinds[town.below(kinds.len() as u64) as usize];
            town.tell(who, Input::Recipe(call(kind)));
        }
    }
    for _ in 0..CLIENTS * 4 {
        for (who, _) in town.holders(CLIENTS) {
            town.tell(who, Input::Release(PLACE.into()));
        }
        town.pass(ms(1_000), |town| judge(town));
    }
    for who in (0..CLIENTS).map(client) {
        for running in town.recipes(who) {
            let progress = running.progress();
            let ended = matches!(progress, Progress::Done | Progress::Failed(_));
            assert!(
                ended,
                "seed {seed}: {who} {}: {progress:?} {running:?}",
                running.call()
            );
        }
    }
    turns.len()
}

/// Who holds either is first in line, or has lost its session and does not know it yet.
fn is_first(town: &Town, running: &Running) -> bool {
    let line = town.line();
    let own = running.own().unwrap();
    !line.contains(&own) || line.first() == Some(&own)
}

#[test]
fn a_lock_has_one_holder_and_is_handed_on_in_order() {
    for kind in [Kind::Lock, Kind::RevocableLock, Kind::Election] {
        let mut turns = 0;
        for seed in 0..50 {
            let mut last = Zxid::ZERO;
            turns += crowd(seed, &[kind], |town| {
                for (who, running) in town.holders(5) {
                    assert!(
                        is_first(town, &running),
                        "seed {seed}: {who}, {:?}",
                        town.line()
                    );
                    // One whose session is over may still believe that it holds: what the lock
                    // protects knows better, by the token.
                    if town.line().contains(&running.own().unwrap()) {
                        let token = running.token().unwrap();
                        assert!(token >= last, "seed {seed}: {who} is out of turn");
                        last = token;
                    }
                }
            });
        }
        assert!(turns > 50 * 3, "{kind:?}: only {turns} turns");
    }
}

#[test]
fn readers_share_a_lock_and_a_writer_has_it_alone() {
    let (mut turns, mut together) = (0, 0);
    for seed in 0..50 {
        let kinds = match seed % 2 {
            0 => [Kind::ReadLock, Kind::WriteLock],
            _ => [Kind::RevocableReadLock, Kind::RevocableWriteLock],
        };
        turns += crowd(seed, &kinds, |town| {
            let line = town.line();
            let holders = town.holders(5);
            for (who, running) in &holders {
                let own = running.own().unwrap();
                let Some(place) = line.iter().position(|name| *name == own) else {
                    continue;
                };
                let ahead = &line[..place];
                let alone = match running.call().kind {
                    Kind::ReadLock | Kind::RevocableReadLock => {
                        !ahead.iter().any(|name| shared_lock::writes(name))
                    }
                    _ => ahead.is_empty(),
                };
                assert!(alone, "seed {seed}: {who} holds {own} behind {ahead:?}");
            }
            together = together.max(holders.len());
        });
    }
    assert!(turns > 50 * 3, "only {turns} turns");
    assert!(together > 1, "readers never share");
}

/// A town without faults, and so many clients that have begun a recipe one after the other.
fn queue_up(kind: Kind, clients: usize) -> Town {
    let mut town = Town::new(1);
    town.pass(ms(500), |_| {});
    for who in (0..clients).map(client) {
        town.open(who);
        town.tell(who, Input::Recipe(call(kind)));
        town.pass(ms(300), |_| {});
    }
    town
}

fn told(town: &Town, who: ClientId) -> usize {
    town.world.client(who).unwrap().process().notices().count()
}

#[test]
fn who_lets_go_wakes_one_and_no_other() {
    for kind in [Kind::Lock, Kind::Election, Kind::WriteLock] {
        let mut town = queue_up(kind, 5);
        assert_eq!(town.holders(5)[0].0, client(0));
        town.tell(client(0), Input::Release(PLACE.into()));
        town.pass(ms(300), |_| {});
        let holders: Vec<ClientId> = town.holders(5).into_iter().map(|it| it.0).collect();
        assert_eq!(holders, [client(1)]);
        let told: Vec<usize> = (0..5).map(|who| told(&town, client(who))).collect();
        assert_eq!(told, [0, 1, 0, 0, 0], "{kind:?}");
    }
}

#[test]
fn a_lock_of_one_that_is_killed_is_free_when_its_session_expires() {
    let mut town = queue_up(Kind::Lock, 2);
    town.world.kill_client(client(0)).unwrap();
    town.pass(ms(200), |_| {});
    assert_eq!(town.holders(2).len(), 0);
    town.pass(ms(800), |_| {});
    assert_eq!(town.holders(2)[0].0, client(1));
}

#[test]
fn a_revocable_lock_is_given_up_when_it_is_asked_for() {
    let mut town = queue_up(Kind::RevocableLock, 2);
    let own = town.recipes(client(0))[0].own().unwrap();
    let wish = Request::Set {
        path: format!("{PLACE}/{own}").into(),
        data: Some(revocable_lock::WISH.into()),
        version: crate::zookeeper::ANY_VERSION,
    };
    town.tell(client(1), Input::Request(wish));
    town.pass(ms(300), |_| {});
    assert_eq!(town.recipes(client(0))[0].progress(), Progress::Done);
    assert_eq!(town.holders(2)[0].0, client(1));
}

#[test]
fn of_a_shared_lock_each_gives_up_what_is_asked_of_it_and_no_more() {
    let mut town = queue_up(Kind::RevocableReadLock, 3);
    town.open(client(3));
    town.tell(client(3), Input::Recipe(call(Kind::RevocableWriteLock)));
    town.pass(ms(300), |_| {});
    let holders = |town: &Town| -> Vec<ClientId> {
        town.holders(4).into_iter().map(|(who, _)| who).collect()
    };
    assert_eq!(holders(&town), [0, 1, 2].map(client), "they read together");
    for reader in 0..3 {
        let own = town.recipes(client(reader))[0].own().unwrap();
        let wish = Request::Set {
            path: format!("{PLACE}/{own}").into(),
            data: Some(revocable_lock::WISH.into()),
            version: crate::zookeeper::ANY_VERSION,
        };
        town.tell(client(3), Input::Request(wish));
        town.pass(ms(300), |_| {});
        let left: Vec<ClientId> = match reader {
            0 => [1, 2].map(client).to_vec(),
            1 => vec![client(2)],
            _ => vec![client(3)],
        };
        assert_eq!(holders(&town), left);
    }
    // Anything else that is written into the znode asks for nothing.
    let own = town.recipes(client(3))[0].own().unwrap();
    let note = Request::Set {
        path: format!("{PLACE}/{own}").into(),
        data: Some("hurry".into()),
        version: crate::zookeeper::ANY_VERSION,
    };
    town.tell(client(0), Input::Request(note));
    town.pass(ms(300), |_| {});
    assert_eq!(holders(&town), [client(3)]);
}

#[test]
fn a_holder_without_connection_is_sure_of_nothing() {
    let mut town = queue_up(Kind::Lock, 1);
    town.world.isolate(client(0).into()).unwrap();
    town.pass(ms(330), |_| {});
    assert_eq!(town.recipes(client(0))[0].progress(), Progress::Unsure);
    town.world.heal_all(None).unwrap();
    town.pass(ms(1_500), |_| {});
    let progress = town.recipes(client(0))[0].progress();
    assert_eq!(progress, Progress::Failed(ErrorCode::SessionExpired));
}

#[test]
fn a_simple_lock_has_one_holder_and_wakes_everybody() {
    let mut turns = 0;
    for seed in 0..50 {
        turns += crowd(seed, &[Kind::SimpleLock], |town| {
            let node = town.latest.tree().get(&format!("{PLACE}/lock"));
            let now = node.map(|node| node.stat().czxid);
            let holders = town.holders(5);
            let rightful = |it: &&(ClientId, Running)| it.1.token() == now;
            assert!(holders.iter().filter(rightful).count() <= 1, "seed {seed}");
            for (who, running) in holders {
                // One whose session is over may still believe that it holds.
                let token = running.token();
                assert!(now.is_none() || token <= now, "seed {seed}: {who} is early");
            }
        });
    }
    assert!(turns > 50 * 3, "only {turns} turns");
    let mut town = queue_up(Kind::SimpleLock, 5);
    town.tell(client(0), Input::Release(PLACE.into()));
    town.pass(ms(300), |_| {});
    assert_eq!(town.holders(5).len(), 1);
    let told: Vec<usize> = (0..5).map(|who| told(&town, client(who))).collect();
    assert_eq!(told, [0, 1, 1, 1, 1], "a herd");
}
