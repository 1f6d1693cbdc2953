//! What was seen beside what was recorded.
//!
//! Only the order of zxids is compared: on either side each stands for its rank among all that the
//! scenario shows. Numeric codes say what the names say already.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::trace::Scenario;

/// The first step at which a scenario came out differently.
#[derive(Debug)]
pub struct Difference {
    /// The step.
    pub step: u64,
    /// What differs of what was recorded.
    pub want: Value,
    /// What differs of what was seen.
    pub got: Value,
}

const OBSERVED: [&str; 5] = ["result", "error", "events", "disconnected", "wire"];
const ZXIDS: [&str; 3] = ["czxid", "mzxid", "pzxid"];

/// The first difference between a scenario's recorded steps and those seen.
pub fn difference(scenario: &Scenario, actual: &[Value]) -> Option<Difference> {
    let want_ranks = ranks(&scenario.steps);
    let got_ranks = ranks(actual);
    for (position, step) in scenario.steps.iter().enumerate() {
        let want = seen(step, &want_ranks, scenario.unordered);
        let Some(actual) = actual.get(position) else {
            return Some(of_step(step, Value::Object(want), Value::Null));
        };
        let got = seen(actual, &got_ranks, scenario.unordered);
        if want != got && !is_accepted(step, &want, &got) {
            let only = |here: &Map<String, Value>, there: &Map<String, Value>| {
                let differs = |(key, value): &(&String, &Value)| there.get(*key) != Some(*value);
                let kept = here.iter().filter(differs);
                Value::Object(
                    kept.map(|(key, value)| (key.clone(), value.clone()))
                        .collect(),
                )
            };
            return Some(of_step(step, only(&want, &got), only(&got, &want)));
        }
    }
    None
}

fn of_step(step: &Value, want: Value, got: Value) -> Difference {
    let step = step["step"].as_u64().unwrap_or(0);
    Difference { step, want, got }
}

/// Whether the step names the error as one that would be as good.
fn is_accepted(step: &Value, want: &Map<String, Value>, got: &Map<String, Value>) -> bool {
    let accepted = step["accept"].as_array().map_or(&[][..], Vec::as_slice);
    got.get("error")
        .is_some_and(|error| accepted.contains(error))
        && want.get("events") == got.get("events")
}

/// The zxids of all stats, each with its rank.
pub(super) fn ranks(steps: &[Value]) -> BTreeMap<u64, u64> {
    let mut found = BTreeSet::new();
    for step in steps {
        collect(step, &mut found);
    }
    found.into_iter().zip(0..).collect()
}

fn collect(value: &Value, found: &mut BTreeSet<u64>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_u64() {
                    Some(zxid) if ZXIDS.contains(&key.as_str()) => {
                        found.insert(zxid);
                    }
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// Zxids replaced by their ranks.
pub(super) fn ranked(value: &Value, ranks: &BTreeMap<u64, u64>) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| {
                    let rank = value
                        .as_u64()
                        .filter(|_| ZXIDS.contains(&key.as_str()))
                        .and_then(|zxid| ranks.get(&zxid));
                    let value = rank.map_or_else(|| ranked(value, ranks), |rank| (*rank).into());
                    (key.clone(), value)
                })
                .collect(),
        ),
        Value::Array(items) => items.iter().map(|item| ranked(item, ranks)).collect(),
        _ => value.clone(),
    }
}

/// As much of a step as was observed, in a form that can be compared.
fn seen(step: &Value, ranks: &BTreeMap<u64, u64>, unordered: bool) -> Map<String, Value> {
    let mut seen = Map::new();
    for key in OBSERVED {
        let value = &step[key];
        // A result without fields says as much as none.
        if matches!(value, Value::Null) || is_empty(value) {
            continue;
        }
        let mut value = without_codes(&ranked(value, ranks));
        match (key, &mut value) {
            ("events", Value::Object(sessions)) => {
                sessions.retain(|_, events| !is_empty(events));
                if unordered {
                    sessions.values_mut().for_each(sort);
                }
                if sessions.is_empty() {
                    continue;
                }
            }
            ("disconnected", names) => sort(names),
            _ => {}
        }
        seen.insert(key.to_owned(), value);
    }
    seen
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn sort(list: &mut Value) {
    if let Value::Array(items) = list {
        items.sort_by_key(ToString::to_string);
    }
}

/// Without numeric codes, and with the lists sorted whose order says nothing.
fn without_codes(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| *key != "code");
            let plain = |(key, value): (&String, &Value)| {
                let mut value = without_codes(value);
                if ["children", "paths", "ids"].contains(&key.as_str()) {
                    sort(&mut value);
                }
                (key.clone(), value)
            };
            Value::Object(kept.map(plain).collect())
        }
        Value::Array(items) => items.iter().map(without_codes).collect(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::trace::parse;
    use super::*;
    use serde_json::json;

    fn compare(recorded: &Value, actual: &Value, tags: &str) -> Option<Difference> {
        let header = format!(
            r#"{{"scenario":"x","step":0,"cluster":"standalone","strict":true,"tags":[{tags}]}}"#
        );
        let mut recorded = recorded.clone();
        recorded["scenario"] = "x".into();
        recorded["step"] = 1.into();
        let scenarios = parse(&format!("{header}\n{recorded}")).unwrap();
        difference(&scenarios[0], std::slice::from_ref(actual))
    }

    #[test]
    fn only_the_order_of_zxids_counts() {
        let stat = |czxid: u64, mzxid: u64| json!({"result": {"czxid": czxid, "mzxid": mzxid}});
        assert!(compare(&stat(1, 2), &stat(40, 77), "").is_none());
        assert!(compare(&stat(1, 2), &stat(77, 40), "").is_some());
        assert!(compare(&stat(1, 1), &stat(40, 77), "").is_some());
    }

    #[test]
    fn an_event_that_nobody_recorded_is_a_difference() {
        let nothing = json!({"result": {}});
        let told = json!({"result": {}, "events": {"W": [{"type": "NodeCreated", "path": "/t"}]}});
        let found = compare(&nothing, &told, "").unwrap();
        assert_eq!((found.step, found.want), (1, json!({})));
        assert!(compare(&told, &nothing, "").is_some());
        assert!(compare(&told, &told, "").is_none());
    }

    #[test]
    fn events_are_compared_in_order_unless_they_have_none() {
        let both = |first: &str, second: &str| json!({"events": {"W": [{"path": first}, {"path": second}]}});
        let (here, there) = (both("/a", "/b"), both("/b", "/a"));
        assert!(compare(&here, &there, "").is_some());
        assert!(compare(&here, &there, r#""unordered""#).is_none());
    }

    #[test]
    fn an_error_that_is_accepted_passes_and_another_does_not() {
        let recorded = json!({"error": "NONODE", "accept": ["BADARGUMENTS"]});
        assert!(compare(&recorded, &json!({"error": "BADARGUMENTS"}), "").is_none());
        assert!(compare(&recorded, &json!({"error": "NODEEXISTS"}), "").is_some());
    }
}
