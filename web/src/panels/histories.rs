//! What the clients saw, as bars on one axis of time: from question to answer, each with its
//! verdict.

use quorumscope_core::time::Time;
use quorumscope_core::view::{ClientView, OperationView, View};
use yew::prelude::*;

use super::parts::clock;
use crate::frames::millis;
use crate::number::fine;

/// How many operations are shown, the most recent of all clients.
const SHOWN: usize = 16;
/// The shortest time that the axis spans, in microseconds.
const LEAST_SPAN: u64 = 40_000;

/// A verdict's sign and its meaning, in the order of the legend.
const SIGNS: [(&str, &str, &str); 5] = [
    ("linearizable", "✓", "linearizable"),
    ("stale", "≈", "stale, allowed"),
    ("violation", "✗", "violation"),
    ("pending", "…", "pending"),
    ("unknown", "?", "unknown outcome"),
];

/// The verdict on an operation in a word.
pub(super) fn verdict(operation: &OperationView) -> &'static str {
    operation
        .verdict
        .as_ref()
        .map_or("pending", |verdict| verdict.word)
}

/// The sign of a verdict.
pub(super) fn sign(verdict: &str) -> &'static str {
    let known = SIGNS.iter().find(|(word, ..)| *word == verdict);
    known.map_or("", |(_, sign, _)| sign)
}

/// The axis: what is at its left end and at its right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Axis {
    from: Time,
    to: Time,
}

/// An operation's place: its row in the client's lane.
type Placed<'a> = (usize, &'a OperationView);

impl Axis {
    /// The axis that holds these operations, at this time.
    fn of(operations: &[&OperationView], now: Time) -> Option<Self> {
        let from = operations.iter().map(|operation| operation.invoked).min()?;
        let ends = operations.iter().map(|operation| end(operation, now));
        let to = ends.max()?;
        let least = Time::from_micros(from.as_micros() + LEAST_SPAN);
        Some(Self {
            from,
            to: to.max(least),
        })
    }

    /// Where a time is, in hundredths of the axis.
    fn percent(self, at: Time) -> f64 {
        let from = millis(self.from);
        100.0 * (millis(at) - from) / (millis(self.to) - from)
    }
}

/// Where a bar ends: one without an answer lasts until now.
fn end(operation: &OperationView, now: Time) -> Time {
    operation.answered.unwrap_or(now)
}

/// Lays bars that overlap below each other.
fn rows<'a>(operations: &[&'a OperationView], now: Time) -> Vec<Placed<'a>> {
    let mut ends: Vec<Time> = Vec::new();
    let mut placed = Vec::new();
    for operation in operations {
        let free = ends.iter().position(|end| *end <= operation.invoked);
        let row = free.unwrap_or(ends.len());
        ends.resize(ends.len().max(row + 1), Time::ZERO);
        ends[row] = end(operation, now);
        placed.push((row, *operation));
    }
    placed
}

/// The most recent operations of all clients as bars.
pub(super) fn histories(view: &View) -> Html {
    let mut recent: Vec<&OperationView> = view
        .clients
        .iter()
        .flat_map(|client| &client.operations)
        .collect();
    recent.sort_by_key(|operation| operation.invoked);
    let recent = &recent[recent.len().saturating_sub(SHOWN)..];
    let Some(axis) = Axis::of(recent, view.time) else {
        return Html::default();
    };
    let lanes = view.clients.iter().map(|client| lane(client, axis, view));
    let seen = |word: &str| recent.iter().any(|operation| verdict(operation) == word);
    let legend = SIGNS.iter().filter(|(word, ..)| seen(word));
    html! {
        <figure class="histories" aria-label="Client histories">
            <div class="lanes">{ for lanes }</div>
            <p class="axis" aria-hidden="true"><span>{ clock(axis.from) }</span><span>{ clock(axis.to) }</span></p>
            <figcaption>
                { for legend.map(|(word, sign, meaning)| html! {
                    <span key={*word} class="sign" data-verdict={*word}><b aria-hidden="true">{ *sign }</b>{ *meaning }</span>
                }) }
            </figcaption>
        </figure>
    }
}

fn lane(client: &ClientView, axis: Axis, view: &View) -> Html {
    let shown: Vec<&OperationView> = client
        .operations
        .iter()
        .filter(|operation| operation.invoked >= axis.from)
        .collect();
    let placed = rows(&shown, view.time);
    let rows = placed.iter().map(|(row, _)| row + 1).max().unwrap_or(1);
    html! {
        <div key={client.id.to_string()} class="lane" data-client={client.id.to_string()} style={format!("--rows:{rows}")}>
            <b aria-hidden="true">{ client.id.to_string() }</b>
            <ol aria-label={format!("Client {}", client.id)}>
                { for placed.into_iter().map(|placed| bar(placed, axis, view.time)) }
            </ol>
        </div>
    }
}

fn bar((row, operation): Placed<'_>, axis: Axis, now: Time) -> Html {
    let left = axis.percent(operation.invoked);
    let width = axis.percent(end(operation, now)) - left;
    let word = verdict(operation);
    let why = operation.verdict.as_ref().map(|verdict| &verdict.text);
    let title = why.map_or_else(
        || operation.text.clone(),
        |why| format!("{}: {why}", operation.text),
    );
    html! {
        <li key={operation.number} class="bar" data-verdict={word} {title}
            style={format!("left:{}%;width:{}%;--row:{row}", fine(left), fine(width))}>
            <span aria-hidden="true">{ sign(word) }</span>
            <span class="what">{ &operation.text }</span>
            <span class="aloud">{ word }</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(invoked: u64, answered: Option<u64>) -> OperationView {
        OperationView {
            number: invoked,
            text: "get /a".to_owned(),
            invoked: Time::from_millis(invoked),
            answered: answered.map(Time::from_millis),
            ok: None,
            outcome: None,
            verdict: None,
        }
    }

    #[test]
    fn bars_that_overlap_lie_below_each_other_and_a_free_row_is_used_again() {
        let told = [
            operation(0, Some(10)),
            operation(5, None),
            operation(10, Some(12)),
            operation(11, Some(20)),
        ];
        let placed = rows(&told.iter().collect::<Vec<_>>(), Time::from_millis(30));
        let rows: Vec<usize> = placed.iter().map(|(row, _)| *row).collect();
        assert_eq!(rows, [0, 1, 0, 2]);
    }

    #[test]
    fn the_axis_reaches_from_the_first_question_to_the_last_answer_or_to_now() {
        let (first, last) = (operation(100, Some(150)), operation(120, Some(180)));
        let now = Time::from_millis(900);
        let axis = Axis::of(&[&first, &last], now).unwrap();
        assert_eq!(
            axis.percent(Time::from_millis(140)).to_bits(),
            50f64.to_bits()
        );
        assert_eq!(axis.to, Time::from_millis(180));
        let open = operation(130, None);
        assert_eq!(Axis::of(&[&first, &open], now).unwrap().to, now);
        assert_eq!(Axis::of(&[], now), None);
    }
}
