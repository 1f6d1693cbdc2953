//! Clients and what they write.

use crate::page::{Page, one, znode};
use serde_json::{Value, json};

fn everywhere() -> Value {
    json!(["S1", "S2", "S3", "S4", "S5"])
}

#[test]
fn a_znode_created_in_the_clients_panel_is_on_every_server() {
    let (page, _) = Page::led();
    page.show("Clients");
    page.push("Start client A");
    page.see("[data-client=A]");
    page.advance(200);
    page.see("[data-client=A][data-state=connected]");

    page.fill("form.operation input[aria-label=path]", "/lock");
    page.fill("form.operation input[aria-label=data]", "mine");
    page.push("Send");
    page.see(".operations .waits");
    page.advance(500);
    page.see(".operations .ok");

    let view = page.view();
    let made = znode(&view, "/lock").expect("the znode exists");
    assert_eq!(made["on"], everywhere());
    page.show("Znodes");
    page.see("[data-znode='/lock']");
    assert!(page.text("[data-znode='/lock']").contains("mine"));
}

#[test]
fn each_servers_own_tree_is_shown() {
    let (page, leader) = Page::led();
    let behind = if leader == "S5" { "S4" } else { "S5" };
    page.type_line(&format!("isolate {behind}"));
    page.type_line(&format!("client A open {leader}"));
    page.type_line("client A create /app hello");
    page.advance(500);

    page.show("Znodes");
    page.click(&format!("[data-server={leader}]"));
    page.show("Znodes");
    page.see("[data-znode='/app']:not(.missing)");
    page.click(&format!("[data-server={behind}]"));
    page.show("Znodes");
    page.see("[data-znode='/app'].missing");
    let view = page.view();
    let on = znode(&view, "/app").unwrap()["on"].as_array().unwrap();
    assert!(!on.contains(&json!(behind)), "{on:?}");
    assert_eq!(on.len(), 4);
}

#[test]
fn an_ephemeral_goes_with_its_client() {
    let (page, leader) = Page::led();
    page.run(&format!("client A open {leader}"));
    page.show("Clients");
    page.fill("form.operation input[aria-label=path]", "/here");
    page.choose("form.operation select[aria-label=kind]", "ephemeral");
    page.push("Send");
    page.advance(300);
    let view = page.view();
    assert_eq!(
        znode(&view, "/here").expect("the znode exists")["client"],
        "A"
    );

    page.context_click("[data-client=A]");
    page.click("[role=menu] [data-command='client A kill']");
    page.advance(3_000);
    assert_eq!(znode(&page.view(), "/here"), None);
}

#[test]
fn a_refused_operation_says_so_where_it_was_asked_for() {
    let (page, leader) = Page::led();
    page.run(&format!("client A open {leader}"));
    page.show("Clients");
    page.fill("form.operation input[aria-label=path]", "/no/parent");
    page.push("Send");
    page.advance(300);
    assert!(page.text(".operations .failed .outcome").contains("NONODE"));
    let view = page.view();
    assert_eq!(one(&view, "clients", "id", "A")["state"], "connected");
}
