//! Every value of the language as text that parses to the same value.

use std::fmt::{Display, Formatter, Result};

use super::ast::{Header, Script, Step};
use super::command::{ClientAction, Command, Disk, EndpointRef, Quality, ServerRef, Timers};
use super::condition::{Comparison, Condition, Fact, name_of};
use super::lexer::{Path, Quoted};
use super::{ClientState, Counter, MessageKind, ServerState};
use crate::raft::Transition;
use crate::zookeeper::ErrorCode;

impl Header {
    /// How many lines `Display` writes.
    pub(super) fn line_count(&self) -> u32 {
        let optional = usize::from(self.behaviour.is_some());
        (4 + optional + self.settings.len() + self.rules_off.len()) as u32
    }
}

impl Display for Header {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "quorumscope {}", self.format)?;
        writeln!(f, "protocol {}", self.protocol)?;
        writeln!(f, "servers {}", self.servers)?;
        writeln!(f, "seed {}", self.seed)?;
        if let Some(behaviour) = self.behaviour {
            writeln!(f, "behaviour {behaviour}")?;
        }
        for setting in &self.settings {
            writeln!(f, "set {setting}")?;
        }
        for rule in &self.rules_off {
            writeln!(f, "off {rule}")?;
        }
        Ok(())
    }
}

impl Display for Script {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.header.fmt(f)?;
        if !self.steps.is_empty() {
            f.write_str("\n")?;
        }
        for step in &self.steps {
            writeln!(f, "{}", step.value)?;
        }
        Ok(())
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Command { at: None, command } => command.fmt(f),
            Self::Command {
                at: Some(at),
                command,
            } => write!(f, "at {at} {command}"),
            Self::Wait(duration) => write!(f, "wait {duration}"),
            Self::Until { condition, within } => {
                write!(f, "until {condition}")?;
                option(f, " within ", *within)
            }
            Self::Expect(condition) => write!(f, "expect {condition}"),
            Self::ExpectRefused(command) => write!(f, "expect refused {command}"),
            Self::Title(text) => write!(f, "title {}", Quoted(text)),
            Self::Say(text) => write!(f, "say {}", Quoted(text)),
            Self::Pause(None) => f.write_str("pause"),
            Self::Pause(Some(text)) => write!(f, "pause {}", Quoted(text)),
            Self::Ask { question, choices } => {
                write!(f, "ask {}", Quoted(question))?;
                for choice in choices {
                    write!(f, " choice {} if {}", Quoted(&choice.text), choice.right)?;
                }
                Ok(())
            }
            Self::End { at, digest } => {
                write!(f, "end {at}")?;
                option(f, " digest ", *digest)
            }
        }
    }
}

impl Display for ServerRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Id(server) => server.fmt(f),
            Self::Leader => f.write_str("leader"),
        }
    }
}

impl Display for EndpointRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Server(server) => server.fmt(f),
            Self::Client(client) => client.fmt(f),
        }
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Crash { server, keep } => {
                write!(f, "crash {server}")?;
                option(f, " keep ", *keep)
            }
            Self::Restart { server } => write!(f, "restart {server}"),
            Self::RestartAll => f.write_str("restart all"),
            Self::Pause { server } => write!(f, "pause {server}"),
            Self::Resume { server } => write!(f, "resume {server}"),
            Self::TimeOut { server } => write!(f, "timeout {server}"),
            Self::Snapshot { server } => write!(f, "snapshot {server}"),
            Self::Transfer { from, to } => write!(f, "transfer {from} -> {to}"),
            Self::ForgetLeader { server } => write!(f, "forget leader {server}"),
            Self::Priority { server, priority } => write!(f, "priority {server} {priority}"),
            Self::Isolate { endpoint } => write!(f, "isolate {endpoint}"),
            Self::Cut { from, to, both } => write!(f, "cut {from}{}{to}", way(*both)),
            Self::Heal { from, to, both } => write!(f, "heal {from}{}{to}", way(*both)),
            Self::HealEndpoint { endpoint } => write!(f, "heal {endpoint}"),
            Self::HealAll => f.write_str("heal all"),
            Self::Partition { groups } => partition(f, groups),
            Self::Wipe { server } => write!(f, "wipe {server}"),
            Self::Add { server } => write!(f, "add {server}"),
            Self::Reconfigure {
                voters,
                learners,
                transition,
                via,
            } => {
                f.write_str("reconfigure")?;
                members(f, voters)?;
                if !learners.is_empty() {
                    f.write_str(" learner")?;
                    members(f, learners)?;
                }
                f.write_str(match transition {
                    Transition::AsNeeded => "",
                    Transition::Joint => " joint",
                    Transition::Explicit => " explicit",
                })?;
                option(f, " via ", *via)
            }
            Self::LeaveJoint { via } => {
                f.write_str("leave joint")?;
                option(f, " via ", *via)
            }
            Self::Disk { server, disk } => match disk {
                Disk::Latency(latency) => write!(f, "disk {server} {latency}"),
                Disk::Full => write!(f, "disk {server} full"),
                Disk::Ok => write!(f, "disk {server} ok"),
            },
            Self::Clock {
                server,
                offset,
                drift_ppm,
            } => {
                write!(f, "clock {server}")?;
                option(f, " ", *offset)?;
                option(f, " drift ", drift_ppm.map(|ppm| format!("{ppm}ppm")))
            }
            Self::Link {
                from,
                to,
                both,
                quality,
            } => write!(f, "link {from}{}{to} {quality}", way(*both)),
            Self::Network { quality } => write!(f, "network {quality}"),
            Self::Drop { message } => write!(f, "drop {message}"),
            Self::Hold { message } => write!(f, "hold {message}"),
            Self::Release { message } => write!(f, "release {message}"),
            Self::Delay { message, by } => write!(f, "delay {message} {by}"),
            Self::Duplicate { message } => write!(f, "duplicate {message}"),
            Self::Deliver { message } => write!(f, "deliver {message}"),
            Self::OfRun { protocol, command } => write!(f, "{} {command}", protocol.name()),
            Self::Timers(Timers::Spread) => f.write_str("spread timers"),
            Self::Timers(Timers::Align) => f.write_str("align timers"),
            Self::Client { client, action } => write!(f, "client {client}{action}"),
        }
    }
}

