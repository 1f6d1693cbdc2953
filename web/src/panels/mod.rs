//! The panels: each reads a snapshot and says what the reader wants.

pub mod clients;
pub mod compare;
pub mod console;
mod dialog;
pub mod header;
pub mod help;
mod histories;
pub mod inspector;
pub mod lamps;
pub mod lesson;
pub mod members;
pub mod menu;
pub mod notice;
mod offer;
mod operation;
mod parts;
pub mod scenarios;
pub mod settings;
pub mod share;
pub mod story;
pub mod tabs;
mod tape;
pub mod transport;
pub mod znodes;
