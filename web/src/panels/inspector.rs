//! What is selected: first what the last event changed, then the rest, then what can be done.

use yew::prelude::*;

use crate::action::Action;
use crate::facts::Fact;
use crate::fixed::Fixed;
use crate::intent::{Intent, Target};
use crate::offers::Offer;
use crate::snapshot::Snapshot;

/// Properties of [`Inspector`].
#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// What is selected.
    pub selected: Option<Target>,
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
            <Buttons offers={shown.offers.clone()} on={props.on.clone()} />
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

/// Properties of [`Buttons`].
#[derive(Properties, PartialEq)]
pub struct ButtonsProps {
    /// What can be done.
    pub offers: Vec<Offer>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// A button for everything that can be done; each shows its line of the command language.
#[function_component]
pub fn Buttons(props: &ButtonsProps) -> Html {
    html! {
        <div class="offers">
            { for props.offers.iter().map(|offer| {
                let (on, line) = (props.on.clone(), offer.line.clone());
                let onclick = move |_: MouseEvent| on.emit(Action::Intent(Intent::Run(line.clone())));
                html! { <button key={offer.line.clone()} type="button" class={offer.harmful.then_some("harmful")} title={offer.line.clone()} data-command={offer.line.clone()} {onclick}>{ &offer.label }</button> }
            }) }
        </div>
    }
}
