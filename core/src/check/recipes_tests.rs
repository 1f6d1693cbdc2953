//! What clients that follow recipes together may not come to.

use super::history::History;
use super::recipes::{Part, Scene};
use super::{Invariant, Monitor, OneDecision, QueueElements};
use crate::client::Input;
use crate::client::recipes::{Call, Kind, Running};
use crate::ids::ClientId;
use crate::sim::{Opening, Settings, World};
use crate::time::Duration;
use crate::zookeeper::{Request, Rules};

const PLACE: &str = "/app/place";

/// A server and clients at a recipe, watched.
struct Stage {
    world: World,
    monitor: Monitor,
}

impl Stage {
    fn new(rules: Rules) -> Self {
        let mut world = World::new(Settings {
            servers: 1,
            service_rules: rules,
            ..Settings::default()
        });
        world.observe(false);
        let monitor = Monitor::new(&world);
        let mut stage = Self { world, monitor };
        stage.pass(1_000);
        stage
    }

    fn pass(&mut self, millis: u64) {
        let until = self.world.now() + Duration::from_millis(millis);
        while self.world.step_until(until).is_some() {
            self.monitor.after_event(&self.world);
        }
    }

    fn tell(&mut self, letter: char, input: Input) {
        let client = client(letter);
        if self.world.client(client).is_none() {
            self.world.open_client(client, Opening::default()).unwrap();
        }
        self.world.tell_client(client, input).unwrap();
        self.monitor.after_command(&self.world);
        self.pass(300);
    }

    fn begin(&mut self, letter: char, kind: Kind, data: &str) {
        let data = (!data.is_empty()).then(|| data.into());
        let call = Call {
            kind,
            path: PLACE.into(),
            data,
            number: None,
        };
        self.tell(letter, Input::Recipe(call));
    }

    fn violated(&self) -> Vec<&'static str> {
        let violations = self.monitor.violations().iter();
        violations.map(|violation| violation.invariant).collect()
    }

    fn running(&self, letter: char) -> Running {
        let node = self.world.client(client(letter)).unwrap();
        node.process().recipes().next().unwrap().clone()
    }
}

fn client(letter: char) -> ClientId {
    ClientId::from_letter(letter).unwrap()
}

/// One recipe has come from `before` to `running`, in the tree of a stage.
fn scene<'a>(
    stage: &'a Stage,
    history: &'a History,
    letter: char,
    before: Option<&'a Running>,
    running: &'a Running,
) -> Scene<'a> {
    let node = &stage.world.nodes()[0];
    let part = Part {
        client: client(letter),
        server: node.id(),
        alive: true,
        running,
        before,
        changed: true,
    };
    Scene {
        tree: node.server().unwrap().service().tree(),
        parts: vec![part],
        history,
    }
}

#[test]
fn two_holders_of_one_lock_are_found() {
    for (count_every_create, found) in [(true, &[][..]), (false, &["lock_holders"][..])] {
        let mut stage = Stage::new(Rules {
            count_every_create,
            ..Rules::default()
        });
        stage.begin('A', Kind::Lock, "");
        stage.begin('B', Kind::Lock, "");
        stage.tell('A', Input::Release(PLACE.into()));
        // Without the rule C's number is B's.
        stage.begin('C', Kind::Lock, "");
        let violated = stage.violated();
        let of_recipes: Vec<_> = violated
            .into_iter()
            .filter(|name| *name == "lock_holders")
            .collect();
        assert_eq!(of_recipes, found);
    }
}

#[test]
fn readers_may_hold_together_and_a_lock_may_change_hands() {
    let mut stage = Stage::new(Rules::default());
    for letter in ['A', 'B'] {
        stage.begin(letter, Kind::ReadLock, "");
    }
    stage.begin('C', Kind::WriteLock, "");
    for letter in ['A', 'B', 'C'] {
        stage.tell(letter, Input::Release(PLACE.into()));
    }
    for letter in ['A', 'B'] {
        stage.begin(letter, Kind::SimpleLock, "");
        stage.tell(letter, Input::Release(PLACE.into()));
    }
    assert_eq!(stage.violated(), Vec::<&str>::new());
}

