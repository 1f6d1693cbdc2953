//! Watches: who is told of which changes.
//!
//! A server keeps the watches of its own connections, and they die with the connection. Two
//! halves are kept apart, as in ZooKeeper: what `get` and `exists` register on, told of the znode
//! itself, and what `children` registers on, told of its children; a persistent watch stands in
//! both. An entry is a connection and a path, so that asking again does not lead to being told
//! twice. A one-shot watch of a connection stands beside one that stays on the same path; of those
//! that stay there is one, and the later replaces the earlier (`WatcherModeManager`).

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::{Change, DataTree, Zxid, path};
use crate::digest::Digest;
use crate::ids::ConnectionId;

/// What a watcher is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WatchEvent {
    /// What happened.
    pub kind: EventKind,
    /// To which znode.
    pub path: Arc<str>,
}

/// What happened to a znode that is watched.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventKind {
    /// It was created.
    NodeCreated,
    /// It was deleted.
    NodeDeleted,
    /// Its data were set.
    NodeDataChanged,
    /// A child of it was created or deleted.
    NodeChildrenChanged,
}

/// A watch that stays until it is removed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AddWatchMode {
    /// Told of everything that one-shot watches on the znode are told of.
    Persistent,
    /// Told of the znode and of all below it, but of no children changed: each child tells itself.
    PersistentRecursive,
}

/// Which watches on a path are meant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WatchKind {
    /// Those on the children.
    Children,
    /// Those on the data or the existence.
    Data,
    /// All.
    Any,
}

/// The watches that a client had when its connection was lost.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct WatchLists {
    /// The last state that the client saw.
    pub seen: Zxid,
    /// Set by `get`, or by an `exists` that found the znode.
    pub data: Vec<Arc<str>>,
    /// Set by an `exists` that did not find the znode.
    pub exist: Vec<Arc<str>>,
    /// Set by `children`.
    pub child: Vec<Arc<str>>,
    /// Persistent ones.
    pub persistent: Vec<Arc<str>>,
    /// Persistent recursive ones.
    pub recursive: Vec<Arc<str>>,
}

impl WatchLists {
    /// The lists, in the order in which they are gone through.
    pub fn all(&self) -> [&Vec<Arc<str>>; 5] {
        [
            &self.data,
            &self.exist,
            &self.child,
            &self.persistent,
            &self.recursive,
        ]
    }

    /// Whether there is no watch.
    pub fn is_empty(&self) -> bool {
        self.all().into_iter().all(Vec::is_empty)
    }
}

impl EventKind {
    /// The name, as ZooKeeper's documentation writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NodeCreated => "NodeCreated",
            Self::NodeDeleted => "NodeDeleted",
            Self::NodeDataChanged => "NodeDataChanged",
            Self::NodeChildrenChanged => "NodeChildrenChanged",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `NodeCreated /app`.
impl fmt::Display for WatchEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        super::response::write_path(f, &self.path)
    }
}

/// Which half of the watches a registration or an event belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// Set by `get` and `exists`.
    Data,
    /// Set by `children`.
    Child,
}

/// The kinds of watches that a connection has on a path, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Kinds(u8);

impl Kinds {
    const ONE_SHOT: u8 = 1;
    const PERSISTENT: u8 = 2;
    const RECURSIVE: u8 = 4;
    /// How far the bits of the child half are from those of the data half.
    const CHILD: u8 = 3;

    const fn of(half: Half, bits: u8) -> u8 {
        match half {
            Half::Data => bits,
            Half::Child => bits << Self::CHILD,
        }
    }

    const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    fn words(self) -> Vec<&'static str> {
        let known = [
            (Self::of(Half::Data, Self::ONE_SHOT), "data"),
            (Self::of(Half::Child, Self::ONE_SHOT), "children"),
            (Self::of(Half::Data, Self::PERSISTENT), "persistent"),
            (Self::of(Half::Data, Self::RECURSIVE), "recursive"),
        ];
        let kept = known.into_iter().filter(|(bits, _)| self.has(*bits));
        kept.map(|(_, word)| word).collect()
    }
}

/// The watches of a server's connections.
///
/// `exact` has, by path, who watches it; `above` those of them that watch everything below, so
/// that a change looks at its ancestors without passing by all who watch these alone.
/// `by_connection` says the same the other way round, and `sum` stands for all of it when it is
/// hashed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WatchTable {
    exact: OrdMap<Arc<str>, OrdMap<ConnectionId, Kinds>>,
    above: OrdMap<Arc<str>, OrdSet<ConnectionId>>,
    by_connection: OrdMap<ConnectionId, OrdSet<Arc<str>>>,
    sum: u64,
}

impl Hash for WatchTable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.sum);
    }
}

