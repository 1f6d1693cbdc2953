//! How large an element is, as the browser lays it out.

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, ResizeObserver, ResizeObserverEntry};
use yew::prelude::*;

use super::geometry::Size;

/// The size of the element in `host`, kept up to date; none until it was laid out. While it is
/// hidden the last size stays.
#[hook]
pub(crate) fn use_size(host: &NodeRef) -> Option<Size> {
    let size = use_state_eq(|| None);
    let setter = size.setter();
    use_effect_with(host.clone(), move |host| {
        let watch = host
            .cast::<Element>()
            .and_then(|element| watch(&element, setter));
        move || {
            if let Some((observer, _report)) = watch {
                observer.disconnect();
            }
        }
    });
    *size
}

type Report = Closure<dyn Fn(Array)>;

/// Reports the size of `element` to `setter` until the observer is disconnected.
fn watch(
    element: &Element,
    setter: UseStateSetter<Option<Size>>,
) -> Option<(ResizeObserver, Report)> {
    let report = Report::new(move |entries: Array| {
        let Ok(entry) = entries.get(0).dyn_into::<ResizeObserverEntry>() else {
            return;
        };
        let rect = entry.content_rect();
        let (width, height) = (rect.width().floor(), rect.height().floor());
        if width > 0.0 && height > 0.0 {
            setter.set(Some(Size { width, height }));
        }
    });
    let observer = ResizeObserver::new(report.as_ref().unchecked_ref()).ok()?;
    observer.observe(element);
    Some((observer, report))
}
