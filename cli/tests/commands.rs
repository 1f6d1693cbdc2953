//! The tool as a person or a script uses it: what it prints, and its exit code.

use std::io::Write;
use std::process::{Command, Output, Stdio};

const SCENARIO: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../scenarios/leader-crash.scope"
);

/// Runs the tool with `input` on its standard input.
fn tool(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quorumscope"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A tool that needs no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_run_is_told_and_a_script_that_holds_exits_0() {
    let run = tool(&["run", SCENARIO], "");
    assert_eq!(code(&run), Some(0), "{}", err(&run));
    assert!(out(&run).contains("becomes leader of term 1, because "));
    assert!(out(&run).contains("“The leader fails”"));
    assert_eq!(err(&run), "");
}

#[test]
fn the_json_of_a_run_is_the_view_and_time_stops_where_it_was_told_to() {
    for (until, time) in [("350ms", 350.0), ("5s", 5_000.0)] {
        let run = tool(&["run", SCENARIO, "--until", until, "--json"], "");
        assert_eq!(code(&run), Some(0), "{}", err(&run));
        let view: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(view["version"], 1);
        assert_eq!(view["time"].as_f64(), Some(time));
        assert_eq!(view["protocol"], "raft");
        for list in ["servers", "clients", "messages", "znodes", "violations"] {
            assert!(view[list].is_array(), "{list}");
        }
        let server = &view["servers"][0];
        for field in ["id", "up", "role", "term"] {
            assert!(!server[field].is_null(), "{field}");
        }
    }
}

#[test]
fn a_script_that_does_not_end_itself_ends_with_its_last_step() {
    let script = "quorumscope 1\nuntil leader\nwait 25ms\n";
    let run = tool(&["run", "-", "--json"], script);
    let view: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let time = view["time"].as_f64().unwrap();
    assert!(time > 25.0 && time < 1_000.0, "{time}");
}

#[test]
fn what_does_not_hold_is_named_with_its_line_and_exits_1() {
    let script = "quorumscope 1\nexpect leader\ncrash S1\ncrash S1\nuntil S1 up within 50ms\n";
    let run = tool(&["run", "-"], script);
    assert_eq!(code(&run), Some(1));
    let lines: Vec<&str> = err(&run).lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("<stdin>:2: at 0ms: expected leader"));
    assert!(lines[1].starts_with("<stdin>:4: at 0ms: S1 is down already"));
    assert!(lines[2].starts_with("<stdin>:5: at 50ms: waited 50ms"));
}

#[test]
fn every_error_of_a_script_is_named_with_line_and_column_and_exits_2() {
    let script = "quorumscope 1\nservers 3\noff be_nice\n\ncrash S9\ncarsh S1\n";
    for command in ["run", "link"] {
        let run = tool(&[command, "-"], script);
        assert_eq!(code(&run), Some(2), "{command}");
        assert_eq!(out(&run), "", "{command}");
        assert!(err(&run).contains("<stdin>:5:7: expected a server (S1 to S3)"));
        assert!(err(&run).contains("<stdin>:6:1: expected a command"));
        assert_eq!(err(&run).lines().count(), 2);
    }
    let unknown_rule = tool(&["run", "-"], "quorumscope 1\noff be_nice\n");
    assert_eq!(code(&unknown_rule), Some(2));
    assert!(err(&unknown_rule).starts_with("<stdin>:2:5: expected a rule"));
    let newer = tool(&["run", "-"], "quorumscope 99\n");
    assert_eq!(code(&newer), Some(2));
    assert!(err(&newer).contains("this script has format 99"));
    let settings = "quorumscope 1\nset heartbeat 400ms\n";
    assert_eq!(code(&tool(&["run", "-"], settings)), Some(2));
}

#[test]
fn check_says_of_each_file_whether_it_holds_and_exits_with_the_worst() {
    let both = tool(&["check", SCENARIO, "-"], "quorumscope 1\nexpect leader\n");
    assert_eq!(code(&both), Some(1));
    let lines: Vec<&str> = out(&both).lines().collect();
    assert!(
        lines[0].starts_with("ok ") && lines[1].starts_with("failed "),
        "{lines:?}"
    );
    assert!(lines[2].contains("<stdin>:2: "), "{lines:?}");
    let missing = tool(&["check", "no/such.scope", SCENARIO], "");
    assert_eq!(code(&missing), Some(2));
    assert!(out(&missing).contains("no/such.scope: "));
}

