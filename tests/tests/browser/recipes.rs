//! Recipes, transactions and watches, as a reader asks for them.

use crate::page::{Page, one, znode};

const OPERATION: &str = "form.operation select[aria-label=Operation]";
const PART: &str = "form.operation select[aria-label=Part]";
const PATH: &str = "form.operation input[aria-label=path]";

/// A page with these clients, all connected with the leader.
fn with_clients(names: &[&str]) -> Page {
    let (page, leader) = Page::led();
    for name in names {
        page.run(&format!("client {name} open {leader}"));
    }
    page.advance(300);
    page
}

#[test]
fn of_two_clients_that_want_a_lock_one_holds_it_and_the_other_waits() {
    let page = with_clients(&["A", "B"]);
    for client in ["A", "B"] {
        page.context_click(&format!("[data-client={client}]"));
        // The menu opens, and then finds its place.
        page.next_frame();
        page.click(&format!(
            "[role=menu] [data-command='client {client} recipe lock /locks/printer']"
        ));
        page.advance(500);
    }
    page.see("[data-client=A][data-recipe=holds]");
    page.see("[data-client=B][data-recipe=running]");
    page.show("Clients");
    assert!(
        page.text(".recipe[data-state=holds]")
            .contains("holds the lock")
    );
    let waits = page.text(".recipe[data-state=running]");
    assert!(waits.contains("wait until it is gone"), "{waits}");

    page.click(".recipe [data-command='client A release /locks/printer']");
    page.advance(500);
    page.see("[data-client=B][data-recipe=holds]");
    page.see("[data-client=A]:not([data-recipe])");
}

#[test]
fn a_sessions_time_is_shown_at_both_ends_and_runs_out_at_the_leaders() {
    let page = with_clients(&["A"]);
    page.show("Clients");
    let both = page.text(".lifetimes");
    assert!(
        both.contains("gives up in") && both.contains("expires in"),
        "{both}"
    );
    page.run("client A kill");
    page.advance(100);
    let one = page.text(".lifetimes");
    assert!(
        !one.contains("gives up in") && one.contains("expires in"),
        "{one}"
    );
    page.advance(3_000);
    page.wait_until("!document.querySelector('.lifetimes').textContent.includes('expires')");
}

#[test]
fn a_recipe_is_begun_from_the_form_with_its_numbers() {
    let page = with_clients(&["A"]);
    page.show("Clients");
    page.choose(OPERATION, "recipe doublebarrier");
    page.fill("form.operation input[aria-label=size]", "1");
    page.push("Send");
    page.advance(500);
    page.see(".recipe[data-recipe=doublebarrier][data-state=holds]");
}

#[test]
fn a_multi_is_put_together_in_the_panel() {
    let page = with_clients(&["A"]);
    page.show("Clients");
    page.choose(OPERATION, "multi");
    page.fill(PATH, "/app");
    page.push("Add");
    page.fill(PATH, "/app/part");
    page.choose("form.operation select[aria-label=kind]", "ephemeral");
    page.push("Add");
    page.choose(PART, "check");
    page.fill(PATH, "/app");
    page.push("Add");
    page.push("Send");
    page.see(".operations .waits");
    page.advance(500);
    page.see(".operations .ok");
    let view = page.view();
    assert_eq!(znode(&view, "/app/part").unwrap()["kind"], "ephemeral");
    let asked = &one(&view, "clients", "id", "A")["operations"][0];
    assert!(
        asked["text"].as_str().unwrap().starts_with("multi ["),
        "{asked}"
    );
}

#[test]
fn a_watch_stands_at_its_znode_and_flashes_when_it_fires() {
    let page = with_clients(&["A"]);
    page.run("client A create /app \"old\"");
    page.advance(300);
    page.show("Clients");
    page.choose(OPERATION, "get");
    page.click("form.operation input[name=watch]");
    page.push("Send");
    page.advance(300);
    page.click("[data-server][data-role=leader]");
    page.show("Znodes");
    page.see("[data-znode='/app'] [data-watcher=A]");
    assert!(page.text("[data-znode='/app'] .wire").contains("data"));

    page.run("client A set /app \"new\"");
    page.advance(150);
    page.see("[data-told=A].flash");
    assert!(page.text("[data-told=A]").contains("NodeDataChanged /app"));
    page.see("[data-znode='/app'] .flash");
    page.wait_until("document.querySelector('[data-watcher]') === null");
}
