//! The clients: what each believes, and what became of what it asked.

use std::rc::Rc;

use quorumscope_core::time::Duration;
use quorumscope_core::view::{About, ClientView, OperationView, RecipeView};
use yew::prelude::*;

use super::histories;
use super::operation::OperationForm;
use super::parts::clock;
use crate::action::Action;
use crate::desk::Refusal;
use crate::facts;
use crate::fixed::Fixed;
use crate::intent::{Intent, Target};
use crate::offers;
use crate::snapshot::Snapshot;

/// Properties of [`Clients`].
#[derive(Properties, PartialEq)]
pub struct ClientsProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// What is lit up.
    pub lit: Rc<About>,
    /// What was asked for and refused.
    pub refused: Option<Refusal>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The clients, and a form to ask for something.
#[function_component]
pub fn Clients(props: &ClientsProps) -> Html {
    let view = &props.shown.view;
    let start = offers::free_client(view).map(|id| {
        let on = props.on.clone();
        html! { <button type="button" onclick={move |_: MouseEvent| on.emit(Action::Intent(Intent::Run(format!("client {id}"))))}>{ format!("Start client {id}") }</button> }
    });
    html! {
        <>
            <div class="clients">
                if view.clients.is_empty() {
                    <p class="empty">{ "No client runs. A client opens a session with one server and asks it to read and write znodes." }</p>
                }
                { histories::histories(view) }
                { for view.clients.iter().map(|client| of_client(props, client)) }
                <p class="start">{ start }</p>
            </div>
            <OperationForm view={view.clone()} refused={props.refused.clone()} on={props.on.clone()} />
        </>
    }
}

fn of_client(props: &ClientsProps, client: &ClientView) -> Html {
    let select = {
        let (on, target) = (props.on.clone(), Target::Client(client.id));
        move |_: MouseEvent| on.emit(Action::Intent(Intent::Select(target.clone())))
    };
    let lit = props.lit.endpoints.contains(&client.id.into());
    let server = client
        .server
        .map_or_else(|| "no server".to_owned(), |server| server.to_string());
    html! {
        <article key={client.id.to_string()} class={classes!("one-client", lit.then_some("lit"))} data-state={client.state}>
            <h3><button type="button" onclick={select}>{ format!("Client {}", client.id) }</button></h3>
            <p class="session">
                <span class="state">{ client.state }</span>{ " · " }{ server }
                if let Some(session) = &client.session {
                    { " · " }<code>{ session }</code>
                }
            </p>
            { lifetimes(props, client) }
            { for client.recipes.iter().rev().map(|one| recipe(props, client, one)) }
            <ol class="operations">{ for client.operations.iter().rev().map(operation) }</ol>
        </article>
    }
}

/// The session's time at both ends: when the client gives its server up, and when the leader
/// expires the session if nothing more is heard.
fn lifetimes(props: &ClientsProps, client: &ClientView) -> Html {
    let sessions = &props.shown.sessions;
    let kept = sessions
        .iter()
        .find(|one| Some(&one.id) == client.session.as_ref());
    let given_up = client
        .timer
        .map(|timer| ("gives up", timer.remaining, timer.total));
    let expired = kept.and_then(|one| Some(("expires", one.left?, one.timeout)));
    let bar = |(what, left, whole): (&str, Duration, Duration)| {
        let part = 100 * left.as_micros() / whole.as_micros().max(1);
        html! {
            <span class="lifetime" key={what.to_owned()} title={if what == "expires" { "the leader expires the session if nothing more is heard" } else { "the client gives its server up if nothing more is heard" }} style={format!("--left:{}%", part.min(100))}>
                { what }{ " in " }<b>{ format!("{} ms", left.as_micros() / 1_000) }</b>
            </span>
        }
    };
    html! { <p class="lifetimes">{ for given_up.into_iter().chain(expired).map(bar) }</p> }
}

/// A recipe: what it has, and where it is among its steps.
fn recipe(props: &ClientsProps, client: &ClientView, recipe: &RecipeView) -> Html {
    let lives = facts::is_alive(recipe);
    let release = {
        let line = format!("client {} release {}", client.id, recipe.path);
        let shown = line.clone();
        let onclick = props
            .on
            .reform(move |_: MouseEvent| Action::Intent(Intent::Run(line.clone())));
        html! { <button type="button" title={shown.clone()} data-command={shown} {onclick}>{ "Let go" }</button> }
    };
    html! {
        <section key={recipe.text.clone()} class="recipe" data-recipe={recipe.kind} data-state={recipe.state}>
            <p><code>{ &recipe.text }</code><b>{ facts::standing(recipe) }</b>{ for lives.then_some(release) }</p>
            if lives {
                <details>
                    <summary>{ recipe.steps.get(recipe.step).copied() }</summary>
                    <ol>{ for recipe.steps.iter().enumerate().map(|(place, step)| html! {
                        <li aria-current={(place == recipe.step).then_some("step")}>{ *step }</li>
                    }) }</ol>
                </details>
            }
            <p class="found">{ facts::found(recipe) }</p>
        </section>
    }
}

fn operation(operation: &OperationView) -> Html {
    let (class, outcome) = match operation.ok {
        None => ("waits", "…".to_owned()),
        Some(ok) => (
            if ok { "ok" } else { "failed" },
            operation.outcome.clone().unwrap_or_default(),
        ),
    };
    let verdict = histories::verdict(operation);
    // What is as it should be needs no more than its sign.
    let remarkable = matches!(verdict, "stale" | "violation");
    let why = operation.verdict.as_ref().filter(|_| remarkable);
    html! {
        <li key={operation.number} {class} data-verdict={verdict}>
            <time>{ clock(operation.invoked) }</time>
            <code>{ &operation.text }</code>
            <span class="outcome">{ "→ " }{ outcome }</span>
            <span class="sign" data-verdict={verdict} role="img" aria-label={verdict}>{ histories::sign(verdict) }</span>
            if let Some(why) = why {
                <p class="why">{ &why.text }</p>
            }
        </li>
    }
}
