//! That the page is there at all, wherever it is put.

use crate::figures::WATCH;
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

#[test]
fn the_first_picture_waits_for_no_second_part() {
    let page = Page::blank();
    let before = "Page.addScriptToEvaluateOnNewDocument";
    page.devtools(before, &json!({ "source": WATCH }));
    page.open("index.html");
    page.ready();
    let asked = "performance.getEntriesByType('resource').find(one => one.name.includes('_rest.wasm')).startTime";
    let behind = page.eval(&format!("{asked} - window.firstServer"));
    assert!(behind.as_f64().unwrap() > 0.0, "{behind}");
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
