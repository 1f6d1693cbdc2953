//! The console: a line of the command language, with completion, history and errors in place.

use quorumscope_core::script::{Completion, complete};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::action::Action;
use crate::completion::{self, Place};
use crate::fixed::Fixed;
use crate::model::Exchange;
use crate::snapshot::Snapshot;

/// Lines of the transcript that stand over the field.
const LINES_SHOWN: usize = 4;
/// Completions that are listed at most.
const COMPLETIONS_SHOWN: usize = 12;

/// Properties of [`Console`].
#[derive(Properties, PartialEq)]
pub struct ConsoleProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// Changes when the cursor is wanted here.
    pub asked: u32,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// What is being typed.
#[derive(Clone, PartialEq, Default)]
struct Draft {
    text: String,
    /// How far back in the history the reader is; 0 is the new line.
    back: usize,
    /// Which completion is marked.
    choice: usize,
    /// Whether completions are shown.
    open: bool,
}

/// The console.
#[function_component]
pub fn Console(props: &ConsoleProps) -> Html {
    let draft = use_state(Draft::default);
    let field = use_node_ref();
    use_effect_with(props.asked, {
        let field = field.clone();
        move |asked| {
            if let Some(field) = field.cast::<HtmlInputElement>().filter(|_| *asked > 0) {
                let _ = field.focus();
            }
        }
    });
    let completions = if draft.open {
        completions(&draft.text, &field, &props.shown)
    } else {
        Vec::new()
    };
    let chosen = (!completions.is_empty())
        .then(|| format!("choice-{}", draft.choice.min(completions.len() - 1)));
    html! {
        <div class="console">
            <Transcript shown={props.shown.clone()} />
            if !completions.is_empty() {
                { list(&completions, &draft, &field) }
            }
            <form onsubmit={submit(&draft, &props.on)}>
                <span aria-hidden="true">{ "›" }</span>
                <input
                    ref={field.clone()}
                    type="text"
                    role="combobox"
                    aria-label="Command"
                    aria-expanded={(!completions.is_empty()).to_string()}
                    aria-autocomplete="list"
                    aria-activedescendant={chosen}
                    placeholder="crash S1"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength="4096"
                    value={draft.text.clone()}
                    oninput={typing(&draft)}
                    onkeydown={keys(&draft, completions, &props.shown, &field)}
                    onblur={shut(&draft)}
                />
                <button type="button" class="copy" title="Copy all that was done as a script" onclick={props.on.reform(|_: MouseEvent| Action::CopyScript)}>{ "Copy" }</button>
            </form>
        </div>
    }
}

fn completions(text: &str, field: &NodeRef, shown: &Snapshot) -> Vec<Completion> {
    let mut found = complete(text, cursor(text, field), &completion::names(&shown.view));
    found.truncate(COMPLETIONS_SHOWN);
    found
}

/// The byte of `text` at which the cursor stands.
fn cursor(text: &str, field: &NodeRef) -> usize {
    let units = field
        .cast::<HtmlInputElement>()
        .and_then(|field| field.selection_start().ok().flatten());
    units.map_or(text.len(), |units| {
        completion::byte_of(text, units as usize)
    })
}

fn list(completions: &[Completion], draft: &UseStateHandle<Draft>, field: &NodeRef) -> Html {
    let chosen = draft.choice.min(completions.len() - 1);
    html! {
        <ul class="completions" role="listbox" aria-label="Completions">
            { for completions.iter().enumerate().map(|(place, completion)| {
                let (draft, field, completion_taken) = (draft.clone(), field.clone(), completion.clone());
                let onpointerdown = move |event: PointerEvent| {
                    event.prevent_default();
                    take(&draft, &completion_taken, &field);
                };
                html! { <li id={format!("choice-{place}")} role="option" aria-selected={(place == chosen).to_string()} {onpointerdown}><code>{ &completion.text }</code>{ " " }{ &completion.hint }</li> }
            }) }
        </ul>
    }
}

