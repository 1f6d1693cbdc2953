//! What is marked on the stage: the selection, what a pointer elsewhere lights up, and where the
//! tab key stops in each group.

use std::rc::Rc;

use quorumscope_core::ids::{ClientId, Endpoint, MessageId, ServerId};
use quorumscope_core::view::{About, View};

use crate::intent::Target;

/// The marks of one picture.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Marks {
    /// What the inspector shows.
    pub(crate) selected: Option<Target>,
    /// What something pointed at speaks of.
    pub(crate) lit: Rc<About>,
    /// Where the tab key stops.
    pub(crate) stops: Stops,
}

/// The member of each group at which the tab key stops; the arrow keys go on from there.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Stops {
    server: Option<ServerId>,
    client: Option<ClientId>,
    link: Option<(Endpoint, Endpoint)>,
    message: Option<MessageId>,
}

impl Stops {
    /// The same stops, but at `target` in its group.
    #[must_use]
    pub(crate) fn moved_to(&self, target: &Target) -> Self {
        let mut stops = self.clone();
        match target {
            Target::Server(server) => stops.server = Some(*server),
            Target::Client(client) => stops.client = Some(*client),
            Target::Link(a, b) => stops.link = Some((*a, *b)),
            Target::Message(message) => stops.message = Some(*message),
            Target::Entry { .. } | Target::Znode { .. } => {}
        }
        stops
    }

    /// The same stops where `view` still has them, else at the first of the group.
    #[must_use]
    pub(crate) fn in_view(&self, view: &View) -> Self {
        let servers = view.servers.iter().map(|server| server.id);
        let clients = view.clients.iter().map(|client| client.id);
        let links = view.links.iter().map(|link| (link.a, link.b));
        let messages = view.messages.iter().map(|message| message.id);
        Self {
            server: kept(self.server, servers),
            client: kept(self.client, clients),
            link: kept(self.link, links),
            message: kept(self.message, messages),
        }
    }
}

/// `wanted` if it is among `all`, else the first of them.
fn kept<T: Copy + PartialEq>(wanted: Option<T>, all: impl Iterator<Item = T> + Clone) -> Option<T> {
    wanted
        .filter(|wanted| all.clone().any(|one| one == *wanted))
        .or_else(|| all.clone().next())
}

impl Marks {
    /// Whether a server or client is selected.
    pub(crate) fn is_selected(&self, endpoint: Endpoint) -> bool {
        match (&self.selected, endpoint) {
            (Some(Target::Server(one)), Endpoint::Server(server)) => *one == server,
            (Some(Target::Client(one)), Endpoint::Client(client)) => *one == client,
            _ => false,
        }
    }

    /// Whether a server or client is spoken of.
    pub(crate) fn is_lit(&self, endpoint: Endpoint) -> bool {
        self.lit.endpoints.contains(&endpoint)
    }

    /// Whether the tab key stops at a server or client.
    pub(crate) fn is_stop(&self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Server(server) => self.stops.server == Some(server),
            Endpoint::Client(client) => self.stops.client == Some(client),
        }
    }

    /// Whether a link is selected.
    pub(crate) fn is_link_selected(&self, a: Endpoint, b: Endpoint) -> bool {
        matches!(&self.selected, Some(Target::Link(one, other)) if same_pair((*one, *other), (a, b)))
    }

    /// Whether a link is spoken of: both its ends are, and nothing but them.
    pub(crate) fn is_link_lit(&self, a: Endpoint, b: Endpoint) -> bool {
        let lit = &self.lit;
        lit.message.is_none()
            && lit.entries.is_none()
            && matches!(lit.endpoints[..], [one, other] if same_pair((one, other), (a, b)))
    }

    /// Whether the tab key stops at a link.
    pub(crate) fn is_link_stop(&self, a: Endpoint, b: Endpoint) -> bool {
        self.stops.link == Some((a, b))
    }

    /// Whether a message is selected.
    pub(crate) fn is_message_selected(&self, message: MessageId) -> bool {
        self.selected == Some(Target::Message(message))
    }

    /// Whether a message is spoken of.
    pub(crate) fn is_message_lit(&self, message: MessageId) -> bool {
        self.lit.message == Some(message)
    }

    /// Whether the tab key stops at a message.
    pub(crate) fn is_message_stop(&self, message: MessageId) -> bool {
        self.stops.message == Some(message)
    }
}

/// Whether two links join the same ends.
fn same_pair(one: (Endpoint, Endpoint), other: (Endpoint, Endpoint)) -> bool {
    one == other || one == (other.1, other.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_that_is_gone_goes_to_the_first_of_its_group() {
        let all = [3, 5, 7];
        assert_eq!(kept(Some(5), all.into_iter()), Some(5));
        assert_eq!(kept(Some(4), all.into_iter()), Some(3));
        assert_eq!(kept(None, all.into_iter()), Some(3));
        assert_eq!(kept(Some(1), [].into_iter()), None);
    }

    #[test]
    fn a_link_is_the_same_from_either_end() {
        let (a, b) = (ServerId::new(1).into(), ServerId::new(2).into());
        let marks = Marks {
            selected: Some(Target::Link(b, a)),
            lit: Rc::default(),
            stops: Stops::default(),
        };
        assert!(marks.is_link_selected(a, b));
        assert!(!marks.is_link_selected(a, ServerId::new(3).into()));
    }
}
