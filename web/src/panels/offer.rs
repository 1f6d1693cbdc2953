//! What can be done, as buttons: one a line, or several alternatives on one.

use yew::prelude::*;

use crate::action::Action;
use crate::desk::Refusal;
use crate::intent::Intent;
use crate::offers::Offer;

/// The offers by line: neighbours with the same row share one.
pub(super) fn lines(offers: &[Offer]) -> impl Iterator<Item = &[Offer]> {
    offers.chunk_by(|one, next| one.row.is_some() && one.row == next.row)
}

/// A button that does what is offered. One that cannot be done now says why when it is pressed.
pub(super) fn button(
    offer: &Offer,
    role: Option<&'static str>,
    on: &Callback<Action>,
    says: Html,
) -> Html {
    let line = offer.line.clone();
    let action = match offer.refused.clone() {
        Some(text) => Action::Refuse(Refusal { line, text }),
        None => Action::Intent(Intent::Run(line)),
    };
    let title = offer.refused.as_ref().unwrap_or(&offer.line).clone();
    let onclick = on.reform(move |_: MouseEvent| action.clone());
    html! {
        <button key={offer.line.clone()} type="button" {role} tabindex={role.map(|_| "-1")}
            class={offer.harmful.then_some("harmful")} {title} aria-label={offer.name()}
            aria-disabled={offer.refused.is_some().then_some("true")}
            data-command={offer.line.clone()} {onclick}>{ says }</button>
    }
}

/// Why the last line that was asked for here was refused.
pub(super) fn refusal(refused: Option<&Refusal>) -> Html {
    match refused {
        Some(refused) => html! { <p class="refusal" role="alert">{ &refused.text }</p> },
        None => Html::default(),
    }
}
