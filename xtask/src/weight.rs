//! What a reader downloads before the page works, compressed as a web host would.

use crate::shell::{command, read};
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What the first picture needs over the wire, compressed by what every host can do, in bytes.
const BUDGET: usize = 300_000;

/// What is fetched behind the first picture, of the files that the page leads to.
const BEHIND: &str = "_rest.wasm";

/// Prints the compressed size of each file of the page, and the sum of what the first picture needs
/// against the budget.
pub(crate) fn report(dist: &Path) -> Result<()> {
    let files = read_files(dist, dist)?;
    let (mut gzip_first, mut gzip_sum) = (0, 0);
    let (mut brotli_first, mut brotli_sum) = (Some(0), Some(0));
    println!("What a reader downloads, in bytes:");
    println!("  {:>9}  {:>9}  {:>9}  file", "plain", "gzip -9", "brotli");
    for name in loaded_by_the_page(&files) {
        let content = &files[&name];
        let gzip = gzip(content)?;
        let brotli = brotli(&dist.join(&name));
        gzip_sum += gzip;
        brotli_sum = brotli_sum.zip(brotli).map(|(sum, size)| sum + size);
        let plain = content.len();
        let behind = name.ends_with(BEHIND);
        if !behind {
            gzip_first += gzip;
            brotli_first = brotli_first.zip(brotli).map(|(sum, size)| sum + size);
        }
        let when = if behind { ", behind the picture" } else { "" };
        println!(
            "  {plain:>9}  {gzip:>9}  {:>9}  {name}{when}",
            or_dash(brotli)
        );
    }
    let verdict = if gzip_first <= BUDGET {
        "within"
    } else {
        "OVER"
    };
    let (first, all) = (or_dash(brotli_first), or_dash(brotli_sum));
    println!(
        "  {:>9}  {gzip_first:>9}  {first:>9}  until the first picture",
        ""
    );
    println!("  {:>9}  {gzip_sum:>9}  {all:>9}  in all", "");
    println!(
        "  the first picture is {verdict} the budget of {BUDGET} ({} %)",
        gzip_first * 100 / BUDGET
    );
    Ok(())
}

fn or_dash(size: Option<usize>) -> String {
    size.map_or("-".to_owned(), |size| size.to_string())
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

/// The size as hosts with Brotli send it; Node.js, when there, carries the compressor.
fn brotli(file: &Path) -> Option<usize> {
    let script = "const { readFileSync } = require('fs');
        const file = readFileSync(process.argv[1]);
        console.log(require('zlib').brotliCompressSync(file).length);";
    let size = read(command("node", &["--eval", script]).arg(file))?;
    size.parse().ok()
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
