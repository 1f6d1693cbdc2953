//! The element in a real browser.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn host() -> web_sys::HtmlElement {
    let document = web_sys::window().unwrap().document().unwrap();
    let host = document.create_element("quorum-scope").unwrap();
    document.body().unwrap().append_child(&host).unwrap();
    host.unchecked_into()
}

async fn drawn() {
    yew::platform::time::sleep(std::time::Duration::from_millis(50)).await;
}

fn count(host: &web_sys::HtmlElement, selector: &str) -> u32 {
    host.query_selector_all(selector).unwrap().length()
}

#[wasm_bindgen_test]
async fn every_server_can_be_found_in_the_page() {
    let host = host();
    let mut handle =
        quorumscope_web::element::mount(host.clone(), "", "", vec!["servers".into(), "3".into()]);
    drawn().await;
    assert_eq!(
        count(&host, "[data-server][data-role][data-term][data-up=true]"),
        3
    );

    handle.run("crash S2").unwrap();
    drawn().await;
    assert_eq!(count(&host, "[data-server=S2][data-up=false]"), 1);
    handle.unmount();
}

#[wasm_bindgen_test]
async fn what_is_typed_is_never_markup() {
    let host = host();
    let mut handle = quorumscope_web::element::mount(
        host.clone(),
        "<img src=x onerror=alert(1)>",
        "",
        Vec::new(),
    );
    drawn().await;
    assert_eq!(count(&host, "img"), 0);
    assert_eq!(count(&host, ".notice[role=alert]"), 1);
    assert_eq!(count(&host, "[data-server]"), 5, "the default cluster runs");
    handle.unmount();
}
