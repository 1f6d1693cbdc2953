//! Side by side: both rings with their logs, the figures under them, and the panel that tells the
//! differences.

use std::rc::Rc;

use js_sys::Reflect;
use quorumscope_core::compare::{Difference, Left, ROWS, Row};
use quorumscope_core::script::Protocol;
use quorumscope_core::view::{About, View};
use web_sys::HtmlElement;
use yew::prelude::*;

use super::parts::{clock, icon};
use crate::action::{Action, Favourite};
use crate::app::App;
use crate::beside::{Beside, Compared, in_the_other};
use crate::crossing::title;
use crate::fixed::Fixed;
use crate::intent::{Intent, Target};
use crate::stage::{LogGrid, LogWindow, Stage};

/// What is drawn of one of the two runs.
struct Half {
    view: Rc<View>,
    selected: Option<Target>,
    lit: Rc<About>,
    log: LogWindow,
    on_intent: Callback<Intent>,
    on_window: Callback<LogWindow>,
}

/// Both runs, Raft's first.
pub(crate) fn rooms(app: &App, beside: &Beside, playing: bool, host: &HtmlElement) -> Html {
    let desk = &app.desk;
    let half = |of_twin: bool| {
        let here = desk.of_twin == of_twin;
        let lit = if desk.light_of_twin == of_twin {
            desk.light.clone()
        } else {
            in_the_other(&desk.light)
        };
        let selected = desk.selected.clone().filter(|_| here);
        if of_twin {
            Half {
                view: beside.view.clone(),
                selected,
                lit,
                log: beside.log,
                on_intent: beside.on_intent.clone(),
                on_window: beside.on_window.clone(),
            }
        } else {
            let log = LogWindow {
                first: app.log_first(),
                ..desk.log
            };
            Half {
                view: app.view.clone(),
                selected,
                lit,
                log,
                on_intent: app.on_intent.clone(),
                on_window: app.on_window.clone(),
            }
        }
    };
    let is_raft = |half: &Half| half.view.protocol == "raft";
    let mut halves = [half(false), half(true)];
    if !is_raft(&halves[0]) {
        halves.reverse();
    }
    html! {
        <>
            <link rel="stylesheet" href={sheet(host)} />
            <div class="pair">{ for halves.into_iter().map(|half| run(half, playing)) }</div>
            <Strip shown={beside.shown.clone()} />
        </>
    }
}

/// Where the styles are that only two runs need.
fn sheet(host: &HtmlElement) -> Option<String> {
    let scripts = Reflect::get(host, &"scenarios".into()).ok()?.as_string()?;
    Some(format!("{scripts}../css/compare.css"))
}

