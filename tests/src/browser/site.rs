//! The built page on loopback, as a static web host would serve it.

use super::workspace;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use tiny_http::{Header, Request, Response, Server};

/// A web server on a free loopback port; it ends when dropped.
pub struct Site {
    server: Arc<Server>,
    serving: Option<JoinHandle<()>>,
    address: String,
}

/// What is served: the files of a folder, and pages that a test adds.
struct Content {
    folder: PathBuf,
    /// The path the folder appears under: empty, or `/some/path`.
    prefix: String,
    /// By their path, with a leading slash.
    pages: BTreeMap<String, String>,
}

impl Site {
    /// `dist/` at the root of the host.
    pub fn dist() -> Self {
        Self::dist_below("", &[])
    }

    /// `dist/` in a folder of the host, such as `/course/raft`, beside further pages, each a path
    /// from the root of the host and its HTML.
    pub fn dist_below(prefix: &str, pages: &[(&str, &str)]) -> Self {
        let folder = workspace().join("dist");
        assert!(
            folder.join("index.html").exists(),
            "there is no page in dist/: cargo xtask build"
        );
        let pages = pages.iter();
        let content = Arc::new(Content {
            folder,
            prefix: prefix.to_owned(),
            pages: pages
                .map(|(path, html)| ((*path).to_owned(), (*html).to_owned()))
                .collect(),
        });
        let server = Server::http("127.0.0.1:0").expect("loopback has a free port");
        let server = Arc::new(server);
        let listener = server.clone();
        Self {
            address: format!("http://{}", server.server_addr()),
            serving: Some(std::thread::spawn(move || {
                for request in listener.incoming_requests() {
                    // A browser may leave one answer unread until it has had another.
                    let content = content.clone();
                    std::thread::spawn(move || content.answer(request));
                }
            })),
            server,
        }
    }

    /// Where the site is, without a trailing slash: `http://127.0.0.1:41234`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(serving) = self.serving.take() {
            let _ended = serving.join();
        }
    }
}

impl Content {
    fn answer(&self, request: Request) {
        let url = request.url();
        let path = url.split(['?', '#']).next().unwrap_or(url).to_owned();
        // A browser that has left no longer wants its answer.
        let _left = match self.read(&path) {
            Some((bytes, media_type)) => request.respond(file(bytes, media_type)),
            None => request.respond(Response::empty(404)),
        };
    }

    fn read(&self, path: &str) -> Option<(Vec<u8>, &'static str)> {
        if let Some(html) = self.pages.get(path) {
            return Some((html.clone().into_bytes(), media_type("html")));
        }
        let below = path.strip_prefix(&self.prefix)?.strip_prefix('/')?;
        if below.split('/').any(|part| part == "..") {
            return None;
        }
        let mut file = self.folder.join(below);
        if file.is_dir() {
            file.push("index.html");
        }
        let extension = file.extension()?.to_str()?;
        let media_type = media_type(extension);
        Some((std::fs::read(&file).ok()?, media_type))
    }
}

fn file(bytes: Vec<u8>, media_type: &str) -> Response<Cursor<Vec<u8>>> {
    let header = Header::from_bytes("Content-Type", media_type).expect("media types are ASCII");
    Response::from_data(bytes).with_header(header)
}

fn media_type(extension: &str) -> &'static str {
    match extension {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "scope" | "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
