//! The ChromeDriver process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A ChromeDriver of our own, on a port of its choice; it ends when dropped.
pub(super) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts the program that `CHROMEDRIVER` names, or `chromedriver` on the path.
    pub(super) fn start() -> Self {
        let program = std::env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let mut process = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "cannot start {}: {error}; cargo xtask setup --browser",
                    program.display()
                )
            });
        let output = process.stdout.take().expect("standard output was piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.by_ref().find_map(|line| announced_port(&line));
        // Nobody reads what else it says, yet it must never wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            port: port.expect("ChromeDriver names its port before it serves"),
        }
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Both fail only when the process has already ended.
        let _killed = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// Reads `ChromeDriver was started successfully on port 41234.`
fn announced_port(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}
