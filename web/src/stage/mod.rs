//! The stage: the ring of servers with everything that flies between them, and the log grid.
//!
//! Both draw a [`View`] and say what hands do to it as [`Intent`]s; neither knows a protocol rule.
//! Each frame moves messages and timers only: whatever else is drawn is a component that compares
//! what it drew last with what it would draw now.

mod geometry;

mod client;
mod hands;
mod legend;
mod link;
mod log_block;
mod log_grid;
mod log_window;
mod marks;
mod message;
mod pointed;
mod server;
mod size;
mod timer;
mod tip;

use std::rc::Rc;

use quorumscope_core::ids::Endpoint;
use quorumscope_core::view::{About, View};
use yew::prelude::*;

use self::client::{ClientNode, Guest};
use self::geometry::{Layout, Seat, Size, num};
use self::hands::{Hands, Press};
use self::legend::Legend;
use self::link::Links;
use self::marks::{Marks, Stops};
use self::message::{MessageMark, MessageMarkProps};
use self::server::{Face, ServerNode};
use self::size::use_size;
use crate::intent::{Intent, Target};

pub use log_grid::{LogGrid, LogGridProps};
pub use log_window::LogWindow;

/// What is drawn before the browser has said how large the stage is.
const FIRST_SIZE: Size = Size {
    width: 900.0,
    height: 480.0,
};

/// See [`Stage`].
#[derive(Properties, Clone)]
pub struct StageProps {
    /// The cluster at the instant that is shown.
    pub view: Rc<View>,
    /// What the inspector shows.
    pub selected: Option<Target>,
    /// What something pointed at, on any panel, speaks of.
    pub lit: Rc<About>,
    /// Whether time runs.
    pub playing: bool,
    /// Told what hands do.
    pub on: Callback<Intent>,
}

/// A view is made anew for each instant, so the same one is the same instant.
impl PartialEq for StageProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.view, &other.view)
            && self.selected == other.selected
            && self.lit == other.lit
            && self.playing == other.playing
            && self.on == other.on
    }
}

/// The class that sets the colour of a term: a cycle of six.
pub fn term_class(term: u64) -> &'static str {
    ["t0", "t1", "t2", "t3", "t4", "t5"][(term % 6) as usize]
}

/// The `tabindex` of one of a group, of which the tab key stops at one.
fn tab_index(stop: bool) -> &'static str {
    if stop { "0" } else { "-1" }
}

/// The ring.
#[function_component]
pub fn Stage(props: &StageProps) -> Html {
    let host = use_node_ref();
    let picture = use_node_ref();
    let size = use_size(&host).unwrap_or(FIRST_SIZE);
    let view = &props.view;
    let seats: Vec<_> = view
        .clients
        .iter()
        .map(|client| Seat {
            client: client.id,
            server: client.server,
        })
        .collect();
    let layout = use_memo(
        (size, view.servers.len(), seats),
        |(size, servers, seats)| Layout::new(*size, *servers, seats),
    );
    let hands = Hands {
        view: Rc::clone(view),
        layout: Rc::clone(&layout),
        picture: picture.clone(),
        on: props.on.clone(),
        hover: use_state_eq(|| None),
        stops: use_state_eq(Stops::default),
        lasso: use_state_eq(Vec::new),
        press: use_mut_ref(Press::default),
    };
    let marks = Rc::new(Marks {
        selected: props.selected.clone(),
        lit: Rc::clone(&props.lit),
        stops: hands.stops.in_view(view),
    });
    let Size { width, height } = layout.size;
    html! {
        <div class={classes!("stage", props.playing.then_some("playing"))} ref={host}>
            <svg class="ring" ref={picture} viewBox={format!("0 0 {} {}", num(width), num(height))}
                role="group" aria-label={summary(view)}
                onclick={hands.when(Hands::clicked)}
                oncontextmenu={hands.when(Hands::menu)}
                onkeydown={hands.when(Hands::key)}
                onfocusin={hands.when(Hands::focused)}
                onfocusout={hands.when(Hands::blurred)}
                onpointerover={hands.when(Hands::over)}
                onpointerleave={hands.when(Hands::left)}
                onpointerdown={hands.when(Hands::pressed)}
                onpointermove={hands.when(Hands::moved)}
                onpointerup={hands.when(Hands::released)}
                onpointercancel={hands.when(Hands::cancelled)}>
                <Links view={Rc::clone(view)} layout={Rc::clone(&layout)} marks={Rc::clone(&marks)} />
                <g class="deaths">
                    { for view.deaths.iter().filter_map(|one| message::death(one, view.time, &layout)) }
                </g>
                { messages(view, &layout, &marks) }
                { timer::arcs(view, &layout) }
                { servers(view, &layout, &marks) }
                { clients(view, &layout, &marks) }
                if !hands.lasso.is_empty() {
                    <polygon class="lasso" points={outline(&hands.lasso)} />
                }
                { tip::tip(view, &layout, hands.hover.as_ref()) }
            </svg>
            if geometry::has_legend(layout.size) {
                <Legend />
            }
        </div>
    }
}

/// The cluster in one phrase.
fn summary(view: &View) -> String {
    let count = view.servers.len();
    let leader = view
        .servers
        .iter()
        .filter(|server| server.up && server.role == "leader")
        .max_by_key(|server| server.term);
    match leader {
        Some(leader) => format!("{count} servers; {} leads term {}", leader.id, leader.term),
        None => format!("{count} servers; nobody leads"),
    }
}

/// Messages in flight. Only the outer group changes from frame to frame.
fn messages(view: &View, layout: &Layout, marks: &Marks) -> Html {
    let flying = view.messages.iter().filter_map(|message| {
        let at = message::whereabouts(message, view.time, layout)?;
        let mark = MessageMarkProps {
            tab: marks.is_message_stop(message.id),
            selected: marks.is_message_selected(message.id),
            lit: marks.is_message_lit(message.id),
            ..MessageMarkProps::of(message, layout)?
        };
        Some(html! {
            <g key={message.id.number()} transform={format!("translate({} {})", num(at.x), num(at.y))}>
                <MessageMark ..mark />
            </g>
        })
    });
    html! { <g class="messages">{ for flying }</g> }
}

/// The servers.
fn servers(view: &View, layout: &Layout, marks: &Marks) -> Html {
    let nodes = view.servers.iter().filter_map(|server| {
        let endpoint = Endpoint::from(server.id);
        Some(html! {
            <ServerNode key={server.id.number()} face={Face::of(server, layout)}
                spot={*layout.spot_of(server.id)?} scale={layout.scale()}
                tab={marks.is_stop(endpoint)} selected={marks.is_selected(endpoint)}
                lit={marks.is_lit(endpoint)} />
        })
    });
    html! { <g class="servers">{ for nodes }</g> }
}

/// The clients.
fn clients(view: &View, layout: &Layout, marks: &Marks) -> Html {
    let nodes = view.clients.iter().filter_map(|client| {
        let endpoint = Endpoint::from(client.id);
        Some(html! {
            <ClientNode key={client.id.position()} guest={Guest::of(client)}
                at={layout.place(endpoint)?} narrow={layout.narrow}
                tab={marks.is_stop(endpoint)} selected={marks.is_selected(endpoint)}
                lit={marks.is_lit(endpoint)} />
        })
    });
    html! { <g class="clients">{ for nodes }</g> }
}

/// The points of an outline, as SVG takes them.
fn outline(points: &[geometry::Point]) -> String {
    let mut text = String::new();
    for point in points {
        text.push_str(&format!("{},{} ", num(point.x), num(point.y)));
    }
    text
}
