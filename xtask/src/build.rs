//! The page as a static folder.

use crate::data::{self, Layout};
use crate::shell::{command, root, run};
use crate::{glue, profile, split, tools, weight};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use walrus::Module;

/// Installs what is missing, builds `dist/` and tells what a reader downloads.
pub(crate) fn build() -> Result<()> {
    tools::install()?;
    let dist = dist();
    println!("Building the page (a minute or two the first time)");
    if dist.exists() {
        fs::remove_dir_all(&dist).context("cannot empty dist/")?;
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

/// The module as Trunk leaves it, and after a split its first part.
const MODULE: &str = "quorumscope-web_bg.wasm";
/// The second part.
const REST: &str = "quorumscope-web_rest.wasm";
/// The module as it was linked, among what is built for the page.
const LINKED: &str = "web/quorumscope_web.wasm";
/// The script that instantiates the module.
const SCRIPT: &str = "quorumscope-web.js";

/// What Trunk calls after each build: rewrites the WebAssembly of a release build for size, and
/// splits it so that the first picture needs only a part.
pub(crate) fn shrink() -> Result<()> {
    if std::env::var("TRUNK_PROFILE").is_ok_and(|profile| profile != "release") {
        return Ok(());
    }
    let folder = std::env::var_os("TRUNK_STAGING_DIR").map_or_else(dist, PathBuf::from);
    let module = folder.join(MODULE);
    let before = size(&module)?;
    if tools::wasm_opt().is_none() {
        println!(
            "  wasm-opt is not there: {} stays {before} bytes (`cargo xtask setup` installs it where npm is)",
            module.display()
        );
        return Ok(());
    }
    println!("Shrinking the WebAssembly (half a minute)");
    fs::write(&module, data::without_addresses(&fs::read(&module)?)?)?;
    rewrite(&module, &SHRINK)?;
    glue::inline_styles(&folder.join("quorum-scope.css"))?;
    let parts = split(&folder)?;
    for part in &parts {
        rewrite(part, &ORDER)?;
    }
    println!("  {before} bytes before, after:");
    for part in &parts {
        println!("  {} {}", size(part)?, part.display());
    }
    Ok(())
}

/// Splits the module by what a browser runs of it; returns the files that there are then.
fn split(folder: &Path) -> Result<Vec<PathBuf>> {
    let (module, script) = (folder.join(MODULE), folder.join(SCRIPT));
    let text = fs::read_to_string(&script)?;
    let (wasm, text) = glue::with_short_names(&fs::read(&module)?, &text)?;
    let text = glue::without_comments(&text);
    fs::write(&module, &wasm)?;
    fs::write(&script, glue::with_parts(&text)?)?;
    println!("Splitting it by what the first picture needs (some seconds)");
    let Some(entered) = profile::entered(folder, MODULE, &wasm)? else {
        println!("  there is no browser to find that out: it stays whole, and works");
        fs::write(&script, text)?;
        return Ok(vec![module]);
    };
    let parts = split::split(&wasm, &entered, layout(&wasm)?.as_ref())?;
    let rest = folder.join(REST);
    fs::write(&module, parts.first)?;
    fs::write(&rest, parts.rest)?;
    Ok(vec![module, rest])
}

/// What the linker says of the data of `module`, if it was this one that it linked last.
fn layout(module: &[u8]) -> Result<Option<Layout>> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let linked = target.join(tools::WASM_TARGET).join(LINKED);
    let Ok(linked) = fs::read(linked) else {
        return Ok(None);
    };
    let layout = Layout::read(&linked)?;
    Ok(layout
        .is_of(&Module::from_buffer(module)?)
        .then_some(layout))
}

fn rewrite(module: &Path, passes: &[&str]) -> Result<()> {
    let mut wasm_opt = tools::wasm_opt().context("wasm-opt went away")?;
    wasm_opt.args(passes).args(FEATURES);
    wasm_opt.arg(module).arg("--output").arg(module);
    run(&mut wasm_opt)
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
    let metadata = fs::metadata(file);
    Ok(metadata
        .with_context(|| format!("cannot read {}", file.display()))?
        .len())
}
