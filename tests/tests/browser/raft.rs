//! What an operator asks of Raft by hand: leadership, membership, reads, settings.

use crate::page::{Page, server};
use quorumscope_tests::browser::{Scheme, Screen};
use serde_json::Value;

/// A server other than `leader`.
fn other(leader: &str) -> &'static str {
    if leader == "S2" { "S3" } else { "S2" }
}

#[test]
fn leadership_is_handed_over_from_the_menu_of_the_leader() {
    let (page, leader) = Page::led();
    let heir = other(&leader);
    page.context_click(&format!("[data-server={leader}]"));
    page.click(&format!(
        "[role=menu] [data-command='transfer {leader} -> {heir}']"
    ));
    page.see(&format!("[data-transfer='{leader}->{heir}']"));
    page.advance(300);
    page.see(&format!("[data-server={heir}][data-role=leader]"));
    page.see(&format!("[data-server={leader}][data-role=follower]"));
}

#[test]
fn what_cannot_be_done_says_why_where_it_is_asked_for() {
    let (page, leader) = Page::led();
    let down = other(&leader);
    page.run(&format!("crash {down}"));
    page.see(&format!("[data-server={down}][data-up=false]"));
    page.context_click(&format!("[data-server={leader}]"));
    page.click(&format!(
        "[role=menu] [data-command='transfer {leader} -> {down}'][aria-disabled=true]"
    ));
    page.see(".menu .refusal");
    assert!(page.text(".menu .refusal").contains(down));
    page.press("Escape");

    page.click(&format!("[data-server={leader}]"));
    page.click(&format!(
        ".inspector [data-command='transfer {leader} -> {down}'][aria-disabled=true]"
    ));
    page.see(".inspector .refusal");
    assert!(page.text(".inspector .refusal").contains(down));
    let view = page.view();
    assert_eq!(server(&view, &leader)["transfer"], Value::Null);
}

#[test]
fn a_spare_server_becomes_a_voter_by_the_dialog() {
    let page = Page::at("index.html?paused&servers=3");
    let leader = page.elect();
    page.advance(200);
    page.context_click(&format!("[data-server={leader}]"));
    page.click("[role=menu] [data-command='add S4']");
    page.see("[data-server=S4][data-part=spare]");

    page.context_click(&format!("[data-server={leader}]"));
    page.push("Members …");
    page.see("dialog[open][aria-label=Members]");
    page.click("input[name=members-S4][value=voter] + span");
    page.click("dialog [data-command='reconfigure S1 S2 S3 S4']:enabled");
    page.wait_until("document.querySelector('dialog') === null");
    page.advance(1_000);
    page.see("[data-server=S4][data-part=voter]");
    page.see("[data-entry^='S4:'][data-kind=configuration][data-committed=true]");
}

#[test]
fn the_dialog_names_what_stands_against_a_change() {
    let page = Page::at("index.html?paused&servers=3");
    page.elect();
    page.click("[data-server=S1]");
    page.push("Members …");
    for voter in ["S1", "S2", "S3"] {
        page.click(&format!("input[name=members-{voter}][value=out] + span"));
    }
    page.see("dialog button.primary:disabled");
    assert_ne!(page.text("dialog .refusal"), "");
    page.press("Escape");
    page.wait_until("document.querySelector('dialog') === null");
}

#[test]
fn a_joint_configuration_is_seen_and_left_by_hand() {
    let page = Page::at("index.html?paused&servers=4");
    let leader = page.elect();
    page.advance(200);
    page.run("reconfigure S1 S2 S3 explicit");
    page.advance(200);
    page.see("[data-server=S4][data-part=voter] .halves");
    page.see("[data-log=S1] .phase");
    page.click(&format!("[data-server={leader}]"));
    page.click(".inspector [data-command='leave joint']");
    page.advance(300);
    page.see("[data-server=S4][data-part=removed]");
    page.wait_until("document.querySelector('.halves') === null");
}

#[test]
fn a_linearizable_read_is_asked_for_in_the_clients_panel() {
    let (page, leader) = Page::led();
    page.run(&format!("client A open {leader}"));
    page.advance(200);
    page.show("Clients");
    page.choose("form.operation select[aria-label=Operation]", "get");
    page.fill("form.operation input[aria-label=path]", "/");
    page.click("form.operation input[name=linearizable]");
    page.push("Send");
    page.see(".operations .waits");
    page.advance(300);
    page.see(".operations .ok");
    let view = page.view();
    let operation = &view["clients"][0]["operations"][0];
    assert_eq!(operation["text"], "get / linearizable");
    assert_eq!(operation["ok"], true);
}

