//! The replicated log: a row a server, a column an index.
//!
//! Only a window of columns exists at any time, so the log may be of any length. The grid asks
//! for the window it wants; whoever owns the view gives it one with those entries.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use quorumscope_core::ids::{Endpoint, ServerId};
use quorumscope_core::view::{About, PeerView, ServerView, View};
use quorumscope_core::zab::Pair;
use quorumscope_core::zookeeper::Zxid;
use web_sys::Element;
use yew::prelude::*;

use super::log_block::{LogBlock, blocks, is_joint, within};
use super::log_hands::{GridHands, Grip};
use super::log_window::{Columns, LogWindow};
use super::pointed::focus;
use super::size::use_size;
use crate::facts::era;
use crate::intent::{Intent, Target};

/// See [`LogGrid`].
#[derive(Properties, Clone)]
pub struct LogGridProps {
    /// The cluster, with the entries from `first` on, `count` of them.
    pub view: Rc<View>,
    /// What the inspector shows.
    pub selected: Option<Target>,
    /// What something pointed at, on any panel, speaks of.
    pub lit: Rc<About>,
    /// Told what hands do.
    pub on: Callback<Intent>,
    /// The window: its first index,
    pub first: u64,
    /// how many indices it has,
    pub count: u64,
    /// and whether it follows the end.
    pub follow: bool,
    /// Told the window that is wanted.
    pub on_scroll: Callback<LogWindow>,
}

/// A view is made anew for each instant, so the same one is the same instant.
impl PartialEq for LogGridProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.view, &other.view)
            && self.selected == other.selected
            && self.lit == other.lit
            && self.on == other.on
            && self.window() == other.window()
            && self.on_scroll == other.on_scroll
    }
}

impl LogGridProps {
    /// The window it is given.
    pub(crate) fn window(&self) -> LogWindow {
        LogWindow {
            first: self.first,
            count: self.count.max(1),
            follow: self.follow,
        }
    }

    /// The last index of the longest log.
    pub(crate) fn end(&self) -> u64 {
        let ends = self.view.servers.iter().map(|server| server.last);
        ends.max().unwrap_or(0)
    }
}

/// The leader whose view of its peers is shown: the one of the highest term.
fn leader(view: &View) -> Option<&ServerView> {
    let leads = |server: &&ServerView| server.up && server.role == "leader";
    view.servers
        .iter()
        .filter(leads)
        .max_by_key(|server| server.term)
}

/// The entries of `server` that something pointed at speaks of.
fn lit_entries(about: &About, server: ServerId) -> Option<(u64, u64)> {
    let servers = || {
        let is_server = |one: &&Endpoint| matches!(one, Endpoint::Server(_));
        about.endpoints.iter().filter(is_server)
    };
    let concerned = servers().next().is_none() || servers().any(|one| *one == server.into());
    about.entries.filter(|_| concerned)
}

/// What the marks of a cell and a row mean.
const KEY: &str = "filled = committed there · bar = applied · notch = not yet on disk · dot = matchIndex · arrow = nextIndex · ring = configuration";
/// The same under Zab, where a leader knows acknowledgements and sends whatever it proposes.
const ZAB_KEY: &str = "filled = committed there · bar = applied · notch = not yet on disk · dot = acknowledged · arrow = next · ring = configuration";

/// Under Zab: the zxids of the places that any log shown holds.
fn zxids(view: &View) -> Option<BTreeMap<u64, Zxid>> {
    let is_zab = view.protocol == "zab";
    let entries = view.servers.iter().flat_map(|server| &server.log);
    let known = entries.filter_map(|entry| Some((entry.index, entry.zxid?)));
    is_zab.then(|| known.collect())
}

/// The head of a column under Zab; where there is no room, the counter: the cells say the epoch.
fn zxid(index: u64, zxid: Option<Zxid>, compact: bool) -> Html {
    let whole = zxid.map(|zxid| Pair(zxid).to_string());
    let shown = match zxid {
        Some(zxid) if compact => Some(zxid.counter().to_string()),
        _ => whole.clone(),
    };
    html! { <span key={index} role="columnheader" data-zxid={whole.clone()} aria-label={whole}>{ shown }</span> }
}

