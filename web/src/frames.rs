//! When to draw: the browser's frames, and whether anyone can see them.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Array;
use quorumscope_core::time::Time;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, VisibilityState, Window};
use yew::Callback;

/// The window; there is none outside a browser.
pub fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

/// The window's clock in milliseconds.
pub fn clock() -> f64 {
    window()
        .performance()
        .map_or_else(js_sys::Date::now, |performance| performance.now())
}

/// A point of simulated time in milliseconds, as scripts of a page count it.
#[expect(
    clippy::cast_precision_loss,
    reason = "a run is bounded to days, which a double holds to the microsecond"
)]
pub fn millis(time: Time) -> f64 {
    time.as_micros() as f64 / 1_000.0
}

/// Asks the browser for frames, one at a time and only while they are wanted.
pub struct Frames {
    /// The frame that was asked for and has not come.
    asked: Rc<Cell<Option<i32>>>,
    on_frame: Closure<dyn FnMut(f64)>,
}

impl Frames {
    /// Calls `on` with the window's clock at every frame that was asked for.
    pub fn new(on: Callback<f64>) -> Self {
        let asked = Rc::new(Cell::new(None));
        let answered = asked.clone();
        let on_frame = Closure::new(move |now| {
            answered.set(None);
            on.emit(now);
        });
        Self { asked, on_frame }
    }

    /// Asks for one more frame.
    pub fn ask(&self) {
        if self.asked.get().is_none() {
            let asked = window().request_animation_frame(self.on_frame.as_ref().unchecked_ref());
            self.asked.set(asked.ok());
        }
    }
}

impl Drop for Frames {
    /// A frame that came now would find nobody to answer it.
    fn drop(&mut self) {
        if let Some(asked) = self.asked.get() {
            let _ = window().cancel_animation_frame(asked);
        }
    }
}

/// Watches whether an element can be seen: on the screen, in a tab that is shown.
pub struct Sight {
    observer: Option<IntersectionObserver>,
    on_screen: Closure<dyn FnMut(Array)>,
    on_tab: Closure<dyn FnMut()>,
}

impl Sight {
    /// Calls `on` with whether `element` can be seen, whenever that changes.
    pub fn new(element: &Element, on: Callback<bool>) -> Self {
        let on_screen_now = Rc::new(Cell::new(true));
        let tell = Rc::new({
            let on_screen_now = on_screen_now.clone();
            move || on.emit(on_screen_now.get() && tab_is_shown())
        });
        let on_tab = Closure::new({
            let tell = tell.clone();
            move || tell()
        });
        let on_screen = Closure::new(move |entries: Array| {
            if let Some(entry) = entries.iter().last() {
                on_screen_now.set(
                    entry
                        .unchecked_into::<IntersectionObserverEntry>()
                        .is_intersecting(),
                );
                tell();
            }
        });
        let observer = IntersectionObserver::new(on_screen.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            observer.observe(element);
        }
        if let Some(document) = window().document() {
            let _ = document.add_event_listener_with_callback(
                "visibilitychange",
                on_tab.as_ref().unchecked_ref(),
            );
        }
        Self {
            observer,
            on_screen,
            on_tab,
        }
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
        if let Some(document) = window().document() {
            let _ = document.remove_event_listener_with_callback(
                "visibilitychange",
                self.on_tab.as_ref().unchecked_ref(),
            );
        }
        let _ = &self.on_screen;
    }
}

fn tab_is_shown() -> bool {
    window()
        .document()
        .is_none_or(|document| document.visibility_state() == VisibilityState::Visible)
}
