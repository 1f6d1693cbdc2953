//! What Chromium noted: console messages and requests.

use super::Browser;
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A command that ChromeDriver has beyond the standard.
#[derive(Debug)]
pub(super) struct Extension {
    /// Below the session's own address.
    path: &'static str,
    body: Value,
}

impl Extension {
    /// Takes the entries of a log that were not taken before.
    pub(super) fn take_log(kind: &str) -> Self {
        Self {
            path: "se/log",
            body: json!({ "type": kind }),
        }
    }

    /// Calls a method of the Chrome DevTools Protocol.
    pub(super) fn devtools(method: &str, parameters: &Value) -> Self {
        Self {
            path: "goog/cdp/execute",
            body: json!({ "cmd": method, "params": parameters }),
        }
    }
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// The errors that the page logged since they were last asked for: uncaught ones, failed
    /// requests and `console.error`. Those that were asked for no longer fail the test.
    #[track_caller]
    pub fn errors(&self) -> Vec<String> {
        let log = self.extension(Extension::take_log("browser"));
        let entries = log.as_array().into_iter().flatten();
        entries
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The addresses that were requested since they were last asked for, whoever answered.
    /// Addresses that hold their own content (`data:`, `blob:`) are not requests.
    #[track_caller]
    pub fn requests(&self) -> Vec<String> {
        let log = self.extension(Extension::take_log("performance"));
        let entries = log.as_array().into_iter().flatten();
        entries
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok())
            .filter(|entry| entry["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|entry| {
                let url = &entry["message"]["params"]["request"]["url"];
                Some(url.as_str()?.to_owned())
            })
            .filter(|url| !url.starts_with("data:") && !url.starts_with("blob:"))
            .collect()
    }
}
