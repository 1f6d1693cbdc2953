//! The page that says what is proved where: whatever it names is there.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/raft.md");

/// The words in `code` of the page.
fn named() -> impl Iterator<Item = &'static str> {
    PAGE.split('`').skip(1).step_by(2)
}

/// All that stands in a folder's Rust files.
fn code_under(folder: &Path) -> String {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        if path.is_dir() {
            code_under(&path)
        } else {
            fs::read_to_string(path).unwrap_or_default()
        }
    };
    entries.map(read).collect()
}

#[test]
fn every_test_and_script_that_the_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let code = code_under(&root.join("core/src/raft")) + &code_under(&root.join("tests/tests"));
    let (mut tests, mut scripts) = (0, 0);
    for name in named() {
        if let Some(script) = name.strip_suffix(".scope") {
            if !script.is_empty() {
                assert!(root.join("scenarios").join(name).is_file(), "{name}");
                let golden = root.join("tests/golden").join(format!("{script}.snap"));
                assert!(golden.is_file(), "{name}");
                scripts += 1;
            }
        } else if name.matches('_').count() >= 4 && !is_of_etcd(name) {
            assert!(code.contains(&format!("fn {name}()")), "{name}");
            tests += 1;
        }
    }
    assert!(
        tests > 40 && scripts > 20,
        "{tests} tests, {scripts} scripts"
    );
}

/// Whether a row of the first table is named so.
fn is_of_etcd(name: &str) -> bool {
    name.ends_with('…') || PAGE.contains(&format!("\n| `{name}` |")) || name.len() < 35
}

/// The row of a table that begins so.
fn row(begins: &str) -> &'static str {
    let found = PAGE.lines().find(|line| line.starts_with(begins));
    found.unwrap_or_else(|| panic!("no row begins with {begins}"))
}

#[test]
fn the_page_answers_to_each_of_the_22_ways_to_go_wrong_with_tests_of_its_number() {
    for number in 1..=22 {
        let row = row(&format!("| {number}. "));
        assert!(row.contains(&format!("`gotcha_{number}_")), "{row}");
    }
}

#[test]
fn every_interaction_test_of_etcd_has_a_script_of_its_own() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    let mut scripts: Vec<_> = rows
        .map(|row| {
            let script = row.split('`').nth(3);
            let script = script.and_then(|name| name.strip_suffix(".scope"));
            script.unwrap_or_else(|| panic!("no script: {row}"))
        })
        .collect();
    assert_eq!(scripts.len(), 28);
    scripts.sort_unstable();
    scripts.dedup();
    assert_eq!(scripts.len(), 28, "{scripts:?}");
}
