//! The page on loopback, rebuilt when a file changes.

use crate::shell::{command, root};
use crate::tools;
use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// The port that is tried first.
const PORT: u16 = 8080;

/// Installs what is missing, builds the page, serves it until the user ends it.
pub(crate) fn serve(port: Option<u16>) -> Result<()> {
    tools::install()?;
    let port = choose_port(port)?;
    println!(
        "Building the page (a minute or two the first time); it will be at {}",
        address(port)
    );
    thread::spawn(move || announce_when_ready(port));
    let mut trunk = command("trunk", &["serve", "--release", "--port"]);
    trunk.arg(port.to_string());
    let status = trunk.status().context("cannot start trunk")?;
    if !status.success() {
        bail!("trunk in {}: {status}", root().display());
    }
    Ok(())
}

/// The port asked for, or the usual one, or, when that is taken, any that is free.
fn choose_port(asked: Option<u16>) -> Result<u16> {
    let wanted = asked.unwrap_or(PORT);
    match TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)) {
        Ok(listener) => Ok(listener.local_addr()?.port()),
        Err(error) if asked.is_some() => {
            Err(error).with_context(|| format!("port {wanted} cannot be used"))
        }
        Err(_) => {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            Ok(listener.local_addr()?.port())
        }
    }
}

/// Trunk opens its port once the first build is done.
fn announce_when_ready(port: u16) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        thread::sleep(Duration::from_millis(200));
    }
    println!("\nQuorumScope is at {}  (Ctrl-C ends it)\n", address(port));
}

fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}/")
}
