//! Who holds a lock holds it alone, and in turn.

use std::sync::Arc;

use imbl::OrdMap;

use super::recipes::{Part, Scene};
use super::{Clash, Invariant, Property};
use crate::client::recipes::Kind;
use crate::explain::Rule;
use crate::zookeeper::{Zxid, path};

/// How many digits a sequential znode's name ends with.
const DIGITS: usize = 10;

/// The highest token that gave each lock to one alone. One whose session is over may believe that
/// it holds; its znode is gone, and what the lock protects knows better by the token.
#[derive(Clone, Debug, Default)]
pub(super) struct LockHolders {
    tokens: OrdMap<(Arc<str>, Queueing), Zxid>,
}

/// Recipes that give one thing to one after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Queueing {
    /// In a line of sequential znodes.
    Line,
    /// For one znode.
    Run,
}

/// Whether a recipe is for something that only one can have, and how it waits for it; a lock to
/// read can be had with others who read.
const fn use_of(kind: Kind) -> Option<(Queueing, bool)> {
    match kind {
        Kind::Lock
        | Kind::RevocableLock
        | Kind::WriteLock
        | Kind::RevocableWriteLock
        | Kind::Election => Some((Queueing::Line, true)),
        Kind::ReadLock | Kind::RevocableReadLock => Some((Queueing::Line, false)),
        Kind::SimpleLock => Some((Queueing::Run, true)),
        _ => None,
    }
}

/// A recipe that stands for a lock, with the transaction that created its znode.
struct Stand<'a> {
    part: &'a Part<'a>,
    place: (Arc<str>, Queueing),
    alone: bool,
    name: String,
    created: Zxid,
}

impl Stand<'_> {
    fn excludes(&self, other: &Self) -> bool {
        let is_other = self.part.running.mark() != other.part.running.mark();
        self.place == other.place && is_other && (self.alone || other.alone)
    }

    fn number(&self) -> &str {
        let name = path::name(&self.name);
        let digits = name.len().saturating_sub(DIGITS);
        name.get(digits..).unwrap_or(name)
    }

    fn clash(&self, other: &Self, what: String, does: &str) -> Clash {
        let says = |stand: &Self, does: &str| {
            let (client, call) = (stand.part.client, stand.part.running.call());
            (
                stand.part.server,
                format!("client {client} {does} ({call})"),
            )
        };
        Clash {
            what,
            facts: [
                says(self, self.part.running.call().kind.held()),
                says(other, does),
            ],
        }
    }
}

impl Invariant for LockHolders {
    const PROPERTY: Property = Property {
        name: "lock_holders",
        title: "Lock holders",
        rule: Rule {
            text: "who holds a lock, or leads, does so alone and in turn, unless its session is over",
            source: "ZooKeeper, Recipes and Solutions: Locks, Shared Locks, Leader Election",
        },
    };

    fn attend(&mut self, scene: &Scene<'_>) -> Result<(), Clash> {
        let stands = stands(scene);
        for holder in stands.iter().filter(|it| it.part.holds()) {
            let call = holder.part.running.call();
            let (client, held) = (holder.part.client, call.kind.held());
            for other in stands.iter().filter(|it| holder.excludes(it)) {
                if other.part.holds() {
                    let what = format!(
                        "client {client} {held} at {} while client {} {}",
                        call.path,
                        other.part.client,
                        other.part.running.call().kind.held()
                    );
                    let does = other.part.running.call().kind.held();
                    return Err(holder.clash(other, what, does));
                }
                let was_first =
                    holder.place.1 == Queueing::Line && other.number() < holder.number();
                if was_first {
                    let what = format!(
                        "client {client} {held} at {} out of turn: client {} has {} and still waits",
                        call.path, other.part.client, other.name
                    );
                    return Err(holder.clash(other, what, "stands in front"));
                }
            }
            if holder.alone {
                let last = self.tokens.get(&holder.place).copied().unwrap_or_default();
                if holder.created < last {
                    let what = format!(
                        "client {client} {held} at {} by {}, and another had it by {last}",
                        call.path, holder.created
                    );
                    return Err(holder.clash(holder, what, "comes too late"));
                }
                self.tokens.insert(holder.place.clone(), holder.created);
            }
        }
        Ok(())
    }
}

/// Those whose znodes are there.
fn stands<'a>(scene: &'a Scene<'a>) -> Vec<Stand<'a>> {
    let stand = |part: &'a Part<'a>| {
        let call = part.running.call();
        let (queueing, alone) = use_of(call.kind)?;
        Some(Stand {
            part,
            place: (call.path.clone(), queueing),
            alone,
            name: part.own()?,
            created: part.stands(scene.tree)?,
        })
    };
    scene.parts.iter().filter_map(stand).collect()
}
