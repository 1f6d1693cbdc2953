//! Links, settings and browsers that are of no use: a message in place, and a cluster that runs.

use crate::page::Page;
use serde_json::json;

const NOTICE: &str = ".notice[role=alert]";

#[test]
fn a_link_or_setting_of_no_use_is_named_and_the_default_cluster_runs() {
    let page = Page::blank();
    for (address, named) in [
        ("index.html#run=garbage", "The link cannot be used"),
        ("index.html#run=", "The link cannot be used"),
        ("index.html?servers=77", "77"),
        ("index.html?servers=0", "servers=0"),
        ("index.html?servers=many", "servers=many"),
        ("index.html?protocol=nonsense", "protocol=nonsense"),
        ("index.html?seed=-1", "seed=-1"),
        ("index.html?latency=fast", "latency=fast"),
        ("index.html?speed=fast", "speed=fast"),
        ("index.html?sevrers=3", "sevrers"),
        ("index.html?src=missing.scope", "missing.scope"),
    ] {
        page.open("about:blank");
        page.open(address);
        page.ready();
        let said = page.text(NOTICE);
        assert!(said.contains(named), "{address}: {said}");
        assert_eq!(
            page.view()["servers"].as_array().unwrap().len(),
            5,
            "{address}"
        );
        page.ask("cluster.pause()");
        page.elect();
        // Chromium itself notes the file that is not there.
        let errors = page.errors();
        let expected = |error: &String| error.contains("missing.scope");
        assert!(errors.iter().all(expected), "{address}: {errors:?}");
    }
}

#[test]
fn a_bad_link_opened_in_a_running_page_leaves_the_run_as_it_is() {
    let (page, _) = Page::led();
    let before = page.view();
    page.execute("location.hash = '#run=garbage'", &[]);
    assert!(page.text(NOTICE).contains("The link cannot be used"));
    assert_eq!(page.view(), before);
    page.push("Dismiss");
    page.wait_until(&format!("document.querySelector('{NOTICE}') === null"));
}

#[test]
fn a_script_that_cannot_be_read_is_refused_with_its_places_and_nothing_changes() {
    let (page, _) = Page::led();
    let before = page.view();
    let script = "quorumscope 1\nservers 5\n\ncrash S9\ncrsh S1\n";
    let error = page.execute(
        "try { document.querySelector('quorum-scope').load(arguments[0]); return ''; } catch (error) { return error.message; }",
        &[json!(script)],
    );
    let error = error.as_str().unwrap();
    assert!(error.contains('4') && error.contains('5'), "{error}");
    assert_eq!(page.view(), before);
}

#[test]
fn a_link_of_an_unknown_version_says_so() {
    let page = Page::still();
    let before = page.view();
    let error = page.execute(
        "try { document.querySelector('quorum-scope').load('quorumscope 99\\n'); return ''; } catch (error) { return error.message; }",
        &[],
    );
    assert!(error.as_str().unwrap().contains("99"), "{error}");
    assert_eq!(page.view(), before);
}

#[test]
fn a_browser_without_webassembly_is_told_what_is_missing() {
    let page = Page::blank();
    page.devtools(
        "Page.addScriptToEvaluateOnNewDocument",
        &json!({ "source": "delete window.WebAssembly" }),
    );
    page.open("index.html");
    let said = page.text("quorum-scope .failed[role=alert]");
    assert!(said.contains("does not run WebAssembly"), "{said}");
}

#[test]
fn a_browser_without_javascript_is_told_what_is_missing() {
    let page = Page::blank();
    let disabled = |value: bool| {
        page.devtools(
            "Emulation.setScriptExecutionDisabled",
            &json!({ "value": value }),
        );
    };
    disabled(true);
    page.open("index.html");
    let said = read_aloud(&page);
    disabled(false);
    assert!(said.contains("needs JavaScript and WebAssembly"), "{said}");
    assert!(!said.contains("starting"), "{said}");
}

/// What a screen reader finds: without JavaScript, nothing else can be asked.
#[track_caller]
fn read_aloud(page: &Page) -> String {
    let tree = page.devtools("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().into_iter().flatten();
    let texts = nodes.filter(|node| node["role"]["value"] == "StaticText");
    let words: Vec<_> = texts
        .filter_map(|node| node["name"]["value"].as_str())
        .collect();
    words.join(" ")
}
