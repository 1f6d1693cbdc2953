//! Raft and Zab side by side.

use crate::page::Page;
use serde_json::json;

/// What the comparison's table says in a row: under Raft, under Zab.
#[track_caller]
fn figures(page: &Page, row: &str) -> (String, String) {
    let cells = page.execute(
        "const row = [...document.querySelectorAll('.compare tbody tr')]
             .find(row => row.querySelector('th').firstChild.data === arguments[0]);
         return [...row.querySelectorAll('td')].map(cell => cell.textContent);",
        &[json!(row)],
    );
    let cell = |place: usize| cells[place].as_str().unwrap().to_owned();
    (cell(0), cell(1))
}

fn crashed(half: &str) -> String {
    format!("[data-half={half}] [data-server][data-up=false]")
}

#[test]
fn both_protocols_run_on_one_clock_and_what_is_done_to_one_is_done_to_both() {
    let page = Page::still();
    page.advance(2_000);
    page.click("[data-protocol=both]");
    for half in ["raft", "zab"] {
        page.see(&format!("[data-half={half}] [data-server=S5]"));
        page.see(&format!(
            "[data-half={half}] [data-server][data-role=leader]"
        ));
    }
    page.context_click("[data-half=zab] [data-server=S2]");
    page.push("Crashcrash S2");
    for half in ["raft", "zab"] {
        page.see(&format!(
            "[data-half={half}] [data-server=S2][data-up=false]"
        ));
    }
    page.show("Compare");
    page.push("Crash the leader of each");
    for half in ["raft", "zab"] {
        page.wait_until(&format!(
            "document.querySelectorAll('{}').length === 2",
            crashed(half)
        ));
    }
    page.advance(2_000);
    page.wait_until("document.querySelectorAll('.differences li').length >= 4");
    assert_eq!(
        figures(&page, "Elections won").0.split(' ').next(),
        Some("2")
    );
    assert_eq!(
        figures(&page, "Elections won").1.split(' ').next(),
        Some("2")
    );

    // The oldest of the sentences leads back to when nobody had crashed.
    page.click(".differences li:last-child button");
    for half in ["raft", "zab"] {
        page.wait_until(&format!(
            "document.querySelectorAll('{}').length === 0",
            crashed(half)
        ));
    }
}

#[test]
fn a_link_opens_side_by_side_with_the_same_figures() {
    let page = Page::at("index.html?compare&paused&servers=3");
    page.see("[data-half=zab] [data-server=S3]");
    page.advance(2_000);
    page.run("crash leader");
    page.advance(1_500);
    page.see(".differences li");
    let leaders = figures(&page, "Elections won");
    let messages = figures(&page, "Messages");
    let link = page.ask("cluster.link");
    let link = link.as_str().unwrap();
    assert!(link.contains("?compare#run="), "{link}");

    page.open("about:blank");
    page.open(link);
    page.see("[data-half=zab] [data-server=S3]");
    page.see(".differences li");
    assert_eq!(figures(&page, "Elections won"), leaders);
    assert_eq!(figures(&page, "Messages"), messages);
}

#[test]
fn of_the_two_the_one_that_is_chosen_goes_on_alone_from_where_it_is() {
    let page = Page::at("index.html?compare&paused&servers=3");
    page.see("[data-half=zab] [data-server=S3]");
    page.advance(2_500);
    page.click("header [data-protocol=zab]");
    page.see(".qs:not([data-beside])");
    let view = page.view();
    assert_eq!(
        (&view["protocol"], &view["time"]),
        (&json!("zab"), &json!(2_500))
    );
}

#[test]
fn a_message_is_acted_upon_in_the_run_that_it_is_of() {
    let page = Page::at("index.html?compare&paused&servers=3");
    page.see("[data-half=zab] [data-server=S3]");
    page.advance(2_000);
    for half in ["zab", "raft"] {
        let alive = format!("[data-half={half}] [data-message]:not(.dead)");
        let flies = format!("return document.querySelector('{alive}')?.dataset.message;");
        let id = (0..400).find_map(|_| {
            page.advance(2);
            page.next_frame();
            page.execute(&flies, &[]).as_str().map(str::to_owned)
        });
        let id = id.expect("a message flies within 800 ms");
        let it = format!("[data-half={half}] [data-message={id}]");
        page.execute(&format!("document.querySelector('{it}').focus()"), &[]);
        page.press("Shift+F10");
        page.click(&format!(
            "[role=menu] [data-command='{half} drop {id}']:enabled"
        ));
        page.wait_until(&format!(
            "document.querySelector('{it}:not(.dead)') === null"
        ));
        let script = page.ask("cluster.script");
        let line = format!("{half} drop {id}\n");
        assert!(script.as_str().unwrap().contains(&line), "{script}");
        page.wait_until("document.querySelector('.notice') === null");
    }
}

#[test]
fn the_scrubber_has_the_marks_of_both() {
    let page = Page::at("index.html?compare&paused&servers=3");
    page.see("[data-half=zab] [data-server=S3]");
    page.advance(2_500);
    for (run, era) in [("raft", "term 1"), ("zab", "epoch 1")] {
        page.see(&format!(".tape [data-run={run}] .election"));
        page.wait_until(&format!(
            "document.querySelector('.tape [data-run={run}]').textContent.includes('{era}')"
        ));
    }
    page.run("crash leader");
    for run in ["raft", "zab"] {
        page.see(&format!(".tape [data-run={run}] .crash"));
    }
    page.click("header [data-protocol=zab]");
    page.see(".tape > .band");
}
