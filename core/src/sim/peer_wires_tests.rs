//! What a connection between servers promises, with servers that say only what a test has them say.

use super::*;
use crate::ids::{Endpoint, MessageId, ServerId};
use crate::server::{Input, PeerMessage};
use crate::time::{Duration, Time};
use crate::zab::Channel;
use crate::zookeeper::SessionId;

const fn s(number: u16) -> ServerId {
    ServerId::new(number)
}

/// S1 dials S2 as its leader.
const END: PeerEnd = PeerEnd::new(s(1), s(2), Channel::ToLeader);
/// The same seen from S2.
const OTHER: PeerEnd = PeerEnd::new(s(2), s(1), Channel::ToLearner);

/// A message that says a number.
fn word(number: u64) -> PeerMessage {
    let session = SessionId::first_of(s(1), Time::from_millis(number));
    PeerMessage::Touch(vec![session])
}

/// Two servers of Raft, which never speak over connections by themselves, cut off by no fault.
struct Bench {
    world: World,
    words: u64,
}

impl Bench {
    fn new() -> Self {
        Self::with(LinkSettings::default())
    }

    fn with(link: LinkSettings) -> Self {
        let settings = Settings {
            servers: 3,
            link,
            ..Settings::default()
        };
        let mut world = World::new(settings);
        world.taken_in = Some(Vec::new());
        Self { world, words: 0 }
    }

    /// With S1 and S2 connected.
    fn connected() -> Self {
        let mut bench = Self::new();
        bench.world.dial(END);
        bench.run(50);
        assert_eq!(bench.heard(), ["S1 up S2", "S2 up S1"]);
        bench
    }

    fn run(&mut self, millis: u64) {
        let until = self.world.now() + Duration::from_millis(millis);
        self.world.run_until(until);
    }

    fn say(&mut self, end: PeerEnd) {
        self.words += 1;
        self.world.send_over(end, word(self.words));
    }

    /// What servers have heard of connections since this was last asked, each in its order.
    fn heard(&mut self) -> Vec<String> {
        let taken_in = self.world.taken_in.replace(Vec::new()).unwrap();
        let mut heard: Vec<_> = taken_in.into_iter().filter_map(said).collect();
        heard.sort_by_key(|(me, _)| *me);
        heard.into_iter().map(|(_, text)| text).collect()
    }

    fn in_flight(&self, kind: &str) -> Option<MessageId> {
        let mut flying = self.world.network().flying();
        let found = flying.find(|m| matches!(m.body, Body::Wire(..)) && m.body.kind() == kind);
        found.map(|message| message.id)
    }

    fn is_up(&self, end: PeerEnd) -> bool {
        self.world.peer_ends().any(|(e, up)| e == end && up)
    }

    fn is_on_any(&self, end: PeerEnd) -> bool {
        self.world.peer_ends().any(|(e, _)| e == end)
    }
}

fn said((me, input): (ServerId, Input)) -> Option<(ServerId, String)> {
    let text = match input {
        Input::ConnectionUp { peer, .. } => format!("{me} up {peer}"),
        Input::ConnectionDown { peer, .. } => format!("{me} down {peer}"),
        Input::Peer { from, message } => {
            let number = (1..100).find(|n| word(*n) == message)?;
            format!("{me} hears {number} from {from}")
        }
        _ => return None,
    };
    Some((me, text))
}

fn ends(one: u16, other: u16) -> (Endpoint, Endpoint) {
    (s(one).into(), s(other).into())
}

#[test]
fn a_connection_is_up_first_where_it_was_accepted_and_a_flight_later_where_it_was_dialled() {
    let mut bench = Bench::new();
    bench.world.dial(END);
    bench.world.dial(END);
    bench.run(16);
    assert!(bench.is_up(OTHER) && !bench.is_up(END));
    assert_eq!(bench.heard(), ["S2 up S1"]);
    bench.run(16);
    assert!(bench.is_up(END));
    assert_eq!(bench.heard(), ["S1 up S2"]);
    // To dial what is up changes nothing.
    bench.world.dial(END);
    bench.run(50);
    assert_eq!(bench.heard(), [""; 0]);
}

