//! The tabs over the panels.

use yew::prelude::*;

use crate::action::{Action, Tab};

/// Properties of [`Tabs`].
#[derive(Properties, PartialEq)]
pub struct TabsProps {
    /// The panel that is shown.
    pub tab: Tab,
    /// Whether there are two runs to compare.
    pub compares: bool,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The tabs: one stop for the Tab key, arrows move between them.
#[function_component]
pub fn Tabs(props: &TabsProps) -> Html {
    let refs = use_memo((), |()| Tab::ALL.map(|_| NodeRef::default()));
    let shown = Tab::ALL.len() - usize::from(!props.compares);
    let tabs = Tab::ALL[..shown].iter().enumerate().map(|(place, &tab)| {
        let selected = tab == props.tab;
        let on = props.on.clone();
        let onclick = move |_: MouseEvent| on.emit(Action::Show(tab));
        let onkeydown = arrow(place, &refs[..shown], &props.on);
        html! {
            <button
                type="button"
                role="tab"
                ref={refs[place].clone()}
                aria-selected={selected.to_string()}
                tabindex={if selected { "0" } else { "-1" }}
                {onclick}
                {onkeydown}
            >
                { tab.name() }
            </button>
        }
    });
    let on = props.on.clone();
    html! {
        <nav class="tabs">
            <div role="tablist" aria-label="Panels">{ for tabs }</div>
            <button type="button" class="drawer-close" aria-label="Hide the panels" onclick={move |_| on.emit(Action::Drawer)}>{ "×" }</button>
        </nav>
    }
}

fn arrow(place: usize, refs: &[NodeRef], on: &Callback<Action>) -> Callback<KeyboardEvent> {
    let (refs, on) = (refs.to_vec(), on.clone());
    Callback::from(move |event: KeyboardEvent| {
        let next = match event.key().as_str() {
            "ArrowRight" => (place + 1) % refs.len(),
            "ArrowLeft" => (place + refs.len() - 1) % refs.len(),
            "Home" => 0,
            "End" => refs.len() - 1,
            _ => return,
        };
        event.prevent_default();
        on.emit(Action::Show(Tab::ALL[next]));
        if let Some(tab) = refs[next].cast::<web_sys::HtmlElement>() {
            let _ = tab.focus();
        }
    })
}
