//! The command language.
//!
//! Everything that a person can do to a cluster is one line of text: a click in the page, a line
//! in the console, a line of a lesson, a test, a shared link. A recording is a [`Script`] as well:
//! a [`Header`] that says which cluster, then [`Step`]s.
//!
//! ```
//! use quorumscope_core::script::{parse, parse_command};
//!
//! let script = parse("quorumscope 1\nservers 3\n\nuntil leader\ncrash leader\n")?;
//! assert_eq!(script.header.servers, 3);
//!
//! let error = parse_command("crash S0").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "line 1, column 7: expected a server (S1 to S99) or \"leader\", found \"S0\""
//! );
//! # Ok::<(), quorumscope_core::script::Errors>(())
//! ```
//!
//! What holds: a line is parsed to typed data ([`parse`], [`parse_line`], [`parse_command`]), and
//! `Display` writes the data as a line that parses to the same. One parser, which knows at every
//! place what could stand there, gives errors and [`complete`]s lines. [`execute`] does what a
//! command says to a world, [`holds`] looks whether a condition is true of one; to run a whole
//! script is for [`history`](crate::history).

mod ast;
mod command;
mod complete;
mod condition;
mod cursor;
mod error;
mod execute;
mod expected;
mod forms;
mod judge;
mod lexer;
pub mod limits;
pub mod link;
mod names;
mod nouns;
mod operation;
mod parse_client;
mod parse_command;
mod parse_condition;
mod parse_operation;
mod parse_script;
mod parse_step;
mod print;
mod print_operation;
mod recipe;
mod resolve;
mod setting;
mod setting_shape;
mod settings;
mod value;

#[cfg(test)]
mod tests;

pub use crate::server::Protocol;
pub use ast::{Choice, Header, Located, Script, Step};
pub use command::{ClientAction, Command, Disk, EndpointRef, Quality, ServerRef, Timers};
pub use complete::{Completion, complete};
pub use condition::{
    Claim, ClientState, Comparison, Condition, Counter, Fact, MessageKind, ServerState,
};
pub use error::{Error, Errors, Found, Impossible, Problem, Unexpected};
pub use execute::{Refused, execute};
pub use forms::{CONDITIONS, FORMS, Form, Group, help};
pub use judge::holds;
pub use names::Names;
pub use operation::Operation;
pub(crate) use parse_script::rules_of;
pub use parse_script::{
    parse, parse_command, parse_command_with, parse_duration, parse_line, parse_line_with,
    parse_with,
};
pub use recipe::Recipe;
pub use setting::Setting;
pub use settings::Settings;
pub use value::{Offset, Percent, Span};