#[test]
fn messages_arrive_in_the_order_they_were_sent_in_whatever_the_link_does() {
    let wild = LinkSettings {
        latency: (Duration::from_millis(1), Duration::from_millis(40)),
        loss_ppm: 300_000,
        duplicate_ppm: 300_000,
        reorder_ppm: 300_000,
    };
    let mut bench = Bench::with(wild);
    bench.world.dial(END);
    bench.run(200);
    bench.heard();
    for _ in 0..40 {
        bench.say(END);
        bench.run(1);
    }
    bench.run(200);
    let expected = (1..=40).map(|n| format!("S2 hears {n} from S1"));
    assert_eq!(bench.heard(), expected.collect::<Vec<_>>());
}

#[test]
fn what_was_sent_before_a_close_arrives_and_nothing_arrives_where_it_was_closed() {
    let mut bench = Bench::connected();
    bench.say(END);
    bench.say(END);
    bench.say(OTHER);
    bench.world.hang_up(END);
    bench.run(50);
    let expected = ["S2 hears 1 from S1", "S2 hears 2 from S1", "S2 down S1"];
    assert_eq!(bench.heard(), expected);
    assert_eq!(bench.world.peer_ends().count(), 0);
}

#[test]
fn what_is_closed_can_be_dialled_again_at_once_and_nothing_old_arrives_in_the_new() {
    let mut bench = Bench::connected();
    bench.say(OTHER);
    bench.world.hang_up(END);
    bench.world.dial(END);
    bench.run(100);
    assert_eq!(bench.heard(), ["S1 up S2", "S2 down S1", "S2 up S1"]);
    bench.say(END);
    bench.say(OTHER);
    bench.run(50);
    assert_eq!(bench.heard(), ["S1 hears 3 from S2", "S2 hears 2 from S1"]);
}

#[test]
fn to_stop_dialling_ends_what_the_other_end_has_accepted() {
    let mut bench = Bench::new();
    bench.world.dial(END);
    bench.run(5);
    bench.world.hang_up(END);
    bench.run(100);
    assert_eq!(bench.heard(), ["S2 up S1", "S2 down S1"]);
    assert_eq!(bench.world.peer_ends().count(), 0);
}

#[test]
fn a_server_that_is_down_refuses_and_one_that_crashes_closes() {
    let mut bench = Bench::new();
    bench.world.crash(s(2), 0).unwrap();
    bench.world.dial(END);
    bench.run(50);
    assert_eq!(bench.heard(), ["S1 down S2"]);

    let mut bench = Bench::connected();
    bench.say(OTHER);
    bench.world.crash(s(2), 0).unwrap();
    bench.say(END);
    bench.run(50);
    assert_eq!(bench.heard(), ["S1 hears 1 from S2", "S1 down S2"]);
    assert_eq!(bench.world.peer_ends().count(), 0);
    bench.world.restart(s(2)).unwrap();
    bench.world.dial(END);
    bench.run(50);
    assert!(bench.is_up(END) && bench.is_up(OTHER));
}

#[test]
fn a_dial_into_a_cut_fails_at_the_wall_and_so_does_one_that_is_dropped() {
    let mut bench = Bench::new();
    let (one, two) = ends(1, 2);
    bench.world.cut(one, two, false).unwrap();
    bench.world.dial(END);
    bench.run(10);
    assert_eq!(bench.heard(), ["S1 down S2"]);

    let mut bench = Bench::new();
    bench.world.dial(END);
    let open = bench.in_flight("Open").unwrap();
    bench.world.drop_message(open).unwrap();
    assert_eq!(bench.heard(), ["S1 down S2"]);
    assert!(!bench.is_on_any(END));
}

#[test]
fn a_dial_whose_refusal_is_lost_has_failed() {
    let mut bench = Bench::new();
    bench.world.crash(s(2), 0).unwrap();
    bench.world.dial(END);
    bench.run(16);
    let refusal = bench.in_flight("Closed").unwrap();
    bench.world.drop_message(refusal).unwrap();
    assert_eq!(bench.heard(), ["S1 down S2"]);
    assert!(!bench.is_on_any(END));
}

