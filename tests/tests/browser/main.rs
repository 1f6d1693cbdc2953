//! The built page in a browser, as a reader meets it.
//!
//! `cargo xtask test --only browser` runs these; they need `dist/`, Chromium and its driver.

mod api;
mod bad_input;
mod compare;
mod console;
mod faults;
mod figures;
mod harness;
mod keys;
mod page;
mod raft;
mod recipes;
mod settings;
mod share;
mod smoke;
mod time;
mod zab;
mod znodes;
