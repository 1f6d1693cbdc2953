//! Connections that are driven by hand: nobody pings, reconnects or registers watches again unless
//! whoever holds them says so. With them the servers can be asked what no client library asks.
//!
//! All of them come from the machine of client A, and count from where a client's own never get.

use std::collections::VecDeque;

use super::clients::Wire;
use super::faults::Impossible;
use super::network::Body;
use super::world::World;
use crate::ids::{ClientId, ConnectionId, ServerId};
use crate::zookeeper::frame::{ToClient, ToServer};

/// The number before the first socket's.
const BEFORE_SOCKETS: u64 = 1 << 31;

/// What has arrived over a socket and was not taken out yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Socket {
    received: VecDeque<ToClient>,
    is_closed: bool,
}

impl World {
    /// Opens a connection to a server. What is sent over it is up to the caller, who begins with a
    /// [`ToServer::Connect`].
    pub fn open_socket(&mut self, server: ServerId) -> Result<ConnectionId, Impossible> {
        self.check_server(server)?;
        let last = self.sockets.keys().next_back();
        let number = last.map_or(BEFORE_SOCKETS, |last| last.number()) + 1;
        let connection = ConnectionId::new(number);
        let machine = ClientId::from_position(0).expect("there is a client A");
        self.sockets.insert(connection, Socket::default());
        self.open_wire(connection, machine, server);
        Ok(connection)
    }

    /// Sends a frame over a socket; after it was closed, nothing happens.
    pub fn send_over_socket(&mut self, connection: ConnectionId, frame: ToServer) {
        self.begin_deed();
        self.send_to_server(connection, Body::ToServer(connection, Box::new(frame)));
    }

    /// Closes a socket from the client's side.
    pub fn close_socket(&mut self, connection: ConnectionId) {
        self.begin_deed();
        self.client_closes(connection);
        if let Some(socket) = self.sockets.get_mut(&connection) {
            socket.is_closed = true;
        }
    }

    /// Takes out the oldest frame that has arrived over a socket.
    pub fn receive_over_socket(&mut self, connection: ConnectionId) -> Option<ToClient> {
        self.sockets.get_mut(&connection)?.received.pop_front()
    }

    /// Whether a socket is of no use any more, from whichever side it was closed.
    pub fn is_socket_closed(&self, connection: ConnectionId) -> bool {
        let socket = self.sockets.get(&connection);
        socket.is_none_or(|socket| socket.is_closed)
    }

    /// Something arrives at the client's end of a socket; whether it is one.
    pub(super) fn arrive_at_socket(&mut self, wire: Wire, body: &Body) -> bool {
        let (Body::ToClient(connection, _) | Body::Closed(connection)) = body else {
            return false;
        };
        let connection = *connection;
        let Some(socket) = self.sockets.get_mut(&connection) else {
            return false;
        };
        match body {
            Body::ToClient(_, frame) if wire.is_open_for_client() => {
                socket.received.push_back((**frame).clone());
            }
            Body::Closed(_) => {
                socket.is_closed = true;
                self.forget_connection(connection);
            }
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Settings;
    use crate::time::{Duration, Time};
    use crate::zookeeper::Zxid;

    const HELLO: ToServer = ToServer::Connect {
        session: None,
        timeout: Duration::from_secs(1),
        last_zxid: Zxid::ZERO,
        read_only: false,
    };

    #[test]
    fn a_socket_says_nothing_by_itself_and_hears_when_its_session_ends() {
        let settings = Settings {
            servers: 1,
            ..Settings::default()
        };
        let mut world = World::new(settings);
        world.run_until(Time::from_millis(500));
        let socket = world.open_socket(ServerId::new(1)).unwrap();
        world.send_over_socket(socket, HELLO);
        world.run_until(Time::from_millis(700));
        let welcome = world.receive_over_socket(socket);
        assert!(matches!(welcome, Some(ToClient::Connected { .. })));
        assert!(!world.is_socket_closed(socket));
        world.run_until(Time::from_millis(2_500));
        assert_eq!(world.receive_over_socket(socket), None);
        assert!(world.is_socket_closed(socket));
    }
}
