//! The grammar of what clients ask of the service.

use super::cursor::{Cursor, Parsed, needed};
use super::limits::MAX_TIME;
use super::operation::Operation;
use crate::ids::ServerId;
use crate::server::Protocol;
use crate::time::Duration;
use crate::zookeeper::{Acl, CreateMode, Reconfig, WatchKind, Zxid};

/// The kinds of znodes, without those that have a life of their own.
const KINDS: [(&str, CreateMode); 3] = [
    ("ephemeral", CreateMode::Ephemeral),
    ("persistent", CreateMode::Persistent),
    ("container", CreateMode::Container),
];

/// An operation, if one stands here.
#[inline(never)] // Apart: it is needed seldom, and fetched when it is.
pub(super) fn operation(c: &mut Cursor<'_>) -> Parsed<Option<Operation>> {
    if let Some(write) = write(c)? {
        return Ok(Some(write));
    }
    if let Some(read) = read(c)? {
        return Ok(Some(read));
    }
    let operation = if c.word("setacl") {
        Operation::SetAcl {
            path: c.path()?,
            acl: c.acl()?,
            version: version(c)?,
        }
    } else if c.word("getacl") {
        Operation::GetAcl { path: c.path()? }
    } else if c.word("multi") {
        Operation::Multi(list(c, write)?)
    } else if c.word("multiread") {
        Operation::MultiRead(list(c, plain_read)?)
    } else if c.word("sync") {
        Operation::Sync { path: c.path()? }
    } else if c.word("descendants") {
        Operation::Descendants { path: c.path()? }
    } else if c.word("ephemerals") {
        Operation::Ephemerals {
            prefix: c.try_path()?,
        }
    } else if c.word("addauth") {
        Operation::AddAuth {
            scheme: c.data()?,
            credential: c.data()?,
        }
    } else if c.word("whoami") {
        Operation::WhoAmI
    } else if c.word("config") {
        let watch = c.word("watch");
        Operation::Config { watch }
    } else if c.word("reconfig") {
        Operation::Reconfig(reconfig(c)?)
    } else {
        return watch_operation(c);
    };
    Ok(Some(operation))
}

/// Whether a read is to be linearizable, which only Raft's can be.
fn linearizable(c: &mut Cursor<'_>) -> Parsed<bool> {
    let word = c.one_known(&[("linearizable", ())], |_| Some(Protocol::Raft))?;
    Ok(word.is_some())
}

/// What a `multi` can consist of.
fn write(c: &mut Cursor<'_>) -> Parsed<Option<Operation>> {
    let operation = if c.word("create") {
        create(c)?
    } else if c.word("set") {
        set(c)?
    } else if c.word("delete") {
        Operation::Delete {
            path: c.path()?,
            version: version(c)?,
        }
    } else if c.word("check") {
        Operation::Check {
            path: c.path()?,
            version: version(c)?,
        }
    } else {
        return Ok(None);
    };
    Ok(Some(operation))
}

/// What is got, after the word that says so.
pub(super) fn get(c: &mut Cursor<'_>) -> Parsed<Operation> {
    Ok(Operation::Get {
        path: c.path()?,
        watch: c.word("watch"),
        linearizable: linearizable(c)?,
    })
}

fn read(c: &mut Cursor<'_>) -> Parsed<Option<Operation>> {
    let operation = if c.word("get") {
        get(c)?
    } else if c.word("exists") {
        Operation::Exists {
            path: c.path()?,
            watch: c.word("watch"),
            linearizable: linearizable(c)?,
        }
    } else if c.word("children") {
        Operation::Children {
            path: c.path()?,
            watch: c.word("watch"),
            linearizable: linearizable(c)?,
        }
    } else {
        return Ok(None);
    };
    Ok(Some(operation))
}

/// What a `multiread` can consist of.
fn plain_read(c: &mut Cursor<'_>) -> Parsed<Option<Operation>> {
    let (watch, linearizable) = (false, false);
    let operation = if c.word("get") {
        let path = c.path()?;
        Operation::Get {
            path,
            watch,
            linearizable,
        }
    } else if c.word("children") {
        let path = c.path()?;
        Operation::Children {
            path,
            watch,
            linearizable,
        }
    } else {
        return Ok(None);
    };
    Ok(Some(operation))
}

fn watch_operation(c: &mut Cursor<'_>) -> Parsed<Option<Operation>> {
    let operation = if c.word("addwatch") {
        Operation::AddWatch {
            path: c.path()?,
            recursive: c.word("recursive"),
        }
    } else if c.word("checkwatch") {
        Operation::CheckWatch {
            path: c.path()?,
            kind: kind(c),
        }
    } else if c.word("removewatch") {
        Operation::RemoveWatch {
            path: c.path()?,
            kind: kind(c),
        }
    } else {
        return Ok(None);
    };
    Ok(Some(operation))
}

fn kind(c: &mut Cursor<'_>) -> WatchKind {
    let kinds = [("data", WatchKind::Data), ("children", WatchKind::Children)];
    c.one_of(&kinds).unwrap_or(WatchKind::Any)
}

