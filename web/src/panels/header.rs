//! The head of the page: which cluster, and the page's own switches.

use std::rc::Rc;

use quorumscope_core::script::{Header as Cluster, Script};
use yew::prelude::*;

use super::parts::typed;
use crate::action::Action;
use crate::desk::Theme;
use crate::scenarios::SCENARIOS;
use crate::settings::MAX_SERVERS;

/// Properties of [`Header`].
#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    /// How many servers there are.
    pub servers: usize,
    /// What every random choice follows from.
    pub seed: u64,
    /// The shipped script that runs, if it is one.
    pub scenario: Option<&'static str>,
    /// Light or dark.
    pub theme: Theme,
    /// Whether the panels are shown where they do not fit beside the stage.
    pub drawer: bool,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The head of the page.
#[function_component]
pub fn Header(props: &HeaderProps) -> Html {
    let on = &props.on;
    let button = |action: Action| {
        let on = on.clone();
        move |_: MouseEvent| on.emit(action.clone())
    };
    let theme = format!("Theme: {}", props.theme.name());
    html! {
        <header class="top">
            <h1>{ "Quorum" }<b>{ "Scope" }</b></h1>
            <span class="protocol">{ "Raft" }</span>
            { scenario(props.scenario, on) }
            { size(props) }
            { seed(props) }
            <span class="grow"></span>
            <button type="button" class="drawer-open" aria-expanded={props.drawer.to_string()} onclick={button(Action::Drawer)}>{ "Panels" }</button>
            <button type="button" onclick={button(Action::Share)}>{ "Share" }</button>
            <button type="button" class="square" title={theme.clone()} aria-label={theme} onclick={button(Action::Theme)}>{ sign(props.theme) }</button>
            <button type="button" class="square" aria-label="Help" title="Help (?)" onclick={button(Action::Help)}>{ "?" }</button>
        </header>
    }
}

const fn sign(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "◐",
        Theme::Light => "○",
        Theme::Dark => "●",
    }
}

/// What stands in the list while no shipped script runs.
const OWN: &str = "Your own";

fn scenario(current: Option<&'static str>, on: &Callback<Action>) -> Html {
    let on = on.clone();
    let onchange = move |event: Event| {
        let name = typed(&event);
        if let Some((title, _)) = SCENARIOS.iter().find(|(title, _)| *title == name) {
            on.emit(Action::Scenario(title));
        }
    };
    html! {
        <label class="pick scenario">
            <span>{ "Scenario" }</span>
            <select {onchange}>
                <option value="" selected={current.is_none()} disabled=true>{ OWN }</option>
                { for SCENARIOS.iter().map(|(title, _)| html! { <option value={*title} selected={current == Some(*title)}>{ *title }</option> }) }
            </select>
        </label>
    }
}

/// The script of a fresh cluster.
fn fresh(servers: usize, seed: u64) -> Action {
    let header = Cluster {
        servers: servers as u16,
        seed,
        ..Cluster::default()
    };
    Action::Load(Rc::from(Script::new(header, Vec::new()).to_string()))
}

fn size(props: &HeaderProps) -> Html {
    let (on, seed) = (props.on.clone(), props.seed);
    let onchange = move |event: Event| {
        if let Ok(servers) = typed(&event).parse() {
            on.emit(fresh(servers, seed));
        }
    };
    html! {
        <label class="pick size">
            <span>{ "Servers" }</span>
            <select {onchange}>
                { for (1..=usize::from(MAX_SERVERS)).map(|count| html! {
                    <option value={count.to_string()} selected={count == props.servers}>{ count }</option>
                }) }
            </select>
        </label>
    }
}

fn seed(props: &HeaderProps) -> Html {
    let (on, servers) = (props.on.clone(), props.servers);
    let onchange = move |event: Event| {
        if let Ok(seed) = typed(&event).parse() {
            on.emit(fresh(servers, seed));
        }
    };
    html! {
        <label class="pick seed">
            <span>{ "Seed" }</span>
            <input type="text" inputmode="numeric" pattern="[0-9]*" maxlength="20" value={props.seed.to_string()} {onchange} />
        </label>
    }
}