#[test]
fn an_element_that_two_consumers_have_is_found() {
    let mut stage = Stage::new(Rules::default());
    stage.begin('A', Kind::Produce, "x");
    stage.begin('B', Kind::Consume, "");
    assert_eq!(stage.running('B').found(), ["x"]);
    assert_eq!(stage.violated(), Vec::<&str>::new());
    // What B was like as it claimed the element, and afterwards.
    let mut stage = Stage::new(Rules::default());
    stage.begin('A', Kind::Produce, "x");
    let mut claiming = None;
    let consumer = Call {
        kind: Kind::Consume,
        path: PLACE.into(),
        data: None,
        number: None,
    };
    stage
        .world
        .open_client(client('B'), Opening::default())
        .unwrap();
    stage
        .world
        .tell_client(client('B'), Input::Recipe(consumer))
        .unwrap();
    for _ in 0..3_000 {
        stage.pass(1);
        let running = stage.running('B');
        if running.claims().is_some() {
            claiming = Some(running);
        } else if claiming.is_some() {
            break;
        }
    }
    let (claiming, done) = (claiming.unwrap(), stage.running('B'));
    let history = History::new(&stage.world);
    let mut invariant = QueueElements::default();
    for letter in ['B', 'C'] {
        let begins = scene(&stage, &history, letter, None, &claiming);
        assert_eq!(invariant.attend(&begins), Ok(()));
    }
    let first = scene(&stage, &history, 'B', Some(&claiming), &done);
    assert_eq!(invariant.attend(&first), Ok(()));
    let second = scene(&stage, &history, 'C', Some(&claiming), &done);
    let clash = invariant.attend(&second).unwrap_err();
    assert!(
        clash
            .what
            .starts_with("client C and client B have both taken /app/place/queue-")
    );
}

#[test]
fn an_element_that_is_gone_though_nobody_took_it_is_found() {
    let mut stage = Stage::new(Rules::default());
    stage.begin('A', Kind::Produce, "x");
    let running = stage.running('A');
    let history = History::new(&stage.world);
    let mut invariant = QueueElements::default();
    let there = scene(&stage, &history, 'A', None, &running);
    assert_eq!(invariant.attend(&there), Ok(()));
    let empty = Stage::new(Rules::default());
    let gone = scene(&empty, &history, 'A', None, &running);
    let clash = invariant.attend(&gone).unwrap_err();
    assert!(clash.what.ends_with("which client A has put in, is lost"));
    // Whoever deletes it by hand loses nothing.
    let element = format!("{PLACE}/{}", running.own().unwrap());
    let delete = Request::Delete {
        path: element.as_str().into(),
        version: -1,
    };
    stage.tell('B', Input::Request(delete));
    stage.begin('B', Kind::Produce, "y");
    assert_eq!(stage.violated(), Vec::<&str>::new());
}

#[test]
fn two_decisions_of_one_choice_are_found() {
    let stages = ["x", "y"].map(|value| {
        let mut stage = Stage::new(Rules::default());
        stage.begin('A', Kind::Consensus, value);
        assert_eq!(stage.running('A').found(), [value]);
        stage
    });
    let history = History::new(&stages[0].world);
    let mut invariant = OneDecision::default();
    let learnt = stages.each_ref().map(|stage| stage.running('A'));
    let first = scene(&stages[0], &history, 'A', None, &learnt[0]);
    assert_eq!(invariant.attend(&first), Ok(()));
    assert_eq!(invariant.attend(&first), Ok(()));
    let second = scene(&stages[1], &history, 'B', None, &learnt[1]);
    let clash = invariant.attend(&second).unwrap_err();
    assert_eq!(
        clash.what,
        "client B has learnt \"y\" at /app/place, and client A \"x\""
    );
}
