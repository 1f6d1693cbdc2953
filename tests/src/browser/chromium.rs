//! Chromium, running, for one test after the other.
//!
//! To start one takes longer than most tests, so that a browser that was left tidy waits for the
//! next test. What a test can leave behind belongs to a window or to the port of its site, and
//! both are its own.

use super::driver::Driver;
use fantoccini::error::CmdError;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::{self, Runtime};

/// Flags with which Chromium runs for root, without a screen, and talks to nobody on its own.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];

/// Those that wait for a test.
static IDLE: Mutex<Vec<Arc<Chromium>>> = Mutex::new(Vec::new());

/// A running Chromium. The driver is dropped last: it ends what the session did not.
pub(super) struct Chromium {
    pub(super) client: Client,
    pub(super) runtime: Runtime,
    /// A window that stays, so that Chromium does.
    home: WindowHandle,
    _driver: Driver,
}

impl Chromium {
    /// One with a fresh window: one that waits, or a new one.
    #[track_caller]
    pub(super) fn take() -> Arc<Self> {
        let waiting = idle().pop();
        let chromium = waiting.unwrap_or_else(|| Arc::new(Self::start()));
        let opened = chromium.runtime.block_on(chromium.open_window());
        opened.unwrap_or_else(|error| panic!("Chromium opens no window: {error}"));
        chromium
    }

    /// Closes the window; the next test may have the browser if that succeeds.
    pub(super) fn give_back(self: &Arc<Self>) {
        if self.runtime.block_on(self.close_window()).is_ok() {
            idle().push(self.clone());
        }
    }

    #[track_caller]
    fn start() -> Self {
        let driver = Driver::start();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime without threads needs nothing");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let builder = builder.capabilities(capabilities(driver.profile()));
        let started = runtime.block_on(async {
            let client = builder
                .connect(&driver.address())
                .await
                .map_err(|error| error.to_string())?;
            let home = client.window().await.map_err(|error| error.to_string())?;
            Ok::<_, String>((client, home))
        });
        let (client, home) =
            started.unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        Self {
            client,
            runtime,
            home,
            _driver: driver,
        }
    }

    async fn open_window(&self) -> Result<(), CmdError> {
        let window = self.client.new_window(false).await?;
        self.client.switch_to_window(window.handle).await
    }

    async fn close_window(&self) -> Result<(), CmdError> {
        self.client.close_window().await?;
        self.client.switch_to_window(self.home.clone()).await
    }
}

fn idle() -> MutexGuard<'static, Vec<Arc<Chromium>>> {
    // Nothing that can fail is done while it is locked.
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn capabilities(profile: &Path) -> fantoccini::wd::Capabilities {
    let mut flags: Vec<_> = FLAGS.map(str::to_owned).into();
    flags.push(format!("--user-data-dir={}", profile.display()));
    let mut options = json!({
        "args": flags,
        "perfLoggingPrefs": { "enableNetwork": true, "enablePage": false },
    });
    if let Ok(program) = std::env::var("CHROME") {
        options["binary"] = Value::String(program);
    }
    [
        ("goog:chromeOptions".to_owned(), options),
        (
            "goog:loggingPrefs".to_owned(),
            json!({ "browser": "ALL", "performance": "ALL" }),
        ),
    ]
    .into_iter()
    .collect()
}
