//! That hands and eyes work, on a page that notes what happens to it.

use quorumscope_tests::browser::{Browser, PATIENCE, Scheme, Screen, Site};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

const PAGE: &str = r#"<!doctype html><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<style>#a, #b { width: 60px; height: 40px; user-select: none }</style>
<div id="a">a</div><div id="b">b</div><input id="field" value="old"><x-shell></x-shell>
<script>
  window.seen = [];
  const note = event => seen.push(`${event.type} ${event.target.id || event.key || ''}`.trim());
  for (const type of ["click", "dblclick", "contextmenu", "touchstart", "pointerdown", "pointerup"])
    document.addEventListener(type, note);
  document.addEventListener("keydown", event =>
    seen.push(`key ${event.shiftKey && event.key != "Shift" ? "shift " : ""}${event.key}`));
  document.addEventListener("contextmenu", event => event.preventDefault());
  const root = document.querySelector("x-shell").attachShadow({ mode: "open" });
  root.innerHTML = "<button>inner</button>";
  root.querySelector("button").onclick = () => seen.push("inner");
</script>"#;

/// What the page saw since it was last asked, in order.
fn seen(browser: &Browser) -> Vec<String> {
    let seen = browser.eval("seen.splice(0)");
    let events = seen.as_array().into_iter().flatten();
    events
        .map(|event| event.as_str().unwrap().to_owned())
        .collect()
}

fn visit(site: &Site) -> Browser {
    let browser = Browser::start(site);
    browser.open("hands.html");
    browser
}

fn site() -> Site {
    Site::dist_below("/scope", &[("/hands.html", PAGE)])
}

#[test]
fn the_mouse_does_what_a_mouse_does() {
    let site = site();
    let browser = visit(&site);
    browser.click("#a");
    assert_eq!(seen(&browser), ["pointerdown a", "pointerup a", "click a"]);
    browser.context_click("#b");
    assert_eq!(
        seen(&browser),
        ["pointerdown b", "contextmenu b", "pointerup b"]
    );
    browser.double_click("#a");
    assert!(seen(&browser).contains(&"dblclick a".to_owned()));
    browser.drag("#a", "#b");
    assert_eq!(seen(&browser)[..2], ["pointerdown a", "pointerup b"]);
    browser.click("x-shell >>> button");
    assert!(seen(&browser).contains(&"inner".to_owned()));
}

#[test]
fn a_finger_touches_and_holds() {
    let site = site();
    let browser = visit(&site);
    browser.show_on(Screen::PHONE, Scheme::Light);
    browser.tap("#a");
    let tapped = seen(&browser);
    assert!(tapped.contains(&"touchstart a".to_owned()), "{tapped:?}");
    assert!(tapped.contains(&"click a".to_owned()), "{tapped:?}");
    browser.long_press("#b");
    let held = seen(&browser);
    assert!(held.contains(&"touchstart b".to_owned()), "{held:?}");
}

#[test]
fn keys_reach_what_has_the_focus() {
    let site = site();
    let browser = visit(&site);
    browser.press("Shift+ArrowLeft");
    assert_eq!(seen(&browser), ["key Shift", "key shift ArrowLeft"]);
    browser.fill("#field", "new");
    assert_eq!(
        browser.eval("document.querySelector('#field').value"),
        json!("new")
    );
    browser.execute(
        "await navigator.clipboard.writeText(arguments[0])",
        &[json!("copied")],
    );
    assert_eq!(browser.clipboard(), "copied");
}

#[test]
fn the_screen_is_as_asked() {
    let site = site();
    let browser = visit(&site);
    for screen in Screen::ALL {
        for scheme in Scheme::ALL {
            browser.show_on(screen, scheme);
            let viewport = browser.eval("[innerWidth, innerHeight]");
            assert_eq!(viewport, json!([screen.width, screen.height]));
            let dark = browser.eval("matchMedia('(prefers-color-scheme: dark)').matches");
            assert_eq!(dark, Value::Bool(scheme == Scheme::Dark));
        }
    }
}

#[test]
fn a_site_answers_every_connection_though_all_stay_open() {
    let site = site();
    let address = site.address().strip_prefix("http://").unwrap();
    let request = format!("GET /hands.html HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let connections: Vec<_> = (0..32)
        .map(|_| {
            let mut connection = TcpStream::connect(address).unwrap();
            connection.write_all(request.as_bytes()).unwrap();
            connection
        })
        .collect();
    for mut connection in &connections {
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut status = [0; 15];
        connection.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200 OK");
    }
}

#[test]
fn an_error_that_the_page_logs_is_noticed() {
    let site = site();
    let browser = visit(&site);
    browser.execute("setTimeout(() => { throw new Error('on purpose'); })", &[]);
    browser.eval("await new Promise(done => setTimeout(done, 50))");
    let errors = browser.errors();
    assert!(
        errors.iter().any(|error| error.contains("on purpose")),
        "{errors:?}"
    );
}

#[test]
#[should_panic(expected = "the page logged errors")]
fn an_error_that_nobody_asked_about_fails_the_test() {
    let site = site();
    let browser = visit(&site);
    browser.execute("console.error('on purpose')", &[]);
}
