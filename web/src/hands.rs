//! Listeners that reach beyond what the component draws: the keyboard, and where the focus is.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::Callback;

use crate::action::Action;
use crate::frames::window;
use crate::keys::{self, Focus, Press};

/// The keyboard. An element that fills the page hears every key; an embedded one only those that
/// are pressed while the focus is in it.
pub struct Hands {
    on_key: Closure<dyn FnMut(KeyboardEvent)>,
}

impl Hands {
    /// Calls `on` for every key that means something to `host`.
    pub fn new(host: &HtmlElement, on: Callback<Action>) -> Self {
        let host = host.clone();
        let on_key = Closure::new(move |event: KeyboardEvent| {
            if !concerns(&host, &event) {
                return;
            }
            let press = Press {
                key: &event.key(),
                shift: event.shift_key(),
                focus: focus(&event),
            };
            if let Some(action) = keys::action(press) {
                event.prevent_default();
                on.emit(action);
            }
        });
        if let Some(document) = window().document() {
            let _ = document
                .add_event_listener_with_callback("keydown", on_key.as_ref().unchecked_ref());
        }
        Self { on_key }
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        if let Some(document) = window().document() {
            let _ = document.remove_event_listener_with_callback(
                "keydown",
                self.on_key.as_ref().unchecked_ref(),
            );
        }
    }
}

fn concerns(host: &HtmlElement, event: &KeyboardEvent) -> bool {
    if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return false;
    }
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let Some(target) = target else {
        return host.has_attribute("page");
    };
    host.contains(Some(&target)) || (host.has_attribute("page") && target.tag_name() == "BODY")
}

fn focus(event: &KeyboardEvent) -> Focus {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let Some(target) = target else {
        return Focus::Page;
    };
    let is = |selector: &str| target.matches(selector).unwrap_or(false);
    if is("textarea, select, [contenteditable], input:not([type=range])") {
        Focus::Text
    } else if is("button, input, summary, a, [role=slider], [role=tab], [role=menuitem]") {
        Focus::Control
    } else {
        Focus::Page
    }
}

/// Moves the focus by `step` among the parts of `group` that `selector` finds, and makes the new
/// one the group's stop for the Tab key.
pub fn rove(group: &Element, selector: &str, step: i32) {
    let Ok(items) = group.query_selector_all(selector) else {
        return;
    };
    let items: Vec<HtmlElement> = (0..items.length())
        .filter_map(|place| items.item(place)?.dyn_into().ok())
        .collect();
    let focused = window()
        .document()
        .and_then(|document| document.active_element());
    let here = items
        .iter()
        .position(|item| Some(item.as_ref()) == focused.as_ref());
    let there = here
        .map_or(0, |here| here as i32 + step)
        .clamp(0, (items.len() as i32 - 1).max(0)) as usize;
    for (place, item) in items.iter().enumerate() {
        item.set_tab_index(if place == there { 0 } else { -1 });
    }
    if let Some(item) = items.get(there) {
        let _ = item.focus();
    }
}
