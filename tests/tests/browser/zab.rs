//! What is Zab's own: the switch to it, phases, votes, transfers, zxids, epochs.

use crate::page::{Page, server, znode};
use quorumscope_tests::browser::{Scheme, Screen};
use serde_json::json;

/// Three servers, so that S3 wins the first election: the histories are alike, and ids decide.
const THREE: &str = "quorumscope 1\nprotocol zab\nservers 3\n";

/// A script that runs Zab, standing still at its beginning.
#[track_caller]
fn running(script: &str) -> Page {
    let page = Page::still();
    page.ask(&format!(
        "(cluster.load({}), cluster.pause())",
        json!(script)
    ));
    page.see("[data-protocol=zab][aria-pressed=true]");
    page
}

/// Lets time pass until this is so of the `servers`.
#[track_caller]
fn pass_until(page: &Page, so: &str) {
    let script = format!(
        "const cluster = document.querySelector('quorum-scope');
         const end = cluster.time + 10_000;
         const is = () => {{ const servers = cluster.view().servers; return Boolean({so}); }};
         while (cluster.time < end && !is()) await cluster.advance(1);
         return is();"
    );
    assert_eq!(page.execute(&script, &[]), true, "it never comes: {so}");
    page.next_frame();
}

/// Lets time pass until all three serve.
#[track_caller]
fn pass_until_all_serve(page: &Page) {
    pass_until(page, "servers.every(it => it.zab.phase === 'broadcast')");
}

#[test]
fn a_click_begins_the_other_protocol_with_the_same_faults_and_requests() {
    let (page, _) = Page::led();
    page.run("client A open S1");
    page.advance(200);
    page.run("client A create /kept");
    page.advance(100);
    page.run("crash S2");
    page.click("[data-protocol=zab][aria-pressed=false]");
    page.see("[data-protocol=zab][aria-pressed=true]");
    page.wait_until("document.querySelectorAll('[data-server][data-phase]').length === 5");
    page.ask("cluster.pause()");
    page.advance(5_000);
    page.see("[data-server=S2][data-up=false]");
    let script = page.ask("cluster.script");
    let script = script.as_str().unwrap_or_default();
    for line in ["protocol zab", "client A create /kept", "crash S2"] {
        assert!(script.contains(line), "{line} is missing: {script}");
    }
    assert!(znode(&page.view(), "/kept").is_some());

    page.click("[data-protocol=raft][aria-pressed=false]");
    page.wait_until("document.querySelector('[data-phase]') === null");
    page.ask("cluster.pause()");
}

#[test]
fn what_the_other_protocol_does_not_have_is_named() {
    let page = Page::still();
    page.ask("(cluster.load('quorumscope 1\\nset heartbeat 40ms\\n'), cluster.pause())");
    page.click("[data-protocol=zab]");
    page.see(".notice");
    assert!(page.text(".notice").contains("set heartbeat 40ms"));
    page.ask("cluster.pause()");
}

#[test]
fn the_phases_of_who_comes_to_lead_follow_each_other() {
    let page = running(THREE);
    page.see("[data-server=S3][data-phase=looking]");
    for phase in ["discovery", "synchronisation"] {
        pass_until(&page, &format!("servers[2].zab.phase === '{phase}'"));
        page.see(&format!(
            "[data-server=S3].prospective[data-phase={phase}] .quorum"
        ));
    }
    pass_until_all_serve(&page);
    page.see("[data-server=S3][data-role=leader][data-phase=broadcast]:not(.prospective)");
    page.see("[data-server=S1][data-phase=broadcast]");
    assert!(
        page.text(".seat:has([data-server=S1])")
            .contains("broadcast")
    );
}

#[test]
fn votes_are_arrows_to_the_candidate_until_the_election_ends() {
    let page = running(THREE);
    pass_until(&page, "servers[0].zab.vote.leader === 'S3'");
    page.see(".proposal[data-proposes='S1->S3']");
    assert!(
        page.text(".seat:has([data-server=S1])")
            .contains("looking → S3")
    );
    pass_until(&page, "servers.every(it => it.zab.finalizing)");
    page.see(".proposal.settled[data-proposes='S1->S3']");
    page.see(".proposal.settled[data-proposes='S2->S3']");
    page.see("[data-server=S3] .ballot.have");
    pass_until_all_serve(&page);
    page.wait_until("document.querySelector('.proposal') === null");
}

#[test]
fn the_inspector_says_which_comparison_decides_between_two_votes() {
    let page = running(THREE);
    pass_until(
        &page,
        "servers[2].zab.votes.some(it => it.decider === 'id')",
    );
    page.click("[data-server=S3]");
    page.see(".inspector");
    let text = page.text(".inspector");
    assert!(text.contains("worse than its own by id"), "{text}");
    assert!(text.contains("S3 (epoch 0, zxid ⟨0, 0⟩)"), "{text}");
    pass_until_all_serve(&page);
    let text = page.text(".inspector");
    for name in ["acceptedEpoch", "currentEpoch"] {
        assert!(text.contains(name), "{name} is missing: {text}");
    }
}

