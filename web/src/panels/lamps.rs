//! The invariants: one line that says how all stand, and the list of them behind it.

use quorumscope_core::view::{InvariantView, View};
use yew::prelude::*;

use crate::action::Action;

/// The lamps; one that is red stands before the others, names the clash, and a click goes there.
pub fn lamps(view: &View, on: &Callback<Action>) -> Html {
    let (held, broken): (Vec<_>, Vec<_>) = view.invariants.iter().partition(|lamp| lamp.holds);
    let all = view.invariants.len();
    let says = match broken.len() {
        0 => format!("All {all} invariants hold"),
        1 => format!("1 of {all} invariants is violated"),
        many => format!("{many} of {all} invariants are violated"),
    };
    html! {
        <div class="lamps" data-holds={broken.is_empty().to_string()}>
            <details>
                <summary>
                    <b>{ says }</b>
                    <span class="dots" aria-hidden="true">{ for broken.iter().map(|_| html! { <i class="broken"></i> }) }{ for held.iter().map(|_| html! { <i></i> }) }</span>
                </summary>
                <ul aria-label="Invariants">{ for broken.iter().chain(&held).copied().map(line) }</ul>
            </details>
            if !broken.is_empty() {
                <div class="clashes" role="alert">{ for broken.iter().map(|lamp| clash(view, lamp, on)) }</div>
            }
        </div>
    }
}

/// An invariant, what it demands and who says so.
fn line(lamp: &InvariantView) -> Html {
    let (sign, state) = if lamp.holds {
        ("✓", "holds")
    } else {
        ("✗", "violated")
    };
    html! {
        <li key={lamp.name} class={(!lamp.holds).then_some("broken")} data-invariant={lamp.name} data-holds={lamp.holds.to_string()}>
            <span aria-hidden="true">{ sign }</span>
            <p><b>{ lamp.title }</b><span class="unseen">{ format!(" {state}") }</span>{ ": " }{ lamp.rule.text }{ " " }<cite>{ lamp.rule.source }</cite></p>
        </li>
    }
}

/// What clashes, and a button that goes to where it does.
fn clash(view: &View, lamp: &InvariantView, on: &Callback<Action>) -> Html {
    let found = view
        .violations
        .iter()
        .find(|violation| violation.invariant == lamp.name);
    let Some(violation) = found else {
        return Html::default();
    };
    let (on, time, event) = (on.clone(), violation.time, violation.event);
    let onclick = move |_: MouseEvent| {
        on.emit(Action::Seek(time));
        on.emit(Action::Why(Some(event)));
    };
    html! {
        <div class="clash" key={lamp.name}>
            <p><b>{ lamp.title }</b>{ " " }{ &violation.what }</p>
            <ul>{ for violation.facts.iter().map(|(server, fact)| html! { <li><b>{ server.to_string() }</b>{ " " }{ fact }</li> }) }</ul>
            <button type="button" {onclick}>{ "Go there" }</button>
        </div>
    }
}
