//! The grammar of commands.

use super::command::{Command, Disk, EndpointRef, Quality, ServerRef, Timers};
use super::cursor::{Cursor, Parsed};
use super::error::Impossible;
use super::limits::MAX_TIME;
use super::parse_client::{client, read};
use super::value;
use crate::raft::Transition;
use crate::server::Protocol;
use crate::time::Duration;

type Parse = fn(&mut Cursor<'_>) -> Parsed<Command>;

/// Every command, by its first word, but for what is done to a message.
const COMMANDS: [(&str, Parse); 27] = [
    ("crash", crash),
    ("restart", restart),
    ("pause", |c| {
        Ok(Command::Pause {
            server: c.server()?,
        })
    }),
    ("resume", |c| {
        Ok(Command::Resume {
            server: c.server()?,
        })
    }),
    ("timeout", |c| {
        Ok(Command::TimeOut {
            server: c.server()?,
        })
    }),
    ("snapshot", |c| {
        Ok(Command::Snapshot {
            server: c.server()?,
        })
    }),
    ("transfer", |c| {
        let from = c.server()?;
        c.need_word("->")?;
        let to = c.server()?;
        Ok(Command::Transfer { from, to })
    }),
    ("forget", |c| {
        c.need_word("leader")?;
        Ok(Command::ForgetLeader {
            server: c.server()?,
        })
    }),
    ("priority", |c| {
        let server = c.server()?;
        let priority = c.count("a priority", 0, u8::MAX.into())? as u8;
        Ok(Command::Priority { server, priority })
    }),
    ("isolate", |c| {
        Ok(Command::Isolate {
            endpoint: c.endpoint()?,
        })
    }),
    ("cut", cut),
    ("heal", heal),
    ("partition", partition),
    ("wipe", |c| {
        Ok(Command::Wipe {
            server: c.server()?,
        })
    }),
    ("add", |c| {
        Ok(Command::Add {
            server: c.new_server()?,
        })
    }),
    ("reconfigure", reconfigure),
    ("leave", |c| {
        c.need_word("joint")?;
        Ok(Command::LeaveJoint { via: via(c)? })
    }),
    ("disk", disk),
    ("clock", clock),
    ("link", link),
    ("network", |c| {
        Ok(Command::Network {
            quality: quality(c)?,
        })
    }),
    ("raft", |c| of_run(c, Protocol::Raft)),
    ("zab", |c| of_run(c, Protocol::Zab)),
    ("spread", |c| timers(c, Timers::Spread)),
    ("align", |c| timers(c, Timers::Align)),
    ("client", client),
    ("read", read),
];

/// What can be done to a message on its way.
const TO_A_MESSAGE: [(&str, Parse); 6] = [
    ("drop", |c| {
        Ok(Command::Drop {
            message: c.message()?,
        })
    }),
    ("hold", |c| {
        Ok(Command::Hold {
            message: c.message()?,
        })
    }),
    ("release", |c| {
        Ok(Command::Release {
            message: c.message()?,
        })
    }),
    ("delay", delay),
    ("duplicate", |c| {
        Ok(Command::Duplicate {
            message: c.message()?,
        })
    }),
    ("deliver", |c| {
        Ok(Command::Deliver {
            message: c.message()?,
        })
    }),
];

/// The protocol that alone knows a command, if one does.
fn protocol_of(word: &str) -> Option<Protocol> {
    let of_raft = [
        "timeout", "transfer", "forget", "priority", "leave", "spread", "align",
    ];
    of_raft.contains(&word).then_some(Protocol::Raft)
}

/// One command.
pub(super) fn command(c: &mut Cursor<'_>) -> Parsed<Command> {
    let known = c.one_known(&COMMANDS, |(word, _)| protocol_of(word))?;
    let Some(parse) = known.or_else(|| c.one_of(&TO_A_MESSAGE)) else {
        return c.unexpected();
    };
    let command = parse(c)?;
    match command.check() {
        Ok(()) => Ok(command),
        Err(
            impossible @ (Impossible::LinkToItself(endpoint) | Impossible::InTwoGroups(endpoint)),
        ) => c.refuse_word(&endpoint.to_string(), impossible),
        Err(impossible @ Impossible::NamedTwice(server)) => {
            c.refuse_word(&server.to_string(), impossible)
        }
        Err(impossible) => c.refuse_last(impossible),
    }
}

fn crash(c: &mut Cursor<'_>) -> Parsed<Command> {
    let server = c.server()?;
    let keep = if c.word("keep") {
        let writes = c.count("a number of writes", 0, u32::MAX.into())?;
        Some(writes as u32)
    } else {
        None
    };
    Ok(Command::Crash { server, keep })
}

fn restart(c: &mut Cursor<'_>) -> Parsed<Command> {
    if c.word("all") {
        return Ok(Command::RestartAll);
    }
    Ok(Command::Restart {
        server: c.server()?,
    })
}

fn cut(c: &mut Cursor<'_>) -> Parsed<Command> {
    let from = c.endpoint()?;
    let both = !c.word("->");
    let to = c.endpoint()?;
    Ok(Command::Cut { from, to, both })
}

fn heal(c: &mut Cursor<'_>) -> Parsed<Command> {
    if c.word("all") {
        return Ok(Command::HealAll);
    }
    let from = c.endpoint()?;
    if c.word("->") {
        let to = c.endpoint()?;
        return Ok(Command::Heal {
            from,
            to,
            both: false,
        });
    }
    Ok(match c.try_endpoint()? {
        Some(to) => Command::Heal {
            from,
            to,
            both: true,
        },
        None => Command::HealEndpoint { endpoint: from },
    })
}

fn partition(c: &mut Cursor<'_>) -> Parsed<Command> {
    let mut groups = vec![group(c)?];
    c.need_word("|")?;
    groups.push(group(c)?);
    while c.word("|") {
        groups.push(group(c)?);
    }
    Ok(Command::Partition { groups })
}

fn group(c: &mut Cursor<'_>) -> Parsed<Vec<EndpointRef>> {
    let mut members = vec![c.endpoint()?];
    while let Some(member) = c.try_endpoint()? {
        members.push(member);
    }
    Ok(members)
}

fn reconfigure(c: &mut Cursor<'_>) -> Parsed<Command> {
    let voters = servers(c)?;
    let learners = if c.word("learner") {
        servers(c)?
    } else {
        Vec::new()
    };
    // Zab has no joint configuration that anyone could ask for.
    let transitions = [
        ("joint", Transition::Joint),
        ("explicit", Transition::Explicit),
    ];
    let transition = c.one_known(&transitions, |_| Some(Protocol::Raft))?;
    Ok(Command::Reconfigure {
        voters,
        learners,
        transition: transition.unwrap_or_default(),
        via: via(c)?,
    })
}

fn servers(c: &mut Cursor<'_>) -> Parsed<Vec<ServerRef>> {
    let mut servers = vec![c.server()?];
    while let Some(server) = c.try_server()? {
        servers.push(server);
    }
    Ok(servers)
}

fn via(c: &mut Cursor<'_>) -> Parsed<Option<ServerRef>> {
    if c.word("via") {
        return c.server().map(Some);
    }
    Ok(None)
}

fn disk(c: &mut Cursor<'_>) -> Parsed<Command> {
    let server = c.server()?;
    let latency = c.try_duration("the latency of a disk", Duration::ZERO, MAX_TIME)?;
    let disk = if let Some(latency) = latency {
        Disk::Latency(latency)
    } else if c.word("full") {
        Disk::Full
    } else {
        c.need_word("ok")?;
        Disk::Ok
    };
    Ok(Command::Disk { server, disk })
}

fn clock(c: &mut Cursor<'_>) -> Parsed<Command> {
    let server = c.server()?;
    let offset = c.try_offset()?;
    let drift_ppm = if c.word("drift") {
        Some(c.drift()?)
    } else {
        None
    };
    if offset.is_none() && drift_ppm.is_none() {
        return c.unexpected();
    }
    Ok(Command::Clock {
        server,
        offset,
        drift_ppm,
    })
}

fn link(c: &mut Cursor<'_>) -> Parsed<Command> {
    let from = c.server()?;
    let both = !c.word("->");
    let to: ServerRef = c.server()?;
    Ok(Command::Link {
        from,
        to,
        both,
        quality: quality(c)?,
    })
}

/// `normal`, or what differs from the settings, each once and in any order.
fn quality(c: &mut Cursor<'_>) -> Parsed<Quality> {
    let mut quality = Quality::default();
    if c.word("normal") {
        return Ok(quality);
    }
    loop {
        if quality.latency.is_none() && c.word("latency") {
            let least = Duration::from_micros(1);
            quality.latency = Some(c.span(|word, span| {
                value::within("a latency", word, span.least(), least, MAX_TIME)
            })?);
        } else if quality.loss.is_none() && c.word("loss") {
            quality.loss = Some(c.percent()?);
        } else if quality.duplicate.is_none() && c.word("duplicate") {
            quality.duplicate = Some(c.percent()?);
        } else if quality.reorder.is_none() && c.word("reorder") {
            quality.reorder = Some(c.percent()?);
        } else if quality == Quality::default() {
            return c.unexpected();
        } else {
            return Ok(quality);
        }
    }
}

fn delay(c: &mut Cursor<'_>) -> Parsed<Command> {
    let message = c.message()?;
    let by = c.duration("a delay", Duration::from_micros(1), MAX_TIME)?;
    Ok(Command::Delay { message, by })
}

/// What is done to a message of one of two runs.
fn of_run(c: &mut Cursor<'_>, protocol: Protocol) -> Parsed<Command> {
    let Some(parse) = c.one_of(&TO_A_MESSAGE) else {
        return c.unexpected();
    };
    let command = Box::new(parse(c)?);
    Ok(Command::OfRun { protocol, command })
}

fn timers(c: &mut Cursor<'_>, timers: Timers) -> Parsed<Command> {
    c.need_word("timers")?;
    Ok(Command::Timers(timers))
}