#[test]
fn an_acceptance_that_is_lost_fails_the_dial_and_is_noticed_by_who_accepted_when_it_speaks() {
    let mut bench = Bench::new();
    bench.world.dial(END);
    bench.run(16);
    let accepted = bench.in_flight("Accepted").unwrap();
    bench.world.drop_message(accepted).unwrap();
    assert_eq!(bench.heard(), ["S1 down S2", "S2 up S1"]);
    bench.run(500);
    assert!(bench.is_up(OTHER));
    bench.say(OTHER);
    bench.run(50);
    assert_eq!(bench.heard(), ["S2 down S1"]);
}

#[test]
fn a_message_that_is_lost_breaks_the_connection_when_the_next_arrives() {
    let mut bench = Bench::connected();
    bench.say(END);
    let lost = bench.in_flight("Touch").unwrap();
    bench.world.drop_message(lost).unwrap();
    bench.run(500);
    assert!(bench.is_up(END) && bench.is_up(OTHER), "nobody has noticed");
    bench.say(END);
    bench.run(100);
    assert_eq!(bench.heard(), ["S1 down S2", "S2 down S1"]);
    assert_eq!(bench.world.peer_ends().count(), 0);
}

#[test]
fn a_partition_is_silent_and_what_ran_into_it_breaks_the_connection_after_it() {
    let mut bench = Bench::connected();
    bench.world.isolate(s(1).into()).unwrap();
    bench.say(END);
    bench.run(1_000);
    assert_eq!(bench.heard(), [""; 0]);
    bench.world.heal_all(None).unwrap();
    bench.say(OTHER);
    bench.run(100);
    assert_eq!(bench.heard(), ["S1 down S2", "S2 down S1"]);
}

#[test]
fn a_partition_that_nothing_ran_into_breaks_nothing() {
    let mut bench = Bench::connected();
    bench.world.isolate(s(1).into()).unwrap();
    bench.run(1_000);
    bench.world.heal_all(None).unwrap();
    bench.say(END);
    bench.run(100);
    assert_eq!(bench.heard(), ["S2 hears 1 from S1"]);
}

#[test]
fn what_was_to_die_while_it_waited_dies_when_it_waits_no_longer_and_not_before() {
    // One step at a time, with an end in sight and without.
    let steps: [fn(&mut World) -> bool; 2] = [
        |world| {
            world
                .step_until(world.now() + Duration::from_millis(50))
                .is_some()
        },
        |world| world.step().is_some(),
    ];
    for step in steps {
        let mut bench = Bench::connected();
        bench.say(END);
        let first = bench.in_flight("Touch").unwrap();
        // The first has passed the wall, and the second runs into it behind the first.
        bench.run(9);
        bench.world.hold_message(first).unwrap();
        bench.say(END);
        let (one, two) = ends(1, 2);
        bench.world.cut(one, two, false).unwrap();
        bench.run(500);
        assert_eq!(bench.heard(), [""; 0]);
        let released = bench.world.now();
        bench.world.release_message(first).unwrap();
        let death = |world: &World| {
            let mut deaths = world.network().deaths();
            let second = deaths.find(|corpse| corpse.message.kind == "Touch");
            second.map(|corpse| (corpse.at, corpse.why))
        };
        while death(&bench.world).is_none() {
            assert!(step(&mut bench.world), "the second dies");
        }
        assert_eq!(bench.heard(), ["S2 hears 1 from S1"]);
        assert_eq!(death(&bench.world), Some((released, Death::Cut)));
        assert_eq!(bench.world.now(), released);
    }
}

#[test]
fn a_farewell_that_is_lost_is_made_up_for_when_the_other_end_speaks() {
    let mut bench = Bench::connected();
    bench.world.hang_up(END);
    let farewell = bench.in_flight("Closed").unwrap();
    bench.world.drop_message(farewell).unwrap();
    bench.run(100);
    assert!(bench.is_up(OTHER));
    bench.say(OTHER);
    bench.run(100);
    assert_eq!(bench.heard(), ["S2 down S1"]);
}

