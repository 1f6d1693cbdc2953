//! The menu of a thing: what can be done to it, beside where it was asked for.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::offer;
use crate::action::Action;
use crate::desk::{Menu, Refusal};
use crate::hands::rove;
use crate::intent::{Intent, Target};
use crate::offers::Offer;

/// Properties of [`ContextMenu`].
#[derive(Properties, PartialEq)]
pub struct ContextMenuProps {
    /// The menu, while it is open.
    pub menu: Option<Menu>,
    /// What it lists.
    pub offers: Vec<Offer>,
    /// What was asked for here and refused.
    pub refused: Option<Refusal>,
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
    let on = &props.on;
    let entry = |text: &'static str, action: Action| {
        let onclick = on.reform(move |_: MouseEvent| action.clone());
        html! { <li role="none" key={text}><button type="button" role="menuitem" tabindex="-1" {onclick}>{ text }</button></li> }
    };
    let inspect = Action::Intent(Intent::Select(menu.target.clone()));
    let is_server = matches!(menu.target, Target::Server(_));
    let close = props.on.reform(|_: MouseEvent| Action::Close);
    html! {
        <>
            <div class="veil" onclick={close.clone()} oncontextmenu={close.reform(|event: MouseEvent| { event.prevent_default(); event })}></div>
            <ul class="menu" role="menu" aria-label={menu.target.name()} ref={list.clone()} onkeydown={walk(&list, &props.on)}>
                <li class="heading" role="none">{ menu.target.name() }</li>
                { entry("Inspect", inspect) }
                { for offer::lines(&props.offers).map(|line| row(line, on)) }
                if is_server {
                    { entry("Members …", Action::Members(None)) }
                }
                <li role="none">{ offer::refusal(props.refused.as_ref()) }</li>
            </ul>
        </>
    }
}

/// An offer with its command, or alternatives beside each other.
fn row(offers: &[Offer], on: &Callback<Action>) -> Html {
    let first = &offers[0];
    let button = |offer: &Offer, says: Html| offer::button(offer, Some("menuitem"), on, says);
    match &first.row {
        None => {
            let beside = match &first.refused {
                Some(why) => html! { <small>{ why }</small> },
                None => html! { <code>{ &first.line }</code> },
            };
            let says = html! { <><span>{ &first.label }</span>{ beside }</> };
            html! { <li role="none" key={first.line.clone()}>{ button(first, says) }</li> }
        }
        Some(row) => html! {
            <li role="none" class="alternatives" key={row.clone()}>
                <span>{ row }</span>
                { for offers.iter().map(|offer| button(offer, html! { &offer.label })) }
            </li>
        },
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
