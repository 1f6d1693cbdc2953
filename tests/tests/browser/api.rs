//! The element as other pages script it.

use crate::page::{Page, server, time};
use serde_json::json;

#[test]
fn advance_simulates_exactly_what_it_is_asked_for() {
    let page = Page::still();
    let start = time(&page.view());
    for (ms, sum) in [
        ("1000", 1_000.0),
        ("0.001", 1_000.001),
        ("250.5", 1_250.501),
    ] {
        let reached = page.ask(&format!("await cluster.advance({ms})"));
        let now = page.view();
        assert_eq!(reached, now["time"], "{ms}");
        let passed = time(&now) - start;
        assert!((passed - sum).abs() < 1e-6, "{passed} instead of {sum}");
    }
}

#[test]
fn advances_that_are_asked_for_at_once_happen_one_after_the_other() {
    let page = Page::still();
    let reached = page.ask("await Promise.all([300, 500, 200].map(ms => cluster.advance(ms)))");
    assert_eq!(reached, json!([300, 800, 1000]));
}

#[test]
fn the_same_advance_leads_to_the_same_view() {
    let page = Page::blank();
    let [one, other] = [1_000, 10].map(|step| {
        page.open("index.html?paused&seed=11");
        page.ready();
        for _ in 0..1_000 / step {
            page.advance(step);
        }
        page.view()
    });
    assert_eq!(one, other);
}

#[test]
fn run_does_what_it_says_and_throws_what_is_wrong() {
    let page = Page::still();
    assert_eq!(page.ask("cluster.run('crash   S1')"), "crash S1");
    assert_eq!(server(&page.view(), "S1")["up"], false);
    page.see("[data-server=S1][data-up=false]");
    let before = page.view();
    let thrown = page.execute(
        "try { document.querySelector('quorum-scope').run('crash S9'); } catch (error) { return [error instanceof Error, error.message]; }",
        &[],
    );
    assert_eq!(thrown[0], true);
    assert!(thrown[1].as_str().unwrap().contains("S9"), "{thrown}");
    assert_eq!(page.view(), before);
}

#[test]
fn run_says_who_was_meant() {
    let (page, leader) = Page::led();
    assert_eq!(
        page.ask("cluster.run('crash leader')"),
        format!("crash {leader}")
    );
}

#[test]
fn play_pause_and_seek_move_time() {
    let (page, _) = Page::led();
    let there = time(&page.view());
    page.ask("cluster.play()");
    assert_eq!(page.ask("cluster.playing"), true);
    page.wait_until(&format!(
        "document.querySelector('quorum-scope').time > {there}"
    ));
    page.ask("cluster.pause()");
    assert_eq!(page.ask("cluster.playing"), false);
    page.ask("cluster.seek(100.5)");
    assert_eq!(page.ask("cluster.time"), 100.5);
    assert_eq!(page.view()["time"], 100.5);
    page.see(".live[aria-pressed=false]");
}

#[test]
fn a_change_is_told_after_every_action_and_while_time_runs() {
    let page = Page::still();
    page.execute(
        "window.changes = [];
         const cluster = document.querySelector('quorum-scope');
         cluster.addEventListener('change', event => changes.push({ ...event.detail }));
         cluster.run('crash S1');",
        &[],
    );
    page.wait_until("changes.length > 0");
    assert_eq!(page.eval("changes[0].playing"), false);
    page.execute(
        "await document.querySelector('quorum-scope').advance(50)",
        &[],
    );
    page.wait_until("changes.at(-1).time === 50");
    page.ask("cluster.play()");
    page.wait_until("changes.filter(change => change.playing && change.time > 50).length > 2");
}

#[test]
fn the_view_has_what_its_documentation_lists() {
    let (page, leader) = Page::led();
    page.run(&format!("client A open {leader}"));
    page.run("client A create /app hello");
    page.advance(300);
    let documentation = include_str!("../../../docs/embedding.md");
    let rows = documentation
        .split_once("## The view")
        .and_then(|(_, after)| after.split_once("\n## "))
        .expect("the documentation has a section on the view")
        .0;
    let view = page.view();
    let mut compared = 0;
    for row in rows.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.split('|').skip(1);
        let fields = cells.next().unwrap();
        let holds = cells.next().unwrap();
        for field in ticked(fields) {
            assert!(view.get(field).is_some(), "the view has no {field}");
        }
        let Some(first) = view[ticked(fields)[0]].get(0) else {
            continue;
        };
        for field in ticked(&outside_brackets(holds)) {
            assert!(
                first.get(field).is_some(),
                "{fields}: there is no {field} in {first}"
            );
            compared += 1;
        }
    }
    assert!(compared > 40, "only {compared} fields were compared");
}

#[test]
fn load_starts_over() {
    let (page, _) = Page::led();
    page.ask("cluster.load('quorumscope 1\\nservers 3\\nseed 9\\n')");
    page.wait_until("document.querySelectorAll('[data-server]').length === 3");
    let view = page.view();
    assert_eq!((&view["seed"], &view["time"]), (&9.into(), &0.into()));
}

#[test]
fn an_element_that_is_moved_within_its_page_goes_on() {
    let (page, leader) = Page::led();
    let before = page.view();
    page.execute(
        "const cluster = document.querySelector('quorum-scope');
         document.body.append(document.createElement('article'));
         document.querySelector('article').append(cluster);",
        &[],
    );
    page.see("article > quorum-scope[ready] [data-server]");
    assert_eq!(page.view(), before);
    page.advance(100);
    page.click(&format!("[data-server={leader}]"));
    page.click(&format!(".inspector [data-command='crash {leader}']"));
    page.see(&format!("[data-server={leader}][data-up=false]"));
    page.press("Space");
    page.wait_until("document.querySelector('quorum-scope').playing");
    let here = time(&page.view());
    page.wait_until(&format!(
        "document.querySelector('quorum-scope').time > {here}"
    ));
}

#[test]
fn an_element_that_is_taken_off_and_put_back_starts_over() {
    let page = Page::still();
    page.advance(100);
    page.execute(
        "window.cluster = document.querySelector('quorum-scope'); cluster.remove();",
        &[],
    );
    page.execute(
        "document.querySelector('main').append(cluster); await cluster.ready;",
        &[],
    );
    assert_eq!(page.view()["time"], 0);
    page.wait_until("document.querySelectorAll('[data-server]').length === 5");
    page.advance(10);
    assert_eq!(page.view()["time"], 10);
}

/// What stands between backticks.
fn ticked(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The text without what is in brackets.
fn outside_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|&character| {
            if character == '(' {
                depth += 1;
            }
            let outside = depth == 0;
            if character == ')' {
                depth = depth.saturating_sub(1);
            }
            outside
        })
        .collect()
}