#[test]
fn a_link_gives_its_script_back() {
    let script = "quorumscope 1\nservers 3\n\nuntil leader\ncrash leader\n";
    let page = "https://example.org/scope/";
    let link = tool(&["link", "-", "--page", page], script);
    assert_eq!(code(&link), Some(0));
    let url = out(&link).trim();
    assert!(url.starts_with("https://example.org/scope/#run="), "{url}");
    assert_eq!(out(&tool(&["unlink", url], "")), script);
    let (_, bare) = url.split_once("#run=").unwrap();
    assert_eq!(out(&tool(&["unlink", bare], "")), script);
    let cut = tool(&["unlink", &url[..url.len() - 5]], "");
    assert_eq!(code(&cut), Some(2));
    assert!(err(&cut).contains("cut off"), "{}", err(&cut));
}

#[test]
fn a_fuzzer_that_finds_the_bug_exits_1_with_a_script_that_shows_it() {
    let bug = tool(
        &["fuzz", "--seeds", "0..1000", "--off", "up_to_date_vote"],
        "",
    );
    assert_eq!(code(&bug), Some(1), "{}", err(&bug));
    assert!(!out(&bug).contains("does not show it again"));
    let url = out(&bug).lines().find(|line| line.contains("#run="));
    let script = tool(&["unlink", url.unwrap()], "");
    assert!(out(&script).contains("\noff up_to_date_vote\n"));
    let shown = tool(&["check", "-"], out(&script));
    assert_eq!(code(&shown), Some(1));
    assert!(out(&shown).contains(" is violated: "), "{}", out(&shown));
}

#[test]
fn a_fuzzer_that_finds_nothing_exits_0_and_says_how_fast_it_was() {
    let clean = tool(&["fuzz", "--seeds", "0..5", "--duration", "1s"], "");
    assert_eq!(code(&clean), Some(0));
    assert!(out(&clean).starts_with("5 seeds in "), "{}", out(&clean));
    assert!(out(&clean).contains(" a second"));
    assert!(out(&clean).ends_with("no violation\n"));
}

#[test]
fn rules_are_listed_with_their_sources_or_names_alone() {
    let rules = tool(&["rules", "raft"], "");
    assert_eq!(code(&rules), Some(0));
    assert!(out(&rules).contains("(Raft §5.4.1)"));
    let names = tool(&["rules", "raft", "--names"], "");
    assert!(out(&names).lines().any(|line| line == "up_to_date_vote"));
    assert!(!out(&names).contains(' '));
    let of_service = tool(&["rules", "service", "--names"], "");
    assert!(out(&names).ends_with(&out(&of_service)));
    assert!(
        out(&of_service)
            .lines()
            .any(|line| line == "one_shot_watches")
    );
    assert!(!out(&of_service).contains("up_to_date_vote"));
}

#[test]
fn a_rule_of_the_service_can_be_switched_off_on_any_protocol() {
    let arguments = ["fuzz", "--seeds", "0..50", "--protocol", "raft", "--off"];
    let found = tool(&[&arguments[..], &["all_or_nothing"]].concat(), "");
    assert_eq!(code(&found), Some(1));
    assert!(
        out(&found).contains("failed_writes is violated"),
        "{}",
        out(&found)
    );
}

#[test]
fn wrong_usage_exits_2_and_says_what_would_be_right() {
    for (arguments, hint) in [
        (&["fuzz", "--seeds", "5..5"][..], "half open"),
        (&["fuzz", "--seeds", "x"], "0..1000"),
        (
            &["fuzz", "--seeds", "0..1", "--off", "be_nice"],
            "up_to_date_vote",
        ),
        (&["fuzz", "--seeds", "0..1", "--servers", "0"], "1..=99"),
        (&["fuzz", "--seeds", "0..1", "--protocol", "paxos"], "zab"),
        (
            &[
                "fuzz",
                "--seeds",
                "0..1",
                "--protocol",
                "zab",
                "--off",
                "up_to_date_vote",
            ],
            "abort_when_behind",
        ),
        (&["run", SCENARIO, "--until", "soon"], "1.5s"),
        (&["run", "no/such.scope"], "no/such.scope: "),
        (&["link", SCENARIO, "--page", "x#y"], "no #"),
        (&["unlink", "index.html"], "#run="),
        (&["dance"], "Usage"),
        (&[], "Usage"),
    ] {
        let wrong = tool(arguments, "");
        assert_eq!(code(&wrong), Some(2), "{arguments:?}");
        assert!(err(&wrong).contains(hint), "{arguments:?}: {}", err(&wrong));
    }
}

