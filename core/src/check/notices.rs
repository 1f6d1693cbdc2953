//! The events of watches that clients were told of, as they come.

use imbl::OrdMap;

use crate::client::Notice;
use crate::ids::{ClientId, ServerId};
use crate::sim::World;

/// An event that a client was told of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Heard {
    /// The client.
    pub(super) client: ClientId,
    /// The server that told it.
    pub(super) server: ServerId,
    /// What it was told.
    pub(super) notice: Notice,
}

/// The number of the last event that each client was told of.
#[derive(Clone, Debug, Default)]
pub(super) struct Notices {
    last: OrdMap<ClientId, u64>,
}

impl Notices {
    /// What clients were told since the last time.
    pub(super) fn follow(&mut self, world: &World) -> Vec<Heard> {
        let mut heard = Vec::new();
        for (client, node) in world.clients() {
            let process = node.process();
            let newest = process.notices().next_back().map_or(0, |it| it.number);
            let known = self.last.get(&client).copied().unwrap_or(0);
            if newest == known {
                continue;
            }
            // Another process of that name counts from 1 again.
            let known = if newest < known { 0 } else { known };
            let server = process.server();
            let fresh = process.notices().filter(|notice| notice.number > known);
            heard.extend(fresh.cloned().map(|notice| Heard {
                client,
                server,
                notice,
            }));
            self.last.insert(client, newest);
        }
        heard
    }
}

impl Heard {
    /// What the server did.
    pub(super) fn told(&self) -> (ServerId, String) {
        let Self { client, notice, .. } = self;
        let what = match notice.zxid {
            Some(zxid) => format!("told client {client} of {} at {zxid}", notice.event),
            None => format!("told client {client} of {}", notice.event),
        };
        (self.server, what)
    }
}
