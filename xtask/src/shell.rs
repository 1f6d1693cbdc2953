//! Running other programs, and saying so.

use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder that holds the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a member folder of the workspace")
}

/// A command that runs in the workspace, without a standard input, and finds what `cargo install` installs.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(root())
        .env("PATH", search_path())
        .stdin(Stdio::null());
    command
}

/// `PATH` with Cargo's folder of installed programs in front.
fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = cargo_bin().into_iter().chain(env::split_paths(&path));
    env::join_paths(folders).unwrap_or(path)
}

/// Cargo's folder of installed programs.
pub(crate) fn cargo_bin() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
        .map(|home| home.join("bin"))
}

/// Where a program is, if it is anywhere that [`command`] looks.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&search_path())
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

/// Shows the command line and runs it; an error if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let program = command.get_program().display().to_string();
    let status = command
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    if !status.success() {
        bail!("{program}: {status}");
    }
    Ok(())
}

/// Like [`run`], and hands every line of the standard output on to `line`, too.
pub(crate) fn run_and_read(command: &mut Command, mut line: impl FnMut(&str)) -> Result<()> {
    announce(command);
    let program = command.get_program().display().to_string();
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let output = child.stdout.take().context("standard output was piped")?;
    let mut shown = std::io::stdout();
    for text in BufReader::new(output).split(b'\n') {
        let text = text?;
        shown.write_all(&text)?;
        shown.write_all(b"\n")?;
        line(&String::from_utf8_lossy(&text));
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{program}: {status}");
    }
    Ok(())
}

/// What a command prints, or nothing if it cannot be run or fails.
pub(crate) fn read(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let succeeded = output.status.success();
    succeeded.then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn announce(command: &Command) {
    let mut line = format!("  $ {}", command.get_program().display());
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    println!("{line}");
}
