//! Znodes that a single znode's model does not speak for.
//!
//! A `multi` changes several znodes at one moment, and a container or a znode with a time to live
//! goes when the leader sweeps, which no client asks for. What they touch is left out of the
//! search, with the parent whose list of children they change: a znode that is not judged is never
//! wrongly convicted.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::history::History;
use crate::zookeeper::{CreateMode, Request, Version, path};

/// The znodes that are left out: those named, and those that a sequential name may have become.
#[derive(Clone, Debug, Default)]
pub(super) struct Opaque {
    paths: BTreeSet<Arc<str>>,
    prefixes: BTreeSet<Arc<str>>,
}

impl Opaque {
    /// Those of a history, whatever became of each operation.
    pub(super) fn of(history: &History) -> Self {
        let mut opaque = Self::default();
        for request in history.calls().filter_map(|call| call.request.as_ref()) {
            match request {
                Request::Multi(steps) => {
                    for step in steps.iter() {
                        opaque.add(step);
                    }
                }
                Request::Create {
                    mode:
                        CreateMode::Container
                        | CreateMode::PersistentWithTtl(_)
                        | CreateMode::PersistentSequentialWithTtl(_),
                    ..
                } => opaque.add(request),
                _ => {}
            }
        }
        opaque
    }

    fn add(&mut self, request: &Request) {
        let Some(path) = request.path().filter(|_| request.is_write()) else {
            return;
        };
        self.paths.extend(path::parent(path).map(Arc::from));
        match request {
            Request::Create { mode, .. } if mode.is_sequential() => {
                self.prefixes.insert(path.clone());
            }
            _ => {
                self.paths.insert(path.clone());
            }
        }
    }

    /// Whether a znode is left out.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.paths.contains(path) || self.prefixes.iter().any(|prefix| may_become(prefix, path))
    }
}

/// Whether a sequential create of `prefix` may make the znode at `path`.
pub(super) fn may_become(prefix: &str, path: &str) -> bool {
    let count = path.strip_prefix(prefix);
    let count = count.and_then(|digits| digits.parse::<Version>().ok());
    count.is_some_and(|count| path::sequential(prefix, count) == path)
}
