//! The built page on loopback, as a static web host would serve it.

use super::workspace;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};

/// A web server on a free loopback port; it ends when dropped.
pub struct Site {
    address: String,
    /// Serves until it is dropped.
    _serving: Runtime,
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
        let serving = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_io()
            .build()
            .expect("the system has room for a thread");
        let listener = serving
            .block_on(TcpListener::bind(("127.0.0.1", 0)))
            .expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        serving.spawn(serve(listener, content));
        Self {
            address: format!("http://127.0.0.1:{port}"),
            _serving: serving,
        }
    }

    /// Where the site is, without a trailing slash: `http://127.0.0.1:41234`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// Answers every connection for itself: a browser opens several, keeps them open and may want an
/// answer on one before it reads that on another.
async fn serve(listener: TcpListener, content: Arc<Content>) {
    while let Ok((stream, _)) = listener.accept().await {
        let content = content.clone();
        let answer = service_fn(move |request| {
            let answer = content.answer(&request);
            async { Ok::<_, Infallible>(answer) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        // A browser that has left no longer wants its answer.
        tokio::spawn(async { connection.await.ok() });
    }
}

impl Content {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let Some((bytes, media_type)) = self.read(request.uri().path()) else {
            let mut missing = Response::default();
            *missing.status_mut() = StatusCode::NOT_FOUND;
            return missing;
        };
        let mut file = Response::new(Full::from(bytes));
        let media_type = HeaderValue::from_static(media_type);
        file.headers_mut().insert(CONTENT_TYPE, media_type);
        file
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
