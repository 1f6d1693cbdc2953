//! The story: what happened and why, newest first.

use std::rc::Rc;

use quorumscope_core::explain::{Rule, Weight};
use quorumscope_core::view::{About, LineView, Tone};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::parts::{clock, tone_class, touches, typed};
use crate::action::Action;
use crate::desk::Filter;
use crate::fixed::Fixed;
use crate::snapshot::{LINES_SHOWN, Snapshot};

/// Properties of [`Story`].
#[derive(Properties, PartialEq)]
pub struct StoryProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// Which lines.
    pub filter: Filter,
    /// What is lit up.
    pub lit: Rc<About>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The story.
#[function_component]
pub fn Story(props: &StoryProps) -> Html {
    let shown = &props.shown;
    let explained = shown.why.as_ref().map(|(event, _)| *event);
    let lines = numbered(&shown.lines).map(|(nth, line)| {
        let causes = shown
            .why
            .as_ref()
            .filter(|(event, _)| *event == line.event)
            .map(|(_, causes)| Rc::new(causes.clone()));
        html! {
            <Line
                key={format!("{}.{nth}", line.event)}
                line={Rc::new(line.clone())}
                lit={touches(&props.lit, &line.about)}
                open={explained == Some(line.event)}
                {causes}
                on={props.on.clone()}
            />
        }
    });
    let leave = props
        .on
        .reform(|_: PointerEvent| Action::Light(Rc::default()));
    html! {
        <>
            <StoryFilter filter={props.filter.clone()} on={props.on.clone()} />
            <ol class="feed" onpointerleave={leave}>{ for lines }</ol>
            if shown.lines.is_empty() {
                <p class="empty">{ "Nothing has happened yet that this filter shows." }</p>
            }
            if shown.truncated {
                <p class="empty">{ format!("The newest {LINES_SHOWN} lines are shown; search to find older ones.") }</p>
            }
        </>
    }
}

/// Lines with their place among those of the same event, so that each keeps its identity.
fn numbered(lines: &[LineView]) -> impl Iterator<Item = (usize, &LineView)> {
    let mut last = None;
    let mut nth = 0;
    lines.iter().map(move |line| {
        nth = if last == Some(line.event) { nth + 1 } else { 0 };
        last = Some(line.event);
        (nth, line)
    })
}

#[derive(Properties, PartialEq)]
struct LineProps {
    line: Rc<LineView>,
    lit: bool,
    open: bool,
    causes: Option<Rc<Vec<LineView>>>,
    on: Callback<Action>,
}

/// One line: hover lights up what it speaks of, a click explains it.
#[function_component]
fn Line(props: &LineProps) -> Html {
    let line = &props.line;
    let light = props.on.reform({
        let about = Rc::new(line.about.clone());
        move |()| Action::Light(about.clone())
    });
    let why = {
        let (on, event, open) = (props.on.clone(), line.event, props.open);
        move |_: MouseEvent| on.emit(Action::Why((!open).then_some(event)))
    };
    html! {
        <li class={classes!("told-line", props.lit.then_some("lit"), props.open.then_some("open"))} data-event={line.event.to_string()} data-weight={weight(line.weight)}>
            <button type="button" class="told" aria-expanded={props.open.to_string()} onclick={why}
                onpointerenter={light.reform(|_: PointerEvent| ())} onfocus={light.reform(|_: FocusEvent| ())}>
                <time>{ clock(line.time) }</time>
                <span class={classes!("dot", tone_class(line.tone))}></span>
                <span class="what">
                    { &line.text }
                    if let Some(why) = &line.why {
                        <span class="why">{ "because " }{ why }</span>
                    }
                </span>
            </button>
            if props.open {
                { explanation(line, props.causes.as_deref(), &props.on) }
            }
        </li>
    }
}

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Quiet => "quiet",
        Weight::Step => "step",
        Weight::Turn => "turn",
    }
}

