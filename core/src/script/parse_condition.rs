//! The grammar of conditions.

use super::ServerRef;
use super::condition::{
    Claim, ClientState, Comparison, Condition, Counter, Fact, MessageKind, ServerState,
};
use super::cursor::{Cursor, Parsed};

/// Claims joined by `and`.
pub(super) fn condition(c: &mut Cursor<'_>) -> Parsed<Condition> {
    let first = claim(c)?;
    let mut more = Vec::new();
    while c.word("and") {
        more.push(claim(c)?);
    }
    Ok(Condition::new(first, more))
}

fn claim(c: &mut Cursor<'_>) -> Parsed<Claim> {
    let holds = !c.word("not");
    let fact = fact(c)?;
    Ok(Claim { holds, fact })
}

fn fact(c: &mut Cursor<'_>) -> Parsed<Fact> {
    if let Some(server) = c.try_server()? {
        return about_server(c, server);
    }
    if c.word("no") {
        c.need_word("leader")?;
        return Ok(Fact::NoLeader);
    }
    if c.word("caught") {
        c.need_word("up")?;
        return Ok(Fact::CaughtUp);
    }
    if c.word("client") {
        return about_client(c);
    }
    if c.word("znode") {
        return znode(c);
    }
    c.need_word("message")?;
    message(c)
}

/// `leader` alone is a fact of its own; before anything else it names a server.
fn about_server(c: &mut Cursor<'_>, server: ServerRef) -> Parsed<Fact> {
    if let Some(state) = c.one_known(&ServerState::ALL, |(_, state)| state.protocol())? {
        return Ok(Fact::Server { server, state });
    }
    if let Some(counter) = c.one_known(&Counter::ALL, |(_, counter)| counter.protocol())? {
        let comparison = c.one_of(&Comparison::ALL).unwrap_or(Comparison::AtLeast);
        let value = c.count("a number", 0, u64::MAX)?;
        return Ok(Fact::Count {
            server,
            counter,
            comparison,
            value,
        });
    }
    if server == ServerRef::Leader {
        return Ok(Fact::Leader);
    }
    c.unexpected()
}

#[inline(never)] // Apart: it is needed seldom, and fetched when it is.
fn about_client(c: &mut Cursor<'_>) -> Parsed<Fact> {
    let client = c.client()?;
    if c.word("answered") {
        let error = if c.word("ok") {
            None
        } else {
            Some(c.answer()?)
        };
        return Ok(Fact::Answered { client, error });
    }
    if c.word("holds") {
        let path = c.path()?;
        return Ok(Fact::Holds { client, path });
    }
    match c.one_of(&ClientState::ALL) {
        Some(state) => Ok(Fact::Client { client, state }),
        None => c.unexpected(),
    }
}

#[inline(never)] // Apart: it is needed seldom, and fetched when it is.
fn znode(c: &mut Cursor<'_>) -> Parsed<Fact> {
    let path = c.path()?;
    let data = if c.word("=") { Some(c.data()?) } else { None };
    let server = if c.word("on") {
        Some(c.server()?)
    } else {
        None
    };
    Ok(Fact::Znode { path, data, server })
}

#[inline(never)] // Apart: it is needed seldom, and fetched when it is.
fn message(c: &mut Cursor<'_>) -> Parsed<Fact> {
    let Some(kind) = c.one_known(&MessageKind::ALL, |(_, kind)| Some(kind.protocol()))? else {
        return c.unexpected();
    };
    let ends = match c.try_server()? {
        Some(from) => {
            c.need_word("->")?;
            Some((from, c.server()?))
        }
        None => None,
    };
    Ok(Fact::Message { kind, ends })
}
