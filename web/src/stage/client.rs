//! A client: its letter, what it asks, and how its session stands.

use quorumscope_core::ids::ClientId;
use quorumscope_core::view::{ClientView, OperationView, RecipeView};
use yew::prelude::*;

use super::geometry::Point;
use super::marks::Mark;
use crate::facts;
use crate::number::num;

/// How many characters fit under a client: of an operation, and of what a recipe has.
const FITS: usize = 13;
const FITS_STANDING: usize = 18;

/// The sign of a recipe that has what it is for, a tick, and of one that waits, three dots.
const HELD: &str = "M-3 0.2L-0.8 2.6L3.2 -2.6";
const AWAITED: &str = "M-3.2 0h0.01M0 0h0.01M3.2 0h0.01";

/// What of a client is drawn here; its timer is not.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Guest {
    id: ClientId,
    state: &'static str,
    below: String,
    /// How its latest recipe stands, while there is one.
    recipe: Option<&'static str>,
    /// How many events of watches it was told of: it flashes at each.
    told: u64,
    /// Whether what stands below is bad news.
    trouble: bool,
    name: String,
}

impl Guest {
    /// What is drawn of `client`.
    pub(crate) fn of(client: &ClientView) -> Self {
        let last = client.operations.last();
        let mut recipes = client.recipes.iter().rev();
        let recipe = recipes.find(|one| facts::is_alive(one));
        let (below, trouble) = match (client.state, recipe) {
            ("connected", Some(recipe)) => (pursues(recipe), false),
            ("connected", None) => last.map_or((String::new(), false), |last| {
                (under(last), last.ok == Some(false))
            }),
            (state, _) => (
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
        for recipe in &client.recipes {
            name = format!("{name}; {}: {}", recipe.text, facts::standing(recipe));
        }
        Self {
            id: client.id,
            state: client.state,
            below,
            recipe: recipe.map(|recipe| recipe.state),
            told: client.told,
            trouble,
            name,
        }
    }
}

/// How a recipe stands, in a few characters: `holds the lock`, `lock waits`.
fn pursues(recipe: &RecipeView) -> String {
    let text = match recipe.state {
        "holds" => facts::standing(recipe),
        _ => format!("{} waits", recipe.kind),
    };
    shortened(&text, FITS_STANDING)
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
            data-client={guest.id.to_string()} data-state={guest.state} data-recipe={guest.recipe}
            style={format!("transform:translate({}px,{}px)", num(at.x), num(at.y))}>
            <g transform={format!("scale({scale})")}>
                <circle class="halo" r="26" />
                { for (guest.told > 0).then(|| html! { <rect key={guest.told} class="tripped" x="-20" y="-16" width="40" height="32" rx="9" /> }) }
                <rect class="body" x="-16" y="-12" width="32" height="24" rx="6" />
                <text class="letter">{ guest.id.to_string() }</text>
                if let Some(recipe) = guest.recipe {
                    <g class="pursuit" transform="translate(16 -11)">
                        <circle r="7" />
                        <path d={if recipe == "holds" { HELD } else { AWAITED }} />
                    </g>
                }
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