impl WatchTable {
    /// Registers a one-shot watch.
    pub fn watch_once(&mut self, connection: ConnectionId, path: &Arc<str>, half: Half) {
        self.add(connection, path, Kinds::of(half, Kinds::ONE_SHOT));
    }

    /// Registers a watch that stays, in place of the one of the other mode.
    pub fn watch_always(&mut self, connection: ConnectionId, path: &Arc<str>, mode: AddWatchMode) {
        let (bits, other) = match mode {
            AddWatchMode::Persistent => (Kinds::PERSISTENT, Kinds::RECURSIVE),
            AddWatchMode::PersistentRecursive => (Kinds::RECURSIVE, Kinds::PERSISTENT),
        };
        let both = |bits| Kinds::of(Half::Data, bits) | Kinds::of(Half::Child, bits);
        let kinds = self.kinds(connection, path);
        self.put(connection, path, Kinds(kinds.0 & !both(other) | both(bits)));
    }

    /// Registers a client's watches anew and answers what it has missed, to be told at once. A
    /// watch whose event is told is not registered: it was used up (ZooKeeper, `setWatches`).
    pub fn watch_again(
        &mut self,
        connection: ConnectionId,
        lists: &WatchLists,
        tree: &DataTree,
    ) -> Vec<WatchEvent> {
        let mut missed = Vec::new();
        let mut tell = |kind, path: &Arc<str>| {
            let path = path.clone();
            missed.push(WatchEvent { kind, path });
        };
        let stat = |path: &str| tree.get(path).map(super::Znode::stat);
        for path in &lists.data {
            match stat(path) {
                None => tell(EventKind::NodeDeleted, path),
                Some(stat) if stat.mzxid > lists.seen => tell(EventKind::NodeDataChanged, path),
                Some(_) => self.watch_once(connection, path, Half::Data),
            }
        }
        for path in &lists.exist {
            match stat(path) {
                Some(_) => tell(EventKind::NodeCreated, path),
                None => self.watch_once(connection, path, Half::Data),
            }
        }
        for path in &lists.child {
            match stat(path) {
                None => tell(EventKind::NodeDeleted, path),
                Some(stat) if stat.pzxid > lists.seen => {
                    tell(EventKind::NodeChildrenChanged, path);
                }
                Some(_) => self.watch_once(connection, path, Half::Child),
            }
        }
        for path in &lists.persistent {
            self.watch_always(connection, path, AddWatchMode::Persistent);
        }
        for path in &lists.recursive {
            self.watch_always(connection, path, AddWatchMode::PersistentRecursive);
        }
        missed
    }

    /// Whether any connection has such a watch on the path. Who asks is not told of its own alone
    /// (`WatchManager.containsWatcher`, up to 3.8).
    pub fn is_watched(&self, path: &str, kind: WatchKind) -> bool {
        let watchers = self.exact.get(path).into_iter();
        let mut kinds = watchers.flat_map(OrdMap::values);
        kinds.any(|kinds| kinds.has(bits_of(kind)))
    }

    /// Takes such watches away; answers whether there were any.
    pub fn unwatch(&mut self, connection: ConnectionId, path: &str, kind: WatchKind) -> bool {
        let kinds = self.kinds(connection, path);
        let found = kinds.has(bits_of(kind));
        if found {
            self.put(connection, &path.into(), Kinds(kinds.0 & !bits_of(kind)));
        }
        found
    }

    /// The connection is gone, and its watches with it.
    pub fn forget(&mut self, connection: ConnectionId) {
        let paths = self.by_connection.get(&connection).cloned();
        for path in paths.into_iter().flatten() {
            self.put(connection, &path, Kinds::default());
        }
    }

    /// A change has happened: whom to tell what, in order. First what happened to the znode, then
    /// that its parent's children changed; nobody is told twice that a znode is gone.
    pub fn fire(&mut self, change: &Change, keep: bool) -> Vec<(ConnectionId, WatchEvent)> {
        let (kind, path) = match change {
            Change::Created { path } => (EventKind::NodeCreated, path),
            Change::Deleted { path } => (EventKind::NodeDeleted, path),
            Change::DataChanged { path } => (EventKind::NodeDataChanged, path),
        };
        let mut told = Vec::new();
        let mut tell = |watchers: &BTreeSet<ConnectionId>, kind, path: &Arc<str>| {
            let event = |path: &Arc<str>| WatchEvent {
                kind,
                path: path.clone(),
            };
            told.extend(watchers.iter().map(|watcher| (*watcher, event(path))));
        };
        let mut watchers = self.take(Half::Data, path, kind, keep);
        if kind == EventKind::NodeDeleted {
            watchers.append(&mut self.take(Half::Child, path, kind, keep));
        }
        tell(&watchers, kind, path);
        if kind != EventKind::NodeDataChanged
            && let Some(parent) = path::parent(path)
        {
            let parent: Arc<str> = parent.into();
            let kind = EventKind::NodeChildrenChanged;
            tell(&self.take(Half::Child, &parent, kind, keep), kind, &parent);
        }
        told
    }

