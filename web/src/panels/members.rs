//! The dialog that changes who takes part.

use quorumscope_core::view::{ServerView, View};
use yew::prelude::*;

use super::dialog::Modal;
use super::offer;
use crate::action::Action;
use crate::desk::Refusal;
use crate::intent::Intent;
use crate::members::{self, Members, Part, Way};
use crate::operators;

/// A part for each server, the way there, the command that does it, and what stands against it.
pub fn dialog(
    view: &View,
    draft: &Members,
    objection: Option<&String>,
    refused: Option<&Refusal>,
    on: &Callback<Action>,
) -> Html {
    let line = draft.line();
    let onsubmit = {
        let (on, line) = (on.clone(), line.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            on.emit(Action::Intent(Intent::Run(line.clone())));
        }
    };
    let now = members::configuration(view);
    let is_zab = view.protocol == "zab";
    let says = match now {
        None => "Nobody leads, so nobody can change the members.".to_owned(),
        Some(now) if now.outgoing.is_some() => {
            format!(
                "Joint, of entry {}: {}",
                now.index,
                members::written(now, is_zab)
            )
        }
        Some(now) => format!("Of entry {}: {}", now.index, members::written(now, is_zab)),
    };
    // While nothing is changed there is nothing to object to.
    let fresh = *draft == Members::of(view);
    html! {
        <Modal title="Members" on={on.clone()}>
            <p class="hint">{ says }</p>
            <form class="members" {onsubmit}>
                <div class="offers">
                    { for operators::cluster(view).iter().map(|offer| offer::button(offer, None, on, html! { &offer.label })) }
                </div>
                { for view.servers.iter().map(|server| row(view, server, draft, on)) }
                if view.protocol == "raft" {
                    { ways(draft, on) }
                }
                <p class="command"><code>{ &line }</code></p>
                <p class="refusal" role="status">{ objection.filter(|_| !fresh).or(refused.map(|refused| &refused.text)) }</p>
                <p class="done"><button type="submit" class="primary" disabled={objection.is_some()} data-command={line.clone()}>{ "Change the members" }</button></p>
            </form>
        </Modal>
    }
}

/// How to get there, where there is more than one way.
fn ways(draft: &Members, on: &Callback<Action>) -> Html {
    html! {
        <fieldset class="choice ways">
            <legend>{ "Way" }</legend>
            { for Way::ALL.iter().map(|(way, word, text)| {
                let mut next = draft.clone();
                next.way = *way;
                let name = if word.is_empty() { "as needed" } else { word.trim() };
                choice("way", name, text, draft.way == *way, next, on)
            }) }
        </fieldset>
    }
}

fn row(view: &View, server: &ServerView, draft: &Members, on: &Callback<Action>) -> Html {
    let id = server.id;
    let is_zab = server.zab.is_some();
    let standing = members::word(members::standing(view, server).word, is_zab);
    let state = if server.up { server.role } else { "crashed" };
    let says = if standing == "voter" || standing == state {
        state.to_owned()
    } else {
        format!("{state}, {standing}")
    };
    html! {
        <fieldset key={id.number()} class="choice">
            <legend>{ id.to_string() }</legend>
            { for Part::ALL.iter().map(|(part, word)| {
                choice(&id.to_string(), members::word(word, is_zab), "", draft.part(id) == *part, draft.with(id, *part), on)
            }) }
            <span class="hint">{ says }</span>
        </fieldset>
    }
}

/// One of several: what the draft becomes when it is chosen.
fn choice(
    group: &str,
    word: &'static str,
    title: &'static str,
    checked: bool,
    next: Members,
    on: &Callback<Action>,
) -> Html {
    let onchange = on.reform(move |_: Event| Action::Members(Some(next.clone())));
    html! {
        <label title={title}>
            <input type="radio" name={format!("members-{group}")} value={word} {checked} {onchange} />
            <span>{ word }</span>
        </label>
    }
}
