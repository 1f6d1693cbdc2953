//! What a reader downloads before the page works, compressed as a web host would.

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The page over the wire, compressed, in bytes.
const BUDGET: usize = 300_000;

/// Prints the compressed size of each file of the page and their sum; whether it is within the budget.
pub(crate) fn report(dist: &Path) -> Result<bool> {
    let files = read_files(dist, dist)?;
    let mut sum = 0;
    println!("What a reader downloads, in bytes:");
    println!("  {:>9}  {:>9}  file", "plain", "gzip -9");
    for name in loaded_by_the_page(&files) {
        let content = &files[&name];
        let compressed = gzip(content)?;
        sum += compressed;
        println!("  {:>9}  {compressed:>9}  {name}", content.len());
    }
    let share = sum * 100 / BUDGET;
    println!("  {sum} bytes compressed: {share} % of the budget of {BUDGET}");
    Ok(sum <= BUDGET)
}

/// The files that `index.html` leads to: those whose names it mentions, and so on from there.
/// Other pages are not followed: they are links, not parts.
fn loaded_by_the_page(files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut loaded = vec!["index.html".to_owned()];
    let mut next = 0;
    while let Some(text) = loaded.get(next).and_then(|name| files.get(name)) {
        if let Ok(text) = std::str::from_utf8(text) {
            for name in files.keys() {
                let part = Path::new(name).extension() != Some("html".as_ref())
                    && text.contains(file_name(name));
                if part && !loaded.contains(name) {
                    loaded.push(name.clone());
                }
            }
        }
        next += 1;
    }
    loaded
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Every file below a folder, by its path from `base` with forward slashes.
fn read_files(folder: &Path, base: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let listing =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in listing {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            files.extend(read_files(&path, base)?);
        } else {
            let name = path
                .strip_prefix(base)?
                .to_string_lossy()
                .replace('\\', "/");
            files.insert(name, std::fs::read(&path)?);
        }
    }
    Ok(files)
}

fn gzip(content: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::loaded_by_the_page;
    use std::collections::BTreeMap;

    #[test]
    fn a_file_counts_when_the_page_leads_to_it() {
        let files = BTreeMap::from(
            [
                (
                    "index.html",
                    "<script src=./a.js></script><a href=course.html>",
                ),
                ("a.js", "import './b.wasm'"),
                ("b.wasm", "\0"),
                ("course.html", "<script src=c.js></script>"),
                ("c.js", ""),
            ]
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())),
        );
        assert_eq!(loaded_by_the_page(&files), ["index.html", "a.js", "b.wasm"]);
    }
}
