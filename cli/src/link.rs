//! Scripts as links, and back.

use quorumscope_core::script::link::{decode, encode};

use crate::args::{Link, Unlink};
use crate::source::Source;
use crate::{Verdict, print_line};

/// What stands before the script in the fragment of a link.
const FRAGMENT: &str = "run=";

/// The link that opens `page` with a script.
pub(crate) fn url(page: &str, text: &str) -> String {
    format!("{page}#{FRAGMENT}{}", encode(text))
}

pub(crate) fn link(task: &Link) -> Verdict {
    let opened = Source::read(&task.file).and_then(|source| {
        if task.page.contains('#') {
            return Err(format!("{}: the address of a page holds no #", task.page));
        }
        source.open().map(|_| source)
    });
    match opened {
        Ok(source) => {
            print_line(&url(&task.page, &source.text));
            Verdict::Held
        }
        Err(error) => {
            eprintln!("{error}");
            Verdict::Unusable
        }
    }
}

pub(crate) fn unlink(task: &Unlink) -> Verdict {
    match script_of(&task.url) {
        Ok(text) => {
            print_line(text.trim_end());
            Verdict::Held
        }
        Err(error) => {
            eprintln!("{error}");
            Verdict::Unusable
        }
    }
}

/// The script that a link, or the part of it after `#run=`, holds.
fn script_of(url: &str) -> Result<String, String> {
    let code = match url.split_once('#') {
        Some((_, fragment)) => fragment
            .split('&')
            .find_map(|part| part.strip_prefix(FRAGMENT))
            .ok_or("this link holds no script: there is no #run= in it")?,
        None if url.contains([':', '/', '.']) => {
            return Err("this link holds no script: there is no #run= in it".into());
        }
        None => url.strip_prefix(FRAGMENT).unwrap_or(url),
    };
    if code.is_empty() {
        return Err("this link holds no script: nothing follows #run=".into());
    }
    decode(code).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "quorumscope 1\n\nuntil leader\n";

    #[test]
    fn a_script_comes_back_from_its_link_whole_or_bare() {
        let whole = url("https://example.org/scope/index.html?servers=3", SCRIPT);
        assert_eq!(script_of(&whole).as_deref(), Ok(SCRIPT));
        let bare = encode(SCRIPT);
        assert_eq!(script_of(&bare).as_deref(), Ok(SCRIPT));
        let among = format!("x.html#theme=dark&run={bare}");
        assert_eq!(script_of(&among).as_deref(), Ok(SCRIPT));
    }

    #[test]
    fn a_link_without_a_script_says_so() {
        for url in [
            "index.html",
            "index.html#",
            "https://example.org/#theme=dark",
        ] {
            let error = script_of(url).unwrap_err();
            assert!(error.contains("no #run="), "{url}: {error}");
        }
        assert!(script_of("#run=").unwrap_err().contains("nothing follows"));
        assert!(script_of("#run=____").unwrap_err().contains("damaged"));
    }
}