/// `[ OPERATION | OPERATION … ]`.
fn list(
    c: &mut Cursor<'_>,
    one: fn(&mut Cursor<'_>) -> Parsed<Option<Operation>>,
) -> Parsed<Vec<Operation>> {
    let mut operations = Vec::new();
    c.need_word("[")?;
    if c.word("]") {
        return Ok(operations);
    }
    loop {
        match one(c)? {
            Some(operation) => operations.push(operation),
            None => return c.unexpected(),
        }
        if c.word("]") {
            return Ok(operations);
        }
        c.need_word("|")?;
    }
}

/// What stands before or behind the data of a create.
#[derive(Default)]
struct Flags {
    kind: Option<CreateMode>,
    sequential: bool,
}

/// Data, then kind and `sequential` in any order, then the list.
fn create(c: &mut Cursor<'_>) -> Parsed<Operation> {
    let path = c.path()?;
    let mut flags = Flags::default();
    read_flags(c, &mut flags)?;
    let mut data = None;
    let mut acl = acl(c)?;
    if acl.is_none() {
        if flags.kind.is_none() && !flags.sequential {
            data = c.try_data()?;
        }
        if data.is_some() {
            read_flags(c, &mut flags)?;
            acl = self::acl(c)?;
        }
    }
    Ok(Operation::Create {
        path,
        data,
        mode: mode(flags.kind, flags.sequential),
        acl,
    })
}

/// `acl world:anyone:r`, if it stands here.
fn acl(c: &mut Cursor<'_>) -> Parsed<Option<Acl>> {
    if !c.word("acl") {
        return Ok(None);
    }
    Ok(Some(c.acl()?))
}

fn read_flags(c: &mut Cursor<'_>, flags: &mut Flags) -> Parsed<()> {
    loop {
        if flags.kind.is_none()
            && let Some(kind) = create_kind(c, flags.sequential)?
        {
            flags.kind = Some(kind);
        } else if !flags.sequential
            && flags.kind != Some(CreateMode::Container)
            && c.word("sequential")
        {
            flags.sequential = true;
        } else {
            return Ok(());
        }
    }
}

/// The kind of znode, if it is said. No container is sequential.
fn create_kind(c: &mut Cursor<'_>, sequential: bool) -> Parsed<Option<CreateMode>> {
    let kinds = if sequential { &KINDS[..2] } else { &KINDS[..] };
    if let Some(kind) = c.one_of(kinds) {
        return Ok(Some(kind));
    }
    if c.word("ttl") {
        let ttl = c.duration("a time to live", Duration::from_millis(1), MAX_TIME)?;
        let millis = ttl.as_micros() / 1_000;
        return Ok(Some(CreateMode::PersistentWithTtl(millis as i64)));
    }
    Ok(None)
}

const fn mode(kind: Option<CreateMode>, sequential: bool) -> CreateMode {
    match (kind, sequential) {
        (Some(CreateMode::Ephemeral), true) => CreateMode::EphemeralSequential,
        (Some(CreateMode::PersistentWithTtl(ttl)), true) => {
            CreateMode::PersistentSequentialWithTtl(ttl)
        }
        (_, true) => CreateMode::PersistentSequential,
        (Some(kind), false) => kind,
        (None, false) => CreateMode::Persistent,
    }
}

fn set(c: &mut Cursor<'_>) -> Parsed<Operation> {
    let path = c.path()?;
    let mut version = version(c)?;
    let mut data = None;
    if version.is_none() {
        data = c.try_data()?;
        if data.is_some() {
            version = self::version(c)?;
        }
    }
    Ok(Operation::Set {
        path,
        data,
        version,
    })
}

/// Who comes, who goes, or who is to be there, each list after its word.
fn reconfig(c: &mut Cursor<'_>) -> Parsed<Reconfig> {
    Ok(Reconfig {
        joining: servers(c, "joining", Cursor::try_numbered_server)?,
        observing: servers(c, "observing", Cursor::try_numbered_server)?,
        // Whoever is not there may leave: that is no error of the service's.
        leaving: servers(c, "leaving", Cursor::try_new_server)?,
        members: servers(c, "members", Cursor::try_numbered_server)?,
        from: from(c)?,
    })
}

/// `from 100000003`, if it stands here.
fn from(c: &mut Cursor<'_>) -> Parsed<Option<Zxid>> {
    if !c.word("from") {
        return Ok(None);
    }
    Ok(Some(c.configuration_version()?))
}

/// `joining S4 S5`, if it stands here.
fn servers<'a>(
    c: &mut Cursor<'a>,
    word: &'static str,
    one: fn(&mut Cursor<'a>) -> Parsed<Option<ServerId>>,
) -> Parsed<Vec<ServerId>> {
    let mut servers = Vec::new();
    if c.word(word) {
        servers.push(one(c).and_then(needed)?);
        while let Some(server) = one(c)? {
            servers.push(server);
        }
    }
    Ok(servers)
}

/// `version 3`, if it stands here.
fn version(c: &mut Cursor<'_>) -> Parsed<Option<i32>> {
    if !c.word("version") {
        return Ok(None);
    }
    let version = c.count("a version", 0, i32::MAX as u64)?;
    Ok(Some(version as i32))
}
