//! What a comparison promises.

use super::ledger::Ledger;
use super::*;
use crate::history::Player;
use crate::ids::{Endpoint, ServerId};
use crate::script::Protocol;
use crate::sim::World;
use crate::time::{Duration, Time};
use crate::view::leader_of;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A run and its twin, after this was run in the first, a tenth of a second at a time.
fn compared(script: &str, until: u64) -> (Player, Comparison) {
    let mut first = Player::open(script).unwrap();
    let mut comparison = Comparison::beside(&first).unwrap();
    go(&mut first, &mut comparison, until);
    (first, comparison)
}

fn go(first: &mut Player, comparison: &mut Comparison, until: u64) {
    while first.now() < Time::from_millis(until) {
        first.advance(MS(100));
        assert_eq!(comparison.meet(first), Gait::Abreast);
        assert_eq!(comparison.twin().now(), first.now());
    }
}

fn commands(player: &Player) -> Vec<String> {
    let commands = player.commands().iter();
    commands.map(|timed| timed.command.to_string()).collect()
}

/// Three servers under `protocol`, and client A connected to the leader.
fn served(protocol: Protocol) -> Player {
    let script = format!("quorumscope 1\nprotocol {protocol}\nservers 3\n");
    let mut player = Player::open(&script).unwrap();
    player.advance(MS(3_000));
    player.run("client A open leader").unwrap();
    player.advance(MS(1_000));
    player
}

#[test]
fn a_write_costs_an_answer_a_follower_under_raft_and_a_word_of_commit_more_under_zab() {
    let cost = |protocol| {
        let mut player = served(protocol);
        let before = player.world().network().traffic();
        player.run("client A create /a").unwrap();
        player.advance(MS(1_000));
        let after = player.world().network().traffic();
        assert_eq!(after.elections, before.elections, "{protocol}");
        assert_eq!(after.recovery, before.recovery, "{protocol}");
        after.replication - before.replication
    };
    assert_eq!(Protocol::NAMES.map(|(_, protocol)| cost(protocol)), [4, 6]);
}

#[test]
fn a_numbered_server_is_the_same_in_both_and_the_leader_is_whoever_leads_there() {
    let mut differed = false;
    for seed in 1..=4 {
        let script = format!(
            "quorumscope 1\nservers 5\nseed {seed}\n\nat 2s crash leader\nat 3s isolate S2\n"
        );
        let (mut first, mut comparison) = compared(&script, 1_900);
        let twin = comparison.twin().world();
        let leaders = [first.world(), twin].map(|world| leader_of(world).unwrap());
        differed |= leaders[0] != leaders[1];
        go(&mut first, &mut comparison, 4_000);
        let done = [&first, comparison.twin()].map(commands);
        let expected = leaders.map(|leader| [format!("crash {leader}"), "isolate S2".to_owned()]);
        assert_eq!(done, expected.map(Vec::from));
        assert_eq!(comparison.left(&first), []);
    }
    assert!(differed, "no seed tells the leaders of the two apart");
}

#[test]
fn what_is_done_to_a_message_of_one_run_is_done_there_and_nothing_is_said_to_be_left_out() {
    let (mut first, mut comparison) = compared("quorumscope 1\nservers 3\n", 2_000);
    let of_servers = |player: &Player| {
        let flying = player.world().network().flying();
        let between = flying.filter(|it| {
            let ends = (it.from, it.to);
            matches!(ends, (Endpoint::Server(_), Endpoint::Server(_)))
        });
        between.map(|it| it.id).collect::<Vec<_>>()
    };
    let flying = |first: &Player, twin: &Player| [first, twin].map(of_servers);
    while of_servers(comparison.twin()).is_empty() {
        assert!(comparison.step(&mut first));
    }
    let before = flying(&first, comparison.twin());
    let message = before[1][0];
    first.run(&format!("zab drop {message}")).unwrap();
    comparison.meet(&first);
    let after = flying(&first, comparison.twin());
    assert_eq!(after[0], before[0]);
    assert!(!after[1].contains(&message));
    assert_eq!(comparison.left(&first), []);

    // Its script leads to the same two runs.
    let mut anew = Player::open(&first.script_as_asked()).unwrap();
    let mut other = Comparison::beside(&anew).unwrap();
    anew.advance(first.now().since(Time::ZERO));
    assert_eq!(other.meet(&anew), Gait::Abreast);
    let digests = |first: &Player, twin: &Player| [first, twin].map(|it| it.world().digest());
    assert_eq!(
        digests(&anew, other.twin()),
        digests(&first, comparison.twin())
    );
}

#[test]
fn what_the_other_protocol_does_not_have_is_named() {
    let script = "quorumscope 1\nservers 3\nset heartbeat 40ms\n\nuntil leader\nat 2s crash S3\n\
                  at 3s transfer leader -> S2\n";
    let (first, comparison) = compared(script, 4_000);
    let left: Vec<String> = comparison
        .left(&first)
        .into_iter()
        .map(|it| it.line)
        .collect();
    assert_eq!(left, ["set heartbeat 40ms", "transfer leader -> S2"]);
    assert_eq!(commands(comparison.twin()), ["crash S3"]);
}

