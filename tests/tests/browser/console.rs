//! The console: what it runs, and what it says about what it cannot run.

use crate::page::{Page, one, server};

const FIELD: &str = "input[aria-label=Command]";
const REFUSED: &str = ".transcript .refused:last-child [role=alert]";

/// The line that was refused last, the column that is marked in it and what is said about it.
const LAST_REFUSED: &str = "
    const last = document.querySelector('.transcript li:last-child.refused');
    const caret = last?.querySelector('.caret')?.textContent;
    return last && [last.querySelector('code').textContent, caret ? caret.indexOf('^') + 1 : null,
        last.querySelector('[role=alert]').textContent];
";

#[test]
fn a_line_is_run_and_shown() {
    let page = Page::still();
    page.type_line("crash S2");
    page.see("[data-server=S2][data-up=false]");
    assert_eq!(page.text(".transcript .done:last-child"), "crash S2");
    assert_eq!(field(&page), "");
}

#[test]
fn a_refused_line_is_shown_with_the_place_and_what_was_expected_there() {
    let (page, _) = Page::led();
    page.run("client A");
    page.run("crash S5");
    for (line, place, said) in [
        ("crsh S1", Some(1), "expected a command, found \"crsh\""),
        ("crash S9", Some(7), "expected a server (S1 to S5)"),
        (
            "crash S1 now",
            Some(10),
            "the end of the line, found \"now\"",
        ),
        ("cut S1", Some(7), "found the end of the line"),
        ("cut S1 S1", Some(8), "S1 is named twice"),
        ("client A create app", Some(17), "expected a path"),
        ("disk S1 fast", Some(9), "expected a duration"),
        ("client A create /a//b", None, "must not be empty"),
        ("client A create /app/", None, "must not end with /"),
        ("crash S5", None, "S5 is down already"),
        ("restart S1", None, "S1 is up"),
    ] {
        let before = page.view();
        page.type_line(line);
        let shown = page.execute(LAST_REFUSED, &[]);
        assert_eq!(shown[0], line);
        if let Some(column) = place {
            assert_eq!(shown[1], column, "{line}");
        }
        let text = shown[2].as_str().unwrap_or_default();
        assert!(text.contains(said), "{line}: {text}");
        assert_eq!(page.view(), before, "{line}");
    }
}

#[test]
fn the_place_of_a_mistake_is_marked() {
    let page = Page::still();
    page.type_line("crash S1 now");
    let caret = page.text(".transcript .refused:last-child .caret");
    assert_eq!(caret.find('^'), Some("crash S1 ".len()));
}

#[test]
fn an_operation_on_an_expired_session_is_refused_and_the_cluster_untouched() {
    let (page, leader) = Page::led();
    page.run(&format!("client A open {leader}"));
    page.advance(200);
    page.run("client A kill");
    page.advance(3_000);
    let before = page.view();
    page.type_line("client A get /");
    assert!(page.text(REFUSED).contains('A'));
    assert_eq!(page.view(), before);
}

#[test]
fn tab_completes_words_and_names() {
    let page = Page::still();
    page.press("/");
    page.wait_until("document.activeElement.getAttribute('aria-label') === 'Command'");
    page.write("cra");
    page.see("[role=option]");
    page.press("Tab");
    assert_eq!(field(&page).trim_end(), "crash");
    if !field(&page).ends_with(' ') {
        page.press("Space");
    }
    page.write("S4");
    page.press("Tab");
    page.press("Enter");
    page.see("[data-server=S4][data-up=false]");
}

#[test]
fn a_znode_that_exists_is_completed() {
    let (page, leader) = Page::led();
    page.run(&format!("client A open {leader}"));
    page.run("client A create /configuration x");
    page.advance(300);
    page.click(FIELD);
    page.write("client A delete /con");
    page.see("[role=option]");
    page.press("Tab");
    assert_eq!(field(&page).trim_end(), "client A delete /configuration");
}

#[test]
fn arrow_up_brings_back_what_was_run() {
    let page = Page::still();
    page.type_line("crash S1");
    page.type_line("restart S1");
    page.press("ArrowUp");
    page.wait_until(&format!(
        "document.querySelector('{FIELD}').value === 'restart S1'"
    ));
    page.press("ArrowUp");
    page.wait_until(&format!(
        "document.querySelector('{FIELD}').value === 'crash S1'"
    ));
    page.press("Enter");
    page.see("[data-server=S1][data-up=false]");
}

#[test]
fn the_console_drives_clients() {
    let (page, leader) = Page::led();
    page.type_line(&format!("client B open {leader}"));
    page.type_line("client B create /app \"two words\"");
    page.advance(300);
    let view = page.view();
    let operations = one(&view, "clients", "id", "B")["operations"].clone();
    assert_eq!(operations[0]["ok"], true);
    let servers = view["servers"].as_array().unwrap().len();
    assert_eq!(
        crate::page::znode(&view, "/app").unwrap()["data"],
        "two words"
    );
    assert_eq!(servers, 5);
    assert_eq!(server(&view, &leader)["role"], "leader");
}

#[track_caller]
fn field(page: &Page) -> String {
    page.next_frame();
    let value = page.eval(&format!("document.querySelector('{FIELD}').value"));
    value.as_str().unwrap_or_default().to_owned()
}
