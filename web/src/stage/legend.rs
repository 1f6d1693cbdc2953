//! What the letters and shapes on the stage mean.

use quorumscope_core::view::Family;
use yew::prelude::*;

use super::message::{family_class, letter};

/// A kind of message: its palette, its kind, its sign if it is a reply, and what it is called.
type Entry = (Family, &'static str, Option<&'static str>, &'static str);

const RAFT: [Entry; 7] = [
    (Family::Vote, "RequestVote", None, "RequestVote"),
    (Family::Append, "AppendEntries", None, "AppendEntries"),
    (Family::Beat, "", None, "heartbeat"),
    (Family::Forward, "", None, "forwarded"),
    (Family::Append, "", Some("+"), "yes"),
    (Family::Append, "", Some("−"), "no"),
    (Family::Client, "", None, "client"),
];

const ZAB: [Entry; 10] = [
    (Family::Vote, "", None, "vote"),
    (Family::Vote, "LEADERINFO", None, "epoch"),
    (Family::Append, "DIFF", None, "DIFF"),
    (Family::Append, "NEWLEADER", None, "NEWLEADER"),
    (Family::Append, "UPTODATE", None, "UPTODATE"),
    (Family::Append, "PROPOSAL", None, "PROPOSAL"),
    (Family::Append, "", Some("+"), "ACK"),
    (Family::Append, "COMMIT", None, "COMMIT"),
    (Family::Beat, "PING", None, "ping"),
    (Family::Client, "", None, "client"),
];

/// See [`Legend`].
#[derive(Properties, PartialEq)]
pub(crate) struct LegendProps {
    /// Whether the servers run Zab.
    pub(crate) is_zab: bool,
}

/// The legend of the messages that are seen most.
#[function_component]
pub(crate) fn Legend(props: &LegendProps) -> Html {
    let entries: &[Entry] = if props.is_zab { &ZAB } else { &RAFT };
    html! {
        <ul class="legend" aria-hidden="true">
            { for entries.iter().copied().map(|(family, kind, reply, text)| {
                let class = classes!(
                    "sign",
                    family_class(family),
                    reply.map(|_| "reply"),
                    (family == Family::Client).then_some("square"),
                );
                let sign = reply.unwrap_or_else(|| letter(family, kind));
                let rare = matches!(text, "NEWLEADER" | "UPTODATE").then_some("rare");
                html! { <li class={rare}><span {class}>{ sign }</span>{ text }</li> }
            }) }
        </ul>
    }
}
