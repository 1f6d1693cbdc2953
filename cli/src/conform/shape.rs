//! What a step must say so that it can be replayed.
//!
//! A recording that says less, or says it in another form, was damaged or is of another kind: it
//! is not replayed with something else put in the place of what it does not say.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// An argument of an operation.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    form: Form,
    is_needed: bool,
}

/// How an argument is written.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Whole,
    Flag,
    Texts,
    Servers,
    OneOf(&'static [&'static str]),
    Data,
    Acl,
    Mode,
    Requests,
}

const MODES: [&str; 7] = [
    "PERSISTENT",
    "EPHEMERAL",
    "PERSISTENT_SEQUENTIAL",
    "EPHEMERAL_SEQUENTIAL",
    "CONTAINER",
    "PERSISTENT_WITH_TTL",
    "PERSISTENT_SEQUENTIAL_WITH_TTL",
];

const fn must(name: &'static str, form: Form) -> Field {
    let is_needed = true;
    Field {
        name,
        form,
        is_needed,
    }
}

const fn may(name: &'static str, form: Form) -> Field {
    let is_needed = false;
    Field {
        name,
        form,
        is_needed,
    }
}

const PATH: Field = must("path", Form::Text);
const VERSION: Field = may("version", Form::Whole);
const WATCH: Field = may("watch", Form::Flag);
const DATA: Field = may("data", Form::Data);
const SERVER: Field = may("server", Form::Whole);
const KIND: Field = must("type", Form::OneOf(&["children", "data", "any"]));

/// What a client asks of its server, with its arguments.
fn request(op: &str) -> Option<&'static [Field]> {
    Some(match op {
        "create" => {
            const {
                &[
                    PATH,
                    DATA,
                    may("mode", Form::Mode),
                    may("ttl", Form::Whole),
                    may("acl", Form::Acl),
                ]
            }
        }
        "delete" | "check" => const { &[PATH, VERSION] },
        "set" => const { &[PATH, DATA, VERSION] },
        "set_acl" => const { &[PATH, may("acl", Form::Acl), VERSION] },
        "get" | "exists" | "children" => const { &[PATH, WATCH] },
        "get_acl" | "sync" | "all_children_number" => const { &[PATH] },
        "get_ephemerals" => const { &[may("prefix", Form::Text)] },
        "whoami" => &[],
        "multi" | "multi_read" => const { &[must("ops", Form::Requests)] },
        "add_watch" => {
            const {
                &[
                    PATH,
                    must("mode", Form::OneOf(&["persistent", "persistent_recursive"])),
                ]
            }
        }
        "check_watches" | "remove_watches" => const { &[PATH, KIND] },
        "set_watches" => {
            const {
                &[
                    may("data", Form::Texts),
                    may("exist", Form::Texts),
                    may("child", Form::Texts),
                    may("persistent", Form::Texts),
                    may("persistent_recursive", Form::Texts),
                ]
            }
        }
        "auth" => const { &[must("scheme", Form::Text), must("auth", Form::Text)] },
        _ => return None,
    })
}

/// Everything that a step may do, with its arguments.
fn operation(op: &str) -> Option<&'static [Field]> {
    Some(match op {
        "open" => {
            const {
                &[
                    must("timeout_ms", Form::Whole),
                    SERVER,
                    may("read_only", Form::Flag),
                    may("last_zxid", Form::OneOf(&["ahead"])),
                ]
            }
        }
        "reconnect" => {
            const {
                &[
                    must("session_of", Form::Text),
                    may("last_zxid", Form::OneOf(&["own", "zero", "ahead"])),
                    SERVER,
                    may("bad_password", Form::Flag),
                    may("timeout_ms", Form::Whole),
                    may("read_only", Form::Flag),
                ]
            }
        }
        "close" | "drop" | "stall" => &[],
        "sleep" => const { &[must("ms", Form::Whole)] },
        "kill_server" | "start_server" => const { &[must("server", Form::Whole)] },
        "wait_serving" => const { &[must("servers", Form::Servers)] },
        "batch" => const { &[must("ops", Form::Requests)] },
        _ => return request(op),
    })
}

