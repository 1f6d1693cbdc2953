//! That the page is there at all, wherever it is put.

use crate::page::Page;
use quorumscope_tests::browser::{Browser, Site};
use serde_json::json;

#[test]
fn the_page_draws_its_servers() {
    let site = Site::dist();
    let browser = Browser::start(&site);
    browser.open("index.html");
    browser.see("quorum-scope [data-server]");
}

#[test]
fn the_page_works_in_a_folder_of_another_site() {
    let site = Site::dist_below("/course/raft", &[]);
    let browser = Browser::start(&site);
    browser.open("course/raft/");
    browser.see("quorum-scope [data-server]");
}

#[test]
fn no_request_leaves_the_host() {
    let site = Site::dist();
    let browser = Browser::start(&site);
    browser.open("index.html");
    browser.see("quorum-scope [data-server]");
    let requests = browser.requests();
    assert!(
        requests
            .iter()
            .any(|url| url.ends_with("quorumscope-web_bg.wasm")),
        "{requests:#?}"
    );
    let elsewhere: Vec<_> = requests
        .iter()
        .filter(|url| !url.starts_with(site.address()))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

/// Lets the second part of the module never arrive in the ordinary way.
const WITHHOLD: &str = "{
    const { fetch } = window;
    window.fetch = (address, ...more) =>
        String(address).includes('_rest.wasm') ? new Promise(() => {}) : fetch(address, ...more);
}";

/// Notes how the second part was asked for first, and whether servers stood on the page by then.
const NOTE: &str = "{
    const note = (how, address) => {
        if (String(address).includes('_rest.wasm')) {
            window.asked ??= [how, document.querySelector('[data-server]') !== null];
        }
    };
    const { fetch } = window;
    window.fetch = (address, ...more) => (note('fetch', address), fetch(address, ...more));
    const { open } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.open = function (method, address, ...more) {
        note('on the spot', address);
        return open.call(this, method, address, ...more);
    };
}";

#[test]
fn the_first_picture_waits_for_no_second_part() {
    let page = Page::blank();
    let before = "Page.addScriptToEvaluateOnNewDocument";
    page.devtools(before, &json!({ "source": NOTE }));
    // So slow that the picture takes several turns.
    page.devtools("Emulation.setCPUThrottlingRate", &json!({ "rate": 6 }));
    page.open("index.html");
    page.ready();
    assert_eq!(page.eval("window.asked"), json!(["fetch", true]));
}

#[test]
fn who_needs_the_second_part_early_gets_it_at_once() {
    let page = Page::blank();
    let before = "Page.addScriptToEvaluateOnNewDocument";
    page.devtools(before, &json!({ "source": WITHHOLD }));
    page.open("index.html");
    page.see("[data-server]");
    page.click(".scenario button");
    page.see("dialog[open][aria-label=Scenarios]");
    let asked = "performance.getEntriesByType('resource').find(one => one.name.includes('_rest.wasm')).initiatorType";
    assert_eq!(page.eval(asked), "xmlhttprequest");
}
