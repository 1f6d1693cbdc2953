//! What a client saw, in the form of the trace.

use quorumscope_core::zookeeper::{
    Acl, Data, ErrorCode, Identity, Reply, Request, Response, SessionId, Stat, WatchEvent,
};
use serde_json::{Map, Value, json};

/// Data longer than this are written as a character and how often it stands there.
const LONG_DATA: usize = 4_096;

/// Names the sessions that own znodes.
pub(super) type NameOf<'a> = &'a dyn Fn(SessionId) -> String;

/// `result`, or `error` and `code`.
pub(super) fn outcome(request: &Request, reply: &Reply, name_of: NameOf<'_>) -> Map<String, Value> {
    let mut seen = Map::new();
    match reply {
        Ok(response) => {
            seen.insert("result".into(), result(request, response, name_of));
        }
        Err(code) => seen.extend(error(*code)),
    }
    seen
}

/// `error` and `code`.
pub(super) fn error(code: ErrorCode) -> Map<String, Value> {
    let mut seen = Map::new();
    seen.insert("error".into(), code.name().into());
    seen.insert("code".into(), code.code().into());
    seen
}

fn result(request: &Request, response: &Response, name_of: NameOf<'_>) -> Value {
    match response {
        Response::Created { path, stat } => match stat {
            Some(stat) => json!({"path": **path, "stat": self::stat(stat, name_of)}),
            None => json!({"path": **path}),
        },
        Response::Stat(stat) => json!({"stat": self::stat(stat, name_of)}),
        Response::Data { data, stat } => {
            json!({"data": self::data(data.as_ref()), "stat": self::stat(stat, name_of)})
        }
        Response::Children { names, stat } => {
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            json!({"children": names, "stat": self::stat(stat, name_of)})
        }
        Response::Number(total) => json!({"total": total}),
        Response::Paths(paths) => {
            json!({"paths": paths.iter().map(|path| &**path).collect::<Vec<_>>()})
        }
        Response::Acl { acl, stat } => {
            json!({"acl": self::acl(acl), "stat": self::stat(stat, name_of)})
        }
        Response::Identities(identities) => {
            let mut ids: Vec<[&str; 2]> = identities.iter().map(pair).collect();
            ids.sort_unstable();
            json!({"ids": ids})
        }
        Response::Synced { path } => json!({"path": **path}),
        Response::Multi(responses) => {
            let part = |(request, response): (&Request, &Response)| {
                part_of_multi(request, response, name_of)
            };
            let parts: Vec<Value> = parts_of(request).iter().zip(responses).map(part).collect();
            json!({"results": parts})
        }
        Response::MultiRead(replies) => {
            let part = |(request, reply): (&Request, &Reply)| match reply {
                Ok(response) => part_of_multi(request, response, name_of),
                Err(code) => Value::Object(error(*code)),
            };
            let parts: Vec<Value> = parts_of(request).iter().zip(replies).map(part).collect();
            json!({"results": parts})
        }
        Response::MultiFailed(failure) => {
            let part = |code: Option<ErrorCode>| match code {
                Some(code) => Value::Object(error(code)),
                None => json!({"error": "OK", "code": 0}),
            };
            json!({"results": failure.codes().map(part).collect::<Vec<_>>()})
        }
        Response::Deleted
        | Response::Checked
        | Response::Done
        | Response::SessionCreated { .. }
        | Response::SessionClosed => json!({}),
    }
}

fn parts_of(request: &Request) -> &[Request] {
    match request {
        Request::Multi(parts) | Request::MultiRead(parts) => parts,
        _ => &[],
    }
}

/// The result with the name of the operation; a list of children comes without the stat.
fn part_of_multi(request: &Request, response: &Response, name_of: NameOf<'_>) -> Value {
    let mut part = result(request, response, name_of);
    if let (Some(fields), Request::Children { .. }) = (part.as_object_mut(), request) {
        fields.remove("stat");
    }
    part["op"] = request.verb().into();
    part
}

fn stat(stat: &Stat, name_of: NameOf<'_>) -> Value {
    json!({
        "czxid": stat.czxid.number(),
        "mzxid": stat.mzxid.number(),
        "pzxid": stat.pzxid.number(),
        "version": stat.version,
        "cversion": stat.cversion,
        "aversion": stat.aversion,
        "owner": stat.owner.map(name_of),
        "dataLength": stat.data_length,
        "numChildren": stat.num_children,
        "mtime": match (stat.mzxid == stat.czxid, stat.mtime.cmp(&stat.ctime)) {
            (true, std::cmp::Ordering::Equal) => "ctime",
            (false, std::cmp::Ordering::Equal | std::cmp::Ordering::Greater) => "later",
            _ => "impossible",
        },
    })
}

fn data(data: Option<&Data>) -> Value {
    let Some(data) = data else {
        return Value::Null;
    };
    let text = String::from_utf8_lossy(data.bytes());
    match text.chars().next() {
        Some(first) if data.len() > LONG_DATA => {
            json!({"repeat": first.to_string(), "count": text.chars().count()})
        }
        _ => text.into(),
    }
}

fn acl(acl: &Acl) -> Vec<Value> {
    acl.entries()
        .iter()
        .map(|entry| {
            let [scheme, id] = pair(&entry.identity);
            json!([entry.perms.bits(), scheme, id])
        })
        .collect()
}

fn pair(identity: &Identity) -> [&str; 2] {
    [&identity.scheme, &identity.id]
}

pub(super) fn event(event: &WatchEvent) -> Value {
    json!({"type": event.kind.name(), "path": *event.path})
}