fn explanation(line: &LineView, causes: Option<&Vec<LineView>>, on: &Callback<Action>) -> Html {
    let go = |event: &LineView| {
        let (on, time) = (on.clone(), event.time);
        move |_: MouseEvent| on.emit(Action::Seek(time))
    };
    let causes = causes.map(Vec::as_slice).unwrap_or_default();
    let causes: Vec<_> = causes
        .iter()
        .filter(|cause| cause.event != line.event)
        .collect();
    html! {
        <div class="explanation">
            { for line.rule.iter().map(rule) }
            <button type="button" class="go" onclick={go(line)}>{ "Go to this instant" }</button>
            if !causes.is_empty() {
                <h3>{ "Its causal past" }</h3>
                <ol class="causes">
                    { for causes.into_iter().map(|cause| html! {
                        <li>
                            <button type="button" onclick={go(cause)}>
                                <time>{ clock(cause.time) }</time>
                                <span class={classes!("dot", tone_class(cause.tone))}></span>
                                <span>{ &cause.text }</span>
                            </button>
                        </li>
                    }) }
                </ol>
            }
        </div>
    }
}

fn rule(rule: &Rule) -> Html {
    html! { <p class="rule">{ rule.text }{ ". " }<cite>{ rule.source }</cite></p> }
}

#[derive(Properties, PartialEq)]
struct StoryFilterProps {
    filter: Filter,
    on: Callback<Action>,
}

const WEIGHTS: [(&str, &str, Weight); 3] = [
    ("turn", "Turns", Weight::Turn),
    ("step", "Steps", Weight::Step),
    ("quiet", "Everything", Weight::Quiet),
];

const TONES: [(&str, &str, Tone); 5] = [
    ("vote", "Elections", Tone::Vote),
    ("append", "Replication", Tone::Append),
    ("commit", "Commits", Tone::Commit),
    ("client", "Clients", Tone::Client),
    ("fault", "Faults", Tone::Fault),
];

/// What is shown of the story.
#[function_component]
fn StoryFilter(props: &StoryFilterProps) -> Html {
    let change = |into: fn(&mut Filter, String)| {
        let (on, filter) = (props.on.clone(), props.filter.clone());
        Callback::from(move |value: String| {
            let mut filter = filter.clone();
            into(&mut filter, value);
            on.emit(Action::Filter(filter));
        })
    };
    let weigh = change(|filter, value| {
        let chosen = WEIGHTS.iter().find(|(name, ..)| *name == value);
        filter.weight = chosen.map_or(Weight::Step, |(.., weight)| *weight);
    });
    let tint = change(|filter, value| {
        filter.tone = TONES
            .iter()
            .find(|(name, ..)| *name == value)
            .map(|(.., tone)| *tone);
    });
    let search = change(|filter, value| filter.words = value);
    let onsearch = search
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    html! {
        <div class="filter" role="search">
            <select aria-label="How much" onchange={weigh.reform(|event: Event| typed(&event))}>
                { for WEIGHTS.iter().map(|(name, title, weight)| html! { <option value={*name} selected={*weight == props.filter.weight}>{ *title }</option> }) }
            </select>
            <select aria-label="About what" onchange={tint.reform(|event: Event| typed(&event))}>
                <option value="" selected={props.filter.tone.is_none()}>{ "All kinds" }</option>
                { for TONES.iter().map(|(name, title, tone)| html! { <option value={*name} selected={Some(*tone) == props.filter.tone}>{ *title }</option> }) }
            </select>
            <input type="search" placeholder="Search" aria-label="Search the story" value={props.filter.words.clone()} oninput={onsearch} />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorumscope_core::ids::EventId;
    use quorumscope_core::time::Time;

    #[test]
    fn lines_of_one_event_keep_apart() {
        let line = |event| LineView {
            event: EventId::new(event),
            time: Time::ZERO,
            who: None,
            tone: Tone::Quiet,
            text: String::new(),
            why: None,
            rule: None,
            weight: Weight::Quiet,
            cause: None,
            about: About::default(),
        };
        let lines = [line(4), line(4), line(3)];
        let places: Vec<_> = numbered(&lines).map(|(nth, _)| nth).collect();
        assert_eq!(places, [0, 1, 0]);
    }
}
