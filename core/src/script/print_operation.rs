//! Every operation as text that parses to the same value.

use std::fmt::{Display, Formatter, Result};

use super::lexer::{Path, Quoted};
use super::operation::Operation;
use super::print::option;
use crate::time::Duration;
use crate::zookeeper::{Acl, CreateMode, WatchKind};

impl Display for Operation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Create {
                path,
                data,
                mode,
                acl,
            } => {
                write!(f, "create {}", Path(path))?;
                option(f, " ", data.as_deref().map(Quoted))?;
                option(f, " ", mode_words(*mode))?;
                option(f, " acl ", acl.as_ref().map(List))
            }
            Self::Delete { path, version } => {
                write!(f, "delete {}", Path(path))?;
                option(f, " version ", *version)
            }
            Self::Set {
                path,
                data,
                version,
            } => {
                write!(f, "set {}", Path(path))?;
                option(f, " ", data.as_deref().map(Quoted))?;
                option(f, " version ", *version)
            }
            Self::SetAcl { path, acl, version } => {
                write!(f, "setacl {} {}", Path(path), List(acl))?;
                option(f, " version ", *version)
            }
            Self::Check { path, version } => {
                write!(f, "check {}", Path(path))?;
                option(f, " version ", *version)
            }
            Self::Multi(operations) => list(f, "multi", operations),
            Self::MultiRead(operations) => list(f, "multiread", operations),
            Self::Exists {
                path,
                watch,
                linearizable,
            } => read(f, "exists", path, *watch, *linearizable),
            Self::Get {
                path,
                watch,
                linearizable,
            } => read(f, "get", path, *watch, *linearizable),
            Self::Children {
                path,
                watch,
                linearizable,
            } => read(f, "children", path, *watch, *linearizable),
            Self::Descendants { path } => read(f, "descendants", path, false, false),
            Self::Ephemerals { prefix } => {
                f.write_str("ephemerals")?;
                option(f, " ", prefix.as_deref().map(Path))
            }
            Self::GetAcl { path } => read(f, "getacl", path, false, false),
            Self::Sync { path } => read(f, "sync", path, false, false),
            Self::AddAuth { scheme, credential } => {
                write!(f, "addauth {} {}", Word(scheme), Word(credential))
            }
            Self::WhoAmI => f.write_str("whoami"),
            Self::Config { watch } => f.write_str(if *watch { "config watch" } else { "config" }),
            Self::Reconfig(change) => write!(f, "reconfig{change}"),
            Self::AddWatch { path, recursive } => {
                write!(f, "addwatch {}", Path(path))?;
                f.write_str(if *recursive { " recursive" } else { "" })
            }
            Self::CheckWatch { path, kind } => {
                write!(f, "checkwatch {}{}", Path(path), kind_word(*kind))
            }
            Self::RemoveWatch { path, kind } => {
                write!(f, "removewatch {}{}", Path(path), kind_word(*kind))
            }
        }
    }
}

fn read(f: &mut Formatter<'_>, verb: &str, path: &str, watch: bool, linearizable: bool) -> Result {
    write!(f, "{verb} {}", Path(path))?;
    f.write_str(if watch { " watch" } else { "" })?;
    f.write_str(if linearizable { " linearizable" } else { "" })
}

fn list(f: &mut Formatter<'_>, verb: &str, operations: &[Operation]) -> Result {
    write!(f, "{verb} [")?;
    for (position, operation) in operations.iter().enumerate() {
        let bar = if position > 0 { " |" } else { "" };
        write!(f, "{bar} {operation}")?;
    }
    f.write_str(" ]")
}

/// A persistent znode is what a create makes when nothing is said.
fn mode_words(mode: CreateMode) -> Option<String> {
    let ttl = |millis: i64| Duration::from_millis(millis.try_into().unwrap_or(0));
    Some(match mode {
        CreateMode::Persistent => return None,
        CreateMode::PersistentSequential => "sequential".into(),
        CreateMode::PersistentWithTtl(millis) => format!("ttl {}", ttl(millis)),
        CreateMode::PersistentSequentialWithTtl(millis) => {
            format!("ttl {} sequential", ttl(millis))
        }
        _ => mode.to_string(),
    })
}

const fn kind_word(kind: WatchKind) -> &'static str {
    match kind {
        WatchKind::Data => " data",
        WatchKind::Children => " children",
        WatchKind::Any => "",
    }
}

/// A text as a bare word, where it can be read as one.
struct Word<'a>(&'a str);

impl Display for Word<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
        let is_plain = self.0.starts_with(|c: char| c.is_ascii_alphanumeric())
            && self.0.chars().all(plain)
            && !self.0.contains("->");
        if is_plain {
            f.write_str(self.0)
        } else {
            Quoted(self.0).fmt(f)
        }
    }
}

/// An access control list as it is typed.
struct List<'a>(&'a Acl);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let text = self.0.to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.:,/".contains(c);
        let is_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if is_plain && text.chars().all(plain) {
            f.write_str(&text)
        } else {
            Quoted(&text).fmt(f)
        }
    }
}
