//! The keys, which are those of older Raft pages.

use crate::page::{Page, server, time};
use serde_json::Value;

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
fn a_lets_the_two_earliest_election_timers_ring_together_and_t_spreads_them() {
    let page = Page::still();
    let before = timers(&page.view());
    assert!(before[0] < before[1], "{before:?}");
    page.press("a");
    page.next_frame();
    let aligned = timers(&page.view());
    assert_eq!(aligned[..2], [before[0], before[0]]);
    assert_eq!(aligned[2..], before[2..]);
    page.press("t");
    page.next_frame();
    let spread = timers(&page.view());
    assert!(spread[1] > spread[0], "{spread:?}");
}

#[test]
fn aligned_timers_make_two_candidates_of_one_term() {
    let page = Page::at("index.html?paused&servers=4");
    page.press("a");
    page.next_frame();
    let first = timers(&page.view())[0];
    page.ask(&format!("await cluster.advance({first} + 1)"));
    let view = page.view();
    let servers = view["servers"].as_array().unwrap();
    let candidates = servers
        .iter()
        .filter(|server| server["role"] == "candidate" && server["term"] == 1);
    assert_eq!(candidates.count(), 2);
    page.wait_until("document.querySelectorAll('[data-role=candidate]').length === 2");
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
fn a_slash_goes_to_the_console_and_escape_back_to_the_page() {
    let page = Page::still();
    page.press("/");
    page.wait_until("document.activeElement.getAttribute('aria-label') === 'Command'");
    page.write("c");
    page.see("[role=option]");
    assert!(page.view()["clients"].as_array().unwrap().is_empty());
    page.press("Escape");
    page.wait_until("document.querySelector('[role=option]') === null");
    assert_eq!(page.eval("document.activeElement.tagName"), "INPUT");
    page.press("Escape");
    page.wait_until("document.activeElement.tagName !== 'INPUT'");
    page.press("Space");
    page.wait_until("document.querySelector('quorum-scope').playing");
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

/// What is left of each election timer, the earliest first.
#[track_caller]
fn timers(view: &Value) -> Vec<f64> {
    let servers = view["servers"].as_array().expect("the view has servers");
    let mut timers: Vec<_> = servers
        .iter()
        .filter_map(|server| server["timer"]["remaining"].as_f64())
        .collect();
    timers.sort_by(f64::total_cmp);
    timers
}
