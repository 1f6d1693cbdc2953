//! All who learn what was decided learn the same.

use std::sync::Arc;

use imbl::OrdMap;

use super::recipes::Scene;
use super::{Clash, Invariant, Property};
use crate::client::recipes::Kind;
use crate::explain::Rule;
use crate::ids::{ClientId, ServerId};
use crate::zookeeper::Zxid;

/// What was learnt first of each choice, and by whom. A choice whose znode was deleted and made
/// anew is another.
#[derive(Clone, Debug, Default)]
pub(super) struct OneDecision {
    learnt: OrdMap<(Arc<str>, Zxid), (ClientId, ServerId, String)>,
}

impl Invariant for OneDecision {
    const PROPERTY: Property = Property {
        name: "one_decision",
        title: "One decision",
        rule: Rule {
            text: "all who propose a value learn the same one",
            source: "ZooKeeper, Recipes and Solutions; Hunt et al., 2010, §2.4",
        },
    };

    fn attend(&mut self, scene: &Scene<'_>) -> Result<(), Clash> {
        for part in scene.parts.iter().filter(|part| part.changed) {
            let call = part.running.call();
            let place = scene.tree.get(&call.path);
            let (Kind::Consensus, Some(place)) = (call.kind, place) else {
                continue;
            };
            let Some(value) = part.running.found().pop() else {
                continue;
            };
            let (client, server) = (part.client, part.server);
            let choice = (call.path.clone(), place.stat().czxid);
            let first = self.learnt.entry(choice);
            let first = first.or_insert_with(|| (client, server, value.clone()));
            if first.2 != value {
                let (other, its_server, known) = first.clone();
                let path = &call.path;
                return Err(Clash {
                    what: format!(
                        "client {client} has learnt {value:?} at {path}, and client {other} {known:?}"
                    ),
                    facts: [
                        (server, format!("let client {client} learn {value:?}")),
                        (its_server, format!("let client {other} learn {known:?}")),
                    ],
                });
            }
        }
        Ok(())
    }
}
