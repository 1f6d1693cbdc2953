//! Makes the list of the scripts that come with the page out of `scenarios/`.
//!
//! The second line of a script may say where it stands in the list and what it shows:
//! `# Elections: The leader fails, and the others choose another.` Without that line it stands at
//! the end, with its first sentence.

use std::fmt::Write as _;
use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    // What `cargo xtask` goes by when it splits a release build in two.
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|it| it == value);
    if is("CARGO_CFG_TARGET_ARCH", "wasm32") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-cdylib=--emit-relocs");
    }
    let folder = Path::new("../scenarios").canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)?
        .map(|file| file.map(|file| file.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "scope")
    });
    files.sort();
    let mut list = "[".to_owned();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let quoted = |word: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(word));
            line.map(|line| line.trim().trim_matches('"').to_owned())
        };
        let path = file.to_string_lossy();
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let title = quoted("title ").unwrap_or_else(|| name.replace('-', " "));
        let second = text.lines().nth(1).and_then(|line| line.strip_prefix("# "));
        let (group, about) = match second.and_then(|line| line.split_once(": ")) {
            Some((group, about)) => (group.to_owned(), about.to_owned()),
            None => ("More".to_owned(), quoted("say ").unwrap_or_default()),
        };
        let _ = write!(
            list,
            "Scenario {{ group: {group:?}, title: {title:?}, about: {about:?}, file: {name:?}, #[cfg(test)] script: include_str!({path:?}) }},"
        );
    }
    list.push(']');
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("scenarios.rs"), list)
}