#[test]
fn a_message_that_is_held_holds_up_those_behind_it_and_none_is_doubled() {
    let mut bench = Bench::connected();
    bench.say(END);
    let first = bench.in_flight("Touch").unwrap();
    assert_eq!(
        bench.world.duplicate_message(first),
        Err(Impossible::ConnectionsDoNotDuplicate(first))
    );
    bench.world.hold_message(first).unwrap();
    bench.say(END);
    bench.run(500);
    assert_eq!(bench.heard(), [""; 0]);
    bench.world.release_message(first).unwrap();
    bench.run(50);
    assert_eq!(bench.heard(), ["S2 hears 1 from S1", "S2 hears 2 from S1"]);
}

#[test]
fn of_two_servers_that_dial_each_other_the_higher_prevails() {
    let low = PeerEnd::new(s(1), s(2), Channel::Election);
    let high = PeerEnd::new(s(2), s(1), Channel::Election);
    for (head_start, seed) in [(0, 1), (0, 2), (0, 3), (7, 1), (13, 1)] {
        for [first, second] in [[low, high], [high, low]] {
            let mut bench = Bench::new();
            for _ in 0..seed {
                // Other draws for the latencies to come.
                bench.world.dial(END);
                bench.world.hang_up(END);
            }
            bench.run(100);
            bench.heard();
            bench.world.dial(first);
            bench.run(head_start);
            bench.world.dial(second);
            bench.run(200);
            assert!(bench.is_up(low) && bench.is_up(high));
            bench.heard();
            bench.say(low);
            bench.say(high);
            bench.run(50);
            assert_eq!(bench.heard(), ["S1 hears 2 from S2", "S2 hears 1 from S1"]);
        }
    }
}

#[test]
fn who_dials_anew_replaces_what_the_other_end_still_thinks_is_up() {
    let mut bench = Bench::connected();
    bench.world.hang_up(END);
    let farewell = bench.in_flight("Closed").unwrap();
    bench.world.drop_message(farewell).unwrap();
    bench.world.dial(END);
    bench.run(100);
    assert_eq!(bench.heard(), ["S1 up S2", "S2 down S1", "S2 up S1"]);
}

#[test]
fn a_paused_server_takes_everything_in_later_and_in_order() {
    let mut bench = Bench::connected();
    bench.world.pause(s(2)).unwrap();
    bench.say(END);
    bench.world.hang_up(END);
    bench.world.dial(END);
    bench.run(500);
    assert_eq!(bench.heard(), [""; 0]);
    assert!(bench.is_up(OTHER), "it has not heard of the end yet");
    bench.world.resume(s(2)).unwrap();
    bench.run(100);
    let expected = ["S1 up S2", "S2 hears 1 from S1", "S2 down S1", "S2 up S1"];
    assert_eq!(bench.heard(), expected);
}

#[test]
fn a_paused_server_that_crashes_refuses_who_dialled_it_meanwhile() {
    let mut bench = Bench::new();
    bench.world.pause(s(2)).unwrap();
    bench.world.dial(END);
    bench.run(100);
    assert!(bench.is_on_any(END) && !bench.is_up(END));
    bench.world.crash(s(2), 0).unwrap();
    bench.run(50);
    assert_eq!(bench.heard(), ["S1 down S2"]);
}

#[test]
fn two_servers_that_take_each_other_for_their_leader_have_two_connections() {
    let mut bench = Bench::connected();
    bench
        .world
        .dial(PeerEnd::new(s(2), s(1), Channel::ToLeader));
    bench.run(100);
    assert_eq!(bench.heard(), ["S1 up S2", "S2 up S1"]);
    assert_eq!(bench.world.peer_ends().count(), 4);
    bench.world.hang_up(END);
    bench.run(100);
    assert_eq!(bench.heard(), ["S2 down S1"]);
    assert_eq!(bench.world.peer_ends().count(), 2);
}