#[test]
fn who_was_away_gets_what_it_lacks_by_diff() {
    let page = running(THREE);
    pass_until_all_serve(&page);
    page.run("client A open S3");
    page.advance(200);
    page.run("crash S1");
    page.run("client A create /missed");
    page.advance(300);
    page.run("restart S1");
    pass_until(&page, "servers[0].zab.phase === 'synchronisation'");
    page.see(".sync[data-sync='S3->S1'][data-mode=DIFF]");
    assert!(
        page.text(".seat:has([data-server=S1])")
            .contains("sync · DIFF")
    );
    page.click("[data-server=S3]");
    let facts = "document.querySelector('.inspector')?.textContent";
    page.wait_until(&format!(
        "{facts}.includes('is brought up to date by DIFF')"
    ));
    pass_until_all_serve(&page);
    page.wait_until("document.querySelector('.sync') === null");
    let view = page.view();
    let held = server(&view, "S1")["zab"]["logged"].clone();
    assert_eq!(held, server(&view, "S3")["zab"]["logged"]);
}

#[test]
fn who_is_far_behind_gets_the_whole_state() {
    let page = running(include_str!("../../../scenarios/zab-far-behind.scope"));
    pass_until(&page, "servers[0].snapshot.partial");
    page.see(".sync[data-sync='S3->S1'][data-mode=SNAP]");
    page.see("[data-log=S1] .partial[data-says^=SNAP]");
    pass_until(&page, "!servers[0].snapshot.partial");
    page.wait_until("document.querySelector('.partial') === null");
}

#[test]
fn columns_are_headed_by_zxids_and_epochs_have_their_colours() {
    let page = running(THREE);
    pass_until_all_serve(&page);
    page.run("client A open S1");
    page.advance(300);
    page.run("client A create /first");
    page.advance(300);
    page.run("crash S3");
    pass_until(
        &page,
        "servers[1].up && servers[1].zab.phase === 'broadcast' && servers[1].term === 2",
    );
    page.advance(1_000);
    page.run("client A create /second");
    page.advance(500);
    page.see("[role=columnheader][data-zxid='⟨1, 2⟩']");
    page.see("[role=columnheader][data-zxid='⟨2, 1⟩']");
    page.see("[data-log=S1] .entry.t1[data-term='1']");
    page.see("[data-log=S1] .entry.t2[data-term='2']");
    page.wait_until("document.querySelector('.tape').textContent.includes('epoch 2')");
    page.click("[data-log=S1] [data-term='2']");
    page.see(".inspector");
    assert!(page.text(".inspector").contains("⟨2, 1⟩"));
}

#[test]
fn acknowledgements_of_a_proposal_are_dots_in_the_leader() {
    let page = running(THREE);
    pass_until_all_serve(&page);
    page.run("client A open S3");
    page.advance(200);
    page.run("client A create /app");
    pass_until(&page, "servers[2].zab.outstanding.length > 0");
    page.wait_until("document.querySelectorAll('[data-server=S3] circle.ballot').length === 3");
    pass_until(&page, "servers[2].zab.outstanding.length === 0");
    page.wait_until("document.querySelector('[data-server=S3] .ballot') === null");
}

#[test]
fn the_keys_for_election_timers_say_that_there_are_none() {
    let page = running(THREE);
    page.press("t");
    page.see(".notice");
    assert!(page.text(".notice").contains("no election timers"));
    page.press("a");
    page.next_frame();
    page.wait_until("document.querySelectorAll('.notice').length === 1");
}

#[test]
fn who_learns_without_a_vote_is_an_observer_and_there_is_one_way_to_change_that() {
    let page = running("quorumscope 1\nprotocol zab\nservers 4\nset observers 1\n");
    pass_until(&page, "servers.every(it => it.zab.phase === 'broadcast')");
    page.click("[data-server=S4]");
    page.push("Members …");
    page.see("dialog[open] input[name=members-S4][value=observer]:checked");
    page.wait_until("document.querySelector('dialog .ways') === null");
    page.click("input[name=members-S4][value=voter] + span");
    page.click("dialog [data-command='reconfigure S1 S2 S3 S4']:enabled");
    page.wait_until("document.querySelector('dialog') === null");
    pass_until(&page, "servers[3].configuration.voters.length === 4");
}

#[test]
fn on_a_small_screen_a_phase_is_not_cut_off() {
    let page = running("quorumscope 1\nprotocol zab\n");
    page.show_on(Screen::PHONE, Scheme::Light);
    let inside = "const [ring, ...names] = document.querySelectorAll('.ring, .seat .name');
        const outer = ring.getBoundingClientRect();
        return names.every(name => {
            const { left, right } = name.getBoundingClientRect();
            return left >= outer.left && right <= outer.right;
        });";
    page.next_frame();
    assert_eq!(page.execute(inside, &[]), true);
    pass_until(&page, "servers.every(it => it.zab.phase === 'broadcast')");
    assert_eq!(page.execute(inside, &[]), true);
}
