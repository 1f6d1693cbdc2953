//! Which functions the page runs until its first picture stands, found by opening it in a browser.

use crate::shell::find;
use crate::split;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

/// How long the browser may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Opens the pages at the sizes that matter, and sends what their functions told.
const PAGE: &str = r#"<!doctype html><script type="module">
const all = new Set();
for (const [page, width, height] of [["./", 1280, 800], ["./", 800, 580], ["./", 390, 844], ["example.html", 1280, 800]]) {
  const frame = Object.assign(document.createElement("iframe"), { src: page, width, height });
  document.body.append(frame);
  while (!frame.contentDocument?.querySelector("[data-server]")) await new Promise((next) => setTimeout(next, 20));
  await new Promise((next) => setTimeout(next, 300));
  frame.contentWindow.entered.forEach((number) => all.add(number));
  frame.remove();
}
fetch("entered", { method: "POST", body: [...all].join(" ") });
</script>"#;

/// Stands in for the page's `parts.js`: notes what is entered, and leaves the page at its first
/// picture.
const PARTS: &str = "
const entered = globalThis.entered = new Set();
export const parts = () => ({ entered: (number) => entered.add(number) });
export const join = () => new Promise(() => {});
";

/// The functions of `module`, which is `name` in the page's `folder`, that are entered until the first
/// picture stands; nothing if there is no browser to see it.
pub(crate) fn entered(folder: &Path, name: &str, module: &[u8]) -> Result<Option<BTreeSet<usize>>> {
    let Some(browser) = browser() else {
        return Ok(None);
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = format!("http://{}/profile.html", listener.local_addr()?);
    let (send, receive) = channel();
    let site = Site {
        folder: folder.to_owned(),
        name: name.to_owned(),
        module: split::instrument(module)?,
    };
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A browser that closes a connection early has what it wanted.
            let _ = site.answer(stream, &send);
        }
    });
    let _open = Open::new(&browser, &address)?;
    let numbers = receive.recv_timeout(PATIENCE);
    let numbers = numbers.context("the browser did not draw the page")?;
    let numbers = numbers.split_whitespace().map(str::parse);
    Ok(Some(numbers.collect::<Result<_, _>>()?))
}

/// Chromium or one of its kin: what `CHROME` says, or the first on the path.
fn browser() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROME") {
        return Some(PathBuf::from(path));
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    let found = names.into_iter().find_map(find);
    found.or_else(|| Some(PathBuf::from(mac)).filter(|path| path.is_file()))
}

/// A browser without a window, with a profile of its own; both end when dropped.
struct Open {
    browser: Child,
    profile: PathBuf,
}

impl Open {
    fn new(program: &Path, address: &str) -> Result<Self> {
        let profile = std::env::temp_dir().join(format!("quorumscope-{}", std::process::id()));
        let mut browser = Command::new(program);
        browser
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .arg("--window-size=1400,1000")
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(address)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let browser = browser.spawn();
        let browser = browser.with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { browser, profile })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // What cannot be ended has ended.
        let _ = self.browser.kill();
        let _ = self.browser.wait();
        // Its helpers write for a moment longer; what is left over then is the system's to clear.
        for _ in 0..20 {
            if fs::remove_dir_all(&self.profile).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The page with the instrumented module in the place of its own.
struct Site {
    folder: PathBuf,
    name: String,
    module: Vec<u8>,
}

impl Site {
    fn answer(&self, stream: TcpStream, send: &Sender<String>) -> Result<()> {
        let mut reader = BufReader::new(stream);
        let mut request = String::new();
        reader.read_line(&mut request)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let path = request.split(' ').nth(1).unwrap_or("/");
        let path = path.split('?').next().unwrap_or_default();
        if path == "/entered" {
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            send.send(String::from_utf8(body)?)?;
        }
        let stream = reader.get_mut();
        match self.file(path) {
            Ok((content, kind)) => {
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    content.len()
                )?;
                stream.write_all(&content)?;
            }
            Err(_) => stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )?,
        }
        Ok(())
    }

    fn file(&self, path: &str) -> Result<(Vec<u8>, &'static str)> {
        let name = path.trim_start_matches('/');
        let name = if name.is_empty() { "index.html" } else { name };
        if name.contains("..") {
            bail!("outside the page");
        }
        let kind = match Path::new(name).extension().and_then(|end| end.to_str()) {
            Some("html") => "text/html",
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            Some("wasm") => "application/wasm",
            _ => "text/plain",
        };
        let content = match name {
            "profile.html" => PAGE.into(),
            "parts.js" => PARTS.into(),
            _ if name == self.name => self.module.clone(),
            _ => fs::read(self.folder.join(name))?,
        };
        Ok((content, kind))
    }
}
