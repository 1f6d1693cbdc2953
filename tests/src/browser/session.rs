//! One page in Chromium, and what can be seen in it.

use super::chromium::Chromium;
use super::log::Extension;
use super::{Scheme, Screen, Site, workspace};
use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a call waits for what it acts on.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long the driver may take to answer.
const ANSWER: Duration = Duration::from_mins(1);

const POLL: Duration = Duration::from_millis(25);

/// Chromium with one fresh page.
pub struct Browser {
    chromium: Arc<Chromium>,
    address: String,
}

impl Browser {
    /// Opens a page in a browser whose paths are those of `site`.
    #[track_caller]
    pub fn start(site: &Site) -> Self {
        let browser = Self {
            chromium: Chromium::take(),
            address: site.address().to_owned(),
        };
        // What was asked for and logged before is nobody's concern.
        browser.requests();
        browser.errors();
        browser.show_on(Screen::DESKTOP, Scheme::Light);
        let permissions =
            json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        browser.devtools("Browser.grantPermissions", &permissions);
        browser
    }

    pub(super) fn client(&self) -> &Client {
        &self.chromium.client
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
        self.ask(&format!("opening {url}"), self.client().goto(&url));
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
        let result = self.client().execute(&script, arguments.to_vec());
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
        let picture = self.ask("a screenshot", self.client().screenshot());
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
        self.ask(&what, self.client().issue_cmd(command))
    }

    /// Waits for the driver's answer; panics with what was asked when there is none.
    #[track_caller]
    pub(super) fn ask<T>(
        &self,
        what: &str,
        answer: impl Future<Output = Result<T, CmdError>>,
    ) -> T {
        let in_time = async { tokio::time::timeout(ANSWER, answer).await };
        match self.chromium.runtime.block_on(in_time) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => panic!("{what}: {error}"),
            Err(late) => panic!("{what}: no answer within {ANSWER:?}: {late}"),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A browser that a test failed with is no good for the next one.
            self.leave_evidence();
            return;
        }
        let errors = self.errors();
        self.chromium.give_back();
        assert!(errors.is_empty(), "the page logged errors: {errors:#?}");
    }
}

impl Browser {
    /// A failed test leaves a picture. Nothing here may panic: it would end the whole test program.
    fn leave_evidence(&self) {
        let Ok(picture) = self.chromium.runtime.block_on(self.client().screenshot()) else {
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
        let log = self.client().issue_cmd(Extension::take_log("browser"));
        if let Ok(log) = self.chromium.runtime.block_on(log) {
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