/// The grid.
#[function_component]
pub fn LogGrid(props: &LogGridProps) -> Html {
    let host = use_node_ref();
    let size = use_size(&host, super::UNSEEN);
    let columns = size.map(|size| Columns::in_width(size.width));
    let cursor = use_state_eq(|| None::<(ServerId, u64)>);
    let grip = use_mut_ref(Grip::default);
    let hover = use_state_eq(|| None::<Target>);
    let (window, end) = (props.window(), props.end());
    let wanted = window.fitted(columns.map_or(window.count, |columns| columns.count), end);
    use_asking(window, wanted, &props.on_scroll);
    use_focus_at_last(&host, &grip);
    let hands = GridHands {
        props: props.clone(),
        width: size.map_or(0.0, |size| size.width),
        cursor: cursor.clone(),
        hover,
        grip,
    };
    let compact = columns.is_some_and(|columns| columns.compact);
    let stop = tab_stop(&props.view, *cursor, window);
    let leader = leader(&props.view);
    let places = zxids(&props.view);
    let rows = props.view.servers.iter().enumerate().map(|(row, server)| {
        let known =
            leader.and_then(|leader| leader.peers.iter().find(|peer| peer.peer == server.id));
        let stop = stop
            .filter(|(at, _)| *at == server.id)
            .map(|(_, index)| index);
        drawn_row(props, row, server, known, stop)
    });
    html! {
        <div class={classes!("logs", compact.then_some("compact"))}>
            <header>
                <h2>{ "Replicated log" }</h2>
                <p class="log-key" aria-hidden="true">
                    { if places.is_some() { ZAB_KEY } else { KEY } }
                </p>
                { follow(&hands, window, end) }
            </header>
            <div class="log" ref={host} role="grid"
                aria-label={if places.is_some() { "Transactions by server and zxid" } else { "Log entries by server and index" }}
                aria-rowcount={(props.view.servers.len() + 1).to_string()}
                style={format!("--columns:{}", window.count)}
                onclick={hands.when(GridHands::clicked)}
                oncontextmenu={hands.when(GridHands::menu)}
                onkeydown={hands.when(GridHands::key)}
                onfocusin={hands.when(GridHands::focused)}
                onpointerover={hands.when(GridHands::over)}
                onpointerleave={hands.when(GridHands::left)}
                onpointerdown={hands.when(GridHands::pressed)}
                onpointermove={hands.when(GridHands::moved)}
                onpointerup={hands.when(GridHands::released)}
                onpointercancel={hands.when(GridHands::released)}
                onwheel={hands.when(GridHands::wheel)}>
                <div class="indices" role="row">
                    <span class="head" role="columnheader"></span>
                    { for (window.first..=window.last()).map(|index| match &places {
                        None => html! { <span key={index} role="columnheader">{ index }</span> },
                        Some(places) => zxid(index, places.get(&index).copied(), compact),
                    }) }
                </div>
                { for rows }
            </div>
            { scrollbar(&hands, window, end) }
        </div>
    }
}

/// Asks for the window that is wanted where it is not the one that is given.
#[hook]
fn use_asking(given: LogWindow, wanted: LogWindow, ask: &Callback<LogWindow>) {
    let ask = ask.clone();
    use_effect_with((given, wanted), move |(given, wanted)| {
        if given != wanted {
            ask.emit(*wanted);
        }
    });
}

/// Gives the focus to the entry that is to have it, once it is drawn: its window may come later.
#[hook]
fn use_focus_at_last(host: &NodeRef, grip: &Rc<RefCell<Grip>>) {
    let (host, grip) = (host.clone(), Rc::clone(grip));
    use_effect(move || {
        let wish = grip.borrow().wanted;
        let (Some((server, index)), Some(grid)) = (wish, host.cast::<Element>()) else {
            return;
        };
        let entry = format!("[data-entry=\"{server}:{index}\"]");
        if let Ok(Some(cell)) = grid.query_selector(&entry) {
            grip.borrow_mut().wanted = None;
            focus(&cell);
        }
    });
}