    /// Who is to be told that `kind` happened to `path`; one-shot watches are used up by it,
    /// unless they are to be kept.
    fn take(
        &mut self,
        half: Half,
        path: &Arc<str>,
        kind: EventKind,
        keep: bool,
    ) -> BTreeSet<ConnectionId> {
        let one_shot = Kinds::of(half, Kinds::ONE_SHOT);
        let here = one_shot | Kinds::of(half, Kinds::PERSISTENT);
        let mut told = BTreeSet::new();
        if let Some(watchers) = self.exact.get(path).cloned() {
            for (connection, kinds) in watchers {
                if kinds.has(here) {
                    told.insert(connection);
                }
                if kinds.has(one_shot) && !keep {
                    self.put(connection, path, Kinds(kinds.0 & !one_shot));
                }
            }
        }
        if kind != EventKind::NodeChildrenChanged && !self.above.is_empty() {
            let recursive = Kinds::of(half, Kinds::RECURSIVE);
            for ancestor in path::ancestry(path) {
                for connection in self.above.get(ancestor).into_iter().flatten() {
                    if self.kinds(*connection, ancestor).has(recursive) {
                        told.insert(*connection);
                    }
                }
            }
        }
        told
    }

    fn kinds(&self, connection: ConnectionId, path: &str) -> Kinds {
        let watchers = self.exact.get(path);
        let kinds = watchers.and_then(|watchers| watchers.get(&connection));
        kinds.copied().unwrap_or_default()
    }

    fn add(&mut self, connection: ConnectionId, path: &Arc<str>, bits: u8) {
        let kinds = self.kinds(connection, path);
        if kinds.0 | bits != kinds.0 {
            self.put(connection, path, Kinds(kinds.0 | bits));
        }
    }

    /// Writes what a connection has on a path into every table.
    fn put(&mut self, connection: ConnectionId, path: &Arc<str>, kinds: Kinds) {
        let old = self.kinds(connection, path);
        let weigh = |kinds: Kinds| match kinds.0 {
            0 => 0,
            _ => Digest::of(&(connection, path, kinds)).0,
        };
        self.sum = self.sum.wrapping_sub(weigh(old)).wrapping_add(weigh(kinds));
        let recursive =
            Kinds::of(Half::Data, Kinds::RECURSIVE) | Kinds::of(Half::Child, Kinds::RECURSIVE);
        enter(&mut self.above, path, connection, kinds.has(recursive));
        enter(
            &mut self.by_connection,
            &connection,
            path.clone(),
            kinds.0 != 0,
        );
        let watchers = self.exact.entry(path.clone()).or_default();
        if kinds.0 == 0 {
            watchers.remove(&connection);
        } else {
            watchers.insert(connection, kinds);
        }
        if watchers.is_empty() {
            self.exact.remove(path);
        }
    }

    /// The connections that watch a path, in order.
    pub fn watchers(&self, path: &str) -> impl Iterator<Item = ConnectionId> + '_ {
        self.exact
            .get(path)
            .into_iter()
            .flat_map(OrdMap::keys)
            .copied()
    }

    /// Every watch: the path, the connection, and of which kinds, each in a word.
    pub fn all(&self) -> impl Iterator<Item = (&Arc<str>, ConnectionId, Vec<&'static str>)> {
        self.exact.iter().flat_map(|(path, watchers)| {
            let one = move |(id, kinds): (&ConnectionId, &Kinds)| (path, *id, kinds.words());
            watchers.iter().map(one)
        })
    }

    /// The paths that a connection watches, in order.
    pub fn watched_by(&self, connection: ConnectionId) -> impl Iterator<Item = &Arc<str>> {
        self.by_connection.get(&connection).into_iter().flatten()
    }
}

/// Puts `item` into the set at `key`, or takes it out; no set is left empty.
fn enter<K: Ord + Clone, V: Ord + Clone>(
    sets: &mut OrdMap<K, OrdSet<V>>,
    key: &K,
    item: V,
    present: bool,
) {
    if present {
        sets.entry(key.clone()).or_default().insert(item);
    } else if let Some(set) = sets.get_mut(key) {
        set.remove(&item);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}

const fn bits_of(kind: WatchKind) -> u8 {
    let all = Kinds::ONE_SHOT | Kinds::PERSISTENT | Kinds::RECURSIVE;
    match kind {
        WatchKind::Data => Kinds::of(Half::Data, all),
        WatchKind::Children => Kinds::of(Half::Child, all),
        WatchKind::Any => Kinds::of(Half::Data, all) | Kinds::of(Half::Child, all),
    }
}

#[cfg(test)]
mod tests;