#[test]
fn the_twin_goes_back_and_onto_branches_with_the_first_and_comes_out_as_if_made_anew() {
    let script = "quorumscope 1\nservers 3\n\nat 1s client A\nat 2s crash leader\n";
    let (mut first, mut comparison) = compared(script, 3_000);
    first.seek(Time::from_millis(1_500));
    comparison.meet(&first);
    assert_eq!(comparison.twin().now(), Time::from_millis(1_500));
    assert_eq!(commands(comparison.twin())[..1], ["client A"]);
    first.run("crash S3").unwrap();
    go(&mut first, &mut comparison, 3_000);
    assert_eq!(commands(&first), commands(comparison.twin()));
    let script = first.script_as_asked();
    let anew = compared(&script, 3_000);
    assert_eq!(
        anew.1.twin().world().digest(),
        comparison.twin().world().digest()
    );
    assert_eq!(anew.1.figures(&anew.0), comparison.figures(&first));
    assert_eq!(anew.1.story(&anew.0), comparison.story(&first));
    first.switch(0).unwrap();
    comparison.meet(&first);
    assert_eq!(commands(comparison.twin()).len(), 2);
}

#[test]
fn a_command_that_was_stepped_back_over_is_not_done_to_the_twin_of_a_branch() {
    let (mut first, mut comparison) = compared("quorumscope 1\nservers 3\n", 1_000);
    first.run("crash S1").unwrap();
    comparison.meet(&first);
    assert!(first.step_back());
    comparison.meet(&first);
    assert!(comparison.twin().world().server(ServerId::new(1)).is_some());
    first.run("crash S2").unwrap();
    comparison.meet(&first);
    assert_eq!(commands(comparison.twin()), ["crash S2"]);
}