/// Whether a step names no client.
fn is_of_nobody(op: &str) -> bool {
    matches!(
        op,
        "sleep" | "kill_server" | "start_server" | "wait_serving"
    )
}

/// What is wrong with a step, if anything is. `known` has the names under which clients have
/// connected so far; the step's own joins them if it connects.
pub(super) fn check(step: &Value, known: &mut BTreeSet<String>) -> Result<(), String> {
    let op = text(&step["op"]).ok_or("expected the name of an operation as `op`")?;
    let fields = operation(op).ok_or_else(|| format!("no operation is called `{op}`"))?;
    let none = Map::new();
    let args = match &step["args"] {
        Value::Null => &none,
        Value::Object(args) => args,
        _ => return Err(format!("the `args` of `{op}` must be an object")),
    };
    check_fields(op, fields, args)?;
    if is_of_nobody(op) {
        return Ok(());
    }
    let name = text(&step["session"]);
    let name = name.ok_or_else(|| format!("`{op}` needs the name of a client as `session`"))?;
    let earlier = match op {
        "open" => None,
        "reconnect" => args.get("session_of").and_then(text),
        _ => Some(name),
    };
    if let Some(earlier) = earlier.filter(|name| !known.contains(*name)) {
        return Err(format!("no client `{earlier}` has connected before"));
    }
    known.insert(name.to_owned());
    Ok(())
}

fn check_fields(op: &str, fields: &[Field], args: &Map<String, Value>) -> Result<(), String> {
    for Field {
        name,
        form,
        is_needed,
    } in fields
    {
        let value = args.get(*name).filter(|value| !value.is_null());
        match value {
            None if *is_needed => return Err(format!("`{op}` needs `{name}`: {}", form.words())),
            None => {}
            Some(value) if !form.fits(value) => {
                let words = form.words();
                return Err(format!("`{name}` of `{op}` must be {words}, not {value}"));
            }
            Some(value) => {
                if let Form::Requests = form {
                    check_requests(op, value)?;
                }
            }
        }
    }
    Ok(())
}

