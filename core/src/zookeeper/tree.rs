//! The tree of znodes, and how a transaction is installed in it.
//!
//! Installing tolerates what is already there. A server that recovers from a snapshot replays
//! transactions of which the snapshot holds some effects and not others, znode by znode: it was
//! taken while transactions went on (ZooKeeper, fuzzy snapshots; Zab §5). Each step therefore
//! compares its own zxid with the one that the znode remembers for that kind of change, and leaves
//! alone what is newer. At the end of the replay the tree is the one that never failed.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::digested::DigestedMap;
use super::path::{self, RESERVED};
use super::{Acl, Data, Owner, SessionId, Stat, Version, Zxid};
use crate::time::Time;

/// All znodes, by path. `ephemerals` lists, for every session that owns any, the paths of the
/// znodes whose owner it is; `mortals` the containers and the znodes with a life of their own; and
/// the children of a znode are the names right below it: all three say nothing that the paths and
/// owners do not.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DataTree {
    nodes: DigestedMap<Arc<str>, Znode>,
    ephemerals: Ephemerals,
    mortals: Mortals,
}

/// One znode.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Znode {
    data: Option<Data>,
    acl: Acl,
    czxid: Zxid,
    mzxid: Zxid,
    pzxid: Zxid,
    ctime: Time,
    mtime: Time,
    version: Version,
    creates: Version,
    aversion: Version,
    owner: Owner,
    children: Children,
}

/// The names of a znode's children.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Children(OrdSet<Arc<str>>);

/// The paths of each session's ephemerals.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Ephemerals(OrdMap<SessionId, OrdSet<Arc<str>>>);

/// The paths of the znodes that are swept when nothing keeps them any more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Mortals(OrdSet<Arc<str>>);

/// What a znode is born with, and what its birth does to its parent.
#[derive(Clone, Copy)]
pub(super) struct Birth<'a> {
    pub(super) data: Option<&'a Data>,
    pub(super) acl: &'a Acl,
    pub(super) owner: Owner,
    pub(super) parent_creates: Version,
}

/// What the paths say already need not be hashed again: a znode with a million children would
/// be costly to touch.
impl std::hash::Hash for Children {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// The znodes' owners say it already.
impl std::hash::Hash for Ephemerals {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// The znodes' owners say it already.
impl std::hash::Hash for Mortals {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl Znode {
    fn new(data: Option<Data>, acl: Acl, owner: Owner, zxid: Zxid, time: Time) -> Self {
        Self {
            data,
            acl,
            czxid: zxid,
            mzxid: zxid,
            pzxid: zxid,
            ctime: time,
            mtime: time,
            version: 0,
            creates: 0,
            aversion: 0,
            owner,
            children: Children::default(),
        }
    }

    /// What it holds.
    pub fn data(&self) -> Option<&Data> {
        self.data.as_ref()
    }

    /// Who may do what with it.
    pub fn acl(&self) -> &Acl {
        &self.acl
    }

    /// How often its data were set.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How often its access control list was set.
    pub fn aversion(&self) -> Version {
        self.aversion
    }

    /// When its data were last set, on the clock of the leader of that moment.
    pub fn mtime(&self) -> Time {
        self.mtime
    }

    /// Whose life it depends on.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// The sequential counter: how many children were ever created. What a client sees as
    /// `cversion` is [another number](Stat::cversion).
    pub fn creates(&self) -> Version {
        self.creates
    }

    /// The names of its children, in order.
    pub fn children(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.children.0.iter()
    }

    /// How many children it has.
    pub fn num_children(&self) -> u32 {
        self.children.0.len() as u32
    }

    /// What a client sees.
    pub fn stat(&self) -> Stat {
        Stat {
            czxid: self.czxid,
            mzxid: self.mzxid,
            pzxid: self.pzxid,
            ctime: self.ctime,
            mtime: self.mtime,
            version: self.version,
            cversion: shown_cversion(self.creates, self.num_children()),
            aversion: self.aversion,
            owner: self.owner.session(),
            data_length: self.data.as_ref().map_or(0, Data::len) as u32,
            num_children: self.num_children(),
        }
    }
}

/// Only creates are counted; the deletes are those whose children are no longer there, so creates
/// and deletes together are twice the creates less the children (ZooKeeper,
/// `DataNode.copyStat`).
fn shown_cversion(creates: Version, children: u32) -> Version {
    creates.wrapping_mul(2).wrapping_sub(children as Version)
}

impl DataTree {
    /// The tree of a new ensemble: the root and the reserved znodes. These were not created by
    /// any transaction, so no counter has counted them and the root shows a cversion of -1, as
    /// ZooKeeper's does.
    pub(super) fn new() -> Self {
        let mut tree = Self {
            nodes: DigestedMap::new(),
            ephemerals: Ephemerals::default(),
            mortals: Mortals::default(),
        };
        for reserved in RESERVED {
            let empty = Some(Data::from(""));
            let acl = match reserved {
                path::CONFIG => Acl::read_only(),
                _ => Acl::open(),
            };
            let mut node = Znode::new(empty, acl, Owner::None, Zxid::ZERO, Time::ZERO);
            if reserved == path::CONFIG {
                // Its list was set, at the version "any" (`DataTree.addConfigNode`).
                node.aversion = -1;
            }
            tree.nodes.insert(reserved.into(), node);
            if reserved != path::ROOT {
                tree.link(reserved);
            }
        }
        tree
    }

