//! Requests sent one behind the other, without waiting for the answers.

use quorumscope_core::zookeeper::{ErrorCode, Request, Xid, Zxid};
use serde_json::{Map, Value, json};

use super::{Driver, closed};
use crate::conform::{operation, outcome};

/// What a batch consists of. Each has its place among the answers, be it known or not.
enum Asked {
    Request(Request),
    /// The end of the session: nothing behind it is answered.
    Close,
    Unknown,
}

impl Asked {
    fn of(args: &Value, own: Zxid) -> Self {
        let op = args["op"].as_str().unwrap_or_default();
        match operation::request(op, args, own) {
            _ if op == "close" => Self::Close,
            Some(request) => Self::Request(request),
            None => Self::Unknown,
        }
    }
}

impl Driver {
    /// Everything that arrives for a batch, in the order in which it does.
    pub(super) fn batch(&mut self, name: &str, args: &Value) -> Map<String, Value> {
        let Some(session) = self.session_of(name) else {
            return outcome::error(ErrorCode::ConnectionLoss);
        };
        let own = self.sessions[session].seen_at_connect;
        let ops = args["ops"].as_array().cloned().unwrap_or_default();
        let asked: Vec<Asked> = ops.iter().map(|op| Asked::of(op, own)).collect();
        let xids: Vec<Option<Xid>> = asked.iter().map(|it| self.send_asked(name, it)).collect();
        let mut wire = Vec::new();
        let mut is_over = false;
        for (position, (asked, xid)) in asked.iter().zip(xids).enumerate() {
            let (reply, before) = match xid {
                Some(xid) => self.await_reply(name, xid),
                None => (Err(ErrorCode::Unimplemented), Vec::new()),
            };
            wire.extend(before.into_iter().map(|event| json!({"event": event})));
            let mut seen = match asked {
                Asked::Request(request) => {
                    outcome::outcome(request, &reply, &|session| self.name_of(session))
                }
                Asked::Close | Asked::Unknown => closed(&reply),
            };
            is_over |= matches!(asked, Asked::Close) && reply.is_ok();
            seen.insert("reply".into(), position.into());
            wire.push(Value::Object(seen));
        }
        if is_over {
            self.links.remove(name);
        }
        Map::from_iter([("wire".to_owned(), Value::Array(wire))])
    }

    fn send_asked(&mut self, name: &str, asked: &Asked) -> Option<Xid> {
        match asked {
            Asked::Request(request) => self.send(name, request),
            Asked::Close => self.send_close(name),
            Asked::Unknown => None,
        }
    }
}
