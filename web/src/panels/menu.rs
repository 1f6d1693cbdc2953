//! The menu of a thing: what can be done to it, beside where it was asked for.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::action::Action;
use crate::desk::Menu;
use crate::hands::rove;
use crate::intent::Intent;
use crate::offers::Offer;

/// Properties of [`ContextMenu`].
#[derive(Properties, PartialEq)]
pub struct ContextMenuProps {
    /// The menu, while it is open.
    pub menu: Option<Menu>,
    /// What it lists.
    pub offers: Vec<Offer>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// Room that is kept between the menu and the edge of the element, in pixels.
const EDGE: f64 = 8.0;

/// The menu, while it is open.
#[function_component]
pub fn ContextMenu(props: &ContextMenuProps) -> Html {
    let list = use_node_ref();
    use_effect_with(props.menu.clone(), {
        let list = list.clone();
        move |menu| {
            let before = focused();
            let opened = menu.as_ref().zip(list.cast::<HtmlElement>());
            if let Some((menu, list)) = &opened {
                keep_inside(list, menu);
                rove(list, "[role=menuitem]", 0);
            }
            let was_open = opened.is_some();
            move || {
                if let Some(before) = before.filter(|_| was_open) {
                    let _ = before.focus();
                }
            }
        }
    });
    let Some(menu) = &props.menu else {
        return Html::default();
    };
    let mut entries = vec![entry(
        &props.on,
        "Inspect",
        None,
        Intent::Select(menu.target.clone()),
    )];
    entries.extend(props.offers.iter().map(|offer| {
        let class = offer.harmful.then_some("harmful");
        let line = offer.line.clone();
        html! { <li role="none" key={line.clone()}>{ item(&props.on, &offer.label, class, Some(&line), Intent::Run(offer.line.clone())) }</li> }
    }));
    let close = props.on.reform(|_: MouseEvent| Action::Close);
    html! {
        <>
            <div class="veil" onclick={close.clone()} oncontextmenu={close.reform(|event: MouseEvent| { event.prevent_default(); event })}></div>
            <ul class="menu" role="menu" aria-label={menu.target.name()} ref={list.clone()} onkeydown={walk(&list, &props.on)}>
                <li class="heading" role="none">{ menu.target.name() }</li>
                { for entries }
            </ul>
        </>
    }
}

fn entry(on: &Callback<Action>, label: &str, line: Option<&str>, intent: Intent) -> Html {
    html! { <li role="none" key={label.to_owned()}>{ item(on, label, None, line, intent) }</li> }
}

fn item(
    on: &Callback<Action>,
    label: &str,
    class: Option<&'static str>,
    line: Option<&str>,
    intent: Intent,
) -> Html {
    let on = on.clone();
    let onclick = move |_: MouseEvent| on.emit(Action::Intent(intent.clone()));
    html! {
        <button type="button" role="menuitem" tabindex="-1" {class} data-command={line.map(str::to_owned)} {onclick}>
            <span>{ label }</span>
            <code>{ line.map(str::to_owned) }</code>
        </button>
    }
}

fn focused() -> Option<HtmlElement> {
    crate::frames::window()
        .document()?
        .active_element()?
        .dyn_into()
        .ok()
}

/// Places the menu so that it lies inside the element.
fn keep_inside(list: &HtmlElement, menu: &Menu) {
    let Some(element) = list.closest(".qs").ok().flatten() else {
        return;
    };
    let (size, space) = (
        list.get_bounding_client_rect(),
        element.get_bounding_client_rect(),
    );
    let x = (menu.x - space.left())
        .min(space.width() - size.width() - EDGE)
        .max(EDGE);
    let y = (menu.y - space.top())
        .min(space.height() - size.height() - EDGE)
        .max(EDGE);
    let style = list.style();
    // These are valid values of these properties.
    let _ = style.set_property("left", &format!("{x}px"));
    let _ = style.set_property("top", &format!("{y}px"));
}

fn walk(list: &NodeRef, on: &Callback<Action>) -> Callback<KeyboardEvent> {
    let (list, on) = (list.clone(), on.clone());
    Callback::from(move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            "Tab" => {
                event.prevent_default();
                on.emit(Action::Close);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        if let Some(list) = list.cast::<Element>() {
            rove(&list, "[role=menuitem]", step);
        }
    })
}
