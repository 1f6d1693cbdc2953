//! The replicated log: a row a server, a column an index.
//!
//! Only a window of columns exists at any time, so the log may be of any length. The grid asks
//! for the window it wants; whoever owns the view gives it one with those entries.

use std::rc::Rc;

use quorumscope_core::ids::{Endpoint, ServerId};
use quorumscope_core::view::{About, PeerView, ServerView, View};
use web_sys::{Element, HtmlInputElement, PointerEvent};
use yew::prelude::*;

use super::log_block::{LogBlock, blocks, within};
use super::log_window::{Columns, LogWindow};
use super::pointed::{Pointed, focus};
use super::size::use_size;
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
    fn window(&self) -> LogWindow {
        LogWindow {
            first: self.first,
            count: self.count.max(1),
            follow: self.follow,
        }
    }

    /// The last index of the longest log.
    fn end(&self) -> u64 {
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

/// What lasts while hands are on the grid.
#[derive(Default)]
struct Grip {
    /// Where a drag began: the pointer and the window's first index.
    drag: Option<(f64, u64)>,
    /// Whether the click that follows a drag is not meant as one.
    dragged: bool,
    /// What of a turned wheel is not yet a column.
    wheel: f64,
    /// The entry that is to get the focus once it is drawn.
    wanted: Option<(ServerId, u64)>,
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
    {
        let on_scroll = props.on_scroll.clone();
        use_effect_with((window, wanted), move |(window, wanted)| {
            if window != wanted {
                on_scroll.emit(*wanted);
            }
        });
    }
    {
        // The entry may only be drawn once its window has come: the wish stays until then.
        let (host, grip) = (host.clone(), Rc::clone(&grip));
        use_effect(move || {
            let wish = grip.borrow().wanted;
            if let (Some((server, index)), Some(grid)) = (wish, host.cast::<Element>()) {
                let entry = format!("[data-entry=\"{server}:{index}\"]");
                if let Ok(Some(cell)) = grid.query_selector(&entry) {
                    grip.borrow_mut().wanted = None;
                    focus(&cell);
                }
            }
        });
    }
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
    let rows = props.view.servers.iter().enumerate().map(|(row, server)| {
        let known =
            leader.and_then(|leader| leader.peers.iter().find(|peer| peer.peer == server.id));
        let stop = stop
            .filter(|(at, _)| *at == server.id)
            .map(|(_, index)| index);
        drawn_row(props, row, server, known, stop)
    });
    html! {
        <section class={classes!("logs", compact.then_some("compact"))} aria-label="Replicated log">
            <header>
                <h2>{ "Replicated log" }</h2>
                <p class="log-key" aria-hidden="true">
                    { "filled = committed there · bar = applied · notch = not yet on disk · dot = matchIndex · arrow = nextIndex" }
                </p>
            </header>
            <div class="log" ref={host} role="grid" aria-label="Log entries by server and index"
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
                    { for (window.first..=window.last()).map(|index| html! {
                        <span key={index} role="columnheader">{ index }</span>
                    }) }
                </div>
                { for rows }
            </div>
            { scrollbar(&hands, window, end) }
        </section>
    }
}

/// Where the tab key stops: at the cursor if it is shown, else at the last entry shown of the
/// first server that has any.
fn tab_stop(
    view: &View,
    cursor: Option<(ServerId, u64)>,
    window: LogWindow,
) -> Option<(ServerId, u64)> {
    let has = |server: ServerId, index: u64| {
        let log = view
            .servers
            .get(server.position())
            .map(|server| &server.log);
        log.is_some_and(|log| log.iter().any(|entry| entry.index == index))
    };
    cursor
        .filter(|(server, index)| window.shows(*index) && has(*server, *index))
        .or_else(|| {
            view.servers.iter().find_map(|server| {
                let shown = |index: &u64| window.shows(*index);
                let indices = server.log.iter().map(|entry| entry.index);
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
        name = format!("{name}, match index {match_index}, next index {next_index}");
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
            if let Some(known) = known {
                { pointers(known, window) }
            }
        </div>
    }
}

/// The leader's belief: a dot behind the last entry known to match, an arrow under the next one
/// to be sent.
fn pointers(known: &PeerView, window: LogWindow) -> Html {
    let column = |index: u64| {
        let line = index + 2 - window.first;
        format!("grid-column:{line}/{}", line + 1)
    };
    html! {
        <>
            if known.match_index == 0 && window.first == 1 {
                <i class="match none" style="grid-column:1/2" title="matchIndex 0"></i>
            } else if window.shows(known.match_index) {
                <i class="match" style={column(known.match_index)}
                    title={format!("matchIndex {}", known.match_index)}></i>
            }
            if window.shows(known.next_index) {
                <i class="next" style={column(known.next_index)}
                    title={format!("nextIndex {}", known.next_index)}></i>
            }
        </>
    }
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
            <button type="button" class="follow" aria-pressed={window.follow.to_string()}
                onclick={hands.when(GridHands::follow)}>{ "Follow" }</button>
        </div>
    }
}

/// The hands on the grid.
#[derive(Clone)]
struct GridHands {
    props: LogGridProps,
    width: f64,
    cursor: UseStateHandle<Option<(ServerId, u64)>>,
    hover: UseStateHandle<Option<Target>>,
    grip: Rc<std::cell::RefCell<Grip>>,
}

impl GridHands {
    fn when<E: 'static>(&self, act: fn(&Self, &E)) -> Callback<E> {
        let hands = self.clone();
        Callback::from(move |event| act(&hands, &event))
    }

    fn clicked(&self, event: &MouseEvent) {
        if std::mem::take(&mut self.grip.borrow_mut().dragged) {
            return;
        }
        if let Some(pointed) = Pointed::by(event) {
            self.props.on.emit(Intent::Select(pointed.target));
        }
    }

    fn menu(&self, event: &MouseEvent) {
        if let Some(pointed) = Pointed::by(event) {
            event.prevent_default();
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            let target = pointed.target;
            self.props.on.emit(Intent::Menu { target, x, y });
        }
    }

    /// Arrows go from entry to entry, Home and End to the ends of the log.
    fn key(&self, event: &KeyboardEvent) {
        let Some(pointed) = Pointed::by(event) else {
            return;
        };
        let Target::Entry { server, index } = pointed.target else {
            return;
        };
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match (event.key().as_str(), event.shift_key()) {
            ("Enter", _) => self.props.on.emit(Intent::Select(pointed.target)),
            ("ContextMenu", _) | ("F10", true) => {
                let (x, y) = pointed.middle();
                let target = pointed.target;
                self.props.on.emit(Intent::Menu { target, x, y });
            }
            ("ArrowLeft", false) => self.go(server, index.saturating_sub(1)),
            ("ArrowRight", false) => self.go(server, index + 1),
            ("ArrowUp", false) => self.go_row(server, index, -1),
            ("ArrowDown", false) => self.go_row(server, index, 1),
            ("Home", _) => self.go(server, 1),
            ("End", _) => self.go(server, u64::MAX),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    /// Moves the cursor to the nearest entry that `server` has, and the window after it.
    fn go(&self, server: ServerId, index: u64) {
        let Some(row) = self.props.view.servers.get(server.position()) else {
            return;
        };
        if row.last == 0 {
            return;
        }
        let index = index.clamp(1, row.last);
        self.grip.borrow_mut().wanted = Some((server, index));
        self.cursor.set(Some((server, index)));
        self.scroll(self.props.window().showing(index, self.props.end()));
    }

    /// Moves the cursor to the next server in that direction that has entries.
    fn go_row(&self, server: ServerId, index: u64, by: isize) {
        let servers = &self.props.view.servers;
        let mut row = server.position();
        while let Some(next) = row
            .checked_add_signed(by)
            .filter(|next| *next < servers.len())
        {
            row = next;
            if servers[row].last > 0 {
                self.go(servers[row].id, index);
                return;
            }
        }
    }

    fn focused(&self, event: &FocusEvent) {
        if let Some(Pointed {
            target: Target::Entry { server, index },
            ..
        }) = Pointed::by(event)
        {
            self.cursor.set(Some((server, index)));
        }
    }

    fn over(&self, event: &PointerEvent) {
        self.hover_over(Pointed::by(event).map(|pointed| pointed.target));
    }

    fn left(&self, _: &PointerEvent) {
        self.hover_over(None);
    }

    fn hover_over(&self, target: Option<Target>) {
        if *self.hover != target {
            self.hover.set(target.clone());
            self.props.on.emit(Intent::Hover(target));
        }
    }

    fn pressed(&self, event: &PointerEvent) {
        let mut grip = self.grip.borrow_mut();
        grip.dragged = false;
        if event.button() == 0 && event.is_primary() {
            grip.drag = Some((f64::from(event.client_x()), self.props.first));
        }
    }

    /// A drag pulls the log along.
    fn moved(&self, event: &PointerEvent) {
        let mut grip = self.grip.borrow_mut();
        let Some((begun, first)) = grip.drag else {
            return;
        };
        let way = f64::from(event.client_x()) - begun;
        if way.abs() < 6.0 && !grip.dragged {
            return;
        }
        grip.dragged = true;
        drop(grip);
        self.scroll_to(first as i64 - (way / self.column()).round() as i64);
    }

    fn released(&self, _: &PointerEvent) {
        self.grip.borrow_mut().drag = None;
    }

    /// A wheel turned sideways, or with Shift, scrolls; turned up or down it is the page's.
    fn wheel(&self, event: &WheelEvent) {
        let sideways = if event.shift_key() && event.delta_x() == 0.0 {
            event.delta_y()
        } else {
            event.delta_x()
        };
        if sideways == 0.0 {
            return;
        }
        event.prevent_default();
        let mut grip = self.grip.borrow_mut();
        grip.wheel += sideways / self.column();
        let whole = grip.wheel.trunc();
        grip.wheel -= whole;
        drop(grip);
        self.scroll_to(self.props.first as i64 + whole as i64);
    }

    fn slid(&self, event: &InputEvent) {
        let first = event
            .target_dyn_into::<HtmlInputElement>()
            .and_then(|input| input.value().parse().ok());
        if let Some(first) = first {
            self.scroll_to(first);
        }
    }

    fn follow(&self, _: &MouseEvent) {
        let window = self.props.window();
        let follow = !window.follow;
        let turned = LogWindow { follow, ..window };
        self.scroll(turned.fitted(window.count, self.props.end()));
    }

    fn scroll_to(&self, first: i64) {
        self.scroll(self.props.window().scrolled(first, self.props.end()));
    }

    fn scroll(&self, window: LogWindow) {
        if window != self.props.window() {
            self.props.on_scroll.emit(window);
        }
    }

    /// How wide a column is.
    fn column(&self) -> f64 {
        (self.width / self.props.count.max(1) as f64).max(1.0)
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
