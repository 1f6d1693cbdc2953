//! What names mean something in a place where a line is read.

use crate::ids::{ClientId, MessageId};
use crate::server::Protocol;

/// The names that are known; the default knows none, and then any well-formed name is accepted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    /// How many servers there are. A higher number is refused.
    pub servers: Option<u16>,
    /// What the servers run. What only another protocol knows is refused.
    pub protocol: Option<Protocol>,
    /// The rules of the protocol that can be switched off. Another name is refused.
    pub rules: Option<Vec<String>>,
    /// The clients that there are, for completion.
    pub clients: Vec<ClientId>,
    /// The messages on their way, for completion.
    pub messages: Vec<MessageId>,
    /// The paths of the znodes that there are, for completion.
    pub paths: Vec<String>,
    /// Header lines are completed too: an editor of scripts wants them, a console does not.
    pub header: bool,
}

impl Names {
    /// Whether what only `protocol` knows means nothing here.
    pub(super) fn bars(&self, protocol: Protocol) -> bool {
        self.protocol.is_some_and(|own| own != protocol)
    }
}
