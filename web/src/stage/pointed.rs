//! What a hand, a key or a pointer is on, read off the stable attributes of the page.
//!
//! The stage listens once, at its root, instead of once a thing: hundreds of things come and go
//! each second, and what was hit is written on it.

use quorumscope_core::ids::{ClientId, Endpoint, MessageId, ServerId};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, SvgElement};
use yew::prelude::*;

use crate::intent::Target;

/// The attributes that name things.
const NAMED: [&str; 5] = [
    "data-message",
    "data-server",
    "data-client",
    "data-link",
    "data-entry",
];

/// A thing on the page and the element that stands for it.
pub(crate) struct Pointed {
    /// What it is.
    pub(crate) target: Target,
    /// Where it is drawn.
    pub(crate) element: Element,
    /// The attribute that names it: all things of its group carry it.
    pub(crate) attribute: &'static str,
}

impl Pointed {
    /// What an event happened to, if it is anything.
    pub(crate) fn by(event: &Event) -> Option<Self> {
        let mut element = event.target()?.dyn_into::<Element>().ok();
        while let Some(here) = element {
            for attribute in NAMED {
                if let Some(name) = here.get_attribute(attribute) {
                    return Some(Self {
                        target: target(attribute, &name)?,
                        element: here,
                        attribute,
                    });
                }
            }
            element = here.parent_element();
        }
        None
    }

    /// The middle of it, in the window.
    pub(crate) fn middle(&self) -> (f64, f64) {
        let place = self.element.get_bounding_client_rect();
        (
            place.left() + place.width() / 2.0,
            place.top() + place.height() / 2.0,
        )
    }

    /// Gives the focus to the thing of its group that comes `by` places later.
    pub(crate) fn focus_neighbour(&self, root: &Element, by: i32) {
        let Ok(group) = root.query_selector_all(&format!("[{}]", self.attribute)) else {
            return;
        };
        let length = group.length() as i32;
        let here = (0..length)
            .find(|place| group.get(*place as u32).as_ref() == Some(self.element.as_ref()));
        let next = here.map(|here| (here + by).rem_euclid(length.max(1)));
        if let Some(node) = next.and_then(|next| group.get(next as u32)) {
            focus(&node);
        }
    }
}

/// Gives an element the focus, be it of HTML or SVG.
pub(crate) fn focus(node: &web_sys::Node) {
    // An element that cannot be focused keeps the focus where it was: nothing to mend.
    if let Some(element) = node.dyn_ref::<SvgElement>() {
        let _ = element.focus();
    } else if let Some(element) = node.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// The thing that `attribute` names.
fn target(attribute: &str, name: &str) -> Option<Target> {
    match attribute {
        "data-message" => number(name, "m").map(|id| Target::Message(MessageId::new(id))),
        "data-server" => server(name).map(Target::Server),
        "data-client" => client(name).map(Target::Client),
        "data-link" => {
            let (a, b) = name.split_once('-')?;
            Some(Target::Link(endpoint(a)?, endpoint(b)?))
        }
        "data-entry" => {
            let (on, index) = name.split_once(':')?;
            Some(Target::Entry {
                server: server(on)?,
                index: index.parse().ok()?,
            })
        }
        _ => None,
    }
}

fn endpoint(name: &str) -> Option<Endpoint> {
    server(name)
        .map(Endpoint::from)
        .or_else(|| client(name).map(Endpoint::from))
}

fn server(name: &str) -> Option<ServerId> {
    let number = number(name, "S")?;
    u16::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .map(ServerId::new)
}

fn client(name: &str) -> Option<ClientId> {
    let mut letters = name.chars();
    let letter = letters.next().filter(|_| letters.next().is_none())?;
    ClientId::from_letter(letter)
}

fn number(name: &str, prefix: &str) -> Option<u64> {
    name.strip_prefix(prefix)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_names_its_thing() {
        let (s1, s2) = (ServerId::new(1), ServerId::new(2));
        let a = ClientId::from_letter('A').unwrap();
        for (attribute, name, expected) in [
            ("data-server", "S2", Target::Server(s2)),
            ("data-client", "A", Target::Client(a)),
            ("data-link", "S1-S2", Target::Link(s1.into(), s2.into())),
            ("data-link", "A-S2", Target::Link(a.into(), s2.into())),
            ("data-message", "m42", Target::Message(MessageId::new(42))),
            (
                "data-entry",
                "S1:7",
                Target::Entry {
                    server: s1,
                    index: 7,
                },
            ),
        ] {
            assert_eq!(target(attribute, name), Some(expected));
        }
    }

    #[test]
    fn a_name_that_is_none_points_at_nothing() {
        for (attribute, name) in [
            ("data-server", "S0"),
            ("data-server", "7"),
            ("data-client", "AB"),
            ("data-link", "S1"),
            ("data-message", "m"),
            ("data-entry", "S1:"),
            ("data-term", "3"),
        ] {
            assert_eq!(target(attribute, name), None, "{attribute}={name}");
        }
    }
}