/// The parts of a multi, of a multi-read or of a batch, which may end with a close.
fn check_requests(whole: &str, parts: &Value) -> Result<(), String> {
    let parts = parts.as_array().into_iter().flatten();
    for (part, position) in parts.zip(1..) {
        let in_place = |what: String| format!("operation {position} of `{whole}`: {what}");
        let op = text(&part["op"]).ok_or_else(|| in_place("expected its name as `op`".into()))?;
        let fields = match op {
            "close" if whole == "batch" => Some(&[][..]),
            _ => request(op),
        };
        let fields = fields.ok_or_else(|| in_place(format!("no request is called `{op}`")))?;
        if let Value::Object(args) = part {
            check_fields(op, fields, args).map_err(in_place)?;
        }
    }
    Ok(())
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

impl Form {
    fn fits(self, value: &Value) -> bool {
        let all =
            |is_one: fn(&Value) -> bool| value.as_array().is_some_and(|it| it.iter().all(is_one));
        match self {
            Self::Text => value.is_string(),
            Self::Whole => value.is_i64(),
            Self::Flag => value.is_boolean(),
            Self::Texts => all(Value::is_string),
            Self::Servers => all(Value::is_u64),
            Self::OneOf(words) => text(value).is_some_and(|word| words.contains(&word)),
            Self::Data => value.is_string() || is_repeated(value),
            Self::Acl => all(is_entry),
            Self::Mode => value.is_i64() || text(value).is_some_and(|word| MODES.contains(&word)),
            Self::Requests => all(Value::is_object),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Whole => "a whole number".into(),
            Self::Flag => "true or false".into(),
            Self::Texts => "a list of texts".into(),
            Self::Servers => "a list of the numbers of servers".into(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Data => r#"null, a text, or {"repeat": CHARACTER, "count": NUMBER}"#.into(),
            Self::Acl => "a list of [PERMISSIONS, SCHEME, ID]".into(),
            Self::Mode => format!("a number or one of {}", MODES.join(", ")),
            Self::Requests => "a list of operations".into(),
        }
    }
}

/// More than fits in memory is no data of a trace, whatever it says.
fn is_repeated(value: &Value) -> bool {
    const MOST: u64 = 1 << 30;
    let is_count = value["count"].as_u64().is_some_and(|count| count <= MOST);
    is_count && text(&value["repeat"]).is_some_and(|it| it.chars().count() == 1)
}

fn is_entry(value: &Value) -> bool {
    let parts = value.as_array().map(Vec::as_slice);
    matches!(
        parts,
        Some([Value::Number(perms), Value::String(_), Value::String(_)]) if perms.is_i64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wrong(step: &Value) -> String {
        let mut known = BTreeSet::from(["A".to_owned()]);
        check(step, &mut known).err().unwrap_or_default()
    }

    #[test]
    fn a_step_that_cannot_be_replayed_is_refused_and_the_reason_names_what_it_lacks() {
        let of = |op: &str, args: Value| json!({"session": "A", "op": op, "args": args});
        for (step, what) in [
            (
                json!({"session": "A"}),
                "expected the name of an operation as `op`",
            ),
            (of("frob", json!({})), "no operation is called `frob`"),
            (
                of("get", json!([])),
                "the `args` of `get` must be an object",
            ),
            (of("get", json!({})), "`get` needs `path`: a text"),
            (
                of("get", json!({"path": null})),
                "`get` needs `path`: a text",
            ),
            (
                of("get", json!({"path": 7})),
                "`path` of `get` must be a text, not 7",
            ),
            (
                of("get", json!({"path": "/t", "watch": "yes"})),
                "`watch` of `get` must be true or false, not \"yes\"",
            ),
            (
                of("set", json!({"path": "/t", "version": 1.5})),
                "`version` of `set` must be a whole number, not 1.5",
            ),
            (
                of("create", json!({"path": "/t", "mode": "FOREVER"})),
                "`mode` of `create` must be a number or one of PERSISTENT, EPHEMERAL, \
                 PERSISTENT_SEQUENTIAL, EPHEMERAL_SEQUENTIAL, CONTAINER, PERSISTENT_WITH_TTL, \
                 PERSISTENT_SEQUENTIAL_WITH_TTL, not \"FOREVER\"",
            ),
            (
                of(
                    "create",
                    json!({"path": "/t", "data": {"repeat": "xy", "count": 3}}),
                ),
                "`data` of `create` must be null, a text, or {\"repeat\": CHARACTER, \"count\": \
                 NUMBER}, not {\"count\":3,\"repeat\":\"xy\"}",
            ),
            (
                of("set_acl", json!({"path": "/t", "acl": [[31, "world"]]})),
                "`acl` of `set_acl` must be a list of [PERMISSIONS, SCHEME, ID], not \
                 [[31,\"world\"]]",
            ),
            (
                of("remove_watches", json!({"path": "/t", "type": "all"})),
                "`type` of `remove_watches` must be one of children, data, any, not \"all\"",
            ),
            (
                of(
                    "multi",
                    json!({"ops": [{"op": "delete", "path": "/t"}, {"op": "frob"}]}),
                ),
                "operation 2 of `multi`: no request is called `frob`",
            ),
            (
                of("multi", json!({"ops": [{"op": "close"}]})),
                "operation 1 of `multi`: no request is called `close`",
            ),
            (
                of(
                    "batch",
                    json!({"ops": [{"op": "multi", "ops": [{"op": "delete"}]}]}),
                ),
                "operation 1 of `batch`: operation 1 of `multi`: `delete` needs `path`: a text",
            ),
            (
                of("wait_serving", json!({"servers": ["one"]})),
                "`servers` of `wait_serving` must be a list of the numbers of servers, not \
                 [\"one\"]",
            ),
            (
                json!({"op": "close"}),
                "`close` needs the name of a client as `session`",
            ),
            (
                json!({"session": "B", "op": "close"}),
                "no client `B` has connected before",
            ),
            (
                of("reconnect", json!({"session_of": "B", "last_zxid": "own"})),
                "no client `B` has connected before",
            ),
        ] {
            assert_eq!(wrong(&step), what, "{step}");
        }
    }

    #[test]
    fn every_operation_of_the_format_passes_with_every_argument_that_it_may_have() {
        let acl = json!([[31, "world", "anyone"]]);
        let path = json!({"path": "/t"});
        let watched = json!({"path": "/t", "watch": true});
        let kind = json!({"path": "/t", "type": "any"});
        let ops = json!({"ops": [{"op": "get", "path": "/t"}]});
        let full = json!({
            "path": "/t", "data": {"repeat": "x", "count": 5_000}, "mode": "PERSISTENT_WITH_TTL",
            "ttl": 1_500, "acl": acl
        });
        for (op, args) in [
            (
                "open",
                json!({"timeout_ms": -5, "server": 1, "read_only": true, "last_zxid": "ahead"}),
            ),
            (
                "reconnect",
                json!({"session_of": "A", "last_zxid": "zero", "server": 2, "bad_password": true,
                       "timeout_ms": 100}),
            ),
            ("close", Value::Null),
            ("drop", Value::Null),
            ("stall", json!({})),
            ("sleep", json!({"ms": 900})),
            ("create", full),
            ("create", json!({"path": "/t", "data": null, "mode": 99})),
            ("delete", json!({"path": "/t", "version": -1})),
            (
                "set",
                json!({"path": "/t", "data": "x", "version": 987_654_321}),
            ),
            ("get", watched.clone()),
            ("exists", watched.clone()),
            ("children", watched),
            ("get_acl", path.clone()),
            ("set_acl", json!({"path": "/t", "acl": acl, "version": 0})),
            ("set_acl", json!({"path": "/t", "acl": []})),
            ("sync", path.clone()),
            ("check", path.clone()),
            ("multi", json!({"ops": []})),
            ("multi_read", ops.clone()),
            (
                "add_watch",
                json!({"path": "/t", "mode": "persistent_recursive"}),
            ),
            ("check_watches", kind.clone()),
            ("remove_watches", kind),
            (
                "set_watches",
                json!({"data": ["/a"], "exist": [], "child": [], "persistent": [],
                       "persistent_recursive": []}),
            ),
            ("get_ephemerals", json!({"prefix": "/t"})),
            ("all_children_number", path),
            ("whoami", Value::Null),
            ("auth", json!({"scheme": "digest", "auth": "a:b"})),
            ("batch", json!({"ops": [{"op": "whoami"}, {"op": "close"}]})),
            ("kill_server", json!({"server": 3})),
            ("start_server", json!({"server": 3})),
            ("wait_serving", json!({"servers": [1, 2]})),
        ] {
            let step = json!({"session": "A", "op": op, "args": args});
            assert_eq!(wrong(&step), "", "{step}");
        }
    }

    #[test]
    fn a_client_is_known_from_the_step_on_that_connects_it() {
        let mut known = BTreeSet::new();
        let open = json!({"session": "A", "op": "open", "args": {"timeout_ms": 4_000}});
        let second = json!({"session": "A2", "op": "reconnect", "args": {"session_of": "A"}});
        let close = |name: &str| json!({"session": name, "op": "close"});
        assert!(check(&second, &mut known).is_err());
        for step in [open, second, close("A"), close("A2")] {
            assert_eq!(check(&step, &mut known), Ok(()), "{step}");
        }
        assert!(check(&close("B"), &mut known).is_err());
    }
}
