//! A person at the built page: a web server for `dist/`, Chromium, and hands and eyes in it.
//!
//! ```no_run
//! use quorumscope_tests::browser::{Browser, Screen, Scheme, Site};
//!
//! let site = Site::dist();
//! let browser = Browser::start(&site);
//! browser.show_on(Screen::PHONE, Scheme::Dark);
//! browser.open("index.html?servers=3");
//! browser.click("[data-server=S1]");
//! browser.wait_until("document.querySelector('[data-server=S1]').dataset.up === 'false'");
//! ```
//!
//! Every call waits, up to [`PATIENCE`], for what it acts on, and panics with what it saw instead.
//! A [`Browser`] that is dropped while its test still holds panics if the page logged an error;
//! one that is dropped because its test failed leaves a screenshot in `target/screenshots`.
//! A selector that reaches into a shadow root names the way there: `quorum-scope >>> button`.

mod chromium;
mod driver;
mod hands;
mod log;
mod screen;
mod session;
mod site;

use std::path::Path;

pub use screen::{Scheme, Screen};
pub use session::{Browser, PATIENCE};
pub use site::Site;

/// The folder that holds `dist/` and `target/`.
fn workspace() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests are a member folder of the workspace")
}