/// Where the tab key stops: at the cursor if it is shown, else at the last entry shown of the
/// first server that has any.
fn tab_stop(
    view: &View,
    cursor: Option<(ServerId, u64)>,
    window: LogWindow,
) -> Option<(ServerId, u64)> {
    let has = |server: ServerId, index: u64| {
        let server = view.servers.get(server.position());
        server.is_some_and(|server| {
            index == server.snapshot.base || server.log.iter().any(|entry| entry.index == index)
        })
    };
    cursor
        .filter(|(server, index)| window.shows(*index) && has(*server, *index))
        .or_else(|| {
            view.servers.iter().find_map(|server| {
                let shown = |index: &u64| window.shows(*index);
                let base = Some(server.snapshot.base).filter(|base| *base > 0);
                let indices = base
                    .into_iter()
                    .chain(server.log.iter().map(|entry| entry.index));
                indices.rev().find(shown).map(|index| (server.id, index))
            })
        })
}

/// The row of one server; `known` is what the leader believes of its log.
fn drawn_row(
    props: &LogGridProps,
    row: usize,
    server: &ServerView,
    known: Option<&PeerView>,
    stop: Option<u64>,
) -> Html {
    let window = props.window();
    let selected = match props.selected {
        Some(Target::Entry { server: on, index }) if on == server.id => Some(index),
        _ => None,
    };
    let lit = lit_entries(&props.lit, server.id);
    let mut name = format!("{}, {} entries", server.id, server.last);
    if let Some(known) = known {
        let PeerView {
            match_index,
            next_index,
            ..
        } = known;
        let sending = sending(known);
        name = if server.zab.is_some() {
            format!("{name}, acknowledged to entry {match_index}, {sending}")
        } else {
            format!("{name}, match index {match_index}, next index {next_index}, {sending}")
        };
    }
    let class = classes!("row", (!server.up).then_some("down"));
    html! {
        <div key={server.id.number()} {class} role="row" data-log={server.id.to_string()}>
            <span class="head" role="rowheader" aria-label={name}>{ server.id.to_string() }</span>
            { for blocks(window.first, window.last()).map(|(first, last)| {
                let here = |index: &u64| (first..=last).contains(index);
                html! {
                    <LogBlock key={first / 8} view={Rc::clone(&props.view)} {row} {first} {last}
                        lit={within(lit, first, last)} selected={selected.filter(here)}
                        tab={stop.filter(here)} />
                }
            }) }
            { for joint_phases(server, window).into_iter().map(|(first, last)| html! {
                <i key={first} class="phase" style={format!("grid-column:{}/{}", first + 2 - window.first, last + 3 - window.first)}></i>
            }) }
            { snapshot(server, window, stop) }
            if let Some(known) = known {
                { pointers(known, window, server.zab.is_some()) }
            }
        </div>
    }
}

/// The stretches of the window in which this log's configuration is joint, as first and last index.
fn joint_phases(server: &ServerView, window: LogWindow) -> Vec<(u64, u64)> {
    let shown = server.log.iter().filter(|entry| window.shows(entry.index));
    let mut changes: Vec<_> = shown
        .filter(|entry| entry.kind == "configuration")
        .map(|entry| (entry.index, is_joint(entry)))
        .collect();
    let now = &server.configuration;
    if changes.is_empty() && now.index < window.first {
        changes.push((window.first, now.outgoing.is_some()));
    }
    let end = server.last.min(window.last());
    let ends = changes
        .iter()
        .skip(1)
        .map(|(next, _)| next - 1)
        .chain([end]);
    let stretches = changes.iter().zip(ends);
    let joint = stretches.filter(|((first, joint), last)| *joint && first <= last);
    joint.map(|((first, _), last)| (*first, last)).collect()
}

/// The leader's belief: a dot behind the last entry known to match, an arrow under the next one
/// to be sent.
fn pointers(known: &PeerView, window: LogWindow, is_zab: bool) -> Html {
    let (matched, next) = if is_zab {
        ("acknowledged to entry", "next proposal, entry")
    } else {
        ("matchIndex", "nextIndex")
    };
    let column = |index: u64| {
        let line = index + 2 - window.first;
        format!("grid-column:{line}/{}", line + 1)
    };
    html! {
        <>
            if known.match_index == 0 && window.first == 1 {
                <i class="match none" style="grid-column:1/2" title={format!("{matched} 0")}></i>
            } else if window.shows(known.match_index) {
                <i class="match" style={column(known.match_index)}
                    title={format!("{matched} {}", known.match_index)}></i>
            }
            if window.shows(known.next_index) {
                <i class="next" data-state={known.state} style={column(known.next_index)}
                    title={format!("{next} {}: {}", known.next_index, sending(known))}></i>
                if known.inflight > 0 {
                    <small class="inflight" style={column(known.next_index)}>{ known.inflight }</small>
                }
            }
        </>
    }
}