#[test]
fn a_branch_that_is_opened_before_the_twin_has_come_back_begins_for_both_where_it_left() {
    let script = "quorumscope 1\nservers 3\n\nat 1s client A\n";
    let (mut first, mut comparison) = compared(script, 3_000);
    first.seek(Time::from_millis(1_500));
    first.run("crash S3").unwrap();
    go(&mut first, &mut comparison, 3_000);
    assert_eq!(commands(comparison.twin()), ["client A", "crash S3"]);
    let anew = compared(&first.script_as_asked(), 3_000).1;
    let digests = [anew, comparison].map(|it| it.twin().world().digest());
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn a_step_back_undoes_a_command_in_both() {
    let (mut first, mut comparison) = compared("quorumscope 1\nservers 3\n", 1_000);
    first.run("crash S1").unwrap();
    comparison.meet(&first);
    let is_up = |player: &Player| player.world().server(ServerId::new(1)).is_some();
    assert!(!is_up(&first) && !is_up(comparison.twin()));
    assert!(comparison.step_back(&mut first));
    assert!(is_up(&first) && is_up(comparison.twin()));
}

#[test]
fn figures_are_those_of_the_instant_that_is_watched() {
    let script = "quorumscope 1\nservers 5\n\nat 1s client A\nat 1500ms client A create /a\n\
                  at 2s crash leader\n";
    let (mut first, mut comparison) = compared(script, 1_800);
    let then = comparison.figures(&first).unwrap();
    assert_eq!(then.each_ref().map(|it| it.answered), [1, 1]);
    go(&mut first, &mut comparison, 4_000);
    let later = comparison.figures(&first).unwrap();
    assert_eq!(later.each_ref().map(|it| it.leaders), [2, 2]);
    assert!(later.iter().all(|it| it.attempts >= 2), "{later:?}");
    assert!(later[0].leaderless > then[0].leaderless);
    first.seek(Time::from_millis(1_800));
    comparison.meet(&first);
    assert_eq!(comparison.figures(&first).unwrap(), then);
}

#[test]
fn raft_stands_first_whichever_of_the_two_is_watched() {
    let (first, comparison) = compared("quorumscope 1\nprotocol zab\nservers 3\n", 2_000);
    let story = comparison.story(&first);
    assert_eq!(
        comparison.figures(&first).unwrap()[1].traffic,
        first.world().network().traffic()
    );
    let told: Vec<_> = story.iter().map(|it| it.protocol).collect();
    assert!(told.contains(&Protocol::Raft) && told.contains(&Protocol::Zab));
}

#[test]
fn a_step_is_the_next_event_of_either_and_a_step_back_undoes_it() {
    let (mut first, mut comparison) = compared("quorumscope 1\nservers 3\n", 500);
    let here = |first: &Player, comparison: &Comparison| {
        assert_eq!(comparison.twin().now(), first.now());
        let worlds = [first, comparison.twin()].map(Player::world);
        worlds.map(World::event)
    };
    let mut seen = vec![here(&first, &comparison)];
    for _ in 0..12 {
        assert!(comparison.step(&mut first));
        seen.push(here(&first, &comparison));
    }
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
    for expected in seen.iter().rev().skip(1).take(11) {
        assert!(comparison.step_back(&mut first));
        assert_eq!(here(&first, &comparison), *expected, "{seen:?}");
    }
}

/// What is told of the changes of leader of a run, and what became of the entries that new leaders
/// found uncommitted.
struct Told {
    story: Vec<Difference>,
    /// How many they had, and how many not.
    kept: usize,
    lost: usize,
}

impl Told {
    fn of(player: &Player, protocol: Protocol) -> Self {
        let mut ledger = Ledger::default();
        ledger.follow(player);
        let tails = ledger.offices.iter().filter_map(|it| it.tail.as_ref());
        let parted: Vec<_> = tails.map(tail::Tail::parted).collect();
        Self {
            story: story::tell(&ledger, protocol, player.world().event()),
            kept: parted.iter().map(|(kept, _)| kept.len()).sum(),
            lost: parted.iter().map(|(_, lost)| lost.len()).sum(),
        }
    }

    /// Of a run of three servers with a client at the leader, to which this is done.
    fn after(protocol: Protocol, act: fn(&mut Player, ServerId, [ServerId; 2])) -> Self {
        let mut player = served(protocol);
        let leader = leader_of(player.world()).unwrap();
        let servers = (1..=3).map(ServerId::new);
        let others: Vec<_> = servers.filter(|it| *it != leader).collect();
        act(&mut player, leader, [others[0], others[1]]);
        Self::of(&player, protocol)
    }

    /// The last thing told is of this write and says this of it.
    fn ends_with(&self, words: [&str; 2]) {
        let last = &self.story.last().unwrap().text;
        let says = words.iter().all(|word| last.contains(word));
        assert!(says, "{:?}", self.story);
    }
}

/// The leader is cut off with a write that nobody else has, and comes back.
fn cut_off(player: &mut Player, leader: ServerId, [one, other]: [ServerId; 2]) {
    player
        .run(&format!("partition A {leader} | {one} {other}"))
        .unwrap();
    player.run("client A create /lost").unwrap();
    player.advance(MS(1_000));
    player.run("heal all").unwrap();
    player.advance(MS(20_000));
}

/// One follower gets a write, and the leader crashes before it is committed.
fn handed_on(player: &mut Player, leader: ServerId, [near, far]: [ServerId; 2]) {
    let last = |player: &Player| {
        let view = player.view(&crate::view::Scope::default());
        view.servers[near.position()].last
    };
    let before = last(player);
    player.run(&format!("cut {leader} {far}")).unwrap();
    player.run("client A create /kept").unwrap();
    while last(player) == before {
        player.advance(MS(1));
    }
    player.run(&format!("crash {leader}")).unwrap();
    player.run("heal all").unwrap();
    player.advance(MS(4_000));
}

#[test]
fn a_write_that_only_a_leader_that_was_cut_off_has_is_overwritten_under_raft() {
    let told = Told::after(Protocol::Raft, cut_off);
    assert_eq!((told.kept, told.lost), (0, 1));
    told.ends_with(["(create /lost)", "was overwritten on S"]);
}

#[test]
fn a_write_that_only_a_leader_that_was_cut_off_has_is_cut_off_by_trunc_under_zab() {
    let script = include_str!("../../../scenarios/zab-truncated.scope");
    let mut player = Player::open(script).unwrap();
    while player.now() < Time::from_millis(10_000) {
        if player.advance(MS(100)).stop.is_some() && !player.go_on() {
            break;
        }
    }
    let told = Told::of(&player, Protocol::Zab);
    assert_eq!((told.kept, told.lost), (0, 1));
    told.ends_with(["(create /lost", "was cut off by TRUNC on S3"]);
}

#[test]
fn a_write_that_only_a_leader_that_was_cut_off_has_may_go_by_a_snapshot_under_zab() {
    let told = Told::after(Protocol::Zab, cut_off);
    assert_eq!((told.kept, told.lost), (0, 1));
    told.ends_with(["(create /lost", "was replaced by a snapshot on S3"]);
}

#[test]
fn a_write_that_a_follower_has_is_committed_under_raft_with_an_entry_of_the_new_term() {
    let told = Told::after(Protocol::Raft, handed_on);
    assert_eq!((told.kept, told.lost), (1, 0));
    told.ends_with(["(create /kept)", "together with an entry of term"]);
}

#[test]
fn a_write_that_a_follower_has_is_committed_under_zab_before_anything_is_broadcast() {
    let told = Told::after(Protocol::Zab, handed_on);
    assert_eq!((told.kept, told.lost), (1, 0));
    told.ends_with(["(create /kept", "by DIFF"]);
}
