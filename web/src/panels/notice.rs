//! What the page has to say about what it was given.

use quorumscope_core::history::Failure;
use yew::prelude::*;

use super::parts::clock;
use crate::action::Action;
use crate::model::Notice;

/// Properties of [`NoticeBar`].
#[derive(Properties, PartialEq)]
pub struct NoticeBarProps {
    /// What is to be said.
    pub notices: Vec<Notice>,
    /// What the script claimed, and was not so.
    pub failures: Vec<Failure>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The notice, until it is put away, and what the script found untrue.
#[function_component]
pub fn NoticeBar(props: &NoticeBarProps) -> Html {
    html! {
        <>
            { for props.notices.iter().map(|notice| given(notice, &props.on)) }
            if !props.failures.is_empty() {
                <div class="notice" role="alert">
                    <p>{ "The script expected otherwise." }</p>
                    <ul>{ for props.failures.iter().map(failure) }</ul>
                </div>
            }
        </>
    }
}

fn failure(failure: &Failure) -> Html {
    html! { <li>{ format!("line {}, at {}: {}", failure.line, clock(failure.time), failure.what) }</li> }
}

fn given(notice: &Notice, on: &Callback<Action>) -> Html {
    let on = on.clone();
    html! {
        <div class="notice" role="alert">
            <p>{ &notice.title }</p>
            <ul>{ for notice.errors.iter().map(|error| html! { <li>{ error }</li> }) }</ul>
            <button type="button" class="square" aria-label="Dismiss" onclick={move |_| on.emit(Action::Dismiss)}>{ "×" }</button>
        </div>
    }
}
