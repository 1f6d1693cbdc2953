//! The page that says what of Zab is proved where: whatever it names is there.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/zab.md");

#[test]
fn every_test_that_the_page_names_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/zab");
    let files = fs::read_dir(folder).unwrap();
    let code: String = files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let named = PAGE.split('`').skip(1).step_by(2);
    let tests: Vec<_> = named
        .filter(|name| name.matches('_').count() >= 3)
        .collect();
    for name in &tests {
        assert!(code.contains(&format!("fn {name}()")), "{name}");
    }
    assert!(tests.len() > 60, "{} tests", tests.len());
}
