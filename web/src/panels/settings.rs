//! The dialog that begins a cluster with other settings.

use quorumscope_core::script::Protocol;
use yew::prelude::*;

use super::dialog::Modal;
use super::parts::typed;
use crate::action::Action;
use crate::crossing;
use crate::draft::{Draft, Field};
use crate::scenarios::PLAIN;

/// A field for each setting, and a button that starts over with them.
pub fn dialog(draft: &Draft, objection: Option<&String>, on: &Callback<Action>) -> Html {
    let onsubmit = {
        let (on, script) = (on.clone(), draft.script());
        move |event: SubmitEvent| {
            event.prevent_default();
            on.emit(Action::Load(script.as_str().into(), PLAIN));
        }
    };
    html! {
        <Modal title="Settings" on={on.clone()}>
            <p class="hint">{ "A new cluster begins with them; the run that is shown ends. Bold is not as usual." }</p>
            <form class="settings" {onsubmit}>
                { protocol(draft, on) }
                { section(draft, false, on) }
                <h3>{ "Rules of the protocol" }</h3>
                { section(draft, true, on) }
                <p class="done">
                    <span class="refusal" role="status">{ objection }</span>
                    <button type="submit" class="primary" disabled={objection.is_some()}>{ "Start over" }</button>
                </p>
            </form>
        </Modal>
    }
}

/// What the servers run.
fn protocol(draft: &Draft, on: &Callback<Action>) -> Html {
    let onchange = {
        let (on, draft) = (on.clone(), draft.clone());
        move |event: Event| {
            if let Some(protocol) = Protocol::of_name(&typed(&event)) {
                on.emit(Action::Settings(Some(draft.under(protocol))));
            }
        }
    };
    let other = (draft.protocol != Protocol::default()).then_some("other");
    let option = |(name, protocol): (&'static str, Protocol)| {
        html! { <option value={name} selected={protocol == draft.protocol}>{ crossing::title(protocol) }</option> }
    };
    html! {
        <div class="columns">
            <label class={classes!("setting", other)}>
                <span>{ "protocol" }</span>
                <select name="protocol" {onchange}>{ for Protocol::NAMES.into_iter().map(option) }</select>
                <small>{ "What the servers run" }</small>
            </label>
        </div>
    }
}

/// The fields that are rules, or those that are not.
fn section(draft: &Draft, rules: bool, on: &Callback<Action>) -> Html {
    let fields = draft.fields.iter().enumerate();
    let fields = fields.filter(|(_, field)| field.is_rule() == rules);
    html! { <div class="columns">{ for fields.map(|(place, field)| row(draft, place, field, on)) }</div> }
}

fn row(draft: &Draft, place: usize, field: &Field, on: &Callback<Action>) -> Html {
    let onchange = {
        let (on, draft) = (on.clone(), draft.clone());
        move |event: Event| {
            let value = typed(&event);
            on.emit(Action::Settings(Some(draft.with(place, value))));
        }
    };
    let name = field.name().to_owned();
    let other = (field.value != field.usual).then_some("other");
    html! {
        <label class={classes!("setting", other)} title={field.text}>
            <span>{ &name }</span>
            if field.words.is_empty() {
                <input type="text" name={name} value={field.value.clone()} spellcheck="false" autocapitalize="off" {onchange} />
            } else {
                <select name={name} {onchange}>
                    { for field.words.iter().map(|word| html! { <option value={word.clone()} selected={*word == field.value}>{ word }</option> }) }
                </select>
            }
            <small>{ field.text }</small>
        </label>
    }
}
