//! The help: the grammar of the picture, the hands, the keys.

use yew::prelude::*;

use super::dialog::Modal;
use crate::action::Action;
use crate::keys::HELP;

/// Properties of [`Help`].
#[derive(Properties, PartialEq)]
pub struct HelpProps {
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// What the picture says, a line each.
const GRAMMAR: [(&str, &str); 7] = [
    ("Colour", "the term; it is used for nothing else"),
    (
        "Arc round a server",
        "its election timer, running down clockwise from the top",
    ),
    ("Crown, cross, bars", "leader; crashed; paused"),
    (
        "Dots in a candidate",
        "the votes, at each peer’s bearing: have, on its way, no",
    ),
    (
        "Solid message, hollow message",
        "a request; a reply, with + or −",
    ),
    (
        "Solid cell, dashed cell",
        "committed there; not committed there",
    ),
    (
        "Dot and arrow in the log",
        "matchIndex and nextIndex, as the leader believes",
    ),
];

const HANDS: [(&str, &str); 4] = [
    (
        "Click",
        "inspect; the run pauses, and goes on when the inspector is closed",
    ),
    ("Click a link", "cut it, or heal it"),
    (
        "Right click, long press",
        "everything that can be done to it",
    ),
    (
        "Hover",
        "lights it up in the ring, the logs, the story and the trees",
    ),
];

/// The help.
#[function_component]
pub fn Help(props: &HelpProps) -> Html {
    html! {
        <Modal title="Help" on={props.on.clone()}>
            <p>{ "Real Raft servers with a ZooKeeper-like service on top, over a simulated network that you can break. Everything you do is a line of the command language; the console shows it as it runs." }</p>
            <div class="columns">
                <section><h3>{ "Keys" }</h3>{ table(&HELP) }</section>
                <section><h3>{ "Hands" }</h3>{ table(&HANDS) }<h3>{ "Picture" }</h3>{ table(&GRAMMAR) }</section>
            </div>
        </Modal>
    }
}

fn table(rows: &[(&'static str, &'static str)]) -> Html {
    html! { <dl class="facts">{ for rows.iter().map(|(name, text)| html! { <div><dt>{ *name }</dt><dd>{ *text }</dd></div> }) }</dl> }
}
