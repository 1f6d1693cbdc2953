//! One Chromium with one page, and what can be seen in it.

use super::driver::Driver;
use super::log::Extension;
use super::{Scheme, Screen, Site, workspace};
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};

/// How long a call waits for what it acts on.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long the driver may take to answer.
const ANSWER: Duration = Duration::from_mins(1);

const POLL: Duration = Duration::from_millis(25);

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

/// A fresh Chromium with one page. Fields are dropped in this order: the session, then the
/// process that held it, then the folder it lived in.
pub struct Browser {
    pub(super) client: Client,
    runtime: Runtime,
    _driver: Driver,
    _profile: TempDir,
    address: String,
}

impl Browser {
    /// Starts a browser whose paths are those of `site`.
    #[track_caller]
    pub fn start(site: &Site) -> Self {
        let driver = Driver::start();
        let profile = TempDir::new().expect("the system has a folder for temporary files");
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime without threads needs nothing");
        let capabilities = capabilities(profile.path());
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let builder = builder.capabilities(capabilities);
        let client = runtime.block_on(builder.connect(&driver.address()));
        let client = client.unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        let browser = Self {
            client,
            runtime,
            _driver: driver,
            _profile: profile,
            address: site.address().to_owned(),
        };
        // Chromium begins with a page of its own; what that asks for is nobody's concern.
        browser.open("about:blank");
        browser.requests();
        browser.show_on(Screen::DESKTOP, Scheme::Light);
        let permissions =
            json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        browser.devtools("Browser.grantPermissions", &permissions);
        browser
    }

    /// Changes the viewport and the preferred colour scheme.
    #[track_caller]
    pub fn show_on(&self, screen: Screen, scheme: Scheme) {
        let Screen {
            width,
            height,
            touch,
        } = screen;
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch }),
        );
        self.devtools(
            "Emulation.setTouchEmulationEnabled",
            &json!({ "enabled": touch }),
        );
        self.prefer(&[("prefers-color-scheme", scheme.name())]);
    }

    /// Sets media features, such as `("prefers-reduced-motion", "reduce")`, in place of those set before.
    #[track_caller]
    pub fn prefer(&self, features: &[(&str, &str)]) {
        let features = features.iter();
        let features: Vec<_> = features
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        );
    }

    /// Opens an address, or a path of the site.
    #[track_caller]
    pub fn open(&self, path: &str) {
        let absolute = ["http:", "https:", "about:"]
            .iter()
            .any(|scheme| path.starts_with(scheme));
        let url = if absolute {
            path.to_owned()
        } else {
            format!("{}/{}", self.address, path.trim_start_matches('/'))
        };
        self.ask(&format!("opening {url}"), self.client.goto(&url));
    }

    /// The value of a JavaScript expression, which may `await`.
    #[track_caller]
    pub fn eval(&self, expression: &str) -> Value {
        self.execute(&format!("return ({expression});"), &[])
    }

    /// Runs JavaScript statements, which may `await` and `return`, with `arguments` as their `arguments`.
    #[track_caller]
    pub fn execute(&self, statements: &str, arguments: &[Value]) -> Value {
        let script =
            format!("return (async function () {{ {statements} }}).apply(null, arguments);");
        let result = self.client.execute(&script, arguments.to_vec());
        self.ask(&format!("running `{statements}`"), result)
    }

    /// Waits until a JavaScript expression holds.
    #[track_caller]
    pub fn wait_until(&self, expression: &str) {
        wait_for(expression, || {
            let value = self.eval(expression);
            let holds = match &value {
                Value::Null | Value::Bool(false) => false,
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                _ => true,
            };
            if holds {
                Ok(())
            } else {
                Err(value.to_string())
            }
        });
    }

    /// Saves what the viewport shows as `target/screenshots/NAME.png`.
    #[track_caller]
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let picture = self.ask("a screenshot", self.client.screenshot());
        let folder = workspace().join("target/screenshots");
        let file = folder.join(format!("{name}.png"));
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&file, picture))
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
        file
    }

    /// Calls a method of the Chrome DevTools Protocol.
    #[track_caller]
    pub fn devtools(&self, method: &str, parameters: &Value) -> Value {
        self.extension(Extension::devtools(method, parameters))
    }

    #[track_caller]
    pub(super) fn extension(&self, command: Extension) -> Value {
        let what = format!("{command:?}");
        self.ask(&what, self.client.issue_cmd(command))
    }

    /// Waits for the driver's answer; panics with what was asked when there is none.
    #[track_caller]
    pub(super) fn ask<T>(
        &self,
        what: &str,
        answer: impl Future<Output = Result<T, CmdError>>,
    ) -> T {
        let in_time = async { tokio::time::timeout(ANSWER, answer).await };
        match self.runtime.block_on(in_time) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => panic!("{what}: {error}"),
            Err(late) => panic!("{what}: no answer within {ANSWER:?}: {late}"),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let failing = std::thread::panicking();
        let errors = if failing {
            self.leave_evidence();
            Vec::new()
        } else {
            self.errors()
        };
        // The browser ends with its session; when that fails, with its driver's process.
        let _closed = self.runtime.block_on(self.client.clone().close());
        assert!(errors.is_empty(), "the page logged errors: {errors:#?}");
    }
}

impl Browser {
    /// A failed test leaves a picture. Nothing here may panic: it would end the whole test program.
    fn leave_evidence(&self) {
        let Ok(picture) = self.runtime.block_on(self.client.screenshot()) else {
            return;
        };
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("browser").replace("::", "-");
        let folder = workspace().join("target/screenshots");
        let file = folder.join(format!("failed-{name}.png"));
        if std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&file, picture))
            .is_ok()
        {
            eprintln!("what the page showed: {}", file.display());
        }
        let log = self.client.issue_cmd(Extension::take_log("browser"));
        if let Ok(log) = self.runtime.block_on(log) {
            eprintln!("what the page logged: {log:#}");
        }
    }
}

/// Calls `look` until it finds what it is after; panics with what it saw last.
#[track_caller]
pub(super) fn wait_for<T>(what: &str, look: impl Fn() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if start.elapsed() > PATIENCE => {
                panic!("after {PATIENCE:?}, `{what}` is still {seen}")
            }
            Err(_) => std::thread::sleep(POLL),
        }
    }
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