#[test]
fn one_line_tells_that_all_invariants_hold_and_opens_to_the_list() {
    let page = Page::still();
    page.see(".lamps[data-holds=true]");
    assert!(page.text(".lamps summary").starts_with("All "));
    page.click(".lamps summary");
    let seen = "document.querySelector('[data-invariant=election_safety][data-holds=true]').checkVisibility()";
    page.wait_until(seen);
    assert!(
        page.text("[data-invariant=election_safety]")
            .contains("§5.2")
    );
}

#[test]
fn a_violated_invariant_stands_out_and_leads_to_the_clash() {
    let page = Page::blank();
    // Where the panels do not fit beside the stage, they come out to show it.
    page.show_on(Screen::EMBEDDED, Scheme::Light);
    page.open("index.html?paused");
    page.ready();
    page.ask(
        r"cluster.load(`quorumscope 1
            off up_to_date_vote
            timeout S1
            until S1 leader and S1 committed 1
            isolate S5
            client A create /x
            until client A idle
            crash S1
            heal all
            timeout S5`)",
    );
    page.advance(2_000);
    page.wait_until("document.querySelector('.lamps[data-holds=false]')?.checkVisibility()");
    page.see("[data-invariant=leader_completeness][data-holds=false]");
    assert!(page.text(".clash").contains("S5 leads"));
    page.push("Go there");
    page.see(".explanation");
}

#[test]
fn a_cluster_begins_with_the_settings_of_the_dialog() {
    let page = Page::still();
    page.click("button[title=Settings]");
    page.choose("dialog select[name=lease-reads]", "on");
    page.see("dialog button.primary:disabled");
    assert!(page.text("dialog .refusal").contains("check-quorum"));
    page.choose("dialog select[name=check-quorum]", "on");
    page.click("dialog button.primary:enabled");
    page.wait_until("document.querySelector('dialog') === null");
    let script = page.ask("(cluster.pause(), cluster.script)");
    let script = script.as_str().unwrap_or_default();
    assert!(script.contains("set check-quorum on\n"), "{script}");
    assert!(script.contains("set lease-reads on\n"), "{script}");
}

#[test]
fn a_scenario_is_chosen_from_the_list() {
    let page = Page::still();
    page.click(".scenario button");
    page.see("dialog[open][aria-label=Scenarios]");
    page.execute(
        "[...document.querySelectorAll('dialog li button')]
            .find(button => button.textContent.includes('The leader is replaced')).click()",
        &[],
    );
    page.wait_until("document.querySelector('dialog') === null");
    page.wait_until("document.querySelectorAll('[data-server]').length === 3");
    assert!(
        page.text(".scenario button")
            .starts_with("The leader is replaced")
    );
}

#[test]
fn a_snapshot_taken_from_the_menu_becomes_a_block_of_the_log() {
    let (page, leader) = Page::led();
    let snapshot = format!("[role=menu] [data-command='snapshot {leader}']");
    page.run(&format!("client A open {leader}"));
    for number in 1..=8 {
        page.run(&format!("client A create /n{number}"));
    }
    page.advance(500);
    page.context_click(&format!("[data-server={leader}]"));
    page.click(&format!("{snapshot}:not([aria-disabled])"));
    page.see(&format!("[data-snapshot={leader}]"));
    let view = page.view();
    let taken = &server(&view, &leader)["snapshot"];
    assert_eq!(taken["index"], server(&view, &leader)["applied"]);

    page.context_click(&format!("[data-server={leader}]"));
    page.click(&format!("{snapshot}[aria-disabled=true]"));
    page.see(".menu .refusal");
    assert!(page.text(".menu .refusal").contains("nothing"));
}

#[test]
fn a_snapshot_on_its_way_is_seen_at_who_gets_it() {
    let page = Page::still();
    page.ask(
        "cluster.load(`quorumscope 1
            servers 3
            set snapshot-every 6
            set snapshot-keep 2
            set snapshot-chunk 100
            until leader
            crash S3
            until leader
            client A open leader
            client A create /a one
            client A create /b two
            client A create /c three
            client A create /d four
            client A create /e five
            client A create /f six
            until client A idle and leader snapshot 6
            restart S3
            until message InstallSnapshot`)",
    );
    page.ask("cluster.pause()");
    page.execute(
        "const cluster = document.querySelector('quorum-scope');
         const partial = () => cluster.view().servers[2].snapshot.partial;
         while (cluster.time < 5000 && !partial()) await cluster.advance(2);",
        &[],
    );
    page.see("[data-log=S3] .partial[data-percent]");
    page.advance(2_000);
    page.see("[data-snapshot=S3]");
    page.wait_until("document.querySelector('.partial') === null");
}
