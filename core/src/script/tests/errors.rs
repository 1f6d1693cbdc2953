//! What a person is told about a script that is wrong.

use super::super::limits::{MAX_DATA, MAX_ERRORS, MAX_LINE, MAX_SCRIPT_BYTES, MAX_STEPS};
use super::super::{
    Names, Protocol, ServerRef, Step, parse, parse_command, parse_command_with, parse_line,
    parse_with,
};
use crate::ids::ServerId;

/// All errors of a script, as they are shown.
fn errors(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// The error of one line of a script with five servers, without its place.
fn problem(line: &str) -> String {
    let names = Names {
        servers: Some(5),
        protocol: Some(Protocol::Raft),
        ..Names::default()
    };
    let error = super::super::parse_line_with(line, 1, &names).unwrap_err();
    error.problem.to_string()
}

/// What stands at the place of the error of one line.
fn marked(line: &str) -> String {
    let error = parse_line(line, 1).unwrap_err();
    let from = line.chars().skip(error.column as usize - 1);
    from.take(error.width as usize).collect()
}

#[test]
fn all_errors_are_reported_at_once_in_order_with_line_and_column() {
    let text = "quorumscope 1\nservers 5\n\n\
        crash S9\n\
        at 120ms crash S1   # this one is fine\n\
        carsh S1\n\
        \tcut S1 ->\n\
        say \"ä\" \"b\"\n\
        at 100ms crash S2\n\
        client A create /app \"unfinished\n";
    assert_eq!(
        errors(text),
        "line 4, column 7: expected a server (S1 to S5) or \"leader\", found \"S9\"\n\
         line 6, column 1: expected a command, found \"carsh\"; did you mean \"crash\"?\n\
         line 7, column 11: expected a server (S1 to S5), \"leader\" or a client (A to Z), \
         found the end of the line\n\
         line 8, column 9: expected the end of the line, found the text \"b\"\n\
         line 9, column 4: time does not go back: 100ms after 120ms\n\
         line 10, column 22: the text that begins here has no closing quote"
    );
}

#[test]
fn a_file_says_which_format_it_has_and_an_unknown_one_is_refused_alone() {
    assert_eq!(
        errors("# a comment\nservers 3\ncrash S4\n"),
        "line 2, column 1: a script begins with the line \"quorumscope 1\"\n\
         line 3, column 7: expected a server (S1 to S3) or \"leader\", found \"S4\""
    );
    assert_eq!(
        errors("quorumscope 2\nfuture words\n"),
        "line 1, column 13: this script has format 2; this release reads format 1"
    );
    let empty = "line 1, column 1: a script begins with the line \"quorumscope 1\"";
    assert_eq!(errors(""), empty);
    assert_eq!(errors("# only a comment\n\n"), empty);
    assert!(parse("\u{feff}# before\n\n  quorumscope 1").is_ok());
    assert!(parse("quorumscope 1\r\n\r\ncrash S1\r\n").is_ok());
}

#[test]
fn a_protocol_that_this_release_lacks_is_named_with_those_it_has() {
    assert_eq!(
        errors("quorumscope 1\nprotocol paxos\n"),
        "line 2, column 10: protocol paxos is not in this release; there is: raft, zab"
    );
    assert!(errors("quorumscope 1\nprotocol\n").contains("expected \"raft\" or \"zab\""));
}

#[test]
fn header_lines_stand_once_and_before_the_steps() {
    assert_eq!(
        errors(
            "quorumscope 1\nseed 1\nseed 2\nset tick 1ms\nset loss 1%\nset tick 2ms\n\
             off a\noff b\noff a\nquorumscope 1\ncrash S1\nservers 3\n"
        ),
        "line 3, column 1: \"seed\" is given a second time; the first is on line 2\n\
         line 6, column 1: \"set tick\" is given a second time; the first is on line 4\n\
         line 9, column 1: \"off a\" is given a second time; the first is on line 7\n\
         line 10, column 1: \"quorumscope\" is given a second time; the first is on line 1\n\
         line 12, column 1: \"servers\" belongs in the header of a script, before its first step"
    );
    assert!(problem("seed 4").starts_with("\"seed\" belongs in the header"));
}

#[test]
fn a_wrong_number_of_servers_is_told_once_and_not_again_at_every_server() {
    assert_eq!(
        errors("quorumscope 1\nservers 100\ncrash S80\n"),
        "line 2, column 9: the number of servers must be from 1 to 99, found 100"
    );
}

#[test]
fn nothing_follows_the_end_and_it_does_not_go_back() {
    assert_eq!(
        errors("quorumscope 1\nat 2s crash S1\nend 1s\nend 3s\n\n# fine\nsay \"x\"\nbogus\n"),
        "line 3, column 5: time does not go back: 1s after 2s\n\
         line 7, column 1: the script ended on line 4\n\
         line 8, column 1: the script ended on line 4"
    );
}

#[test]
fn rules_are_checked_where_they_are_known() {
    let text = "quorumscope 1\noff up_to_date_votes\n";
    assert!(parse(text).is_ok());
    let names = Names {
        rules: Some(vec!["up_to_date_vote".into(), "sync_before_reply".into()]),
        ..Names::default()
    };
    assert_eq!(
        parse_with(text, &names).unwrap_err().to_string(),
        "line 2, column 5: expected a rule (up_to_date_vote, sync_before_reply), found \
         \"up_to_date_votes\"; did you mean \"up_to_date_vote\"?"
    );
}

#[test]
fn an_error_says_everything_that_could_stand_there() {
    for (line, told) in [
        (
            "crash",
            "expected a server (S1 to S5) or \"leader\", found the end of the line",
        ),
        (
            "crash s1",
            "expected a server (S1 to S5) or \"leader\", found \"s1\"; did you mean \"S1\"?",
        ),
        (
            "crash S01",
            "expected a server (S1 to S5) or \"leader\", found \"S01\"",
        ),
        (
            "crash S1 kep 2",
            "expected \"keep\" or the end of the line, found \"kep\"; did you mean \"keep\"?",
        ),
        (
            "crash S1 keep -1",
            "expected a number of writes, found \"-1\"",
        ),
        (
            "expect client A answered NONODES",
            "expected \"ok\" or the name of an error such as NONODE, found \"NONODES\"; did you mean \"NONODE\"?",
        ),
        ("drop 42", "expected a message such as m42, found \"42\""),
        ("client AA", "expected a client (A to Z), found \"AA\""),
        (
            "client A create /c container sequential",
            "expected \"acl\" or the end of the line, found \"sequential\"",
        ),
        (
            "client A multi [ get /a ]",
            "expected \"]\", \"create\", \"set\", \"delete\" or \"check\", found \"get\"; did you mean \"set\"?",
        ),
        (
            "client A setacl /a world:anyone:x",
            "expected an access control list such as world:anyone:r, found \"world:anyone:x\"",
        ),
        (
            "client A get app",
            "expected a path such as /app, found \"app\"",
        ),
        (
            "client A set /app a,b",
            "expected \"version\", data such as \"hello\" or the end of the line, found \"a,b\"",
        ),
        (
            "client A set /a x version -1",
            "expected a version, found \"-1\"",
        ),
        (
            "wait 10",
            "expected a duration such as 10ms, 1.5s or 700us, found \"10\"",
        ),
        (
            "wait 1min",
            "expected a duration such as 10ms, 1.5s or 700us, found \"1min\"",
        ),
        (
            "say hello",
            "expected a text in double quotes, found \"hello\"",
        ),
        (
            "disk S1 slow",
            "expected a duration such as 10ms, 1.5s or 700us, \"full\" or \"ok\", found \"slow\"",
        ),
        (
            "clock S1 20ms",
            "expected an offset such as +20ms or -20ms or \"drift\", found \"20ms\"",
        ),
        (
            "partition S1 S2",
            "expected a server (S1 to S5), \"leader\", a client (A to Z) or \"|\", found the end of the line",
        ),
        (
            "expect S1",
            "expected \"leader\", \"follower\", \"precandidate\", \"candidate\", \"up\", \"crashed\", \"paused\", \"voter\", \"learner\", \"joint\", \"term\", \"committed\", \"applied\", \"log\" or \"snapshot\", found the end of the line",
        ),
        (
            "ask \"?\" choice \"a\" if leader",
            "expected \"leader\", \"follower\", \"precandidate\", \"candidate\", \"up\", \"crashed\", \"paused\", \"voter\", \"learner\", \"joint\", \"term\", \"committed\", \"applied\", \"log\", \"snapshot\", \"and\" or \"choice\", found the end of the line",
        ),
        ("at 1s say \"x\"", "expected a command, found \"say\""),
        (
            "end 1s digest 0123",
            "expected a digest of 16 hexadecimal digits, found \"0123\"",
        ),
        ("-> S1", "expected a command, found \"->\""),
    ] {
        assert_eq!(problem(line), told, "{line}");
    }
}

#[test]
fn what_no_cluster_can_do_is_refused_at_the_word_that_makes_it_so() {
    for (line, told, at) in [
        (
            "cut S1 S1",
            "a link has two different ends; S1 is named twice",
            "S1",
        ),
        (
            "link S2 -> S2 loss 5%",
            "a link has two different ends; S2 is named twice",
            "S2",
        ),
        (
            "cut A B",
            "clients have links to servers only, not to each other",
            "B",
        ),
        (
            "partition S1 S2 | S3 S1 S4",
            "S1 is in the partition twice",
            "S1",
        ),
        ("partition A | A", "A is in the partition twice", "A"),
    ] {
        assert_eq!(problem(line), told, "{line}");
        assert_eq!(marked(line), at, "{line}");
    }
    let error = parse_line("partition S1 S2 | S3 S1 S4", 1).unwrap_err();
    assert_eq!(error.column, 22);
}

#[test]
fn columns_and_widths_count_characters() {
    for (line, wrong) in [
        ("say \"äöü\" wörter", "wörter"),
        ("  explode S1", "explode"),
        ("say \"ä\\q\"", "\\q"),
        ("say \"ä", "\"ä"),
        ("crash", ""),
    ] {
        assert_eq!(marked(line), wrong, "{line}");
    }
}

#[test]
fn what_was_found_is_shown_short_and_on_one_line() {
    let long = "x".repeat(100);
    assert!(problem(&long).ends_with(&format!("found \"{}…\"", "x".repeat(40))));
    assert!(problem("crash \"a\\nb\"").ends_with("found the text \"a\u{fffd}b\""));
}

#[test]
fn every_limit_is_stated() {
    let data = "x".repeat(MAX_DATA);
    assert!(parse_command(&format!("client A set /a {data}")).is_ok());
    let error = problem(&format!("client A set /a {data}y"));
    assert_eq!(error, "the data of a znode has at most 1048576 bytes");
    let error = problem(&format!("say \"{}\"", "x".repeat(16 * 1024 + 1)));
    assert_eq!(error, "a text has at most 16384 bytes");
    let error = problem(&format!("#{}", "x".repeat(MAX_LINE)));
    assert_eq!(error, "a line has at most 2101248 bytes");

    let text = format!("quorumscope 1\n{}", "#\n".repeat(MAX_SCRIPT_BYTES / 2));
    assert_eq!(
        errors(&text),
        "line 1, column 1: a script has at most 8388608 bytes"
    );
    let text = format!("quorumscope 1\n{}", "pause\n".repeat(MAX_STEPS));
    assert!(parse(&text).is_ok());
    let text = text + "pause\npause\n";
    assert_eq!(
        errors(&text),
        "line 100002, column 1: a script has at most 100000 steps"
    );

    let choices = " choice \"a\" if leader".repeat(9);
    let question = format!("ask \"?\"{choices}");
    assert!(parse_line(&question, 1).is_ok());
    let error = problem(&(question + " choice \"a\" if leader"));
    assert_eq!(error, "a question has at most 9 choices");
}

#[test]
fn errors_beyond_the_limit_are_counted() {
    let text = format!("quorumscope 1\n{}", "crash\n".repeat(MAX_ERRORS + 2));
    let errors = parse(&text).unwrap_err();
    assert_eq!((errors.errors.len(), errors.left_out), (MAX_ERRORS, 2));
    assert!(errors.to_string().ends_with("\nand 2 more errors"));
}

#[test]
fn a_console_line_can_be_empty_and_knows_its_servers() {
    assert_eq!(parse_line("  # nothing", 1), Ok(None));
    assert_eq!(parse_line("", 1), Ok(None));
    let names = Names {
        servers: Some(1),
        ..Names::default()
    };
    let error = parse_command_with("crash S2", &names).unwrap_err();
    assert!(error.to_string().contains("(there is S1)"));
}

#[test]
fn the_word_pause_is_a_step_or_a_command_as_what_follows_says() {
    let read = |line| parse_line(line, 1).unwrap().unwrap();
    assert_eq!(read("pause"), Step::Pause(None));
    assert_eq!(read("pause \"S1\""), Step::Pause(Some("S1".into())));
    let server = ServerRef::Id(ServerId::new(1));
    let command = super::super::Command::Pause { server };
    assert_eq!(read("pause S1"), Step::Command { at: None, command });
}

#[test]
fn what_only_another_protocol_knows_is_refused_where_it_stands() {
    let zab = "quorumscope 1\nprotocol zab\n";
    for (script, error) in [
        (
            format!("{zab}set heartbeat 20ms\n"),
            "line 3, column 5: \"heartbeat\" is of protocol raft, and these servers run another",
        ),
        (
            format!("{zab}transfer S1 -> S2\n"),
            "line 3, column 1: \"transfer\" is of protocol raft, and these servers run another",
        ),
        (
            format!("{zab}expect S1 term 3\n"),
            "line 3, column 11: \"term\" is of protocol raft, and these servers run another",
        ),
        (
            format!("{zab}expect message RequestVote\n"),
            "line 3, column 16: \"RequestVote\" is of protocol raft, and these servers run another",
        ),
        (
            "quorumscope 1\nset init-limit 5\n".to_owned(),
            "line 2, column 5: \"init-limit\" is of protocol zab, and these servers run another",
        ),
        (
            "quorumscope 1\nexpect S1 looking\n".to_owned(),
            "line 2, column 11: \"looking\" is of protocol zab, and these servers run another",
        ),
        (
            "quorumscope 1\nset tick 50ms\nprotocol zab\n".to_owned(),
            "line 3, column 1: the protocol comes before every \"set\" and \"off\"",
        ),
    ] {
        assert_eq!(parse(&script).unwrap_err().to_string(), error);
    }
    let names = Names {
        protocol: Some(Protocol::Zab),
        ..Names::default()
    };
    let error = parse_command_with("leave joint", &names).unwrap_err();
    assert!(error.to_string().contains("\"leave\" is of protocol raft"));
    let both = format!("{zab}set tick 50ms\nset sync-limit 4\nexpect S1 epoch = 2\n");
    assert!(parse(&both).is_ok());
}

#[test]
fn a_change_of_the_ensemble_names_servers_by_their_numbers_and_a_version_in_hexadecimal() {
    assert_eq!(
        problem("client A reconfig joining leader"),
        "expected a server (S1 to S5), found \"leader\""
    );
    assert_eq!(
        problem("client A reconfig leaving S1 from x"),
        "expected a version in hexadecimal digits, found \"x\""
    );
    let command = parse_command("client A reconfig joining S4 S5 leaving S1 from 10000000a");
    let written = command.unwrap().to_string();
    assert_eq!(
        written,
        "client A reconfig joining S4 S5 leaving S1 from 10000000a"
    );
}
