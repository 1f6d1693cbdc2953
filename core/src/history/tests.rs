//! What a player promises.

use super::*;
use crate::digest::Digest;
use crate::ids::ServerId;
use crate::time::{Duration, Time};
use crate::view::{Scope, VIEW_VERSION};

const STORY: &str = "quorumscope 1
seed 7
set loss 5%

until leader
client A create /app \"hello\"
wait 200ms
crash leader
wait 300ms
client A set /app \"again\"
cut S1 S2
wait 700ms
restart all
heal all
wait 500ms
";

/// A player that has run the story to its end.
fn told() -> Player {
    let mut player = Player::open(STORY).unwrap();
    while player.advance(Duration::from_millis(100)).now < Time::from_millis(2_500) {}
    assert_eq!(player.failures(), []);
    player
}

fn state(player: &Player) -> (Time, Digest) {
    (player.now(), player.world().digest())
}

#[test]
fn a_recording_run_again_ends_in_the_same_state() {
    let mut first = told();
    let script = first.script();
    let mut second = Player::open(&script).unwrap();
    let end = second.script_end().unwrap();
    let advanced = second.advance(end.since(Time::ZERO));
    assert_eq!(advanced.stop, Some(Stop::End));
    assert_eq!(second.failures(), []);
    assert_eq!(state(&second), state(&first));
    assert_eq!(second.script(), script);
}

#[test]
fn a_recording_that_comes_out_differently_says_so() {
    let script = told().script().replace("loss 5%", "loss 30%");
    let mut player = Player::open(&script).unwrap();
    player.advance(Duration::from_secs(60));
    let said = &player.failures().last().unwrap().what;
    assert!(said.contains("ends in another state"), "{said}");
}

#[test]
fn every_instant_is_the_same_whichever_way_one_comes_to_it() {
    let mut player = Player::open(STORY).unwrap();
    let mut seen = Vec::new();
    while player.now() < Time::from_millis(2_000) {
        player.advance(Duration::from_micros(33_333));
        seen.push(state(&player));
    }
    let end = state(&player);
    for (time, digest) in seen.iter().rev().chain(&seen) {
        player.seek(*time);
        assert_eq!(state(&player), (*time, *digest));
    }
    player.seek(Time::from_millis(100));
    player.advance(end.0.since(Time::from_millis(100)));
    assert!(player.is_live());
    assert_eq!(state(&player), end);
}

#[test]
fn steps_back_undo_steps_onwards_one_by_one() {
    let mut player = told();
    player.seek(Time::from_millis(700));
    player.step();
    let mut places = vec![state(&player)];
    for _ in 0..50 {
        assert!(player.step());
        places.push(state(&player));
    }
    for place in places.iter().rev().skip(1) {
        assert!(player.step_back());
        assert_eq!(state(&player), *place);
    }
    player.seek(Time::ZERO);
    while player.step_back() {}
    assert_eq!(
        player.world().event(),
        Player::open(STORY).unwrap().world().event()
    );
}

#[test]
fn whoever_acts_in_the_past_opens_a_branch_and_loses_nothing() {
    let mut player = told();
    let main = state(&player);
    player.seek(Time::from_millis(600));
    let told_so_far = player.lines(1_000);
    player.run("isolate S3").unwrap();
    assert!(player.is_live());
    assert_eq!(player.lines(1_000)[1..], told_so_far[..]);
    player.advance(Duration::from_millis(400));
    let names: Vec<String> = player
        .branches()
        .into_iter()
        .map(|branch| branch.name)
        .collect();
    assert_eq!(names, ["main", "isolate S3"]);
    assert_eq!(player.branches()[1].from, Some((0, Time::from_millis(600))));
    let fork = player.script();
    let fork_end = state(&player);
    player.switch(0).unwrap();
    assert_eq!(state(&player), main);
    let mut again = Player::open(&fork).unwrap();
    again.advance(Duration::from_secs(60));
    again.seek(fork_end.0);
    assert_eq!(state(&again), fork_end);
}

#[test]
fn a_refused_line_changes_nothing_and_opens_no_branch() {
    let mut player = told();
    player.seek(Time::from_millis(900));
    let before = (state(&player), player.branches());
    for line in [
        "crash S9",
        "restart S1",
        "client B get app",
        "drop m1",
        "heal S1 S9",
        "nonsense",
    ] {
        let error = player.run(line).unwrap_err();
        assert!(!error.to_string().is_empty());
        assert_eq!((state(&player), player.branches()), before, "{line}");
    }
}

#[test]
fn steps_between_turns_meet_every_turn() {
    let mut player = told();
    player.seek(Time::ZERO);
    let mut turns = Vec::new();
    while player.next_turn() && player.now() < Time::from_millis(1_500) {
        turns.push(player.world().event());
    }
    assert!(turns.len() > 5);
    for turn in turns.iter().rev() {
        assert!(player.previous_turn());
        assert_eq!(player.world().event(), *turn);
    }
}

