//! Chromium and its driver: where they are, how they get there, and screenshots through them.

use crate::build;
use crate::shell::{command, find, read, run};
use anyhow::{Result, ensure};
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

const HOW_TO: &str = "\
the browser tests need Chromium and its ChromeDriver, of the same version; install them with
  Debian:   sudo apt-get install chromium chromium-driver
  Fedora:   sudo dnf install chromium chromedriver
  Arch:     sudo pacman -S chromium
  macOS:    brew install --cask google-chrome chromedriver
or set CHROMEDRIVER, and CHROME when the browser is not where its driver expects it, to the programs' paths";

/// Where ChromeDriver is: what `CHROMEDRIVER` says, or the first on the path.
fn driver() -> Option<PathBuf> {
    match env::var_os("CHROMEDRIVER") {
        Some(path) => Some(PathBuf::from(path)).filter(|path| path.is_file()),
        None => find("chromedriver"),
    }
}

/// Installs Chromium and its driver if they are missing and this user may; else says what to do.
pub(crate) fn install() -> Result<PathBuf> {
    if let Some(driver) = driver() {
        println!("  Chromium's driver: {}", driver.display());
        return Ok(driver);
    }
    let apt = find("apt-get").and_then(|_| as_root("apt-get"));
    if let Some(mut update) = apt {
        println!("  Chromium and its driver: installing them with apt (about a minute)");
        run(update.args(["update", "-q"]))?;
        let mut install = as_root("apt-get").unwrap_or(update);
        run(install
            .args(["install", "-q", "-y", "--no-install-recommends"])
            .args(["chromium", "chromium-driver"]))?;
    }
    driver().ok_or_else(|| anyhow::anyhow!(HOW_TO))
}

/// A command with the rights of the administrator, if it needs no password.
fn as_root(program: &str) -> Option<Command> {
    let mut root = if read(&mut command("id", &["-u"]))? == "0" {
        command(program, &[])
    } else {
        read(&mut command("sudo", &["-n", "true"]))?;
        command("sudo", &["-n", "DEBIAN_FRONTEND=noninteractive", program])
    };
    root.env("DEBIAN_FRONTEND", "noninteractive");
    Some(root)
}

/// Takes screenshots of the page that is in `dist/`.
pub(crate) fn shots(options: Vec<OsString>) -> Result<()> {
    ensure!(
        build::dist().exists(),
        "there is no page yet: cargo xtask build"
    );
    let driver = install()?;
    let mut shots = command(
        "cargo",
        &["run", "--quiet", "--package", "quorumscope-tests"],
    );
    shots
        .args(["--features", "browser", "--bin", "shots", "--"])
        .args(options);
    run(shots.env("CHROMEDRIVER", driver))
}
