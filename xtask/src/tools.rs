//! The programs that build the page: their versions, and how each is installed when it is missing.

use crate::shell::{command, find, read, root, run};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// The target the page is compiled for.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

// The versions of everything that is installed from outside, in one place.
const TRUNK: &str = "0.21.14";
/// Must be the version of the `wasm-bindgen` library, to the digit.
const WASM_BINDGEN: &str = "0.2.126";
/// The npm package that carries `wasm-opt`.
const BINARYEN: &str = "132.0.0";

/// Installs what is missing to build the page.
pub(crate) fn install() -> Result<()> {
    println!("Tools for the page:");
    install_target()?;
    install_with_cargo("trunk", "trunk", TRUNK, "about 6 minutes on two cores")?;
    install_with_cargo(
        "wasm-bindgen-cli",
        "wasm-bindgen",
        WASM_BINDGEN,
        "about 3 minutes on two cores",
    )?;
    install_wasm_opt();
    Ok(())
}

/// Adds the WebAssembly target to the toolchain.
pub(crate) fn install_target() -> Result<()> {
    let sysroot = read(&mut command("rustc", &["--print", "sysroot"]))
        .context("rustc does not run; install Rust from https://rustup.rs")?;
    let library = PathBuf::from(sysroot).join("lib/rustlib").join(WASM_TARGET);
    if library.exists() {
        println!("  {WASM_TARGET}: there");
        return Ok(());
    }
    if find("rustup").is_none() {
        bail!(
            "this Rust has no library for {WASM_TARGET}, and without rustup none can be added; install Rust from https://rustup.rs"
        );
    }
    println!("  {WASM_TARGET}: adding it to the toolchain (20 MB, some seconds)");
    run(&mut command("rustup", &["target", "add", WASM_TARGET]))
}

fn install_with_cargo(package: &str, program: &str, version: &str, time: &str) -> Result<()> {
    let installed = read(&mut command(program, &["--version"]));
    if installed.is_some_and(|line| line.split_whitespace().any(|word| word == version)) {
        println!("  {program} {version}: there");
        return Ok(());
    }
    println!("  {program} {version}: compiling and installing it ({time})");
    run(&mut command(
        "cargo",
        &[
            "install",
            package,
            "--version",
            version,
            "--locked",
            "--force",
            "--quiet",
        ],
    ))
}

/// A failure here only makes the page larger, so it is told and not returned.
fn install_wasm_opt() {
    if wasm_opt().is_some() {
        println!("  wasm-opt {BINARYEN}: there");
        return;
    }
    let Some(npm) = find("npm") else {
        println!("  wasm-opt: skipped, there is no npm; the page works and is larger");
        return;
    };
    println!("  wasm-opt {BINARYEN}: installing it with npm (13 MB, some seconds)");
    let package = format!("binaryen@{BINARYEN}");
    let folder = folder();
    let installed = std::fs::create_dir_all(&folder)
        .map_err(anyhow::Error::from)
        .and_then(|()| {
            run(command(
                &npm.to_string_lossy(),
                &["install", "--no-audit", "--no-fund", "--loglevel=error"],
            )
            .arg("--prefix")
            .arg(&folder)
            .arg(package))
        });
    if let Err(error) = installed {
        println!("  wasm-opt: skipped ({error:#}); the page works and is larger");
    }
}

/// How `wasm-opt` is called, if it is there in the right version.
pub(crate) fn wasm_opt() -> Option<Command> {
    let package = folder().join("node_modules/binaryen");
    let manifest = std::fs::read_to_string(package.join("package.json")).ok()?;
    if !manifest.contains(&format!("\"version\": \"{BINARYEN}\"")) {
        return None;
    }
    find("node")?;
    let mut command = command("node", &[]);
    command.arg(package.join("bin/wasm-opt"));
    Some(command)
}

/// Where tools go that Cargo does not install.
fn folder() -> PathBuf {
    root().join("target/tools")
}

#[cfg(test)]
mod tests {
    use super::{TRUNK, WASM_BINDGEN};
    use crate::shell::root;

    #[test]
    fn the_wasm_bindgen_program_has_the_version_of_the_library() {
        let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
        let expected = format!("name = \"wasm-bindgen\"\nversion = \"{WASM_BINDGEN}\"\n");
        assert!(lock.contains(&expected));
    }

    #[test]
    fn trunk_refuses_another_version_of_itself() {
        let settings = std::fs::read_to_string(root().join("Trunk.toml")).unwrap();
        assert!(settings.contains(&format!("trunk-version = \"={TRUNK}\"")));
    }
}
