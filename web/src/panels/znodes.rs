//! The znodes of one server, with what sets them apart from the leader's.

use std::rc::Rc;

use quorumscope_core::ids::ServerId;
use quorumscope_core::time::Duration;
use quorumscope_core::view::{About, Difference, ToldView, WatchView, ZnodeView};
use yew::prelude::*;

use super::operation::OperationForm;
use super::parts::{clock, typed};
use crate::action::Action;
use crate::desk::Refusal;
use crate::fixed::Fixed;
use crate::intent::{Intent, Target};
use crate::snapshot::Snapshot;

/// Digits at the end of a sequential znode's name.
const COUNTER: usize = 10;
/// How long after its event a tripwire may flash, on the run's clock.
const FLASHES_FOR: Duration = Duration::from_millis(300);

/// Properties of [`Znodes`].
#[derive(Properties, PartialEq)]
pub struct ZnodesProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// Whose tree.
    pub tree_of: ServerId,
    /// What is lit up.
    pub lit: Rc<About>,
    /// What was asked for and refused.
    pub refused: Option<Refusal>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The tree of one server, and a form to change it through a client.
#[function_component]
pub fn Znodes(props: &ZnodesProps) -> Html {
    let shown = &props.shown;
    let places = use_memo((), |()| NodeRef::default());
    html! {
        <>
            { choice(props) }
            <ul class="tree" role="tree" aria-label={format!("Znodes of {}", props.tree_of)} ref={(*places).clone()} onkeydown={walk(&places)}>
                { for shown.tree.iter().enumerate().map(|(place, znode)| row(props, znode, place == 0)) }
            </ul>
            { key(&shown.tree) }
            { unmet(shown) }
            { told(shown) }
            <OperationForm view={shown.view.clone()} refused={props.refused.clone()} on={props.on.clone()} />
        </>
    }
}

fn choice(props: &ZnodesProps) -> Html {
    let onchange = {
        let on = props.on.clone();
        let servers: Vec<_> = props
            .shown
            .view
            .servers
            .iter()
            .map(|server| server.id)
            .collect();
        move |event: Event| {
            let name = typed(&event);
            if let Some(server) = servers.iter().find(|server| server.to_string() == name) {
                on.emit(Action::Tree(*server));
            }
        }
    };
    html! {
        <div class="filter">
            <label>
                { "As " }
                <select aria-label="Server" {onchange}>
                    { for props.shown.view.servers.iter().map(|server| html! {
                        <option value={server.id.to_string()} selected={server.id == props.tree_of}>{ format!("{} · {}", server.id, server.role) }</option>
                    }) }
                </select>
                { " holds them" }
            </label>
        </div>
    }
}

fn row(props: &ZnodesProps, znode: &ZnodeView, first: bool) -> Html {
    let depth = znode.path.matches('/').count() - 1;
    let name = znode
        .path
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or("/");
    let target = Target::Znode {
        path: znode.path.clone(),
        server: Some(props.tree_of),
    };
    let lit = props.lit.znode.as_ref() == Some(&znode.path);
    let (mark, difference) = difference(znode.difference);
    let emit = |intent: Intent| {
        let on = props.on.clone();
        move || on.emit(Action::Intent(intent.clone()))
    };
    let select = emit(Intent::Select(target.clone()));
    let hover = emit(Intent::Hover(Some(target.clone())));
    let menu = {
        let on = props.on.clone();
        move |event: MouseEvent| {
            event.prevent_default();
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            on.emit(Action::Intent(Intent::Menu {
                target: target.clone(),
                x,
                y,
            }));
        }
    };
    let held: Vec<_> = znode.on.iter().map(ToString::to_string).collect();
    html! {
        <li key={znode.path.clone()} role="none">
            <button
                type="button"
                role="treeitem"
                class={classes!("znode", difference, lit.then_some("lit"))}
                style={format!("--depth:{depth}")}
                aria-level={(depth + 1).to_string()}
                aria-label={label(znode, &props.shown.watches)}
                tabindex={if first { "0" } else { "-1" }}
                data-znode={znode.path.clone()}
                data-on={held.join(" ")}
                onclick={move |_: MouseEvent| select()}
                onpointerenter={move |_: PointerEvent| hover()}
                oncontextmenu={menu}
            >
                <span class="sign" aria-hidden="true">{ mark }</span>
                <b>{ name }</b>
                <span class="data">{ znode.data.as_ref().map(|data| format!("{data:?}")) }</span>
                { kind(znode) }
                { for watches(props, &znode.path) }
                { owner(znode) }
                <span class="version">{ format!("v{}", znode.version) }</span>
                <span class="flashes">{ for flashes(props, &znode.path) }</span>
            </button>
        </li>
    }
}

