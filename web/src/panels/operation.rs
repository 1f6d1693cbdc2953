//! A form for everything that a client can be asked for.

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use quorumscope_core::ids::ClientId;
use quorumscope_core::view::View;
use yew::prelude::*;

use super::offer;
use super::parts::typed;
use crate::action::Action;
use crate::asks::{Ask, Slot, Values, inner_name, takes};
use crate::desk::Refusal;
use crate::intent::Intent;
use crate::offers;

/// Properties of [`OperationForm`].
#[derive(Properties, PartialEq)]
pub(super) struct OperationFormProps {
    /// The cluster.
    pub(super) view: Rc<View>,
    /// What was asked for and refused.
    pub(super) refused: Option<Refusal>,
    /// What the reader wants.
    pub(super) on: Callback<Action>,
}

/// What stands in the form.
#[derive(Clone, PartialEq)]
struct Draft {
    client: String,
    verb: String,
    /// Of a list: the operation that would be added next, and those that were.
    part: String,
    parts: Vec<String>,
    values: Values,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            client: String::new(),
            verb: "create".to_owned(),
            part: String::new(),
            parts: Vec::new(),
            values: Values::new(),
        }
    }
}

impl Draft {
    /// What is asked for; of a list, what is to be added to it, too.
    fn asks(&self) -> (Ask, Option<Ask>) {
        let ask = Ask::of(&self.verb).expect("only what there is can be chosen");
        let part = ask.parts.iter().find(|part| **part == self.part);
        let part = part.or(ask.parts.first()).and_then(|part| Ask::of(part));
        (ask, part)
    }
}

type Form = UseStateHandle<Draft>;

/// A callback that changes the draft by what stands in a field.
fn edit<E: AsRef<web_sys::Event> + 'static>(
    form: &Form,
    change: impl Fn(&mut Draft, String) + 'static,
) -> Callback<E> {
    let form = form.clone();
    Callback::from(move |event: E| {
        let mut draft = (*form).clone();
        change(&mut draft, typed(&event));
        form.set(draft);
    })
}

/// Asks for something through a client; starts one if none runs.
#[function_component]
pub(super) fn OperationForm(props: &OperationFormProps) -> Html {
    let form = use_state(Draft::default);
    let paths = use_memo((), |()| {
        static FORMS: AtomicU32 = AtomicU32::new(0);
        format!("qs-paths-{}", FORMS.fetch_add(1, Ordering::Relaxed))
    });
    let running: Vec<_> = props
        .view
        .clients
        .iter()
        .filter(|client| offers::runs(client))
        .map(|client| client.id)
        .collect();
    let chosen = running.iter().find(|id| id.to_string() == form.client);
    let client = chosen.or(running.first()).copied();
    let (ask, part) = form.asks();
    let line = ask.line(&form.values, &form.parts);
    let asker = client.or_else(|| offers::free_client(&props.view));
    let whole = asker.map(|id| format!("client {id} {line}"));
    let onsubmit = {
        let (on, whole) = (props.on.clone(), whole.clone());
        let start = asker.filter(|_| client.is_none());
        move |event: SubmitEvent| {
            event.prevent_default();
            let start = start.map(|id| format!("client {id}"));
            for line in start.into_iter().chain(whole.clone()) {
                on.emit(Action::Intent(Intent::Run(line)));
            }
        }
    };
    let mine = |refused: &&Refusal| refused.line.starts_with("client ");
    html! {
        <form class="operation" {onsubmit}>
            { clients(&form, &running, client) }
            { asks(&form) }
            { for ask.slots.iter().map(|slot| field(&form, &ask, slot, &paths)) }
            { for part.map(|part| list(&form, &ask, &part, &paths)) }
            <datalist id={(*paths).clone()}>{ for props.view.znodes.iter().map(|znode| html! { <option value={znode.path.clone()} /> }) }</datalist>
            { offer::refusal(props.refused.as_ref().filter(mine)) }
            <p class="line"><code title={ask.text}>{ whole }</code><button type="submit" class="primary">{ "Send" }</button></p>
        </form>
    }
}

