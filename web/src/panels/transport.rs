//! The transport: play, step, speed, where the run is, and back to live.

use quorumscope_core::time::Time;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::parts::{clock, icon};
use super::tape::Scrubber;
use crate::action::Action;
use crate::fixed::Fixed;
use crate::number::fine;
use crate::playback::{FASTEST, NOTCH, SLOWEST, Speed};
use crate::snapshot::Snapshot;

const PLAY: &str = "M4 2v10l8-5z";
const PAUSE: &str = "M3 2h3v10H3zM8 2h3v10H8z";
const BACK: &str = "M10 2v10L3 7z";
const STEP: &str = "M4 2v10l7-5z";
const TURN_BACK: &str = "M12 2v10L6 7zM3 2h2v10H3z";
const TURN: &str = "M2 2v10l6-5zM9 2h2v10H9z";

/// Properties of [`Transport`].
#[derive(Properties, PartialEq)]
pub struct TransportProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// Where the run is at this frame.
    pub now: Time,
    /// Whether it plays.
    pub playing: bool,
    /// How fast.
    pub speed: Speed,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The transport.
#[function_component]
pub fn Transport(props: &TransportProps) -> Html {
    let live = props.on.reform(|_: MouseEvent| Action::Live);
    html! {
        <footer class="transport">
            <Buttons playing={props.playing} on={props.on.clone()} />
            <SpeedSlider speed={props.speed} on={props.on.clone()} />
            <time class="now">{ clock(props.now) }</time>
            <Scrubber shown={props.shown.clone()} now={props.now} on={props.on.clone()} />
            <button type="button" class="live" aria-pressed={props.shown.live.to_string()} title="Back to live (L)" onclick={live}>{ "LIVE" }</button>
        </footer>
    }
}

#[derive(Properties, PartialEq)]
struct ButtonsProps {
    playing: bool,
    on: Callback<Action>,
}

#[function_component]
fn Buttons(props: &ButtonsProps) -> Html {
    let button = |label: &'static str, class: &'static str, path: &'static str, action: Action| {
        let on = props.on.clone();
        html! {
            <button type="button" {class} aria-label={label} title={label} onclick={move |_: MouseEvent| on.emit(action.clone())}>{ icon(path) }</button>
        }
    };
    let (label, path) = if props.playing {
        ("Pause", PAUSE)
    } else {
        ("Play", PLAY)
    };
    html! {
        <div class="buttons" role="group" aria-label="Playback">
            { button(label, "play", path, Action::Toggle) }
            { button("Back to the previous turn", "turn", TURN_BACK, Action::PreviousTurn) }
            { button("Step back", "step", BACK, Action::StepBack) }
            { button("Step forward", "step", STEP, Action::Step) }
            { button("On to the next turn", "turn", TURN, Action::NextTurn) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct SpeedProps {
    speed: Speed,
    on: Callback<Action>,
}

#[function_component]
fn SpeedSlider(props: &SpeedProps) -> Html {
    let oninput = props.on.reform(|event: InputEvent| {
        let slider = event.target_dyn_into::<HtmlInputElement>();
        // The browser has read the number already.
        let place = slider.map_or(Speed::TEACHING.slider(), |slider| slider.value_as_number());
        Action::Speed(Speed::from_slider(place))
    });
    let label = props.speed.label();
    html! {
        <label class="speed">
            <span>{ &label }</span>
            <input
                type="range"
                aria-label="Speed"
                aria-valuetext={format!("{label} of real time")}
                min={fine(SLOWEST).to_string()}
                max={fine(Speed::Most.slider()).to_string()}
                step={fine(NOTCH).to_string()}
                value={fine(props.speed.slider()).to_string()}
                title={format!("Speed: 1/1000× to {}, then as fast as it goes", Speed::Scaled(FASTEST).label())}
                {oninput}
            />
        </label>
    }
}
