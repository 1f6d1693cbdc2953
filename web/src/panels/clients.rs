//! The clients: what each believes, and what became of what it asked.

use std::rc::Rc;

use quorumscope_core::ids::ClientId;
use quorumscope_core::view::{About, ClientView, OperationView, View};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::histories;
use super::parts::clock;
use crate::action::Action;
use crate::fixed::Fixed;
use crate::intent::{Intent, Target};
use crate::offers;
use crate::snapshot::Snapshot;

/// Properties of [`Clients`].
#[derive(Properties, PartialEq)]
pub struct ClientsProps {
    /// What is shown.
    pub shown: Fixed<Snapshot>,
    /// What is lit up.
    pub lit: Rc<About>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The clients, and a form to ask for something.
#[function_component]
pub fn Clients(props: &ClientsProps) -> Html {
    let view = &props.shown.view;
    let start = offers::free_client(view).map(|id| {
        let on = props.on.clone();
        html! { <button type="button" onclick={move |_: MouseEvent| on.emit(Action::Intent(Intent::Run(format!("client {id}"))))}>{ format!("Start client {id}") }</button> }
    });
    html! {
        <>
            <div class="clients">
                if view.clients.is_empty() {
                    <p class="empty">{ "No client runs. A client opens a session with one server and asks it to read and write znodes." }</p>
                }
                { histories::histories(view) }
                { for view.clients.iter().map(|client| of_client(props, client)) }
                <p class="start">{ start }</p>
            </div>
            <OperationForm view={view.clone()} on={props.on.clone()} />
        </>
    }
}

fn of_client(props: &ClientsProps, client: &ClientView) -> Html {
    let select = {
        let (on, target) = (props.on.clone(), Target::Client(client.id));
        move |_: MouseEvent| on.emit(Action::Intent(Intent::Select(target.clone())))
    };
    let lit = props.lit.endpoints.contains(&client.id.into());
    let server = client
        .server
        .map_or_else(|| "no server".to_owned(), |server| server.to_string());
    html! {
        <article key={client.id.to_string()} class={classes!("one-client", lit.then_some("lit"))} data-state={client.state}>
            <h3><button type="button" onclick={select}>{ format!("Client {}", client.id) }</button></h3>
            <p class="session">
                <span class="state">{ client.state }</span>{ " · " }{ server }
                if let Some(session) = &client.session {
                    { " · " }<code>{ session }</code>
                }
            </p>
            <ol class="operations">{ for client.operations.iter().rev().map(operation) }</ol>
        </article>
    }
}

fn operation(operation: &OperationView) -> Html {
    let (class, outcome) = match operation.ok {
        None => ("waits", "…".to_owned()),
        Some(ok) => (
            if ok { "ok" } else { "failed" },
            operation.outcome.clone().unwrap_or_default(),
        ),
    };
    let verdict = histories::verdict(operation);
    // What is as it should be needs no more than its sign.
    let remarkable = matches!(verdict, "stale" | "violation");
    let why = operation.verdict.as_ref().filter(|_| remarkable);
    html! {
        <li key={operation.number} {class} data-verdict={verdict}>
            <time>{ clock(operation.invoked) }</time>
            <code>{ &operation.text }</code>
            <span class="outcome">{ "→ " }{ outcome }</span>
            <span class="sign" data-verdict={verdict} role="img" aria-label={verdict}>{ histories::sign(verdict) }</span>
            if let Some(why) = why {
                <p class="why">{ &why.text }</p>
            }
        </li>
    }
}

/// Properties of [`OperationForm`].
#[derive(Properties, PartialEq)]
pub struct OperationFormProps {
    /// The cluster.
    pub view: Rc<View>,
    /// What the reader wants.
    pub on: Callback<Action>,
}

/// The operations of the form: name, whether it takes data, whether it takes the flags of a new
/// znode.
const OPERATIONS: [(&str, bool, bool); 7] = [
    ("create", true, true),
    ("set", true, false),
    ("get", false, false),
    ("exists", false, false),
    ("children", false, false),
    ("delete", false, false),
    ("sync", false, false),
];

/// Whether an operation reads, as the client's server has it or linearizably.
fn reads(operation: usize) -> bool {
    matches!(OPERATIONS[operation].0, "get" | "exists" | "children")
}

/// What stands in the form.
#[derive(Clone, PartialEq)]
struct Draft {
    client: Option<ClientId>,
    operation: usize,
    path: String,
    data: String,
    ephemeral: bool,
    sequential: bool,
    linearizable: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            client: None,
            operation: 0,
            path: "/app".to_owned(),
            data: "hello".to_owned(),
            ephemeral: false,
            sequential: false,
            linearizable: false,
        }
    }
}

impl Draft {
    /// The line that does it.
    fn line(&self, client: ClientId) -> String {
        let (name, takes_data, takes_flags) = OPERATIONS[self.operation];
        let mut line = format!("client {client} {name} {}", self.path.trim());
        if takes_data {
            line.push(' ');
            line.push_str(&quoted(&self.data));
        }
        if takes_flags && self.ephemeral {
            line.push_str(" ephemeral");
        }
        if takes_flags && self.sequential {
            line.push_str(" sequential");
        }
        if reads(self.operation) && self.linearizable {
            line.push_str(" linearizable");
        }
        line
    }
}

