//! What cannot be done is refused with a word about what could be, and leaves the cluster as it is.

use quorumscope_core::history::Player;
use quorumscope_core::ids::ServerId;
use quorumscope_core::sim::InFlight;

/// Lets a script do what it says, then gives it one more command. The refusal, and whether anything
/// has changed with it.
fn refused(script: &str, command: &str) -> (String, bool) {
    let script = format!("quorumscope 1\nservers 3\nseed 3\n{script}");
    let mut player = Player::open(&format!("{script}\npause\n")).unwrap();
    quorumscope_cli::run_to_end(&mut player, None, |_| {});
    assert_eq!(player.failures(), [], "{script}");
    let before = player.world().digest();
    let error = player.run(command).expect_err(command).to_string();
    (error, player.world().digest() == before)
}

const LED: &str = "\ntimeout S1\nuntil S1 leader and S1 committed 1 and caught up\n";

#[test]
fn an_impossible_deed_says_what_would_be_possible_and_changes_nothing() {
    let joint = "add S4\nadd S5\nreconfigure S1 S4 S5 explicit\nuntil S1 joint and caught up";
    let learner = "reconfigure S1 S2 learner S3\nuntil S3 learner and caught up";
    let cases = [
        (
            "",
            "transfer S2 -> S3",
            "S2 does not lead; S1 is believed to",
        ),
        ("", "transfer S1 -> S1", "S1 leads already"),
        (
            learner,
            "transfer S1 -> S3",
            "S3 is no voter, and only a voter can lead: the configuration is S1 S2 learner S3",
        ),
        (
            "crash S3",
            "transfer S1 -> S3",
            "S3 is down; `restart S3` brings it back",
        ),
        (
            "pause S1",
            "transfer S1 -> S3",
            "S1 is paused; `resume S1` lets it go on",
        ),
        (
            "isolate S3\ntransfer S1 -> S3",
            "transfer S1 -> S2",
            "a transfer to S3 is going on; it is done or given up within",
        ),
        (
            "",
            "forget leader S1",
            "S1 leads; only a follower can forget its leader",
        ),
        (
            "snapshot S1",
            "snapshot S1",
            "S1 has nothing to take a snapshot of: nothing was applied since the snapshot at entry 1; a committed command would be",
        ),
        (
            "crash S1",
            "snapshot S1",
            "S1 is down; `restart S1` brings it back",
        ),
        (
            "",
            "reconfigure S2 S3 via S2",
            "S2 cannot change the configuration: not the leader; S1 is believed to be",
        ),
        (
            "",
            "reconfigure S1 S2 S3",
            "the configuration is S1 S2 S3 already",
        ),
        (
            "add S4\nreconfigure S1 S2 S3 S4",
            "reconfigure S1 S2",
            "another can follow when it is done",
        ),
        (
            joint,
            "reconfigure S1 S2",
            "another change can follow when it has left the joint one",
        ),
        (
            "",
            "leave joint",
            "the configuration S1 S2 S3 is not joint; there is nothing to leave",
        ),
        ("", "add S6", "the next server is S4"),
    ];
    for (script, command, expected) in cases {
        let (error, unchanged) = refused(&format!("{LED}{script}"), command);
        assert!(error.contains(expected), "{command}: {error}");
        assert!(unchanged, "{command}");
    }
}

#[test]
fn a_command_that_names_what_there_is_not_is_refused_before_anything_runs() {
    let cases = [
        (
            "reconfigure S1 S9",
            "expected a server (S1 to S3), \"leader\", \"learner\",",
        ),
        ("reconfigure S1 learner S1", "S1 is named twice"),
        ("reconfigure", "expected a server"),
        ("reconfigure learner S2", "expected a server"),
        ("transfer S1 -> S9", "expected a server (S1 to S3)"),
        ("snapshot S9", "expected a server (S1 to S3)"),
        ("transfer S1", "expected \"->\""),
        ("snapshot A", "expected a server"),
        ("priority S1 256", "256"),
    ];
    for (command, expected) in cases {
        let (error, unchanged) = refused(LED, command);
        assert!(error.contains(expected), "{command}: {error}");
        assert!(unchanged, "{command}");
    }
}

#[test]
fn a_server_that_has_applied_nothing_has_nothing_to_compact() {
    let (error, unchanged) = refused("pause", "snapshot S1");
    let expected = "S1 has nothing to take a snapshot of: nothing was applied yet; a committed \
                    command would be";
    assert_eq!(error, expected);
    assert!(unchanged);
}

#[test]
fn an_unknown_rule_or_setting_or_value_is_refused_with_those_that_there_are() {
    for (line, expected) in [
        (
            "off be_nice",
            "expected a rule (up_to_date_vote, commit_only",
        ),
        ("off up_to_date_vot", "did you mean \"up_to_date_vote\"?"),
        (
            "set be-nice on",
            "expected \"latency\", \"election-timeout\", ",
        ),
        ("set pre-vot on", "did you mean \"pre-vote\"?"),
        ("set pre-vote perhaps", "expected \"on\" or \"off\""),
        (
            "set membership single",
            "expected \"joint-when-needed\", \"always-joint\" or \"single-server\"",
        ),
        (
            "set lease-reads on",
            "a leader cannot read under a lease without check-quorum",
        ),
    ] {
        let script = format!("quorumscope 1\n{line}\n");
        let error = Player::open(&script).map(drop).expect_err(line).to_string();
        assert!(error.contains(expected), "{line}: {error}");
    }
}

