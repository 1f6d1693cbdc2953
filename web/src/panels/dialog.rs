//! A dialog: over the page, with the focus in it, closed by Escape.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::action::Action;

/// Properties of [`Modal`].
#[derive(Properties, PartialEq)]
pub(super) struct ModalProps {
    /// Its heading.
    pub(super) title: AttrValue,
    /// What the reader wants.
    pub(super) on: Callback<Action>,
    /// What it shows.
    pub(super) children: Html,
}

/// A dialog.
#[function_component]
pub(super) fn Modal(props: &ModalProps) -> Html {
    let node = use_node_ref();
    use_effect_with((), {
        let node = node.clone();
        move |()| {
            let dialog = node.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                let _ = dialog.show_modal();
            }
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        }
    });
    let cancel = props.on.reform(|event: Event| {
        event.prevent_default();
        Action::Close
    });
    let close = props.on.reform(|_: MouseEvent| Action::Close);
    html! {
        <dialog ref={node} aria-label={props.title.clone()} oncancel={cancel}>
            <div class="title">
                <h2>{ &props.title }</h2>
                <button type="button" class="square" aria-label="Close" onclick={close}>{ "×" }</button>
            </div>
            { props.children.clone() }
        </dialog>
    }
}