/// One of the two: its ring, and its logs below.
fn run(half: Half, playing: bool) -> Html {
    let protocol = half.view.protocol;
    let name = Protocol::of_name(protocol).map_or(protocol, title);
    html! {
        <section class="half" key={protocol} data-half={protocol} aria-label={name}>
            <section class="room-stage" aria-label={format!("Cluster under {name}")}>
                <h2 class="which">{ name }</h2>
                <Stage view={half.view.clone()} selected={half.selected.clone()} lit={half.lit.clone()} {playing} on={half.on_intent.clone()} />
            </section>
            <section class="room-logs" aria-label={format!("Replicated log under {name}")}>
                <LogGrid
                    view={half.view}
                    selected={half.selected}
                    lit={half.lit}
                    on={half.on_intent}
                    first={half.log.first}
                    count={half.log.count}
                    follow={half.log.follow}
                    on_scroll={half.on_window}
                />
            </section>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct StripProps {
    shown: Fixed<Compared>,
}

/// The figures of both in a line; the panel has them with what they mean.
#[function_component]
fn Strip(props: &StripProps) -> Html {
    let figures = &props.shown.figures;
    let cell = |row: &Row| {
        let [raft, zab] = match figures {
            Some(both) => both.each_ref().map(|one| (row.write)(one)),
            None => [String::new(), String::new()],
        };
        html! {
            <li key={row.name} title={format!("{}: {}", row.name, row.means)}>
                <span>{ row.short }</span><b>{ raft }</b><b>{ zab }</b>
            </li>
        }
    };
    html! {
        <ul class="figures" aria-hidden="true">
            <li class="names"><span></span><b>{ "Raft" }</b><b>{ "Zab" }</b></li>
            { for ROWS.iter().map(cell) }
        </ul>
    }
}

/// Properties of [`Compare`].
#[derive(Properties, PartialEq)]
pub struct CompareProps {
    /// What the comparison says.
    pub shown: Fixed<Compared>,
    /// Why what was asked for last was refused, if it was asked for here.
    pub refused: Option<AttrValue>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// What can be done to the leader of each; each run's own is meant.
const DEEDS: [(&str, &str, &str); 3] = [
    ("Crash", "crash leader", "Crash the leader of each"),
    ("Isolate", "isolate leader", "Isolate the leader of each"),
    ("Pause", "pause leader", "Pause the leader of each"),
];

/// The panel: deeds, figures, and the differences as sentences.
#[function_component]
pub fn Compare(props: &CompareProps) -> Html {
    let on = &props.on;
    let run = |line: &'static str| {
        on.reform(move |_: MouseEvent| Action::Intent(Intent::Run(line.to_owned())))
    };
    let favour = |favourite: Favourite| on.reform(move |_: MouseEvent| Action::Do(favourite));
    html! {
        <div class="compare">
            <div class="deeds">
                <span id="deeds-of-each">{ "Each leader" }</span>
                <div role="group" aria-labelledby="deeds-of-each">
                    { for DEEDS.iter().map(|(label, line, says)| html! { <button type="button" class="harmful" aria-label={*says} title={format!("{says}: {line}")} onclick={run(line)}>{ label }</button> }) }
                </div>
                <span>{ "Both" }</span>
                <div role="group" aria-label="All servers of both">
                    <button type="button" onclick={favour(Favourite::BringBack)}>{ "Bring back" }</button>
                    <button type="button" onclick={run("heal all")}>{ "Heal links" }</button>
                    <button type="button" onclick={favour(Favourite::Write)}>{ "Write" }</button>
                </div>
                <p class="refusal" role="status">{ props.refused.clone() }</p>
            </div>
            { table(&props.shown) }
            <h3>{ "What became of it" }</h3>
            <ol class="differences">{ for props.shown.story.iter().map(|one| difference(one, on)) }</ol>
            { left(&props.shown) }
        </div>
    }
}

/// The figures with what they mean.
fn table(shown: &Compared) -> Html {
    let row = |row: &Row| {
        let cells = shown
            .figures
            .iter()
            .flatten()
            .map(|one| html! { <td>{ (row.write)(one) }</td> });
        html! {
            <tr key={row.name} title={row.means}>
                <th scope="row">{ row.name }<span class="unseen">{ format!(": {}", row.means) }</span></th>
                { for cells }
            </tr>
        }
    };
    html! {
        <table>
            <caption class="unseen">{ "Both runs in numbers, up to this instant" }</caption>
            <thead><tr><th scope="col"><span class="unseen">{ "Figure" }</span></th><th scope="col">{ "Raft" }</th><th scope="col">{ "Zab" }</th></tr></thead>
            <tbody>{ for ROWS.iter().map(row) }</tbody>
        </table>
    }
}

/// A sentence, and a button that takes both runs to its moment.
fn difference(one: &Difference, on: &Callback<Action>) -> Html {
    let time = one.time;
    let onclick = on.reform(move |_: MouseEvent| Action::Seek(time));
    let name = title(one.protocol);
    html! {
        <li key={format!("{name}{}", time.as_micros())} data-protocol={one.protocol.name()}>
            <button type="button" title="Go there" {onclick}><time>{ clock(time) }</time><span>{ name }</span><b>{ &one.title }</b></button>
            <p>{ &one.text }</p>
        </li>
    }
}

/// What was done to one run only.
fn left(shown: &Compared) -> Html {
    if shown.left.is_empty() {
        return Html::default();
    }
    let line = |left: &Left| {
        let at = left.at.map(clock).unwrap_or_default();
        html! { <li><time>{ at }</time>{ " " }<code>{ &left.line }</code>{ " " }{ &left.why }</li> }
    };
    html! {
        <>
            <h3>{ format!("Not under {}", title(shown.twin)) }</h3>
            <ul class="left-out">{ for shown.left.iter().map(line) }</ul>
        </>
    }
}

/// Whose panels are shown, where there are two runs.
pub(crate) fn side(app: &App) -> Html {
    let own = Protocol::of_name(app.view.protocol).unwrap_or_default();
    let on = &app.on;
    let one = |(name, protocol): (&'static str, Protocol)| {
        let of_twin = protocol != own;
        let onclick = on.reform(move |_: MouseEvent| Action::Side(of_twin));
        let pressed = (app.desk.of_twin == of_twin).to_string();
        html! { <button key={name} type="button" aria-pressed={pressed} {onclick}>{ title(protocol) }</button> }
    };
    html! {
        <div class="side">
            <span>{ "Shown here" }</span>
            <span class="protocol" role="group" aria-label="The run that the panels show">{ for Protocol::NAMES.into_iter().map(one) }</span>
            <button type="button" class="square" aria-label="Close side by side" title="Close side by side" onclick={on.reform(|_: MouseEvent| Action::Beside(false))}>{ icon(CROSS) }</button>
        </div>
    }
}

/// A cross.
const CROSS: &str = "M3 2 7 6 11 2 12 3 8 7 12 11 11 12 7 8 3 12 2 11 6 7 2 3z";
