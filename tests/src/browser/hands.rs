//! What a person does to a page, and what they look for in it.

use super::Browser;
use super::session::wait_for;
use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MOUSE_BUTTON_RIGHT, MouseActions,
    PointerAction, TouchActions,
};
use fantoccini::key::Key;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a finger stays for a long press.
const LONG_PRESS: Duration = Duration::from_millis(800);

/// How many places a drag passes through: enough for every handler of moves to be called.
const DRAG_STEPS: u32 = 8;

/// Finds the element of a selector, through shadow roots at each `>>>`.
const FIND: &str = "
    const find = selector => selector.split('>>>').reduce(
        (within, part) => (within?.shadowRoot ?? within)?.querySelector(part.trim()), document);
    const element = find(arguments[0]);
    if (!element) return null;
";

/// Where a pointer meets an element, or what lies over it there.
const POINT: &str = "
    element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
    const box = element.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const hit = element.getRootNode().elementFromPoint(x, y);
    if (hit && element.contains(hit)) return { x, y };
    return { over: hit ? hit.cloneNode(false).outerHTML : 'nothing: it is outside the viewport' };
";

impl Browser {
    /// Waits until there is such an element.
    #[track_caller]
    pub fn see(&self, selector: &str) {
        self.on_element(selector, "return true;");
    }

    /// The text of an element, as the page holds it.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let text = self.on_element(selector, "return element.textContent;");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// An attribute of an element.
    #[track_caller]
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let script = format!("return [element.getAttribute({})];", json!(name));
        self.on_element(selector, &script)[0]
            .as_str()
            .map(str::to_owned)
    }

    /// Clicks the middle of an element.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.click_with(selector, MOUSE_BUTTON_LEFT, 1);
    }

    /// Clicks the middle of an element twice.
    #[track_caller]
    pub fn double_click(&self, selector: &str) {
        self.click_with(selector, MOUSE_BUTTON_LEFT, 2);
    }

    /// Opens the context menu in the middle of an element.
    #[track_caller]
    pub fn context_click(&self, selector: &str) {
        self.click_with(selector, MOUSE_BUTTON_RIGHT, 1);
    }

    /// Moves the mouse over the middle of an element.
    #[track_caller]
    pub fn hover(&self, selector: &str) {
        let (x, y) = self.point(selector);
        self.perform(mouse().then(move_to(x, y)));
    }

    /// Drags with the mouse from the middle of one element to the middle of another.
    #[track_caller]
    pub fn drag(&self, from: &str, to: &str) {
        let (from, to) = (self.point(from), self.point(to));
        self.drag_along(&[from, to]);
    }

    /// Drags with the mouse along places in the viewport, in CSS pixels.
    #[track_caller]
    pub fn drag_along(&self, places: &[(f64, f64)]) {
        let (first, _) = places.split_first().expect("a drag begins somewhere");
        let mut actions = mouse()
            .then(move_to(first.0, first.1))
            .then(down(MOUSE_BUTTON_LEFT));
        for pair in places.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            for step in 1..=DRAG_STEPS {
                let part = f64::from(step) / f64::from(DRAG_STEPS);
                actions = actions.then(move_to(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part));
            }
        }
        self.perform(actions.then(up(MOUSE_BUTTON_LEFT)));
    }

    /// Touches the middle of an element with a finger.
    #[track_caller]
    pub fn tap(&self, selector: &str) {
        self.touch(selector, Duration::ZERO);
    }

    /// Holds a finger on the middle of an element.
    #[track_caller]
    pub fn long_press(&self, selector: &str) {
        self.touch(selector, LONG_PRESS);
    }

    /// Presses a key by the name that keyboard events give it, with its modifiers: `a`, `?`,
    /// `Space`, `Shift+ArrowLeft`.
    #[track_caller]
    pub fn press(&self, chord: &str) {
        let keys: Vec<_> = match chord {
            "+" => vec!['+'],
            chord => chord.split('+').map(key).collect(),
        };
        let mut actions = keyboard();
        for &value in &keys {
            actions = actions.then(KeyAction::Down { value });
        }
        for &value in keys.iter().rev() {
            actions = actions.then(KeyAction::Up { value });
        }
        self.perform(actions);
    }

    /// Types a text into what has the focus.
    #[track_caller]
    pub fn write(&self, text: &str) {
        let keys = text.chars().fold(keyboard(), |actions, value| {
            actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value })
        });
        self.perform(keys);
    }

    /// Clicks a field and types over what it held.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        self.click(selector);
        self.on_element(selector, "element.select(); return true;");
        self.write(text);
    }

    /// What the page put on the clipboard.
    #[track_caller]
    pub fn clipboard(&self) -> String {
        let text = self.eval("await navigator.clipboard.readText()");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The middle of an element, once it is there and nothing lies over it.
    #[track_caller]
    fn point(&self, selector: &str) -> (f64, f64) {
        wait_for(selector, || {
            let found = self.execute(&format!("{FIND} {POINT}"), &[json!(selector)]);
            match (found["x"].as_f64(), found["y"].as_f64()) {
                (Some(x), Some(y)) => Ok((x, y)),
                _ if found.is_null() => Err("not there".to_owned()),
                _ => Err(format!("covered by {}", found["over"])),
            }
        })
    }

    /// Runs statements with `element`, once it is there; they return something other than null.
    #[track_caller]
    fn on_element(&self, selector: &str, statements: &str) -> Value {
        wait_for(selector, || {
            let found = self.execute(&format!("{FIND} {statements}"), &[json!(selector)]);
            if found.is_null() {
                Err("not there".to_owned())
            } else {
                Ok(found)
            }
        })
    }

    #[track_caller]
    fn click_with(&self, selector: &str, button: u64, times: u32) {
        let (x, y) = self.point(selector);
        let mut actions = mouse().then(move_to(x, y));
        for _ in 0..times {
            actions = actions.then(down(button)).then(up(button));
        }
        self.perform(actions);
    }

    #[track_caller]
    fn touch(&self, selector: &str, duration: Duration) {
        let (x, y) = self.point(selector);
        let finger = TouchActions::new("finger".to_owned());
        let touching = finger.then(move_to(x, y)).then(down(MOUSE_BUTTON_LEFT));
        let held = touching.then(PointerAction::Pause { duration });
        self.perform(held.then(up(MOUSE_BUTTON_LEFT)));
    }

    #[track_caller]
    fn perform(&self, actions: impl Into<fantoccini::actions::Actions>) {
        self.ask("input", self.client().perform_actions(actions));
    }
}

