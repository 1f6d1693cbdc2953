//! The grammar of what clients do.

use super::command::{ClientAction, Command, Operation};
use super::cursor::{Cursor, Parsed};
use super::limits::MAX_TIME;
use crate::time::Duration;

/// `client A …`, after the word `client`.
pub(super) fn client(c: &mut Cursor<'_>) -> Parsed<Command> {
    let client = c.client()?;
    let action = action(c)?.unwrap_or(ClientAction::Open {
        server: None,
        timeout: None,
    });
    Ok(Command::Client { client, action })
}

/// What stands after the name of a client, if anything does.
fn action(c: &mut Cursor<'_>) -> Parsed<Option<ClientAction>> {
    let action = if c.word("open") {
        open(c)?
    } else if c.word("close") {
        ClientAction::Close
    } else if c.word("kill") {
        ClientAction::Kill
    } else if c.word("connect") {
        ClientAction::Connect {
            server: c.server()?,
        }
    } else {
        return Ok(operation(c)?.map(ClientAction::Request));
    };
    Ok(Some(action))
}

fn open(c: &mut Cursor<'_>) -> Parsed<ClientAction> {
    let server = c.try_server()?;
    let timeout = if c.word("timeout") {
        let least = Duration::from_millis(1);
        Some(c.duration("a session timeout", least, MAX_TIME)?)
    } else {
        None
    };
    Ok(ClientAction::Open { server, timeout })
}

fn operation(c: &mut Cursor<'_>) -> Parsed<Option<Operation>> {
    let operation = if c.word("create") {
        create(c)?
    } else if c.word("set") {
        set(c)?
    } else if c.word("delete") {
        let path = c.path()?;
        let version = version(c)?;
        Operation::Delete { path, version }
    } else if c.word("get") {
        let (path, linearizable) = read(c)?;
        Operation::Get { path, linearizable }
    } else if c.word("exists") {
        let (path, linearizable) = read(c)?;
        Operation::Exists { path, linearizable }
    } else if c.word("children") {
        let (path, linearizable) = read(c)?;
        Operation::Children { path, linearizable }
    } else if c.word("sync") {
        Operation::Sync { path: c.path()? }
    } else {
        return Ok(None);
    };
    Ok(Some(operation))
}

/// The path of a read, and whether the word `linearizable` stands behind it.
fn read(c: &mut Cursor<'_>) -> Parsed<(String, bool)> {
    let path = c.path()?;
    Ok((path, c.word("linearizable")))
}

fn create(c: &mut Cursor<'_>) -> Parsed<Operation> {
    let path = c.path()?;
    let mut data = None;
    let (mut ephemeral, mut sequential) = (false, false);
    loop {
        if !ephemeral && c.word("ephemeral") {
            ephemeral = true;
        } else if !sequential && c.word("sequential") {
            sequential = true;
        } else if data.is_none() && !ephemeral && !sequential {
            data = c.try_data()?;
            if data.is_none() {
                break;
            }
        } else {
            break;
        }
    }
    Ok(Operation::Create {
        path,
        data,
        ephemeral,
        sequential,
    })
}

fn set(c: &mut Cursor<'_>) -> Parsed<Operation> {
    let path = c.path()?;
    if let Some(version) = version(c)? {
        let version = Some(version);
        return Ok(Operation::Set {
            path,
            data: None,
            version,
        });
    }
    let data = c.try_data()?;
    let version = if data.is_some() { version(c)? } else { None };
    Ok(Operation::Set {
        path,
        data,
        version,
    })
}

/// `version 3`, if it stands here.
fn version(c: &mut Cursor<'_>) -> Parsed<Option<i32>> {
    if !c.word("version") {
        return Ok(None);
    }
    let version = c.count("a version", 0, i32::MAX as u64)?;
    Ok(Some(version as i32))
}
