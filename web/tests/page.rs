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

/// Waits, within reason, until the page shows as many of these.
async fn shows(host: &web_sys::HtmlElement, selector: &str, expected: u32) {
    for _ in 0..250 {
        if count(host, selector) == expected {
            return;
        }
        yew::platform::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(count(host, selector), expected, "{selector}");
}

fn count(host: &web_sys::HtmlElement, selector: &str) -> u32 {
    host.query_selector_all(selector).unwrap().length()
}

#[wasm_bindgen_test]
async fn every_server_can_be_found_in_the_page() {
    let host = host();
    let mut handle =
        quorumscope_web::element::mount(host.clone(), "", "", vec!["servers".into(), "3".into()]);
    let running = "[data-server][data-role][data-term][data-up=true]";
    shows(&host, running, 3).await;

    handle.run("crash S2").unwrap();
    shows(&host, "[data-server=S2][data-up=false]", 1).await;
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
    // The default cluster runs, and a message says what is wrong with the script.
    shows(&host, "[data-server]", 5).await;
    shows(&host, ".notice[role=alert]", 1).await;
    assert_eq!(count(&host, "img"), 0);
    handle.unmount();
}

#[wasm_bindgen_test]
async fn the_other_protocol_is_a_click_away_with_the_same_servers_and_requests() {
    let host = host();
    let mut handle =
        quorumscope_web::element::mount(host.clone(), "", "", vec!["servers".into(), "3".into()]);
    shows(&host, "[data-server][data-role]:not([data-phase])", 3).await;
    handle.run("client A").unwrap();

    let zab = host.query_selector("[data-protocol=zab]").unwrap().unwrap();
    zab.unchecked_into::<web_sys::HtmlElement>().click();
    shows(&host, "[data-protocol=zab][aria-pressed=true]", 1).await;
    shows(&host, "[data-server][data-phase=looking]", 3).await;
    shows(&host, "[data-client=A]", 1).await;
    shows(&host, ".notice", 0).await;
    handle.unmount();
}