/// A text as the command language writes it.
fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// Asks for something through a client; starts one if none runs.
#[function_component]
pub fn OperationForm(props: &OperationFormProps) -> Html {
    let draft = use_state(Draft::default);
    let running: Vec<_> = props
        .view
        .clients
        .iter()
        .filter(|client| offers::runs(client))
        .map(|client| client.id)
        .collect();
    let client = draft
        .client
        .filter(|id| running.contains(id))
        .or_else(|| running.first().copied());
    let onsubmit = {
        let (on, draft, view) = (props.on.clone(), draft.clone(), props.view.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let Some(id) = client.or_else(|| offers::free_client(&view)) else {
                return;
            };
            if client.is_none() {
                on.emit(Action::Intent(Intent::Run(format!("client {id}"))));
            }
            on.emit(Action::Intent(Intent::Run(draft.line(id))));
        }
    };
    let field = |name: &'static str, value: &str, change: fn(&mut Draft, String)| {
        let oninput = edit(&draft, change);
        html! { <input type="text" class={name} aria-label={name} placeholder={name} value={value.to_owned()} spellcheck="false" autocapitalize="off" {oninput} /> }
    };
    let (_, takes_data, takes_flags) = OPERATIONS[draft.operation];
    html! {
        <form class="operation" {onsubmit}>
            { clients_choice(&draft, &running, client) }
            { operations_choice(&draft) }
            { field("path", &draft.path, |draft, value| draft.path = value) }
            if takes_data {
                { field("data", &draft.data, |draft, value| draft.data = value) }
            }
            if takes_flags {
                { flag(&draft, "ephemeral", draft.ephemeral, |draft| draft.ephemeral = !draft.ephemeral) }
                { flag(&draft, "sequential", draft.sequential, |draft| draft.sequential = !draft.sequential) }
            }
            if reads(draft.operation) {
                { flag(&draft, "linearizable", draft.linearizable, |draft| draft.linearizable = !draft.linearizable) }
            }
            <button type="submit" class="primary">{ "Send" }</button>
        </form>
    }
}

fn edit(draft: &UseStateHandle<Draft>, change: fn(&mut Draft, String)) -> Callback<InputEvent> {
    let draft = draft.clone();
    Callback::from(move |event: InputEvent| {
        let mut edited = (*draft).clone();
        change(
            &mut edited,
            event.target_unchecked_into::<HtmlInputElement>().value(),
        );
        draft.set(edited);
    })
}

fn flag(
    draft: &UseStateHandle<Draft>,
    name: &'static str,
    set: bool,
    toggle: fn(&mut Draft),
) -> Html {
    let draft = draft.clone();
    let onchange = move |_: Event| {
        let mut edited = (*draft).clone();
        toggle(&mut edited);
        draft.set(edited);
    };
    html! { <label class="flag"><input type="checkbox" checked={set} {onchange} />{ name }</label> }
}

fn clients_choice(
    draft: &UseStateHandle<Draft>,
    running: &[ClientId],
    chosen: Option<ClientId>,
) -> Html {
    let (draft, ids) = (draft.clone(), running.to_vec());
    let onchange = move |event: Event| {
        let name = super::parts::typed(&event);
        let client = ids.iter().copied().find(|id| id.to_string() == name);
        draft.set(Draft {
            client,
            ..(*draft).clone()
        });
    };
    if running.is_empty() {
        return html! { <span class="fresh">{ "A new client" }</span> };
    }
    html! {
        <select aria-label="Client" {onchange}>
            { for running.iter().map(|id| html! { <option value={id.to_string()} selected={Some(*id) == chosen}>{ id.to_string() }</option> }) }
        </select>
    }
}

fn operations_choice(draft: &UseStateHandle<Draft>) -> Html {
    let chosen = draft.operation;
    let draft = draft.clone();
    let onchange = move |event: Event| {
        let name = super::parts::typed(&event);
        let operation = OPERATIONS
            .iter()
            .position(|(known, ..)| *known == name)
            .unwrap_or(0);
        draft.set(Draft {
            operation,
            ..(*draft).clone()
        });
    };
    html! {
        <select aria-label="Operation" {onchange}>
            { for OPERATIONS.iter().enumerate().map(|(place, (name, ..))| html! { <option value={*name} selected={place == chosen}>{ *name }</option> }) }
        </select>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_read_is_linearizable() {
        let mut draft = Draft {
            linearizable: true,
            ..Draft::default()
        };
        let client = ClientId::from_letter('A').unwrap();
        assert_eq!(draft.line(client), r#"client A create /app "hello""#);
        draft.operation = 2;
        assert_eq!(draft.line(client), "client A get /app linearizable");
    }

    #[test]
    fn data_with_quotes_stay_one_word_of_the_language() {
        let draft = Draft {
            data: "say \"hi\"\\".to_owned(),
            ephemeral: true,
            ..Draft::default()
        };
        let client = ClientId::from_letter('A').unwrap();
        assert_eq!(
            draft.line(client),
            r#"client A create /app "say \"hi\"\\" ephemeral"#
        );
    }
}
