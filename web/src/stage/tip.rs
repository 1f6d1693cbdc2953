//! A few words beside what the pointer or the focus is on: a link's latency and loss, what a
//! message is and when it arrives.

use quorumscope_core::view::{MessageView, View};
use yew::prelude::*;

use super::geometry::{Layout, Size};
use super::{link, message};
use crate::facts::era;
use crate::intent::Target;
use crate::number::num;

/// How wide a character is, on average.
const CHARACTER: f64 = 6.4;

/// The words for `target`, if it has any.
pub(crate) fn tip(view: &View, layout: &Layout, target: Option<&Target>) -> Html {
    let found = match target {
        Some(Target::Link(a, b)) => link::find(view, *a, *b).and_then(|found| {
            let middle = layout.link(found.a, found.b)?.at(0.5);
            Some((
                middle,
                format!("{} — {}: {}", found.a, found.b, link::describe(found)),
            ))
        }),
        Some(Target::Message(id)) => view
            .messages
            .iter()
            .find(|message| message.id == *id)
            .and_then(|message| {
                let at = message::whereabouts(message, view.time, layout)?;
                Some((at, describe(message, view)))
            }),
        _ => None,
    };
    let Some((at, text)) = found else {
        return Html::default();
    };
    let size = Size {
        width: text.chars().count() as f64 * CHARACTER + 14.0,
        height: 22.0,
    };
    let (width, corner) = (size.width, layout.note(at, size).corner);
    let place = format!("translate({} {})", num(corner.x), num(corner.y));
    html! {
        <g class="tip" transform={place} aria-hidden="true">
            <rect width={num(width).to_string()} height="22" rx="4" />
            <text x={num(width / 2.0).to_string()} y="11">{ text }</text>
        </g>
    }
}

/// What a message is and when it arrives.
fn describe(message: &MessageView, view: &View) -> String {
    let mut parts = vec![format!(
        "{} {} → {}",
        message.kind, message.from, message.to
    )];
    let era = era(view.protocol == "zab");
    parts.extend(message.term.map(|term| format!("{era} {term}")));
    parts.push(if message.held {
        "held back".to_owned()
    } else {
        let tenths = message.arrives.since(view.time).as_micros() / 100;
        format!("arrives in {}.{} ms", tenths / 10, tenths % 10)
    });
    parts.join(" · ")
}
