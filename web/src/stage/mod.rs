//! The stage: the ring of servers with everything that flies between them, and the log grid.
//!
//! Both draw a [`View`] and say what hands do to it as [`Intent`]s; neither knows a protocol rule.
//! Each frame moves messages and timers only: whatever else is drawn is a component that compares
//! what it drew last with what it would draw now.
#![allow(
    clippy::cast_precision_loss,
    reason = "what is lost of a time or an index is far less than a pixel"
)]

mod geometry;

mod client;
mod course;
mod hands;
mod legend;
mod link;
mod log_block;
mod log_grid;
mod log_hands;
mod log_window;
mod marks;
mod message;
mod pointed;
mod server;
mod size;
mod timer;
mod tip;
mod zab;

use std::rc::Rc;

use quorumscope_core::ids::Endpoint;
use quorumscope_core::view::{About, View};
use yew::prelude::*;

use self::client::{ClientNode, Guest};
use self::geometry::{Homes, Layout, Size, rotation};
use self::hands::{Hands, Press};
use self::legend::Legend;
use self::link::Links;
use self::marks::{Marks, Stops};
use self::message::{MessageMark, MessageMarkProps};
use self::server::{Face, ServerNode};
use self::size::use_size;
use crate::facts::era;
use crate::intent::{Intent, Target};
use crate::number::num;

pub use log_grid::{LogGrid, LogGridProps};
pub use log_window::LogWindow;

/// The size of a stage that was never seen.
const UNSEEN: Size = Size {
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

/// The ring and its legend, as large as its container.
#[function_component]
pub fn Stage(props: &StageProps) -> Html {
    let host = use_node_ref();
    let size = use_size(&host, UNSEEN);
    html! {
        <div class="stage" ref={host}>
            if let Some(size) = size {
                <Ring stage={props.clone()} {size} />
                if geometry::has_legend(size) {
                    <Legend is_zab={props.view.protocol == "zab"} />
                }
            }
        </div>
    }
}

/// See [`Ring`].
#[derive(Properties, Clone, PartialEq)]
struct RingProps {
    /// What to draw.
    stage: StageProps,
    /// How large.
    size: Size,
}

/// The ring.
#[function_component]
fn Ring(RingProps { stage: props, size }: &RingProps) -> Html {
    let picture = use_node_ref();
    let view = &props.view;
    let homes = use_mut_ref(Homes::default);
    let seats = homes.borrow_mut().seats(view);
    let layout = use_memo(
        (*size, view.servers.len(), seats),
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
        <svg class={classes!("ring", props.playing.then_some("playing"))} ref={picture} viewBox={format!("0 0 {} {}", num(width), num(height))}
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
            { transfers(view, &layout) }
            if view.protocol == "zab" {
                { zab::votes(view, &layout) }
                { zab::synchronisation(view, &layout) }
            }
            { messages(view, &layout, &marks) }
            { timer::arcs(view, &layout) }
            { servers(view, &layout, &marks) }
            { clients(view, &layout, &marks) }
            if !hands.lasso.is_empty() {
                <polygon class="lasso" points={outline(&hands.lasso)} />
            }
            { tip::tip(view, &layout, hands.hover.as_ref()) }
        </svg>
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
        Some(leader) => {
            let era = era(leader.zab.is_some());
            format!("{count} servers; {} leads {era} {}", leader.id, leader.term)
        }
        None => format!("{count} servers; nobody leads"),
    }
}

/// Leadership on its way: an arrow from who gives it to who takes it, with a crown on it.
fn transfers(view: &View, layout: &Layout) -> Html {
    let arrows = view.servers.iter().filter_map(|server| {
        let way = layout.link(server.id.into(), server.transfer?.into())?;
        let (tip, middle) = (way.to, way.at(0.5));
        let turn = rotation((way.to - way.from).bearing());
        Some(html! {
            <g key={server.id.number()} class="transfer" data-transfer={format!("{}->{}", server.id, server.transfer?)}>
                <path class="way" d={format!("M{} {}L{} {}", num(way.from.x), num(way.from.y), num(tip.x), num(tip.y))} />
                <path class="tip" d="M0 0l-11 -6v12z" transform={format!("translate({} {})rotate({})", num(tip.x), num(tip.y), num(turn))} />
                <g transform={format!("translate({} {})", num(middle.x), num(middle.y))}>
                    <circle r="12" />
                    <path class="crown" d={server::CROWN} transform="scale(0.6)translate(0 43.5)" />
                </g>
            </g>
        })
    });
    html! { <g class="transfers" aria-hidden="true">{ for arrows }</g> }
}

/// Messages in flight. Only the outer group changes from frame to frame.
fn messages(view: &View, layout: &Layout, marks: &Marks) -> Html {
    let era = era(view.protocol == "zab");
    let flying = view.messages.iter().filter_map(|message| {
        let at = message::whereabouts(message, view.time, layout)?;
        let mark = MessageMarkProps {
            mark: marks.of_message(message.id),
            ..MessageMarkProps::of(message, layout, era)?
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
            <ServerNode key={server.id.number()} face={Face::of(view, server, layout)}
                spot={*layout.spot_of(server.id)?} scale={layout.scale()}
                mark={marks.of(endpoint)} />
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
                mark={marks.of(endpoint)} />
        })
    });
    html! { <g class="clients">{ for nodes }</g> }
}

/// The points of an outline, as SVG takes them.
fn outline(points: &[geometry::Point]) -> String {
    let corner = |point: &geometry::Point| format!("{},{}", num(point.x), num(point.y));
    points.iter().map(corner).collect::<Vec<_>>().join(" ")
}