/// The parts of a list, and what is to be added to them.
fn list(form: &Form, ask: &Ask, part: &Ask, paths: &str) -> Html {
    let add = {
        let (form, line) = (form.clone(), part.line(&form.values, &[]));
        move |_: MouseEvent| {
            let mut draft = (*form).clone();
            draft.parts.push(line.clone());
            form.set(draft);
        }
    };
    let remove = |place: usize| {
        let form = form.clone();
        move |_: MouseEvent| {
            let mut draft = (*form).clone();
            draft.parts.remove(place);
            form.set(draft);
        }
    };
    html! {
        <fieldset>
            <legend>{ "Of" }</legend>
            { for form.parts.iter().enumerate().map(|(place, line)| html! {
                <p class="part"><code>{ line }</code><button type="button" class="square" aria-label={format!("Remove {line}")} onclick={remove(place)}>{ "×" }</button></p>
            }) }
            <select aria-label="Part" onchange={edit::<Event>(form, |draft, value| draft.part = value)}>
                { for ask.parts.iter().map(|verb| html! { <option value={*verb} selected={part.verb == *verb}>{ *verb }</option> }) }
            </select>
            { for part.slots.iter().map(|slot| field(form, part, slot, paths)) }
            <button type="button" onclick={add}>{ "Add" }</button>
        </fieldset>
    }
}

/// A field for a slot: a list of alternatives, a box to tick, or a text.
fn field(form: &Form, ask: &Ask, slot: &Slot, paths: &str) -> Html {
    let name = slot.name();
    let value = slot.value(ask, &form.values);
    let put = |name: String| {
        move |draft: &mut Draft, value: String| {
            draft.values.insert(name.clone(), value);
        }
    };
    let text = |name: String, value: String, needed: bool| {
        let oninput = edit::<InputEvent>(form, put(name.clone()));
        let list = matches!(&*name, "path").then(|| paths.to_owned());
        let optional = (!needed).then_some("optional");
        html! { <input key={name.clone()} type="text" class={classes!(name.clone(), optional)} aria-label={name.clone()} placeholder={name.clone()} {value} {list} spellcheck="false" autocapitalize="off" autocomplete="off" {oninput} /> }
    };
    match slot.alternatives[..] {
        [one] if takes(one) => text(name, value, slot.needed),
        [one] => {
            let ticked = value == "on";
            let next = if ticked { "" } else { "on" };
            let key = name.clone();
            let onchange = edit::<Event>(form, move |draft, _| {
                put(key.clone())(draft, next.to_owned());
            });
            html! { <label key={one} class="flag"><input type="checkbox" {name} checked={ticked} {onchange} />{ one }</label> }
        }
        _ => {
            let known = slot.alternatives.iter().find(|one| **one == value);
            let inner = known.filter(|one| takes(one)).map(|one| {
                let inner = inner_name(one).to_owned();
                let value = form.values.get(&inner).map_or("10s", String::as_str);
                text(inner, value.to_owned(), true)
            });
            let without = if ask.verb == "create" {
                "persistent"
            } else {
                "any"
            };
            html! {
                <>
                    <select key={name.clone()} aria-label={name.clone()} onchange={edit::<Event>(form, put(name))}>
                        <option value="" selected={known.is_none()}>{ without }</option>
                        { for slot.alternatives.iter().map(|one| html! { <option value={*one} selected={known == Some(one)}>{ inner_name(one) }</option> }) }
                    </select>
                    { for inner }
                </>
            }
        }
    }
}

fn clients(form: &Form, running: &[ClientId], chosen: Option<ClientId>) -> Html {
    if running.is_empty() {
        return html! { <span class="fresh">{ "A new client" }</span> };
    }
    html! {
        <select aria-label="Client" onchange={edit::<Event>(form, |draft, value| draft.client = value)}>
            { for running.iter().map(|id| html! { <option value={id.to_string()} selected={Some(*id) == chosen}>{ id.to_string() }</option> }) }
        </select>
    }
}

fn asks(form: &Form) -> Html {
    let choose = |draft: &mut Draft, verb: String| {
        // Another recipe is about another znode.
        if verb.starts_with("recipe ") || draft.verb.starts_with("recipe ") {
            draft.values.remove("path");
        }
        draft.parts.clear();
        draft.verb = verb;
    };
    html! {
        <select aria-label="Operation" onchange={edit::<Event>(form, choose)}>
            { for Ask::all().into_iter().map(|(title, asks)| html! {
                <optgroup label={title}>
                    { for asks.into_iter().map(|ask| html! {
                        <option selected={ask.verb == form.verb} title={ask.text} value={ask.verb.clone()}>{ ask.verb }</option>
                    }) }
                </optgroup>
            }) }
        </select>
    }
}