#[test]
fn a_lesson_waits_until_its_reader_goes_on() {
    let text =
        "quorumscope 1\nsay \"Who will lead?\"\nuntil leader\npause \"There it is\"\nsay \"Now\"\n";
    let mut player = Player::open(text).unwrap();
    assert_eq!(
        player.advance(Duration::from_secs(5)).stop,
        Some(Stop::Waits)
    );
    let waited_at = player.now();
    assert_eq!(
        player.waiting(),
        Some(&Waiting::Reader(Some("There it is".into())))
    );
    assert_eq!(player.advance(Duration::from_secs(5)).now, waited_at);
    assert!(player.go_on());
    player.advance(Duration::from_millis(1));
    let said: Vec<&str> = player.notes().map(|note| note.text.as_str()).collect();
    assert_eq!(said, ["Who will lead?", "Now"]);
    player.seek(Time::ZERO);
    player.seek(Time::from_millis(1));
    assert_eq!(player.notes().count(), 1);
}

#[test]
fn a_script_reports_what_did_not_come_out() {
    let text = "quorumscope 1\nexpect leader\nuntil S1 crashed within 50ms\ncrash S1\ncrash S1\n";
    let mut player = Player::open(text).unwrap();
    player.advance(Duration::from_secs(1));
    let lines: Vec<u32> = player
        .failures()
        .iter()
        .map(|failure| failure.line)
        .collect();
    assert_eq!(lines, [2, 3, 5]);
}

#[test]
fn what_is_expected_to_be_refused_changes_nothing_and_says_why() {
    let text = "quorumscope 1\nservers 3\nuntil leader\nexpect refused forget leader leader\n\
                expect refused crash S1\n";
    let mut player = Player::open(text).unwrap();
    player.advance(Duration::from_secs(1));
    let said: Vec<&str> = player.notes().map(|note| note.text.as_str()).collect();
    let why = "S1 leads; only a follower can forget its leader";
    assert_eq!(said, [format!("`forget leader leader` is refused: {why}.")]);
    let failed: Vec<_> = player
        .failures()
        .iter()
        .map(|failure| (failure.line, failure.what.as_str()))
        .collect();
    let what = "expected `crash S1` to be refused, and it is possible";
    assert_eq!(failed, [(5, what)]);
    assert!(player.world().server(ServerId::new(1)).is_some());
    let before = player.world().digest();
    let answer = player.run("expect refused restart S1").unwrap();
    assert!(
        answer.starts_with("`restart S1` is refused: S1 "),
        "{answer}"
    );
    let error = player.run("expect refused crash S1").unwrap_err();
    assert_eq!(error.to_string(), "it is not so: expect refused crash S1");
    assert_eq!(player.world().digest(), before);
}

#[test]
fn memory_for_the_past_stays_bounded_and_old_times_can_still_be_told() {
    let mut player = Player::open("quorumscope 1\nuntil leader\nclient A create /n\n").unwrap();
    player.advance(Duration::from_secs(1));
    for _ in 0..6_000 {
        player.run("client A set /n \"x\"").unwrap();
        player.advance(Duration::from_millis(60));
    }
    player.seek(Time::from_millis(1_500));
    let oldest = player.lines(5);
    assert!(!oldest.is_empty());
    assert!(
        oldest
            .iter()
            .all(|line| line.time <= Time::from_millis(1_500))
    );
    assert!(player.tape().marks.len() <= 2_048);
}

#[test]
fn under_zab_the_tape_shows_epochs_and_who_established_them() {
    let mut player = Player::open("quorumscope 1\nprotocol zab\nservers 3\n").unwrap();
    player.run("until leader").unwrap();
    player.run("crash leader").unwrap();
    player.run("until leader").unwrap();
    let tape = player.tape();
    let epochs: Vec<_> = tape.bands.iter().map(|band| band.term).collect();
    assert_eq!(epochs, [1, 2]);
    let elections = tape.marks.iter();
    let elections = elections.filter(|mark| mark.kind == MarkKind::Election);
    assert_eq!(elections.count(), 2);
}

#[test]
fn the_view_of_a_fresh_cluster_says_what_it_is() {
    let mut player = Player::open("").unwrap();
    player.run("until leader").unwrap();
    let view = player.view(&Scope::default());
    assert_eq!(
        (view.version, view.protocol, view.servers.len()),
        (VIEW_VERSION, "raft", 5)
    );
    let leaders: Vec<_> = view
        .servers
        .iter()
        .filter(|server| server.role == "leader")
        .collect();
    assert_eq!(leaders.len(), 1);
    assert!(leaders[0].up && leaders[0].timer.is_none());
    assert!(view.invariants.iter().all(|invariant| invariant.holds));
}
