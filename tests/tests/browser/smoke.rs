//! That the page is there at all, wherever it is put.

use quorumscope_tests::browser::{Browser, Site};

#[test]
fn the_page_draws_its_servers() {
    let site = Site::dist();
    let browser = Browser::start(&site);
    browser.open("index.html");
    browser.see("quorum-scope [data-server]");
}

#[test]
fn the_page_works_in_a_folder_of_another_site() {
    let site = Site::dist_below("/course/raft", &[]);
    let browser = Browser::start(&site);
    browser.open("course/raft/");
    browser.see("quorum-scope [data-server]");
}

#[test]
fn no_request_leaves_the_host() {
    let site = Site::dist();
    let browser = Browser::start(&site);
    browser.open("index.html");
    browser.see("quorum-scope [data-server]");
    let requests = browser.requests();
    assert!(
        requests
            .iter()
            .any(|url| url.ends_with("quorumscope-web_bg.wasm")),
        "{requests:#?}"
    );
    let elsewhere: Vec<_> = requests
        .iter()
        .filter(|url| !url.starts_with(site.address()))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}
