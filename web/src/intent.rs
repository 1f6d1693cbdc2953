//! What a reader's hand is on, and what it wants done there.
//!
//! The stage and the log grid only say what was pointed at; what follows from it is decided in
//! one place, [`crate::app`].

use quorumscope_core::ids::{ClientId, Endpoint, MessageId, ServerId};
use quorumscope_core::view::About;

/// A thing on the page that can be selected, lit up and acted upon.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// A server.
    Server(ServerId),
    /// A client process.
    Client(ClientId),
    /// The link between two ends.
    Link(Endpoint, Endpoint),
    /// A message in flight.
    Message(MessageId),
    /// An entry of one server's log.
    Entry {
        /// The server whose log it is in.
        server: ServerId,
        /// Its index.
        index: u64,
    },
    /// A znode, in one server's tree or wherever it is held.
    Znode {
        /// Its path.
        path: String,
        /// The server whose tree was pointed at.
        server: Option<ServerId>,
    },
}

/// What a reader wants.
#[derive(Clone, PartialEq, Debug)]
pub enum Intent {
    /// Look at this closely.
    Select(Target),
    /// Light this up everywhere, or nothing any more.
    Hover(Option<Target>),
    /// Open the menu of this, at this place of the window.
    Menu {
        /// Whose menu.
        target: Target,
        /// Pixels from the left of the window.
        x: f64,
        /// Pixels from the top of the window.
        y: f64,
    },
    /// Run this line of the command language.
    Run(String),
}

impl Target {
    /// What is to be lit up when this is pointed at.
    pub fn about(&self) -> About {
        let mut about = About::default();
        match self {
            Self::Server(server) => about.endpoints.push((*server).into()),
            Self::Client(client) => about.endpoints.push((*client).into()),
            Self::Link(a, b) => about.endpoints.extend([*a, *b]),
            Self::Message(message) => about.message = Some(*message),
            Self::Entry { server, index } => {
                about.endpoints.push((*server).into());
                about.entries = Some((*index, *index));
            }
            Self::Znode { path, server } => {
                about.znode = Some(path.clone());
                about.endpoints.extend(server.map(Endpoint::from));
            }
        }
        about
    }

    /// Its name, as a heading.
    pub fn name(&self) -> String {
        match self {
            Self::Server(server) => server.to_string(),
            Self::Client(client) => format!("Client {client}"),
            Self::Link(a, b) => format!("Link {a} — {b}"),
            Self::Message(message) => format!("Message {message}"),
            Self::Entry { server, index } => format!("Entry {index} on {server}"),
            Self::Znode { path, server: None } => path.clone(),
            Self::Znode {
                path,
                server: Some(server),
            } => format!("{path} on {server}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointing_at_an_entry_lights_its_server_and_its_column() {
        let entry = Target::Entry {
            server: ServerId::new(2),
            index: 7,
        };
        let about = entry.about();
        assert_eq!(about.endpoints, vec![Endpoint::from(ServerId::new(2))]);
        assert_eq!(about.entries, Some((7, 7)));
    }
}
