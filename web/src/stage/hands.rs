//! Hands on the stage: pointing, clicking, menus, keys, and the lasso that partitions.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use quorumscope_core::ids::ServerId;
use quorumscope_core::view::View;
use web_sys::{Element, PointerEvent};
use yew::prelude::*;

use super::geometry::{Layout, Point};
use super::link;
use super::marks::Stops;
use super::pointed::Pointed;
use crate::intent::{Intent, Target};

/// How far a pressed pointer moves before it draws instead of clicking.
const SLACK: f64 = 6.0;
/// How long a finger rests on a thing to open its menu, in milliseconds.
const LONG_PRESS: u32 = 500;

/// What lasts from the pressing of a pointer to its release, and one click beyond.
#[derive(Default)]
pub(crate) struct Press {
    /// Where it was pressed, in the picture, if a lasso may begin there.
    begun: Option<Point>,
    /// Whether the click that follows the release is not meant as one.
    moved: bool,
    /// The menu that opens if the finger stays.
    long: Option<Timeout>,
}

/// The hands on one picture.
#[derive(Clone)]
pub(crate) struct Hands {
    /// The cluster under them.
    pub(crate) view: Rc<View>,
    /// Where it is drawn.
    pub(crate) layout: Rc<Layout>,
    /// The picture.
    pub(crate) picture: NodeRef,
    /// Whom to tell.
    pub(crate) on: Callback<Intent>,
    /// What the pointer or the focus is on.
    pub(crate) hover: UseStateHandle<Option<Target>>,
    /// Where the tab key stops.
    pub(crate) stops: UseStateHandle<Stops>,
    /// The outline that is being drawn.
    pub(crate) lasso: UseStateHandle<Vec<Point>>,
    /// The press that lasts.
    pub(crate) press: Rc<RefCell<Press>>,
}

