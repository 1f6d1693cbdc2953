//! The built page in a browser, as a reader meets it.
//!
//! `cargo xtask test --only browser` runs these; they need `dist/`, Chromium and its driver.

mod harness;
mod smoke;
