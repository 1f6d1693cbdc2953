//! The dialog that lists the scripts that come with the page.

use yew::prelude::*;

use super::dialog::Modal;
use crate::action::Action;
use crate::scenarios::{GROUPS, PLAIN, SCENARIOS, Scenario};

/// What nothing is done to.
const NONE: Scenario = Scenario {
    group: "",
    title: PLAIN,
    about: "Five servers to which nothing happens but what you do.",
    file: "",
    #[cfg(test)]
    script: "",
};

/// The scripts by group; one click starts.
pub fn dialog(current: Option<&'static str>, on: &Callback<Action>) -> Html {
    let entry = |scenario: &'static Scenario| {
        let title = scenario.title;
        let onclick = on.reform(move |_: MouseEvent| match title {
            PLAIN => Action::Load("".into(), PLAIN),
            _ => Action::Scenario(scenario),
        });
        let current = (current == Some(title)).then_some("true");
        html! { <li key={title}><button type="button" aria-current={current} {onclick}><b>{ title }</b><span>{ scenario.about }</span></button></li> }
    };
    let groups = GROUPS.iter().filter_map(|group| {
        let mut all = SCENARIOS.iter().filter(|one| one.group == *group).peekable();
        all.peek()?;
        Some(html! { <section key={*group}><h3>{ *group }</h3><ul>{ for all.map(entry) }</ul></section> })
    });
    html! {
        <Modal title="Scenarios" on={on.clone()}>
            <ul>{ entry(&NONE) }</ul>
            <div class="groups">{ for groups }</div>
        </Modal>
    }
}
