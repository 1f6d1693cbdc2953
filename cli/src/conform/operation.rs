//! What a step asks of the service, from its form in the trace.

use std::sync::Arc;

use quorumscope_core::zookeeper::{
    ANY_VERSION, Acl, AclEntry, AddWatchMode, CreateMode, Data, Identity, Perms, Request,
    WatchKind, WatchLists, Zxid,
};
use serde_json::Value;

/// The request of operation `op` with arguments `args`; none if no such operation is known. `own`
/// is the last state that the client had seen when it connected.
pub(super) fn request(op: &str, args: &Value, own: Zxid) -> Option<Request> {
    let path = text(&args["path"]);
    let watch = args["watch"].as_bool().unwrap_or(false);
    let version = args["version"]
        .as_i64()
        .map_or(ANY_VERSION, |version| version as i32);
    Some(match op {
        "create" => Request::Create {
            path,
            data: data(&args["data"]),
            acl: acl(&args["acl"]),
            mode: mode(args),
        },
        "delete" => Request::Delete { path, version },
        "set" => Request::Set {
            path,
            data: data(&args["data"]),
            version,
        },
        "set_acl" => Request::SetAcl {
            path,
            acl: acl(&args["acl"]),
            version,
        },
        "check" => Request::Check { path, version },
        "get" => Request::Get { path, watch },
        "exists" => Request::Exists { path, watch },
        "children" => Request::Children { path, watch },
        "get_acl" => Request::GetAcl { path },
        "all_children_number" => Request::AllChildrenNumber { path },
        "get_ephemerals" => Request::Ephemerals {
            prefix: text(&args["prefix"]),
        },
        "whoami" => Request::WhoAmI,
        "sync" => Request::Sync { path },
        "multi" => Request::Multi(requests(args, own)?),
        "multi_read" => Request::MultiRead(requests(args, own)?),
        "add_watch" => Request::AddWatch {
            path,
            mode: match args["mode"].as_str() {
                Some("persistent_recursive") => AddWatchMode::PersistentRecursive,
                _ => AddWatchMode::Persistent,
            },
        },
        "check_watches" => Request::CheckWatches {
            path,
            kind: kind(args),
        },
        "remove_watches" => Request::RemoveWatches {
            path,
            kind: kind(args),
        },
        "set_watches" => Request::SetWatches(Arc::new(WatchLists {
            seen: own,
            data: paths(&args["data"]),
            exist: paths(&args["exist"]),
            child: paths(&args["child"]),
            persistent: paths(&args["persistent"]),
            recursive: paths(&args["persistent_recursive"]),
        })),
        "auth" => Request::AddAuth {
            scheme: text(&args["scheme"]),
            credential: text(&args["auth"]),
        },
        _ => return None,
    })
}

fn requests(args: &Value, own: Zxid) -> Option<Arc<[Request]>> {
    let ops = args["ops"].as_array().map_or(&[][..], Vec::as_slice);
    ops.iter()
        .map(|op| request(op["op"].as_str()?, op, own))
        .collect()
}

fn text(value: &Value) -> Arc<str> {
    value.as_str().unwrap_or_default().into()
}

fn paths(value: &Value) -> Vec<Arc<str>> {
    value.as_array().into_iter().flatten().map(text).collect()
}

/// Null, a text, or one character so many times.
fn data(value: &Value) -> Option<Data> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Data::from(text.as_str())),
        _ => {
            let character = value["repeat"].as_str().unwrap_or_default();
            let count = value["count"].as_u64().unwrap_or(0) as usize;
            Some(Data::from(character.repeat(count).as_str()))
        }
    }
}

fn acl(value: &Value) -> Acl {
    let Some(entries) = value.as_array() else {
        return Acl::open();
    };
    let entry = |value: &Value| AclEntry {
        perms: Perms::from_bits(value[0].as_i64().unwrap_or(0) as i32),
        identity: Identity::new(
            value[1].as_str().unwrap_or_default(),
            value[2].as_str().unwrap_or_default(),
        ),
    };
    Acl::new(entries.iter().map(entry).collect::<Vec<_>>())
}

/// By its name, or by its number, which may be one that no mode has. Where a life is asked for with
/// a mode that has none, the server takes the two together for no mode (`EphemeralType.validateTTL`).
fn mode(args: &Value) -> CreateMode {
    let ttl = args["ttl"].as_i64().unwrap_or(-1);
    let mode = known_mode(&args["mode"], ttl);
    if mode.ttl().is_none() && ttl >= 0 {
        return CreateMode::Unknown(mode.flag());
    }
    mode
}

fn known_mode(mode: &Value, ttl: i64) -> CreateMode {
    match mode {
        Value::String(name) => match name.as_str() {
            "EPHEMERAL" => CreateMode::Ephemeral,
            "PERSISTENT_SEQUENTIAL" => CreateMode::PersistentSequential,
            "EPHEMERAL_SEQUENTIAL" => CreateMode::EphemeralSequential,
            "CONTAINER" => CreateMode::Container,
            "PERSISTENT_WITH_TTL" => CreateMode::PersistentWithTtl(ttl),
            "PERSISTENT_SEQUENTIAL_WITH_TTL" => CreateMode::PersistentSequentialWithTtl(ttl),
            _ => CreateMode::Persistent,
        },
        Value::Number(flag) => match flag.as_i64().unwrap_or(-1) {
            0 => CreateMode::Persistent,
            1 => CreateMode::Ephemeral,
            2 => CreateMode::PersistentSequential,
            3 => CreateMode::EphemeralSequential,
            flag => CreateMode::Unknown(flag as i32),
        },
        _ => CreateMode::Persistent,
    }
}

fn kind(args: &Value) -> WatchKind {
    match args["type"].as_str() {
        Some("children") => WatchKind::Children,
        Some("data") => WatchKind::Data,
        _ => WatchKind::Any,
    }
}
