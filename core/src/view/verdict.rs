//! Verdicts in sentences.

use super::VerdictView;
use crate::check::{Call, History, Monitor, Verdict};
use crate::server::Protocol;
use crate::zookeeper::Request;

impl VerdictView {
    /// What is to be thought of an operation of a history.
    pub(crate) fn of(history: &History, call: &Call) -> Self {
        let text = match call.verdict {
            Verdict::Pending => return Self::pending(),
            Verdict::Unknown => return Self::unknown(),
            Verdict::Linearizable if is_read(call) => {
                "linearizable here: no client had been told of anything newer before it was asked"
                    .to_owned()
            }
            Verdict::Linearizable => {
                "linearizable: it has its place in the one order of all writes, between question \
                 and answer"
                    .to_owned()
            }
            Verdict::Stale { misses } => {
                let newer = history.call(misses).map_or_else(
                    || "a newer state".to_owned(),
                    |newer| format!("`{}` → {}", newer.label(), answer(newer)),
                );
                format!(
                    "stale: client {} had been told {newer} before it was asked; ZooKeeper allows \
                     that, and after a sync it would not be so",
                    misses.client,
                )
            }
            Verdict::Violation { invariant } => {
                let mut properties = Protocol::NAMES
                    .into_iter()
                    .flat_map(|(_, protocol)| Monitor::properties(protocol));
                let broken = properties.find(|property| property.name == invariant);
                let rule = broken.map_or(invariant, |property| property.rule.text);
                format!("violation: {rule}")
            }
        };
        Self {
            word: call.verdict.word(),
            text,
        }
    }

    /// Of an operation without an answer.
    pub(super) fn pending() -> Self {
        Self {
            word: Verdict::Pending.word(),
            text: "pending: no answer has come".to_owned(),
        }
    }

    /// Of an operation that will never have one.
    pub(super) fn unknown() -> Self {
        Self {
            word: Verdict::Unknown.word(),
            text: "unknown: no answer came; it may have happened, may still happen, or never will"
                .to_owned(),
        }
    }
}

fn is_read(call: &Call) -> bool {
    let replicated = call.request.as_ref().is_none_or(Request::is_replicated);
    !replicated
}

fn answer(call: &Call) -> String {
    match call.reply() {
        Some(Ok(response)) => response.to_string(),
        Some(Err(code)) => code.name().to_owned(),
        None => "no answer".to_owned(),
    }
}
