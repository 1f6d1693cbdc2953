//! An element of a queue is taken, and once.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::history::{Call, History};
use super::recipes::{Part, Scene};
use super::{Clash, Invariant, Property};
use crate::client::recipes::{Kind, Progress};
use crate::explain::Rule;
use crate::ids::{ClientId, ServerId};
use crate::zookeeper::Request;

/// Who has each element, those that somebody has tried to take, and those that were put in for
/// certain and that nobody has tried to take yet.
#[derive(Clone, Debug, Default)]
pub(super) struct QueueElements {
    taken: OrdMap<Arc<str>, (ClientId, ServerId)>,
    tried: OrdSet<Arc<str>>,
    waiting: OrdMap<Arc<str>, (ClientId, ServerId)>,
}

impl Invariant for QueueElements {
    const PROPERTY: Property = Property {
        name: "queue_elements",
        title: "Queue elements",
        rule: Rule {
            text: "an element that was put into a queue stays until somebody takes it, and one \
                   consumer has it",
            source: "ZooKeeper, Recipes and Solutions: Queues",
        },
    };

    fn attend(&mut self, scene: &Scene<'_>) -> Result<(), Clash> {
        for part in scene.parts.iter().filter(|part| part.changed) {
            match part.running.call().kind {
                Kind::Produce => self.put(part),
                Kind::Consume | Kind::ConsumeUrgent => self.take(part)?,
                _ => {}
            }
        }
        let gone = |element: &Arc<str>| {
            scene.tree.get(element).is_none() && !somebody_deletes(scene.history, element)
        };
        match self.waiting.iter().find(|(element, _)| gone(element)) {
            Some((element, (client, server))) => Err(lost(element, *client, *server)),
            None => Ok(()),
        }
    }
}

impl QueueElements {
    /// A producer may know now that its element is in.
    fn put(&mut self, part: &Part<'_>) {
        if let Some(element) = part.own()
            && part.running.progress() == Progress::Done
            && !self.tried.contains(&*element)
        {
            let putter = (part.client, part.server);
            self.waiting.insert(element.into(), putter);
        }
    }

    /// A consumer may try to take an element, or know that it has one.
    fn take(&mut self, part: &Part<'_>) -> Result<(), Clash> {
        let claims = part.running.claims();
        if let Some(before) = part.before
            && let Some(element) = before.claims().filter(|it| claims.as_ref() != Some(it))
            && before.found() != part.running.found()
        {
            let taker = (part.client, part.server);
            if let Some((other, server)) = self.taken.insert(element.clone(), taker) {
                let client = part.client;
                return Err(Clash {
                    what: format!("client {client} and client {other} have both taken {element}"),
                    facts: [
                        (
                            part.server,
                            format!("told client {client} that {element} is deleted"),
                        ),
                        (
                            server,
                            format!("told client {other} that {element} is deleted"),
                        ),
                    ],
                });
            }
        }
        if let Some(element) = claims {
            self.waiting.remove(&element);
            self.tried.insert(element);
        }
        Ok(())
    }
}

fn lost(element: &str, client: ClientId, server: ServerId) -> Clash {
    Clash {
        what: format!("{element}, which client {client} has put in, is lost"),
        facts: [
            (
                server,
                format!("told client {client} that its element is in"),
            ),
            (
                server,
                "nobody has tried to take it, and it is not there".to_owned(),
            ),
        ],
    }
}

/// Whether a client has asked, apart from any recipe, for an element to be deleted.
fn somebody_deletes(history: &History, element: &str) -> bool {
    fn deletes(request: &Request, element: &str) -> bool {
        match request {
            Request::Delete { path, .. } => **path == *element,
            Request::Multi(parts) => parts.iter().any(|part| deletes(part, element)),
            _ => false,
        }
    }
    let asks = |call: &Call| call.request.as_ref().is_some_and(|it| deletes(it, element));
    history.calls().any(asks)
}