/// Two scenarios, the second of which expects of the service what it never answers.
const TRACE: &str = r#"{"scenario":"good","step":0,"op":"begin","cluster":"standalone","tags":[],"strict":true}
{"scenario":"good","step":1,"session":"A","op":"open","args":{"timeout_ms":4000},"result":{"timeout_ms":4000}}
{"scenario":"bad","step":0,"op":"begin","cluster":"standalone","tags":[],"strict":true}
{"scenario":"bad","step":1,"session":"A","op":"open","args":{"timeout_ms":4000},"result":{"timeout_ms":7}}
"#;

/// Replays the trace that reads `text`.
fn conform(name: &str, text: &[u8], arguments: &[&str]) -> Output {
    let file = format!("{}/{name}.jsonl", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, text).unwrap();
    tool(&[&["conform", &*file], arguments].concat(), "")
}

#[test]
fn a_replay_says_what_differs_and_exits_1_for_a_strict_difference_only() {
    let replay = conform("differs", TRACE.as_bytes(), &[]);
    assert_eq!(code(&replay), Some(1), "{}", err(&replay));
    let told = "failed     bad\n           step 1\n           \
                want {\"result\":{\"timeout_ms\":7}}\n           \
                got  {\"result\":{\"timeout_ms\":4000}}\n\
                strict: 1 passed, 1 failed; not strict: 0 alike, 0 differing\n";
    assert_eq!(out(&replay), told);
    let lenient = TRACE.replace(r#""strict":true"#, r#""strict":false"#);
    let replay = conform("lenient", lenient.as_bytes(), &[]);
    assert_eq!(code(&replay), Some(0));
    assert!(out(&replay).ends_with("not strict: 1 alike, 1 differing\n"));
    let replay = conform("only", TRACE.as_bytes(), &["--only", "good"]);
    assert_eq!(code(&replay), Some(0));
}

#[test]
fn what_is_no_trace_exits_2_and_says_where_and_what() {
    let good = TRACE.lines().take(2).collect::<Vec<_>>().join("\n");
    let cut = &good.as_bytes()[..good.len() - 30];
    for (name, text, arguments, told) in [
        ("empty", &b""[..], &[][..], ": there is no scenario in it\n"),
        ("blank", b"\n \r\n", &[], ": there is no scenario in it\n"),
        ("cut", cut, &[], ":2: EOF while parsing an object (column "),
        (
            "text",
            b"servers 5\n",
            &[],
            ":1: expected value (column 1)\n",
        ),
        (
            "latin",
            b"{\"scenario\":\"\xe9\"}",
            &[],
            ": stream did not contain valid UTF-8\n",
        ),
        (
            "none",
            good.as_bytes(),
            &["--only", "x"],
            ": no scenario is called `x`\n",
        ),
    ] {
        let wrong = conform(name, text, arguments);
        assert_eq!(code(&wrong), Some(2), "{name}");
        assert!(err(&wrong).contains(told), "{name}: {}", err(&wrong));
        assert_eq!(out(&wrong), "", "{name}");
    }
    let missing = tool(&["conform", "no/such.jsonl"], "");
    assert_eq!(code(&missing), Some(2));
    assert!(err(&missing).starts_with("no/such.jsonl: "));
}

#[test]
fn a_scenario_that_cannot_be_replayed_is_named_and_the_others_are_replayed() {
    let frob = r#"{"scenario":"odd","step":0,"op":"begin","cluster":"standalone","tags":[]}
{"scenario":"odd","step":1,"session":"A","op":"frob"}
"#;
    let good = TRACE.lines().take(2).collect::<Vec<_>>().join("\r\n");
    let text = format!("\u{feff}{frob}\r\n{good}\r\n");
    let replay = conform("odd", text.as_bytes(), &[]);
    assert_eq!(code(&replay), Some(2), "{}", out(&replay));
    assert!(err(&replay).ends_with("odd.jsonl:2: no operation is called `frob`\n"));
    let told = "strict: 1 passed, 0 failed; not strict: 0 alike, 0 differing; not replayed: 1\n";
    assert_eq!(out(&replay), told);
    // A difference weighs more.
    let replay = conform("both", format!("{frob}{TRACE}").as_bytes(), &[]);
    assert_eq!(code(&replay), Some(1));
}
