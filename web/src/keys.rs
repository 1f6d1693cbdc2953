//! The keyboard: which key does what, and where a key is not ours to take.
//!
//! The letters are those of older Raft pages, so that lecture notes carry over; `.` and `PageDown`
//! are what presenter remotes send.

use crate::action::{Action, Favourite};

/// A key that was pressed, and where the focus was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Press<'a> {
    /// Its name, as the browser gives it.
    pub key: &'a str,
    /// Whether Shift was held.
    pub shift: bool,
    /// What had the focus.
    pub focus: Focus,
}

/// What has the focus when a key is pressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Focus {
    /// Something that is typed into: every key is its own.
    Text,
    /// A button, a tab, a list: Space, Enter and the arrows are its own.
    Control,
    /// Anything else.
    Page,
}

/// A row of the help: keys, what they do.
pub const HELP: [(&str, &str); 15] = [
    ("Space or .", "play, pause"),
    ("← →", "back and forward by an event"),
    (
        "Shift ← →",
        "back and forward to the next turn of the story",
    ),
    ("PageUp PageDown", "previous and next step of a lesson"),
    ("L", "back to live"),
    ("F", "branch here"),
    ("C", "a client's write"),
    ("R", "crash and restart the leader"),
    ("T", "spread the election timers (Raft)"),
    ("A", "align the election timers: a split vote (Raft)"),
    ("B", "bring all servers back"),
    ("/", "console"),
    ("Enter", "inspect what has the focus; cut or heal a link"),
    ("Shift F10", "the menu of what has the focus"),
    ("Esc", "close what is open"),
];

/// What a press means, if anything.
pub fn action(press: Press<'_>) -> Option<Action> {
    if press.focus == Focus::Text {
        return (press.key == "Escape").then_some(Action::Close);
    }
    let own = press.focus == Focus::Control;
    Some(match press.key {
        " " | "ArrowLeft" | "ArrowRight" if own => return None,
        " " | "." => Action::Toggle,
        "ArrowLeft" if press.shift => Action::PreviousTurn,
        "ArrowLeft" => Action::StepBack,
        "ArrowRight" if press.shift => Action::NextTurn,
        "ArrowRight" => Action::Step,
        "PageDown" => Action::NextNote,
        "PageUp" => Action::PreviousNote,
        "?" => Action::Help,
        "/" => Action::Console,
        "Escape" => Action::Close,
        key => return letter(key),
    })
}

fn letter(key: &str) -> Option<Action> {
    Some(match key {
        "c" | "C" => Action::Do(Favourite::Write),
        "r" | "R" => Action::Do(Favourite::RestartLeader),
        "t" | "T" => Action::Do(Favourite::SpreadTimers),
        "a" | "A" => Action::Do(Favourite::AlignTimers),
        "b" | "B" => Action::Do(Favourite::BringBack),
        "f" | "F" => Action::Branch,
        "l" | "L" => Action::Live,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str, focus: Focus) -> Option<Action> {
        action(Press {
            key,
            shift: false,
            focus,
        })
    }

    #[test]
    fn a_field_keeps_every_key_but_escape() {
        for key in [" ", ".", "c", "ArrowLeft", "/", "?"] {
            assert_eq!(press(key, Focus::Text), None, "{key}");
        }
        assert_eq!(press("Escape", Focus::Text), Some(Action::Close));
    }

    #[test]
    fn a_button_keeps_space_and_arrows_but_not_the_remotes_key() {
        assert_eq!(press(" ", Focus::Control), None);
        assert_eq!(press("ArrowRight", Focus::Control), None);
        assert_eq!(press(".", Focus::Control), Some(Action::Toggle));
    }

    #[test]
    fn shift_makes_an_arrow_go_to_the_next_turn() {
        let right = Press {
            key: "ArrowRight",
            shift: true,
            focus: Focus::Page,
        };
        assert_eq!(action(right), Some(Action::NextTurn));
    }
}
