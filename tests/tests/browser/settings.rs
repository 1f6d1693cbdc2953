//! What the address and the attributes say, and what a reader without a mouse finds.

use crate::page::{Page, leader, server};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn the_address_holds_the_settings_of_the_cluster() {
    let page = Page::at("index.html?servers=9&protocol=raft&seed=7&speed=0.1&paused");
    let view = page.view();
    assert_eq!(view["version"], 1);
    assert_eq!(view["protocol"], "raft");
    assert_eq!(view["seed"], 7);
    assert_eq!(view["servers"].as_array().unwrap().len(), 9);
    assert_eq!(
        page.eval("document.querySelectorAll('[data-server]').length"),
        9
    );
    assert_eq!(
        page.eval("document.querySelector('quorum-scope').playing"),
        false
    );
    assert_eq!(page.text(".speed span"), "1/10×");
}

#[test]
fn every_number_of_servers_from_one_to_nine_elects_a_leader() {
    let page = Page::blank();
    for servers in 1..=9 {
        page.open(&format!("index.html?servers={servers}&paused"));
        page.wait_until(&format!(
            "document.querySelectorAll('quorum-scope[ready] [data-server]').length === {servers}"
        ));
        let leader = page.elect();
        page.see(&format!("[data-server={leader}][data-role=leader]"));
    }
}

#[test]
fn every_server_is_reached_by_keyboard_and_has_a_name() {
    let page = Page::at("index.html?servers=9&paused");
    for _ in 0..40 {
        page.press("Tab");
        if focused(&page)["server"].is_string() {
            break;
        }
    }
    let mut reached = BTreeSet::new();
    for _ in 0..9 {
        let focused = focused(&page);
        let server = focused["server"].as_str().expect("a server has the focus");
        let name = focused["name"].as_str().unwrap_or_default();
        assert!(
            name.starts_with(&format!("{server}, follower, term ")),
            "{name}"
        );
        reached.insert(server.to_owned());
        page.press("ArrowDown");
    }
    assert_eq!(reached.len(), 9, "{reached:?}");
}

#[test]
fn every_button_field_and_thing_that_takes_the_focus_has_a_name() {
    let (page, leader) = Page::led();
    page.run(&format!("client A open {leader}"));
    page.advance(100);
    for panel in ["Story", "Znodes", "Clients", "Inspect"] {
        page.show(panel);
        page.next_frame();
        let nameless = page.eval(
            "[...document.querySelectorAll('button, input, select, textarea, [tabindex], [role=slider]')]
                .filter(element => element.checkVisibility())
                .filter(element => !(element.getAttribute('aria-label') || element.textContent.trim()
                    || element.labels?.[0]?.textContent.trim() || element.title))
                .map(element => element.outerHTML.slice(0, 120))",
        );
        assert_eq!(nameless, json!([]), "{panel}");
    }
}

#[test]
fn two_clusters_of_a_course_page_run_apart() {
    let page = course();
    page.execute(
        "await document.querySelector('#election').advance(500)",
        &[],
    );
    let before = views(&page);
    assert_eq!(before[0]["servers"].as_array().unwrap().len(), 5);
    assert_eq!(before[1]["servers"].as_array().unwrap().len(), 4);
    assert_eq!(before[1]["time"], 0);
    let leader = leader(&before[0]).expect("the script waits for a leader");

    page.click("#kill");
    page.see(&format!("#election [data-server={leader}][data-up=false]"));
    let after = views(&page);
    assert_eq!(server(&after[0], &leader)["up"], false);
    assert_eq!(after[1], before[1]);
    assert_eq!(page.text("#said"), format!("crash {leader}"));

    page.click("quorum-scope:not(#election) [data-server=S4]");
    page.click("quorum-scope:not(#election) [data-command='crash S4']");
    page.see("quorum-scope:not(#election) [data-server=S4][data-up=false]");
    assert_eq!(views(&page)[0], after[0]);
}

#[test]
fn keys_go_to_the_embedded_cluster_that_has_the_focus() {
    let page = course();
    page.press("Space");
    page.next_frame();
    assert_eq!(playing(&page), json!([false, false]));
    page.execute(
        "document.querySelector('quorum-scope:not(#election) [data-server=S1]').focus()",
        &[],
    );
    page.press(".");
    page.wait_until("document.querySelector('quorum-scope:not(#election)').playing");
    assert_eq!(playing(&page), json!([false, true]));
}

#[test]
fn escape_leaves_an_embedded_console_and_not_its_cluster() {
    let page = course();
    page.execute(
        "document.querySelector('quorum-scope:not(#election) [data-server=S1]').focus()",
        &[],
    );
    page.press("/");
    page.wait_until("document.activeElement.getAttribute('aria-label') === 'Command'");
    page.press("Escape");
    page.wait_until("document.activeElement.tagName !== 'INPUT'");
    page.press("Space");
    page.wait_until("document.querySelector('quorum-scope:not(#election)').playing");
    assert_eq!(playing(&page), json!([false, true]));
}

#[test]
fn whatever_is_done_no_request_leaves_the_host() {
    let (page, leader) = Page::led();
    for panel in ["Znodes", "Clients", "Inspect", "Story"] {
        page.show(panel);
    }
    page.type_line(&format!("crash {leader}"));
    page.push("Share");
    page.push("Copy link");
    page.push("Close");
    page.ask("cluster.play()");
    page.wait_until("document.querySelector('quorum-scope').playing");
    page.open("example.html");
    page.ready();
    let requests = page.requests();
    assert!(!requests.is_empty());
    let elsewhere: Vec<_> = requests
        .iter()
        .filter(|url| !url.starts_with(page.address()))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

/// The course page with its two clusters, both standing still.
#[track_caller]
fn course() -> Page {
    let page = Page::at("example.html");
    page.wait_until("document.querySelectorAll('quorum-scope[ready]').length === 2");
    page.execute(
        "for (const cluster of document.querySelectorAll('quorum-scope')) cluster.pause()",
        &[],
    );
    page
}

/// The clusters of a page, in its order.
#[track_caller]
fn views(page: &Page) -> Value {
    page.eval("[...document.querySelectorAll('quorum-scope')].map(cluster => cluster.view())")
}

/// Which clusters of a page play, in its order.
#[track_caller]
fn playing(page: &Page) -> Value {
    page.eval("[...document.querySelectorAll('quorum-scope')].map(cluster => cluster.playing)")
}

#[track_caller]
fn focused(page: &Page) -> Value {
    page.next_frame();
    page.eval(
        "(element => ({ server: element.dataset.server ?? null, name: element.getAttribute('aria-label') }))(document.activeElement)",
    )
}
