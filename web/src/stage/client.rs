//! A client: its letter, what it asks, and how its session stands.

use quorumscope_core::ids::ClientId;
use quorumscope_core::view::{ClientView, OperationView};
use yew::prelude::*;

use super::geometry::{Point, num};
use super::marks::Mark;

/// How many characters fit under a client.
const FITS: usize = 13;

/// What of a client is drawn here; its timer is not.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Guest {
    id: ClientId,
    state: &'static str,
    below: String,
    /// Whether what stands below is bad news.
    trouble: bool,
    name: String,
}

impl Guest {
    /// What is drawn of `client`.
    pub(crate) fn of(client: &ClientView) -> Self {
        let last = client.operations.last();
        let (below, trouble) = match client.state {
            "connected" => last.map_or((String::new(), false), |last| {
                (under(last), last.ok == Some(false))
            }),
            state => (
                state.to_owned(),
                matches!(state, "expired" | "disconnected"),
            ),
        };
        let mut name = format!("Client {}, {}", client.id, client.state);
        if let Some(server) = client.server {
            name += ", with ";
            name += &server.to_string();
        }
        if let Some(last) = last {
            let outcome = last.outcome.as_deref().unwrap_or("waiting");
            name = format!("{name}; {}: {outcome}", last.text);
        }
        Self {
            id: client.id,
            state: client.state,
            below,
            trouble,
            name,
        }
    }
}

/// An operation in a few characters: what it does to which path, and how it stands.
fn under(operation: &OperationView) -> String {
    let mark = match operation.ok {
        None => "…",
        Some(true) => "✓",
        Some(false) => "✗",
    };
    let words: Vec<_> = operation.text.split(' ').take(2).collect();
    let text = shortened(&words.join(" "), FITS - 2);
    if text.ends_with(mark) {
        return text;
    }
    format!("{text} {mark}")
}

/// The beginning of a text, with an ellipsis where something is left out.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

/// See [`ClientNode`].
#[derive(Properties, Clone, PartialEq)]
pub(crate) struct ClientNodeProps {
    /// What to draw.
    pub(crate) guest: Guest,
    /// Where.
    pub(crate) at: Point,
    /// Whether room is scarce.
    pub(crate) narrow: bool,
    /// How it is marked.
    pub(crate) mark: Mark,
}

/// A client. It is moved by a style, not an attribute, so that it glides when it goes over to
/// another server.
#[function_component]
pub(crate) fn ClientNode(props: &ClientNodeProps) -> Html {
    let ClientNodeProps { guest, at, .. } = props;
    let class = classes!("client", "k-client", guest.state, props.mark.class(),);
    let scale = if props.narrow { 0.82 } else { 1.0 };
    html! {
        <g {class} role="button" tabindex={props.mark.tab_index()}
            aria-label={guest.name.clone()}
            data-client={guest.id.to_string()} data-state={guest.state}
            style={format!("transform:translate({}px,{}px)", num(at.x), num(at.y))}>
            <g transform={format!("scale({scale})")}>
                <circle class="halo" r="26" />
                <rect class="body" x="-16" y="-12" width="32" height="24" rx="6" />
                <text class="letter">{ guest.id.to_string() }</text>
                if matches!(guest.state, "killed" | "expired") {
                    <g class="end" transform="translate(16 11)">
                        <circle r="7" />
                        <path d="M-2.6 -2.6L2.6 2.6M2.6 -2.6L-2.6 2.6" />
                    </g>
                }
            </g>
            if !props.narrow && !guest.below.is_empty() {
                <text class={classes!("below", guest.trouble.then_some("trouble"))} y="36">
                    { guest.below.clone() }
                </text>
            }
        </g>
    }
}

#[cfg(test)]
mod tests {
    use quorumscope_core::time::Time;

    use super::*;

    #[test]
    fn an_operation_is_cut_to_what_fits() {
        let shown = |text: &str, ok| {
            under(&OperationView {
                number: 1,
                text: text.to_owned(),
                invoked: Time::ZERO,
                answered: None,
                ok,
                outcome: None,
                verdict: None,
            })
        };
        assert_eq!(shown("set /app \"hello\"", Some(true)), "set /app ✓");
        assert_eq!(shown("create /app \"hello\"", None), "create /app …");
        assert_eq!(shown("create /locks/a", Some(false)), "create /lo… ✗");
        assert_eq!(shown("create /locks/a", None), "create /lo…");
    }
}