/// What it is besides persistent.
fn kind(znode: &ZnodeView) -> Html {
    let counter = znode.path.len().checked_sub(COUNTER);
    let digits = counter.and_then(|at| znode.path.get(at..));
    let sequential = digits.is_some_and(|end| end.bytes().all(|byte| byte.is_ascii_digit()));
    let words = [
        match znode.kind {
            "persistent" => None,
            // Its owner stands beside it.
            "ephemeral" => Some("eph"),
            kind => Some(kind),
        },
        sequential.then_some("seq"),
    ];
    let words = words.into_iter().flatten();
    words
        .map(|word| html! { <span key={word} class="kind">{ word }</span> })
        .collect()
}

/// Who has a tripwire on a path, and of which kind.
fn watches(props: &ZnodesProps, path: &str) -> impl Iterator<Item = Html> {
    let watches = &props.shown.watches;
    let here = watches.iter().filter(move |watch| watch.path == path);
    here.map(wire)
}

fn wire(watch: &WatchView) -> Html {
    let who = watch
        .client
        .map_or_else(|| "?".to_owned(), |client| client.to_string());
    let kinds = watch.kinds.join(", ");
    let title = format!("watched by client {who}: {kinds}");
    html! { <span key={who.clone()} class="wire" data-watcher={who.clone()} {title}>{ format!("{who} {kinds}") }</span> }
}

/// A flash for each event of late.
fn flashes(props: &ZnodesProps, path: &str) -> impl Iterator<Item = Html> {
    let shown = &props.shown;
    let here = shown.told.iter().filter(move |told| told.path == path);
    let fresh = here.filter(|told| shown.now.since(told.time) < FLASHES_FOR);
    fresh.map(|told| html! { <i key={event_key(told)} class="flash"></i> })
}

fn event_key(told: &ToldView) -> String {
    format!("{}{}", told.client, told.number)
}

/// The tripwires on what is not there.
fn unmet(shown: &Snapshot) -> Html {
    let there = |path: &str| path == "/" || shown.tree.iter().any(|znode| znode.path == path);
    let unmet = shown.watches.iter().filter(|watch| !there(&watch.path));
    let line = |watch: &WatchView| {
        html! { <p key={watch.path.clone()} class="key">{ &watch.path }{ " is not there, and watched: " }{ wire(watch) }</p> }
    };
    unmet.map(line).collect()
}

/// What clients were told by watches of late.
fn told(shown: &Snapshot) -> Html {
    if shown.told.is_empty() {
        return Html::default();
    }
    html! {
        <ol class="tidings" aria-label="Events of watches">
            { for shown.told.iter().map(|told| html! {
                <li key={event_key(told)} class={(shown.now.since(told.time) < FLASHES_FOR).then_some("flash")} data-told={told.client.to_string()}>
                    <time>{ clock(told.time) }</time>
                    <span>{ format!("client {} is told: {} {}", told.client, told.kind, told.path) }</span>
                </li>
            }) }
        </ol>
    }
}

fn owner(znode: &ZnodeView) -> Html {
    let Some(session) = &znode.owner else {
        return Html::default();
    };
    let who = znode
        .client
        .map_or_else(|| session.clone(), |client| client.to_string());
    html! { <span class="owner" title={format!("ephemeral, owned by session {session}")}>{ who }</span> }
}

/// The sign of a difference from the leader's tree, and its class.
const fn difference(difference: Option<Difference>) -> (&'static str, &'static str) {
    match difference {
        None => ("", "same"),
        Some(Difference::Missing) => ("−", "missing"),
        Some(Difference::Stale) => ("≠", "stale"),
        Some(Difference::Gone) => ("+", "gone"),
    }
}

fn label(znode: &ZnodeView, watches: &[WatchView]) -> String {
    let differs = match znode.difference {
        None => "",
        Some(Difference::Missing) => ", the leader has it, this server does not",
        Some(Difference::Stale) => ", the leader's has moved on",
        Some(Difference::Gone) => ", the leader has it no more",
    };
    let data = znode
        .data
        .as_ref()
        .map_or_else(String::new, |data| format!(", {data:?}"));
    let owner = znode
        .client
        .map_or_else(String::new, |client| format!(" of client {client}"));
    let mut label = format!(
        "{}, {}{owner}, version {}{data}{differs}",
        znode.path, znode.kind, znode.version
    );
    for watch in watches.iter().filter(|watch| watch.path == znode.path) {
        if let Some(client) = watch.client {
            label = format!("{label}, watched by client {client}");
        }
    }
    label
}

/// What the signs mean, once there is one.
fn key(tree: &[ZnodeView]) -> Html {
    if tree.iter().all(|znode| znode.difference.is_none()) {
        return Html::default();
    }
    html! {
        <p class="key">
            <span class="missing">{ "−" }</span>{ " only the leader has it " }
            <span class="stale">{ "≠" }</span>{ " the leader’s is newer " }
            <span class="gone">{ "+" }</span>{ " the leader has it no more" }
        </p>
    }
}

/// Arrow keys walk through the tree.
fn walk(tree: &NodeRef) -> Callback<KeyboardEvent> {
    let tree = tree.clone();
    Callback::from(move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        if let Some(tree) = tree.cast::<web_sys::Element>() {
            crate::hands::rove(&tree, "[role=treeitem]", step);
        }
    })
}
