//! Reading traces.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;
use thiserror::Error;

use super::shape;

/// What a scenario was recorded from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cluster {
    /// One server.
    Standalone,
    /// Three servers, this one of which led when the scenario began.
    Ensemble {
        /// Its number in the trace.
        leader: u64,
    },
}

/// A scenario: what was done, step by step, and what was seen.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The line that opens it.
    pub header: Value,
    /// What it was recorded from.
    pub cluster: Cluster,
    /// Whether an answer that differs is a fault.
    pub strict: bool,
    /// Whether the events of a step come in no particular order.
    pub unordered: bool,
    /// Its steps, in order.
    pub steps: Vec<Value>,
    /// Why it cannot be replayed: the first of its lines that does not say what it must.
    pub damage: Option<TraceError>,
    /// The names under which its clients connect.
    clients: BTreeSet<String>,
}

/// Why a file is not a trace.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{line}: {what}")]
pub struct TraceError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Reads a trace: an object a line, each scenario opened by its step 0. What is no such thing at all
/// is an error; a scenario with a line that cannot be replayed is [damaged](Scenario::damage).
pub fn parse(text: &str) -> Result<Vec<Scenario>, TraceError> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    // Some editors begin a file with a mark of its byte order.
    let text = text.trim_start_matches('\u{feff}');
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        let wrong = |what: String| TraceError { line, what };
        let value = read(content).map_err(wrong)?;
        let name = value["scenario"]
            .as_str()
            .ok_or_else(|| wrong("expected the name of a `scenario`".into()))?
            .to_owned();
        match value["step"].as_u64() {
            Some(0) => scenarios.push(open(line, name, value)),
            Some(_) => {
                let opened = scenarios.iter_mut().rfind(|it| it.name == name);
                let scenario =
                    opened.ok_or_else(|| wrong(format!("no step 0 has opened `{name}`")))?;
                scenario.take_step(line, value);
            }
            None => return Err(wrong("expected the number of a `step`".into())),
        }
    }
    Ok(scenarios)
}

impl Scenario {
    fn take_step(&mut self, line: usize, step: Value) {
        if let Err(what) = shape::check(&step, &mut self.clients) {
            self.damage.get_or_insert(TraceError { line, what });
        }
        self.steps.push(step);
    }
}

fn read(line: &str) -> Result<Value, String> {
    serde_json::from_str(&without_lone_surrogates(line)).map_err(|error| {
        let text = error.to_string();
        // A line is read by itself: of the place, the column alone says anything.
        let what = text.split(" at line ").next().unwrap_or(&text);
        format!("{what} (column {})", error.column())
    })
}

/// Half of a pair of UTF-16 units is a text in Java and no Unicode text. As a server decodes the
/// bytes of one, it finds U+FFFD in its place.
fn without_lone_surrogates(line: &str) -> Cow<'_, str> {
    if !line.contains("\\ud") && !line.contains("\\uD") {
        return line.into();
    }
    let mut whole = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => 0,
            // Whatever is escaped, it is behind one character at least.
            _ => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        if length == 0 {
            whole.push_str("\\ufffd");
            rest = &escape[6..];
        } else {
            whole.push_str(&escape[..length]);
            rest = &escape[length..];
        }
    }
    whole.push_str(rest);
    whole.into()
}

/// The UTF-16 unit that an escape at the start of `text` stands for.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

fn open(line: usize, name: String, header: Value) -> Scenario {
    let leader = header["leader_at_begin"].as_u64().unwrap_or(1);
    let tags = header["tags"].as_array().map_or(&[][..], Vec::as_slice);
    Scenario {
        name,
        cluster: match header["cluster"].as_str() {
            Some("ensemble3") => Cluster::Ensemble { leader },
            _ => Cluster::Standalone,
        },
        strict: header["strict"].as_bool().unwrap_or(true),
        unordered: tags.iter().any(|tag| tag == "unordered"),
        steps: Vec::new(),
        damage: fault_of(&header).map(|what| TraceError { line, what }),
        clients: BTreeSet::new(),
        header,
    }
}

