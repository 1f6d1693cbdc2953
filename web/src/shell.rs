//! The element as the host page sees it: its run, and the events it sends.

use std::cell::RefCell;

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::{CustomEvent, CustomEventInit, HtmlElement};
use yew::Callback;

use crate::model::Model;
use crate::settings::Attribute;

/// What the component and the host page's handle share.
pub struct Shell {
    /// The `<quorum-scope>` element.
    pub host: HtmlElement,
    /// The run.
    pub model: RefCell<Model>,
    /// The element's settings.
    pub attributes: Vec<Attribute>,
    /// Tells the component that the run was changed behind its back.
    pub poke: RefCell<Callback<()>>,
}

impl Shell {
    /// Sends an event from the element to the host page.
    pub fn emit(&self, name: &str, detail: &[(&str, JsValue)]) {
        let object = js_sys::Object::new();
        for (key, value) in detail {
            // Setting a property of a plain object does not fail.
            let _ = Reflect::set(&object, &(*key).into(), value);
        }
        let options = CustomEventInit::new();
        options.set_bubbles(true);
        options.set_detail(&object);
        if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &options) {
            let _ = self.host.dispatch_event(&event);
        }
    }

    /// Lets the component draw what was changed.
    pub fn changed(&self) {
        let poke = self.poke.borrow().clone();
        poke.emit(());
    }
}

impl PartialEq for Shell {
    fn eq(&self, other: &Self) -> bool {
        self.host == other.host
    }
}
