//! Hands on the log grid: pointing, clicking, menus, keys from entry to entry, and scrolling.

use std::cell::RefCell;
use std::rc::Rc;

use quorumscope_core::ids::ServerId;
use web_sys::{HtmlInputElement, PointerEvent};
use yew::prelude::*;

use super::log_grid::LogGridProps;
use super::log_window::LogWindow;
use super::pointed::Pointed;
use crate::intent::{Intent, Target};

/// What lasts while hands are on the grid.
#[derive(Default)]
pub(crate) struct Grip {
    /// Where a drag began: the pointer and the window's first index.
    drag: Option<(f64, u64)>,
    /// Whether the click that follows a drag is not meant as one.
    dragged: bool,
    /// What of a turned wheel is not yet a column.
    wheel: f64,
    /// The entry that is to get the focus once it is drawn.
    pub(crate) wanted: Option<(ServerId, u64)>,
}

/// The hands on the grid.
#[derive(Clone)]
pub(crate) struct GridHands {
    /// The grid under them.
    pub(crate) props: LogGridProps,
    /// How wide it is.
    pub(crate) width: f64,
    /// The entry that has the focus, or had it last.
    pub(crate) cursor: UseStateHandle<Option<(ServerId, u64)>>,
    /// What the pointer is on.
    pub(crate) hover: UseStateHandle<Option<Target>>,
    /// What lasts.
    pub(crate) grip: Rc<RefCell<Grip>>,
}

impl GridHands {
    pub(crate) fn when<E: 'static>(&self, act: fn(&Self, &E)) -> Callback<E> {
        let hands = self.clone();
        Callback::from(move |event| act(&hands, &event))
    }

    pub(crate) fn clicked(&self, event: &MouseEvent) {
        if std::mem::take(&mut self.grip.borrow_mut().dragged) {
            return;
        }
        if let Some(pointed) = Pointed::by(event) {
            self.props.on.emit(Intent::Select(pointed.target));
        }
    }

    pub(crate) fn menu(&self, event: &MouseEvent) {
        if let Some(pointed) = Pointed::by(event) {
            event.prevent_default();
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            let target = pointed.target;
            self.props.on.emit(Intent::Menu { target, x, y });
        }
    }

    /// Arrows go from entry to entry, Home and End to the ends of the log.
    pub(crate) fn key(&self, event: &KeyboardEvent) {
        let Some(pointed) = Pointed::by(event) else {
            return;
        };
        let Target::Entry { server, index } = pointed.target else {
            return;
        };
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match (event.key().as_str(), event.shift_key()) {
            ("Enter", _) => self.props.on.emit(Intent::Select(pointed.target)),
            ("ContextMenu", _) | ("F10", true) => {
                let (x, y) = pointed.middle();
                let target = pointed.target;
                self.props.on.emit(Intent::Menu { target, x, y });
            }
            ("ArrowLeft", false) => self.go(server, index.saturating_sub(1)),
            ("ArrowRight", false) => self.go(server, index + 1),
            ("ArrowUp", false) => self.go_row(server, index, -1),
            ("ArrowDown", false) => self.go_row(server, index, 1),
            ("Home", _) => self.go(server, 1),
            ("End", _) => self.go(server, u64::MAX),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    /// Moves the cursor to the nearest entry that `server` has, and the window after it.
    fn go(&self, server: ServerId, index: u64) {
        let Some(row) = self.props.view.servers.get(server.position()) else {
            return;
        };
        if row.last == 0 {
            return;
        }
        let index = index.clamp(1, row.last);
        self.grip.borrow_mut().wanted = Some((server, index));
        self.cursor.set(Some((server, index)));
        self.scroll(self.props.window().showing(index, self.props.end()));
    }

    /// Moves the cursor to the next server in that direction that has entries.
    fn go_row(&self, server: ServerId, index: u64, by: isize) {
        let servers = &self.props.view.servers;
        let mut row = server.position();
        while let Some(next) = row
            .checked_add_signed(by)
            .filter(|next| *next < servers.len())
        {
            row = next;
            if servers[row].last > 0 {
                self.go(servers[row].id, index);
                return;
            }
        }
    }

    pub(crate) fn focused(&self, event: &FocusEvent) {
        if let Some(Pointed {
            target: Target::Entry { server, index },
            ..
        }) = Pointed::by(event)
        {
            self.cursor.set(Some((server, index)));
        }
    }

    pub(crate) fn over(&self, event: &PointerEvent) {
        self.hover_over(Pointed::by(event).map(|pointed| pointed.target));
    }

    pub(crate) fn left(&self, _: &PointerEvent) {
        self.hover_over(None);
    }

    fn hover_over(&self, target: Option<Target>) {
        if *self.hover != target {
            self.hover.set(target.clone());
            self.props.on.emit(Intent::Hover(target));
        }
    }

    pub(crate) fn pressed(&self, event: &PointerEvent) {
        let mut grip = self.grip.borrow_mut();
        grip.dragged = false;
        if event.button() == 0 && event.is_primary() {
            grip.drag = Some((f64::from(event.client_x()), self.props.first));
        }
    }

    /// A drag pulls the log along.
    pub(crate) fn moved(&self, event: &PointerEvent) {
        let mut grip = self.grip.borrow_mut();
        let Some((begun, first)) = grip.drag else {
            return;
        };
        let way = f64::from(event.client_x()) - begun;
        if way.abs() < 6.0 && !grip.dragged {
            return;
        }
        grip.dragged = true;
        drop(grip);
        self.scroll_to(first as i64 - (way / self.column()).round() as i64);
    }

    pub(crate) fn released(&self, _: &PointerEvent) {
        self.grip.borrow_mut().drag = None;
    }

    /// A wheel turned sideways, or with Shift, scrolls; turned up or down it is the page's.
    pub(crate) fn wheel(&self, event: &WheelEvent) {
        let sideways = if event.shift_key() && event.delta_x() == 0.0 {
            event.delta_y()
        } else {
            event.delta_x()
        };
        if sideways == 0.0 {
            return;
        }
        event.prevent_default();
        let mut grip = self.grip.borrow_mut();
        grip.wheel += sideways / self.column();
        let whole = grip.wheel.trunc();
        grip.wheel -= whole;
        drop(grip);
        self.scroll_to(self.props.first as i64 + whole as i64);
    }

    pub(crate) fn slid(&self, event: &InputEvent) {
        let first = event
            .target_dyn_into::<HtmlInputElement>()
            .and_then(|input| input.value().parse().ok());
        if let Some(first) = first {
            self.scroll_to(first);
        }
    }

    pub(crate) fn follow(&self, _: &MouseEvent) {
        let window = self.props.window();
        let follow = !window.follow;
        let turned = LogWindow { follow, ..window };
        self.scroll(turned.fitted(window.count, self.props.end()));
    }

    fn scroll_to(&self, first: i64) {
        self.scroll(self.props.window().scrolled(first, self.props.end()));
    }

    fn scroll(&self, window: LogWindow) {
        if window != self.props.window() {
            self.props.on_scroll.emit(window);
        }
    }

    /// How wide a column is.
    fn column(&self) -> f64 {
        (self.width / self.props.count.max(1) as f64).max(1.0)
    }
}
