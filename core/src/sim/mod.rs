//! The simulated world: servers and clients, the network between them, disks, clocks, and faults.
//!
//! A [`World`] is a value. The same [`Settings`] and the same commands at the same times give the
//! same run to the bit, on every platform; [`World::digest`] tells two states apart. What happens
//! is kept as [`Record`]s for whoever wants to tell the story.

#[cfg(test)]
mod client_tests;
mod clients;
mod clock;
mod disk;
mod fact;
mod faults;
mod membership;
mod messages;
mod network;
mod node;
mod operators;
mod peer_wires;
#[cfg(test)]
mod peer_wires_tests;
mod queue;
#[cfg(test)]
mod reconfig_tests;
mod rules;
mod settings;
#[cfg(test)]
mod snapshot_tests;
mod sockets;
#[cfg(test)]
mod tests;
mod traffic;
mod world;
#[cfg(test)]
mod zab_session_tests;
#[cfg(test)]
mod zab_tests;

pub use clients::{ClientNode, Opening, Reach};
pub use clock::Clock;
pub use disk::Disk;
pub use fact::{Fact, Record, WorldFact};
pub use faults::Impossible;
pub use network::{Body, Corpse, Death, InFlight, Network, Tag};
pub use node::Node;
pub use peer_wires::{Packet, PeerEnd, PeerWire};
pub use rules::{UnknownRule, rules};
pub use settings::{LinkSettings, MAX_SERVERS, Settings, SettingsError};
pub use traffic::Traffic;
pub use world::{Touched, World};
