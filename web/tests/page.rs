//! The page as a component, in a real browser.
#![cfg(target_arch = "wasm32")]

use quorumscope_web::Page;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn the_page_names_itself() {
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&root).unwrap();

    yew::Renderer::<Page>::with_root(root.clone()).render();
    yew::platform::time::sleep(std::time::Duration::ZERO).await;

    assert_eq!(root.text_content().as_deref(), Some("QuorumScope"));
}
