//! What a script tells its reader: beside the running cluster, with one button that never moves.

use quorumscope_core::history::{Note, Waiting};
use yew::prelude::*;

use crate::action::Action;
use crate::fixed::Fixed;
use crate::snapshot::Snapshot;

/// Properties of [`Lesson`].
#[derive(Properties, PartialEq)]
pub struct LessonProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// Whether the run plays.
    pub playing: bool,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The words of the script, while it has any.
#[function_component]
pub fn Lesson(props: &LessonProps) -> Html {
    let shown = &props.shown;
    if shown.notes.is_empty() && shown.waiting.is_none() {
        return Html::default();
    }
    let (back, next) = (props.on.clone(), props.on.clone());
    let waits = shown.waiting.is_some();
    html! {
        <div class="lesson" role="region" aria-label="Lesson">
            <div class="words" aria-live="polite">
                { for latest(&shown.notes).map(|note| if note.is_title { html! { <h2>{ &note.text }</h2> } } else { html! { <p>{ &note.text }</p> } }) }
                { for shown.waiting.iter().map(card) }
            </div>
            <button type="button" onclick={move |_| back.emit(Action::PreviousNote)}>{ "Back" }</button>
            <button type="button" class="primary" disabled={!waits && props.playing} onclick={move |_| next.emit(Action::NextNote)}>{ "Go on" }</button>
        </div>
    }
}

/// The last title and the last sentence told under it.
fn latest(notes: &[Note]) -> impl Iterator<Item = &Note> {
    let title = notes.iter().rposition(|note| note.is_title);
    let sentence = notes
        .iter()
        .rposition(|note| !note.is_title)
        .filter(|at| title.is_none_or(|title| *at > title));
    title.into_iter().chain(sentence).map(|at| &notes[at])
}

/// What the script waits for.
fn card(waiting: &Waiting) -> Html {
    match waiting {
        Waiting::Reader(text) => {
            html! { <p class="card">{ text.as_deref().unwrap_or_default() }</p> }
        }
        Waiting::Answer { question, choices } => html! {
            <>
                <p class="card">{ question }</p>
                <ul class="choices">{ for choices.iter().map(|choice| html! { <li>{ &choice.text }</li> }) }</ul>
            </>
        },
    }
}
