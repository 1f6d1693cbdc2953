//! The watches that a client waits for, remembered so that a new connection can take them up.

use std::sync::Arc;

use imbl::OrdSet;

use crate::zookeeper::{
    AddWatchMode, ErrorCode, EventKind, Reply, Request, WatchEvent, WatchKind, WatchLists, Zxid,
    path,
};

/// The paths that a client watches, by how it came to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Watches {
    data: OrdSet<Arc<str>>,
    exist: OrdSet<Arc<str>>,
    child: OrdSet<Arc<str>>,
    persistent: OrdSet<Arc<str>>,
    recursive: OrdSet<Arc<str>>,
}

impl Watches {
    /// Takes note of the watch that an operation has set or taken away.
    pub(super) fn note(&mut self, request: &Request, reply: &Reply) {
        let request = match request {
            Request::Linearizable(read) => read,
            request => request,
        };
        let (set, path) = match (request, reply) {
            (Request::Get { path, watch: true } | Request::Exists { path, watch: true }, Ok(_)) => {
                (&mut self.data, path)
            }
            (Request::Exists { path, watch: true }, Err(ErrorCode::NoNode)) => {
                (&mut self.exist, path)
            }
            (Request::Children { path, watch: true }, Ok(_)) => (&mut self.child, path),
            // Its server keeps one watch that stays for each path: the last that was asked for.
            (Request::AddWatch { path, mode }, Ok(_)) => {
                let (set, other) = match mode {
                    AddWatchMode::Persistent => (&mut self.persistent, &mut self.recursive),
                    AddWatchMode::PersistentRecursive => {
                        (&mut self.recursive, &mut self.persistent)
                    }
                };
                other.remove(path);
                (set, path)
            }
            (Request::RemoveWatches { path, kind }, Ok(_)) => return self.remove(path, *kind),
            _ => return,
        };
        set.insert(path.clone());
    }

    /// An event uses up the one-shot watches that it answers; whether it answers any watch.
    pub(super) fn use_up(&mut self, event: &WatchEvent) -> bool {
        let WatchEvent { kind, path } = event;
        let of_children = *kind == EventKind::NodeChildrenChanged;
        let is_below = |above: &Arc<str>| path::ancestry(path).any(|it| *it == **above);
        let mut expected =
            self.persistent.contains(path) || !of_children && self.recursive.iter().any(is_below);
        if !of_children {
            expected |= self.data.remove(path).is_some();
            expected |= self.exist.remove(path).is_some();
        }
        if of_children || *kind == EventKind::NodeDeleted {
            expected |= self.child.remove(path).is_some();
        }
        expected
    }

    fn remove(&mut self, path: &Arc<str>, kind: WatchKind) {
        if kind != WatchKind::Children {
            self.data.remove(path);
            self.exist.remove(path);
        }
        if kind != WatchKind::Data {
            self.child.remove(path);
        }
        if kind == WatchKind::Any {
            self.persistent.remove(path);
            self.recursive.remove(path);
        }
    }

    /// What to register anew with a client's next connection, if there is anything.
    pub(super) fn lists(&self, seen: Zxid) -> Option<Arc<WatchLists>> {
        let paths = |set: &OrdSet<Arc<str>>| set.iter().cloned().collect();
        let lists = WatchLists {
            seen,
            data: paths(&self.data),
            exist: paths(&self.exist),
            child: paths(&self.child),
            persistent: paths(&self.persistent),
            recursive: paths(&self.recursive),
        };
        (!lists.is_empty()).then(|| Arc::new(lists))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zookeeper::Response;

    fn path(path: &str) -> Arc<str> {
        path.into()
    }

    fn event(kind: EventKind, at: &str) -> WatchEvent {
        let path = path(at);
        WatchEvent { kind, path }
    }

    #[test]
    fn a_watch_is_remembered_from_the_answer_that_set_it_to_the_event_that_uses_it_up() {
        let mut watches = Watches::default();
        let exists = |at: &str| Request::Exists {
            path: path(at),
            watch: true,
        };
        let always = Request::AddWatch {
            path: path("/p"),
            mode: AddWatchMode::Persistent,
        };
        watches.note(&exists("/missing"), &Err(ErrorCode::NoNode));
        watches.note(&exists("/there"), &Ok(Response::Done));
        watches.note(&Request::get("/unwatched"), &Ok(Response::Done));
        watches.note(&always, &Ok(Response::Done));
        let lists = watches.lists(Zxid::new(0, 7)).unwrap();
        assert_eq!(lists.exist, [path("/missing")]);
        assert_eq!(lists.data, [path("/there")]);
        assert_eq!(lists.seen, Zxid::new(0, 7));
        for (kind, at) in [
            (EventKind::NodeCreated, "/missing"),
            (EventKind::NodeDataChanged, "/there"),
            (EventKind::NodeDeleted, "/p"),
        ] {
            watches.use_up(&event(kind, at));
        }
        let lists = watches.lists(Zxid::ZERO).unwrap();
        assert_eq!(lists.persistent, [path("/p")]);
        assert_eq!(lists.data.len() + lists.exist.len(), 0);
    }

    #[test]
    fn of_two_watches_that_stay_on_one_path_the_last_is_taken_up_again() {
        let mut watches = Watches::default();
        for mode in [AddWatchMode::Persistent, AddWatchMode::PersistentRecursive] {
            let path = path("/p");
            watches.note(&Request::AddWatch { path, mode }, &Ok(Response::Done));
        }
        let lists = watches.lists(Zxid::ZERO).unwrap();
        assert_eq!((lists.persistent.len(), lists.recursive.len()), (0, 1));
    }
}
