//! The page as a static folder.

use crate::shell::{command, root, run};
use crate::{tools, weight};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Installs what is missing, builds `dist/` and tells what a reader downloads.
pub(crate) fn build() -> Result<()> {
    tools::install()?;
    let dist = dist();
    println!("Building the page (a minute or two the first time)");
    if dist.exists() {
        std::fs::remove_dir_all(&dist).context("cannot empty dist/")?;
    }
    run(&mut command("trunk", &["build", "--release"]))?;
    weight::report(&dist)?;
    println!("The page is in dist/: any web host, or a folder on one, can serve it.");
    Ok(())
}

/// The folder that holds the built page.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

/// What Trunk calls after each build: rewrites the WebAssembly of a release build for size.
pub(crate) fn shrink() -> Result<()> {
    if std::env::var("TRUNK_PROFILE").is_ok_and(|profile| profile != "release") {
        return Ok(());
    }
    let folder = std::env::var_os("TRUNK_STAGING_DIR").map_or_else(dist, PathBuf::from);
    let module = folder.join("quorumscope-web_bg.wasm");
    let before = size(&module)?;
    let (Some(shrink), Some(order)) = (tools::wasm_opt(), tools::wasm_opt()) else {
        println!(
            "  wasm-opt is not there: {} stays {before} bytes (`cargo xtask setup` installs it where npm is)",
            module.display()
        );
        return Ok(());
    };
    println!("Shrinking the WebAssembly (half a minute)");
    for (mut wasm_opt, passes) in [(shrink, SHRINK.as_slice()), (order, &ORDER)] {
        wasm_opt.args(passes).args(FEATURES);
        wasm_opt.arg(&module).arg("--output").arg(&module);
        run(&mut wasm_opt)?;
    }
    println!("  {before} bytes before, {} after", size(&module)?);
    Ok(())
}

/// Makes the module small, and keeps the names of its functions for the next step. What is inlined
/// is no longer alike, and compresses worse than what it saves: the compiler has inlined enough.
const SHRINK: [&str; 9] = [
    "-Oz",
    "--always-inline-max-function-size",
    "0",
    "--flexible-inline-max-function-size",
    "0",
    "--one-caller-inline-max-function-size",
    "0",
    "-g",
    "--strip-producers",
];

/// Puts the instances of one generic function side by side, where compression finds what they have
/// in common. The names go last: a pass that drops them must not come before one that reads them.
const ORDER: [&str; 2] = ["--reorder-functions-by-name", "--strip-debug"];

/// What the compiler may use in the module, by the defaults of the target.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

fn size(file: &Path) -> Result<u64> {
    let metadata = std::fs::metadata(file);
    Ok(metadata
        .with_context(|| format!("cannot read {}", file.display()))?
        .len())
}
