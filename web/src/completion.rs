//! Between the console's field, which counts as a browser does, and the language's completion.

use quorumscope_core::ids::ServerId;
use quorumscope_core::script::{Completion, Names, Protocol};
use quorumscope_core::view::View;

/// A line and where the cursor stands in it, in the browser's units.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The line.
    pub text: String,
    /// The cursor, in UTF-16 units.
    pub cursor: usize,
}

/// The byte that a place in UTF-16 units stands for.
pub fn byte_of(text: &str, units: usize) -> usize {
    let mut passed = 0;
    for (byte, character) in text.char_indices() {
        if passed >= units {
            return byte;
        }
        passed += character.len_utf16();
    }
    text.len()
}

/// `text` with the completion in place of what it completes, and the cursor behind it; a space
/// makes room for the next word.
pub fn take(text: &str, cursor: usize, completion: &Completion) -> Place {
    let after = text[cursor..].trim_start();
    let before = format!("{}{} ", &text[..completion.start], completion.text);
    let cursor = before.encode_utf16().count();
    Place {
        text: format!("{before}{after}"),
        cursor,
    }
}

/// The names that mean something in a cluster.
pub fn names(view: &View) -> Names {
    Names {
        servers: view
            .servers
            .last()
            .map(|server| ServerId::number(server.id)),
        protocol: Protocol::of_name(view.protocol),
        clients: view.clients.iter().map(|client| client.id).collect(),
        messages: view.messages.iter().map(|message| message.id).collect(),
        paths: view.znodes.iter().map(|znode| znode.path.clone()).collect(),
        ..Names::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_cursor_counts_utf16_units() {
        let text = "é𝄞x";
        assert_eq!(byte_of(text, 0), 0);
        assert_eq!(byte_of(text, 1), 2);
        assert_eq!(byte_of(text, 3), 6);
        assert_eq!(byte_of(text, 9), text.len());
    }

    #[test]
    fn a_completion_takes_the_place_of_the_word_at_the_cursor() {
        let completion = Completion {
            start: 6,
            text: "S2".into(),
            hint: String::new(),
        };
        let taken = take("crash S keep 1", 7, &completion);
        assert_eq!(
            taken,
            Place {
                text: "crash S2 keep 1".into(),
                cursor: 9
            }
        );
    }
}
