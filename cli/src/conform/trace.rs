//! Reading traces.

use serde_json::Value;
use thiserror::Error;

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

/// Reads a trace: an object a line, each scenario opened by its step 0.
pub fn parse(text: &str) -> Result<Vec<Scenario>, TraceError> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        let wrong = |what: String| TraceError { line, what };
        let value: Value = serde_json::from_str(content).map_err(|it| wrong(it.to_string()))?;
        let name = value["scenario"]
            .as_str()
            .ok_or_else(|| wrong("expected the name of a `scenario`".into()))?
            .to_owned();
        match value["step"].as_u64() {
            Some(0) => scenarios.push(open(name, value).map_err(wrong)?),
            Some(_) => {
                let opened = scenarios.last_mut().filter(|it| it.name == name);
                let scenario =
                    opened.ok_or_else(|| wrong(format!("no step 0 has opened `{name}`")))?;
                scenario.steps.push(value);
            }
            None => return Err(wrong("expected the number of a `step`".into())),
        }
    }
    Ok(scenarios)
}

fn open(name: String, header: Value) -> Result<Scenario, String> {
    let leader = header["leader_at_begin"].as_u64().unwrap_or(1);
    let cluster = match header["cluster"].as_str() {
        Some("standalone") => Cluster::Standalone,
        Some("ensemble3") => Cluster::Ensemble { leader },
        Some(other) => return Err(format!("no cluster is called `{other}`")),
        None => return Err("expected a `cluster`".into()),
    };
    let tags = header["tags"].as_array().cloned().unwrap_or_default();
    Ok(Scenario {
        name,
        cluster,
        strict: header["strict"].as_bool().unwrap_or(true),
        unordered: tags.iter().any(|tag| tag == "unordered"),
        steps: Vec::new(),
        header,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_trace_is_said_with_its_line() {
        let opened = r#"{"scenario":"x","step":0,"cluster":"standalone","tags":[]}"#;
        for (text, line, what) in [
            ("{", 1, "EOF while parsing an object at line 1 column 1"),
            ("{}", 1, "expected the name of a `scenario`"),
            (r#"{"scenario":"x"}"#, 1, "expected the number of a `step`"),
            (
                r#"{"scenario":"x","step":1}"#,
                1,
                "no step 0 has opened `x`",
            ),
            (r#"{"scenario":"x","step":0}"#, 1, "expected a `cluster`"),
        ] {
            let error = parse(&format!("{text}\n")).unwrap_err();
            assert_eq!((error.line, &*error.what), (line, what));
            let later = parse(&format!("{opened}\n\n{text}")).map_or_else(|it| it.line, |_| 0);
            assert!(later == 3 || text.contains("\"step\":1"), "{text}");
        }
    }
}
