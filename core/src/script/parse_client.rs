//! The grammar of what clients do.

use super::command::{ClientAction, Command};
use super::cursor::{Cursor, Parsed};
use super::limits::MAX_TIME;
use super::parse_operation::{get, operation};
use super::recipe::recipe;
use crate::time::Duration;

/// `client A …`, after the word `client`.
pub(super) fn client(c: &mut Cursor<'_>) -> Parsed<Command> {
    let client = c.client()?;
    let action = action(c)?.unwrap_or(ClientAction::Open {
        server: None,
        timeout: None,
        read_only: false,
    });
    Ok(Command::Client { client, action })
}

/// `read A /app linearizable`, after the word `read`: short for `client A get /app linearizable`.
pub(super) fn read(c: &mut Cursor<'_>) -> Parsed<Command> {
    let client = c.client()?;
    let action = ClientAction::Request(get(c)?);
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
    } else if c.word("recipe") {
        ClientAction::Recipe(recipe(c)?)
    } else if c.word("release") {
        ClientAction::Release { path: c.path()? }
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
    let read_only = c.word("read-only");
    Ok(ClientAction::Open {
        server,
        timeout,
        read_only,
    })
}
