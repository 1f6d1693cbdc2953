//! The scrubber: terms as bands, what happened as ticks, branches as lanes under it.

use quorumscope_core::history::{BranchView, MarkKind};
use quorumscope_core::script::Protocol;
use quorumscope_core::time::Time;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::parts::clock;
use crate::action::Action;
use crate::facts::era;
use crate::fixed::Fixed;
use crate::frames::millis as milliseconds;
use crate::number::fine;
use crate::snapshot::{Marked, Snapshot};

/// An arrow key on the scrubber goes this part of the way.
const NUDGES: u64 = 100;
/// Terms cycle through this many colours.
const COLOURS: u64 = 6;

/// Properties of [`Scrubber`].
#[derive(Properties, PartialEq)]
pub(super) struct ScrubberProps {
    pub(super) shown: Fixed<Snapshot>,
    pub(super) now: Time,
    pub(super) on: Callback<Action>,
}

/// The scrubber. Only its head moves at every frame.
#[function_component]
pub(super) fn Scrubber(props: &ScrubberProps) -> Html {
    let shown = &props.shown;
    let scale = scale(shown);
    let head = format!("left:{}%", fine(share(props.now, scale).min(100.0)));
    let seek = props
        .on
        .reform(move |event: PointerEvent| Action::Seek(place(&event, scale)));
    let onpointerdown = {
        let seek = seek.clone();
        move |event: PointerEvent| {
            if event.button() == 0 {
                let bar: HtmlElement = event.target_unchecked_into();
                let _ = bar.set_pointer_capture(event.pointer_id());
                seek.emit(event);
            }
        }
    };
    let onpointermove = move |event: PointerEvent| {
        if event.buttons() & 1 == 1 {
            seek.emit(event);
        }
    };
    html! {
        <div class="scrubber">
            <div
                class="tape"
                role="slider"
                tabindex="0"
                aria-label="Time"
                aria-valuemin="0"
                aria-valuemax={millis(scale)}
                aria-valuenow={millis(shown.now)}
                aria-valuetext={clock(shown.now)}
                {onpointerdown}
                {onpointermove}
                onkeydown={nudge(shown, scale, &props.on)}
            >
                <Paint shown={shown.clone()} />
                <i class="playhead" style={head}></i>
            </div>
            <Lanes shown={shown.clone()} on={props.on.clone()} />
        </div>
    }
}

/// The right edge: the end of the longest branch.
fn scale(shown: &Snapshot) -> Time {
    let longest = shown.branches.iter().map(|branch| branch.end).max();
    longest
        .unwrap_or(shown.end)
        .max(shown.end)
        .max(Time::from_millis(1))
}

/// Where `time` lies on the tape, in per cent.
fn share(time: Time, scale: Time) -> f64 {
    100.0 * milliseconds(time) / milliseconds(scale)
}

fn millis(time: Time) -> String {
    (time.as_micros() / 1_000).to_string()
}

/// The instant that a pointer is at. Listeners are called at the root of the page, so that only the
/// event's target tells which tape it is.
fn place(event: &PointerEvent, scale: Time) -> Time {
    let bar: HtmlElement = event.target_unchecked_into();
    let edges = bar.get_bounding_client_rect();
    let way = (f64::from(event.client_x()) - edges.left()) / edges.width().max(1.0);
    Time::from_micros((way.clamp(0.0, 1.0) * milliseconds(scale) * 1_000.0) as u64)
}

fn nudge(shown: &Fixed<Snapshot>, scale: Time, on: &Callback<Action>) -> Callback<KeyboardEvent> {
    let (now, on) = (shown.now, on.clone());
    Callback::from(move |event: KeyboardEvent| {
        let by = scale.since(Time::ZERO).fraction(1, NUDGES);
        let to = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => now - by,
            "ArrowRight" | "ArrowUp" => (now + by).min(scale),
            "Home" => Time::ZERO,
            "End" => scale,
            _ => return,
        };
        event.prevent_default();
        on.emit(Action::Seek(to));
    })
}

#[derive(Properties, PartialEq)]
struct PaintProps {
    shown: Fixed<Snapshot>,
}

/// Bands and ticks of the current branch; of two runs, those of the other in a track below.
#[function_component]
fn Paint(props: &PaintProps) -> Html {
    let shown = &props.shown;
    let scale = scale(shown);
    match &shown.tapes[..] {
        [one] => paint(one, shown.end, scale),
        both => html! {
            { for both.iter().map(|one| html! {
                <i class="track" data-run={one.protocol.name()}>{ paint(one, shown.end, scale) }</i>
            }) }
        },
    }
}

fn paint(Marked { protocol, tape }: &Marked, end: Time, scale: Time) -> Html {
    let ends = tape.bands.iter().skip(1).map(|band| band.from);
    let era = era(*protocol == Protocol::Zab);
    let bands = tape.bands.iter().zip(ends.chain([end])).map(|(band, end)| {
        let (from, to) = (share(band.from, scale), share(end, scale));
        let style = format!("left:{}%;width:{}%", fine(from), fine((to - from).max(0.0)));
        let class = format!("band t{}", band.term % COLOURS);
        html! { <i {class} {style}><b>{ format!("{era} {}", band.term) }</b></i> }
    });
    let marks = tape.marks.iter().map(|mark| {
        let style = format!("left:{}%", fine(share(mark.at, scale)));
        html! { <u class={mark_class(mark.kind)} {style}></u> }
    });
    html! { <>{ for bands }{ for marks }</> }
}

const fn mark_class(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Election => "election",
        MarkKind::Crash => "crash",
        MarkKind::Restart => "restart",
        MarkKind::Cut => "cut",
        MarkKind::Heal => "heal",
        MarkKind::Write => "write",
        MarkKind::Violation => "violation",
        MarkKind::Note => "note",
    }
}

#[derive(Properties, PartialEq)]
struct LanesProps {
    shown: Fixed<Snapshot>,
    on: Callback<Action>,
}

/// The branches, a lane each, once there is more than one.
#[function_component]
fn Lanes(props: &LanesProps) -> Html {
    let shown = &props.shown;
    if shown.branches.len() < 2 {
        return Html::default();
    }
    let scale = scale(shown);
    html! {
        <ul class="lanes" aria-label="Branches">{ for shown.branches.iter().map(|branch| lane(branch, scale, &props.on)) }</ul>
    }
}

fn lane(branch: &BranchView, scale: Time, on: &Callback<Action>) -> Html {
    let from = branch.from.map_or(0.0, |(_, at)| share(at, scale));
    let style = format!(
        "left:{}%;width:{}%",
        fine(from),
        fine((share(branch.end, scale) - from).max(0.5))
    );
    let (on, id) = (on.clone(), branch.id);
    let onclick = move |_: MouseEvent| on.emit(Action::Switch(id));
    let title = format!("Branch {}", branch.name);
    html! {
        <li key={id}>
            <button type="button" {style} {title} aria-label={format!("Branch {}", branch.name)} aria-pressed={branch.current.to_string()} data-branch={id.to_string()} {onclick}></button>
        </li>
    }
}