    /// The znode at `path`.
    pub fn get(&self, path: &str) -> Option<&Znode> {
        self.nodes.get(path)
    }

    /// How many znodes there are, the root and the reserved ones included.
    #[expect(clippy::len_without_is_empty, reason = "the root is always there")]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Every znode with its path, in the order of the paths as texts.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Znode)> {
        self.nodes.iter()
    }

    /// The paths of the znodes that go with `session`, in order.
    pub fn ephemerals(&self, session: SessionId) -> impl Iterator<Item = &Arc<str>> {
        self.ephemerals.0.get(&session).into_iter().flatten()
    }

    /// How many znodes there are below `path`, at any depth.
    pub fn descendants(&self, path: &str) -> u32 {
        let prefix = match path {
            path::ROOT => "/".to_owned(),
            path => format!("{path}/"),
        };
        self.nodes
            .range_from(prefix.as_str())
            .map(|(path, _)| path)
            .skip_while(|path| ***path == *path::ROOT)
            .take_while(|path| path.starts_with(&prefix))
            .count() as u32
    }

    /// The znodes that nothing keeps any more at `now`: containers that had children and have none
    /// left, and childless znodes whose data were not set for longer than their life.
    pub fn sweepable(&self, now: Time) -> impl Iterator<Item = &Arc<str>> {
        let is_due = move |path: &&Arc<str>| {
            let outline = self.get(path).map(super::Outline::from);
            outline.is_some_and(|it| it.children == 0 && it.is_over(now))
        };
        self.mortals.0.iter().filter(is_due)
    }

    /// Whether any znode may have to be swept one day.
    pub fn has_mortals(&self) -> bool {
        !self.mortals.0.is_empty()
    }

    /// Creates a znode and tells its parent; answers whether it was not there before, or nothing
    /// if there is no parent.
    pub(super) fn create(
        &mut self,
        path: &Arc<str>,
        birth: Birth<'_>,
        (zxid, time): (Zxid, Time),
    ) -> Option<bool> {
        let Birth {
            data,
            acl,
            owner,
            parent_creates,
        } = birth;
        let (parent, name) = (path::parent(path)?, path::name(path));
        self.nodes.update(parent, |parent| {
            parent.children.0.insert(name.into());
            if zxid >= parent.pzxid {
                parent.creates = parent_creates;
                parent.pzxid = zxid;
            }
        })?;
        if self.nodes.get(&**path).is_some() {
            return Some(false);
        }
        self.enlist(path, owner);
        let node = Znode::new(data.cloned(), acl.clone(), owner, zxid, time);
        self.nodes.insert(path.clone(), node);
        Some(true)
    }

    /// Deletes a znode and tells its parent; answers whether it was there to delete.
    pub(super) fn delete(&mut self, path: &str, zxid: Zxid) -> bool {
        // One created later under the same name is not the one that this transaction deleted.
        let node = self.nodes.get(path);
        let is_newer = node.is_some_and(|node| node.czxid > zxid);
        let existed = node.is_some() && !is_newer;
        if let Some(parent) = path::parent(path) {
            self.nodes.update(parent, |parent| {
                if !is_newer {
                    parent.children.0.remove(path::name(path));
                }
                parent.pzxid = parent.pzxid.max(zxid);
            });
        }
        if existed {
            self.remove(path);
        }
        existed
    }

    /// Replaces a znode's data; answers whether it was there and at an older state.
    pub(super) fn set_data(
        &mut self,
        path: &str,
        data: Option<&Data>,
        version: Version,
        (zxid, time): (Zxid, Time),
    ) -> bool {
        let changed = self.nodes.update(path, |node| {
            let is_news = zxid >= node.mzxid;
            if is_news {
                node.data = data.cloned();
                node.version = version;
                node.mzxid = zxid;
                node.mtime = time;
            }
            is_news
        });
        changed.unwrap_or(false)
    }

    /// Replaces a znode's access control list. A znode does not remember which transaction set it
    /// last, so that a replay sets it again and again; in the end it is the last one's, for a
    /// replay leaves no later one out. One that took the name since is left alone.
    pub(super) fn set_acl(&mut self, path: &str, acl: &Acl, version: Version, zxid: Zxid) {
        self.nodes.update(path, |node| {
            if node.czxid <= zxid {
                node.acl = acl.clone();
                node.aversion = version;
            }
        });
    }

    /// Enters a znode in the list that its owner calls for.
    fn enlist(&mut self, path: &Arc<str>, owner: Owner) {
        match owner {
            Owner::None => {}
            Owner::Session(session) => {
                let paths = self.ephemerals.0.entry(session).or_default();
                paths.insert(path.clone());
            }
            Owner::Container | Owner::Ttl(_) => {
                self.mortals.0.insert(path.clone());
            }
        }
    }

