//! The page that says what of Zab is proved where: whatever it names is there.

use std::fs;
use std::path::Path;

use quorumscope_core::zab::Rules;

const PAGE: &str = include_str!("../../docs/zab.md");

#[test]
fn every_test_that_the_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        "../core/src/zab",
        "../core/src/check",
        "../core/src/check/zab",
        "../core/src/sim",
        "tests",
        "tests/zab_explore",
    ];
    let files = folders.map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let code: String = files
        .into_iter()
        .flatten()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let named = PAGE.split('`').skip(1).step_by(2);
    let is_test = |name: &&str| name.matches('_').count() >= 3 && !Rules::NAMES.contains(name);
    let tests: Vec<_> = named.filter(is_test).collect();
    for name in &tests {
        assert!(code.contains(&format!("fn {name}()")), "{name}");
    }
    assert!(tests.len() > 60, "{} tests", tests.len());
}