#[test]
fn a_priority_counts_and_outlives_a_crash() {
    let script = format!("quorumscope 1\nservers 3\nseed 3\n{LED}\npause\n");
    let mut player = Player::open(&script).unwrap();
    quorumscope_cli::run_to_end(&mut player, None, |_| {});
    for command in ["priority S3 5", "crash S3", "restart S3"] {
        player.run(command).unwrap();
    }
    let server = player.world().server(ServerId::new(3)).unwrap();
    assert_eq!(server.raft().unwrap().priority(), 5);
}

/// The first refusal of a script for servers that run Zab, before or while it runs.
fn refused_by_zab(script: &str) -> String {
    let script = format!("quorumscope 1\nprotocol zab\nservers 3\nseed 3\n{script}\n");
    let mut player = match Player::open(&script) {
        Ok(player) => player,
        Err(error) => return error.to_string(),
    };
    quorumscope_cli::run_to_end(&mut player, None, |_| {});
    let failure = player.failures().first();
    failure.map_or_else(String::new, |failure| failure.what.clone())
}

#[test]
fn settings_with_which_zab_cannot_work_are_refused() {
    for (settings, expected) in [
        (
            "set finalize-wait 2s",
            "these settings cannot work: finalizeWait is 2s, beyond initLimit of 1s",
        ),
        (
            "set observers 3",
            "these settings cannot work: no voter carries any weight: nobody could be elected",
        ),
        ("set observers 4", "nobody could be elected"),
    ] {
        let error = refused_by_zab(settings);
        assert!(error.contains(expected), "{settings}: {error}");
    }
}

#[test]
fn a_change_of_the_ensemble_that_cannot_be_made_now_is_refused_and_says_why() {
    let led = "until leader and caught up";
    for (command, expected) in [
        (
            "reconfigure S1 S2\nreconfigure S2 S3",
            "S3 cannot change the ensemble: another reconfiguration is under way",
        ),
        (
            "reconfigure S1 S2 via S2",
            "S2 cannot change the ensemble: this server is no established leader",
        ),
        (
            "add S4\nadd S5\ncrash S4\ncrash S5\nreconfigure S3 S4 S5",
            "S3 cannot change the ensemble: no quorum of the new configuration",
        ),
    ] {
        let error = refused_by_zab(&format!("{led}\n{command}"));
        assert!(error.contains(expected), "{command}: {error}");
    }
}

#[test]
fn what_is_of_the_other_protocol_is_refused_with_its_place_before_anything_runs() {
    for (line, word) in [
        ("set lease-reads on", "lease-reads"),
        ("timeout S1", "timeout"),
        ("transfer S3 -> S1", "transfer"),
        ("forget leader S1", "forget"),
        ("priority S1 3", "priority"),
        ("leave joint", "leave"),
        ("align timers", "align"),
        ("reconfigure S1 S2 joint", "joint"),
        ("reconfigure S1 S2 explicit", "explicit"),
        ("read A /app linearizable", "linearizable"),
        ("until S1 term 3", "term"),
        ("until message AppendEntries", "AppendEntries"),
    ] {
        let column = line.find(word).unwrap() + 1;
        let expected = format!(
            "line 5, column {column}: \"{word}\" is of protocol raft, and these servers run another"
        );
        let error = refused_by_zab(line);
        assert!(error.contains(&expected), "{line}: {error}");
    }
    for (line, word) in [
        ("set observers 1", "observers"),
        ("until S1 looking", "looking"),
        ("until S1 epoch 1", "epoch"),
        ("until message REVALIDATE", "REVALIDATE"),
    ] {
        let error = Player::open(&format!("quorumscope 1\n{line}\n"));
        let error = error.map(drop).expect_err(line).to_string();
        let expected = format!("\"{word}\" is of protocol zab");
        assert!(error.contains(&expected), "{line}: {error}");
    }
}

/// S1 has everything in the end, and on its disk.
const AFTER: &str = "until S1 follower and caught up within 10s
expect znode /a on S1 and znode /d on S1
wait 100ms
crash S1
restart S1
expect znode /a on S1 and znode /d on S1";

#[test]
fn a_connection_that_breaks_in_the_middle_of_a_snapshot_leaves_nothing_half_done() {
    let far_behind = "set committed-log 2
set log-sync-limit 0
until leader and caught up
crash S1
client A open S2
client A create /a
client A create /b
client A create /c
client A create /d
until znode /d and client A idle
restart S1
until message SNAP S3 -> S1 within 5s";
    for broken in [
        "isolate S1\nwait 600ms\nexpect not znode /a on S1\nheal all",
        "crash S1\nrestart S1\nexpect not znode /a on S1",
        "crash S3\nuntil S2 leader within 5s\nrestart S3",
        "until znode /a on S1\nisolate S1\nwait 2s\nexpect S1 looking\nheal all",
        "until znode /a on S1\ncrash S1\nrestart S1\nexpect not znode /a on S1",
    ] {
        let error = refused_by_zab(&format!("{far_behind}\n{broken}\n{AFTER}"));
        assert_eq!(error, "", "{broken}");
    }
    // The state has come, and not that this is all.
    let script = format!("quorumscope 1\nprotocol zab\nservers 3\nseed 3\n{far_behind}\npause\n");
    let mut player = Player::open(&script).unwrap();
    quorumscope_cli::run_to_end(&mut player, None, |_| {});
    let is_end = |it: &&InFlight| it.body.kind() == "NEWLEADER";
    let end = player.world().network().flying().find(is_end).unwrap().id;
    let broken = format!("hold {end}\nuntil znode /a on S1\nisolate S1");
    let then = "until S1 looking within 5s\nheal all";
    for line in [broken.as_str(), then, AFTER].join("\n").lines() {
        player.run(line).expect(line);
    }
}
