//! Breaking the cluster by hand: servers and links, by mouse, keyboard and touch.

use crate::page::{Page, leader, one, server};
use quorumscope_tests::browser::{Scheme, Screen};

#[test]
fn a_leader_crashed_by_click_is_replaced_by_another() {
    let (page, first) = Page::led();
    let term = server(&page.view(), &first)["term"].as_u64();
    page.see(&format!(
        "[data-server={first}][data-role=leader][data-up=true]"
    ));

    page.click(&format!("[data-server={first}]"));
    page.click(&format!(".inspector [data-command='crash {first}']"));
    page.see(&format!(
        "[data-server={first}][data-role=crashed][data-up=false]"
    ));

    let second = page.elect();
    assert_ne!(second, first);
    page.see(&format!(
        "[data-server={second}][data-role=leader][data-up=true]"
    ));
    let view = page.view();
    assert!(server(&view, &second)["term"].as_u64() > term);
    assert_eq!(server(&view, &first)["up"], false);
}

#[test]
fn the_context_menu_crashes_a_server_and_boots_it_again() {
    let (page, leader) = Page::led();
    page.context_click(&format!("[data-server={leader}]"));
    page.click(&format!("[role=menu] [data-command='crash {leader}']"));
    page.see(&format!("[data-server={leader}][data-up=false]"));
    page.advance(1_000);

    page.context_click(&format!("[data-server={leader}]"));
    page.click(&format!("[role=menu] [data-command='restart {leader}']"));
    page.see(&format!("[data-server={leader}][data-up=true]"));
    page.advance(1_000);
    page.see(&format!("[data-server={leader}][data-role=follower]"));
}

#[test]
fn the_keyboard_alone_crashes_a_server() {
    let page = Page::still();
    page.execute("document.querySelector('[data-server=S1]').focus()", &[]);
    page.press("ArrowDown");
    page.wait_until("document.activeElement.dataset.server === 'S2'");
    page.press("Shift+F10");
    page.wait_until("document.activeElement.getAttribute('role') === 'menuitem'");
    page.press("ArrowDown");
    page.wait_until("document.activeElement.dataset.command === 'crash S2'");
    page.press("Enter");
    page.see("[data-server=S2][data-up=false]");
}

#[test]
fn a_finger_that_rests_on_a_server_opens_its_menu() {
    let page = Page::blank();
    page.show_on(Screen::PHONE, Scheme::Light);
    page.open("index.html?paused");
    page.ready();
    page.long_press("[data-server=S3]");
    page.tap("[role=menu] [data-command='crash S3']");
    page.see("[data-server=S3][data-up=false]");
}

#[test]
fn a_click_cuts_a_link_and_the_next_one_heals_it() {
    let page = Page::still();
    page.see("[data-link='S1-S2'][data-cut=none]");
    page.click("[data-link='S1-S2']");
    page.see("[data-link='S1-S2'][data-cut=both]");
    assert_eq!(cuts(&page), ["S1-S2"]);
    page.click("[data-link='S1-S2']");
    page.see("[data-link='S1-S2'][data-cut=none]");
    assert!(cuts(&page).is_empty());
}

#[test]
fn the_menu_of_a_link_cuts_one_way_of_it() {
    let page = Page::still();
    page.context_click("[data-link='S1-S2']");
    page.click("[role=menu] [data-command='cut S2 -> S1']");
    page.see("[data-link='S1-S2'][data-cut='S2->S1']");
    let view = page.view();
    let links = view["links"].as_array().unwrap();
    let link = links
        .iter()
        .find(|link| link["a"] == "S1" && link["b"] == "S2");
    let link = link.unwrap();
    assert_eq!(
        (&link["cut_from_a"], &link["cut_from_b"]),
        (&false.into(), &true.into())
    );
}

#[test]
fn an_outline_drawn_round_the_leader_cuts_it_off() {
    let (page, old) = Page::led();
    let place = page.eval(&format!(
        "(box => [box.x, box.y, box.right, box.bottom])(document.querySelector('[data-server={old}] .body').getBoundingClientRect())"
    ));
    let [left, top, right, bottom] = [0, 1, 2, 3].map(|side| place[side].as_f64().unwrap());
    let (left, top, right, bottom) = (left - 22.0, top - 22.0, right + 22.0, bottom + 22.0);
    page.drag_along(&[
        (left, top),
        (right, top),
        (right, bottom),
        (left, bottom),
        (left, top),
    ]);
    page.wait_until("document.querySelectorAll('[data-link][data-cut=both]').length === 4");
    assert!(cuts(&page).iter().all(|link| link.contains(&old)));

    page.advance(1_000);
    let view = page.view();
    let term = server(&view, &old)["term"].as_u64();
    let successor = view["servers"].as_array().unwrap().iter().find(|server| {
        server["role"] == "leader" && server["id"] != old && server["term"].as_u64() > term
    });
    assert!(successor.is_some(), "the majority elected nobody");
}

#[test]
fn a_message_dropped_from_its_menu_does_not_arrive() {
    let (page, _) = Page::led();
    page.wait_until("document.querySelector('[data-message]') !== null");
    let id = page.attribute("[data-message]", "data-message").unwrap();
    page.execute(
        &format!("document.querySelector('[data-message={id}]').focus()"),
        &[],
    );
    page.press("Shift+F10");
    page.click(&format!("[role=menu] [data-command='drop {id}']"));
    page.wait_until(&format!(
        "document.querySelector('[data-message={id}]:not(.dead)') === null"
    ));
    let view = page.view();
    assert!(
        view["messages"]
            .as_array()
            .unwrap()
            .iter()
            .all(|message| message["id"] != id.as_str())
    );
    assert_eq!(one(&view, "deaths", "id", &id)["id"], id.as_str());
}

#[test]
fn playing_time_runs_by_itself_and_elects_a_leader() {
    let page = Page::at("index.html?speed=1");
    page.wait_until("document.querySelector('[data-role=leader]') !== null");
    page.press("Space");
    page.wait_until("!document.querySelector('quorum-scope').playing");
    page.advance(500);
    assert!(leader(&page.view()).is_some());
}

/// The links that are cut both ways, by name.
#[track_caller]
fn cuts(page: &Page) -> Vec<String> {
    let view = page.view();
    let links = view["links"].as_array().unwrap().iter();
    let cut = links.filter(|link| link["cut_from_a"] == true && link["cut_from_b"] == true);
    cut.map(|link| {
        let end = |end: &str| link[end].as_str().unwrap_or_default().to_owned();
        format!("{}-{}", end("a"), end("b"))
    })
    .collect()
}
