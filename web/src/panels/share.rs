//! Ways to pass the run on: a link, an embed snippet, the script, the picture.

use quorumscope_core::history::BranchView;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::dialog::Modal;
use super::parts::Copy;
use crate::action::Action;
use crate::picture;

/// Properties of [`Share`].
#[derive(Properties, PartialEq)]
pub struct ShareProps {
    /// The current branch as a script.
    pub script: AttrValue,
    /// The current branch as the fragment of a link.
    pub fragment: AttrValue,
    /// All branches.
    pub branches: Vec<BranchView>,
    /// Whether both protocols are watched side by side.
    pub beside: bool,
    /// The element's root, for the picture.
    pub root: NodeRef,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The ways to pass the run on.
#[function_component]
pub fn Share(props: &ShareProps) -> Html {
    let query = if props.beside { "?compare" } else { "" };
    let link = format!("{}{query}{}", address(), props.fragment);
    let download = {
        let root = props.root.clone();
        move |_: MouseEvent| picture::download(&root)
    };
    html! {
        <Modal title="Share" on={props.on.clone()}>
            <section>
                <h3>{ "Link" }</h3>
                <p>{ "It holds the whole run: whoever opens it sees exactly this." }</p>
                <div class="copied"><input type="text" readonly=true aria-label="Link" value={link.clone()} /><Copy label="Copy link" text={link} /></div>
            </section>
            <section>
                <h3>{ "Embed" }</h3>
                <textarea readonly=true rows="4" aria-label="Embed snippet" value={snippet(&props.script, props.beside)} />
                <Copy label="Copy snippet" text={snippet(&props.script, props.beside)} />
            </section>
            <section>
                <h3>{ "Script" }</h3>
                <textarea readonly=true rows="7" aria-label="Script" value={props.script.clone()} />
                <Copy label="Copy script" text={props.script.clone()} />
            </section>
            <section>
                <h3>{ "Picture" }</h3>
                <button type="button" onclick={download}>{ "Save the ring as SVG" }</button>
            </section>
            <Branches branches={props.branches.clone()} on={props.on.clone()} />
        </Modal>
    }
}

/// The page's own address, without query and fragment.
fn address() -> String {
    let location = crate::frames::window().location();
    let part = |part: Result<String, _>| part.unwrap_or_default();
    format!("{}{}", part(location.origin()), part(location.pathname()))
}

/// What a course page holds to show this run.
fn snippet(script: &str, beside: bool) -> String {
    let compare = if beside { " compare" } else { "" };
    let escaped = script.replace('&', "&amp;").replace('<', "&lt;");
    let folder = address();
    let folder = folder
        .rsplit_once('/')
        .map_or(folder.as_str(), |(folder, _)| folder);
    format!(
        "<script type=\"module\" src=\"{folder}/quorum-scope.js\"></script>\n<quorum-scope{compare} style=\"height: 580px\">\n{}\n</quorum-scope>\n",
        escaped.trim_end()
    )
}

#[derive(Properties, PartialEq)]
struct BranchesProps {
    branches: Vec<BranchView>,
    on: Callback<Action>,
}

/// The branches by name; the current one can be renamed.
#[function_component]
fn Branches(props: &BranchesProps) -> Html {
    html! {
        <section>
            <h3>{ "Branches" }</h3>
            <ul class="branches">
                { for props.branches.iter().map(|branch| if branch.current { current(branch, &props.on) } else { other(branch, &props.on) }) }
            </ul>
        </section>
    }
}

fn current(branch: &BranchView, on: &Callback<Action>) -> Html {
    let onchange = on.reform(|event: Event| {
        Action::Rename(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    html! { <li key={branch.id}><label>{ "This one: " }<input type="text" maxlength="80" value={branch.name.clone()} {onchange} /></label></li> }
}

fn other(branch: &BranchView, on: &Callback<Action>) -> Html {
    let (on, id) = (on.clone(), branch.id);
    html! { <li key={branch.id}><button type="button" onclick={move |_: MouseEvent| on.emit(Action::Switch(id))}>{ &branch.name }</button></li> }
}
