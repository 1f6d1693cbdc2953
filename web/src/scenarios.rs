//! The scripts that come with the page.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, Response};
use yew::Callback;
use yew::platform::spawn_local;

use crate::action::Action;
use crate::frames::window;
use crate::model::Notice;

/// A script that comes with the page.
#[derive(PartialEq, Eq, Debug)]
pub struct Scenario {
    /// What it belongs to.
    pub group: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// The name of its file, without the ending.
    pub file: &'static str,
    /// The script.
    #[cfg(test)]
    pub script: &'static str,
}

impl Scenario {
    /// Fetches the script from beside the page's own, and has it run.
    pub fn fetch(&'static self, host: &HtmlElement, on: Callback<Action>) {
        let folder = Reflect::get(host, &"scenarios".into()).ok();
        let folder = folder.and_then(|folder| folder.as_string());
        let address = format!("{}{}.scope", folder.unwrap_or_default(), self.file);
        spawn_local(async move {
            on.emit(match text(&address).await {
                Ok(script) => Action::Load(script.into(), self.title),
                Err(why) => Action::Notify(Notice {
                    title: format!("The scenario “{}” cannot be fetched.", self.title),
                    errors: vec![why],
                }),
            });
        });
    }
}

/// What is at an address, or what went wrong.
async fn text(address: &str) -> Result<String, String> {
    let said = |error: JsValue| format!("{}", js_sys::Object::from(error).to_string());
    let answer = JsFuture::from(window().fetch_with_str(address)).await;
    let answer: Response = answer.map_err(said)?.unchecked_into();
    if !answer.ok() {
        return Err(format!(
            "{address}: {} {}",
            answer.status(),
            answer.status_text()
        ));
    }
    let text = JsFuture::from(answer.text().map_err(said)?)
        .await
        .map_err(said)?;
    Ok(text.as_string().unwrap_or_default())
}

/// The title of a cluster to which nothing is done: what the page opens with.
pub const PLAIN: &str = "A healthy cluster";

/// All, by name of their files.
pub const SCENARIOS: &[Scenario] = &include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// The groups, in the order in which they are shown; what is in no other is in the last.
pub const GROUPS: [&str; 10] = [
    "Elections",
    "Replication",
    "Faults",
    "Membership",
    "Reads",
    "Snapshots",
    "Sessions",
    "Recipes",
    "Zab",
    "More",
];

#[cfg(test)]
mod tests {
    use super::*;
    use quorumscope_core::script;

    #[test]
    fn every_scenario_is_in_a_group_says_what_it_shows_and_can_be_read() {
        assert!(SCENARIOS.len() > 10);
        for scenario in SCENARIOS {
            assert!(GROUPS.contains(&scenario.group), "{}", scenario.title);
            assert!(!scenario.about.is_empty(), "{}", scenario.title);
            assert!(script::parse(scenario.script).is_ok(), "{}", scenario.title);
        }
    }

    #[test]
    fn titles_tell_scenarios_apart() {
        let mut titles: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.title).collect();
        titles.push(PLAIN);
        titles.sort_unstable();
        let all = titles.len();
        titles.dedup();
        assert_eq!(titles.len(), all);
    }
}
