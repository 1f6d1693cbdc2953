//! Small things that several panels are made of.

use quorumscope_core::time::Time;
use quorumscope_core::view::{About, Tone};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// A time on the run's clock: seconds with three decimals, so that its width stays the same.
pub(super) fn clock(time: Time) -> String {
    let millis = time.as_micros() / 1_000;
    format!("{}.{:03} s", millis / 1_000, millis % 1_000)
}

/// The class that gives a tone its colour.
pub(super) fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Vote => "k-vote",
        Tone::Append => "k-append",
        Tone::Commit => "k-commit",
        Tone::Client => "k-client",
        Tone::Fault => "k-fault",
        Tone::Quiet => "k-quiet",
    }
}

/// Whether what is lit up and what a thing speaks of have anything in common.
pub(super) fn touches(lit: &About, about: &About) -> bool {
    let overlap = |a: (u64, u64), b: (u64, u64)| a.0 <= b.1 && b.0 <= a.1;
    if let (Some(message), Some(other)) = (lit.message, about.message) {
        return message == other;
    }
    if let (Some(path), Some(other)) = (&lit.znode, &about.znode) {
        return path == other;
    }
    if let (Some(entries), Some(others)) = (lit.entries, about.entries) {
        return overlap(entries, others);
    }
    lit.message.is_none()
        && lit.znode.is_none()
        && lit
            .endpoints
            .iter()
            .any(|end| about.endpoints.contains(end))
}

/// What stands in the field that an event comes from.
pub(super) fn typed(event: &impl AsRef<web_sys::Event>) -> String {
    use wasm_bindgen::JsCast;
    let target = event.as_ref().target();
    let Some(target) = target else {
        return String::new();
    };
    match target.dyn_into::<HtmlInputElement>() {
        Ok(input) => input.value(),
        Err(other) => other
            .dyn_into::<HtmlSelectElement>()
            .map(|select| select.value())
            .unwrap_or_default(),
    }
}

/// Properties of [`Copy`].
#[derive(Properties, PartialEq)]
pub(super) struct CopyProps {
    /// What the button says.
    pub(super) label: AttrValue,
    /// What is copied.
    pub(super) text: AttrValue,
}

/// A button that copies a text and says that it did.
#[function_component]
pub(super) fn Copy(props: &CopyProps) -> Html {
    let copied = use_state(|| false);
    let onclick = {
        let (text, copied) = (props.text.clone(), copied.clone());
        move |_: MouseEvent| {
            let done = crate::frames::window()
                .navigator()
                .clipboard()
                .write_text(&text);
            let copied = copied.clone();
            yew::platform::spawn_local(async move {
                copied.set(wasm_bindgen_futures::JsFuture::from(done).await.is_ok());
            });
        }
    };
    html! {
        <button type="button" class="copy" {onclick}>
            <span aria-live="polite">{ if *copied { "Copied".into() } else { props.label.clone() } }</span>
        </button>
    }
}

/// An icon: a path in a square of 14.
pub(super) fn icon(path: &'static str) -> Html {
    html! { <svg class="icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><path d={path} fill="currentColor" /></svg> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorumscope_core::ids::ServerId;

    #[test]
    fn a_time_keeps_three_decimals() {
        assert_eq!(clock(Time::from_millis(412)), "0.412 s");
        assert_eq!(clock(Time::from_micros(61_002_999)), "61.002 s");
    }

    #[test]
    fn a_server_lights_its_lines_and_an_entry_only_lines_about_it() {
        let s1 = About {
            endpoints: vec![ServerId::new(1).into()],
            ..About::default()
        };
        let line = About {
            entries: Some((3, 5)),
            ..s1.clone()
        };
        assert!(touches(&s1, &line));
        let entry = About {
            entries: Some((6, 6)),
            ..s1
        };
        assert!(!touches(&entry, &line));
    }
}