/// How the leader sends to a peer, and how much is on its way.
fn sending(known: &PeerView) -> String {
    if let Some(way) = known.snapshot {
        return format!(
            "sent a snapshot, {} of {} bytes stored",
            way.stored, way.bytes
        );
    }
    match known.inflight {
        0 => known.state.to_owned(),
        some => format!("{}, {some} in flight", known.state),
    }
}

/// The entries that a snapshot stands for: a block where the log no longer holds them, dots under
/// those that it still does, and how much has come of the snapshot that a leader is sending.
fn snapshot(server: &ServerView, window: LogWindow, stop: Option<u64>) -> Html {
    let taken = server.snapshot;
    let columns = |first: u64, last: u64| {
        let (first, last) = (first.max(window.first), last.min(window.last()));
        (first <= last).then(|| {
            let line = |index: u64| index + 2 - window.first;
            format!("grid-column:{}/{}", line(first), line(last) + 1)
        })
    };
    let says = told(server);
    html! {
        <>
            { for columns(1, taken.base).filter(|_| taken.base > 0).map(|style| html! {
                <div class={classes!("snapshot", super::term_class(taken.term))} {style} role="gridcell"
                    tabindex={super::tab_index(stop == Some(taken.base))} aria-label={format!("{}, {says}", server.id)} title={says.clone()}
                    data-snapshot={server.id.to_string()} data-entry={format!("{}:{}", server.id, taken.base)}
                    data-term={taken.term.to_string()}>
                    <b>{ taken.term }</b><span>{ format!("snapshot to {} · {} B", taken.index, taken.bytes) }</span>
                </div>
            }) }
            { for columns(taken.base + 1, taken.index).map(|style| html! { <i class="kept" {style} title={says.clone()}></i> }) }
            { for taken.partial.and_then(|partial| {
                let percent = 100 * partial.stored / partial.bytes.max(1);
                let style = columns(taken.base + 1, partial.index)?;
                // Under Zab it comes in one piece.
                let says = match server.zab {
                    Some(_) => format!("SNAP · {} B", partial.bytes),
                    None => format!("{percent} %"),
                };
                Some(html! { <i class="partial" {style} data-percent={percent.to_string()} data-says={says}><i style={format!("width:{percent}%")}></i></i> })
            }) }
        </>
    }
}

/// A server's snapshot in words.
pub(crate) fn told(server: &ServerView) -> String {
    let taken = server.snapshot;
    format!(
        "snapshot of entries 1 to {}, {} {}, {} bytes; the log begins at {}",
        taken.index,
        era(server.zab.is_some()),
        taken.term,
        taken.bytes,
        taken.base + 1
    )
}

/// The bar that scrolls through a log that is longer than the window.
fn scrollbar(hands: &GridHands, window: LogWindow, end: u64) -> Html {
    let furthest = LogWindow::furthest(window.count, end);
    if furthest <= 1 {
        return html! { <div class="log-scroll"></div> };
    }
    html! {
        <div class="log-scroll">
            <input type="range" min="1" max={furthest.to_string()} step="1"
                value={window.first.min(furthest).to_string()} aria-label="First index shown"
                oninput={hands.when(GridHands::slid)} />
        </div>
    }
}

/// Keeps the end of a log that is longer than the window in sight.
fn follow(hands: &GridHands, window: LogWindow, end: u64) -> Html {
    if LogWindow::furthest(window.count, end) <= 1 {
        return Html::default();
    }
    html! {
        <button type="button" class="follow" aria-pressed={window.follow.to_string()}
            onclick={hands.when(GridHands::follow)}>{ "Follow" }</button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_lit_on_the_servers_concerned_or_on_all() {
        let [s1, s2] = [1, 2].map(ServerId::new);
        let everywhere = About {
            entries: Some((3, 4)),
            ..About::default()
        };
        assert_eq!(lit_entries(&everywhere, s1), Some((3, 4)));
        let there = About {
            endpoints: vec![s2.into()],
            ..everywhere
        };
        assert_eq!(lit_entries(&there, s1), None);
        assert_eq!(lit_entries(&there, s2), Some((3, 4)));
    }
}
