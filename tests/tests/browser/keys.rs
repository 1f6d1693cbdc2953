//! The keys, which are those of older Raft pages.

use crate::page::{Page, server, time};

#[test]
fn space_plays_and_pauses() {
    let page = Page::still();
    page.press("Space");
    page.wait_until("document.querySelector('quorum-scope').playing");
    page.press("Space");
    page.wait_until("!document.querySelector('quorum-scope').playing");
    page.press(".");
    page.wait_until("document.querySelector('quorum-scope').playing");
}

#[test]
fn c_is_a_clients_write() {
    let (page, _) = Page::led();
    page.press("c");
    page.see("[data-client=A]");
    page.advance(500);
    let view = page.view();
    let operation = &view["clients"][0]["operations"][0];
    assert_eq!(operation["ok"], true, "{operation}");
    let znodes = view["znodes"].as_array().unwrap();
    let request = znodes.iter().filter(|znode| {
        let path = znode["path"].as_str().unwrap_or_default();
        path.starts_with("/request")
    });
    assert_eq!(request.count(), 1);
}

#[test]
fn r_restarts_the_leader() {
    let (page, leader) = Page::led();
    page.press("r");
    page.see(&format!("[data-server={leader}][data-role=follower]"));
    let view = page.view();
    let role = server(&view, &leader);
    assert_eq!(
        (&role["up"], &role["role"]),
        (&true.into(), &"follower".into())
    );
}

#[test]
fn b_brings_all_servers_back() {
    let page = Page::still();
    page.run("crash S1");
    page.run("crash S4");
    page.see("[data-server=S4][data-up=false]");
    page.press("b");
    page.wait_until("document.querySelectorAll('[data-server][data-up=true]').length === 5");
}

#[test]
fn f_opens_a_branch() {
    let (page, _) = Page::led();
    page.press("f");
    page.wait_until("document.querySelectorAll('[data-branch]').length === 2");
}

#[test]
fn a_question_mark_opens_the_help_and_escape_closes_it() {
    let page = Page::still();
    page.press("?");
    page.see("dialog[open][aria-label=Help]");
    page.press("Escape");
    page.wait_until("document.querySelector('dialog') === null");
}

#[test]
fn arrows_step_by_events_and_l_returns_to_live() {
    let (page, _) = Page::led();
    let end = page.view();
    page.press("ArrowLeft");
    page.see(".live[aria-pressed=false]");
    page.press("ArrowLeft");
    page.next_frame();
    let back = page.view();
    assert!(time(&back) < time(&end));
    assert_ne!(back["event"], end["event"]);
    page.press("ArrowRight");
    page.next_frame();
    assert!(time(&page.view()) >= time(&back));
    page.press("l");
    page.see(".live[aria-pressed=true]");
    assert_eq!(page.view(), end);
}

#[test]
fn shift_and_an_arrow_go_to_the_turns_of_the_story() {
    let (page, leader) = Page::led();
    page.advance(500);
    page.press("Shift+ArrowLeft");
    page.see(".live[aria-pressed=false]");
    let turn = page.view();
    assert_eq!(server(&turn, &leader)["role"], "leader");
    page.press("Shift+ArrowLeft");
    page.next_frame();
    assert!(time(&page.view()) < time(&turn));
}
