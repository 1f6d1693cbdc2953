//! A stretch of one server's log.
//!
//! A row is cut into blocks at fixed indices, so that a change or a scrolled window draws the
//! blocks it touches and no others.

use std::rc::Rc;

use quorumscope_core::view::{EntryView, ServerView, View};
use quorumscope_core::zab::Pair;
use yew::prelude::*;

use super::{tab_index, term_class};

/// How many indices a block spans.
const SPAN: u64 = 8;

/// See [`LogBlock`].
#[derive(Properties, Clone)]
pub(crate) struct LogBlockProps {
    /// The cluster.
    pub(crate) view: Rc<View>,
    /// The server's position in it.
    pub(crate) row: usize,
    /// The first index.
    pub(crate) first: u64,
    /// The last index.
    pub(crate) last: u64,
    /// The indices that something pointed at speaks of.
    pub(crate) lit: Option<(u64, u64)>,
    /// The index that the inspector shows.
    pub(crate) selected: Option<u64>,
    /// The index at which the tab key stops.
    pub(crate) tab: Option<u64>,
}

/// Blocks are compared by the entries they show.
impl PartialEq for LogBlockProps {
    fn eq(&self, other: &Self) -> bool {
        (self.row, self.first, self.last) == (other.row, other.first, other.last)
            && (self.lit, self.selected, self.tab) == (other.lit, other.selected, other.tab)
            && (Rc::ptr_eq(&self.view, &other.view)
                || (self.server().map(|server| server.id)
                    == other.server().map(|server| server.id)
                    && self.entries() == other.entries()))
    }
}

impl LogBlockProps {
    fn server(&self) -> Option<&ServerView> {
        self.view.servers.get(self.row)
    }

    /// The entries it shows: those of its indices that the view holds.
    fn entries(&self) -> &[EntryView] {
        let log = self.server().map_or(&[][..], |server| &server.log);
        stretch(log, self.first, self.last)
    }
}

/// The entries from `first` to `last` of a log in order of index.
fn stretch(log: &[EntryView], first: u64, last: u64) -> &[EntryView] {
    let from = log.partition_point(|entry| entry.index < first);
    let to = log.partition_point(|entry| entry.index <= last);
    &log[from..to]
}

/// The blocks of the indices from `first` to `last`, as first and last index.
pub(crate) fn blocks(first: u64, last: u64) -> impl Iterator<Item = (u64, u64)> {
    (first / SPAN..=last / SPAN)
        .map(move |block| (first.max(block * SPAN), last.min(block * SPAN + SPAN - 1)))
}

/// The part of `range` that lies in `first..=last`.
pub(crate) fn within(range: Option<(u64, u64)>, first: u64, last: u64) -> Option<(u64, u64)> {
    range
        .map(|(from, to)| (from.max(first), to.min(last)))
        .filter(|(from, to)| from <= to)
}

/// The cells of a block, one an index whether there is an entry or not.
#[function_component]
pub(crate) fn LogBlock(props: &LogBlockProps) -> Html {
    let Some(server) = props.server() else {
        return Html::default();
    };
    let name = server.id.to_string();
    let mut entries = props.entries().iter().peekable();
    let cells = (props.first..=props.last).map(|index| {
        match entries.next_if(|entry| entry.index == index) {
            Some(entry) => cell(&name, entry, props),
            None => html! { <div key={index} class="blank" role="gridcell"></div> },
        }
    });
    html! { <>{ for cells }</> }
}

/// An entry: its term's colour and number, its operation, and how far it has got.
fn cell(server: &str, entry: &EntryView, props: &LogBlockProps) -> Html {
    let lit = props
        .lit
        .is_some_and(|(from, to)| (from..=to).contains(&entry.index));
    let class = classes!(
        "entry",
        term_class(entry.term),
        entry.committed.then_some("committed"),
        entry.applied.then_some("applied"),
        (!entry.durable).then_some("volatile"),
        (props.selected == Some(entry.index)).then_some("selected"),
        lit.then_some("lit"),
    );
    html! {
        <div key={entry.index} {class} role="gridcell"
            tabindex={tab_index(props.tab == Some(entry.index))}
            aria-label={describe(server, entry)} title={in_words(entry)} data-kind={entry.kind}
            data-entry={format!("{server}:{}", entry.index)}
            data-term={entry.term.to_string()} data-committed={entry.committed.to_string()}>
            <b>{ entry.term }</b>
            if entry.kind == "configuration" {
                { venn(is_joint(entry)) }
            }
            <span>{ short(entry) }</span>
        </div>
    }
}