/// What is wrong with the line that opens a scenario.
fn fault_of(header: &Value) -> Option<String> {
    match &header["cluster"] {
        Value::String(known) if ["standalone", "ensemble3"].contains(&&**known) => {}
        Value::String(other) => return Some(format!("no cluster is called `{other}`")),
        _ => return Some("expected a `cluster`".into()),
    }
    let (strict, tags) = (&header["strict"], &header["tags"]);
    if !strict.is_boolean() && !strict.is_null() {
        return Some(format!("`strict` must be true or false, not {strict}"));
    }
    let is_list = tags.is_array() || tags.is_null();
    (!is_list).then(|| format!("`tags` must be a list, not {tags}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_trace_is_said_with_its_line() {
        let opened = r#"{"scenario":"x","step":0,"cluster":"standalone","tags":[]}"#;
        for (text, line, what) in [
            ("{", 1, "EOF while parsing an object (column 1)"),
            (
                r#"{"scenario":"x","ste"#,
                1,
                "EOF while parsing a string (column 20)",
            ),
            ("{}", 1, "expected the name of a `scenario`"),
            ("[]", 1, "expected the name of a `scenario`"),
            (r#"{"scenario":"x"}"#, 1, "expected the number of a `step`"),
            (
                r#"{"scenario":"x","step":1}"#,
                1,
                "no step 0 has opened `x`",
            ),
        ] {
            let error = parse(&format!("{text}\n")).unwrap_err();
            assert_eq!((error.line, &*error.what), (line, what));
            let later = parse(&format!("{opened}\n\n{text}")).map_or_else(|it| it.line, |_| 0);
            assert!(later == 3 || text.contains("\"step\":1"), "{text}");
        }
    }

    const OPENED: &str = r#"{"scenario":"x","step":0,"cluster":"standalone","tags":[]}"#;

    fn step(number: u32, rest: &str) -> String {
        format!(r#"{{"scenario":"x","step":{number},{rest}}}"#)
    }

    #[test]
    fn a_scenario_with_a_step_that_cannot_be_replayed_is_damaged_and_the_others_are_not() {
        let damaged = step(1, r#""op":"get","session":"A","args":{"path":"/t"}"#);
        let worse = step(2, r#""op":"frob""#);
        let other = OPENED.replace('x', "y");
        let text = [OPENED, "", &*damaged, &*worse, &*other].join("\n");
        let [first, second] = &parse(&text).unwrap()[..] else {
            panic!("two scenarios");
        };
        let what = "no client `A` has connected before".to_owned();
        assert_eq!(first.damage, Some(TraceError { line: 3, what }));
        assert_eq!(second.damage, None);
    }

    #[test]
    fn a_scenario_is_damaged_if_the_line_that_opens_it_is() {
        for (header, what) in [
            (r#""tags":[]"#, "expected a `cluster`"),
            (r#""cluster":"five""#, "no cluster is called `five`"),
            (
                r#""cluster":"standalone","strict":"no""#,
                "`strict` must be true or false, not \"no\"",
            ),
            (
                r#""cluster":"ensemble3","tags":"acl""#,
                "`tags` must be a list, not \"acl\"",
            ),
        ] {
            let scenarios = parse(&step(0, header)).unwrap();
            let what = what.to_owned();
            assert_eq!(scenarios[0].damage, Some(TraceError { line: 1, what }));
        }
    }

    #[test]
    fn neither_line_ends_nor_a_mark_of_byte_order_nor_scenarios_that_take_turns_matter() {
        let open = step(1, r#""op":"open","session":"A","args":{"timeout_ms":400}"#);
        let lines = [
            OPENED.to_owned(),
            OPENED.replace('x', "y"),
            String::new(),
            open,
        ];
        for (mark, end) in [
            ("", "\n"),
            ("\u{feff}", "\n"),
            ("", "\r\n"),
            ("\u{feff}", "\r\n"),
        ] {
            let scenarios = parse(&format!("{mark}{}", lines.join(end))).unwrap();
            assert_eq!(scenarios[0].steps.len(), 1);
            assert_eq!(scenarios[0].damage, None);
            assert_eq!(scenarios[1].steps.len(), 0);
        }
    }

    #[test]
    fn half_of_a_pair_of_units_is_no_character() {
        for (written, read) in [
            (r"/t/x\ud83d\ude00", "/t/x😀"),
            (r"/t/x\uD800", "/t/x\u{fffd}"),
            (r"\udc00\ud800\ud800\udc00!", "\u{fffd}\u{fffd}\u{10000}!"),
            (r"\\ud800 \n\u00e9\ud7ff", "\\ud800 \né\u{d7ff}"),
        ] {
            let line = format!("\"{written}\"");
            assert_eq!(super::read(&line), Ok(Value::from(read)), "{written}");
        }
        for broken in [r#""\ud8"#, r#""\ud800\"#, r#""\ud80é""#] {
            assert!(super::read(broken).is_err(), "{broken}");
        }
    }
}
