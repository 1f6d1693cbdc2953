//! The ChromeDriver process.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A ChromeDriver of our own, on a port of its choice. It ends when dropped, or with this program,
/// however that ends; with it go the browsers it started and their folder.
pub(super) struct Driver {
    process: Child,
    port: u16,
    keeper: Child,
    profile: TempDir,
}

/// Waits for the end of its input, which is the end of whoever holds the other end of the pipe.
const KEEPER: &str = r#"read -r _; kill -s KILL -- "-$1"; rm -rf -- "$2""#;

impl Driver {
    /// Starts the program that `CHROMEDRIVER` names, or `chromedriver` on the path.
    pub(super) fn start() -> Self {
        let profile = TempDir::new().expect("the system has a folder for temporary files");
        let program = std::env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let mut process = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A group of its own, which the browsers it starts belong to.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "cannot start {}: {error}; cargo xtask setup --browser",
                    program.display()
                )
            });
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", &process.id().to_string()])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What interrupts this program must not interrupt it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start sh: {error}"));
        let output = process.stdout.take().expect("standard output was piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.by_ref().find_map(|line| announced_port(&line));
        // Nobody reads what else it says, yet it must never wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            port: port.expect("ChromeDriver names its port before it serves"),
            keeper,
            profile,
        }
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A folder that lasts as long as the driver.
    pub(super) fn profile(&self) -> &Path {
        self.profile.path()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Both fail only when the process was waited for before.
        let _kept = self.keeper.wait();
        let _ended = self.process.wait();
    }
}

/// Reads `ChromeDriver was started successfully on port 41234.`
fn announced_port(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}
