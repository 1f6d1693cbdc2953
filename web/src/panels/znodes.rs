//! The znodes of one server, with what sets them apart from the leader's.

use std::rc::Rc;

use quorumscope_core::ids::ServerId;
use quorumscope_core::view::{About, Difference, ZnodeView};
use yew::prelude::*;

use super::operation::OperationForm;
use super::parts::typed;
use crate::action::Action;
use crate::desk::Refusal;
use crate::fixed::Fixed;
use crate::intent::{Intent, Target};
use crate::snapshot::Snapshot;

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
                aria-label={label(znode)}
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
                { owner(znode) }
                <span class="version">{ format!("v{}", znode.version) }</span>
            </button>
        </li>
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

fn label(znode: &ZnodeView) -> String {
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
    format!(
        "{}, {}, version {}{data}{differs}",
        znode.path, znode.kind, znode.version
    )
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
