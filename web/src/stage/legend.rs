//! What the letters and shapes on the stage mean.

use quorumscope_core::view::Family;
use yew::prelude::*;

use super::message::family_class;

/// The legend of the messages.
#[function_component]
pub(crate) fn Legend() -> Html {
    let entries = [
        (Family::Vote, "V", false, "RequestVote"),
        (Family::Append, "A", false, "AppendEntries"),
        (Family::Beat, "h", false, "heartbeat"),
        (Family::Forward, "F", false, "forwarded"),
        (Family::Append, "+", true, "yes"),
        (Family::Append, "−", true, "no"),
        (Family::Client, "", false, "client"),
    ];
    html! {
        <ul class="legend" aria-hidden="true">
            { for entries.into_iter().map(|(family, sign, reply, text)| {
                let class = classes!(
                    "sign",
                    family_class(family),
                    reply.then_some("reply"),
                    (family == Family::Client).then_some("square"),
                );
                html! { <li><span {class}>{ sign }</span>{ text }</li> }
            }) }
        </ul>
    }
}
