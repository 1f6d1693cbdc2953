//! The numbers of sequential znodes rise.

use std::sync::Arc;

use imbl::OrdMap;

use super::history::Call;
use super::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::ids::ServerId;
use crate::sim::World;
use crate::zookeeper::{Request, Response, Zxid, path};

/// How many digits a sequential znode's name ends with.
const DIGITS: usize = 10;

/// The latest sequential znode that anyone was told of below each znode.
#[derive(Clone, Debug, Default)]
pub(super) struct SequentialNames {
    latest: OrdMap<Arc<str>, Named>,
}

/// A sequential znode that was created.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Named {
    path: Arc<str>,
    number: i32,
    zxid: Zxid,
    server: ServerId,
}

impl Invariant for SequentialNames {
    const PROPERTY: Property = Property {
        name: "sequential_names",
        title: "Sequential names",
        rule: Rule {
            text: "a sequential znode's number is greater than those of all that its parent had \
                   before",
            source: "Hunt et al., ZooKeeper, 2010, §2.1",
        },
    };

    fn witness(&mut self, world: &World, call: &Call) -> Result<(), Clash> {
        let Some(zxid) = call.zxid() else {
            return Ok(());
        };
        for created in created(call) {
            let Some(named) = Named::of(created, zxid, call.server) else {
                continue;
            };
            self.take_in(world, named)?;
        }
        Ok(())
    }
}

impl SequentialNames {
    fn take_in(&mut self, world: &World, named: Named) -> Result<(), Clash> {
        let Some(parent) = path::parent(&named.path) else {
            return Ok(());
        };
        let Some(known) = self.latest.get(parent) else {
            self.latest.insert(parent.into(), named);
            return Ok(());
        };
        let server = world.server(named.server);
        let node = server.and_then(|server| server.service().tree().get(parent));
        let since = node.map(|node| node.stat().czxid);
        // A parent that was created anew counts anew.
        let is_same = |earliest| since.is_some_and(|since| since < earliest);
        let is_later = named.zxid >= known.zxid;
        let rises = named.number > known.number;
        if is_same(named.zxid.min(known.zxid)) && is_later != rises {
            let number = named.number;
            return Err(Clash {
                what: format!(
                    "{} was created with number {number}, and {parent} had given {}",
                    named.path, known.number
                ),
                facts: [known.fact(), named.fact()],
            });
        }
        if is_later {
            self.latest.insert(parent.into(), named);
        }
        Ok(())
    }
}

impl Named {
    fn of(path: &Arc<str>, zxid: Zxid, server: ServerId) -> Option<Self> {
        let digits = path.get(path.len().checked_sub(DIGITS)?..)?;
        Some(Self {
            path: path.clone(),
            number: digits.parse().ok()?,
            zxid,
            server,
        })
    }

    fn fact(&self) -> (ServerId, String) {
        let Self {
            path, zxid, server, ..
        } = self;
        (*server, format!("created {path} at {zxid}"))
    }
}

/// The sequential znodes that a write has created, in order.
fn created(call: &Call) -> Vec<&Arc<str>> {
    let (Some(request), Some(Ok(response))) = (&call.request, call.reply()) else {
        return Vec::new();
    };
    let (requests, responses) = match (request, response) {
        (Request::Multi(requests), Response::Multi(responses)) => (&**requests, &**responses),
        (request, response) => (
            std::slice::from_ref(request),
            std::slice::from_ref(response),
        ),
    };
    requests
        .iter()
        .zip(responses)
        .filter_map(|pair| match pair {
            (Request::Create { mode, .. }, Response::Created { path, .. })
                if mode.is_sequential() =>
            {
                Some(path)
            }
            _ => None,
        })
        .collect()
}
