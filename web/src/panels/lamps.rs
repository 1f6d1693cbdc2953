//! The invariants, a lamp each.

use quorumscope_core::view::View;
use yew::prelude::*;

use crate::action::Action;
use crate::fixed::Fixed;
use crate::snapshot::Snapshot;

/// Properties of [`Lamps`].
#[derive(Properties, PartialEq)]
pub struct LampsProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The lamps; one that is red names the clash, and a click goes there.
#[function_component]
pub fn Lamps(props: &LampsProps) -> Html {
    let view = &props.shown.view;
    let lamps = view.invariants.iter().map(|lamp| {
        let title = format!("{} ({})", lamp.rule.text, lamp.rule.source);
        let (class, sign) = if lamp.holds { ("lamp", "✓") } else { ("lamp broken", "✗") };
        let clash = view.violations.iter().find(|violation| violation.invariant == lamp.name);
        let on = props.on.clone();
        let onclick = clash.map(|violation| (violation.time, violation.event)).map(|(time, event)| {
            Callback::from(move |_: MouseEvent| {
                on.emit(Action::Seek(time));
                on.emit(Action::Why(Some(event)));
            })
        });
        let state = if lamp.holds { "holds" } else { "violated" };
        html! {
            <li>
                <button type="button" {class} {title} disabled={lamp.holds} {onclick} data-invariant={lamp.name} data-holds={lamp.holds.to_string()}>
                    <span aria-hidden="true">{ sign }</span>{ lamp.title }<span class="unseen">{ format!(": {state}") }</span>
                </button>
            </li>
        }
    });
    html! {
        <div class="lamps">
            <ul aria-label="Invariants">{ for lamps }</ul>
            { clashes(view) }
        </div>
    }
}

fn clashes(view: &View) -> Html {
    let Some(violation) = view.violations.first() else {
        return Html::default();
    };
    html! {
        <div class="clash" role="alert">
            <p>{ &violation.what }</p>
            <ul>{ for violation.facts.iter().map(|(server, fact)| html! { <li><b>{ server.to_string() }</b>{ " " }{ fact }</li> }) }</ul>
        </div>
    }
}