fn mouse() -> MouseActions {
    MouseActions::new("mouse".to_owned())
}

fn keyboard() -> KeyActions {
    KeyActions::new("keyboard".to_owned())
}

fn move_to(x: f64, y: f64) -> PointerAction {
    PointerAction::MoveTo {
        duration: None,
        x,
        y,
    }
}

fn down(button: u64) -> PointerAction {
    PointerAction::Down { button }
}

fn up(button: u64) -> PointerAction {
    PointerAction::Up { button }
}

/// The character that stands for a key in WebDriver.
#[track_caller]
fn key(name: &str) -> char {
    let key = match name {
        "Alt" => Key::Alt,
        "ArrowDown" => Key::Down,
        "ArrowLeft" => Key::Left,
        "ArrowRight" => Key::Right,
        "ArrowUp" => Key::Up,
        "Backspace" => Key::Backspace,
        "Control" => Key::Control,
        "Delete" => Key::Delete,
        "End" => Key::End,
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "F10" => Key::F10,
        "Home" => Key::Home,
        "PageDown" => Key::PageDown,
        "PageUp" => Key::PageUp,
        "Shift" => Key::Shift,
        "Space" => return ' ',
        "Tab" => Key::Tab,
        name => {
            let mut characters = name.chars();
            return match (characters.next(), characters.next()) {
                (Some(only), None) => only,
                _ => panic!("there is no key `{name}`"),
            };
        }
    };
    key.into()
}