impl Hands {
    /// A callback that takes these hands along.
    pub(crate) fn when<E: 'static>(&self, act: fn(&Self, &E)) -> Callback<E> {
        let hands = self.clone();
        Callback::from(move |event| act(&hands, &event))
    }

    /// A click or Enter: a link is cut or healed, everything else is selected.
    pub(crate) fn clicked(&self, event: &MouseEvent) {
        if std::mem::take(&mut self.press.borrow_mut().moved) {
            return;
        }
        if let Some(pointed) = Pointed::by(event) {
            self.act_on(pointed.target);
        }
    }

    fn act_on(&self, target: Target) {
        let intent = match target {
            Target::Link(a, b) => match link::find(&self.view, a, b) {
                Some(link) => Intent::Run(link::cut_or_heal(link)),
                None => return,
            },
            other => Intent::Select(other),
        };
        self.on.emit(intent);
    }

    /// The menu of what the pointer is on; the browser's own over empty stage.
    pub(crate) fn menu(&self, event: &MouseEvent) {
        let Some(pointed) = Pointed::by(event) else {
            return;
        };
        event.prevent_default();
        if self.press.borrow().moved {
            // The long press has already opened it.
            return;
        }
        self.on.emit(Intent::Menu {
            target: pointed.target,
            x: f64::from(event.client_x()),
            y: f64::from(event.client_y()),
        });
    }

    /// Enter acts, the menu key opens the menu, up and down go to the neighbour in the group.
    pub(crate) fn key(&self, event: &KeyboardEvent) {
        let Some(pointed) = Pointed::by(event) else {
            return;
        };
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "Enter" => self.act_on(pointed.target),
            "ContextMenu" => self.menu_at(pointed),
            "F10" if event.shift_key() => self.menu_at(pointed),
            "ArrowDown" => self.go(&pointed, 1),
            "ArrowUp" => self.go(&pointed, -1),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    fn menu_at(&self, pointed: Pointed) {
        let (x, y) = pointed.middle();
        let target = pointed.target;
        self.on.emit(Intent::Menu { target, x, y });
    }

    fn go(&self, pointed: &Pointed, by: i32) {
        if let Some(picture) = self.picture.cast::<Element>() {
            pointed.focus_neighbour(&picture, by);
        }
    }

    /// The focus came to a thing: the tab key returns here, and it is lit as under a pointer.
    pub(crate) fn focused(&self, event: &FocusEvent) {
        let pointed = Pointed::by(event).map(|pointed| pointed.target);
        if let Some(target) = &pointed {
            self.stops.set(self.stops.moved_to(target));
        }
        self.hover_over(pointed);
    }

    /// The focus left.
    pub(crate) fn blurred(&self, _: &FocusEvent) {
        self.hover_over(None);
    }

    /// The pointer came to something else.
    pub(crate) fn over(&self, event: &PointerEvent) {
        let pointed = Pointed::by(event).map(|pointed| pointed.target);
        self.hover_over(pointed);
    }

    /// The pointer left the stage.
    pub(crate) fn left(&self, _: &PointerEvent) {
        self.hover_over(None);
    }

    fn hover_over(&self, target: Option<Target>) {
        if *self.hover != target {
            self.hover.set(target.clone());
            self.on.emit(Intent::Hover(target));
        }
    }

    /// A press begins a lasso, unless it is on something that is not a link; a finger that rests
    /// opens the menu.
    pub(crate) fn pressed(&self, event: &PointerEvent) {
        let mut press = self.press.borrow_mut();
        *press = Press::default();
        if event.button() != 0 || !event.is_primary() {
            return;
        }
        let pointed = Pointed::by(event);
        match &pointed {
            None
            | Some(Pointed {
                target: Target::Link(..),
                ..
            }) => press.begun = self.in_picture(event),
            Some(_) => {}
        }
        if let Some(pointed) = pointed.filter(|_| event.pointer_type() == "touch") {
            let (on, state) = (self.on.clone(), Rc::clone(&self.press));
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            press.long = Some(Timeout::new(LONG_PRESS, move || {
                let mut press = state.borrow_mut();
                press.moved = true;
                press.begun = None;
                drop(press);
                let target = pointed.target;
                on.emit(Intent::Menu { target, x, y });
            }));
        }
    }

    /// A pressed pointer draws the lasso once it has moved far enough.
    pub(crate) fn moved(&self, event: &PointerEvent) {
        let mut press = self.press.borrow_mut();
        let (Some(begun), Some(here)) = (press.begun, self.in_picture(event)) else {
            return;
        };
        if !press.moved {
            if (here - begun).length() < SLACK {
                return;
            }
            press.moved = true;
            press.long = None;
            if let Some(picture) = self.picture.cast::<Element>() {
                // Without capture the lasso ends where the pointer leaves the stage: still usable.
                let _ = picture.set_pointer_capture(event.pointer_id());
            }
        }
        let mut outline = (*self.lasso).clone();
        if outline.is_empty() {
            outline.push(begun);
        }
        outline.push(here);
        self.lasso.set(outline);
    }

    /// The release closes the lasso and parts those inside from those outside.
    pub(crate) fn released(&self, _: &PointerEvent) {
        self.let_go();
        if self.lasso.is_empty() {
            return;
        }
        let caught = self.layout.caught(&self.lasso);
        self.lasso.set(Vec::new());
        if let Some(line) = partition(&caught, self.view.servers.len()) {
            self.on.emit(Intent::Run(line));
        }
    }

    /// The browser took the pointer for something else.
    pub(crate) fn cancelled(&self, _: &PointerEvent) {
        self.let_go();
        if !self.lasso.is_empty() {
            self.lasso.set(Vec::new());
        }
    }

    fn let_go(&self) {
        let mut press = self.press.borrow_mut();
        press.begun = None;
        press.long = None;
    }

    /// Where a pointer is in the picture, however the page is zoomed.
    fn in_picture(&self, event: &PointerEvent) -> Option<Point> {
        let place = self.picture.cast::<Element>()?.get_bounding_client_rect();
        if place.width() <= 0.0 || place.height() <= 0.0 {
            return None;
        }
        let size = self.layout.size;
        Some(Point::new(
            (f64::from(event.client_x()) - place.left()) / place.width() * size.width,
            (f64::from(event.client_y()) - place.top()) / place.height() * size.height,
        ))
    }
}

/// The command that parts `caught` from the other servers; none when there is nothing to part.
fn partition(caught: &[ServerId], servers: usize) -> Option<String> {
    if caught.is_empty() || caught.len() >= servers {
        return None;
    }
    let everyone = (0..servers).map(ServerId::from_position);
    let (inside, outside): (Vec<_>, Vec<_>) = everyone.partition(|server| caught.contains(server));
    let names = |side: &[ServerId]| {
        let names: Vec<_> = side.iter().map(ToString::to_string).collect();
        names.join(" ")
    };
    Some(format!(
        "partition {} | {}",
        names(&inside),
        names(&outside)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasso_parts_those_inside_from_those_outside() {
        let [s1, s2] = [1, 2].map(ServerId::new);
        let line = partition(&[s1, s2], 5);
        assert_eq!(line.as_deref(), Some("partition S1 S2 | S3 S4 S5"));
    }

    #[test]
    fn a_lasso_round_nobody_or_everybody_parts_nothing() {
        let all: Vec<_> = (0..3).map(ServerId::from_position).collect();
        assert_eq!(partition(&[], 3), None);
        assert_eq!(partition(&all, 3), None);
    }
}
