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
const GRAMMAR: [(&str, &str); 19] = [
    (
        "Colour",
        "the term, under Zab the epoch; it is used for nothing else",
    ),
    (
        "Arc round a server",
        "its election timer, running down clockwise from the top; round a leader, its lease; under Zab, how long it still waits for its leader",
    ),
    (
        "Word beside a server",
        "its role; under Zab its phase: looking → whom it votes for, discovery, sync with DIFF, TRUNC or SNAP, broadcast",
    ),
    ("Crown, cross, bars", "leader; crashed; paused"),
    (
        "Outlined crown",
        "under Zab: it leads, and its epoch has not begun",
    ),
    (
        "Dotted edge, pale",
        "a pre-candidate: it asks who would vote for it, and has not raised its term",
    ),
    (
        "Small disc",
        "without a voice: a learner, under Zab an observer; hollow, a spare or a removed server",
    ),
    (
        "Two half-moons",
        "a joint configuration: left, a voter of the old half; right, of the new",
    ),
    (
        "Dots in a server",
        "votes, or acknowledgements of the leader’s last entry, at each voter’s bearing: have, on its way, no",
    ),
    (
        "2/3 in a candidate",
        "votes it has, and needs; in each half; under Zab, votes for whom it votes for, and in who is to lead, promises and then acknowledgements of its history",
    ),
    (
        "Arrow between looking servers",
        "under Zab: whom each proposes; dashed while its vote may change, whole when a quorum supports it",
    ),
    (
        "Arrow with DIFF, TRUNC, SNAP",
        "under Zab: the leader brings a learner up to date, by what it lacks, by cutting off what it has too much, by the whole state",
    ),
    ("Crown on an arrow", "leadership is being handed over"),
    ("p5", "its priority in elections"),
    (
        "Solid message, hollow message",
        "a request; a reply, with + or −",
    ),
    (
        "Solid cell, dashed cell",
        "committed there; not committed there",
    ),
    (
        "Ring, two rings in a cell",
        "a configuration; a joint one, with a line over the entries while it lasts",
    ),
    (
        "Hatched block",
        "a snapshot stands for these entries; dots under those that the log still holds",
    ),
    (
        "Dot and arrow in the log",
        "matchIndex and nextIndex, as the leader believes; hollow while it probes, square while it sends its snapshot; under Zab, acknowledged to, and the next proposal; beside it, messages in flight",
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
            <p>{ "Real Raft or Zab servers with a ZooKeeper-like service on top, over a simulated network that you can break. Everything you do is a line of the command language; the console shows it as it runs." }</p>
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