/// Whether an entry begins a joint configuration, which has an old and a new half.
pub(crate) fn is_joint(entry: &EntryView) -> bool {
    entry.kind == "configuration" && entry.label.contains(" → ")
}

/// A configuration: a ring, or the two that overlap of a joint one.
fn venn(joint: bool) -> Html {
    html! {
        <svg class="venn" viewBox="0 0 14 10" aria-hidden="true">
            if joint {
                <circle cx="4.8" cy="5" r="3.8" /><circle cx="9.2" cy="5" r="3.8" />
            } else {
                <circle cx="7" cy="5" r="3.8" />
            }
        </svg>
    }
}

/// What an entry holds, in a cell: of a configuration the numbers of its servers, as there is no
/// room for more.
fn short(entry: &EntryView) -> String {
    match (entry.kind, entry.zxid) {
        ("configuration", None) => entry
            .label
            .replace(" learner ", "+")
            .replace(['S', ' '], ""),
        _ => entry.label.clone(),
    }
}

/// What an entry holds, a configuration with what each list of servers is.
fn in_words(entry: &EntryView) -> String {
    if entry.kind != "configuration" || entry.zxid.is_some() {
        return entry.label.clone();
    }
    let (voters, learners) = match entry.label.split_once(" learner ") {
        Some((voters, learners)) => (voters, format!(", learners {learners}")),
        None => (entry.label.as_str(), String::new()),
    };
    match voters.split_once(" → ") {
        Some((old, new)) => {
            format!("joint configuration: old voters {old}, new voters {new}{learners}")
        }
        None => format!("configuration: voters {voters}{learners}"),
    }
}

/// For who cannot see it.
fn describe(server: &str, entry: &EntryView) -> String {
    let state = match (entry.committed, entry.applied, entry.durable) {
        (true, true, _) => "committed and applied",
        (true, false, _) => "committed",
        (false, _, true) => "not committed",
        (false, _, false) => "not committed, not yet on disk",
    };
    let place = match entry.zxid {
        Some(zxid) => format!("transaction {}", Pair(zxid)),
        None => format!("entry {}, term {}", entry.index, entry.term),
    };
    format!("{server} {place}, {}, {state}", in_words(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(index: u64) -> EntryView {
        EntryView {
            index,
            term: 1,
            zxid: None,
            kind: "no-op",
            label: "no-op".to_owned(),
            committed: false,
            applied: false,
            durable: true,
        }
    }

    #[test]
    fn a_configuration_says_what_each_server_is_in_it() {
        let told = |label: &str| {
            in_words(&EntryView {
                kind: "configuration",
                label: label.to_owned(),
                ..entry(1)
            })
        };
        assert_eq!(told("S1 S2"), "configuration: voters S1 S2");
        assert_eq!(
            told("S1 S2 → S1 S3 learner S4"),
            "joint configuration: old voters S1 S2, new voters S1 S3, learners S4"
        );
    }

    #[test]
    fn a_cell_has_room_for_the_numbers_of_the_servers() {
        let joint = EntryView {
            kind: "configuration",
            label: "S1 S2 → S1 S3 learner S4".to_owned(),
            ..entry(1)
        };
        assert_eq!(short(&joint), "12→13+4");
        assert_eq!(short(&entry(1)), "no-op");
    }

    #[test]
    fn blocks_cover_a_window_once_and_in_order() {
        let cut: Vec<_> = blocks(5, 20).collect();
        assert_eq!(cut, [(5, 7), (8, 15), (16, 20)]);
        assert_eq!(blocks(9, 9).collect::<Vec<_>>(), [(9, 9)]);
    }

    #[test]
    fn a_stretch_holds_the_entries_of_its_indices_only() {
        let log: Vec<_> = (4..10).map(entry).collect();
        let indices = |first, last| -> Vec<_> {
            let entries = stretch(&log, first, last);
            entries.iter().map(|entry| entry.index).collect()
        };
        assert_eq!(indices(1, 5), [4, 5]);
        assert_eq!(indices(6, 7), [6, 7]);
        assert!(indices(10, 12).is_empty());
    }

    #[test]
    fn only_the_lit_part_of_a_block_is_lit() {
        assert_eq!(within(Some((3, 20)), 8, 15), Some((8, 15)));
        assert_eq!(within(Some((3, 7)), 8, 15), None);
        assert_eq!(within(None, 8, 15), None);
    }
}
