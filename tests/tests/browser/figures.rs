//! How fast the page is on this machine. The figures are printed, not judged: a busy machine would
//! make them fail. The budgets are in `ARCHITECTURE.md`.

use crate::page::{Page, time};
use serde_json::{Value, json};
use std::io::Write;

const FRAMES: u32 = 120;

/// Notes when the first server is drawn.
const WATCH: &str = "
    new MutationObserver((_, observer) => {
        if (document.querySelector('[data-server]')) {
            observer.disconnect();
            window.firstServer = performance.now();
        }
    }).observe(document, { childList: true, subtree: true });
";

#[test]
#[ignore = "a measurement, for a quiet machine: run it with --ignored"]
fn the_page_draws_servers_plays_and_simulates_at_a_speed_that_is_told() {
    let page = Page::alone();
    page.devtools(
        "Page.addScriptToEvaluateOnNewDocument",
        &json!({ "source": WATCH }),
    );
    page.devtools("Performance.enable", &json!({}));
    page.open("index.html?paused");
    page.ready();
    let first = page.eval("window.firstServer").as_f64().unwrap();
    report(&format!(
        "time to the first server, from loopback: {first:.0} ms"
    ));

    for (cluster, settings) in [
        ("5 servers", "servers=5"),
        ("9 servers", "servers=9"),
        ("5 servers side by side", "servers=5&compare"),
    ] {
        let (script, layout) = per_frame(&page, settings);
        report(&format!(
            "per frame with {cluster}, a client and a leader, at 1/100×: {script:.2} ms of script, {layout:.2} ms of style and layout"
        ));
        assert!(script > 0.0);
    }

    page.open("index.html?paused");
    page.ready();
    page.elect();
    let before = time(&page.view());
    let real = page.ask(
        "await (async () => { const start = performance.now(); await cluster.advance(20000); return performance.now() - start; })()",
    );
    let simulated = time(&page.view()) - before;
    let real = real.as_f64().unwrap();
    report(&format!(
        "advance() with 5 servers and checks on: {:.0} times real time",
        simulated / real
    ));
    assert!((simulated - 20_000.0).abs() < 1e-6, "{simulated}");
}

/// Milliseconds of script, and of style and layout, that a frame takes while a cluster with a
/// working client plays at the teaching tempo.
#[track_caller]
fn per_frame(page: &Page, settings: &str) -> (f64, f64) {
    page.open(&format!("index.html?paused&{settings}"));
    page.ready();
    let leader = page.elect();
    page.run(&format!("client A open {leader}"));
    page.run("client A create /app hello");
    page.ask("cluster.play()");
    let before = metrics(page);
    page.execute(
        "for (let frame = 0; frame < arguments[0]; frame++) await new Promise(requestAnimationFrame);",
        &[json!(FRAMES)],
    );
    let after = metrics(page);
    let spent = |names: &[&str]| {
        let sum: f64 = names
            .iter()
            .map(|name| metric(&after, name) - metric(&before, name))
            .sum();
        sum * 1_000.0 / f64::from(FRAMES)
    };
    (
        spent(&["ScriptDuration"]),
        spent(&["RecalcStyleDuration", "LayoutDuration"]),
    )
}

#[track_caller]
fn metrics(page: &Page) -> Value {
    page.devtools("Performance.getMetrics", &json!({}))
}

#[track_caller]
fn metric(metrics: &Value, name: &str) -> f64 {
    let mut all = metrics["metrics"].as_array().into_iter().flatten();
    let found = all.find(|metric| metric["name"] == name);
    found
        .and_then(|metric| metric["value"].as_f64())
        .unwrap_or_else(|| panic!("Chromium has no metric {name}"))
}

/// Says a figure where the test program's capture of what passing tests print does not hide it.
fn report(figure: &str) {
    // A closed standard error is no reason to fail.
    let _written = writeln!(std::io::stderr(), "figure: {figure}");
}
