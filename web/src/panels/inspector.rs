//! What is selected: first what the last event changed, then the rest, then what can be done.

use yew::prelude::*;

use super::offer;
use crate::action::Action;
use crate::desk::Refusal;
use crate::facts::Fact;
use crate::fixed::Fixed;
use crate::intent::Target;
use crate::offers::Offer;
use crate::snapshot::Snapshot;

/// Properties of [`Inspector`].
#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// What is selected.
    pub selected: Option<Target>,
    /// What was asked for and refused.
    pub refused: Option<Refusal>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The inspector.
#[function_component]
pub fn Inspector(props: &InspectorProps) -> Html {
    let Some(target) = &props.selected else {
        return html! { <p class="empty">{ "Click a server, a client, a message, a log entry or a znode to look at it closely. The run pauses meanwhile." }</p> };
    };
    let close = props.on.reform(|_: MouseEvent| Action::Close);
    let shown = &props.shown;
    html! {
        <div class="inspector" data-target={target.name()}>
            <div class="title">
                <h2>{ target.name() }</h2>
                <button type="button" class="square" aria-label="Close the inspector" onclick={close}>{ "×" }</button>
            </div>
            { buttons(target, &shown.offers, &props.on) }
            { offer::refusal(props.refused.as_ref()) }
            if shown.facts.is_empty() {
                <p class="empty">{ gone(target) }</p>
            } else {
                { facts(&shown.facts) }
            }
        </div>
    }
}

/// What is said of something that is there no more.
const fn gone(target: &Target) -> &'static str {
    match target {
        Target::Message(_) => "It has arrived, or was lost: it is in flight no more.",
        Target::Entry { .. } => "This server's log does not hold it.",
        Target::Znode { .. } => "No such znode is held there now.",
        Target::Server(_) | Target::Client(_) | Target::Link(..) => {
            "It is not there at this instant."
        }
    }
}

fn facts(facts: &[Fact]) -> Html {
    let changed = facts.iter().filter(|fact| fact.before.is_some()).count();
    let (fresh, rest) = facts.split_at(changed);
    html! {
        <>
            if changed > 0 {
                <h3>{ "Changed by the last event" }</h3>
                <dl class="facts fresh">{ for fresh.iter().map(row) }</dl>
            }
            <dl class="facts">{ for rest.iter().map(row) }</dl>
        </>
    }
}

fn row(fact: &Fact) -> Html {
    html! {
        <div key={fact.name.clone()}>
            <dt>{ &fact.name }</dt>
            <dd>
                if let Some(before) = &fact.before {
                    <del>{ before }</del>{ " → " }
                }
                { &fact.value }
            </dd>
        </div>
    }
}

/// A button for everything that can be done; each shows its line of the command language.
fn buttons(target: &Target, offers: &[Offer], on: &Callback<Action>) -> Html {
    let button = |offer: &Offer| offer::button(offer, None, on, html! { &offer.label });
    html! {
        <div class="offers">
            { for offer::lines(offers).map(|line| match &line[0].row {
                None => button(&line[0]),
                Some(row) => html! { <span class="alternatives" key={row.clone()}><span>{ row }</span>{ for line.iter().map(button) }</span> },
            }) }
            if matches!(target, Target::Server(_)) {
                <button type="button" onclick={on.reform(|_: MouseEvent| Action::Members(None))}>{ "Members …" }</button>
            }
        </div>
    }
}
