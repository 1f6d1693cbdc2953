//! Passing a run on.

use crate::page::{Page, view};
use quorumscope_tests::browser::Browser;
use serde_json::{Value, json};

#[test]
fn a_shared_link_opens_the_same_state_in_a_second_page() {
    let (page, leader) = Page::led();
    eventful(&page, &leader);
    let link = copied_link(&page);
    let seen = page.view();
    assert!(link.starts_with(page.address()), "{link}");

    let friend = page.friend();
    friend.open(&link);
    friend.see("quorum-scope[ready] [data-server]");
    assert_same(&view(&friend), &seen);
    friend.see(&format!("[data-server={leader}][data-up=false]"));

    page.advance(1_000);
    advance(&friend, 1_000);
    assert_same(&view(&friend), &page.view());
}

#[test]
fn a_link_opened_in_a_running_page_takes_its_place() {
    let (page, leader) = Page::led();
    eventful(&page, &leader);
    let link = copied_link(&page);
    let seen = page.view();

    page.open("index.html?servers=3&paused");
    page.ready();
    page.execute("location.hash = new URL(arguments[0]).hash", &[json!(link)]);
    page.wait_until("document.querySelectorAll('[data-server]').length === 5");
    assert_same(&page.view(), &seen);
}

#[test]
fn the_script_of_a_run_loads_into_the_same_run() {
    let (page, leader) = Page::led();
    eventful(&page, &leader);
    let seen = page.view();
    page.ask("cluster.load(cluster.script)");
    page.ask("cluster.pause()");
    let end = seen["time"].as_f64().unwrap();
    page.ask(&format!("await cluster.advance({end} - cluster.time)"));
    assert_same(&page.view(), &seen);
}

#[test]
fn a_shared_branch_is_the_one_that_is_shown() {
    let (page, leader) = Page::led();
    page.advance(500);
    page.click("[role=slider]");
    page.see(".live[aria-pressed=false]");
    page.type_line(&format!("crash {leader}"));
    page.advance(200);
    let link = copied_link(&page);
    let seen = page.view();

    let friend = page.friend();
    friend.open(&link);
    friend.see("quorum-scope[ready] [data-server]");
    assert_same(&view(&friend), &seen);
}

/// A crash, a cut and a write.
#[track_caller]
fn eventful(page: &Page, leader: &str) {
    page.run(&format!("client A open {leader}"));
    page.run("client A create /app hello");
    page.advance(300);
    page.run(&format!("crash {leader}"));
    page.run("cut S1 S2");
    page.advance(700);
}

/// The link, copied as a person does.
#[track_caller]
fn copied_link(page: &Page) -> String {
    page.push("Share");
    page.see("dialog[open]");
    page.push("Copy link");
    page.next_frame();
    let link = page.clipboard();
    page.push("Close");
    page.wait_until("document.querySelector('dialog') === null");
    link
}

#[track_caller]
fn advance(browser: &Browser, ms: u32) {
    browser.eval(&format!(
        "await document.querySelector('quorum-scope').advance({ms})"
    ));
}

/// Compares field by field, so that a difference is readable.
#[track_caller]
fn assert_same(one: &Value, other: &Value) {
    for field in [
        "time", "protocol", "seed", "servers", "links", "clients", "znodes", "messages",
    ] {
        assert_eq!(one[field], other[field], "{field}");
    }
    assert_eq!(one, other);
}
