//! The head of the page: which cluster, and the page's own switches.

use quorumscope_core::script::Protocol;
use yew::prelude::*;

use super::parts::icon;
use crate::action::Action;
use crate::crossing;
use crate::desk::Theme;

/// Properties of [`Header`].
#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    /// What the servers run: `raft` or `zab`.
    pub protocol: &'static str,
    /// Whether both are watched side by side.
    pub beside: bool,
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
            { protocols(props.protocol, props.beside, on) }
            { scenario(props.scenario, on) }
            <button type="button" class="cluster" title="Settings" aria-haspopup="dialog" onclick={button(Action::Settings(None))}>
                { icon(SLIDERS) }
                <span>{ format!("{} servers · seed {}", props.servers, props.seed) }</span>
            </button>
            <span class="grow"></span>
            <button type="button" class="drawer-open" aria-expanded={props.drawer.to_string()} onclick={button(Action::Drawer)}>{ "Panels" }</button>
            <button type="button" class="share" title="Share" onclick={button(Action::Share)}>{ icon(ARROW_OUT) }<span>{ "Share" }</span></button>
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

/// What the servers run; the other begins a new run with the same work.
fn protocols(current: &str, beside: bool, on: &Callback<Action>) -> Html {
    let one = |(name, protocol): (&'static str, Protocol)| {
        let title = crossing::title(protocol);
        let onclick = on.reform(move |_: MouseEvent| Action::Protocol(protocol));
        let says =
            format!("{title}: the same servers, seed, faults and operations, from the beginning");
        html! {
            <button key={name} type="button" data-protocol={name} aria-pressed={(!beside && name == current).to_string()} title={says} {onclick}>{ title }</button>
        }
    };
    html! {
        <span class="protocol" role="group" aria-label="Protocol">
            { for Protocol::NAMES.into_iter().map(one) }
            <button type="button" data-protocol="both" aria-pressed={beside.to_string()} title={BOTH} onclick={on.reform(move |_: MouseEvent| Action::Beside(!beside))}>{ "Both" }</button>
        </span>
    }
}

/// What the button says that shows both protocols.
const BOTH: &str = "Side by side: both protocols on the same seed, faults and operations";

/// Two sliders.
const SLIDERS: &str = "M1 3h6V1h2v2h4v1.5H9v2H7v-2H1zM1 9.5h2v-2h2v2h8V11H5v2H3v-2H1z";

/// An arrow that leaves a box.
const ARROW_OUT: &str =
    "M8 1h5v5l-1.8-1.8L7.6 7.8 6.2 6.4 9.8 2.8zM2 3h4v1.8H3.8v5.4h5.4V8H11v4H2z";

/// What is said while no shipped script runs.
const OWN: &str = "Your own";

/// Which script runs; a click lists those that come with the page.
fn scenario(current: Option<&'static str>, on: &Callback<Action>) -> Html {
    let onclick = on.reform(|_: MouseEvent| Action::Scenarios);
    html! {
        <div class="pick scenario">
            <span>{ "Scenario" }</span>
            <button type="button" aria-haspopup="dialog" {onclick}><span>{ current.unwrap_or(OWN) }</span>{ " ▾" }</button>
        </div>
    }
}