/// Puts a completion in place of the word it completes.
fn take(draft: &UseStateHandle<Draft>, completion: &Completion, field: &NodeRef) {
    let Place { text, cursor } =
        completion::take(&draft.text, cursor(&draft.text, field), completion);
    if let Some(field) = field.cast::<HtmlInputElement>() {
        field.set_value(&text);
        let _ = field.set_selection_range(cursor as u32, cursor as u32);
    }
    draft.set(Draft {
        text,
        open: true,
        ..Draft::default()
    });
}

fn typing(draft: &UseStateHandle<Draft>) -> Callback<InputEvent> {
    let draft = draft.clone();
    Callback::from(move |event: InputEvent| {
        let text = event.target_unchecked_into::<HtmlInputElement>().value();
        draft.set(Draft {
            open: !text.is_empty(),
            text,
            ..Draft::default()
        });
    })
}

fn shut(draft: &UseStateHandle<Draft>) -> Callback<FocusEvent> {
    let draft = draft.clone();
    Callback::from(move |_| {
        draft.set(Draft {
            open: false,
            ..(*draft).clone()
        });
    })
}

fn submit(draft: &UseStateHandle<Draft>, on: &Callback<Action>) -> Callback<SubmitEvent> {
    let (draft, on) = (draft.clone(), on.clone());
    Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        if !draft.text.trim().is_empty() {
            on.emit(Action::Type(draft.text.clone()));
            draft.set(Draft::default());
        }
    })
}

fn keys(
    draft: &UseStateHandle<Draft>,
    completions: Vec<Completion>,
    shown: &Fixed<Snapshot>,
    field: &NodeRef,
) -> Callback<KeyboardEvent> {
    let (draft, shown, field) = (draft.clone(), shown.clone(), field.clone());
    Callback::from(move |event: KeyboardEvent| {
        let listed = !completions.is_empty();
        let last = completions.len().saturating_sub(1);
        let choice = draft.choice.min(last);
        let current = (*draft).clone();
        match event.key().as_str() {
            "Tab" if listed && !event.shift_key() => take(&draft, &completions[choice], &field),
            "Escape" if listed => draft.set(Draft {
                open: false,
                ..current
            }),
            "Escape" => leave(&field),
            "ArrowDown" if listed => draft.set(Draft {
                choice: (choice + 1).min(last),
                ..current
            }),
            "ArrowUp" if listed => draft.set(Draft {
                choice: choice.saturating_sub(1),
                ..current
            }),
            "ArrowUp" => draft.set(recalled(&shown.transcript, current.back + 1)),
            "ArrowDown" => draft.set(recalled(&shown.transcript, current.back.saturating_sub(1))),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    })
}

/// Gives the focus back to the page, so that its keys work again.
fn leave(field: &NodeRef) {
    let root = field
        .cast::<web_sys::Element>()
        .and_then(|field| field.closest(".qs").ok().flatten());
    if let Some(root) = root.and_then(|root| root.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = root.focus();
    }
}

/// The line that was run `back` lines ago.
fn recalled(transcript: &[Exchange], back: usize) -> Draft {
    let back = back.min(transcript.len());
    let text = if back == 0 {
        String::new()
    } else {
        transcript[transcript.len() - back].line.clone()
    };
    Draft {
        text,
        back,
        ..Draft::default()
    }
}

#[derive(Properties, PartialEq)]
struct TranscriptProps {
    shown: Fixed<Snapshot>,
}

/// The last lines that were run; the last one with what is wrong with it.
#[function_component]
fn Transcript(props: &TranscriptProps) -> Html {
    let transcript = &props.shown.transcript;
    let from = transcript.len().saturating_sub(LINES_SHOWN);
    html! {
        <ol class="transcript" role="log" aria-label="Commands that were run">
            { for transcript.iter().enumerate().skip(from).map(|(place, exchange)| exchange_line(place, exchange)) }
        </ol>
    }
}

fn exchange_line(place: usize, exchange: &Exchange) -> Html {
    match &exchange.outcome {
        Ok(done) => html! { <li key={place} class="done"><code>{ done }</code></li> },
        Err(complaint) => html! {
            <li key={place} class="refused">
                <code>{ &exchange.line }</code>
                if let Some(column) = complaint.column {
                    <code class="caret" aria-hidden="true">{ format!("{}^", " ".repeat(column - 1)) }</code>
                }
                <p role="alert">{ &complaint.text }</p>
            </li>
        },
    }
}