    /// A znode that is deleted has no children, except in a replay: whatever stands below it then
    /// was created later, and that create will enter it among the children of the next parent.
    fn remove(&mut self, path: &str) {
        match self.nodes.remove(path).map(|node| node.owner) {
            Some(Owner::Session(session)) => {
                if let Some(paths) = self.ephemerals.0.get_mut(&session) {
                    paths.remove(path);
                    if paths.is_empty() {
                        self.ephemerals.0.remove(&session);
                    }
                }
            }
            Some(Owner::Container | Owner::Ttl(_)) => {
                self.mortals.0.remove(path);
            }
            Some(Owner::None) | None => {}
        }
    }

    /// Enters the znode at `path` among its parent's children.
    fn link(&mut self, path: &str) {
        if let Some(parent) = path::parent(path) {
            self.nodes.update(parent, |parent| {
                parent.children.0.insert(path::name(path).into());
            });
        }
    }
}

#[cfg(test)]
impl DataTree {
    /// The tree as it would be after so many more creates below `path`.
    pub(super) fn set_creates(&mut self, path: &str, creates: Version) {
        self.nodes.update(path, |node| node.creates = creates);
    }

    /// What a snapshot holds that was taken while transactions went on: `moment` says for each
    /// path, in order, in which of the states it was written.
    pub(super) fn fuzzy(states: &[&Self], mut moment: impl FnMut(&str) -> usize) -> Self {
        let mut tree = Self {
            nodes: DigestedMap::new(),
            ephemerals: Ephemerals::default(),
            mortals: Mortals::default(),
        };
        let paths: std::collections::BTreeSet<_> = states
            .iter()
            .flat_map(|state| state.iter().map(|(path, _)| path.clone()))
            .collect();
        for path in paths {
            let Some(node) = states[moment(&path)].get(&path) else {
                continue;
            };
            tree.enlist(&path, node.owner);
            tree.nodes.insert(path, node.clone());
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Time = Time::from_millis(86_400_000);

    fn create(tree: &mut DataTree, path: &str, parent_creates: Version, counter: u32) {
        let acl = Acl::open();
        let birth = Birth {
            data: None,
            acl: &acl,
            owner: Owner::None,
            parent_creates,
        };
        tree.create(&path.into(), birth, (zxid(counter), DAY));
    }

    fn zxid(counter: u32) -> Zxid {
        Zxid::new(1, counter)
    }

    #[test]
    fn a_new_tree_holds_the_reserved_znodes_and_shows_them_as_zookeeper_does() {
        let tree = DataTree::new();
        assert_eq!(tree.len(), 4);
        let root = tree.get("/").unwrap().stat();
        assert_eq!((root.num_children, root.cversion), (1, -1));
        let zookeeper = tree.get("/zookeeper").unwrap();
        assert_eq!(zookeeper.stat().cversion, -2);
        let names: Vec<_> = zookeeper.children().map(|name| &**name).collect();
        assert_eq!(names, ["config", "quota"]);
        let versions = |path| {
            let stat = tree.get(path).unwrap().stat();
            (stat.version, stat.aversion)
        };
        assert_eq!(versions("/zookeeper/quota"), (0, 0));
        assert_eq!(versions("/zookeeper/config"), (0, -1));
    }

    #[test]
    fn creates_and_deletes_are_both_shown_but_only_creates_are_counted() {
        let mut tree = DataTree::new();
        create(&mut tree, "/t", 1, 1);
        create(&mut tree, "/t/a", 1, 2);
        create(&mut tree, "/t/b", 2, 3);
        assert!(tree.delete("/t/a", zxid(4)));
        let node = tree.get("/t").unwrap();
        assert_eq!((node.creates(), node.stat().cversion), (2, 3));
        assert_eq!(node.stat().pzxid, zxid(4));
    }

    #[test]
    fn everything_below_a_znode_is_counted_and_nothing_beside_it() {
        let mut tree = DataTree::new();
        for (counter, path) in (1..).zip(["/t", "/t/a", "/t/a/b", "/t-x", "/t-x/y", "/u"]) {
            create(&mut tree, path, 1, counter);
        }
        for (path, count) in [("/t", 2), ("/t/a", 1), ("/t/a/b", 0), ("/", 9)] {
            assert_eq!(tree.descendants(path), count, "{path}");
        }
    }

    #[test]
    fn the_shown_cversion_wraps_with_its_counter() {
        assert_eq!(shown_cversion(i32::MAX, 1), -3);
        assert_eq!(shown_cversion(i32::MIN, 0), 0);
    }

    #[test]
    fn neither_a_digest_nor_a_comparison_depends_on_how_a_tree_came_about() {
        use crate::digest::Digest;
        let mut straight = DataTree::new();
        create(&mut straight, "/a", 1, 1);
        let mut twice = straight.clone();
        create(&mut twice, "/a", 1, 1);
        assert_eq!(twice, straight);
        assert_eq!(Digest::of(&twice), Digest::of(&straight));
        twice.set_data("/a", Some(&Data::from("x")), 1, (zxid(2), DAY));
        assert_ne!(Digest::of(&twice), Digest::of(&straight));
    }
}
