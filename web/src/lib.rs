//! The QuorumScope page.

use wasm_bindgen::prelude::wasm_bindgen;
use yew::{Html, component, html};

/// What the page shows.
#[component(Page)]
pub fn page() -> Html {
    html! { <main>{ "QuorumScope" }</main> }
}

/// Draws the page into the document's body.
#[wasm_bindgen(start)]
pub fn start() {
    yew::Renderer::<Page>::new().render();
}