/// What stands between the ends of a link.
fn way(both: bool) -> &'static str {
    if both { " " } else { " -> " }
}

fn members(f: &mut Formatter<'_>, servers: &[ServerRef]) -> Result {
    servers.iter().try_for_each(|server| write!(f, " {server}"))
}

fn partition(f: &mut Formatter<'_>, groups: &[Vec<EndpointRef>]) -> Result {
    f.write_str("partition")?;
    for (position, group) in groups.iter().enumerate() {
        if position > 0 {
            f.write_str(" |")?;
        }
        for member in group {
            write!(f, " {member}")?;
        }
    }
    Ok(())
}

impl Display for Quality {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if *self == Self::default() {
            return f.write_str("normal");
        }
        let parts = [
            self.latency.map(|latency| format!("latency {latency}")),
            self.loss.map(|loss| format!("loss {loss}")),
            self.duplicate
                .map(|duplicate| format!("duplicate {duplicate}")),
            self.reorder.map(|reorder| format!("reorder {reorder}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join(" "))
    }
}

/// What follows `client A`, with the space before it; opening without a wish is nothing.
impl Display for ClientAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Open {
                server: None,
                timeout: None,
                read_only: false,
            } => Ok(()),
            Self::Open {
                server,
                timeout,
                read_only,
            } => {
                f.write_str(" open")?;
                option(f, " ", *server)?;
                option(f, " timeout ", *timeout)?;
                f.write_str(if *read_only { " read-only" } else { "" })
            }
            Self::Close => f.write_str(" close"),
            Self::Kill => f.write_str(" kill"),
            Self::Connect { server } => write!(f, " connect {server}"),
            Self::Request(operation) => write!(f, " {operation}"),
            Self::Recipe(recipe) => write!(f, " recipe {recipe}"),
            Self::Release { path } => write!(f, " release {}", Path(path)),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (position, claim) in self.claims().iter().enumerate() {
            f.write_str(if position > 0 { " and " } else { "" })?;
            f.write_str(if claim.holds { "" } else { "not " })?;
            claim.fact.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Fact {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Leader => f.write_str("leader"),
            Self::NoLeader => f.write_str("no leader"),
            Self::CaughtUp => f.write_str("caught up"),
            Self::Server { server, state } => write!(f, "{server} {state}"),
            Self::Count {
                server,
                counter,
                comparison,
                value,
            } => {
                write!(f, "{server} {counter} ")?;
                if *comparison != Comparison::AtLeast {
                    write!(f, "{comparison} ")?;
                }
                value.fmt(f)
            }
            Self::Client { client, state } => write!(f, "client {client} {state}"),
            Self::Holds { client, path } => write!(f, "client {client} holds {}", Path(path)),
            Self::Answered { client, error } => {
                let error = error.map_or("ok", ErrorCode::name);
                write!(f, "client {client} answered {error}")
            }
            Self::Znode { path, data, server } => {
                write!(f, "znode {}", Path(path))?;
                option(f, " = ", data.as_deref().map(Quoted))?;
                option(f, " on ", *server)
            }
            Self::Message { kind, ends } => {
                write!(f, "message {kind}")?;
                match ends {
                    Some((from, to)) => write!(f, " {from} -> {to}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Writes the words of types whose variants are words.
macro_rules! words {
    ($($name:ident),*) => {$(
        impl Display for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                f.write_str(name_of(&Self::ALL, *self))
            }
        }
    )*};
}
words!(ServerState, ClientState, Counter, Comparison, MessageKind);

/// Writes a part that may be missing, after its word.
pub(super) fn option(f: &mut Formatter<'_>, word: &str, part: Option<impl Display>) -> Result {
    match part {
        Some(part) => write!(f, "{word}{part}"),
        None => Ok(()),
    }
}
