//! How large an element is, as the browser lays it out.

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, ResizeObserver, ResizeObserverEntry};
use yew::prelude::*;

use super::geometry::Size;

/// The size of the element in `host`, kept up to date; none until it is in the page. While it is
/// hidden the last size stays, `unseen` if it never had one.
#[hook]
pub(crate) fn use_size(host: &NodeRef, unseen: Size) -> Option<Size> {
    let size = use_state_eq(|| None);
    let setter = size.setter();
    use_effect_with(host.clone(), move |host| {
        let element = host.cast::<Element>();
        let first = element.as_ref().and_then(|element| {
            let place = element.get_bounding_client_rect();
            laid_out(place.width(), place.height())
        });
        setter.set(Some(first.unwrap_or(unseen)));
        let watch = element.and_then(|element| watch(&element, setter));
        move || {
            if let Some((observer, _report)) = watch {
                observer.disconnect();
            }
        }
    });
    *size
}

/// A size in whole pixels; none when there is nothing to see.
fn laid_out(width: f64, height: f64) -> Option<Size> {
    let (width, height) = (width.floor(), height.floor());
    (width > 0.0 && height > 0.0).then_some(Size { width, height })
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
        if let Some(size) = laid_out(rect.width(), rect.height()) {
            setter.set(Some(size));
        }
    });
    let observer = ResizeObserver::new(report.as_ref().unchecked_ref()).ok()?;
    observer.observe(element);
    Some((observer, report))
}
