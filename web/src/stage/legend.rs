//! What the letters and shapes on the stage mean.

use quorumscope_core::view::Family;
use yew::prelude::*;

use super::message::family_class;

/// A kind of message: its palette, its letter, whether it is a reply, its name.
type Entry = (Family, &'static str, bool, &'static str);

const RAFT: [Entry; 7] = [
    (Family::Vote, "V", false, "RequestVote"),
    (Family::Append, "A", false, "AppendEntries"),
    (Family::Beat, "h", false, "heartbeat"),
    (Family::Forward, "F", false, "forwarded"),
    (Family::Append, "+", true, "yes"),
    (Family::Append, "−", true, "no"),
    (Family::Client, "", false, "client"),
];

const ZAB: [Entry; 10] = [
    (Family::Vote, "V", false, "vote"),
    (Family::Vote, "E", false, "epoch"),
    (Family::Append, "D", false, "DIFF"),
    (Family::Append, "N", false, "NEWLEADER"),
    (Family::Append, "U", false, "UPTODATE"),
    (Family::Append, "P", false, "PROPOSAL"),
    (Family::Append, "+", true, "ACK"),
    (Family::Append, "C", false, "COMMIT"),
    (Family::Beat, "p", false, "ping"),
    (Family::Client, "", false, "client"),
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
            { for entries.iter().copied().map(|(family, sign, reply, text)| {
                let class = classes!(
                    "sign",
                    family_class(family),
                    reply.then_some("reply"),
                    (family == Family::Client).then_some("square"),
                );
                let rare = matches!(text, "NEWLEADER" | "UPTODATE").then_some("rare");
                html! { <li class={rare}><span {class}>{ sign }</span>{ text }</li> }
            }) }
        </ul>
    }
}
