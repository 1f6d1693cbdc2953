//! A client: its letter, what it asks, and how its session stands.

use quorumscope_core::ids::ClientId;
use quorumscope_core::view::{ClientView, OperationView};
use yew::prelude::*;

use super::geometry::{Point, num};

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
            name.push_str(&format!(", with {server}"));
        }
        if let Some(last) = last {
            let outcome = last.outcome.as_deref().unwrap_or("waiting");
            name.push_str(&format!("; {}: {outcome}", last.text));
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

/// An operation in a few characters: what was asked and how it stands.
fn under(operation: &OperationView) -> String {
    let mark = match operation.ok {
        None => "…",
        Some(true) => "✓",
        Some(false) => "✗",
    };
    format!("{} {mark}", shortened(&operation.text, FITS - 2))
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
    /// Whether the tab key stops here.
    pub(crate) tab: bool,
    /// Whether the inspector shows it.
    pub(crate) selected: bool,
    /// Whether something pointed at concerns it.
    pub(crate) lit: bool,
}

/// A client. It is moved by a style, not an attribute, so that it glides when it goes over to
/// another server.
#[function_component]
pub(crate) fn ClientNode(props: &ClientNodeProps) -> Html {
    let ClientNodeProps { guest, at, .. } = props;
    let class = classes!(
        "client",
        "k-client",
        guest.state,
        props.selected.then_some("selected"),
        props.lit.then_some("lit"),
    );
    let scale = if props.narrow { 0.82 } else { 1.0 };
    html! {
        <g {class} role="button" tabindex={super::tab_index(props.tab)}
            aria-label={guest.name.clone()}
            data-client={guest.id.to_string()} data-state={guest.state}
            style={format!("transform:translate({}px,{}px)", num(at.x), num(at.y))}>
            <g transform={format!("scale({scale})")}>
                <circle class="halo" r="26" />
                <rect class="body" x="-16" y="-12" width="32" height="24" rx="6" />
                <text class="letter">{ guest.id.to_string() }</text>
                if matches!(guest.state, "killed" | "expired") {
                    <path class="cross" d="M-14 -10L14 10M14 -10L-14 10" />
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
    use super::*;

    #[test]
    fn an_operation_is_cut_to_what_fits() {
        assert_eq!(shortened("set /app", 11), "set /app");
        assert_eq!(shortened("create /app \"hello\"", 11), "create /ap…");
        assert_eq!(shortened("create /a b", 8), "create…");
    }
}
