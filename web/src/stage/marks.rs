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

/// How one thing is marked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mark {
    /// Whether the tab key stops at it.
    pub(crate) stop: bool,
    /// Whether the inspector shows it.
    pub(crate) selected: bool,
    /// Whether something pointed at speaks of it.
    pub(crate) lit: bool,
}

impl Mark {
    /// Its `tabindex`: of a group the tab key stops at one.
    pub(crate) fn tab_index(self) -> &'static str {
        super::tab_index(self.stop)
    }

    /// The class that shows it.
    pub(crate) fn class(self) -> &'static str {
        match (self.selected, self.lit) {
            (true, _) => "selected",
            (false, true) => "lit",
            (false, false) => "",
        }
    }
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
fn kept<T: Copy + PartialEq>(
    wanted: Option<T>,
    mut all: impl Iterator<Item = T> + Clone,
) -> Option<T> {
    let first = all.clone().next();
    wanted
        .filter(|wanted| all.any(|one| one == *wanted))
        .or(first)
}

impl Marks {
    /// How a server or client is marked.
    pub(crate) fn of(&self, endpoint: Endpoint) -> Mark {
        let (target, stop) = match endpoint {
            Endpoint::Server(server) => {
                let stop = self.stops.server == Some(server);
                (Target::Server(server), stop)
            }
            Endpoint::Client(client) => {
                let stop = self.stops.client == Some(client);
                (Target::Client(client), stop)
            }
        };
        Mark {
            stop,
            selected: self.selected == Some(target),
            lit: self.lit.endpoints.contains(&endpoint),
        }
    }

    /// How a message is marked.
    pub(crate) fn of_message(&self, message: MessageId) -> Mark {
        Mark {
            stop: self.stops.message == Some(message),
            selected: self.selected == Some(Target::Message(message)),
            lit: self.lit.message == Some(message),
        }
    }

    /// How a link is marked. It is spoken of when both its ends are, and nothing but them.
    pub(crate) fn of_link(&self, a: Endpoint, b: Endpoint) -> Mark {
        let selected = match self.selected {
            Some(Target::Link(one, other)) => same_pair((one, other), (a, b)),
            _ => false,
        };
        let lit = match (self.lit.message, self.lit.entries, &self.lit.endpoints[..]) {
            (None, None, [one, other]) => same_pair((*one, *other), (a, b)),
            _ => false,
        };
        Mark {
            stop: self.stops.link == Some((a, b)),
            selected,
            lit,
        }
    }

    /// Whether links look the same under other marks.
    pub(crate) fn same_for_links(&self, other: &Self) -> bool {
        self.selected == other.selected
            && self.lit == other.lit
            && self.stops.link == other.stops.link
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
        assert!(marks.of_link(a, b).selected);
        assert!(!marks.of_link(a, ServerId::new(3).into()).selected);
    }
}
